"""The direct way to HiGHS: arrays in, arrays out, no object a row."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import highspy
import numpy as np

from flux.noyau.solveur.moteur import ECHEC, INFAISABLE, NON_BORNE, Limite, Optimum, failure
from flux.noyau.solveur.programme import Floats, Programme

PRIMAL = 4  # the primal simplex, as HiGHS numbers its strategies
WALK = 4  # rows to a step of it: beyond, the interior point is sooner
SIMPLEX_UP_TO = 1_000  # columns; above, the interior point with crossover is up to three times faster


class Direct:
    """The programme as HiGHS keeps it; between stages only costs and bounds change."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.highs: Any = new_highs()
        self.proves = not programme.integer.any()
        self.solved = False
        if hand_over(self.highs, programme, np.zeros(len(programme.keys))) != highspy.HighsStatus.kOk:
            raise failure(ECHEC, "écriture")

    def minimise(self, costs: Floats, stage: str, limite: Limite | None, *, proche: bool = False) -> Optimum:
        """The optimum of a cost, solved from scratch: what it gives does not depend on the stages before.

        `proche`: from the vertex of the stage before, by the primal simplex, unless it takes too long.
        """
        highs, n = self.highs, len(costs)
        if not n:  # nothing to decide: HiGHS says "empty", which is no optimum to it
            return Optimum(costs, costs, np.zeros(len(self.programme.names)), 0.0)
        highs.changeColsCost(n, np.arange(n, dtype=np.int32), costs)
        if proche and self.solved and self.proves and self._walked():
            return self._optimum(costs)
        highs.clearSolver()
        options: dict[str, object] = {"solver": "simplex" if n <= SIMPLEX_UP_TO else "ipm"}
        if not self.proves:
            options = {"solver": "choose", "mip_max_nodes": limite.noeuds if limite else 2**31 - 1,
                       "time_limit": limite.secondes if limite else np.inf}
        for name, value in options.items():
            highs.setOptionValue(name, value)
        run(highs)
        kinds = highspy.HighsModelStatus
        if self.solved and highs.getModelStatus() == kinds.kInfeasible:
            # The values of the stage before are a plan: the presolve lost them in the last digits.
            highs.setOptionValue("presolve", "off")
            highs.clearSolver()
            run(highs)
            highs.setOptionValue("presolve", "choose")
        status = highs.getModelStatus()
        stopped = status in (kinds.kTimeLimit, kinds.kSolutionLimit, kinds.kIterationLimit, kinds.kInterrupt)
        info = highs.getInfo()
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if status != kinds.kOptimal and not (limite and stopped and feasible):
            how = {kinds.kInfeasible: INFAISABLE, kinds.kUnbounded: NON_BORNE}.get(status, ECHEC)
            raise failure(how, stage)
        self.solved = True
        return self._optimum(costs)

    def _walked(self) -> bool:
        """Whether the primal simplex found the optimum from where it stood, in few steps."""
        highs = self.highs
        walk = {"solver": "simplex", "simplex_strategy": PRIMAL,
                "simplex_iteration_limit": len(self.programme.names) // WALK}
        kept = {name: highs.getOptionValue(name)[1] for name in walk}
        for name, value in walk.items():
            highs.setOptionValue(name, value)
        run(highs)
        for name, value in kept.items():
            highs.setOptionValue(name, value)
        return bool(highs.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def _optimum(self, costs: Floats) -> Optimum:
        """What HiGHS found."""
        highs, n = self.highs, len(costs)
        info = highs.getInfo()
        solution = highs.getSolution()
        values = np.array(solution.col_value, float)
        if not self.proves:
            none = np.zeros(len(self.programme.names))
            return Optimum(values, np.zeros(n), none, float(info.mip_dual_bound))
        return Optimum(values, np.array(solution.col_dual, float), np.array(solution.row_dual, float),
                       float(costs @ values))

    def bounds(self, lower: Floats, upper: Floats, lo: Floats, hi: Floats) -> None:
        """Bounds of every column and of every row from now on."""
        self.highs.changeColsBounds(len(lower), np.arange(len(lower), dtype=np.int32), lower, upper)
        self.highs.changeRowsBounds(len(lo), np.arange(len(lo), dtype=np.int32), lo, hi)

    def cap(self, costs: Floats, limit: float, stage: str) -> None:
        """Keep a cost at or under `limit` from now on."""
        kept = np.flatnonzero(costs)
        self.highs.addRow(-highspy.kHighsInf, limit, len(kept), kept.astype(np.int32), costs[kept])


def hand_over(highs: Any, programme: Programme, costs: Floats) -> Any:
    """Give HiGHS the whole programme as arrays: an object a row, or a list, would take longer than to solve.

    By column, as HiGHS keeps it: by row, it would first turn it round, which takes as long as all the rest.

    Returns
    -------
    What HiGHS answers (`highspy.HighsStatus`).
    """
    starts, rows, coefficients = programme.by_column()
    return highs.passModel(
        len(programme.keys), len(programme.names), len(rows),
        int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize), 0.0,
        costs, programme.lower, programme.upper, programme.lo, programme.hi,
        starts[:-1].astype(np.int32), rows.astype(np.int32), coefficients,
        programme.integer.astype(np.int32))


def run(highs: Any) -> None:
    """Run, and let Ctrl-C through: the search is cancelled, nothing half-done is kept."""
    thread = highs.startSolve()
    try:
        while not highs.wait(0.05)[0]:
            pass
    except KeyboardInterrupt:
        highs.cancelSolve()
        thread.join()
        raise


def new_highs() -> Any:
    """A silent solver on one thread, exact to the tolerances that the stages suppose."""
    quiet_solver()
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.HandleUserInterrupt = True
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-7)):
        highs.setOptionValue(name, value)
    return highs


@functools.cache
def quiet_solver() -> None:
    """HiGHS prints its banner on file descriptor 1 at its first use, whatever its options: let it, unheard.

    Its pool of threads, shared by the whole process, is emptied first: after a solve with another
    number of threads the next one would give zeros without a word.
    """
    with _unheard():
        highspy.Highs.resetGlobalScheduler(True)
        first: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        first.setOptionValue("threads", 1)
        first.addVar(0.0, 1.0)
        first.run()


@contextmanager
def _unheard() -> Iterator[None]:
    if sys.stdout is not None:
        sys.stdout.flush()
    kept, sink = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(sink)
