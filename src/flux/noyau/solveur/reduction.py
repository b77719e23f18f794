"""An exact reduction: what a column has beyond a threshold as a column of its own, instead of a row.

A row x - y <= h, whose y costs and serves nowhere else, counts what x has beyond h. The same is said by
x = a + y with 0 <= a <= h: a bound is free, where a row is factored at each step of the solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flux.noyau.solveur.programme import Floats, Ints, Programme


@dataclass(frozen=True, slots=True)
class Reduction:
    """The smaller programme, of the same columns: each of `cut` holds only what is within its threshold.

    beyond : for each of `cut`, the column of what it has beyond. Shapes (k,).
    """

    programme: Programme
    cut: Ints
    beyond: Ints

    def costs(self, costs: Floats) -> Floats:
        """The same cost of the smaller programme. Shape (n,)."""
        out = costs.copy()
        out[self.beyond] += costs[self.cut]
        return out

    def values(self, values: Floats) -> Floats:
        """What values of the smaller programme are in the first one. Shape (n,)."""
        out = values.copy()
        out[self.cut] += values[self.beyond]
        return out


def reduce(programme: Programme, costs: Sequence[Floats]) -> Reduction:
    """Leave out each row x - y <= h, h >= 0, where x and y have no bound but zero and y is in no other row.

    Any x has its least y, and no cost gains by a larger one: each optimum, one cost after the other, is the
    same.

    Parameters
    ----------
    costs : all that will be minimised; a y that one of them pays for stays as it is. Shapes (n,).
    """
    row, column, coefficient = programme.row, programme.column, programme.coefficient
    free = (programme.lower == 0) & np.isposinf(programme.upper) & ~programme.integer
    alone = free & (np.bincount(column, minlength=len(free)) == 1) & np.all([c >= 0 for c in costs], axis=0)
    pair = (np.bincount(row, minlength=len(programme.names)) == 2) & np.isneginf(programme.lo)
    pair &= (programme.hi >= 0) & np.isfinite(programme.hi)
    x, y = np.full(len(pair), -1), np.full(len(pair), -1)
    for found, sign, able in ((x, 1.0, free), (y, -1.0, alone)):
        here = pair[row] & (coefficient == sign) & able[column]
        found[row[here]] = column[here]
    rows = np.flatnonzero((x >= 0) & (y >= 0))
    rows = rows[np.unique(x[rows], return_index=True)[1]]  # a column has one threshold
    cut, beyond = x[rows], y[rows]
    upper = programme.upper.copy()
    upper[cut] = programme.hi[rows]
    kept = np.ones(len(pair), bool)
    kept[rows] = False
    entries = np.flatnonzero(kept[row])
    twin = np.full(len(free), -1)
    twin[cut] = beyond
    also = entries[twin[column[entries]] >= 0]
    place = np.cumsum(kept) - 1
    return Reduction(replace(
        programme, upper=upper, lo=programme.lo[kept], hi=programme.hi[kept],
        names=tuple(name for name, stays in zip(programme.names, kept, strict=True) if stays),
        row=place[row[np.append(entries, also)]],
        column=np.append(column[entries], twin[column[also]]),
        coefficient=coefficient[np.append(entries, also)]), cut, beyond)
