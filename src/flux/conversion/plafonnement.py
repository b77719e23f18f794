"""What the law caps and what a flow cannot hold: each reduction is applied, and shown."""

from __future__ import annotations

from flux.conversion.cellules import (
    AGENTS,
    DEPASSEMENT,
    ETAT,
    ETAT_CATEGORIES,
    ETAT_MAX,
    GARANTIE,
    Cellule,
    Ledger,
    due,
    fit,
)
from flux.conversion.feuilles import Feuilles
from flux.conversion.operations import add, constant, subtract
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.errors import ConventionError
from flux.noyau.provenance import Couleur, Figure
from flux.rendu.nombres import date


def cap_state(ledger: Ledger, dossier: Dossier, regles: Regles) -> Figure:
    """Bring the State within its ceilings: agents first, then both alike.

    "la part des logements réservés par le préfet de département […] représente 30 % au plus du flux annuel
    total de logements de chaque organisme bailleur, dont au plus 5 % au bénéfice des agents civils et
    militaires de l'Etat" (CCH, art. R. 441-5-2, I).
    """
    categories = dossier.reservataires.set_index("id_reservataire")["categorie"]
    cells = [c for c in ledger.cells.values() if categories[c.id_reservataire] in ETAT_CATEGORIES]
    agents = [c for c in cells if categories[c.id_reservataire] == "etat_agents"]
    flow = ledger.feuilles.flux_total
    plafond = state_ceiling(dossier, regles)
    for group, cap, motif in ((agents, regles.figure("part_max_agents"), AGENTS), (cells, plafond, ETAT_MAX)):
        if group:
            asked = add(*(f for c in group for f in c.terms), nom=f"dus avant réduction ({motif})")
            ledger.reduce(
                group,
                fit(due(cap, flow, nom=motif), asked, nom=f"réduction au {motif}"),
                motif,
                dossier.convention.bailleur.departement,
            )
    return plafond


def state_ceiling(dossier: Dossier, regles: Regles) -> Figure:
    """The ceiling of the law, raised by the préfet's derogation while it runs (CCH, art. R. 441-5-2, I)."""
    law = regles.figure("part_max_etat")
    derogation = dossier.convention.stipulations.derogation_prefectorale
    if derogation is None or derogation.fin < dossier.convention.date or derogation.part <= law.valeur:
        return law
    return constant(
        derogation.part,
        f"dérogation préfectorale jusqu'au {date(derogation.fin)}",
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


def cap_guarantees(ledger: Ledger, dossier: Dossier, regles: Regles) -> None:
    """Bring the dues held in return for guarantees within their ceiling.

    "ne peut représenter globalement plus de 20 % du flux annuel sur leur territoire" (CCH, art. R. 441-5-3).
    """
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
                    choix=ledger.noms.choix("garantie_imbriquee"),
                ),
                GARANTIE,
                code,
                garantie=True,
            )


def reduce_overruns(ledger: Ledger, feuilles: Feuilles, regle: str) -> dict[str, Figure]:
    """What remains of the flow in each commune, once its dues are brought within it.

    Dues can pass a commune's flow because rights are converted on different flows: all reduced in
    proportion, the State kept whole (`etat_garanti`), or refused (`erreur`). A single-use right in a
    commune without any flow is reduced to nothing.

    Raises
    ------
    ConventionError
        Code "conversion.depassement", under `erreur`.
    """
    rest: dict[str, Figure] = {}
    by_commune: dict[str, list[Cellule]] = {}
    for cell in ledger.cells.values():
        by_commune.setdefault(cell.commune, []).append(cell)
    nothing = constant(0, "aucun flux dans cette commune", couleur=Couleur.CALCUL)
    for c in sorted({*feuilles.flux, *by_commune}):
        flow, cells = feuilles.flux.get(c, nothing), by_commune.get(c, [])
        kept = [x for x in cells if x.etage == ETAT] if regle == "etat_garanti" else []
        if whole := [f for x in kept for f in x.terms]:  # not even the State passes the whole flow
            coefficient = fit(
                flow,
                add(*whole, nom=f"dus de l'État à {ledger.noms.a(c)}"),
                nom=f"réduction au flux de {ledger.noms.a(c)}",
                choix=ledger.noms.choix("depassement"),
            )
            ledger.reduce(kept, coefficient, DEPASSEMENT, c)
        asked = [f for x in cells if x not in kept for f in x.terms]
        if asked:
            available = (
                subtract(flow, add(*(f for x in kept for f in x.terms)), nom="flux laissé par l'État")
                if kept
                else flow
            )
            coefficient = fit(
                available,
                add(*asked, nom=f"dus à {ledger.noms.a(c)}"),
                nom=f"réduction au flux de {ledger.noms.a(c)}",
                choix=ledger.noms.choix("depassement"),
            )
            if regle == "erreur" and coefficient.valeur < 1:
                refuse(c, ", ".join(sorted({x.id_reservataire for x in cells})))
            ledger.reduce([x for x in cells if x not in kept], coefficient, DEPASSEMENT, c)
        if c not in feuilles.flux:
            continue
        terms = [f for x in cells for f in x.terms]
        rest[c] = (
            subtract(
                flow,
                add(*terms, nom=f"dus de tous les réservataires locaux et de l'État à {ledger.noms.a(c)}"),
                nom=f"reste du flux de {ledger.noms.a(c)}, pour les réservataires du département",
            )
            if terms
            else flow
        )
    return rest


def refuse(territoire: str, holders: str) -> None:
    """Stop: the parties chose `depassement = "erreur"`."""
    raise ConventionError(
        f"Les dus dépassent le flux de {territoire} (réservataires : {holders}) et la convention a choisi "
        'depassement = "erreur". Choisir "reduction_proportionnelle" ou "etat_garanti", '
        "ou revoir les droits.",
        code="conversion.depassement",
    )
