"""T7: what kind of dwellings each réservataire is expected to receive, against the bailleur's average.

By size, loan, QPV and period of construction: the headings of the annual report (CCH, art. R. 441-5-1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.noms import Noms
from flux.annexe.partage import named
from flux.annexe.section import Section
from flux.conversion.assiette import ASSIETTE
from flux.conversion.segments import SEGMENT, described
from flux.rendu import glossaire
from flux.rendu.vue import Tableau

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.annexe.selection import Selection

KINDS = ["typologie", "financement", "qpv", "periode"]
QPV = {True: "En QPV", False: "Hors QPV"}
UNKNOWN = "non renseigné"


def expected(plan: Plan) -> pd.DataFrame:
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
    spread["periode"] = spread["periode"].fillna(UNKNOWN)
    spread["nb_exact"] *= spread["poids"].fillna(1.0)
    keys = ["id_reservataire", *KINDS]
    summed: pd.DataFrame = spread.groupby(keys, sort=False)["nb_exact"].sum().reset_index()
    return summed


def compared(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The same by réservataire and `keys`: `part`, that of the whole plan, and the deviation."""
    rows = table.groupby(["id_reservataire", *keys], sort=True)["nb_exact"].sum().reset_index()
    whole = table.groupby(keys)["nb_exact"].sum() / table["nb_exact"].sum()
    rows["part"] = rows["nb_exact"] / rows.groupby("id_reservataire")["nb_exact"].transform("sum")
    rows = rows.join(whole.rename("part_moyenne"), on=keys)
    return rows.assign(ecart_part=rows["part"] - rows["part_moyenne"])


def qualite(plan: Plan, noms: Noms, table: pd.DataFrame, vise: Selection | None = None) -> Section:
    """Shares of each kind of dwelling, réservataire by réservataire, then the whole crossing."""
    parts = []
    for kind in KINDS:
        rows = compared(table, [kind])
        label = glossaire.libelle(kind)
        values = (
            rows[kind].astype(bool).map(QPV)
            if kind == "qpv"
            else rows[kind].map(lambda v, kind=kind: glossaire.format(kind, v))
        )
        parts.append(rows.assign(caractere=label + " : " + values.astype(str), _kind=KINDS.index(kind)))
    kinds = pd.concat(parts, ignore_index=True)
    order = {r: i for i, r in enumerate(plan.quotas.table["id_reservataire"])}
    kinds["_rank"] = kinds["id_reservataire"].map(order)
    kinds = kinds.sort_values(["_rank", "_kind", "caractere"])
    crossing = compared(table, KINDS)
    crossing["_rank"] = crossing["id_reservataire"].map(order)
    crossing = crossing.sort_values(["_rank", *KINDS])
    measures = ["nb_exact", "part", "part_moyenne", "ecart_part"]
    return Section(
        cle="qualite",
        titre="Qualité des logements prévus",
        paragraphes=(
            "Pour chaque réservataire, le nombre de logements attendus par typologie, financement, localisation "
            "et période de construction, sa part, et l'écart à la moyenne du bailleur, en points. Aucun texte ne "
            "fixe d'écart à ne pas dépasser.",
            "Le plan oriente des segments (commune, QPV, typologie, financement) ; dans un segment, la période de "
            "construction suit celle des logements de l'assiette (hypothèse).",
        ),
        tableaux=(
            Tableau(
                cle="qualite.caracteres",
                titre="Logements attendus par caractère, écart à la moyenne du bailleur",
                frame=named(kinds if vise is None else vise.rows(kinds), noms),
                colonnes=["id_reservataire", "caractere", *measures],
                article="CCH, art. R. 441-5-1",
                detail=True,
            ),
            Tableau(
                cle="qualite.croisement",
                titre="Logements attendus par typologie, financement, localisation et période",
                frame=named(crossing if vise is None else vise.rows(crossing), noms),
                colonnes=["id_reservataire", *KINDS, *measures],
                article="CCH, art. R. 441-5-1",
                detail=True,
            ),
        ),
    )
