"""Exact dues by commune, in the order of the contract: territorial holders, the State, caps, then the rest.

1. commune, EPCI and EPT holders: their share of the base × the flow where their dwellings stand;
2. the State: its share × the flow of every commune, agents and priority apart;
   caps of the State and of the guarantees, then what passes a commune's flow is reduced and shown;
3. holders of the département share what remains, the same fraction in every commune; the bailleur has what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

import pandas as pd

from flux.conversion.droits import Droits
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles, add, constant, leaf, multiply, subtract
from flux.conversion.methodes import Droit, Poids
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.errors import ConventionError
from flux.noyau.provenance import Figure, step

BAILLEUR = "bailleur"
TERRITOIRE, ETAT, DEPARTEMENT, RESTE = "territoire", "etat", "departement", "reste"
ETAT_CATEGORIES = ("etat_agents", "etat_prioritaires")


SHARE = "droits ÷ assiette"
#: Motives of the factors that are applied to exact dues.
AGENTS, ETAT_MAX, GARANTIE = "plafond des agents de l'État", "plafond de l'État", "plafond des garanties"
DEPASSEMENT, RESTE_DEPASSE = "dépassement du flux de la commune", "dépassement du reste du département"


@step(SHARE, unite="part")
def share(droits: Fraction, parc: Fraction) -> Fraction:
    """A holder's share of the base. "un flux annuel de logements exprimé en pourcentage du patrimoine locatif social
    de l'organisme bailleur" (CCH, art. R. 441-5, I)."""
    return droits / parc if parc else Fraction(0)


@step("part × flux")
def due(part: Fraction, flux: Fraction) -> Fraction:
    """A share of a flow, in dwellings."""
    return part * flux


@step("disponible ÷ demandé, au plus 1", unite="rapport")
def fit(disponible: Fraction, demande: Fraction) -> Fraction:
    """The factor that brings `demande` within `disponible`: 1 when it already fits."""
    return min(Fraction(1), max(Fraction(0), disponible) / demande) if demande else Fraction(1)


@dataclass
class Cellule:
    """One holder in one commune, while its due is being made.

    numerateurs, denominateur : what it holds, by guarantee or not, and the base it is held in (absent
    where the share was stipulated, not computed)
    parts, added : the share and the dwellings added, before any reduction
    taux, ajouts : held in return for a guarantee or not -> figure. `taux` comes from a share of the
    flow, `ajouts` from single-use rights and first lettings.
    """

    id_reservataire: str
    commune: str
    etage: str
    part: Figure | None = None
    flux: Figure | None = None
    numerateurs: dict[bool, Fraction] = field(default_factory=dict)
    denominateur: Fraction | None = None
    parts: dict[bool, Fraction] = field(default_factory=dict)
    added: dict[bool, Fraction] = field(default_factory=lambda: {False: Fraction(0), True: Fraction(0)})
    taux: dict[bool, Figure] = field(default_factory=dict)
    ajouts: dict[bool, Figure] = field(default_factory=dict)
    coefficients: dict[str, Figure] = field(default_factory=dict)

    def rate(self, part: Figure, flux: Figure, garantie: bool) -> None:
        """Keep the share and the flow from which its due comes, for whoever recomputes."""
        self.part = part if self.part is None else add(self.part, part, nom=part.nom)
        self.flux, self.parts[garantie] = flux, part.valeur
        if len(part.entrees) == 2 and part.calcul == SHARE:
            self.numerateurs[garantie], self.denominateur = (f.valeur for f in part.entrees)

    def scaled(self, motif: str, coefficient: Figure, garantie: bool | None = None) -> None:
        """Multiply the dues (only those held by guarantee, when asked) by `coefficient`; 1 leaves no trace."""
        if coefficient.valeur == 1:
            return
        self.coefficients[motif] = coefficient
        for part in (self.taux, self.ajouts):
            for key in [k for k in part if garantie in (None, k)]:
                part[key] = multiply(part[key], coefficient, nom=f"{part[key].nom}, réduit ({motif})")

    @property
    def terms(self) -> list[Figure]:
        return [*self.taux.values(), *self.ajouts.values()]

    def amount(self, garantie: bool | None = None) -> Fraction:
        """Dwellings due, all or only those held in return for a guarantee (or not)."""
        return total(
            [f.valeur for part in (self.taux, self.ajouts) for k, f in part.items() if garantie in (None, k)]
        )

    def figure(self, nom: str) -> Figure:
        terms = self.terms
        return add(*terms, nom=nom) if len(terms) != 1 else terms[0].named(nom)


