"""The solver: hand optima, proven failures, lexicographic stages, order that changes nothing."""

from __future__ import annotations

import numpy as np
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, Programme, solve


def diet() -> tuple[Builder, NDArray[np.int64]]:
    """x + y + z = 4, 1 <= x + y <= 2, x and y at most 5."""
    builder = Builder()
    x = builder.columns(["b", "a", "c"], upper=[5, 5, np.inf])
    total = builder.rows(["total"], 4, 4)
    some = builder.rows(["some"], 1, 2)
    builder.entries(total[0], x)
    builder.entries(some[0], x[:2])
    return builder, x


def second_solver(programme: Programme, etapes: list[Etape]) -> tuple[list[float], NDArray[np.float64]]:
    """The same lexicographic chain with scipy and holding rows instead of an optimal face."""
    matrix = np.zeros((len(programme.names), len(programme.keys)))
    np.add.at(matrix, (programme.row, programme.column), programme.coefficient)
    above, below = np.isfinite(programme.hi), np.isfinite(programme.lo)
    left = np.vstack([matrix[above], -matrix[below]])
    right = np.concatenate([programme.hi[above], -programme.lo[below]])
    bounds = list(zip(programme.lower, programme.upper, strict=True))
    levels: list[float] = []
    for etape in etapes:
        found = linprog(etape.couts, left, right, bounds=bounds, method="highs-ipm")
        assert found.status == 0
        levels.append(float(found.fun))
        left = np.vstack([left, etape.couts])
        right = np.append(right, found.fun + 1e-9 * max(1.0, abs(found.fun)))
    return levels, np.asarray(found.x)


def test_the_second_stage_chooses_among_the_optima_of_the_first() -> None:
    builder, x = diet()
    first = Etape("un", builder.costs((x, [1, 1, 0])))
    solution = solve(builder.build(), [first, Etape("deux", builder.costs((x[:1], [1.0])))])
    assert solution.niveaux == (1.0, 0.0)
    assert solution.valeurs.tolist() == [0.0, 1.0, 3.0]
    other = solve(builder.build(), [first, Etape("deux", builder.costs((x[1:2], [1.0])))])
    assert other.valeurs.tolist() == [1.0, 0.0, 3.0]


def test_infeasible_is_an_error_and_never_zeros() -> None:
    builder, x = diet()
    impossible = builder.rows(["impossible"], 9, 9)
    builder.entries(impossible[0], x)
    with pytest.raises(SolverError) as error:
        solve(builder.build(), [Etape("un", builder.costs((x, 1.0)))])
    assert error.value.code == "solveur.infaisable"


def test_unbounded_is_an_error() -> None:
    builder = Builder()
    x = builder.columns(["x"], lower=-np.inf)
    with pytest.raises(SolverError) as error:
        solve(builder.build(), [Etape("un", builder.costs((x, 1.0)))])
    assert error.value.code == "solveur.non_borne"


def test_a_solve_stopped_by_a_limit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    builder, x = diet()
    monkeypatch.setattr(pulp.HiGHS, "callSolver", lambda self, lp: None)
    with pytest.raises(SolverError) as error:
        solve(builder.build(), [Etape("un", builder.costs((x, [1, 1, 0])))])
    assert error.value.code == "solveur.echec"


def test_a_row_without_entries_is_not_ignored() -> None:
    builder, x = diet()
    builder.rows(["never true"], 1, 1)
    with pytest.raises(SolverError):
        solve(builder.build(), [Etape("un", builder.costs((x, 1.0)))])


def test_two_columns_of_one_name_are_refused() -> None:
    builder = Builder()
    builder.columns(["x", "x"])
    with pytest.raises(ValueError, match="same name"):
        solve(builder.build(), [])


def test_without_a_stage_the_rows_hold() -> None:
    builder, _ = diet()
    assert solve(builder.build(), []).valeurs.sum() == pytest.approx(4)


