"""What is beyond a threshold: a column instead of a row, and the same optima."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from flux.noyau.solveur import Builder, Etape, Programme, solve
from flux.noyau.solveur.reduction import reduce

NB = 6


def drawn(seed: int) -> tuple[Programme, list[Etape]]:
    """Six columns of one sum; what each has beyond its threshold, beyond 3 for two of them together."""
    rng = np.random.default_rng(seed)
    builder = Builder()
    x = builder.columns([f"x{j}" for j in range(NB)])
    beyond = builder.columns([f"y{j}" for j in range(NB)])
    builder.entries(builder.rows(["somme"], 10.0, 10.0)[0], x)
    builder.entries(builder.rows(["deux"], hi=3.0)[0], x[:2])
    rows = builder.rows([f"seuil{j}" for j in range(NB)], hi=rng.integers(0, 3, NB).astype(float))
    builder.entries(rows, x)
    builder.entries(rows, beyond, -1.0)
    stages = [builder.costs((x, rng.integers(0, 2, NB))), builder.costs((beyond, np.ones(NB))),
              builder.costs((np.append(x, beyond), rng.random(2 * NB)))]
    return builder.build(), [Etape(f"e{k}", costs) for k, costs in enumerate(stages)]


@given(st.integers(0, 10_000))
def test_each_stage_has_the_same_optimum_as_with_the_rows(seed: int) -> None:
    programme, etapes = drawn(seed)
    solution = solve(programme, etapes)
    matrix = np.zeros((len(programme.names), len(programme.keys)))
    np.add.at(matrix, (programme.row, programme.column), programme.coefficient)
    left, right = np.vstack([matrix, -matrix[:1]]), np.append(programme.hi, -10.0)
    for etape, level in zip(etapes, solution.niveaux, strict=True):
        found = linprog(etape.couts, left, right, method="highs")
        assert level == pytest.approx(found.fun, abs=1e-6)
        left, right = np.vstack([left, etape.couts]), np.append(right, found.fun + 1e-9)
    assert (matrix @ solution.valeurs <= programme.hi + 1e-6).all()


def test_each_threshold_is_a_bound() -> None:
    programme, etapes = drawn(2026)
    reduction = reduce(programme, [e.couts for e in etapes])
    assert reduction.programme.names == ("somme", "deux")
    assert reduction.programme.upper[:NB].tolist() == programme.hi[2:].tolist()
    assert reduction.programme.keys == programme.keys


@pytest.mark.parametrize("change", ["a gain", "a bound", "a second row", "a second threshold"])
def test_a_row_that_says_more_stays(change: str) -> None:
    builder = Builder()
    x = builder.columns(["x"], upper=[5.0 if change == "a bound" else np.inf])
    y = builder.columns(["y", "w"])
    rows = builder.rows(["seuil", "autre"], hi=[1.0, 2.0])
    builder.entries(rows[0], [x[0], y[0]], [1.0, -1.0])
    if change == "a second row":
        builder.entries(rows[1], y)
    if change == "a second threshold":
        builder.entries(rows[1], [x[0], y[1]], [1.0, -1.0])
    cost = builder.costs((y[:1], -1.0 if change == "a gain" else 1.0))
    kept = reduce(builder.build(), [cost]).programme.names
    assert kept == (("autre",) if change == "a second threshold" else ("seuil", "autre"))