@dataclass(frozen=True)
class Dus:
    """Every exact due, holder × commune, the bailleur included, with the factors that were applied."""

    cellules: dict[tuple[str, str], Cellule]
    reductions: pd.DataFrame
    part_etat: dict[str, Figure]
    plafond_etat: Figure
    avertissements: tuple[str, ...]

    def of(self, ident: str) -> dict[str, Cellule]:
        """Cells of one holder, by commune."""
        return {c: cell for (r, c), cell in self.cellules.items() if r == ident}


class _Ledger:
    """The cells under construction, and the reductions made on the way."""

    def __init__(self, feuilles: Feuilles) -> None:
        self.feuilles = feuilles
        self.cells: dict[tuple[str, str], Cellule] = {}
        self.reductions: list[tuple[str, str, float, float, str]] = []

    def cell(self, ident: str, commune: str, etage: str) -> Cellule:
        return self.cells.setdefault((ident, commune), Cellule(ident, commune, etage))

    def reduce(
        self,
        cells: Iterable[Cellule],
        coefficient: Figure,
        motif: str,
        territoire: str,
        garantie: bool | None = None,
    ) -> None:
        """Apply a factor below 1 to `cells` and keep what each loses."""
        if coefficient.valeur == 1:
            return
        for cell in cells:
            before = cell.amount()
            cell.scaled(motif, coefficient, garantie)
            if before != cell.amount():
                self.reductions.append(
                    (territoire, cell.id_reservataire, float(before), float(cell.amount()), motif)
                )


def exact_dues(dossier: Dossier, regles: Regles, feuilles: Feuilles, poids: Poids, droits: Droits) -> Dus:
    """Exact dues of every holder in every commune; rows and columns add up exactly to the flow."""
    choix, holders = dossier.convention.choix, dossier.reservataires.set_index("id_reservataire")
    ledger = _Ledger(feuilles)
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
    parts, notes = _state_dues(ledger, dossier, regles, poids, droits, flow, list(state))
    for (ident, commune, garantie), figure in additions.items():
        etage = TERRITOIRE if ident in set(local) else ETAT if ident in set(state) else DEPARTEMENT
        cell = ledger.cell(ident, commune, etage)
        cell.ajouts[garantie], cell.added[garantie] = figure, figure.valeur
    plafond_etat = _cap_state(ledger, dossier, regles)
    _cap_guarantees(ledger, dossier, regles)
    rest = _overruns(ledger, feuilles, str(choix.depassement))
    _wide_dues(ledger, dossier, regles, poids, droits, rest, wide, factor)
    reductions = pd.DataFrame(
        ledger.reductions, columns=["territoire_code", "id_reservataire", "avant", "apres", "motif"]
    )
    return Dus(ledger.cells, reductions, parts, plafond_etat, tuple(notes))


def held(
    dossier: Dossier,
    poids: Poids,
    droits: Droits,
    ident: str,
    communes: Iterable[str],
    garantie: bool | None = None,
) -> Figure:
    """What a holder holds in some communes, in the unit of the method, down to the lines of the register."""
    inside = set(communes)
    value = total(
        [v for (r, c, g), v in poids.droits.items() if r == ident and c in inside and garantie in (None, g)]
    )
    lignes = sorted({n for c in inside for n in droits.lignes.get((ident, c), [])})
    what = {None: "", True: ", contre garantie", False: ", hors garantie"}[garantie]
    return leaf(
        dossier,
        "reservations",
        value,
        f"{poids.unite} de {ident}{what}",
        colonne="id_reservataire",
        filtre=f"id_reservataire = {ident}, droits vivants sur l'assiette{what}",
        lignes=lignes,
        unite=poids.unite,
    )


