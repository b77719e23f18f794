"""Exact arithmetic on tables: fractions from written decimals, sums by group, spreads that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import TypeVar

import pandas as pd

K = TypeVar("K")

#: An estimate enters the exact arithmetic as a decimal of 12 digits: it claims no more precision,
#: and the denominators of thousands of segments stay equal.
DIGITS = 12
_UNIT = 10**DIGITS


def of(value: float | int | Fraction) -> Fraction:
    """The exact value of a number as it is written: 0.073 is 73/1000, not its binary neighbour.

    numpy's scalars become Python's first: inside a `Fraction` they would overflow without a word.
    """
    if isinstance(value, Fraction):
        return value
    plain = value.item() if hasattr(value, "item") else value
    return Fraction(repr(plain) if isinstance(plain, float) else plain)


def estimate(value: Fraction) -> Fraction:
    """`value` as a decimal of 12 digits, half to even."""
    return Fraction(round(value * _UNIT), _UNIT)


def half_up(value: Fraction) -> int:
    """Nearest integer, halves upwards, judged at 9 decimals: an estimate's last digit decides nothing."""
    return floor(Fraction(round(value * 10**9), 10**9) + Fraction(1, 2))


def spread(total: Fraction, weights: Sequence[Fraction]) -> list[Fraction]:
    """Share `total` (a multiple of 10^-12) as `weights`, in decimals of 12 digits that add up to it."""
    whole = sum(weights, Fraction(0))
    if not whole:
        return [Fraction(0)] * len(weights)
    units = total * _UNIT
    exact = [units * w / whole for w in weights]
    floors = [floor(e) for e in exact]
    left = int(units - sum(floors))
    for i in sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))[:left]:
        floors[i] += 1
    return [Fraction(f, _UNIT) for f in floors]


def total(values: Mapping[K, Fraction] | Sequence[Fraction]) -> Fraction:
    """Exact sum of the values."""
    return sum(values.values() if isinstance(values, Mapping) else values, Fraction(0))


def group_exact(frame: pd.DataFrame, keys: list[str], weight: str, name: str) -> pd.DataFrame:
    """Sum the fractions of column `weight` by `keys`, sorted, into column `name`.

    Equal weights are counted before they are summed: a département has hundreds of thousands of
    rights and a handful of distinct weights.
    """
    counted = frame.groupby([*keys, weight], sort=False, dropna=False).size()
    sums: dict[tuple[object, ...], Fraction] = {}
    for (*key, poids), count in zip(counted.index, counted, strict=True):
        sums[tuple(key)] = sums.get(tuple(key), Fraction(0)) + poids * count
    rows = [(*key, value) for key, value in sorted(sums.items(), key=lambda item: tuple(map(str, item[0])))]
    out = pd.DataFrame(rows, columns=[*keys, name])
    out[name] = out[name].astype(object)
    return out
