"""Groups of rows, numbered and named by what they are, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flux.noyau.arrondi import Famille, labels, names_of, partition, snap

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
