"""Whole dwellings: first the segments, then the holders, then their publics, each a network rounding.

What the totals of the segments or the territories forbid is a shortfall with a name, never a cell
forced to fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.arrondi import EPSILON, Famille, round_cells
from flux.allocation.cadre import BAILLEUR, PUBLIC, SEGMENT, Cadre
from flux.allocation.obligations import NIVEAUX, Obligation

if TYPE_CHECKING:
    from flux.conversion import Quotas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Entiers:
    """The whole plan: `segment, part, public` (indices) and `nb`; dwellings of each segment; the gaps."""

    table: pd.DataFrame
    segments: Ints
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
    publics = _publics(quotas, cadre, nb_part, share, rows)
    return Entiers(_spread(cadre, held, publics), totals, _gaps(quotas, cadre, held))


def _segments(quotas: Quotas, cadre: Cadre) -> Ints:
    """Floor or ceiling of each segment's flow; by commune and QPV the quotas' whole numbers, if possible."""
    segments = cadre.segments
    wanted = _wanted(quotas).groupby(["commune", "qpv"])["nb"].sum()
    label, index = _labels(segments[["commune", "qpv"]])
    target = wanted.reindex(index).fillna(0).to_numpy(float)
    flow = segments["flux"].to_numpy()
    nearest = np.rint(flow)
    flow = np.where(np.abs(flow - nearest) < EPSILON, nearest, flow)
    floor = np.floor(flow)
    total = float(cadre.porteurs["quota"].sum())
    rounded = round_cells(
        _names(segments, SEGMENT), flow - floor, np.ceil(flow) - floor,
        [Famille(nom="ensemble", label=np.zeros(len(flow), np.int64), bas=np.array([total - floor.sum()]),
                 haut=np.array([total - floor.sum()])),
         Famille(nom="communes", label=label, souple=True, bas=target - np.bincount(label, floor),
                 haut=target - np.bincount(label, floor))])
    return np.asarray(floor.astype(np.int64) + rounded)


def _wanted(quotas: Quotas) -> pd.DataFrame:
    """`id_reservataire, commune, qpv, nb`: the whole numbers of the quotas."""
    table = quotas.communes
    long = [table[["id_reservataire", "commune"]].assign(qpv=qpv, nb=table[column].astype(float))
            for qpv, column in ((False, "nb_hors_qpv"), (True, "nb_qpv"))]
    keys = ["id_reservataire", "commune", "qpv"]
    return pd.concat(long, ignore_index=True).groupby(keys, as_index=False)[["nb"]].sum()


def _holders(quotas: Quotas, cadre: Cadre, exact: pd.DataFrame, totals: Ints) -> pd.DataFrame:
    """`segment, part, nb`: whole dwellings of each holder in each segment that has some."""
    cells = cadre.segments[["bloc"]].assign(segment=cadre.segments.index).merge(cadre.cellules, on="bloc")
    cells = cells.merge(cadre.parts.assign(part=cadre.parts.index), on=["groupe", "porteur"])
    cells = cells.loc[totals[cells["segment"]] > 0].sort_values(["segment", "porteur"], ignore_index=True)
    given = exact.groupby(["segment", "part"])["nb_exact"].sum()
    near = given.reindex(pd.MultiIndex.from_frame(cells[["segment", "part"]])).fillna(0.0).to_numpy(float)
    porteur = cells["porteur"].to_numpy()
    named = cells.join(cadre.segments[SEGMENT], on="segment").assign(
        id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[porteur])
    label, index = _labels(named[["id_reservataire", "commune", "qpv"]])
    wanted = _wanted(quotas).set_index(["id_reservataire", "commune", "qpv"])["nb"]
    target = wanted.reindex(index).fillna(0.0).to_numpy(float)
    quota = cadre.porteurs["quota"].to_numpy(float)
    is_bailleur = (cadre.porteurs["id_reservataire"] == BAILLEUR).to_numpy()
    segment = cells["segment"].to_numpy()
    nb = round_cells(
        _names(named, [*SEGMENT, "id_reservataire"]), near, totals[segment].astype(float),
        [Famille(nom="segments", label=segment, bas=totals.astype(float), haut=totals.astype(float)),
         Famille(nom="plafonds", label=porteur, bas=np.full(len(quota), -np.inf),
                 haut=np.where(is_bailleur, np.inf, quota)),
         Famille(nom="quotas", label=porteur, bas=quota, haut=quota, souple=True),
         Famille(nom="communes", label=label, bas=target, haut=target, souple=True)])
    return cells[["segment", "part", "porteur"]].assign(nb=nb).loc[nb > 0].reset_index(drop=True)


def _publics(quotas: Quotas, cadre: Cadre, nb_part: Ints, share: Floats, rows: Sequence[Obligation]) -> Ints:
    """Whole dwellings of each row of `cadre.publics`: priority, then quartile, then both together."""
    publics = cadre.publics
    part = publics["part"].to_numpy()
    everywhere = nb_part[part] * share
    some = np.flatnonzero(nb_part[part] > 0)
    publics, near, most = publics.iloc[some], everywhere[some], nb_part[part[some]].astype(float)
    # "Au moins un quart" of whole dwellings is its ceiling, unless the parties judge it otherwise.
    whole = _ceil if quotas.dossier.convention.choix.dalo_arrondi == "superieur" else _floor
    dalo = _targets("dalo", (o for o in rows if o.objectif == "dalo_prioritaires"), some, everywhere, whole)
    balance = (o for o in rows if o.objectif in ("q1_hors_qpv", "autres_qpv"))
    mixite = _targets("mixite", balance, some, everywhere, _ceil)
    by_priority = _one_side(publics, "priorite", near, most, dalo)
    by_quartile = _one_side(publics, "quartile", near, most, mixite)
    sides = []
    for column, nb in (("priorite", by_priority), ("quartile", by_quartile)):
        label, index = _labels(publics[["part", column]])
        sums = nb.reindex(index).to_numpy(float)
        sides.append(Famille(nom=column, label=label, bas=sums, haut=sums))
    names = _names(publics, ["zone", "qpv", "typologie", "id_reservataire", *PUBLIC])
    out = np.zeros(len(cadre.publics), np.int64)
    out[some] = round_cells(names, near, most, sides)
    return out


def _one_side(publics: pd.DataFrame, column: str, near: Floats, most: Floats, target: Famille) -> pd.Series:
    """Whole dwellings by part and by one character of the public, with targets to reach if possible."""
    keys = ["part", "zone", "qpv", "typologie", "id_reservataire", column]
    rows = publics.assign(near=near, most=most, target=target.label).groupby(keys, as_index=False)
    cells = rows.agg(near=("near", "sum"), most=("most", "first"), target=("target", "max"))
    label, _ = _labels(cells[["part"]])
    sums = cells.groupby("part", sort=True)["most"].first().to_numpy(float)
    nb = round_cells(
        _names(cells, keys[1:]), cells["near"].to_numpy(float), cells["most"].to_numpy(float),
        [Famille(nom="parts", label=label, bas=sums, haut=sums),
         replace(target, label=cells["target"].to_numpy(np.int64))])
    return pd.Series(nb, index=pd.MultiIndex.from_frame(cells[["part", column]]))


def _targets(nom: str, rows: Iterable[Obligation], some: Ints, near: Floats,
             whole: Callable[[float], int]) -> Famille:
    """The thresholds of `rows` as sums to reach, the highest level first.

    A set of publics that crosses one already taken would make a third family: its row is judged on the
    whole plan like the others, and does not steer it.
    """
    label = np.full(len(some), -1, np.int64)
    bounds: list[int] = []
    for row in sorted(rows, key=lambda o: (_rank(o.niveau), o.cle)):
        counted = row.compte[some]
        taken = np.unique(label[counted])
        target = whole(row.seuil(near) - row.acquis)
        if np.array_equal(taken, [-1]):
            label[counted] = len(bounds)
            bounds.append(target)
        elif len(taken) == 1 and np.array_equal(label == taken[0], counted):
            bounds[taken[0]] = max(bounds[taken[0]], target)
    return Famille(nom=nom, label=label, souple=True, bas=np.array(bounds, float),
                   haut=np.full(len(bounds), np.inf))


def _rank(niveau: str) -> int:
    return next(i for i, level in enumerate(NIVEAUX) if niveau in level)


def _ceil(value: float) -> int:
    return math.ceil(value - EPSILON)


def _floor(value: float) -> int:
    return math.floor(value + EPSILON)


def _spread(cadre: Cadre, held: pd.DataFrame, publics: Ints) -> pd.DataFrame:
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
    named = held.join(cadre.segments[SEGMENT], on="segment").assign(
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


def _labels(frame: pd.DataFrame) -> tuple[Ints, pd.MultiIndex]:
    """The group of each row, numbered in canonical order, and the groups."""
    columns = list(frame.columns)
    index = pd.MultiIndex.from_frame(frame.drop_duplicates().sort_values(columns))
    return np.asarray(frame.groupby(columns, sort=True).ngroup(), np.int64), index


def _names(frame: pd.DataFrame, columns: list[str]) -> list[str]:
    lists: list[list[Any]] = [frame[c].astype(str).tolist() for c in columns]
    return ["|".join(words) for words in zip(*lists, strict=True)]