def whole(feuilles: Feuilles, poids: Poids, communes: Iterable[str]) -> Figure:
    """The base of some communes, in the unit of the method."""
    inside = [c for c in feuilles.communes if c in set(communes)]
    if poids.unite == "droits":
        return (
            add(*(feuilles.base[c] for c in inside), nom="logements de l'assiette")
            if len(inside) > 1
            else (feuilles.base[inside[0]])
        )
    value = total([poids.parc.get(c, Fraction(0)) for c in inside])
    return Figure(
        valeur=value,
        nom=f"assiette, en {poids.unite}",
        unite=poids.unite,
        calcul="Σ logements de l'assiette × leur poids dans la méthode",
        entrees=tuple(feuilles.base[c] for c in inside),
    )


def _additions(droits: Droits, feuilles: Feuilles, premieres: str) -> dict[Droit, Figure]:
    """Dwellings due on top of the rates, in their own commune: single-use rights, and first lettings put in the flow."""
    frames = [("droits uniques de l'année", droits.uniques)]
    if premieres == "dans_le_flux":
        frames.append(("droits à la première mise en location", droits.livraisons))
    out: dict[Droit, Figure] = {}
    for nom, frame in frames:
        for r, c, g, nb in zip(
            frame["id_reservataire"], frame["commune"], frame["garantie"], frame["nb"], strict=True
        ):
            key = (str(r), str(c), bool(g))
            figure = leaf(
                feuilles.dossier,
                "reservations",
                nb,
                f"{nom} de {r}",
                colonne="nb",
                filtre=f"id_reservataire = {r}, commune = {c}",
            )
            out[key] = add(out[key], figure, nom=f"droits propres à l'année de {r}") if key in out else figure
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
    return fit(left, feuilles.relocations_totales, nom="part du flux laissée par les droits uniques")


def _local_dues(
    ledger: _Ledger, dossier: Dossier, poids: Poids, droits: Droits, flow: dict[str, Figure], local: set[str]
) -> None:
    """1. Commune, EPCI and EPT holders.

    "La convention porte sur le patrimoine locatif social du bailleur situé sur le territoire du
    réservataire, sauf s'il dispose de réservations sur un autre territoire" (CCH, art. R. 441-5-3): a
    right outside its territory is converted on the flow of the commune where the dwelling stands.
    """
    holders = dossier.reservataires.set_index("id_reservataire")
    by_rights = dossier.convention.choix.repartition_epci == "droits"
    for ident in sorted(local):
        where = sorted({c for r, c, _ in poids.droits if r == ident})
        home = [
            c
            for c in communes_of(
                dossier,
                str(holders.loc[ident, "territoire_type"]),
                str(holders.loc[ident, "territoire_code"]),
            )
            if c in flow
        ]
        for garantie in (False, True):
            inside = [c for c in where if c in home and (ident, c, garantie) in poids.droits]
            if inside:
                part = share(
                    held(dossier, poids, droits, ident, inside, garantie),
                    whole(ledger.feuilles, poids, home),
                    nom=f"part de {ident} dans l'assiette de son territoire",
                )
                sums = (
                    add(*(flow[c] for c in home), nom="flux du territoire")
                    if len(home) > 1
                    else flow[home[0]]
                )
                for c in inside if by_rights else home:
                    base = flow[c]
                    if by_rights and len(home) > 1:
                        weight = share(
                            held(dossier, poids, droits, ident, [c], garantie),
                            held(dossier, poids, droits, ident, inside, garantie),
                            nom="part de ses droits dans cette commune",
                        )
                        base = multiply(
                            sums, weight, nom=f"flux du territoire, réparti selon les droits ({c})"
                        )
                    _rated(ledger, ident, c, TERRITOIRE, garantie, part, base)
            for c in [
                c for c in where if c not in home and (ident, c, garantie) in poids.droits and c in flow
            ]:
                part = share(
                    held(dossier, poids, droits, ident, [c], garantie),
                    whole(ledger.feuilles, poids, [c]),
                    nom=f"part de {ident} dans l'assiette de {c}, hors de son territoire",
                )
                _rated(ledger, ident, c, TERRITOIRE, garantie, part, flow[c])


