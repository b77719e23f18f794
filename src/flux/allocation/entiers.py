"""The whole plan: holders by commune and QPV, then by segment, then their publics; then what is proven.

What the totals of the segments or the territories forbid is a shortfall with a name, never a cell
forced to fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flux.allocation.cadre import Cadre
from flux.allocation.cellules import whole_cells
from flux.allocation.modele import Modele, shares
from flux.allocation.obligations import NIVEAUX, Repartition
from flux.allocation.places import HELD, wanted_places, whole_places
from flux.allocation.preuves import Preuve, prove
from flux.allocation.publics import whole_publics
from flux.noyau.solveur import Floats
from flux.noyau.solveur.etapes import Avancement
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion import Quotas

GRID = 6  # decimals of the exact plan that whole numbers are chosen from


@dataclass(frozen=True)
class Entiers:
    """The whole plan.

    Attributes
    ----------
    table : `segment, public` (indices) and `nb`.
    manques : where it departs from the whole numbers of the quotas, and why.
    preuve : the plan, what it misses at each level, and what no whole plan could miss less.
    """

    table: pd.DataFrame
    manques: pd.DataFrame
    preuve: Preuve

    @property
    def reserves(self) -> tuple[str, ...]:
        """The levels at which a better whole plan was not ruled out, in words."""
        return tuple(
            f"Logements entiers ({' et '.join(glossaire.format('niveau', n) for n in level)}) : il en manque "
            f"{missing}, il en manquera {bound} au moins ; recherche d'un meilleur plan arrêtée sur limite."
            for level, missing, bound in zip(NIVEAUX, self.preuve.manques, self.preuve.bornes, strict=True)
            if missing != bound)


def whole_plan(quotas: Quotas, modele: Modele, exact: Repartition, melange: Floats, *,
               avancement: Avancement | None = None) -> Entiers:
    """Whole numbers for the exact plan, on its grid of 1e-6.

    Always by the direct way to HiGHS: the whole plan depends on the exact one only.

    Parameters
    ----------
    exact : the exact plan.
    melange : reference share of each row of `cadre.publics` in its part, where the exact plan gives nothing.
    """
    plan = first_plan(quotas, modele, exact, melange, avancement=avancement)
    preuve = prove(quotas, modele, on_grid(exact), plan, avancement=avancement)
    cadre, plan = modele.cadre, preuve.plan
    return Entiers(_spread(cadre, plan), _gaps(quotas, cadre, plan.cellules), preuve)


def first_plan(quotas: Quotas, modele: Modele, exact: Repartition, melange: Floats, *,
               avancement: Avancement | None = None) -> Repartition:
    """Holders by place, then by segment, then their publics: a whole plan, not proven yet."""
    cadre, cellules = modele.cadre, on_grid(exact)
    lieux = whole_places(quotas, cadre, cellules, modele.obligations, avancement=avancement)
    held = whole_cells(cadre, cellules, lieux, avancement=avancement)
    part = cadre.cellules["part"].to_numpy()
    nb_part = np.asarray(np.rint(np.bincount(part, held, minlength=len(cadre.parts))), np.int64)
    publics, essentiels = whole_publics(cadre, nb_part, _shares(cadre, exact, melange), modele.obligations,
                                        avancement=avancement)
    return modele.of(held.astype(float), publics.astype(float), essentiels.astype(float))


def on_grid(exact: Repartition) -> Floats:
    """Dwellings of the exact plan on `cadre.cellules`, on the grid that whole numbers are chosen from."""
    return np.asarray(np.maximum(np.round(exact.cellules, GRID), 0.0), np.float64)


def _shares(cadre: Cadre, exact: Repartition, melange: Floats) -> Floats:
    """Share of each public in its part, in the exact plan or, where that gives nothing, the reference."""
    part, share = cadre.publics["part"].to_numpy(), shares(cadre, exact)
    given = np.bincount(part, share, minlength=len(cadre.parts)) > 0
    return np.asarray(np.round(np.where(given[part], share, melange), GRID), np.float64)


def _spread(cadre: Cadre, plan: Repartition) -> pd.DataFrame:
    """Join segments and publics of each part: both laid end to end on one line, cut wherever either ends."""
    held = cadre.cellules[["segment", "part"]].assign(nb=plan.cellules.astype(np.int64))
    held = held.loc[held["nb"] > 0].sort_values(["part", "segment"])
    publics = plan.publics.astype(np.int64)
    rows = np.flatnonzero(publics > 0)  # `cadre.publics` is already in the order of its parts
    ends, public_ends = held["nb"].cumsum().to_numpy(), publics[rows].cumsum()
    cuts = np.union1d(ends, public_ends)
    segment = held["segment"].to_numpy()[np.searchsorted(ends, cuts)]
    public = rows[np.searchsorted(public_ends, cuts)]
    table = pd.DataFrame({"segment": segment, "public": public, "nb": np.diff(cuts, prepend=0)})
    return table.groupby(["segment", "public"], as_index=False)[["nb"]].sum()


def _gaps(quotas: Quotas, cadre: Cadre, cellules: Floats) -> pd.DataFrame:
    """`id_reservataire, commune, qpv, voulu, obtenu, motif`: departures from the quotas' whole numbers."""
    named = cadre.segments[["commune", "qpv"]].iloc[cadre.cellules["segment"]].reset_index(drop=True).assign(
        id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]], nb=cellules)
    got, wanted = named.groupby(HELD)["nb"].sum().rename("obtenu"), wanted_places(quotas).rename("voulu")
    both = pd.concat([wanted, got], axis=1).fillna(0).astype("int64").sort_index().reset_index()
    counts = ["voulu", "obtenu"]
    total = both.groupby("id_reservataire")[counts].transform("sum")
    commune = both.groupby(["id_reservataire", "commune"])[counts].transform("sum")
    both["motif"] = np.select(
        [commune["obtenu"] == commune["voulu"],
         both["obtenu"] > both["voulu"], total["obtenu"] < total["voulu"]],
        ["même nombre dans la commune, réparti autrement entre quartiers prioritaires et hors quartiers : "
         "les logements entiers et les obligations du plan le demandent",
         "reçoit ce que d'autres n'ont pu recevoir ici, ou ce qui lui manque ailleurs",
         "les logements entiers de son territoire ne suffisent pas à son quota"],
        "les logements entiers de la commune ne suffisent pas, ou une obligation du plan passe avant : "
        "le reste est donné ailleurs")
    return both.loc[both["voulu"] != both["obtenu"]].reset_index(drop=True)
