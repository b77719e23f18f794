"""Whole dwellings: first the segments, then the holders, then their publics, each a network rounding.

Every step rounds cells held by at most two laminar families of sums. Such a programme is a network:
its vertices are whole, which is checked. What the totals of the segments or the territories forbid
is a shortfall with a name, never a cell forced to fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import BAILLEUR, PUBLIC, SEGMENT, Cadre
from flux.allocation.modele import generic_cost
from flux.allocation.obligations import NIVEAUX, Obligation
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, solve

if TYPE_CHECKING:
    from flux.conversion import Quotas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EPSILON = 1e-9  # an exact value this near to a whole number is that number


@dataclass(frozen=True, kw_only=True)
class Famille:
    """Sums of cells that should lie between two whole numbers.

    Attributes
    ----------
    nom : canonical name.
    label : index of the sum each cell belongs to, -1 for none. Shape (cells,).
    bas, haut : bounds of each sum, infinite where there is none. Shape (sums,).
    souple : True where a gap is allowed, at the price of its stage; False where the sum must hold.
    """

    nom: str
    label: Ints
    bas: Floats
    haut: Floats
    souple: bool = False


def round_cells(keys: Sequence[str], exact: Floats, most: Floats, familles: Sequence[Famille]) -> Ints:
    """Whole numbers nearest to `exact` (L1) that keep the sums of the families, the first before the next.

    Parameters
    ----------
    keys : canonical name of each cell. Shape (n,).
    exact : what is to be rounded, >= 0. Shape (n,).
    most : the most each cell may hold, whole. Shape (n,).
    familles : at most two laminar families (nested ones count for one), the firm ones feasible.

    Raises
    ------
    SolverError
        "solveur.infaisable" when the firm sums contradict each other; "solveur.non_entier" when the
        families do not make a network.
    """
    builder = Builder()
    nearest = np.rint(exact)
    exact = np.minimum(np.where(np.abs(exact - nearest) < EPSILON, nearest, exact), most)
    low = np.floor(exact)
    part = exact - low
    # The distance to `exact` is convex and broken at the two whole numbers around it: three arcs a cell.
    arcs = [("-", low, np.full(len(exact), -1.0)), ("=", np.ceil(exact) - low, 1 - 2 * part),
            ("+", most - np.ceil(exact), np.ones(len(exact)))]
    cells, columns, costs, generic = [], [], [], []
    for mark, room, cost in arcs:
        used = np.flatnonzero(room > 0)
        names = [f"{keys[i]}{mark}" for i in used]
        cells.append(used)
        columns.append(builder.columns(names, upper=room[used]))
        costs.append(cost[used])
        generic.append(np.array([generic_cost(name) for name in names]))
    cell, column = np.concatenate(cells), np.concatenate(columns)
    gaps = [_add(builder, famille, cell, column) for famille in familles]
    etapes = [Etape(f.nom, builder.costs((gap, 1.0))) for f, gap in zip(familles, gaps, strict=True) if f.souple]
    etapes += [Etape("proche", builder.costs((column, np.concatenate(costs)))),
               Etape("unicite", builder.costs((column, np.concatenate(generic))))]
    values = solve(builder.build(), etapes).valeurs[column]
    whole = np.rint(values)
    if np.abs(whole - values).max(initial=0.0) > 1e-6:
        raise SolverError("Le passage à l'entier n'a pas donné de nombres entiers.", code="solveur.non_entier")
    return np.bincount(cell, whole, minlength=len(exact)).astype(np.int64)


def _add(builder: Builder, famille: Famille, cell: Ints, column: Ints) -> Ints:
    """The rows of a family; returns its columns of gaps."""
    label = famille.label[cell]
    names = [f"{famille.nom}|{k}" for k in range(len(famille.bas))]
    rows = builder.rows(names, famille.bas, famille.haut)
    builder.entries(rows[label[label >= 0]], column[label >= 0])
    if not famille.souple:
        return np.zeros(0, np.int64)
    under, over = builder.columns([f"{n}-" for n in names]), builder.columns([f"{n}+" for n in names])
    builder.entries(rows, under)
    builder.entries(rows, over, -1.0)
    return np.concatenate([under, over])


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
    """Floor or ceiling of each segment's flow; by commune and QPV the whole numbers of the quotas, if possible."""
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
    return pd.concat(long, ignore_index=True).groupby(["id_reservataire", "commune", "qpv"], as_index=False)["nb"].sum()


