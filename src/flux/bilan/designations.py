"""B1: dwellings proposed, attributed, leased, by réservataire and by each attribute that the law names."""

from __future__ import annotations

from typing import Any

import pandas as pd

from flux.annexe.section import Section
from flux.bilan.faits import Faits
from flux.bilan.journal import ABSENTE, COMPTEURS, DIMENSIONS, HORS_CHAMP, SANS_RESERVATAIRE
from flux.conversion.cellules import BAILLEUR
from flux.rendu import glossaire, nombres
from flux.rendu.vue import Colonne, Tableau

TEXTE = "CCH, art. R. 441-5-1"
COLONNES = [Colonne(c, f"bilan.{c}") for c in COMPTEURS.values()]
#: What each dimension is read from, said where it is missing.
SOURCES = {
    "typologie": "id_logement ou typologie dans « mouvements »",
    "financement": "id_logement ou financement dans « mouvements »",
    "qpv": "id_logement ou qpv dans « mouvements »",
    "commune": "id_logement, programme ou commune dans « mouvements »",
    "periode": "id_logement dans « mouvements » et annee_construction dans « logements »",
}
A_FOURNIR = {
    "proposition": "une ligne par logement proposé (etape = proposition)",
    "attribution": "une ligne par décision d'attribution de la CALEOL (etape = attribution)",
    "bail": "une ligne par bail signé (etape = bail)",
}


def designations(faits: Faits) -> Section:
    """One table a réservataire, then one a dimension."""
    tables = [
        Tableau(
            cle="designations.reservataires",
            titre=f"Logements proposés, attribués et loués en {faits.annee}, par réservataire",
            frame=_named(faits, faits.sorted(faits.mine(_everyone(faits)), "porteur")),
            colonnes=["id_reservataire", *COLONNES],
            total=_totals(faits, faits.mine(summed(faits, "porteur"))),
            article=TEXTE,
        )
    ]
    tables += [_by(faits, dimension) for dimension in DIMENSIONS]
    return Section(
        cle="designations",
        titre="Proposés, attribués, loués",
        paragraphes=(
            "Chaque logement est compté à l'étape qu'il a atteinte : proposition au réservataire, "
            "attribution par la CALEOL, bail signé. Les mutations et les relogements, hors du flux, sont "
            "à part.",
        ),
        puces=missing(faits),
        tableaux=tuple(tables),
    )


def cross(faits: Faits) -> Tableau:
    """Every attribute at once, for the workbook."""
    keys = ["porteur", *DIMENSIONS]
    frame = faits.sorted(faits.mine(faits.croisement), *keys)
    return Tableau(
        cle="designations.croisement",
        titre=f"Logements proposés, attribués et loués en {faits.annee} : croisement complet",
        frame=_named(faits, frame),
        colonnes=["id_reservataire", *DIMENSIONS, *COLONNES],
        total=_totals(faits, frame),
        article=TEXTE,
    )


