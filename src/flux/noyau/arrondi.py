"""Rounding: whole cells, as near as possible to exact ones, that keep chosen sums.

Where at most two laminar families of sums hold the cells, the programme is a network, whose vertices
are whole: the linear programme gives whole numbers by itself, which is checked. The exact cells are
then a point of it, so a table whose cells and sums may each be the floor or the ceiling of their exact
value always has an answer (`round_table`); snapping to 1e-9 takes none away, since a network that misses
its bounds misses them by a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, generic_costs, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

EPSILON = 1e-9  # an exact value this near to a whole number is that number
COUNTED_UP_TO = 400  # sums of one subproblem whose least number outside is proven; above, it is said


@dataclass(frozen=True, kw_only=True)
class Famille:
    """Sums of cells that should lie between two whole numbers.

    Attributes
    ----------
    nom : canonical name.
    somme, cellule : the cell `cellule[k]` is in the sum `somme[k]`. Shape (entries,).
    bas, haut : bounds of each sum, infinite where there is none. Shape (sums,).
    souple : True where a gap is allowed, at the price of its stage; False where the sum must hold. One
        for all, or shape (sums,).
    """

    nom: str
    somme: Ints
    cellule: Ints
    bas: Floats
    haut: Floats
    souple: bool | Bools = False

    @property
    def souples(self) -> Ints:
        """The sums that may leave their bounds."""
        return np.flatnonzero(np.broadcast_to(self.souple, (len(self.bas),)))

    def outside(self, cells: Ints) -> Bools:
        """The sums that these whole cells leave out of their bounds. Shape (sums,)."""
        sums = np.bincount(self.somme, cells[self.cellule], minlength=len(self.bas))
        return np.asarray((sums < self.bas - 0.5) | (sums > self.haut + 0.5))

    def inside(self, cells: Bools) -> Famille:
        """The sums of these cells, both numbered anew; each sum has all its cells there, or none."""
        kept, place = cells[self.cellule], np.cumsum(cells) - 1
        sums, somme = np.unique(self.somme[kept], return_inverse=True)
        souple = np.broadcast_to(self.souple, (len(self.bas),))[sums]
        return replace(self, somme=somme, cellule=place[self.cellule[kept]], bas=self.bas[sums],
                       haut=self.haut[sums], souple=souple)


def partition(nom: str, label: Ints, bas: Floats, haut: Floats, *, souple: bool = False) -> Famille:
    """The family whose sums share out the cells: `label[i]` is the sum of cell i."""
    return Famille(nom=nom, somme=label, cellule=np.arange(len(label)), bas=bas, haut=haut, souple=souple)


def round_table(keys: Sequence[str], exact: Floats, sommes: Sequence[tuple[str, Ints]]) -> Ints:
    """Whole numbers, each at the floor or the ceiling of its exact value, and so each of their sums.

    Parameters
    ----------
    keys : canonical name of each cell. Shape (n,).
    exact : what is to be rounded, >= 0. Shape (n,).
    sommes : name of a family, and the sum of each of the cells (-1: in none). They must make two laminar
        families at most: an answer then always exists.
    """
    familles = []
    for nom, label in sommes:
        cells = np.flatnonzero(label >= 0)
        sums = snap(np.asarray(np.bincount(label[cells], exact[cells]), float))
        familles.append(Famille(nom=nom, somme=label[cells], cellule=cells, bas=np.floor(sums),
                                haut=np.ceil(sums)))
    snapped = snap(exact)
    return round_cells(keys, exact, np.ceil(snapped), familles, least=np.floor(snapped))


def round_cells(keys: Sequence[str], exact: Floats, most: Floats, familles: Sequence[Famille], *,
                least: Floats | None = None, reseau: bool = True) -> Ints:
    """Whole numbers nearest to `exact` (L1) that keep the sums of the families, the first before the next.

    Parameters
    ----------
    keys : canonical name of each cell. Shape (n,).
    exact : what is to be rounded, >= 0. Shape (n,).
    most : the most each cell may hold, whole. Shape (n,).
    familles : the sums; the firm ones must be feasible together.
    least : the least each cell may hold, whole, at most its floor; zero by default. Shape (n,).
    reseau : True where the families make a network (nested ones count for one, and two at most);
        False asks the solver for whole numbers.

    Raises
    ------
    SolverError
        "solveur.infaisable" when the firm sums contradict each other; "solveur.non_entier" when the
        families do not make the network they should.
    """
    builder = Builder()
    exact = np.minimum(snap(exact), most)
    least = np.zeros(len(exact)) if least is None else least
    low = np.floor(exact)
    part = exact - low
    # The distance to `exact` is convex and broken at the two whole numbers around it: three arcs a cell.
    arcs = [("-", low - least, np.full(len(exact), -1.0)), ("=", np.ceil(exact) - low, 1 - 2 * part),
            ("+", most - np.ceil(exact), np.ones(len(exact)))]
    column_of = np.full((len(arcs), len(exact)), -1)
    costs, names = [], []
    for k, (mark, room, cost) in enumerate(arcs):
        used = np.flatnonzero(room > 0)
        names += [keys[i] + mark for i in used.tolist()]
        column_of[k, used] = builder.columns(names[-len(used):] if len(used) else [], upper=room[used],
                                             integer=not reseau)
        costs.append(cost[used])
    if not names:  # every cell is known: nothing to solve
        whole = np.asarray(least, np.int64)
        if any(np.delete(f.outside(whole), f.souples).any() for f in familles):
            raise SolverError("Aucune répartition ne respecte toutes les sommes.", code="solveur.infaisable")
        return whole
    gaps = [np.concatenate(_add(builder, famille, column_of, least)) for famille in familles]
    etapes = [Etape(f.nom, builder.costs((gap, 1.0)))
              for f, gap in zip(familles, gaps, strict=True) if len(gap)]
    ensemble, columns = len(etapes), np.arange(len(names))
    etapes += [Etape("proche", builder.costs((columns, np.concatenate(costs)))),
               Etape("unicite", builder.costs((columns, generic_costs(names))))]
    values = solve(builder.build(), etapes, ensemble=ensemble).valeurs
    whole = np.rint(values[columns])
    if np.abs(whole - values[columns]).max(initial=0.0) > 1e-6:
        raise SolverError("Le passage à l'entier n'a pas donné d'entiers.", code="solveur.non_entier")
    by_arc = np.append(whole, 0.0)[column_of]  # column -1, the appended zero: an arc that has no room
    return np.asarray(by_arc.sum(axis=0) + least, np.int64)


def round_fewest(keys: Sequence[str], exact: Floats, most: Floats, familles: Sequence[Famille]
                 ) -> tuple[Ints, tuple[str, ...]]:
    """As `round_cells`, where the sums of each elastic family that leave their bounds are the fewest.

    A linear programme finds the least total gap. Where that is none, or one sum, no fewer can be. Only
    else are the sums counted, with one column of 0 or 1 each, over the cells that the gaps can reach:
    fewest first, then the least total gap. What is chosen for a family holds for those after it.

    Parameters
    ----------
    keys, exact, most, familles : see `round_cells`; `most` is finite.

    Returns
    -------
    The cells, and the names of the families whose number outside is not proven the least
    (more than `COUNTED_UP_TO` sums to count).
    """
    kept, unproven = list(familles), []
    whole = round_cells(keys, exact, most, kept)
    for k, famille in enumerate(familles):
        if not len(famille.souples):
            continue
        out = famille.outside(whole)
        if out.sum() > 1:
            found = _fewest(most, kept[:k + 1], out)
            if found is None:
                unproven.append(famille.nom)
            elif found.sum() < out.sum():
                out = found
                kept[k] = replace(famille, souple=out)
                whole = round_cells(keys, exact, most, kept)
        kept[k] = replace(famille, souple=out)
    return whole, tuple(unproven)


def _fewest(most: Floats, familles: Sequence[Famille], out: Bools) -> Bools | None:
    """The fewest sums of the last family that must leave their bounds; None where they are too many to count.

    The cells are left continuous: once it is known which sums may leave their bounds, they are a network.
    """
    *before, last = familles
    cells = _reached(len(most), familles, out)
    there = np.unique(last.somme[cells[last.cellule]])
    if len(there) > COUNTED_UP_TO:
        return None
    builder, room = Builder(), most[cells]
    column_of = builder.columns([f"c{i:06d}" for i in range(len(room))], upper=room)[None, :]
    zero = np.zeros(len(room))
    etapes = []
    for famille in before:
        gap = np.concatenate(_add(builder, famille.inside(cells), column_of, zero))
        if len(gap):
            etapes.append(Etape(famille.nom, builder.costs((gap, 1.0))))
    here = last.inside(cells)
    under, over = _add(builder, replace(here, souple=True), column_of, zero)
    names = [f"y{k:06d}" for k in range(len(there))]
    chosen = builder.columns(names, upper=1.0, integer=True)
    reach = np.bincount(here.somme, room[here.cellule], minlength=len(there))
    for gap, most_gap, mark in ((under, here.bas, "-"), (over, reach - here.haut, "+")):
        rows = builder.rows([f"{n}{mark}" for n in names], hi=0.0)
        builder.entries(rows, gap)
        builder.entries(rows, chosen, -np.where(np.isfinite(most_gap), np.maximum(most_gap, 0.0), 0.0))
    gaps = np.concatenate([under, over])
    etapes = [Etape(e.nom, np.append(e.couts, np.zeros(len(builder.costs()) - len(e.couts)))) for e in etapes]
    etapes += [Etape("nombre", builder.costs((chosen, 1.0))), Etape(last.nom, builder.costs((gaps, 1.0))),
               Etape("unicite", builder.costs((chosen, generic_costs(names))))]
    values = solve(builder.build(), etapes).valeurs
    found = out & ~np.isin(np.arange(len(out)), there)  # a sum without any cell cannot be mended
    found[there] = values[chosen] > 0.5
    return found


def _reached(size: int, familles: Sequence[Famille], out: Bools) -> Bools:
    """The cells that the sums `out` of the last family can reach, from sum to sum. Shape (size,)."""
    label = np.arange(size)
    while True:
        before = label.copy()
        for famille in familles:
            least = np.full(len(famille.bas), size)
            np.minimum.at(least, famille.somme, label[famille.cellule])
            np.minimum.at(label, famille.cellule, least[famille.somme])
        if (label == before).all():
            break
    last = familles[-1]
    return np.isin(label, label[last.cellule[out[last.somme]]])


def snap(exact: Floats) -> Floats:
    """Exact values, whole where they nearly are."""
    nearest = np.rint(exact)
    return np.where(np.abs(exact - nearest) < EPSILON, nearest, exact)


def _add(builder: Builder, famille: Famille, column_of: Ints, least: Floats) -> tuple[Ints, Ints]:
    """The rows of a family; returns the columns of its gaps, under and over."""
    names = [f"{famille.nom}|{k:06d}" for k in range(len(famille.bas))]
    held = np.bincount(famille.somme, least[famille.cellule], minlength=len(names))
    rows = builder.rows(names, famille.bas - held, famille.haut - held)
    for columns in column_of[:, famille.cellule]:
        builder.entries(rows[famille.somme[columns >= 0]], columns[columns >= 0])
    soft = famille.souples
    under, over = (builder.columns([names[k] + mark for k in soft.tolist()]) for mark in ("-", "+"))
    builder.entries(rows[soft], under)
    builder.entries(rows[soft], over, -1.0)
    return under, over


def labels(frame: pd.DataFrame) -> tuple[Ints, pd.MultiIndex]:
    """The group of each row, numbered in canonical order, and the groups."""
    columns = list(frame.columns)
    index = pd.MultiIndex.from_frame(frame.drop_duplicates().sort_values(columns))
    return np.asarray(frame.groupby(columns, sort=True).ngroup(), np.int64), index


def names_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Canonical names, made of what the rows are and never of where they stand."""
    return ["|".join(words) for words in zip(*(frame[c].astype(str) for c in columns), strict=True)]
