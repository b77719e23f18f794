"""Linear programmes as sparse rows, solved stage after stage, proven optimal or `SolverError`.

The one module that knows PuLP and HiGHS. Columns and rows are sorted by their canonical names before
they reach the solver, so that the order in which they were written changes nothing.

A stage, once solved, is held on its optimal face by complementary slackness: a column whose reduced
cost is not zero stays at its bound, a row whose dual is not zero stays active. Nothing dense is added,
no slack is left for the next stage to nibble, and every level is checked again on the final values.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b

import highspy
import numpy as np
import pulp
from numpy.typing import ArrayLike, NDArray

from flux.noyau.errors import SolverError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DUAL_TOLERANCE = 1e-7  # the dual feasibility tolerance of HiGHS: a smaller dual is a zero
SIMPLEX_UP_TO = 10_000  # columns; above, the interior point with crossover is two to three times faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """lo <= A x <= hi, lower <= x <= upper; A as coordinates (repeated entries add up).

    Attributes
    ----------
    keys : canonical name of each column, unique. Shape (n,).
    lower, upper : bounds of the columns, infinite where there is none. Shape (n,).
    integer : columns that must be whole. Shape (n,).
    names : canonical name of each row, unique. Shape (m,).
    lo, hi : bounds of the rows, infinite where there is none. Shape (m,).
    row, column, coefficient : the entries of A. Shape (k,).
    """

    keys: tuple[str, ...]
    lower: Floats
    upper: Floats
    names: tuple[str, ...]
    lo: Floats
    hi: Floats
    row: Ints
    column: Ints
    coefficient: Floats
    integer: NDArray[np.bool_]

    @property
    def taille(self) -> dict[str, int]:
        """Variables, rows and entries."""
        return {"variables": len(self.keys), "lignes": len(self.names), "coefficients": len(self.row)}


class Builder:
    """Gathers columns, rows and entries block by block, then gives the `Programme`."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._names: list[str] = []
        self._bounds: list[tuple[Floats, Floats]] = []
        self._limits: list[tuple[Floats, Floats]] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._integer: list[NDArray[np.bool_]] = []

    def columns(self, keys: Sequence[str], lower: ArrayLike = 0.0, upper: ArrayLike = np.inf, *,
                integer: bool = False) -> Ints:
        """Add columns; returns their indices."""
        start = len(self._keys)
        self._keys += keys
        self._integer.append(np.full(len(keys), integer))
        self._bounds.append((_spread(lower, len(keys)), _spread(upper, len(keys))))
        return np.arange(start, len(self._keys))

    def rows(self, names: Sequence[str], lo: ArrayLike = -np.inf, hi: ArrayLike = np.inf) -> Ints:
        """Add rows, without entries; returns their indices."""
        start = len(self._names)
        self._names += names
        self._limits.append((_spread(lo, len(names)), _spread(hi, len(names))))
        return np.arange(start, len(self._names))

    def entries(self, row: ArrayLike, column: ArrayLike, coefficient: ArrayLike = 1.0) -> None:
        """Add entries: arrays of one length, or scalars that stand for it."""
        i, j, a = np.broadcast_arrays(np.asarray(row, np.int64), np.asarray(column, np.int64),
                                      np.asarray(coefficient, float))
        self._entries.append((i.ravel(), j.ravel(), a.ravel()))

    def costs(self, *blocks: tuple[ArrayLike, ArrayLike]) -> Floats:
        """Cost of every column: zero but on the given (columns, costs)."""
        out = np.zeros(len(self._keys))
        for columns, values in blocks:
            out[np.asarray(columns, np.int64)] = values
        return out

    def build(self) -> Programme:
        """The programme, to be solved."""
        lower, upper = (np.concatenate([np.zeros(0), *(b[i] for b in self._bounds)]) for i in (0, 1))
        lo, hi = (np.concatenate([np.zeros(0), *(b[i] for b in self._limits)]) for i in (0, 1))
        row, column = (np.concatenate([np.zeros(0, np.int64), *(e[i] for e in self._entries)])
                       for i in (0, 1))
        coefficient = np.concatenate([np.zeros(0), *(e[2] for e in self._entries)])
        return Programme(keys=tuple(self._keys), lower=lower, upper=upper, names=tuple(self._names),
                         lo=lo, hi=hi, row=row, column=column, coefficient=coefficient,
                         integer=np.concatenate([np.zeros(0, bool), *self._integer]))


@dataclass(frozen=True, slots=True)
class Etape:
    """One stage: a cost a column, minimised, then held within `tolerance` of its size."""

    nom: str
    couts: Floats
    tolerance: float = 1e-7


@dataclass(frozen=True, slots=True)
class Solution:
    """Values of the columns, in the order of `programme.keys`, and the level reached by each stage."""

    valeurs: Floats
    niveaux: tuple[float, ...]


