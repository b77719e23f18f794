"""Draws that give the same result on every version of NumPy.

Only `Generator.random` and `Generator.permutation` are used, and only + - × / and comparisons on what
they give: the other distributions may change from one NumPy to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

K = TypeVar("K")


def pick(rng: np.random.Generator, weights: Mapping[K, float], size: int) -> list[K]:
    """`size` keys drawn with replacement in proportion to their weights."""
    keys = list(weights)
    steps = np.cumsum(list(weights.values()))
    return [keys[i] for i in np.searchsorted(steps / steps[-1], rng.random(size), side="right")]


def whole(rng: np.random.Generator, expected: float) -> int:
    """A whole number whose mean is `expected`: its floor, or one more."""
    return int(expected + rng.random())


def between(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + int((high - low + 1) * rng.random())


def split(total: int, weights: Mapping[K, float]) -> dict[K, int]:
    """`total` shared in proportion to `weights` by the largest remainder; ties to the first key."""
    whole_weight = sum(weights.values())
    exact = {key: total * weight / whole_weight for key, weight in weights.items()}
    shares = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: shares[key] - exact[key])
    for key in by_remainder[: total - sum(shares.values())]:
        shares[key] += 1
    return shares
