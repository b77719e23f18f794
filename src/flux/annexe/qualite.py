"""T7: what kind of dwellings each réservataire is expected to receive, against the bailleur's average.

By size, loan, QPV and period of construction: the headings of the annual report (CCH, art. R. 441-5-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.section import Section
from flux.conversion.assiette import ASSIETTE
from flux.conversion.segments import SANS_ANNEE, SEGMENT, described
from flux.dossier.appellations import Noms
from flux.rendu import glossaire
from flux.rendu.vue import Tableau

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.annexe.selection import Selection

KINDS = ["typologie", "financement", "qpv", "periode"]
QPV = {True: "En QPV", False: "Hors QPV"}


@dataclass(frozen=True, slots=True)
class Attendus:
    """Expected dwellings of everybody, names in place of codes (`ident` keeps the code).

    caracteres : by réservataire and value of one kind. croisement : by all the kinds together.
    """

    caracteres: pd.DataFrame
    croisement: pd.DataFrame


def expected(plan: Plan, noms: Noms) -> Attendus:
    """What the plan gives of each kind of dwelling, its share, and the deviation from the whole plan."""
    table = _spread(plan)
    rank = {r: i for i, r in enumerate(plan.quotas.table["id_reservataire"])}
    parts = []
    for place, kind in enumerate(KINDS):
        rows = _compared(table, [kind])
        words = {v: QPV[bool(v)] if kind == "qpv" else glossaire.format(kind, v) for v in rows[kind].unique()}
        said = glossaire.libelle(kind) + " : " + rows[kind].map(words).astype(str)
        parts.append(rows.assign(caractere=said, kind=place))
    kinds = pd.concat(parts, ignore_index=True)
    crossing = _compared(table, KINDS)
    for frame in (kinds, crossing):
        frame["rank"], frame["ident"] = frame["id_reservataire"].map(rank), frame["id_reservataire"]
    return Attendus(
        noms.table(kinds.sort_values(["rank", "kind", "caractere"])),
        noms.table(crossing.sort_values(["rank", *KINDS])),
    )


def _spread(plan: Plan) -> pd.DataFrame:
    """Expected dwellings: id_reservataire, typologie, financement, qpv, periode, nb_exact.

    Inside a segment, dwellings of every period have the same chance to be vacated: the plan's number is
    spread as the dwellings of the base are. A segment without a dwelling in the base has no period.
    """
    quotas = plan.quotas
    logements = quotas.dossier.logements
    base = described(logements.loc[(quotas.preuve.classement.etape == ASSIETTE).to_numpy()])
    stock = base.groupby([*SEGMENT, "periode"]).size().rename("stock").reset_index()
    stock["poids"] = stock["stock"] / stock.groupby(SEGMENT)["stock"].transform("sum")
    held = plan.table.groupby([*SEGMENT, "id_reservataire"], as_index=False)["nb_exact"].sum()
    spread = held.merge(stock, on=SEGMENT, how="left")
    spread["periode"] = spread["periode"].fillna(SANS_ANNEE)
    spread["nb_exact"] *= spread["poids"].fillna(1.0)
    keys = ["id_reservataire", *KINDS]
    summed: pd.DataFrame = spread.groupby(keys, sort=False)["nb_exact"].sum().reset_index()
    return summed


def _compared(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """By réservataire and `keys`: `part`, that of the whole plan, and the deviation."""
    rows = table.groupby(["id_reservataire", *keys], sort=True)["nb_exact"].sum().reset_index()
    whole = table.groupby(keys)["nb_exact"].sum() / table["nb_exact"].sum()
    rows["part"] = rows["nb_exact"] / rows.groupby("id_reservataire")["nb_exact"].transform("sum")
    rows = rows.join(whole.rename("part_moyenne"), on=keys)
    return rows.assign(ecart_part=rows["part"] - rows["part_moyenne"])


def qualite(attendus: Attendus, vise: Selection | None = None) -> Section:
    """Shares of each kind of dwelling, réservataire by réservataire, then the whole crossing."""
    kinds, crossing = (
        f if vise is None else vise.rows(f, "ident") for f in (attendus.caracteres, attendus.croisement)
    )
    measures = ["nb_exact", "part", "part_moyenne", "ecart_part"]
    return Section(
        cle="qualite",
        titre="Qualité des logements prévus",
        paragraphes=(
            "Pour chaque réservataire, le nombre de logements attendus par typologie, financement, "
            "localisation et période de construction, sa part, et l'écart à la moyenne du bailleur, en "
            "points. Aucun texte ne fixe d'écart à ne pas dépasser.",
            "Le plan oriente des segments (commune, QPV, typologie, financement) ; dans un segment, la "
            "période de construction suit celle des logements de l'assiette (hypothèse).",
        ),
        tableaux=(
            Tableau(
                cle="qualite.caracteres",
                titre="Logements attendus par caractère, écart à la moyenne du bailleur",
                frame=kinds,
                colonnes=["id_reservataire", "caractere", *measures],
                article="CCH, art. R. 441-5-1",
                detail=True,
            ),
            Tableau(
                cle="qualite.croisement",
                titre="Logements attendus par typologie, financement, localisation et période",
                frame=crossing,
                colonnes=["id_reservataire", *KINDS, *measures],
                article="CCH, art. R. 441-5-1",
                detail=True,
            ),
        ),
    )
