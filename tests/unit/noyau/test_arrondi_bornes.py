"""Rounding at its bounds, and the groups of rows, numbered and named whatever the order of the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from flux.noyau.arrondi import (
    Famille,
    _fewest,
    _reached,
    labels,
    names_of,
    partition,
    round_cells,
    round_fewest,
    round_table,
    snap,
)
from flux.noyau.errors import SolverError

ROWS = pd.DataFrame({"commune": ["b", "a", "b", "a"], "rang": [1, 2, 1, 1]})


def test_groups_are_numbered_in_canonical_order() -> None:
    group, keys = labels(ROWS)
    assert group.tolist() == [2, 1, 2, 0]
    assert list(keys) == [("a", 1), ("a", 2), ("b", 1)]


def test_names_say_what_rows_are() -> None:
    assert names_of(ROWS, ["commune", "rang"]) == ["b|1", "a|2", "b|1", "a|1"]


def test_a_value_is_whole_only_where_it_nearly_is() -> None:
    assert snap(np.array([2 - 1e-10, 2 + 1e-10, 2 - 1e-8, 2.5])).tolist() == [2, 2, 2 - 1e-8, 2.5]


def test_sums_outside_are_those_below_or_above_their_bounds() -> None:
    famille = partition("f", np.array([0, 0, 1, 2, 3]), np.array([2.0, 2, 1, 0]), np.array([2.0, 3, 1, 1]))
    assert famille.outside(np.array([1, 1, 1, 2, 1])).tolist() == [False, True, True, False]
    assert famille.souples.tolist() == []


def test_the_sums_of_some_cells_are_numbered_anew() -> None:
    famille = Famille(nom="f", somme=np.array([0, 1, 1, 2]), cellule=np.array([0, 1, 2, 3]),
                      bas=np.array([0.0, 1, 2]), haut=np.array([5.0, 6, 7]),
                      souple=np.array([True, False, True]))
    inside = famille.inside(np.array([False, True, True, True]))
    assert (inside.somme.tolist(), inside.cellule.tolist()) == ([0, 0, 1], [0, 1, 2])
    assert (inside.bas.tolist(), inside.haut.tolist(), inside.souples.tolist()) == ([1, 2], [6, 7], [1])


def test_each_cell_goes_to_the_nearest_whole_number() -> None:
    keys = ["a", "b", "c", "d"]
    found = round_cells(keys, np.array([0.6, 0.4, 2.9, 3.0]), np.full(4, 9.0), [])
    assert found.tolist() == [1, 0, 3, 3]


def test_the_first_sum_holds_like_the_others() -> None:
    """Five cells of 0.4 would each be 0; their sum is 2. Five of 0.6 would each be 1; their sum is 3."""
    group = np.array([0] * 5 + [1] * 5)
    found = round_table([f"c{k}" for k in range(10)], np.array([0.4] * 5 + [0.6] * 5), [("f", group)])
    assert (found[:5].sum(), found[5:].sum()) == (2, 3)


def test_cells_stay_between_their_least_and_their_most() -> None:
    """The elastic sums ask for less, and for more, than the cells may hold."""
    group, zero, five = np.array([0, 1]), np.array([0.0, 5.0]), np.array([0.0, 5.0])
    found = round_cells(["a", "b"], np.array([2.4, 0.4]), np.array([3.0, 1.0]),
                        [partition("f", group, zero, five, souple=True)], least=np.array([2.0, 0.0]))
    assert found.tolist() == [2, 1]


def test_where_every_cell_is_known_only_the_firm_sums_are_judged() -> None:
    known, group = np.array([2.0, 1.0]), np.array([0, 0])
    right, wrong = (partition(f"f{n}", group, np.array([n]), np.array([n])) for n in (3.0, 4.0))
    assert round_cells(["a", "b"], known, known, [right], least=known).tolist() == [2, 1]
    elastic = replace(wrong, souple=True)
    assert round_cells(["a", "b"], known, known, [elastic], least=known).tolist() == [2, 1]
    with pytest.raises(SolverError) as caught:
        round_cells(["a", "b"], known, known, [right, wrong], least=known)
    assert caught.value.code == "solveur.infaisable"


def test_a_cell_in_no_sum_is_rounded_alone() -> None:
    found = round_table(["a", "b", "c"], np.array([0.4, 0.6, 0.6]), [("f", np.array([0, 0, -1]))])
    assert found.tolist() == [0, 1, 1]


def test_a_sum_counts_what_its_cells_hold_at_least() -> None:
    """2.6 and 2.6 would be 3 and 3; four are left for both, who hold two each."""
    four = partition("f", np.array([0, 0]), np.array([0.0]), np.array([4.0]))
    found = round_cells(["a", "b"], np.full(2, 2.6), np.full(2, 5.0), [four], least=np.full(2, 2.0))
    assert found.tolist() == [2, 2]


def test_the_fewest_sums_leave_their_bounds_once_the_first_family_holds() -> None:
    """1 and 1 pass two ceilings of 0; 2 and 0 pass one."""
    total = partition("total", np.array([0, 0]), np.array([2.0]), np.array([2.0]), souple=True)
    each = partition("each", np.array([0, 1]), np.zeros(2), np.zeros(2), souple=True)
    cells, unproven = round_fewest(["a", "b"], np.ones(2), np.full(2, 2.0), [total, each])
    assert sorted(cells.tolist()) == [0, 2] and unproven == ()


def test_what_a_sum_can_reach_goes_from_sum_to_sum() -> None:
    pairs = partition("pairs", np.array([0, 0, 1, 1, 2]), np.zeros(3), np.zeros(3))
    last = Famille(nom="last", somme=np.array([0, 0]), cellule=np.array([1, 2]),
                   bas=np.zeros(1), haut=np.zeros(1))
    assert _reached(5, [pairs, last], np.array([True])).tolist() == [True] * 4 + [False]


def test_a_sum_without_any_cell_stays_where_it_is() -> None:
    asked = np.array([2.0, 2.0, 1.0, 0.0])
    famille = partition("f", np.array([0, 1]), asked, asked, souple=True)
    found = _fewest(np.ones(2), [famille], np.array([True, True, True, False]))
    assert found is not None and found.tolist() == [True, True, True, False]


def test_the_gap_of_an_earlier_family_is_held_while_the_fewest_are_searched() -> None:
    """Two and three cannot both be the sum: one gives way, and no more than by one."""
    twice = np.array([2.0, 3.0])
    both = Famille(nom="both", somme=np.array([0, 0, 1, 1]), cellule=np.array([0, 1, 0, 1]),
                   bas=twice, haut=twice, souple=True)
    each = partition("each", np.array([0, 1]), np.zeros(2), np.zeros(2), souple=True)
    cells, _ = round_fewest(["a", "b"], np.ones(2), np.full(2, 2.0), [both, each])
    assert sorted(cells.tolist()) == [0, 2]
