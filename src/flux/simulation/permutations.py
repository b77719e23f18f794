"""Exact permutation tests of two lists: had the same dwellings been shared by lot inside each strate?

Two holders have received dwellings; inside each strate, which of them had which could have been the converse
(the counts of each staying what they are). The statistic is the sum of the quality that the first one has.
Its law is counted exactly, where qualities are small whole numbers (sums are counted, not shares) or where
the arrangements are few; otherwise drawn from counted permutations, whose error is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt

import numpy as np
import numpy.typing as npt

from flux.simulation.tirages import Places, Reels, Usage, entiers

CELLS = 1 << 22  # of the table of sums: beyond it, permutations are drawn
EPSILON = 1e-9  # sums of rents that differ by less are equal
Faux = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Valeur:
    """The chance that a lot gives at least as much (haut), or at most as much (bas), as what was seen.

    tires : permutations drawn, 0 where the law was counted.
    """

    haut: float
    bas: float
    tires: int

    def erreur(self, p: float) -> float:
        """Standard error of one of the two."""
        return sqrt(p * (1 - p) / self.tires) if self.tires else 0.0


def permutation_test(values: Reels, first: Faux, strate: Places, seed: int, draws: int) -> Valeur | None:
    """Judge the sum of `values` over the first holder's dwellings.

    Parameters
    ----------
    values : quality of each dwelling, shape (n,). first : whether the first holder has it, shape (n,).
    strate : where it may be exchanged, shape (n,). draws : permutations, where they are drawn.

    Returns
    -------
    None where nothing could be exchanged: no strate where both have a dwelling.
    """
    both = [s for s in np.unique(strate) if 0 < first[strate == s].sum() < (strate == s).sum()]
    here = np.isin(strate, both)
    if not here.any():
        return None
    values, first, strate = values[here], first[here], strate[here]
    seen = float(values[first].sum())
    law = _counted(values, first, strate, both)
    if law is None:
        law = _listed(values, first, strate, both, draws)
    if law is not None:
        sums, chances = law
        high, low = chances[sums >= seen - EPSILON].sum(), chances[sums <= seen + EPSILON].sum()
        return Valeur(min(1.0, float(high)), min(1.0, float(low)), 0)
    sums = _drawn(values, first, strate, both, np.flatnonzero(here), seed, draws)
    # what was seen is one of the arrangements: with it, the test keeps its level (Phipson and Smyth, 2010)
    hits = sums >= seen - EPSILON, sums <= seen + EPSILON
    high, low = ((1 + int(some.sum())) / (1 + draws) for some in hits)
    return Valeur(high, low, draws)


def _counted(values: Reels, first: Faux, strate: Places, both: list[int]) -> tuple[Reels, Reels] | None:
    """The law of the sum of small whole numbers: how many subsets of each size have each sum."""
    whole = np.rint(values)
    if np.abs(whole - values).max() > EPSILON:
        return None
    low = whole.min()
    ranks = (whole - low).astype(np.int64)
    if int(first.sum()) * (int(ranks.max()) + 1) * len(ranks) > CELLS:
        return None
    law = np.ones(1)
    for s in both:
        mine, taken = ranks[strate == s], int(first[strate == s].sum())
        table = np.zeros((taken + 1, int(np.sort(mine)[::-1][:taken].sum()) + 1))
        table[0, 0] = 1.0
        for nb, v in enumerate(mine):
            shifted = np.zeros_like(table)
            shifted[1:, v:] = table[:-1, : table.shape[1] - v]
            table = table + shifted
            table /= 1.0 if nb % 64 else table.max()  # only ratios matter: the counts would overflow
        law = np.convolve(law, table[taken] / table[taken].sum())
    return np.arange(len(law)) + low * int(first.sum()), law


def _listed(
    values: Reels, first: Faux, strate: Places, both: list[int], most: int
) -> tuple[Reels, Reels] | None:
    """Every arrangement, where they are few."""
    sums, total = np.zeros(1), 1
    for s in both:
        total *= comb(int((strate == s).sum()), int(first[strate == s].sum()))
        if total > most:
            return None
    for s in both:
        mine, taken = values[strate == s], int(first[strate == s].sum())
        subsets = np.array([sum(c) for c in combinations(mine.tolist(), taken)])
        sums = (sums[:, None] + subsets[None, :]).ravel()
    return sums, np.full(len(sums), 1.0 / len(sums))


def _drawn(
    values: Reels, first: Faux, strate: Places, both: list[int], places: Places, seed: int, draws: int
) -> Reels:
    """The sum under each counted permutation, shape (draws,)."""
    sums = np.zeros(draws)
    for s in both:
        here = np.flatnonzero(strate == s)
        keys = entiers(seed, Usage.PERMUTATION, np.arange(draws)[:, None], places[here][None, :])
        taken = np.argsort(keys, axis=1)[:, : int(first[here].sum())]
        sums += values[here][taken].sum(axis=1)
    return sums
