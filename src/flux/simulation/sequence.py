"""An order in which nobody is ever one dwelling ahead or behind: the sequence with a bound.

Inside a *strate* (communes where the same holders have the same shares s_j) the vacancies come one by one.
After h of them holder j is due q_j(h) = s_j h and has had a_j(h). We want |a_j(h) − q_j(h)| < 1 for every j
and every h, whatever comes next, and among the orders that hold it the one that serves the targets best.

*The test.* Holder j must have its next dwelling at the latest at its deadline g_j, the first g with
q_j(g) >= a_j + 1. Let N(g) = Σ_j max(0, ⌊q_j(g)⌋ − a_j), the dwellings owed by g, and
slack(g) = g − h − N(g). We keep slack(g) >= 0 for all g > h. Holder i may have vacancy h + 1 if

- it is owed something: a_i < q_i(h + 1);
- the others can wait: slack(g) >= 1 for every g in [h + 1, g_i[; with G the first g of no slack, g_i <= G.

*It holds.* Serving i leaves slack(g) for g >= g_i (one place less, one dwelling owed less) and takes one
from it before, where it was at least 1: slack stays >= 0. At g = h + 1 nothing is owed any more, so
⌊q_j(h+1)⌋ <= a_j; and a_i + 1 < q_i(h+1) + 1. Hence |a_j − q_j| < 1.

*Somebody always passes.* Σ_j q_j(h+1) = h + 1 > Σ_j a_j, so somebody is owed something. Among those, take i
of the earliest deadline. If slack(g) = 0 for some g in [h+1, g_i[, the g − h dwellings owed by g are owed to
holders that are owed nothing at h + 1 (the others' deadlines are g_i or later): a_j >= q_j(h+1). Each is then
owed at most s_j (g − h − 1), all of them at most g − h − 1 < g − h: a contradiction.

The test refuses nobody whom the bound allows. It is that of the apportionment methods that satisfy quota
(Balinski and Young, 1975; Still, 1979), the seats being vacancies. Tijdeman (1980) shows that for k holders
of fixed shares some order keeps even |a_j − q_j| <= 1 − 1/(2k − 2), the least that can be promised to all
shares: it leaves no choice between holders, so we keep it for who wants the order alone.

A holder of m strates is never m dwellings ahead or behind; no rule that keeps the bound in each of them can
promise less than m/4. The proofs in full, and what is measured: docs/simulation.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flux.simulation.tirages import Places, Reels

# Shares are whole numbers of 2⁻³⁰: s_j h, its floor and the deadlines are then exact in double precision, up
# to 2²³ vacancies of a strate, and no rounding breaks the bound.
UNITE = 1 << 30
BLOC, HORIZON = 4, 4096  # vacancies to come: looked at together at first, and at most (docs/simulation.md)
Faux = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Strates:
    """Communes where the same holders have the same shares.

    strate : of each commune, shape (C,).
    porteurs : indices of the holders of each strate side by side, H (nobody) beyond, shape (S, E).
    parts : their shares, whole numbers of 1 / `UNITE`; rows sum to 1, shape (S, E).
    """

    strate: Places
    porteurs: Places
    parts: Reels


def make_strates(parts: Reels) -> Strates:
    """The strates of shares by commune and holder, shape (C, H), rows summing to 1."""
    whole = np.array([_whole(row) for row in parts]).reshape(parts.shape)
    rows, strate = np.unique(whole, axis=0, return_inverse=True)
    width = max(1, int((rows > 0).sum(axis=1).max(initial=1)))
    porteurs = np.full((len(rows), width), parts.shape[1])
    shares = np.zeros((len(rows), width))
    for s, row in enumerate(rows):
        held = np.flatnonzero(row)
        porteurs[s, : len(held)], shares[s, : len(held)] = held, row[held] / UNITE
    return Strates(strate.reshape(-1), porteurs, shares)


def _whole(row: Reels) -> Places:
    """Shares in whole `UNITE`, the largest remainders served."""
    scaled = row / row.sum() * UNITE
    floor = np.floor(scaled).astype(np.int64)
    missing = UNITE - int(floor.sum())
    floor[np.argsort(floor - scaled, kind="stable")[:missing]] += 1
    return np.asarray(floor, np.int64)


def may_take(given: Places, parts: Reels, h: Places, wanted: Reels) -> Places:
    """Who has the next vacancy: of those whom the others can wait for, the most wanted; the first of equals.

    Parameters
    ----------
    given, parts : dwellings already given, and shares, of the holders of a strate, shape (n, E).
    h : vacancies already given out, shape (n,).
    wanted : how much each is wanted, shape (n, E).

    Returns
    -------
    Column of the holder, shape (n,).
    """
    # a row a holder: least and sums over short rows would take most of the time
    had, shares = given.T.astype(np.float64, order="C"), np.ascontiguousarray(parts.T)
    now = h.astype(np.float64)
    deadline = np.ceil((had + 1.0) / np.maximum(shares, 1.0 / UNITE))
    deadline = np.where(had < shares * (now + 1.0), deadline, np.inf)
    first = deadline.min(axis=0)
    best = _most(wanted.T, deadline <= np.maximum(first, now + HORIZON))
    late = deadline[best, np.arange(len(h))]
    todo = np.flatnonzero(late > first)
    far, had, shares = late[todo] - now[todo], had.take(todo, axis=1), shares.take(todo, axis=1)
    start, bloc = 1, BLOC
    while len(todo):
        ahead = np.arange(start, min(start + bloc, far.max()))
        tight = owing(had.T, shares.T, now[todo] + ahead[:, None]) > ahead[:, None] - 1
        met = tight.any(axis=0)
        if met.any():
            here = todo[met]
            limit = now[here] + ahead[tight[:, met].argmax(axis=0)]
            best[here] = _most(wanted[here].T, deadline.take(here, axis=1) <= limit)
        start, bloc = start + bloc, 4 * bloc
        going_on = np.flatnonzero(~met & (far > start))
        todo, far = todo[going_on], far[going_on]
        had, shares = had.take(going_on, axis=1), shares.take(going_on, axis=1)
    return best


def owing(given: Reels, parts: Reels, ahead: Reels) -> Reels:
    """Dwellings that the holders, shape (n, E), must have had more by each time ahead, shape (B, n)."""
    due = np.multiply(np.ascontiguousarray(parts.T)[:, None], ahead)
    np.floor(due, out=due)
    due -= np.ascontiguousarray(given.T)[:, None]
    np.maximum(due, 0.0, out=due)
    return np.asarray(due.sum(axis=0))


def _most(wanted: Reels, among: Faux) -> Places:
    return np.asarray(np.where(among, wanted, -np.inf).argmax(axis=0), np.int64)


def tijdeman(given: Places, parts: Reels, h: Places) -> Places:
    """Who has the next vacancy in the order of Tijdeman (1980), |a − q| <= 1 − 1/(2k − 2).

    Of those that it would not put too far ahead (q_j(h+1) − a_j >= 1/(2k − 2)), the one that would be too
    far behind the soonest.
    """
    k = np.maximum((parts > 0).sum(axis=1), 2)[:, None]
    # the bound in whole numbers: everything is counted in 1/(2k − 2) of 1 / `UNITE`
    scale, whole = 2 * k - 2, (parts * UNITE).astype(np.int64)
    due = whole * (h[:, None] + 1) * scale
    ready = (due - given * UNITE * scale >= UNITE) & (whole > 0)
    limit = (given * scale + scale - 1) * UNITE
    deadline = np.where(ready, limit // np.maximum(whole * scale, 1) + 1, np.iinfo(np.int64).max)
    return np.asarray(np.argmin(deadline, axis=1), np.int64)