def _rated(
    ledger: _Ledger, ident: str, commune: str, etage: str, garantie: bool, part: Figure, flux: Figure
) -> None:
    cell = ledger.cell(ident, commune, etage)
    cell.rate(part, flux, garantie)
    cell.taux[garantie] = due(part, flux, nom=f"dû de {ident} à {commune}")


def _state_dues(
    ledger: _Ledger,
    dossier: Dossier,
    regles: Regles,
    poids: Poids,
    droits: Droits,
    flow: dict[str, Figure],
    state: list[str],
) -> tuple[dict[str, Figure], list[str]]:
    """2. The State: "la part du flux […] est appliquée uniformément dans chaque commune, sauf stipulation
    contraire" (CCH, art. R. 441-5-2, II); agents and priority apart."""
    stipulations, feuilles = dossier.convention.stipulations, ledger.feuilles
    categories = dossier.reservataires.set_index("id_reservataire")["categorie"]
    communes = feuilles.communes
    registered = {
        i: share(
            held(dossier, poids, droits, i, communes),
            whole(feuilles, poids, communes),
            nom=f"part de {i} au registre",
        )
        for i in state
    }
    parts = dict(registered)
    agents = next((i for i in state if categories[i] == "etat_agents"), None)
    priority = next((i for i in state if categories[i] == "etat_prioritaires"), None)
    if agents and stipulations.part_agents is not None:
        parts[agents] = constant(
            stipulations.part_agents, "part des agents de l'État stipulée", unite="part du flux"
        )
    if stipulations.part_etat != "registre":
        whole_state = (
            regles.figure("part_max_etat")
            if stipulations.part_etat == "legale"
            else constant(
                stipulations.part_etat, "part de l'État stipulée, agents compris", unite="part du flux"
            )
        )
        if agents and parts[agents].valeur > whole_state.valeur:
            parts[agents] = whole_state
        if priority:
            parts[priority] = (
                subtract(whole_state, parts[agents], nom="part de l'État, agents déduits")
                if agents
                else (whole_state)
            )
    for ident in state:
        weights = None if stipulations.etat_uniforme_par_commune else _by_rights(poids, flow, ident)
        for c in communes:
            if not parts[ident].valeur:
                continue
            base = (
                flow[c]
                if weights is None
                else multiply(
                    constant(
                        weights[c], "répartition stipulée : selon les droits de la commune", unite="rapport"
                    ),
                    ledger.feuilles.relocations_totales,
                    nom=f"flux réparti selon les droits de l'État ({c})",
                )
            )
            _rated(ledger, ident, c, ETAT, False, parts[ident], base)
    return parts, []


def _by_rights(poids: Poids, flow: dict[str, Figure], ident: str) -> dict[str, Fraction] | None:
    """Weights of communes when the parties stipulate a State that is not uniform: its own rights × their flow."""
    raw = {
        c: (
            poids.droits.get((ident, c, False), Fraction(0)) + poids.droits.get((ident, c, True), Fraction(0))
        )
        / poids.parc[c]
        * f.valeur
        if poids.parc.get(c)
        else Fraction(0)
        for c, f in flow.items()
    }
    whole_weight = total(raw)
    return {c: v / whole_weight for c, v in raw.items()} if whole_weight else None


