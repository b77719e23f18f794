"""The network rounding: whole cells, sums kept, nearest, the same whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux.noyau.arrondi import Famille, partition, round_cells
from flux.noyau.errors import SolverError


def family(nom: str, label: list[int], sums: list[float], *, souple: bool = False) -> Famille:
    inside = np.flatnonzero(np.array(label) >= 0)
    return Famille(
        nom=nom,
        somme=np.array(label)[inside],
        cellule=inside,
        bas=np.array(sums, float),
        haut=np.array(sums, float),
        souple=souple,
    )


def test_largest_remainders_win_when_only_the_total_is_held() -> None:
    exact = np.array([0.2, 1.7, 2.6, 0.5])
    whole = round_cells(list("abcd"), exact, np.ceil(exact), [family("total", [0, 0, 0, 0], [5])])
    assert whole.tolist() == [0, 2, 3, 0]


def test_a_cell_may_pass_its_ceiling_when_the_sum_asks_for_it() -> None:
    exact = np.array([0.4, 0.4])
    whole = round_cells(["a", "b"], exact, np.array([5.0, 0.0]), [family("total", [0, 0], [3])])
    assert whole.tolist() == [3, 0]


def test_a_soft_sum_gives_way_to_a_firm_one() -> None:
    exact = np.array([1.5, 1.5])
    familles = [family("firm", [0, 0], [3]), family("soft", [0, 1], [2, 2], souple=True)]
    assert round_cells(["a", "b"], exact, np.array([3.0, 3.0]), familles).sum() == 3


def test_firm_sums_that_contradict_each_other_are_an_error() -> None:
    with pytest.raises(SolverError) as error:
        round_cells(
            ["a"], np.array([1.0]), np.array([2.0]), [family("one", [0], [1]), family("two", [0], [2])]
        )
    assert error.value.code == "solveur.infaisable"


def test_what_is_not_a_network_is_an_error() -> None:
    triangle = [family("ab", [0, 0, -1], [1]), family("bc", [-1, 0, 0], [1]), family("ac", [0, -1, 0], [1])]
    with pytest.raises(SolverError) as error:
        round_cells(list("abc"), np.full(3, 0.5), np.ones(3), triangle)
    assert error.value.code == "solveur.non_entier"


def test_the_solver_gives_whole_numbers_where_there_is_no_network() -> None:
    triangle = [
        family("ab", [0, 0, -1], [1], souple=True),
        family("bc", [-1, 0, 0], [1], souple=True),
        family("ac", [0, -1, 0], [1], souple=True),
    ]
    whole = round_cells(list("abc"), np.full(3, 0.5), np.ones(3), triangle, reseau=False)
    assert (whole[0] + whole[1], whole[1] + whole[2]) == (1, 1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_rows_and_columns_of_a_table_at_their_floor_or_ceiling(seed: int) -> None:
    chance = np.random.default_rng(seed)
    exact = chance.random((4, 3)) * 3
    line, column = (np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4))
    families = [
        partition(nom, label, np.floor(sums), np.ceil(sums))
        for nom, label, sums in (("line", line, exact.sum(axis=1)), ("column", column, exact.sum(axis=0)))
    ]
    keys = [f"{i}{j}" for i, j in zip(line, column, strict=True)]
    cells = exact.ravel()
    whole = round_cells(keys, cells, np.ceil(cells), families)
    assert (np.abs(whole - cells) < 1).all()
    assert (np.abs(whole.reshape(4, 3).sum(axis=1) - exact.sum(axis=1)) < 1).all()
    assert (np.abs(whole.reshape(4, 3).sum(axis=0) - exact.sum(axis=0)) < 1).all()
    mixed = chance.permutation(12)
    again = round_cells(
        [keys[k] for k in mixed],
        cells[mixed],
        np.ceil(cells[mixed]),
        [partition(f.nom, f.somme[mixed], f.bas, f.haut) for f in families],
    )
    assert again.tolist() == whole[mixed].tolist()
