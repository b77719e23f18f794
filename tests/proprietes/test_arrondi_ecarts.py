"""Where bounds cannot all hold, the fewest sums leave theirs: held against every whole table there is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from flux.noyau import arrondi
from flux.noyau.arrondi import Famille, partition, round_fewest

LIGNES, COLONNES = 2, 3
LINE = np.repeat(np.arange(LIGNES), COLONNES)
COLUMN = np.tile(np.arange(COLONNES), LIGNES)
KEYS = [f"{i}{j}" for i, j in zip(LINE, COLUMN, strict=True)]


def every_table(rows: list[int]) -> Iterator[NDArray[np.int64]]:
    def line(total: int) -> Iterator[tuple[int, ...]]:
        for some in product(range(total + 1), repeat=COLONNES - 1):
            if sum(some) <= total:
                yield (*some, total - sum(some))

    for lines in product(*(list(line(total)) for total in rows)):
        yield np.array([n for one in lines for n in one])


def score(famille: Famille, cells: NDArray[np.int64]) -> tuple[int, float]:
    """Sums outside, and by how much in all."""
    sums = np.bincount(famille.somme, cells[famille.cellule], minlength=len(famille.bas))
    gap = np.maximum(famille.bas - sums, 0) + np.maximum(sums - famille.haut, 0)
    return int((gap > 0).sum()), float(gap.sum())


@settings(max_examples=4 * settings.default.max_examples)
@given(st.integers(0, 2**32))
def test_the_fewest_sums_leave_their_bounds_and_then_by_the_least(seed: int) -> None:
    chance = Random(seed)
    exact = np.array([chance.randint(0, 20) / 10 for _ in KEYS])
    rows = [chance.randint(0, 5) for _ in range(LIGNES)]
    low = np.array([float(chance.randint(0, 2)) for _ in range(COLONNES)])
    cells = partition("cellules", np.arange(len(KEYS)), np.floor(exact), np.ceil(exact), souple=True)
    columns = partition("colonnes", COLUMN, low, low + chance.randint(0, 2), souple=True)
    held = partition("lignes", LINE, np.array(rows, float), np.array(rows, float))
    whole, unproven = round_fewest(KEYS, exact, np.array(rows, float)[LINE], [held, cells, columns])
    assert not unproven
    assert np.bincount(LINE, whole).tolist() == rows
    best = min(score(cells, table) for table in every_table(rows))
    assert score(cells, whole) == best
    if best[0] == 0:  # nobody had to be chosen: the columns are the fewest over all such tables
        fits = (table for table in every_table(rows) if score(cells, table)[0] == 0)
        assert score(columns, whole) == min(score(columns, table) for table in fits)


def test_one_cell_leaves_by_three_rather_than_three_cells_by_one() -> None:
    exact = np.full(6, 0.5)
    families = [
        partition("total", np.zeros(6, int), np.array([9.0]), np.array([9.0])),
        partition("cellules", np.arange(6), np.zeros(6), np.ones(6), souple=True),
    ]
    whole, unproven = round_fewest(list("abcdef"), exact, np.full(6, 9.0), families)
    assert sorted(whole.tolist()) == [1, 1, 1, 1, 1, 4] and not unproven


def test_what_is_too_large_to_count_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrondi, "COUNTED_UP_TO", 1)
    families = [
        partition("lignes", np.array([0, 0, 1, 1]), np.array([4.0, 4.0]), np.array([4.0, 4.0])),
        partition("cellules", np.arange(4), np.zeros(4), np.ones(4), souple=True),
    ]
    whole, unproven = round_fewest(list("abcd"), np.full(4, 0.5), np.full(4, 4.0), families)
    assert unproven == ("cellules",) and whole.sum() == 8
