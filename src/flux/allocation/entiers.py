"""Whole dwellings: first the segments, then the holders, then their publics, one rounding each.

What the totals of the segments or the territories forbid is a shortfall with a name, never a cell
forced to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import BAILLEUR, Cadre
from flux.allocation.obligations import Obligation
from flux.allocation.publics import ceil, floor, whole_publics
from flux.noyau.arrondi import labels, names_of, partition, round_cells, snap

if TYPE_CHECKING:
    from flux.conversion import Quotas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Entiers:
    """The whole plan, `segment, public` (indices) and `nb`; its gaps with the quotas.

    cellules, publics : the same dwellings on the rows of `cadre.cellules` and of `cadre.publics`.
    """

    table: pd.DataFrame
    cellules: Floats
    publics: Floats
    manques: pd.DataFrame


def whole_plan(quotas: Quotas, cadre: Cadre, exact: pd.DataFrame, melange: Floats, part_exacte: Floats,
               rows: Sequence[Obligation]) -> Entiers:
    """Round the plan: segments, then holders in them, then publics of each holder.

    Parameters
    ----------
    exact : the exact plan, see `modele.exact_table`.
    melange, part_exacte : reference and exact shares of each row of `cadre.publics` in its part.
    rows : the obligations, whose thresholds guide the publics.
    """
    totals = _segments(quotas, cadre)
    held = _holders(quotas, cadre, exact, totals)
    nb_part = np.bincount(held["part"], held["nb"], minlength=len(cadre.parts)).astype(np.int64)
    given = np.bincount(cadre.publics["part"], part_exacte, minlength=len(cadre.parts)) > 0
    share = np.where(given[cadre.publics["part"]], part_exacte, melange)
    # "Au moins un quart" of whole dwellings is its ceiling, unless the parties judge it otherwise.
    dalo = ceil if quotas.dossier.convention.choix.dalo_arrondi == "superieur" else floor
    publics = whole_publics(cadre, nb_part, share, rows, dalo)
    place = pd.MultiIndex.from_frame(cadre.cellules[["segment", "porteur"]])
    cellules = np.zeros(len(place))
    cellules[place.get_indexer(pd.MultiIndex.from_frame(held[["segment", "porteur"]]))] = held["nb"]
    return Entiers(_spread(held, publics), cellules, publics.astype(float), _gaps(quotas, cadre, held))


def _segments(quotas: Quotas, cadre: Cadre) -> Ints:
    """Floor or ceiling of each segment's flow; by commune and QPV the quotas' whole numbers, if possible."""
    segments = cadre.segments
    wanted = _wanted(quotas).groupby(["commune", "qpv"])["nb"].sum()
    label, index = labels(segments[["commune", "qpv"]])
    target = wanted.reindex(index).fillna(0).to_numpy(float)
    flow = snap(segments["flux"].to_numpy(float))
    low = np.floor(flow)
    left = np.array([cadre.porteurs["quota"].sum() - low.sum()])
    asked = np.asarray(target - np.bincount(label, low), float)
    rounded = round_cells(
        names_of(segments, cadre.segment), flow - low, np.ceil(flow) - low,
        [partition("ensemble", np.zeros(len(flow), np.int64), left, left),
         partition("communes", label, asked, asked, souple=True)])
    return np.asarray(low.astype(np.int64) + rounded)


def _wanted(quotas: Quotas) -> pd.DataFrame:
    """`id_reservataire, commune, qpv, nb`: the whole numbers of the quotas."""
    table = quotas.communes
    long = [table[["id_reservataire", "commune"]].assign(qpv=qpv, nb=table[column].astype(float))
            for qpv, column in ((False, "nb_hors_qpv"), (True, "nb_qpv"))]
    keys = ["id_reservataire", "commune", "qpv"]
    return pd.concat(long, ignore_index=True).groupby(keys, as_index=False)[["nb"]].sum()


def _holders(quotas: Quotas, cadre: Cadre, exact: pd.DataFrame, totals: Ints) -> pd.DataFrame:
    """`segment, part, nb`: whole dwellings of each holder in each segment that has some."""
    cells = cadre.cellules[["segment", "part", "porteur"]]
    cells = cells.loc[totals[cells["segment"]] > 0].sort_values(["segment", "porteur"], ignore_index=True)
    given = exact.groupby(["segment", "part"])["nb_exact"].sum()
    near = given.reindex(pd.MultiIndex.from_frame(cells[["segment", "part"]])).fillna(0.0).to_numpy(float)
    porteur = cells["porteur"].to_numpy()
    named = cells.join(cadre.segments[cadre.segment], on="segment").assign(
        id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[porteur])
    label, index = labels(named[["id_reservataire", "commune", "qpv"]])
    wanted = _wanted(quotas).set_index(["id_reservataire", "commune", "qpv"])["nb"]
    target = wanted.reindex(index).fillna(0.0).to_numpy(float)
    quota = cadre.porteurs["quota"].to_numpy(float)
    is_bailleur = (cadre.porteurs["id_reservataire"] == BAILLEUR).to_numpy()
    segment = cells["segment"].to_numpy()
    nb = round_cells(
        names_of(named, [*cadre.segment, "id_reservataire"]), near, totals[segment].astype(float),
        [partition("segments", segment, totals.astype(float), totals.astype(float)),
         partition("plafonds", porteur, np.full(len(quota), -np.inf), np.where(is_bailleur, np.inf, quota)),
         partition("quotas", porteur, quota, quota, souple=True),
         partition("communes", label, target, target, souple=True)])
    return cells[["segment", "part", "porteur"]].assign(nb=nb).loc[nb > 0].reset_index(drop=True)


def _spread(held: pd.DataFrame, publics: Ints) -> pd.DataFrame:
    """Join segments and publics of each part: both laid end to end on one line, cut wherever either ends."""
    held = held.sort_values(["part", "segment"])
    rows = np.flatnonzero(publics > 0)  # `cadre.publics` is already in the order of its parts
    ends, public_ends = held["nb"].cumsum().to_numpy(), publics[rows].cumsum()
    cuts = np.union1d(ends, public_ends)
    segment = held["segment"].to_numpy()[np.searchsorted(ends, cuts)]
    public = rows[np.searchsorted(public_ends, cuts)]
    table = pd.DataFrame({"segment": segment, "public": public, "nb": np.diff(cuts, prepend=0)})
    return table.groupby(["segment", "public"], as_index=False)[["nb"]].sum()


def _gaps(quotas: Quotas, cadre: Cadre, held: pd.DataFrame) -> pd.DataFrame:
    """`id_reservataire, commune, qpv, voulu, obtenu, motif`: departures from the quotas' whole numbers."""
    keys = ["id_reservataire", "commune", "qpv"]
    named = held.join(cadre.segments[cadre.segment], on="segment").assign(
        id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[held["porteur"]])
    got = named.groupby(keys)["nb"].sum().rename("obtenu")
    wanted = _wanted(quotas).set_index(keys)["nb"].rename("voulu")
    both = pd.concat([wanted, got], axis=1).fillna(0).astype("int64").sort_index().reset_index()
    total = both.groupby("id_reservataire")[["voulu", "obtenu"]].transform("sum")
    both["motif"] = np.select(
        [both["obtenu"] > both["voulu"], total["obtenu"] < total["voulu"]],
        ["reçoit ce que d'autres n'ont pu recevoir ici, ou ce qui lui manque ailleurs",
         "les logements entiers de son territoire ne suffisent pas à son quota"],
        "les logements entiers de la commune ne suffisent pas : le reste est donné ailleurs")
    return both.loc[both["voulu"] != both["obtenu"]].reset_index(drop=True)
