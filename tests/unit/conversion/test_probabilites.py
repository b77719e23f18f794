"""Laws of counts: against closed forms computed another way."""

from __future__ import annotations

from fractions import Fraction
from math import comb, inf, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.conversion import probabilites as p


def binomial(nb: int, chance: float) -> np.ndarray:
    return np.array([comb(nb, k) * chance**k * (1 - chance) ** (nb - k) for k in range(nb + 1)])


def exact_beta_binomial(nb: int, a: Fraction, b: Fraction) -> np.ndarray:
    """By rising factorials of fractions: nothing in common with the recursion that is tested."""

    def rising(x: Fraction, n: int) -> Fraction:
        return prod((x + i for i in range(n)), start=Fraction(1))

    chances = [comb(nb, k) * rising(a, k) * rising(b, nb - k) / rising(a + b, nb) for k in range(nb + 1)]
    assert sum(chances) == 1
    return np.array([float(c) for c in chances])


def same(loi: np.ndarray, expected: np.ndarray) -> bool:
    longest = max(len(loi), len(expected))
    padded = [np.pad(v, (0, longest - len(v))) for v in (loi, expected)]
    return bool(np.allclose(*padded, rtol=1e-9, atol=1e-11))


@pytest.mark.parametrize(("nb", "chance"), [(1, 0.3), (12, 0.073), (60, 0.5), (300, 0.01), (0, 0.2)])
def test_a_known_chance_gives_the_binomial(nb: int, chance: float) -> None:
    assert same(p.beta_binomial(nb, chance, inf), binomial(nb, chance))


@pytest.mark.parametrize(
    ("nb", "a", "b"),
    [
        (10, Fraction(1), Fraction(1)),
        (25, Fraction(1, 2), Fraction(7)),
        (40, Fraction(73, 10), Fraction(927, 10)),
    ],
)
def test_an_uncertain_chance_gives_the_beta_binomial(nb: int, a: Fraction, b: Fraction) -> None:
    loi = p.beta_binomial(nb, float(a / (a + b)), float(a + b))
    assert same(loi, exact_beta_binomial(nb, a, b))
    assert p.mean(loi) == pytest.approx(nb * float(a / (a + b)))


def test_a_flat_chance_gives_a_flat_law() -> None:
    assert same(p.beta_binomial(9, 0.5, 2), np.full(10, 0.1))


def test_no_chance_gives_none() -> None:
    loi = p.beta_binomial(50, 0.0, inf)
    assert loi.tolist() == [1.0]
    assert (p.at_least_one(loi), p.interval(loi)) == (0.0, (0, 0))


def test_a_sum_is_a_convolution() -> None:
    a, b = np.array([0.5, 0.5]), np.array([0.25, 0.5, 0.25])
    assert same(p.sum_of([a, b]), np.array([0.125, 0.375, 0.375, 0.125]))
    assert same(p.sum_of([]), np.array([1.0]))
    assert same(p.sum_of([a]), a)
    assert same(p.sum_of([p.beta_binomial(n, 0.2, inf) for n in (3, 5, 7)]), binomial(15, 0.2))


def test_what_a_binomial_keeps_is_a_binomial() -> None:
    assert same(p.thinned(p.beta_binomial(30, 0.2, inf), 0.6), binomial(30, 0.12))
    assert p.thinned(p.beta_binomial(30, 0.2, inf), 0.0).tolist() == [1.0]
    assert same(p.thinned(binomial(30, 0.2), 1.0), binomial(30, 0.2))


@given(st.integers(0, 400), st.floats(0, 0.99), st.floats(0.01, 1e6) | st.just(inf), st.floats(0, 1))
def test_laws_are_laws(nb: int, moyenne: float, poids: float, part: float) -> None:
    loi = p.beta_binomial(nb, moyenne, poids)
    left = p.thinned(loi, part)
    for law in (loi, left):
        assert law.min() >= 0
        assert law.sum() == pytest.approx(1)
        low, high = p.interval(law)
        assert law[low : high + 1].sum() > 0.9 - 1e-6
        assert law[:low].sum() < 0.05 + 1e-6
        assert law[high + 1 :].sum() < 0.05 + 1e-6
    assert p.mean(loi) == pytest.approx(nb * moyenne, abs=1e-6, rel=1e-6)
    assert p.mean(left) == pytest.approx(nb * moyenne * part, abs=1e-6, rel=1e-6)


@pytest.mark.parametrize("b", [1.0, 5.0, 300.0])
def test_intervals_of_a_beta_against_its_closed_form(b: float) -> None:
    found = p.beta_interval(np.array([1 / (1 + b), b / (1 + b)]), np.array([1 + b, 1 + b]))
    low, high = 1 - 0.95 ** (1 / b), 1 - 0.05 ** (1 / b)  # Beta(1, b)
    assert found[:, 0] == pytest.approx([low, high], rel=1e-4)
    assert found[:, 1] == pytest.approx([1 - high, 1 - low], rel=1e-4)  # Beta(b, 1)


def test_the_interval_of_a_great_count_is_the_normal_one() -> None:
    chance, weight = 0.1, 1e6
    low, high = p.beta_interval(np.array([chance]), np.array([weight]))[:, 0]
    half = 1.6448536 * (chance * (1 - chance) / weight) ** 0.5
    assert (low, high) == pytest.approx((chance - half, chance + half), abs=half / 200)


def test_a_rate_never_seen_is_not_known_to_be_zero() -> None:
    low, high = p.beta_interval(np.array([0.5 / 16]), np.array([16.0]))[:, 0]
    assert 0 < low < 0.001
    assert 0.1 < high < 0.15  # Jeffreys' interval of 0 in 15: 0 to 0.12