def _holders(quotas: Quotas, cadre: Cadre, exact: pd.DataFrame, totals: Ints) -> pd.DataFrame:
    """`segment, part, nb`: whole dwellings of each holder in each segment that has some."""
    cells = cadre.segments[["bloc"]].assign(segment=cadre.segments.index).merge(cadre.cellules, on="bloc")
    cells = cells.merge(cadre.parts.assign(part=cadre.parts.index), on=["groupe", "porteur"])
    cells = cells.loc[totals[cells["segment"]] > 0].sort_values(["segment", "porteur"], ignore_index=True)
    near = exact.groupby(["segment", "part"])["nb_exact"].sum()
    near = near.reindex(pd.MultiIndex.from_frame(cells[["segment", "part"]])).fillna(0.0).to_numpy()
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
    mixite = _targets("mixite", (o for o in rows if o.objectif in ("q1_hors_qpv", "autres_qpv")), some, everywhere,
                      _ceil)
    by_priority = _one_side(publics, "priorite", near, most, dalo)
    by_quartile = _one_side(publics, "quartile", near, most, mixite)
    sides = []
    for column, nb in (("priorite", by_priority), ("quartile", by_quartile)):
        label, index = _labels(publics[["part", column]])
        sums = nb.reindex(index).to_numpy(float)
        sides.append(Famille(nom=column, label=label, bas=sums, haut=sums))
    nb = round_cells(_names(publics, ["zone", "qpv", "typologie", "id_reservataire", *PUBLIC]), near, most, sides)
    out = np.zeros(len(cadre.publics), np.int64)
    out[some] = nb
    return out


def _one_side(publics: pd.DataFrame, column: str, near: Floats, most: Floats, target: Famille) -> pd.Series:
    """Whole dwellings by part and by one character of the public, with targets to reach if possible."""
    keys = ["part", "zone", "qpv", "typologie", "id_reservataire", column]
    cells = publics.assign(near=near, most=most, target=target.label).groupby(keys, as_index=False, sort=True).agg(
        near=("near", "sum"), most=("most", "first"), target=("target", "max"))
    label = cells.groupby("part", sort=True).ngroup().to_numpy()
    sums = cells.groupby("part", sort=True)["most"].first().to_numpy(float)
    nb = round_cells(
        _names(cells, keys[1:]), cells["near"].to_numpy(float), cells["most"].to_numpy(float),
        [Famille(nom="parts", label=label, bas=sums, haut=sums),
         Famille(nom=target.nom, label=cells["target"].to_numpy(), bas=target.bas, haut=target.haut, souple=True)])
    return pd.Series(nb, index=pd.MultiIndex.from_frame(cells[["part", column]]))


def _targets(nom: str, rows: Iterable[Obligation], some: Ints, near: Floats, whole: Callable[[float], int]) -> Famille:
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
    return Famille(nom=nom, label=label, bas=np.array(bounds, float), haut=np.full(len(bounds), np.inf), souple=True)


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
    return table.groupby(["segment", "public"], as_index=False)["nb"].sum()


def _gaps(quotas: Quotas, cadre: Cadre, held: pd.DataFrame) -> pd.DataFrame:
    """`id_reservataire, commune, qpv, voulu, obtenu, motif`: where the plan departs from the quotas' whole numbers."""
    keys = ["id_reservataire", "commune", "qpv"]
    got = held.join(cadre.segments[SEGMENT], on="segment").assign(
        id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[held["porteur"]])
    got = got.groupby(keys)["nb"].sum().rename("obtenu")
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
    return frame.groupby(columns, sort=True).ngroup().to_numpy(), index


def _names(frame: pd.DataFrame, columns: list[str]) -> list[str]:
    lists: list[list[Any]] = [frame[c].astype(str).tolist() for c in columns]
    return ["|".join(words) for words in zip(*lists, strict=True)]
