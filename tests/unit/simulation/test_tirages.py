"""Numbers that are counted: what each is for says what it is; permutations without a place twice."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.simulation.tirages import (
    CHUNK,
    Usage,
    counted,
    entiers,
    further,
    indices,
    mix,
    permuted,
    reels,
    seuil,
    sous,
    tables,
)

N = 60_000


def far(seen: np.ndarray, expected: np.ndarray | float) -> float:
    """Pearson's distance between counts and what was expected, in standard deviations of its law."""
    freedom = seen.size - 1
    return float((((seen - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom))


def test_a_number_is_that_of_its_place_alone() -> None:
    alone = entiers(7, Usage.JOUR, 3, 5)
    among = entiers(7, Usage.JOUR, np.arange(10)[:, None], np.arange(9))
    assert alone == among[3, 5]
    assert (entiers(7, Usage.JOUR, np.arange(100))[40:60] == entiers(7, Usage.JOUR, np.arange(40, 60))).all()


def test_seed_use_and_order_of_places_all_tell_numbers_apart() -> None:
    runs = np.arange(1_000)
    seen = [entiers(seed, use, runs, 2) for seed in (0, 1, 2**64 - 1) for use in Usage]
    seen += [entiers(0, Usage.TAUX, 2, runs), entiers(0, Usage.TAUX, runs, 2, 0)]
    values = np.concatenate(seen)
    # TAUX of (2, 2) is asked twice
    assert len(np.unique(values)) == len(values) - 1


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_is_a_64_bit_integer(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        entiers(seed, Usage.TAUX, 0)


def test_mix_is_known_and_undone() -> None:
    """The finaliser of splitmix64: the first outputs of the published generator, seed 0."""
    golden = np.uint64(0x9E3779B97F4A7C15)
    steps = np.arange(1, 4).astype(np.uint64) * golden
    assert [hex(x) for x in mix(steps)] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f"]


@pytest.mark.parametrize("axis", [0, 1])
def test_numbers_are_uniform_along_runs_and_places(axis: int) -> None:
    places = [np.arange(N), 3] if axis == 0 else [3, np.arange(N)]
    x = reels(entiers(2026, Usage.JOUR, *places))
    assert x.min() >= 0 and x.max() < 1
    assert abs(far(np.bincount((x * 100).astype(int), minlength=100), N / 100)) < 4
    # and one after another they are independent
    pairs = (x[:-1:2] * 10).astype(int) * 10 + (x[1::2] * 10).astype(int)
    assert abs(far(np.bincount(pairs, minlength=100), N / 200)) < 4


def test_uses_of_one_place_are_independent() -> None:
    x, y = (reels(entiers(2026, u, np.arange(N))) for u in (Usage.ISSUE, Usage.ORIENTATION))
    assert abs(np.corrcoef(x, y)[0, 1]) < 4 / np.sqrt(N)


def test_thresholds_never_miss_a_certainty() -> None:
    x = np.array([0, 2**63, 2**64 - 1], np.uint64)
    assert not sous(x, seuil(np.zeros(3))).any()
    assert sous(x, seuil(np.ones(3))).all()
    assert sous(x, seuil(np.full(3, 0.5))).tolist() == [True, False, False]
    share = sous(entiers(1, Usage.SOUSTRACTION, np.arange(N)), seuil(np.full(N, 0.3))).mean()
    assert abs(share - 0.3) < 4 * np.sqrt(0.21 / N)


def test_indices_are_uniform() -> None:
    x = indices(entiers(1, Usage.TAUX, np.arange(N)), 16)
    assert abs(far(np.bincount(x, minlength=16), N / 16)) < 4


@given(st.integers(1, 3_000), st.integers(0, 2**64 - 1))
def test_a_permutation_takes_each_place_once(size: int, seed: int) -> None:
    keys = entiers(seed, Usage.LOGEMENT, np.full(size, 5))
    assert sorted(permuted(keys, np.arange(size), np.full(size, size))) == list(range(size))


def test_a_permutation_of_many_places_and_of_none() -> None:
    size = 200_003
    some = permuted(entiers(1, Usage.LOGEMENT, np.zeros(5_000)), np.arange(5_000), np.full(5_000, size))
    assert len(np.unique(some)) == 5_000
    assert some.min() >= 0 and some.max() < size
    assert len(permuted(entiers(1, Usage.TAUX, np.zeros(0)), np.zeros(0, int), np.zeros(0, int))) == 0


def test_a_permutation_does_not_depend_on_what_is_drawn_with_it() -> None:
    size = np.tile([1, 2, 7, 1_000], CHUNK // 2)
    keys = entiers(3, Usage.LOGEMENT, np.arange(len(size)))
    rank = np.arange(len(size)) % size
    whole = permuted(keys, rank, size)
    assert (whole[100:200] == permuted(keys[100:200], rank[100:200], size[100:200])).all()


@pytest.mark.parametrize("size", [2, 3, 5, 8, 17, 100, 5_000])
def test_each_place_is_as_likely_as_another(size: int) -> None:
    for rank in {0, size // 2, size - 1}:
        keys = entiers(2026, Usage.LOGEMENT, np.arange(N))
        seen = permuted(keys, np.full(N, rank), np.full(N, size))
        assert abs(far(np.bincount(seen, minlength=size), N / size)) < 4.5


@pytest.mark.parametrize("size", [2, 3, 5, 6, 7, 12, 30])
def test_each_pair_of_places_is_as_likely_as_another(size: int) -> None:
    """What the variance of a count looks at: two lots of one draw, in order."""
    nb = 400_000  # networks of few rows fail here, not at a tenth of it
    keys = entiers(2026, Usage.LOGEMENT, np.arange(nb))
    first, last = (permuted(keys, np.full(nb, r), np.full(nb, size)) for r in (size // 2 - 1, size - 1))
    pairs = np.bincount(first * size + last, minlength=size**2).reshape(size, size)
    assert (np.diag(pairs) == 0).all()
    off = pairs[~np.eye(size, dtype=bool)]
    assert abs(far(off, nb / off.size)) < 4.5


def test_counts_follow_their_law() -> None:
    """A binomial of 12 trials at 0.3, another of one trial, from one table after another."""
    laws = [np.array([comb(n, k) * 0.3**k * 0.7 ** (n - k) for k in range(n + 1)]) for n in (12, 1)]
    seuils, places = tables(laws)
    for which, law in enumerate(laws):
        x = counted(entiers(5, Usage.NOMBRE, np.arange(N)), seuils, places, np.full(N, which))
        seen = np.bincount(x, minlength=len(law))
        likely = law * N > 5
        assert seen.size == len(law)
        assert abs(far(seen[likely], law[likely] * N)) < 4


def test_a_count_is_the_number_of_thresholds_passed_whatever_the_table() -> None:
    """Tables of every length, one after another, against a search in each alone."""
    rng = np.random.default_rng(0)
    seuils, places = tables([rng.dirichlet(np.ones(nb)) for nb in range(1, 40)])
    which, x = rng.integers(0, 39, N), rng.integers(0, 2**64, N, dtype=np.uint64)
    found = counted(x, seuils, places, which)
    for one in range(39):
        here, table = which == one, seuils[places[one] : places[one + 1]]
        assert (found[here] == np.searchsorted(table, x[here] >> np.uint64(11), side="right")).all()
    assert counted(x[:6].reshape(2, 3), seuils, places, which[:6].reshape(2, 3)).shape == (2, 3)


def test_a_count_ends_with_its_table() -> None:
    seuils, places = tables([np.array([1.0]), np.array([0.5, 0.5 - 1e-13])])
    last = np.full(2, 2**64 - 1, np.uint64)
    assert counted(last, seuils, places, np.arange(2)).tolist() == [0, 1]


def test_more_places_go_on_from_fewer() -> None:
    runs = np.arange(50)
    state = entiers(3, Usage.JOUR, 2026, runs)
    assert (further(state, runs, 7) == entiers(3, Usage.JOUR, 2026, runs, runs, 7)).all()
