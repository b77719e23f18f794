"""Shrinkage: its limits, what it keeps, and what it finds in counts drawn from a known law."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.conversion.lissage import (
    FORCES,
    Compte,
    centre,
    most_lets,
    predicted,
    raw,
    shrink,
    smoothed,
    strength,
    whole,
)
from flux.conversion.probabilites import interval, mean
from flux.noyau.provenance import Figure


def groups(*counts: tuple[int, int]) -> dict[str, Compte]:
    return {f"G{k:03d}": Compte.of(y, n) for k, (y, n) in enumerate(counts)}


def shrunk(*counts: tuple[int, int]) -> dict[str, float]:
    comptes = groups(*counts)
    return {
        n: float(e.taux) for n, e in shrink({"tout": comptes}, "tout", most_lets(comptes.values())).items()
    }


def drawn(seed: int, nb: int, force: float, rate: float = 0.08) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Counts of `nb` groups whose rates are beta of strength `force`, and these rates."""
    rng = np.random.default_rng(seed)
    stock = rng.integers(10, 400, nb)
    rates = rng.beta(rate * force, (1 - rate) * force, nb)
    return list(zip(rng.binomial(stock, rates).tolist(), stock.tolist(), strict=True)), rates


def test_the_formula_on_numbers_and_on_figures() -> None:
    values = (Fraction(100), Fraction(7, 100), Fraction(3), Fraction(20))
    assert smoothed(*values) == Fraction(round(Fraction(10, 120) * 10**12), 10**12)
    assert smoothed(*(Figure(valeur=v, nom="x") for v in values)).valeur == smoothed(*values)


def test_alike_groups_take_the_pooled_rate() -> None:
    estimations = shrink({"tout": groups((7, 100), (14, 200), (21, 300))}, "tout", 1)
    assert {e.taux for e in estimations.values()} == {Fraction(7, 100)}
    assert {e.porteur for e in estimations.values()} == {"tout"}
    assert all(e.force is None for e in estimations.values())


@pytest.mark.parametrize("counts", [[(5, 40)], [(0, 40), (0, 60)], [(0, 0)], [(40, 40), (40, 40)], []])
def test_without_a_difference_to_see_the_strength_is_infinite(counts: list[tuple[int, int]]) -> None:
    comptes = groups(*counts)
    assert strength([comptes], most_lets(comptes.values())) is None
    pooled = whole(Compte.of(sum(y for y, _ in counts), sum(n for _, n in counts)), "tout").taux
    assert set(shrunk(*counts).values()) <= {float(pooled)}


def test_very_unlike_groups_keep_their_own_rate() -> None:
    counts = [(100, 10_000), (2_000, 10_000), (500, 10_000), (1_200, 10_000)]
    force = strength([groups(*counts)], 1)
    assert force is not None
    assert force < 100
    for (y, n), rate in zip(counts, shrunk(*counts).values(), strict=True):
        assert rate == pytest.approx(y / n, rel=0.02)


def test_the_smaller_the_group_the_closer_to_the_others() -> None:
    rates = shrunk(*[(80, 1000), (150, 1000), (40, 1000), (110, 1000)] * 3, (1, 4), (25, 100), (250, 1000))
    small, middle, large = list(rates.values())[-3:]
    assert 0.08 < small < middle < large < 0.25


@pytest.mark.parametrize("force", [30, 100, 400])
def test_the_strength_is_found_in_drawn_counts(force: int) -> None:
    found = strength([groups(*drawn(3, 400, force)[0])], 1)
    assert found is not None
    assert force / 1.6 < found < force * 1.6


def test_smoothed_rates_are_nearer_to_the_truth() -> None:
    counts, rates = drawn(7, 300, 200)
    error = {
        nom: float(np.mean((np.array(list(values)) - rates) ** 2))
        for nom, values in (("raw", [y / n for y, n in counts]), ("smoothed", shrunk(*counts).values()))
    }
    assert error["smoothed"] < 0.6 * error["raw"]


COUNT = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(st.lists(COUNT, min_size=1, max_size=12))
def test_smoothing_gives_back_what_was_seen(counts: list[tuple[int, int]]) -> None:
    rates = shrunk(*counts)
    given_back = sum(n * r for (_, n), r in zip(counts, rates.values(), strict=True))
    assert given_back == pytest.approx(sum(y for y, n in counts if n), abs=1e-6)


