"""The solver: hand optima, proven failures, lexicographic stages, order that changes nothing."""

from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, Limite, Programme, Voie, direct, model_text, solve


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
    monkeypatch.setattr(direct, "run", lambda highs: None)
    for voie in Voie:
        with pytest.raises(SolverError) as error:
            solve(builder.build(), [Etape("un", builder.costs((x, [1, 1, 0])))], voie=voie)
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


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_both_ways_to_the_solver_give_the_same_plan(seed: int) -> None:
    programme, etapes = transport(seed, shuffled=False)
    one, other = (solve(programme, etapes, voie=voie) for voie in Voie)
    assert one.niveaux == pytest.approx(other.niveaux, abs=1e-9)
    assert one.valeurs == pytest.approx(other.valeurs, abs=1e-7)


@pytest.mark.parametrize("forme", ["lp", "mps"])
def test_the_text_of_a_stage_read_by_another_program_has_the_same_optimum(forme: str, tmp_path: Path) -> None:
    programme, etapes = transport(3, shuffled=False)
    path = tmp_path / f"stage.{forme}"
    path.write_text(model_text(programme, etapes[1].couts, forme))  # type: ignore[arg-type]
    other = highspy.Highs()
    other.setOptionValue("output_flag", False)
    other.readModel(str(path))
    other.run()
    assert other.getInfo().objective_function_value == pytest.approx(solve(programme, etapes[1:2]).niveaux[0])


def test_names_that_no_reader_of_lp_would_take() -> None:
    builder = Builder()
    x = builder.columns(["é = 1 <b>", "é = 1 [b]", "1 e5", "", "e12", "x" * 400])
    rows = builder.rows(["ligne à l'Est", "ligne a l Est"], 1, 2)
    builder.entries(rows[0], x)
    builder.entries(rows[1], x)
    text = model_text(builder.build(), np.ones(6))
    assert "e_1_b " in text and "e_1_b__2" in text and "n_1_e5" in text and "n_e12" in text
    assert max(map(len, text.split())) <= 205


def test_a_search_stopped_by_its_limit_says_what_it_proved() -> None:
    chance = np.random.default_rng(7)
    builder = Builder()
    x = builder.columns([f"x{i:03d}" for i in range(60)], upper=1, integer=True)
    rows = builder.rows([f"r{i}" for i in range(5)], hi=chance.integers(400, 600, 5).astype(float))
    for row in rows:
        builder.entries(row, x, chance.integers(10, 60, 60).astype(float))
    etapes = [Etape("worth", builder.costs((x, -chance.integers(10, 60, 60).astype(float))))]
    stopped = solve(builder.build(), etapes, limite=Limite(noeuds=1))
    whole = solve(builder.build(), etapes)
    assert stopped.bornes[0] <= whole.niveaux[0] <= stopped.niveaux[0]
    assert whole.bornes[0] == pytest.approx(whole.niveaux[0], abs=1e-6)
    assert stopped.valeurs == pytest.approx(np.rint(stopped.valeurs), abs=1e-6)
    again = solve(builder.build(), etapes, limite=Limite(noeuds=1))
    assert again.niveaux == stopped.niveaux


def test_each_stage_is_announced() -> None:
    programme, etapes = transport(1, shuffled=False)
    said: list[tuple[str, int, int]] = []
    solve(programme, etapes, avancement=lambda *step: said.append(step))
    assert said == [("short", 0, 3), ("near", 1, 3), ("generic", 2, 3)]


def test_an_interruption_stops_the_search_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    programme, etapes = transport(1, shuffled=False)

    def pressed(self: highspy.Highs, timeout: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(highspy.Highs, "wait", pressed)
    with pytest.raises(KeyboardInterrupt):
        solve(programme, etapes)
    monkeypatch.undo()
    assert solve(programme, etapes).niveaux == solve(programme, etapes, voie="pulp").niveaux


@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD:DeprecationWarning")
def test_a_solver_whose_duals_are_not_trusted_gives_the_same_plan() -> None:
    if "PULP_CBC_CMD" not in pulp.listSolvers(True):
        pytest.skip("PuLP comes without CBC here")
    cbc = pulp.getSolver("PULP_CBC_CMD", msg=False)
    for seed in range(5):
        programme, etapes = transport(seed, shuffled=False)
        one, other = solve(programme, etapes), solve(programme, etapes, voie="pulp", solveur=cbc)
        assert one.niveaux == pytest.approx(other.niveaux, abs=1e-6)
        assert one.valeurs == pytest.approx(other.valeurs, abs=1e-5)