def _cap_state(ledger: _Ledger, dossier: Dossier, regles: Regles) -> Figure:
    """ "Le total des réservations du préfet […] ne peut représenter plus de 30 % du flux annuel total, dont au plus
    5 % pour les agents civils et militaires de l'Etat" (CCH, art. R. 441-5-2, I): agents first, then both alike."""
    categories = dossier.reservataires.set_index("id_reservataire")["categorie"]
    cells = [c for c in ledger.cells.values() if categories[c.id_reservataire] in ETAT_CATEGORIES]
    agents = [c for c in cells if categories[c.id_reservataire] == "etat_agents"]
    flow = ledger.feuilles.flux_total
    plafond = state_ceiling(dossier, regles)
    for group, cap, motif in ((agents, regles.figure("part_max_agents"), AGENTS), (cells, plafond, ETAT_MAX)):
        if group:
            asked = add(*(f for c in group for f in c.terms), nom=f"dû avant {motif}")
            ledger.reduce(
                group,
                fit(due(cap, flow, nom=motif), asked, nom=f"réduction au {motif}"),
                motif,
                dossier.convention.bailleur.departement,
            )
    return plafond


def state_ceiling(dossier: Dossier, regles: Regles) -> Figure:
    """The State's ceiling: the law's, or the préfet's derogation while it runs (one year at most, R. 441-5-2)."""
    derogation = dossier.convention.stipulations.derogation_prefectorale
    if derogation is None or derogation.fin < dossier.convention.date:
        return regles.figure("part_max_etat")
    return constant(
        derogation.part,
        f"dérogation préfectorale jusqu'au {derogation.fin:%d/%m/%Y}",
        unite="part du flux",
        article="CCH, art. R. 441-5-2, I",
    )


def guarantee_territories(dossier: Dossier, communes: list[str]) -> list[tuple[str, list[str], list[str]]]:
    """Where the 20 % cap of the guarantees is judged: (territory, its communes, its holders).

    "globalement" is open to two readings: under `somme`, all guarantors of a commune together, on
    that commune's flow; under `separee`, each on its own territory's flow.
    """
    choix = dossier.convention.choix
    holders = dossier.reservataires.loc[
        dossier.reservataires["categorie"].isin(list(choix.porteurs_garantie))
    ]
    homes = {
        str(i): [c for c in communes_of(dossier, str(t), str(k)) if c in set(communes)]
        for i, t, k in zip(
            holders["id_reservataire"], holders["territoire_type"], holders["territoire_code"], strict=True
        )
    }
    codes = dict(zip(holders["id_reservataire"], holders["territoire_code"], strict=True))
    if choix.garantie_imbriquee == "separee":
        return [(str(codes[i]), home, [i]) for i, home in sorted(homes.items()) if home]
    return [(c, [c], sorted(homes)) for c in communes]


def _cap_guarantees(ledger: _Ledger, dossier: Dossier, regles: Regles) -> None:
    """ "ne peuvent globalement représenter plus de 20 % du flux annuel" on their territory (CCH, art. R. 441-5-3)."""
    cap = regles.figure("part_max_garantie")
    for code, communes, holders in guarantee_territories(dossier, ledger.feuilles.communes):
        group = [ledger.cells[i, c] for i in holders for c in communes if (i, c) in ledger.cells]
        terms = [f for cell in group for part in (cell.taux, cell.ajouts) for g, f in part.items() if g]
        if terms:
            flows = [ledger.feuilles.flux[c] for c in communes]
            flow = add(*flows, nom="flux du territoire") if len(flows) > 1 else flows[0]
            ledger.reduce(
                group,
                fit(
                    due(cap, flow, nom="plafond des garanties"),
                    add(*terms, nom="dus contre garantie"),
                    nom="réduction au plafond des garanties",
                ),
                GARANTIE,
                code,
                garantie=True,
            )


