"""The portable way: the same programme as PuLP writes it, for any solver that PuLP knows."""

from __future__ import annotations

import numpy as np
import pulp

from flux.noyau.solveur.direct import quiet_solver
from flux.noyau.solveur.moteur import ECHEC, INFAISABLE, NON_BORNE, Limite, Optimum, failure
from flux.noyau.solveur.programme import Floats, Programme

SIDES = {pulp.LpConstraintEQ: "e", pulp.LpConstraintGE: "g", pulp.LpConstraintLE: "l"}
STATUSES = {pulp.LpStatusInfeasible: INFAISABLE, pulp.LpStatusUnbounded: NON_BORNE}


class Portable:
    """The PuLP problem, built once; between stages only objective, bounds and senses change."""

    def __init__(self, programme: Programme, solver: pulp.LpSolver | None = None) -> None:
        quiet_solver()
        self.solver = solver or pulp.HiGHS(msg=False, threads=1, gapRel=0.0, gapAbs=1e-7)
        self.nb_rows = len(programme.names)
        # Duals prove nothing about whole numbers, and not every solver's can be trusted (CBC's cannot).
        self.proves = solver is None and not programme.integer.any()
        self.problem = pulp.LpProblem("flux", pulp.LpMinimize)
        # Numbered names: PuLP sorts variables by name, and alters accents and spaces.
        self.variables = [
            self.problem.add_variable(f"x{j:08d}", _finite(low), _finite(up),
                                      pulp.LpInteger if whole else pulp.LpContinuous)
            for j, (low, up, whole) in enumerate(zip(programme.lower, programme.upper, programme.integer,
                                                     strict=True))]
        self.rows: dict[tuple[int, int], pulp.LpConstraint] = {}
        starts, columns, coefficients = programme.by_row()
        cells = list(zip([self.variables[j] for j in columns.tolist()], coefficients.tolist(), strict=True))
        for i, (lo, hi) in enumerate(zip(programme.lo.tolist(), programme.hi.tolist(), strict=True)):
            inside = cells[starts[i]:starts[i + 1]]  # pairs: the one fast way to make an expression
            for sense, side in _sides(lo, hi):
                name = f"r{i:08d}{SIDES[sense]}"
                row = pulp.LpConstraint(pulp.LpAffineExpression(inside), sense, name, side)
                self.rows[i, sense] = row
                self.problem.addConstraint(row)

    def minimise(self, costs: Floats, stage: str, limite: Limite | None, *, proche: bool = False) -> Optimum:
        """The optimum of a cost, from scratch; a search of whole numbers is never cut short."""
        pairs = zip(self.variables, costs.tolist(), strict=True)
        self.problem.setObjective(pulp.LpAffineExpression(list(pairs)))
        self.problem.solve(self.solver)
        # PuLP calls "optimal" a solve stopped by a limit: only the status of the solution tells.
        if self.problem.status != pulp.LpStatusOptimal or self.problem.sol_status != pulp.LpSolutionOptimal:
            raise failure(STATUSES.get(self.problem.status, ECHEC), stage)
        values = np.array([v.varValue or 0.0 for v in self.variables], float)
        reduced, duals = np.zeros(len(values)), np.zeros(self.nb_rows)
        if self.proves:
            reduced = np.array([v.dj for v in self.variables], float)
            for (i, _), row in self.rows.items():
                duals[i] += row.pi or 0.0
        return Optimum(values, reduced, duals, float(costs @ values))

    def bounds(self, lower: Floats, upper: Floats, lo: Floats, hi: Floats) -> None:
        """Bounds of every column and of every row from now on."""
        for variable, low, up in zip(self.variables, lower.tolist(), upper.tolist(), strict=True):
            variable.lowBound, variable.upBound = _finite(low), _finite(up)
        for (i, sense), row in self.rows.items():
            row.sense = pulp.LpConstraintEQ if lo[i] == hi[i] else sense
            row.changeRHS(float(hi[i] if sense == pulp.LpConstraintLE else lo[i]))

    def cap(self, costs: Floats, limit: float, stage: str) -> None:
        """Keep a cost at or under `limit` from now on."""
        pairs = [(self.variables[j], float(costs[j])) for j in np.flatnonzero(costs)]
        held = pulp.LpConstraint(pulp.LpAffineExpression(pairs), pulp.LpConstraintLE, f"tenue {stage}", limit)
        self.problem.addConstraint(held)


def _sides(lo: float, hi: float) -> list[tuple[int, float]]:
    """PuLP's rows have one side: a range makes two."""
    if lo == hi:
        return [(pulp.LpConstraintEQ, lo)]
    sides = [(pulp.LpConstraintGE, lo), (pulp.LpConstraintLE, hi)]
    return [(sense, side) for sense, side in sides if np.isfinite(side)]


def _finite(bound: float) -> float | None:
    return float(bound) if np.isfinite(bound) else None