@given(st.lists(COUNT, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_a_smoothed_rate_is_between_its_own_and_the_centre_whatever_the_order(counts, random) -> None:  # type: ignore[no-untyped-def]
    comptes = groups(*counts)
    estimations = shrink({"tout": comptes}, "tout", most_lets(comptes.values()))
    for e in estimations.values():
        assert (e.taux * 10**12).denominator == 1 or e.large is not None
        if e.centre is not None and e.compte.brut is not None:
            low, high = sorted((e.centre, e.compte.brut))
            assert low - Fraction(1, 10**12) <= e.taux <= high + Fraction(1, 10**12)
    shuffled = list(comptes.items())
    random.shuffle(shuffled)
    again = shrink({"tout": dict(shuffled)}, "tout", most_lets(comptes.values()))
    assert {n: e.taux for n, e in again.items()} == {n: e.taux for n, e in estimations.items()}


def test_the_centre_is_between_the_plain_and_the_pooled_mean() -> None:
    comptes = list(groups((20, 100), (50, 1000)).values())
    plain, pooled = Fraction(1, 2) * (Fraction(20, 100) + Fraction(50, 1000)), Fraction(70, 1100)
    assert centre(comptes, 1) == pytest.approx(float(plain), rel=0.01)
    assert centre(comptes, 10**9) == pytest.approx(float(pooled), rel=1e-5)


def test_a_group_without_dwellings_takes_the_rate_of_its_family_and_a_family_that_of_the_whole() -> None:
    counts = groups(*[(80, 1000), (150, 1000), (40, 1000), (110, 1000)])
    estimations = shrink(
        {"T2": counts | {"neuf": Compte.of(3, 0)}, "T6": {"seul": Compte.of(0, 0)}}, "tout", 1
    )
    assert estimations["neuf"].taux == estimations["G000"].centre
    assert estimations["seul"].taux == Fraction(380, 4000)
    assert estimations["seul"].porteur == "tout"


def test_families_are_drawn_toward_their_own_rate() -> None:
    small = {f"A{k}": Compte.of(y, 100) for k, y in enumerate((20, 25, 15, 30, 10))}
    large = {f"B{k}": Compte.of(y, 100) for k, y in enumerate((5, 9, 1, 8, 2))}
    estimations = shrink({"T1": small, "T5+": large}, "tout", 1)
    assert estimations["A0"].centre == Fraction(20, 100)
    assert estimations["B0"].centre == Fraction(5, 100)


def test_more_relettings_than_dwellings() -> None:
    comptes = groups((150, 100), (30, 100), (90, 100), (20, 100))
    lets = most_lets(comptes.values())
    assert lets == 2
    estimations = shrink({"tout": comptes}, "tout", lets)
    assert sum(100 * e.taux for e in estimations.values()) == pytest.approx(290)
    loi = predicted({"G000": 40}, estimations, lets)
    assert mean(loi) == pytest.approx(40 * float(estimations["G000"].taux))
    assert interval(loi)[1] > 40


def test_the_strengths_tried_are_the_same_everywhere() -> None:
    assert FORCES[0] == 1
    assert FORCES[-1] == 100_000
    assert all(b > a for a, b in pairwise(FORCES))
    assert all(b / a < 1.2 for a, b in pairwise(FORCES) if a > 10)
    assert sum(FORCES) == 745_853  # kept from one machine: another that differs must say so


def test_half_a_reletting_does_not_move_the_sum() -> None:
    comptes = groups((0, 15), (9, 100), (1, 20), (30, 300))
    ensemble = whole(Compte.of(40, 435), "tout")
    estimations = raw(comptes, ensemble)
    assert [e.taux for e in estimations.values()] == [c.brut for c in comptes.values()]
    total = sum(
        n * float(estimations[g].moyenne)
        for g, (_, n) in zip(comptes, [(0, 15), (9, 100), (1, 20), (30, 300)], strict=True)
    )
    assert total == pytest.approx(40, rel=0.03)
    assert estimations["G000"].moyenne > 0


def test_groups_of_one_law_share_one_draw() -> None:
    estimations = shrink({"tout": groups((7, 100), (14, 200))}, "tout", 1)
    together = predicted({"G000": 30, "G001": 50}, estimations, 1)
    alone = predicted({"G000": 80}, estimations, 1)
    assert np.allclose(together, alone)


def test_intervals_hold_what_happens_next() -> None:
    """Groups drawn from the model: nine years out of ten, at least, fall in the interval."""
    counts, rates = drawn(11, 400, 150)
    comptes = groups(*counts)
    estimations = shrink({"tout": comptes}, "tout", 1)
    rng = np.random.default_rng(12)
    inside = 0
    for nom, rate in zip(comptes, rates, strict=True):
        low, high = interval(predicted({nom: 60}, estimations, 1))
        inside += low <= rng.binomial(60, rate) <= high
    assert 0.90 <= inside / 400 <= 0.97
