"""Exact dues by commune, in the order of the contract: territorial holders, the State, caps, then the rest.

1. commune, EPCI and EPT holders: their share of the base × the flow where their dwellings stand;
2. the State: its share × the flow of every commune, agents and priority apart;
   caps of the State and of the guarantees, then what passes a commune's flow is reduced and shown;
3. holders of the département share what remains, the same fraction in every commune;
   the bailleur has what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from flux.conversion.cellules import (
    ARTICLES,
    BAILLEUR,
    DEPARTEMENT,
    ETAT,
    ETAT_CATEGORIES,
    GARANTIE,
    RESTE,
    RESTE_DEPASSE,
    TERRITOIRE,
    Cellule,
    Ledger,
    due,
    fit,
    rated,
    share,
)
from flux.conversion.droits import Droits
from flux.conversion.etat import state_dues
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.methodes import Droit, Poids
from flux.conversion.noms import Noms
from flux.conversion.operations import add, constant, leaf, multiply, ratio, subtract
from flux.conversion.parts import held, whole
from flux.conversion.plafonnement import cap_guarantees, cap_state, reduce_overruns, refuse
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.provenance import Figure


@dataclass(frozen=True)
class Dus:
    """Every exact due, holder × commune, the bailleur included, with the factors that were applied."""

    cellules: dict[tuple[str, str], Cellule]
    reductions: pd.DataFrame
    plafond_etat: Figure

    def of(self, ident: str) -> dict[str, Cellule]:
        """Cells of one holder, by commune."""
        return {c: cell for (r, c), cell in self.cellules.items() if r == ident}


def exact_dues(dossier: Dossier, regles: Regles, feuilles: Feuilles, poids: Poids, droits: Droits) -> Dus:
    """Exact dues of every holder in every commune; rows and columns add up exactly to the flow."""
    choix, holders = dossier.convention.choix, dossier.reservataires.set_index("id_reservataire")
    ledger = Ledger(feuilles)
    additions = _additions(droits, feuilles, str(choix.premieres_locations))
    factor = _rate_flow(feuilles, additions, droits, str(choix.droits_uniques))
    flow = {
        c: f if factor is None else multiply(f, factor, nom=f"{f.nom}, droits uniques réservés")
        for c, f in feuilles.relocations.items()
    }
    local = holders.index[
        holders["territoire_type"].isin(["commune", "epci", "ept"])
        & ~holders["categorie"].isin(ETAT_CATEGORIES)
    ]
    state = holders.index[holders["categorie"].isin(ETAT_CATEGORIES)]
    wide = [i for i in holders.index if i not in set(local) | set(state)]
    _local_dues(ledger, dossier, poids, droits, flow, set(local))
    state_dues(ledger, dossier, regles, poids, droits, flow, list(state))
    for (ident, commune, garantie), figure in additions.items():
        etage = TERRITOIRE if ident in set(local) else ETAT if ident in set(state) else DEPARTEMENT
        cell = ledger.cell(ident, commune, etage)
        cell.ajouts[garantie], cell.added[garantie] = figure, figure.valeur
    plafond_etat = cap_state(ledger, dossier, regles)
    cap_guarantees(ledger, dossier, regles)
    rest = reduce_overruns(ledger, feuilles, str(choix.depassement))
    _wide_dues(ledger, dossier, regles, poids, droits, rest, wide, factor)
    reductions = pd.DataFrame(
        ledger.reductions, columns=["territoire_code", "id_reservataire", "avant", "apres", "motif"]
    )
    return Dus(ledger.cells, reductions, plafond_etat)


def _additions(droits: Droits, feuilles: Feuilles, premieres: str) -> dict[Droit, Figure]:
    """Dwellings due on top of the rates, where they stand: single-use rights, first lettings in the flow."""
    frames = [("droits uniques de l'année", droits.uniques)]
    if premieres == "dans_le_flux":
        frames.append(("droits à la première mise en location", droits.livraisons))
    out: dict[Droit, Figure] = {}
    noms = Noms(feuilles.dossier)
    for nom, frame in frames:
        for r, c, g, nb in zip(
            frame["id_reservataire"], frame["commune"], frame["garantie"], frame["nb"], strict=True
        ):
            key = (str(r), str(c), bool(g))
            figure = leaf(
                feuilles.dossier,
                "reservations",
                nb,
                f"{nom} de {noms.de(str(r))} à {noms.a(str(c))}",
                colonne="nb",
                filtre=f"id_reservataire = {r}, commune = {c}",
            )
            out[key] = (
                add(out[key], figure, nom=f"droits propres à l'année de {noms.de(str(r))} à {noms.a(str(c))}")
                if key in out
                else figure
            )
    return out


def _rate_flow(
    feuilles: Feuilles, additions: dict[Droit, Figure], droits: Droits, mode: str
) -> Figure | None:
    """Under `reserves_d_abord`, rates apply to what the single-use rights leave: (F* − ΣU) / F*."""
    due_once = total(list(droits.uniques["nb"]))
    if mode != "reserves_d_abord" or not due_once:
        return None
    uniques = leaf(
        feuilles.dossier,
        "reservations",
        due_once,
        "droits uniques de l'année",
        colonne="type_droit",
        filtre="type_droit = unique, dus dans l'année",
    )
    left = subtract(feuilles.relocations_totales, uniques, nom="flux après droits uniques")
    return fit(
        left,
        feuilles.relocations_totales,
        nom="part du flux laissée par les droits uniques",
        choix=Noms(feuilles.dossier).choix("droits_uniques"),
    )


def _local_dues(
    ledger: Ledger, dossier: Dossier, poids: Poids, droits: Droits, flow: dict[str, Figure], local: set[str]
) -> None:
    """1. Commune, EPCI and EPT holders.

    "la convention de réservation […] porte sur le patrimoine locatif social du bailleur situé sur son
    territoire, sauf si ce réservataire dispose de réservations sur un autre territoire" (CCH, art.
    R. 441-5-3): a right outside its territory is converted on the flow of the commune where the dwelling
    stands.
    """
    holders = dossier.reservataires.set_index("id_reservataire")
    by_rights = dossier.convention.choix.repartition_epci == "droits"
    for ident in sorted(local):
        where = sorted({c for r, c, _ in poids.droits if r == ident and c in flow})
        kind, code = str(holders.loc[ident, "territoire_type"]), str(holders.loc[ident, "territoire_code"])
        home = [c for c in communes_of(dossier, kind, code) if c in flow]
        inside = [c for c in where if c in home]
        flows = _by_own_rights(ledger, poids, droits, ident, inside, flow, home) if by_rights else flow
        for garantie in (False, True):
            if any((ident, c, garantie) in poids.droits for c in inside):
                part = share(
                    held(ledger.feuilles, poids, droits, ident, inside, garantie),
                    whole(ledger.feuilles, poids, home),
                    nom=f"part de {ledger.noms.de(ident)} dans l'assiette de son territoire",
                    choix=ledger.methode,
                )
                for c in inside if by_rights else home:
                    rated(ledger, ident, c, TERRITOIRE, garantie, part, flows[c])
            for c in where:
                if c not in home and (ident, c, garantie) in poids.droits:
                    part = share(
                        held(ledger.feuilles, poids, droits, ident, [c], garantie),
                        whole(ledger.feuilles, poids, [c]),
                        nom=f"part de {ledger.noms.de(ident)} dans l'assiette de {ledger.noms.a(c)}, "
                        "hors de son territoire",
                        choix=ledger.methode,
                    )
                    rated(ledger, ident, c, TERRITOIRE, garantie, part, flow[c])


def _by_own_rights(
    ledger: Ledger,
    poids: Poids,
    droits: Droits,
    ident: str,
    inside: list[str],
    flow: dict[str, Figure],
    home: list[str],
) -> dict[str, Figure]:
    """The territory's flow over its communes as the holder's own rights (`repartition_epci = "droits"`)."""
    territory = add(*(flow[c] for c in home), nom="flux du territoire") if home else constant(0, "flux")
    every = held(ledger.feuilles, poids, droits, ident, inside)
    weights = {
        c: ratio(
            held(ledger.feuilles, poids, droits, ident, [c]),
            every,
            nom="part de ses droits dans la commune",
            unite="part",
        )
        for c in inside
    }
    return {
        c: multiply(
            territory,
            weight,
            nom=f"flux du territoire, réparti selon les droits ({ledger.noms.a(c)})",
            choix=ledger.noms.choix("repartition_epci"),
        )
        for c, weight in weights.items()
    }


def _wide_dues(
    ledger: Ledger,
    dossier: Dossier,
    regles: Regles,
    poids: Poids,
    droits: Droits,
    rest: dict[str, Figure],
    wide: list[str],
    factor: Figure | None,
) -> None:
    """3. Holders of the département: the same fraction of what is left everywhere; the bailleur the rest."""
    feuilles, departement = ledger.feuilles, dossier.convention.bailleur.departement
    choix = dossier.convention.choix
    remaining = add(*rest.values(), nom="reste du flux du département") if rest else constant(0, "reste")
    flow = feuilles.relocations_totales
    if factor is not None:
        flow = multiply(flow, factor, nom="flux annuel, droits uniques réservés")
    wanted: dict[tuple[str, bool], tuple[Figure, Figure]] = {}
    capped: dict[tuple[str, bool], Figure] = {}
    categories = dossier.reservataires.set_index("id_reservataire")["categorie"]
    for ident in sorted(wide):
        for garantie in (False, True):
            if any(r == ident and g == garantie for r, _, g in poids.droits):
                part = share(
                    held(ledger.feuilles, poids, droits, ident, feuilles.communes, garantie),
                    whole(feuilles, poids, feuilles.communes),
                    nom=f"part de {ledger.noms.de(ident)} dans l'assiette",
                    choix=ledger.methode,
                )
                amount = due(
                    part,
                    flow,
                    nom=f"dû de {ledger.noms.de(ident)}, sur tout le département",
                    article=ARTICLES[DEPARTEMENT],
                )
                if garantie and categories[ident] in choix.porteurs_garantie:
                    cap = due(
                        regles.figure("part_max_garantie"), feuilles.flux_total, nom="plafond des garanties"
                    )
                    capped[ident, garantie] = fit(cap, amount, nom="réduction au plafond des garanties")
                    amount = multiply(
                        amount,
                        capped[ident, garantie],
                        nom=f"dû de {ledger.noms.de(ident)}, au plafond des garanties",
                    )
                wanted[ident, garantie] = (part, amount)
    asked = (
        add(*(a for _, a in wanted.values()), nom="dus des réservataires du département") if wanted else None
    )
    coefficient = fit(remaining, asked, nom="réduction au reste du flux") if asked else None
    if coefficient is not None and coefficient.valeur < 1:
        if choix.depassement == "erreur":
            refuse(departement, ", ".join(sorted({i for i, _ in wanted})))
        for (ident, _), (_, amount) in wanted.items():
            after = amount.valeur * coefficient.valeur
            ledger.reductions.append((departement, ident, float(amount.valeur), float(after), RESTE_DEPASSE))
    for c, left in rest.items():
        here = ledger.noms.a(c)
        fraction = ratio(left, remaining, nom=f"part de {here} dans le reste du flux", unite="part")
        for (ident, garantie), (part, amount) in wanted.items():
            cell = ledger.cell(ident, c, DEPARTEMENT)
            cell.rate(part, multiply(flow, fraction, nom=f"flux réparti comme le reste ({here})"), garantie)
            if (ident, garantie) in capped:
                cell.coefficients[GARANTIE] = capped[ident, garantie]
            nom = ledger.nom_du(ident, c, garantie)
            served = multiply(amount, fraction, nom=nom)
            if coefficient is not None and coefficient.valeur != 1:
                cell.coefficients[RESTE_DEPASSE] = coefficient
                served = multiply(served, coefficient, nom=f"{nom}, réduit")
            cell.taux[garantie] = served
        taken = [ledger.cells[i, c].taux[g] for i, g in wanted]
        own = ledger.cell(BAILLEUR, c, RESTE)
        own.taux[False] = (
            subtract(
                left,
                add(*taken, nom=f"dus des réservataires du département à {here}"),
                nom=f"part du bailleur à {here}",
            )
            if taken
            else left.named(f"part du bailleur à {c}")
        )
