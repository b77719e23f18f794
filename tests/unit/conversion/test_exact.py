"""Exact arithmetic: decimals as written, estimates of 12 digits, spreads that add up."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.conversion.exact import estimate, group_exact, half_up, of, spread

DECIMAL = st.integers(0, 10**15).map(lambda n: Fraction(n, 10**12))


@pytest.mark.parametrize("value", [0.073, np.float64(0.073), Fraction(73, 1000)])
def test_a_decimal_is_what_is_written(value: float) -> None:
    assert of(value) == Fraction(73, 1000)


def test_an_integer_of_numpy_becomes_python_s() -> None:
    assert type(of(np.int64(3)).numerator) is int


@pytest.mark.parametrize(
    ("value", "entier"),
    [("52.5", 53), ("52.4999999999", 53), ("52.4999", 52), ("53", 53), ("0", 0), ("0.5", 1)],
)
def test_half_up_is_judged_at_nine_decimals(value: str, entier: int) -> None:
    assert half_up(Fraction(value)) == entier


@given(DECIMAL, st.lists(DECIMAL, min_size=1, max_size=8))
def test_a_spread_adds_up_and_keeps_proportions(total: Fraction, weights: list[Fraction]) -> None:
    parts = spread(total, weights)
    whole = sum(weights)
    if not whole:
        assert parts == [0] * len(weights)
        return
    assert sum(parts) == total
    assert all(abs(p - total * w / whole) <= Fraction(1, 10**12) for p, w in zip(parts, weights, strict=True))
    assert all(estimate(p) == p for p in parts)


def test_fractions_are_summed_by_group_in_a_stable_order() -> None:
    third = Fraction(1, 3)
    rows = [("b", "1", third), ("a", "2", third), ("b", "1", third), ("b", "1", Fraction(1))]
    frame = pd.DataFrame(rows, columns=["r", "c", "poids"])
    found = group_exact(frame, ["r", "c"], "poids", "nb")
    assert list(found.itertuples(index=False, name=None)) == [("a", "2", third), ("b", "1", Fraction(5, 3))]