def solve(programme: Programme, etapes: Sequence[Etape], *, ensemble: int = 0) -> Solution:
    """Minimise each stage in turn without losing anything on those before (lexicographic optimum).

    Parameters
    ----------
    programme : columns and rows, in any order.
    etapes : the stages, the most important first; costs in the order of `programme.keys`.
    ensemble : number of first stages to try together, a saving where most can be at their floor: where
        the least of their sum puts all but the last at their floor, all are proven. Those that it
        leaves above are solved one by one, as without it.

    Raises
    ------
    SolverError
        "solveur.infaisable", "solveur.non_borne", or "solveur.echec" for any other status that is
        not a proven optimum, and for a stage that the next ones would have degraded.
    """
    order = np.array(sorted(range(len(programme.keys)), key=programme.keys.__getitem__), dtype=np.int64)
    lower, upper = programme.lower[order].copy(), programme.upper[order].copy()
    model = _Model(programme, order)
    values: Floats | None = None
    proof: tuple[Floats, Floats] | None = None
    levels: list[float] = []

    def at_floor(etape: Etape, reached: Floats) -> bool:
        floor = _floor(etape.couts[order], lower, upper)
        return bool(etape.couts[order] @ reached <= floor + etape.tolerance * max(1.0, abs(floor)))

    together = [e for e in etapes[:ensemble] if e.couts.any()]
    if len(together) > 1:
        total = np.sum([e.couts for e in together], axis=0)[order]
        values, reduced, duals = model.minimise(total, " + ".join(e.nom for e in together))
        if all(at_floor(e, values) for e in together[:-1]) and not model.integer:
            proof = reduced, duals  # of the last one: the others had nothing to give it
    for etape in etapes:
        costs = etape.couts[order]
        if not costs.any():
            levels.append(0.0)
            continue
        if values is not None and at_floor(etape, values):
            reduced, duals = costs, np.zeros(len(model.rows))  # the costs themselves prove it
        elif values is not None and proof is not None and etape is together[-1]:
            reduced, duals = proof
        else:
            values, reduced, duals = model.minimise(costs, etape.nom)
        levels.append(float(costs @ values))
        if etape is not etapes[-1]:
            model.hold(costs, levels[-1], etape, reduced, duals, lower, upper)
    if values is None:
        values, _, _ = model.minimise(np.zeros(len(order)), "faisabilite")
    for etape, level in zip(etapes, levels, strict=True):
        if etape.couts[order] @ values > level + 10 * etape.tolerance * max(1.0, abs(level)):
            raise SolverError(f"Le niveau de l'étape « {etape.nom} » n'a pas été tenu par les suivantes.",
                              code="solveur.echec")
    out = np.empty(len(order))
    out[order] = np.clip(values, programme.lower[order], programme.upper[order])
    return Solution(out, tuple(levels))


def generic_costs(keys: Sequence[str]) -> Floats:
    """A cost in [0, 1) hashed from each name: generic, so that minimising it leaves one optimum only."""
    digests = (blake2b(key.encode(), digest_size=6).digest() for key in keys)
    return np.array([int.from_bytes(digest) / 2**48 for digest in digests], float)


class _Model:
    """The PuLP problem, built once; between stages only objective, bounds and senses change."""

    def __init__(self, programme: Programme, order: Ints) -> None:
        _check_names(programme)
        _quiet_solver()
        self.problem = pulp.LpProblem("flux", pulp.LpMinimize)
        self.integer = bool(programme.integer.any())
        categories = [pulp.LpInteger if whole else pulp.LpContinuous for whole in programme.integer[order]]
        # Numbered names: PuLP sorts variables by name, and alters accents and spaces.
        self.variables = [
            self.problem.add_variable(f"x{i:08d}", _finite(low), _finite(up), cat)
            for i, (low, up, cat) in enumerate(zip(programme.lower[order], programme.upper[order],
                                                   categories, strict=True))
        ]
        self.problem.setObjective(pulp.LpAffineExpression([(v, 0.0) for v in self.variables]))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        self.rows = []
        for name, sense, rhs, pairs in _rows(programme, place):
            expression = pulp.LpAffineExpression([(self.variables[j], a) for j, a in pairs])
            self.rows.append(pulp.LpConstraint(expression, sense, name, rhs))
            self.problem.addConstraint(self.rows[-1])

    def minimise(self, costs: Floats, stage: str) -> tuple[Floats, Floats, Floats]:
        """Values, reduced costs and duals of the rows at a proven optimum."""
        pairs = zip(self.variables, costs.tolist(), strict=True)
        self.problem.setObjective(pulp.LpAffineExpression(list(pairs)))
        method = "choose" if self.integer else "simplex" if len(costs) <= SIMPLEX_UP_TO else "ipm"
        self.problem.solve(pulp.HiGHS(msg=False, threads=1, solver=method, gapRel=0.0, gapAbs=1e-7))
        # PuLP calls "optimal" a solve stopped by a limit: only the status of the solution tells.
        if self.problem.status != pulp.LpStatusOptimal or self.problem.sol_status != pulp.LpSolutionOptimal:
            raise _failure(self.problem.status, stage)
        values = np.array([v.varValue for v in self.variables], float)
        reduced = np.array([v.dj for v in self.variables], float)
        return values, reduced, np.array([row.pi for row in self.rows], float)

    def hold(self, costs: Floats, level: float, stage: Etape, reduced: Floats, duals: Floats,
             lower: Floats, upper: Floats) -> None:
        """Keep the next stages on the optimal face of this one; tightens `lower` and `upper`."""
        if self.integer:  # duals prove nothing about whole numbers
            kept = np.flatnonzero(costs)
            expression = pulp.LpAffineExpression([(self.variables[j], costs[j]) for j in kept])
            limit = level + stage.tolerance * max(1.0, abs(level))
            self.problem.addConstraint(pulp.LpConstraint(expression, pulp.LpConstraintLE,
                                                         f"tenue {stage.nom}", limit))
            return
        for j in np.flatnonzero(np.abs(reduced) > DUAL_TOLERANCE):
            lower[j] = upper[j] = lower[j] if reduced[j] > 0 else upper[j]
            self.variables[j].lowBound = self.variables[j].upBound = float(lower[j])
        for i in np.flatnonzero(np.abs(duals) > DUAL_TOLERANCE):
            self.rows[i].sense = pulp.LpConstraintEQ


