"""Stages solved one after the other, each held on its optimal face for those that follow.

A stage, once solved, is held by complementary slackness: a column whose reduced cost is not zero stays
at its bound, a row whose dual is not zero stays active. Nothing dense is added, no slack is left for the
next stage to nibble, and every level is checked again on the final values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux.noyau.errors import SolverError
from flux.noyau.solveur.direct import Direct
from flux.noyau.solveur.moteur import Limite, Moteur
from flux.noyau.solveur.portable import Portable
from flux.noyau.solveur.programme import Floats, Programme
from flux.noyau.solveur.reduction import reduce

DUAL_TOLERANCE = 1e-7  # the dual feasibility tolerance of HiGHS: a smaller dual is a zero
Avancement = Callable[[str, int, int], None]


class Voie(StrEnum):
    """The way to the solver: arrays to HiGHS, or PuLP (readable, any solver that it knows)."""

    DIRECTE = "directe"
    PULP = "pulp"


@dataclass(frozen=True, slots=True)
class Etape:
    """One stage: a cost a column, minimised, then held within `tolerance` of its size.

    `proche`: its optimum is expected near the values of the stage before.
    """

    nom: str
    couts: Floats
    tolerance: float = 1e-7
    proche: bool = False


@dataclass(frozen=True, slots=True)
class Solution:
    """Values of the columns, in the order of `programme.keys`.

    niveaux, bornes : level reached by each stage, and its proven floor; they differ only where a search of
    whole numbers was stopped by its limit.
    """

    valeurs: Floats
    niveaux: tuple[float, ...]
    bornes: tuple[float, ...]


def solve(programme: Programme, etapes: Sequence[Etape], *, ensemble: int = 0, voie: str = Voie.DIRECTE,
          solveur: Any = None, limite: Limite | None = None,
          avancement: Avancement | None = None) -> Solution:
    """Minimise each stage in turn without losing anything on those before (lexicographic optimum).

    Parameters
    ----------
    programme : columns and rows, in any order.
    etapes : the stages, the most important first; costs in the order of `programme.keys`.
    ensemble : number of first stages to try together, a saving where most can be at their floor: where
        the least of their sum puts all but the last at their floor, all are proven. Those that it
        leaves above are solved one by one, as without it.
    voie : "directe" (HiGHS, arrays) or "pulp"; the optimum is the same.
    solveur : a solver of PuLP's, for the way "pulp"; HiGHS by default.
    limite : where a search of whole numbers may stop; without it, every level is proven.
    avancement : called with the name of each stage, its rank and their number.

    Raises
    ------
    SolverError
        "solveur.infaisable", "solveur.non_borne", or "solveur.echec" for any other status that is
        not a proven optimum, and for a stage that the next ones would have degraded.
    """
    reduction = reduce(programme, [e.couts for e in etapes])
    arranged, order = reduction.programme.sorted()
    moteur: Moteur = Direct(arranged) if Voie(voie) is Voie.DIRECTE else Portable(arranged, solveur)
    chain = _Chain(arranged, moteur, limite)
    stages = [Etape(e.nom, reduction.costs(e.couts)[order], e.tolerance, e.proche) for e in etapes]
    together = [e for e in stages[:ensemble] if e.couts.any()]
    if len(together) > 1:
        chain.try_together(together)
    for rank, etape in enumerate(stages):
        if avancement is not None:
            avancement(etape.nom, rank, len(stages))
        chain.advance(etape, last=rank == len(stages) - 1)
    out = np.empty(len(order))
    out[order] = chain.final(stages)
    return Solution(reduction.values(out), tuple(chain.levels), tuple(chain.bounds))


class _Chain:
    """The stages already solved: the best values known, and what is held."""

    def __init__(self, programme: Programme, moteur: Moteur, limite: Limite | None) -> None:
        self.programme, self.moteur, self.limite = programme, moteur, limite
        self.lower, self.upper = programme.lower, programme.upper
        self.lo, self.hi = programme.lo, programme.hi
        self.values: Floats | None = None
        self.proofs: dict[str, tuple[Floats, Floats]] = {}
        self.levels: list[float] = []
        self.bounds: list[float] = []

    def try_together(self, etapes: Sequence[Etape]) -> None:
        """The least of the sum: where it puts all but the last at their floor, it proves the last too."""
        total = np.sum([e.couts for e in etapes], axis=0)
        found = self.moteur.minimise(total, " + ".join(e.nom for e in etapes), self.limite)
        self.values = found.valeurs
        if self.moteur.proves and all(self._at_floor(e) for e in etapes[:-1]):
            self.proofs[etapes[-1].nom] = found.reduits, found.duals

    def advance(self, etape: Etape, *, last: bool) -> None:
        """Solve one stage, unless what is known proves it, then hold it."""
        costs = etape.couts
        if not costs.any():
            self._reached(0.0, 0.0)
            return
        reduced, duals = costs, np.zeros(len(self.programme.names))  # at its floor, the costs prove it
        bound = None
        if self.values is not None and etape.nom in self.proofs:
            reduced, duals = self.proofs[etape.nom]
        elif self.values is None or not self._at_floor(etape):
            found = self.moteur.minimise(costs, etape.nom, self.limite, proche=etape.proche)
            self.values, reduced, duals, bound = found.valeurs, found.reduits, found.duals, found.borne
        level = float(costs @ self.values)
        self._reached(level, level if bound is None else min(level, bound))
        if last:
            return
        if not self.moteur.proves:
            self.moteur.cap(costs, level + etape.tolerance * max(1.0, abs(level)), etape.nom)
            return
        self._hold(self.values, np.abs(reduced) > DUAL_TOLERANCE, np.abs(duals) > DUAL_TOLERANCE)

    def _hold(self, values: Floats, columns: NDArray[np.bool_], rows: NDArray[np.bool_]) -> None:
        """Keep the face: columns and rows where they are, the others where they may be, `values` included.

        A vertex passes a bound by up to the tolerance of the solver: held at the bound instead of where it
        is, it could leave the next stage no plan at all.
        """
        programme = self.programme
        activity = np.bincount(programme.row, programme.coefficient * values[programme.column],
                               minlength=len(programme.names))
        rows = rows | (self.lo == self.hi)
        self.lower = np.where(columns, values, np.minimum(self.lower, values))
        self.upper = np.where(columns, values, np.maximum(self.upper, values))
        self.lo = np.where(rows, activity, np.minimum(self.lo, activity))
        self.hi = np.where(rows, activity, np.maximum(self.hi, activity))
        self.moteur.bounds(self.lower, self.upper, self.lo, self.hi)

    def final(self, etapes: Sequence[Etape]) -> Floats:
        """The values, once every level is checked on them."""
        if self.values is None:
            self.values = self.moteur.minimise(np.zeros(len(self.lower)), "faisabilité", self.limite).valeurs
        for etape, level in zip(etapes, self.levels, strict=True):
            if etape.couts @ self.values > level + 10 * etape.tolerance * max(1.0, abs(level)):
                raise SolverError(f"Le niveau de l'étape « {etape.nom} » n'a pas été tenu par les suivantes.",
                                  code="solveur.echec")
        return np.asarray(np.clip(self.values, self.programme.lower, self.programme.upper), np.float64)

    def _reached(self, level: float, bound: float) -> None:
        self.levels.append(level)
        self.bounds.append(bound)

    def _at_floor(self, etape: Etape) -> bool:
        """True where no values within the bounds could do better."""
        floor = _floor(etape.couts, self.lower, self.upper)
        reached = float(etape.couts @ self.values) if self.values is not None else np.inf
        return reached <= floor + etape.tolerance * max(1.0, abs(floor))


def _floor(costs: Floats, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> float:
    """The least that the bounds alone allow; `nan` where they set no limit: nothing is below it."""
    used = np.flatnonzero(costs)
    floor = float(costs[used] @ np.where(costs > 0, lower, upper)[used])
    return floor if np.isfinite(floor) else np.nan
