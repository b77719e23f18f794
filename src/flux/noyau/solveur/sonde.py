"""The same programme asked again and again, while a few bounds and the costs move."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux.noyau.solveur.direct import Direct, run
from flux.noyau.solveur.moteur import ECHEC, INFAISABLE, Optimum, failure
from flux.noyau.solveur.programme import Floats, Ints, Programme

PRIMAL = 4

class Sonde:
    """A linear programme kept in HiGHS; each question starts from the last basis, or from a marked one.

    Everything given and returned is in the order of `programme`, whatever the order in which it is solved.
    """

    def __init__(self, programme: Programme) -> None:
        arranged, self._columns = programme.sorted()
        place = {name: k for k, name in enumerate(arranged.names)}
        self._rows = np.array([place[name] for name in programme.names], np.int64)
        self._places = np.argsort(self._columns)
        self._programme = programme
        self._direct = Direct(arranged)
        self._highs: Any = self._direct.highs
        # Primal simplex: near a known optimum it needs a third of the time that the dual one takes.
        self._highs.setOptionValue("solver", "simplex")
        self._highs.setOptionValue("simplex_strategy", PRIMAL)
        self._mark: Any = None
        self.nb_solves = 0

    def minimise(self, costs: Floats, stage: str) -> Optimum:
        """The proven optimum of a cost under the bounds of now.

        Raises
        ------
        SolverError
            "solveur.infaisable", or "solveur.echec" for any other status that is not a proven optimum.
        """
        highs, n = self._highs, len(costs)
        highs.changeColsCost(n, np.arange(n, dtype=np.int32), costs[self._columns])
        run(highs)
        self.nb_solves += 1
        kinds = type(highs.getModelStatus())
        status = highs.getModelStatus()
        if status != kinds.kOptimal:
            raise failure(INFAISABLE if status == kinds.kInfeasible else ECHEC, stage)
        solution = highs.getSolution()
        values, reduced = np.empty(n), np.empty(n)
        values[self._columns] = solution.col_value
        reduced[self._columns] = solution.col_dual
        duals = np.array(solution.row_dual, float)[self._rows]
        return Optimum(values, reduced, duals, float(costs @ values))

    def mark(self) -> None:
        """Remember the basis of the last optimum."""
        self._mark = self._highs.getBasis()

    def back(self) -> None:
        """Start the next question from the basis marked."""
        self._highs.setBasis(self._mark)

    def rows(self, rows: Ints, lo: Floats, hi: Floats) -> None:
        """Bounds of some rows from now on. Shapes (k,)."""
        self._highs.changeRowsBounds(len(rows), self._rows[rows].astype(np.int32), lo, hi)

    def columns(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Bounds of some columns from now on. Shapes (k,)."""
        self._highs.changeColsBounds(len(columns), self._places[columns].astype(np.int32), lower, upper)

    def restore(self, rows: Ints, columns: Ints) -> None:
        """The bounds that these rows and columns had in the programme."""
        programme = self._programme
        self.rows(rows, programme.lo[rows], programme.hi[rows])
        self.columns(columns, programme.lower[columns], programme.upper[columns])

    def cap(self, costs: Floats, limit: float, stage: str) -> None:
        """Keep a cost at or under `limit` from now on."""
        self._direct.cap(costs[self._columns], limit, stage)
