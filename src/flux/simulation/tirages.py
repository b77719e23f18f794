"""Random numbers that are counted, not drawn one after another.

Each number is a hash of what it is for: the seed, the use, the run, the place. So a run is the same alone or
among a thousand, in one batch or in ten, on one worker or on eight, and two policies that ask for the same
number get the same. The hash is splitmix64 (Steele, Lea and Flood, 2014), in 64-bit integers that wrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Entiers = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Reels = npt.NDArray[np.float64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ONE, _HALF = np.uint64(1), np.uint64(32)
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
# Of the permutation: theory asks four rounds of a large one; fewer than four rows leave pairs of places
# unlike one another by some percents, as a test of a million of them shows.
ROUNDS, ROWS = 6, 4
CHUNK = 1 << 15  # numbers worked on together: they stay in the cache of a core


class Usage(IntEnum):
    """What a number is for: two uses never share one."""

    TAUX = 1
    NOMBRE = 2
    LOGEMENT = 3
    JOUR = 4
    SOUSTRACTION = 5
    ISSUE = 6
    DROIT = 7
    ORIENTATION = 8
    PUBLIC = 9
    PERMUTATION = 10


def mix(x: Entiers) -> Entiers:
    """Spread every bit of `x` over all (a bijection of 64-bit integers)."""
    x = (x ^ (x >> _SHIFTS[0])) * _FIRST
    x = (x ^ (x >> _SHIFTS[1])) * _SECOND
    return x ^ (x >> _SHIFTS[2])


def entiers(seed: int, usage: Usage, *places: npt.ArrayLike) -> Entiers:
    """A 64-bit integer for each place: arrays of one shape, or that broadcast (run, year, group…).

    Raises
    ------
    ValueError
        A seed that is not in [0, 2^64).
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"the seed {seed} is not in [0, 2^64)")
    return further(mix(np.asarray([seed], np.uint64) + np.asarray([usage], np.uint64) * GOLDEN), *places)


def further(state: Entiers, *places: npt.ArrayLike) -> Entiers:
    """The integers of `entiers` once more places are known: those of a run, then of its dwellings."""
    for place in places:
        state = mix(state ^ ((np.atleast_1d(np.asarray(place, np.int64)).astype(np.uint64) + _ONE) * GOLDEN))
    return state


def reels(x: Entiers) -> Reels:
    """Numbers of [0, 1), of 53 bits."""
    return np.asarray((x >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def seuil(part: npt.ArrayLike) -> Entiers:
    """The integer that a draw is under with chance `part`; a certainty is never missed."""
    scaled = np.ldexp(np.clip(np.asarray(part, float), 0.0, 1.0), 53)
    return np.asarray(np.floor(scaled), np.uint64)


def sous(x: Entiers, seuils: Entiers) -> npt.NDArray[np.bool_]:
    """Draws under their threshold (see `seuil`)."""
    return np.asarray((x >> np.uint64(11)) < seuils)


def indices(x: Entiers, size: npt.ArrayLike) -> Places:
    """A place in [0, size) for each draw; the bias, under size / 2^32, is below what any run can see."""
    return np.asarray(((x >> _HALF) * np.asarray(size).astype(np.uint64)) >> _HALF, np.int64)


def permuted(keys: Entiers, rank: Places, size: Places) -> Places:
    """The place of each `rank` in a random order of [0, size) chosen by its key: no place twice.

    A Feistel network on rows and columns just large enough to hold `size` (at least `ROWS` of each), walked
    until it falls inside (Black and Rogaway, 2002): nothing is stored, whatever the size.

    Parameters
    ----------
    keys, rank, size : shapes (n,); `rank` in [0, size).
    """
    out = np.empty(len(rank), np.int64)
    for start in range(0, len(rank), CHUNK):
        some = slice(start, start + CHUNK)
        out[some] = _walked(keys[some], rank[some], size[some])
    return out


def _walked(keys: Entiers, rank: Places, size: Places) -> Places:
    out, count = rank.astype(np.uint64), size.astype(np.uint64)
    side = np.maximum(np.ceil(np.sqrt(size)), ROWS)
    # whole numbers far below 2^53: doubles divide them exactly, and several at a time
    wide, high = side.astype(np.uint64), np.maximum(np.ceil(size / side), ROWS)
    todo = np.flatnonzero(size > 1)
    if len(todo) == len(out):
        out = _feistel(keys, out, wide, high)
        todo = np.flatnonzero(out >= count)
    while len(todo):
        out[todo] = _feistel(keys[todo], out[todo], wide[todo], high[todo])
        todo = todo[out[todo] >= count[todo]]
    return out.astype(np.int64)


def _feistel(keys: Entiers, place: Entiers, wide: Entiers, rows: Reels) -> Entiers:
    keys, high, draw, room = keys.copy(), rows.astype(np.uint64), np.empty_like(keys), np.empty_like(keys)
    column = np.floor(place / rows).astype(np.uint64)
    row = place - column * high
    for _ in range(ROUNDS):
        keys += GOLDEN
        for moved, other, factor, size in ((column, row, _FIRST, wide), (row, column, _SECOND, high)):
            np.multiply(other, factor, out=draw)
            draw ^= keys
            _mixed(draw, room)
            _turned(moved, draw, size, room)
    column *= high
    column += row
    return column


def _mixed(x: Entiers, room: Entiers) -> None:
    """`mix` in place."""
    for shift, factor in zip(_SHIFTS, (_FIRST, _SECOND), strict=False):
        np.right_shift(x, shift, out=room)
        x ^= room
        x *= factor
    np.right_shift(x, _SHIFTS[2], out=room)
    x ^= room


def _turned(place: Entiers, draw: Entiers, size: Entiers, room: Entiers) -> None:
    """Move `place` on by a draw, in a circle of `size`."""
    draw >>= _HALF
    draw *= size
    draw >>= _HALF
    draw += place
    np.subtract(draw, size, out=room)
    np.minimum(draw, room, out=place)  # below `size`, the difference wraps and is the larger


def tables(lois: Sequence[Reels]) -> tuple[Entiers, Places]:
    """Laws on 0, 1, 2… as thresholds, one after another, and where each starts: see `counted`."""
    sums = [seuil(np.minimum(np.cumsum(loi), 1.0)) for loi in lois]
    for one in sums:
        one[-1] = np.uint64(2**53)
    starts = np.cumsum([0, *(len(one) for one in sums)])
    return (np.concatenate(sums) if sums else np.zeros(0, np.uint64)), starts.astype(np.int64)


def counted(x: Entiers, seuils: Entiers, places: Places, which: Places) -> Places:
    """What each draw counts under the law of its table: how many thresholds it has passed.

    Parameters
    ----------
    seuils, places : as `tables` gives them. x, which : draws, and the table of each, of one shape.
    """
    x = x >> np.uint64(11)
    low, high = places[which], places[which + 1] - 1
    for _ in range(int(np.diff(places).max(initial=1)).bit_length()):
        middle = (low + high) >> 1
        passed = seuils[middle] <= x
        low, high = np.where(passed, middle + 1, low), np.where(passed, high, middle)
        low = np.minimum(low, high)
    return np.asarray(low - places[which])