def _overruns(ledger: _Ledger, feuilles: Feuilles, regle: str) -> dict[str, Figure]:
    """Dues above a commune's flow, because rights are converted on different flows: reduced, kept for the State, or
    refused. Returns what remains in each commune."""
    rest: dict[str, Figure] = {}
    by_commune: dict[str, list[Cellule]] = {}
    for cell in ledger.cells.values():
        by_commune.setdefault(cell.commune, []).append(cell)
    for c, flow in feuilles.flux.items():
        cells = by_commune.get(c, [])
        kept = [x for x in cells if x.etage == ETAT] if regle == "etat_garanti" else []
        asked = [f for x in cells if x not in kept for f in x.terms]
        if asked:
            available = (
                subtract(flow, add(*(f for x in kept for f in x.terms)), nom="flux laissé par l'État")
                if kept
                else flow
            )
            coefficient = fit(available, add(*asked, nom=f"dus à {c}"), nom=f"réduction au flux de {c}")
            if regle == "erreur" and coefficient.valeur < 1:
                _refuse(c, ", ".join(sorted({x.id_reservataire for x in cells})))
            ledger.reduce([x for x in cells if x not in kept], coefficient, DEPASSEMENT, c)
        terms = [f for x in cells for f in x.terms]
        rest[c] = (
            subtract(flow, add(*terms, nom=f"dus servis à {c}"), nom=f"reste du flux de {c}")
            if terms
            else flow
        )
    return rest


def _refuse(territoire: str, holders: str) -> None:
    raise ConventionError(
        f"Les dus dépassent le flux de {territoire} (réservataires : {holders}) et la convention a choisi "
        'depassement = "erreur". Choisir "reduction_proportionnelle" ou "etat_garanti", ou revoir les droits.',
        code="conversion.depassement",
    )


def _wide_dues(
    ledger: _Ledger,
    dossier: Dossier,
    regles: Regles,
    poids: Poids,
    droits: Droits,
    rest: dict[str, Figure],
    wide: list[str],
    factor: Figure | None,
) -> None:
    """3. Holders of the département take the same fraction of what remains in every commune; the bailleur the rest."""
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
                    held(dossier, poids, droits, ident, feuilles.communes, garantie),
                    whole(feuilles, poids, feuilles.communes),
                    nom=f"part de {ident} dans l'assiette",
                )
                amount = due(part, flow, nom=f"dû de {ident}")
                if garantie and categories[ident] in choix.porteurs_garantie:
                    cap = due(
                        regles.figure("part_max_garantie"), feuilles.flux_total, nom="plafond des garanties"
                    )
                    capped[ident, garantie] = fit(cap, amount, nom="réduction au plafond des garanties")
                    amount = multiply(
                        amount, capped[ident, garantie], nom=f"dû de {ident}, au plafond des garanties"
                    )
                wanted[ident, garantie] = (part, amount)
    asked = (
        add(*(a for _, a in wanted.values()), nom="dus des réservataires du département") if wanted else None
    )
    coefficient = fit(remaining, asked, nom="réduction au reste du flux") if asked else None
    if coefficient is not None and coefficient.valeur < 1:
        if choix.depassement == "erreur":
            _refuse(departement, ", ".join(sorted({i for i, _ in wanted})))
        for (ident, _), (_, amount) in wanted.items():
            after = amount.valeur * coefficient.valeur
            ledger.reductions.append((departement, ident, float(amount.valeur), float(after), RESTE_DEPASSE))
    for c, left in rest.items():
        fraction = share(left, remaining, nom=f"part de {c} dans le reste du flux")
        for (ident, garantie), (part, amount) in wanted.items():
            cell = ledger.cell(ident, c, DEPARTEMENT)
            cell.rate(part, multiply(flow, fraction, nom=f"flux réparti comme le reste ({c})"), garantie)
            if (ident, garantie) in capped:
                cell.coefficients[GARANTIE] = capped[ident, garantie]
            served = multiply(amount, fraction, nom=f"dû de {ident} à {c}")
            if coefficient is not None and coefficient.valeur != 1:
                cell.coefficients[RESTE_DEPASSE] = coefficient
                served = multiply(served, coefficient, nom=f"dû de {ident} à {c}, réduit")
            cell.taux[garantie] = served
        taken = [ledger.cells[i, c].taux[g] for i, g in wanted]
        own = ledger.cell(BAILLEUR, c, RESTE)
        own.taux[False] = (
            subtract(left, add(*taken, nom=f"dus du département à {c}"), nom=f"part du bailleur à {c}")
            if taken
            else left.named(f"part du bailleur à {c}")
        )
