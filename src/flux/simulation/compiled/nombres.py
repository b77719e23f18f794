"""The counted numbers of `tirages`, one at a time: unsigned integers only, or numba would turn to floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux.simulation.compiled.jit import inlined, jit
from flux.simulation.tirages import GOLDEN, ROUNDS

FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
ZERO, ONE, BITS, HALF = np.uint64(0), np.uint64(1), np.uint64(11), np.uint64(32)
S30, S27, S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@inlined
def mix(x: Any) -> Any:
    """See `tirages.mix`."""
    x = (x ^ (x >> S30)) * FIRST
    x = (x ^ (x >> S27)) * SECOND
    return x ^ (x >> S31)


@inlined
def further(state: Any, place: Any) -> Any:
    """The number of one more place, an unsigned integer: see `tirages.further`."""
    return mix(state ^ ((place + ONE) * GOLDEN))


@jit
def spread(state: Any, cles: Any, n: int, out: Any) -> None:
    """The first 53 bits of the number that each of n vacancies has for one use."""
    for i in range(n):
        out[i] = further(state, cles[i]) >> BITS


@inlined
def turned(place: Any, draw: Any, size: Any) -> Any:
    """See `tirages._turned`."""
    moved = (((draw >> HALF) * size) >> HALF) + place
    return min(moved, moved - size)


@jit
def shuffled(keys: Any, columns: Any, rows: Any, wide: Any, high: Any, n: int) -> None:
    """A place in the permutation of each of n keys, column and row: see `tirages._feistel`.

    A round of all before the next: their products do not wait for one another, and go four at a time.
    """
    for _ in range(ROUNDS):
        for i in range(n):
            key, width, height = keys[i] + GOLDEN, wide[i], high[i]
            column = turned(columns[i], mix(key ^ (rows[i] * FIRST)), width)
            rows[i] = turned(rows[i], mix(key ^ (column * SECOND)), height)
            keys[i], columns[i] = key, column


@jit
def walked(key: Any, place: Any, wide: Any, high: Any, size: Any) -> Any:
    """The next place of a permutation that falls inside it; `key` as the rounds before left it."""
    key -= np.uint64(ROUNDS) * GOLDEN
    while place >= size:
        column, row, again = place // high, place % high, key
        for _ in range(ROUNDS):
            again += GOLDEN
            column = turned(column, mix(again ^ (row * FIRST)), wide)
            row = turned(row, mix(again ^ (column * SECOND)), high)
        place = column * high + row
    return place


@inlined
def passed(thresholds: Any, first: int, last: int, x: Any) -> int:
    """How many thresholds of [first, last) are not above x: they only grow, and the last is above."""
    low, nb = first, last - first
    while nb > 1:
        half = nb >> 1
        low = low + half if thresholds[low + half - 1] <= x else low
        nb -= half
    return low - first
