"""The rules of orientation, one vacancy at a time: `politiques` and `sequence`, compiled.

The same sums and quotients of doubles in the same order; all else is whole numbers, which NumPy holds
exactly in doubles. Each function is given whole arrays: a tuple of them, or a part of one, costs a count of
references.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flux.simulation.compiled.jit import inlined, jit
from flux.simulation.politiques import Orientation
from flux.simulation.sequence import HORIZON, UNITE

CODES: dict[str, int] = {nom: code for code, nom in enumerate(Orientation)}
SUITE, HASARD, PLAN, TIJDEMAN = (
    CODES[o] for o in (Orientation.SUITE, Orientation.HASARD, Orientation.PLAN, Orientation.TIJDEMAN)
)
BITS_UNITE = UNITE.bit_length() - 1
NEVER = np.iinfo(np.int64).max
# columns of `cases`, shape (S, E, 4): a holder of a strate, its share in `UNITE`, what it has had, its
# deadline
PORTEUR, PART, RECU, ECHEANCE = range(4)


@inlined
def owed_more(cases: Any, comptes: Any, s: int, k: int, e: int) -> Any:
    """What a holder is owed, everywhere and of this kind of dwelling.

    comptes : `retard`, then `ecart` of each kind, shape (1 + K, H + 1): see `politiques.Comptes`.
    """
    j = cases[s, e, PORTEUR]
    return comptes[0, j] + comptes[1 + k, j]


@inlined
def is_ready(cases: Any, s: int, e: int, now: int) -> Any:
    """Whether a holder is owed something in its strate once this vacancy is there."""
    return cases[s, e, RECU] << BITS_UNITE < cases[s, e, PART] * (now + 1)


@inlined
def latest(cases: Any, comptes: Any, s: int, width: int) -> int:
    """See `politiques.plus_grand_retard`."""
    best, most = 0, -np.inf
    for e in range(width):
        value = comptes[0, cases[s, e, PORTEUR]]
        best, most = (e, value) if value > most else (best, most)
    return best


@inlined
def at_random(cumul: Any, s: int, x: Any) -> int:
    """See `politiques.au_hasard`."""
    column = 0
    while cumul[s, column] <= x:
        column += 1
    return column


@jit
def planned(cases: Any, comptes: Any, plan: Any, s: int, k: int, segment: int, width: int) -> int:
    """See `politiques.selon_le_plan`."""
    anyone = True
    for e in range(width):
        anyone &= plan[segment, e] <= 0
    best, most = 0, -np.inf
    for e in range(width):
        value = owed_more(cases, comptes, s, k, e) if anyone or plan[segment, e] > 0 else -np.inf
        best, most = (e, value) if value > most else (best, most)
    return best


@inlined
def bounded(cases: Any, comptes: Any, s: int, k: int, width: int, now: int) -> int:
    """See `sequence.may_take`; times without slack are looked for from the last."""
    first, best, most = NEVER, 0, -np.inf
    for e in range(width):
        deadline = cases[s, e, ECHEANCE] if is_ready(cases, s, e, now) else NEVER
        first = min(first, deadline)
        value = owed_more(cases, comptes, s, k, e) if deadline <= now + HORIZON else -np.inf
        best, most = (e, value) if value > most else (best, most)
    if first > now + HORIZON:
        return most_wanted(cases, comptes, s, k, width, now, first)
    # what is owed only grows: after a time where n are owed, none between now + n and there is without slack
    last = cases[s, best, ECHEANCE] - 1
    while last > now and cases[s, best, ECHEANCE] > first:
        owed = 0
        for e in range(width):
            owed += max((cases[s, e, PART] * last >> BITS_UNITE) - cases[s, e, RECU], 0)
        if owed < last - now:
            last = now + owed
        else:
            best = most_wanted(cases, comptes, s, k, width, now, last)
            last = cases[s, best, ECHEANCE] - 1
    return best


@jit
def most_wanted(cases: Any, comptes: Any, s: int, k: int, width: int, now: int, limit: int) -> int:
    """The most wanted of those that are owed something, their deadline at most `limit`."""
    best, most = 0, -np.inf
    for e in range(width):
        may = is_ready(cases, s, e, now) and cases[s, e, ECHEANCE] <= limit
        value = owed_more(cases, comptes, s, k, e) if may else -np.inf
        best, most = (e, value) if value > most else (best, most)
    return best


@jit
def tightest(cases: Any, s: int, width: int, now: int) -> int:
    """See `sequence.tijdeman`."""
    scale = 2 * max(width, 2) - 2
    best, soonest = 0, NEVER
    for e in range(width):
        part, had = cases[s, e, PART], cases[s, e, RECU]
        if part * (now + 1) * scale - had * UNITE * scale >= UNITE:
            deadline = (had * scale + scale - 1) * UNITE // (part * scale) + 1
            if deadline < soonest:
                best, soonest = e, deadline
    return best