def test_whole_columns() -> None:
    builder = Builder()
    x = builder.columns(["x", "y"], upper=3, integer=True)
    row = builder.rows(["row"], lo=2.5)
    builder.entries(row[0], x)
    solution = solve(builder.build(), [Etape("least", np.ones(2)), Etape("then y", np.array([0.0, 1.0]))])
    assert solution.niveaux == pytest.approx((3.0, 0.0))
    assert solution.valeurs.tolist() == pytest.approx([3.0, 0.0])


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    builder, x = diet()
    solve(builder.build(), [Etape("un", builder.costs((x, 1.0)))])
    assert capfd.readouterr() == ("", "")


def test_another_use_of_the_solver_in_the_process_changes_nothing() -> None:
    other = pulp.LpProblem("other", pulp.LpMinimize)
    free = other.add_variable("free", 0, 1)
    other.setObjective(1 * free)
    other.addConstraint(free >= 0.5)
    other.solve(pulp.HiGHS(msg=False))
    builder, x = diet()
    assert solve(builder.build(), [Etape("un", builder.costs((x, [1, 1, 0])))]).niveaux == (1.0,)


def transport(seed: int, shuffled: bool) -> tuple[Programme, list[Etape]]:
    """A transport problem with short demands; its last stage makes the plan unique."""
    chance = np.random.default_rng(seed)
    supply, demand = chance.integers(1, 9, 4).astype(float), chance.integers(1, 9, 3).astype(float)
    near, generic = chance.integers(0, 3, (4, 3)).astype(float), chance.random((4, 3))
    pairs = [(i, j) for i in range(4) for j in range(3)]
    if shuffled:
        pairs = [pairs[k] for k in chance.permutation(len(pairs))]
    builder = Builder()
    cells = builder.columns([f"x{i}{j}" for i, j in pairs])
    short = builder.columns([f"short{j}" for j in range(3)])
    i, j = np.array(pairs).T
    given_out = builder.rows([f"supply{k}" for k in range(4)], supply, supply)
    wanted = builder.rows([f"demand{k}" for k in range(3)], demand)
    builder.entries(given_out[i], cells)
    builder.entries(wanted[j], cells)
    builder.entries(wanted, short)
    etapes = [
        Etape("short", builder.costs((short, 1.0))),
        Etape("near", builder.costs((cells, near[i, j]))),
        Etape("generic", builder.costs((cells, generic[i, j]))),
    ]
    return builder.build(), etapes


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_second_solver_finds_the_same_levels_and_the_same_plan(seed: int) -> None:
    programme, etapes = transport(seed, shuffled=False)
    ours = solve(programme, etapes)
    levels, values = second_solver(programme, etapes)
    assert ours.niveaux == pytest.approx(levels, abs=1e-6)
    assert ours.valeurs == pytest.approx(values, abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_trying_stages_together_changes_no_level(seed: int) -> None:
    programme, etapes = transport(seed, shuffled=False)
    apart, together = solve(programme, etapes), solve(programme, etapes, ensemble=2)
    assert together.niveaux == pytest.approx(apart.niveaux)
    assert together.valeurs == pytest.approx(apart.valeurs)


def test_stages_in_conflict_are_not_taken_together() -> None:
    """x + y >= 4: their sum is at its least anywhere, but the first one can be at zero."""
    builder = Builder()
    x = builder.columns(["x", "y"])
    row = builder.rows(["row"], lo=4)
    builder.entries(row[0], x)
    first, second = Etape("y", builder.costs((x[1:], 1.0))), Etape("x", builder.costs((x[:1], 1.0)))
    assert solve(builder.build(), [first, second], ensemble=2).niveaux == (0.0, 4.0)
    assert solve(builder.build(), [second, first], ensemble=2).niveaux == (0.0, 4.0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_the_columns_changes_nothing(seed: int) -> None:
    plain, mixed = (transport(seed, shuffled) for shuffled in (False, True))
    first, second = solve(*plain), solve(*mixed)
    by_name = dict(zip(mixed[0].keys, second.valeurs, strict=True))
    assert [by_name[k] for k in plain[0].keys] == first.valeurs.tolist()
    assert first.niveaux == pytest.approx(second.niveaux)
