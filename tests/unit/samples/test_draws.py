"""The draws: shares, limits, and the same stream on every version."""

from __future__ import annotations

import numpy as np
import pytest

from flux.samples.draws import between, pick, split, whole


def test_the_stream_is_the_one_that_the_samples_were_drawn_from() -> None:
    drawn = np.random.default_rng(2026).random(3)
    assert drawn == pytest.approx([0.17893481, 0.63991317, 0.4672684], abs=1e-8)


def test_pick_follows_the_weights_and_never_gives_a_weight_of_zero() -> None:
    drawn = pick(np.random.default_rng(1), {"a": 3, "never": 0, "b": 1}, 4000)
    assert set(drawn) == {"a", "b"}
    assert drawn.count("a") / 4000 == pytest.approx(0.75, abs=0.03)


def test_pick_of_nothing() -> None:
    assert pick(np.random.default_rng(1), {"a": 1}, 0) == []


def test_whole_is_the_floor_or_one_more_and_right_on_average() -> None:
    rng = np.random.default_rng(1)
    drawn = [whole(rng, 2.3) for _ in range(4000)]
    assert set(drawn) == {2, 3}
    assert np.mean(drawn) == pytest.approx(2.3, abs=0.03)
    assert whole(rng, 0) == 0


def test_between_reaches_both_ends() -> None:
    rng = np.random.default_rng(1)
    assert {between(rng, 1, 3) for _ in range(100)} == {1, 2, 3}


def test_split_adds_up_and_gives_ties_to_the_first() -> None:
    assert split(10, {"a": 1, "b": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert split(0, {"a": 1, "b": 2}) == {"a": 0, "b": 0}
    assert sum(split(3092, {n: 1 / n for n in range(1, 40)}).values()) == 3092