def missing(faits: Faits) -> tuple[str, ...]:
    """What the movements do not let the report say, and how to provide it."""
    lines, said = faits.mine(faits.journal.lignes), []
    for etape, compteur in COMPTEURS.items():
        if not faits.journal.knows(etape):
            said.append(
                f"{glossaire.libelle(f'bilan.{compteur}')} : non calculable, aucune ligne de {faits.annee} "
                f"n'a etape = {etape} dans « mouvements ». À fournir : {A_FOURNIR[etape]}."
            )
    counted = lines.loc[lines["etape"].isin(list(COMPTEURS))]
    for dimension in DIMENSIONS:
        if nb := int(counted.loc[counted[dimension] == ABSENTE, "nb"].sum()):
            said.append(
                f"{glossaire.libelle(dimension)} : non renseigné pour {nombres.entier(nb)} sur "
                f"{nombres.entier(counted['nb'].sum())}. À fournir : {SOURCES[dimension]}."
            )
    proposed = lines.loc[(lines["etape"] == "proposition") & lines["id_logement"].notna()]
    if nb := int(proposed.duplicated(["id_logement", "porteur", "jour"]).sum()):
        said.append(
            f"{nombres.combien(nb, 'proposition')} du même logement, le même jour, au même réservataire : "
            "chacune est comptée. À vérifier : une ligne par logement proposé, et non par candidat."
        )
    if nb := int(lines.loc[~lines["rattache"], "nb"].sum()):
        said.append(
            f"{nombres.combien(nb, 'mouvement')} sur un logement absent de « logements » : ce qu'en disent "
            "les colonnes de « mouvements » est retenu. À fournir : la ligne du logement, avec date_sortie "
            "s'il est parti."
        )
    for porteur, how in (
        (SANS_RESERVATAIRE, "sans réservataire, à part. À fournir : id_reservataire dans « mouvements »"),
        (HORS_CHAMP, "sur des logements hors du champ de la convention, à part"),
    ):
        if nb := int(lines.loc[lines["porteur"] == porteur, "nb"].sum()):
            said.append(f"{nombres.combien(nb, 'mouvement')} {how}.")
    return tuple(said)


def summed(faits: Faits, *cles: str) -> pd.DataFrame:
    """The counters by some of the attributes; a stage that was not given stays absent."""
    counters = list(COMPTEURS.values())
    return faits.croisement.groupby(list(cles))[counters].sum(min_count=1).reset_index()


def _by(faits: Faits, dimension: str) -> Tableau:
    """A row a réservataire and value: counts, its share of the account, the same share for all accounts."""
    table = summed(faits, "porteur", dimension)
    last = next((c for c in reversed(COMPTEURS.values()) if table[c].notna().any()), "nb_baux")
    count = table[last].astype("float64")
    whole = count.groupby(table[dimension]).transform("sum") / (count.sum() or 1.0)
    mine = count / count.groupby(table["porteur"]).transform("sum").replace(0.0, float("nan"))
    table = faits.sorted(faits.mine(table.assign(part=mine, part_ensemble=whole)), "porteur", dimension)
    return Tableau(
        cle=f"designations.{dimension}",
        titre=f"Par {glossaire.libelle(dimension).lower() if dimension != 'qpv' else 'localisation en QPV'}",
        frame=_named(faits, table),
        colonnes=[
            "id_reservataire",
            dimension,
            *COLONNES,
            Colonne("part", "bilan.part"),
            Colonne("part_ensemble", "bilan.part_ensemble"),
        ],
        total=_totals(faits, table),
        article=TEXTE,
        note=f"Parts calculées sur « {glossaire.libelle(f'bilan.{last}').lower()} ».",
    )


def _everyone(faits: Faits) -> pd.DataFrame:
    """The counters of every account: a réservataire that received nothing is told so.

    Unless events of that stage name nobody: some of them may be its own.
    """
    table = summed(faits, "porteur").set_index("porteur")
    told = faits.journal
    named = [*faits.dossier.reservataires["id_reservataire"].astype(str), BAILLEUR]
    out = table.reindex(list(dict.fromkeys([*named, *table.index])))
    for etape, compteur in COMPTEURS.items():
        if told.knows(etape) and told.orphans(etape).empty:
            out.loc[named, compteur] = out.loc[named, compteur].fillna(0)
    return out.rename_axis("porteur").reset_index()


def _totals(faits: Faits, frame: pd.DataFrame) -> dict[str, Any]:
    """The sums of the stages that were given."""
    return {c: frame[c].sum() for etape, c in COMPTEURS.items() if faits.journal.knows(etape)}


def _named(faits: Faits, frame: pd.DataFrame) -> pd.DataFrame:
    """Names for the codes of accounts and communes."""
    named = frame.assign(id_reservataire=[faits.name(p) for p in frame["porteur"]])
    if "commune" in frame:
        named["commune"] = [faits.noms.commune(c) for c in frame["commune"]]
    return named
