"""Why the obligations cannot all hold: minimal sets that cannot, each proven, all of them if time allows.

An obligation is in a set or it is not, with its whole row; what is never in question is that each segment
gives out its flow. The one question asked, "how much do these obligations alone miss at least?", is a linear
programme whose duals name those that weigh: they shrink a set at once to what matters in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from flux.allocation.contradictions import PERCEPTIBLE, ROUNDING, contradictions, required
from flux.allocation.modele import Modele
from flux.allocation.obligations import NIVEAUX, Repartition, Sens
from flux.allocation.seuils import whole_form
from flux.noyau.arrondi import snap
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, Programme, generic_costs, solve
from flux.noyau.solveur.etapes import Avancement
from flux.noyau.solveur.sonde import Sonde

QUESTIONS = 400  # what the search may ask, of shares, then of whole dwellings: the same wherever it runs
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


def conflicts(modele: Modele, exact: Repartition, whole: Repartition, *, questions: int = QUESTIONS,
              avancement: Avancement | None = None) -> tuple[Conflit, ...]:
    """Minimal sets of obligations that cannot hold together, smallest first.

    Where the exact plan holds everything, nothing is asked: it is the proof. Otherwise sets are found by
    deletion, and all are enumerated as MARCO does: leave out as little as hits every set known; what still
    cannot hold gives a new set, what holds need not be looked at again. A gap of less than one dwelling on
    a row that allows it is a matter of rounding, never a conflict. What only whole dwellings forbid is
    looked for in the linear programme that whole numbers have tightened: a set found there cannot hold, but
    a smaller one may not either (`minimal` is None beyond one obligation).

    Parameters
    ----------
    exact, whole : the plans.
    questions : linear programmes that may be solved; `liste_complete` is False where they were not enough.
    """
    rows = modele.obligations
    short = [i for i, o in enumerate(rows) if o.manque(exact) > PERCEPTIBLE + ROUNDING * o.arrondi]
    found: list[Conflit] = []
    if short:
        if avancement is not None:
            avancement("conflits", 0, 2)
        search = _Search(modele, _strict(modele), questions)
        complete = search.enumerate(contradictions(modele.cadre, rows))
        found = [search.conflict(places, Nature.PARTS, complete) for places in search.sets]
        found += [Conflit((i,), Nature.PARTS, rows[i].manque(exact), None, complete)
                  for i in short if not complete and not any(i in c.places for c in found)]
    left = [i for i, o in enumerate(rows) if i not in short and o.manque_entier(whole)]
    if left:
        if avancement is not None:
            avancement("conflits de logements entiers", 1, 2)
        shares = {frozenset(c.places) for c in found}
        search = _Search(modele, _whole(modele), questions)
        search.enumerate(list(shares))
        found += (entiers := [search.conflict(places, Nature.ENTIERS, None) for places in search.sets
                              if places not in shares])
        found += [Conflit((i,), Nature.ENTIERS, rows[i].manque_entier(whole), None, None)
                  for i in left if not any(i in c.places for c in entiers)]
    return tuple(sorted(found, key=lambda c: (c.nature is Nature.ENTIERS, len(c.places), c.places)))


class _Search:
    """The sets found, and what is left of the questions that may be asked."""

    def __init__(self, modele: Modele, programme: Programme, questions: int) -> None:
        self.modele, self.programme, self.questions = modele, programme, questions
        self.sonde = Sonde(programme)
        self.sets: dict[Places, bool] = {}  # and whether each is proven minimal
        rows = modele.obligations
        self.importance = sorted(range(len(rows)), key=lambda i: (RANG[rows[i].niveau], i))

    def enumerate(self, seeds: Sequence[Places]) -> bool:
        """Find every minimal set, `seeds` shrunk first; False where the questions ended before."""
        self.sets = dict(self._shrunk(places) for places in seeds)
        everything = frozenset(self.importance)
        held: list[Places] = []
        while self._may_ask():
            out = _left_out(list(self.sets), held)
            if out is None:
                return True
            value, core = self._missing(everything - out)
            if value > PERCEPTIBLE:
                places, minimal = self._shrunk(core)
                self.sets[places] = minimal
            else:
                held.append(out)
        return False

    def conflict(self, places: Places, nature: Nature, complete: bool | None) -> Conflit:
        """One set as it is said."""
        missing, _ = self._missing(places)
        proven = self.sets[places] and (nature is Nature.PARTS or len(places) == 1)
        return Conflit(tuple(i for i in self.importance if i in places), nature, missing,
                       True if proven else None, complete)

    def _may_ask(self) -> bool:
        return self.sonde.nb_solves < self.questions

    def _shrunk(self, places: Places) -> tuple[Places, bool]:
        """Leave out whatever can be, the least important first; False where the questions ended before."""
        for i in reversed(self.importance):
            if i not in places:
                continue
            if not self._may_ask():
                return places, False
            value, core = self._missing(places - {i})
            if value > PERCEPTIBLE:
                places = core
        return places, True

    def _missing(self, places: Places) -> tuple[float, Places]:
        """Dwellings that these obligations alone miss at least, and those of them that weigh on it."""
        value, core = self._asked(places)
        if value > PERCEPTIBLE and core != places and self._asked(core)[0] <= PERCEPTIBLE:
            core = places  # a dual too small to be told from zero mattered
        return value, core

    def _asked(self, places: Places) -> tuple[float, Places]:
        modele, programme, rows = self.modele, self.programme, self.modele.lignes
        inside = np.isin(np.arange(len(rows)), list(places))
        self.sonde.rows(rows, np.where(inside, programme.lo[rows], -np.inf),
                        np.where(inside, programme.hi[rows], np.inf))
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


def _strict(modele: Modele) -> Programme:
    """The programme of the plan, where what is a matter of rounding is not missed."""
    programme = modele.programme
    lo = programme.lo.copy()
    lo[modele.lignes] = [required(o) for o in modele.obligations]
    return replace(programme, lo=lo)


def _whole(modele: Modele) -> Programme:
    """The same for whole dwellings: every row as tight as whole numbers allow, each still in fractions."""
    programme = modele.programme
    scale, lo, hi = np.ones(len(programme.names)), programme.lo.copy(), programme.hi.copy()
    flow = np.flatnonzero([name.startswith("flux|") for name in programme.names])
    flux = snap(modele.cadre.segments["flux"].to_numpy(float))
    lo[flow], hi[flow] = np.floor(flux), np.ceil(flux)
    for obligation, row in zip(modele.obligations, modele.lignes, strict=True):
        scale[row], lo[row] = whole_form(obligation)
        hi[row] = lo[row] if obligation.sens is Sens.EGALITE else np.inf
    builder = Builder()
    builder.columns(programme.keys, programme.lower, programme.upper)
    builder.rows(programme.names, lo, hi)
    builder.entries(programme.row, programme.column, programme.coefficient * scale[programme.row])
    total = float(modele.cadre.porteurs["quota"].sum())
    builder.entries(builder.rows(["ensemble"], total, total)[0], modele.cellules)
    return builder.build()