def _rows(programme: Programme, place: Ints) -> Iterator[tuple[str, int, float, list[tuple[int, float]]]]:
    """Rows in the order of their names, as PuLP wants them: a side each, columns by their new place."""
    rank = np.empty(len(programme.names), np.int64)
    rank[sorted(range(len(programme.names)), key=programme.names.__getitem__)] = np.arange(len(rank))
    position, column = rank[programme.row], place[programme.column]
    by_row = np.lexsort((column, position))
    ends = np.searchsorted(position[by_row], np.arange(len(rank) + 1))
    column, coefficient = column[by_row].tolist(), programme.coefficient[by_row].tolist()
    for i in np.argsort(rank):
        start, end = ends[rank[i]], ends[rank[i] + 1]
        pairs: dict[int, float] = {}
        for j, a in zip(column[start:end], coefficient[start:end], strict=True):
            pairs[j] = pairs.get(j, 0.0) + a
        lo, hi, name = float(programme.lo[i]), float(programme.hi[i]), f"r{rank[i]:08d}"
        if lo == hi:
            yield name, pulp.LpConstraintEQ, lo, list(pairs.items())
            continue
        if np.isfinite(lo):
            yield f"{name}g", pulp.LpConstraintGE, lo, list(pairs.items())
        if np.isfinite(hi):
            yield f"{name}l", pulp.LpConstraintLE, hi, list(pairs.items())


def _floor(costs: Floats, lower: Floats, upper: Floats) -> float:
    """The least that the bounds alone allow; `nan` where they set no limit: nothing is below it."""
    used = np.flatnonzero(costs)
    floor = float(costs[used] @ np.where(costs > 0, lower, upper)[used])
    return floor if np.isfinite(floor) else np.nan


def _check_names(programme: Programme) -> None:
    for what, names in (("column", programme.keys), ("row", programme.names)):
        if len(set(names)) != len(names):
            raise ValueError(f"two {what}s of the programme have the same name")


def _failure(status: int, stage: str) -> SolverError:
    if status == pulp.LpStatusInfeasible:
        return SolverError(f"Étape « {stage} » : aucune répartition ne respecte toutes les contraintes.",
                           code="solveur.infaisable")
    if status == pulp.LpStatusUnbounded:
        return SolverError(f"Étape « {stage} » : le coût peut baisser sans fin, une borne manque.",
                           code="solveur.non_borne")
    return SolverError(f"Étape « {stage} » : le solveur n'a pas prouvé d'optimum.", code="solveur.echec")


def _spread(values: ArrayLike, size: int) -> Floats:
    return np.broadcast_to(np.asarray(values, float), (size,)).astype(float)


def _finite(bound: float) -> float | None:
    return float(bound) if np.isfinite(bound) else None


@functools.cache
def _quiet_solver() -> None:
    """HiGHS prints its banner on file descriptor 1 at its first run, whatever its options: let it, unheard.

    Its pool of threads, shared by the whole process, is emptied first: after a solve with another
    number of threads the next one would give zeros without a word.
    """
    highspy.Highs.resetGlobalScheduler(True)
    first = pulp.LpProblem("first", pulp.LpMinimize)
    first.setObjective(pulp.LpAffineExpression([(first.add_variable("x", 0, 1), 1.0)]))
    with _unheard():
        first.solve(pulp.HiGHS(msg=False, threads=1))


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
