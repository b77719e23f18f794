"""Minimal sets of obligations that cannot hold together, found by questions to a linear programme.

An obligation is in a set or it is not; what is never in question is that each segment gives out its flow,
and that no réservataire passes its quota. The one question asked, "how much do these obligations alone miss
at least?", has duals that name those that weigh: they shrink a set at once to what matters in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from flux.allocation.contradictions import PERCEPTIBLE
from flux.allocation.modele import Modele
from flux.allocation.obligations import NIVEAUX
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, Programme, generic_costs, solve
from flux.noyau.solveur.sonde import Sonde

WEIGHS = 1e-7  # a smaller dual weighs nothing
TIE = 1e-4  # between two equal choices of what to leave out
RANG = {niveau: rank for rank, level in enumerate(NIVEAUX) for niveau in level}
Places = frozenset[int]


class Nature(StrEnum):
    """What cannot hold: shares of dwellings, or only whole dwellings."""

    PARTS = "parts"
    ENTIERS = "entiers"


@dataclass(frozen=True, slots=True)
class Conflit:
    """Obligations that cannot hold together.

    Attributes
    ----------
    places : indices of `modele.obligations`, the most important first.
    nature : of shares, or of whole dwellings only.
    manque : dwellings that these alone miss at least; NaN where it was not measured.
    minimal : True where any one left out lets the others hold; None where it was not proven.
    liste_complete : True where no other set exists of this nature; None where it was not looked for.
    """

    places: tuple[int, ...]
    nature: Nature
    manque: float
    minimal: bool | None
    liste_complete: bool | None


class Search:
    """The sets found, and what is left of the questions that may be asked.

    Parameters
    ----------
    programme : the rows of `modele`, as strict as they must be for what is looked for.
    questions : linear programmes that may be solved.
    """

    def __init__(self, modele: Modele, programme: Programme, questions: int) -> None:
        self.modele, self.programme, self.questions = modele, programme, questions
        self.sonde = Sonde(programme)
        self.sets: dict[Places, bool] = {}  # and whether each is proven minimal
        rows = modele.obligations
        self.importance = sorted(range(len(rows)), key=lambda i: (RANG[rows[i].niveau], i))

    def enumerate(self, seeds: Sequence[Places]) -> bool:
        """Find every minimal set, first inside each of `seeds`; False where the questions ended before."""
        for seed in seeds:
            if self._may_ask() and not any(places <= seed for places in self.sets):
                self._look(seed)
        everything = frozenset(self.importance)
        held: list[Places] = []
        while self._may_ask():
            out = _left_out(list(self.sets), held)
            if out is None:
                return True
            if not self._look(everything - out):
                held.append(out)
        return False

    def _look(self, seed: Places) -> bool:
        """Keep a minimal set of these obligations; False where they hold together."""
        value, core = self.missing(seed)
        if value <= PERCEPTIBLE:
            return False
        places, minimal = self.shrunk(core)
        self.sets[places] = minimal
        return True

    def ordered(self, places: Places) -> tuple[int, ...]:
        """The most important first."""
        return tuple(i for i in self.importance if i in places)

    def _may_ask(self) -> bool:
        return self.sonde.nb_solves < self.questions

    def shrunk(self, places: Places) -> tuple[Places, bool]:
        """Leave out whatever can be, the least important first; False where the questions ended before."""
        for i in reversed(self.importance):
            if i not in places:
                continue
            if not self._may_ask():
                return places, False
            value, core = self.missing(places - {i})
            if value > PERCEPTIBLE:
                places = core
        return places, True

    def missing(self, places: Places) -> tuple[float, Places]:
        """Dwellings that these obligations alone miss at least, and those of them that weigh on it."""
        value, core = self._asked(places)
        if value > PERCEPTIBLE and core != places and self._asked(core)[0] <= PERCEPTIBLE:
            core = places  # a dual too small to be told from zero mattered
        return value, core

    def _asked(self, places: Places) -> tuple[float, Places]:
        modele, programme, rows = self.modele, self.programme, self.modele.lignes
        inside = np.isin(np.arange(len(rows)), list(places))
        self.sonde.rows(rows, np.where(inside, programme.lo[rows], -np.inf), programme.hi[rows])
        costs = np.zeros(len(programme.keys))
        costs[modele.manques] = inside
        found = self.sonde.minimise(costs, "conflits")
        return found.borne, frozenset(np.flatnonzero(inside & (np.abs(found.duals[rows]) > WEIGHS)).tolist())


def _left_out(sets: Sequence[Places], held: Sequence[Places]) -> Places | None:
    """The fewest obligations to leave out that break every set known; None where nothing new is left to try.

    Parameters
    ----------
    held : what was left out already, and let the others hold: what holds it teaches nothing.
    """
    if not sets:
        return None if held else frozenset()
    places = sorted({i for group in sets for i in group})
    builder = Builder()
    names = [f"{i:06d}" for i in places]
    out = builder.columns(names, upper=1.0, integer=True)
    for kind, groups in (("rompu", sets), ("tenu", held)):
        for rank, group in enumerate(groups):
            lo, hi = (1.0, np.inf) if kind == "rompu" else (-np.inf, len(group) - 1.0)
            row = builder.rows([f"{kind}|{rank:06d}"], lo, hi)
            builder.entries(row, out[np.isin(places, list(group))])
    try:
        costs = builder.costs((out, 1.0 + TIE * generic_costs(names)))
        values = solve(builder.build(), [Etape("à écarter", costs)]).valeurs
    except SolverError as error:
        if error.code != "solveur.infaisable":
            raise
        return None
    return frozenset(i for i, value in zip(places, values, strict=True) if value > 0.5)
