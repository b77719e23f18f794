"""Why the obligations cannot all hold: minimal sets that cannot, each proven, all of them if time allows."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

import numpy as np

from flux.allocation.contradictions import PERCEPTIBLE, ROUNDING, contradictions, required
from flux.allocation.lignes_entieres import aims, whole_rows
from flux.allocation.modele import Modele
from flux.allocation.obligations import Repartition
from flux.allocation.recherche import RANG, Conflit, Nature, Places, Search
from flux.allocation.seuils import LIMITE
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Etape, Programme, solve
from flux.noyau.solveur.etapes import Avancement

QUESTIONS = 200  # linear programmes that the search may solve: the same wherever it runs
ENTIERES = 60  # searches of whole numbers, that cost more
COLONNES = 10_000  # beyond, what whole numbers forbid is looked for in the linear programme only


def conflicts(modele: Modele, exact: Repartition, whole: Repartition, *, questions: int = QUESTIONS,
              avancement: Avancement | None = None) -> tuple[Conflit, ...]:
    """Sets of obligations that cannot hold together: of shares, smallest first, then of whole dwellings.

    Where a plan holds everything, nothing is asked: it is the proof. Sets of shares are found by deletion,
    and all are enumerated as MARCO does: leave out as little as breaks every set known; what still cannot
    hold gives a new set, what holds need not be looked at again. A gap of less than one dwelling on a row
    that allows it is a matter of rounding, never a conflict. What only whole dwellings forbid is said
    objective by objective: one set for each that the whole plan misses.

    Parameters
    ----------
    exact, whole : the plans.
    questions : linear programmes that may be solved for each; `liste_complete` is False, or `minimal`
        None, where they were not enough.
    """
    rows = modele.obligations
    short = [i for i, o in enumerate(rows) if o.manque(exact) > PERCEPTIBLE + ROUNDING * o.arrondi]
    left = [i for i, o in enumerate(rows) if i not in short and o.manque_entier(whole)]
    found: list[Conflit] = []
    if short:
        if avancement is not None:
            avancement("conflits", 0, 2)
        found += _of_shares(modele, exact, short, questions)
    if left:
        if avancement is not None:
            avancement("conflits de logements entiers", 1, 2)
        told = {i for c in found for i in c.places}
        found += _of_dwellings(modele, whole, left, told, questions)
    return tuple(found)


def _of_shares(modele: Modele, exact: Repartition, short: Sequence[int], questions: int) -> list[Conflit]:
    """Every minimal set: first one for each miss, alone, then with what the plan holds.

    What the plan misses that no set found explains is named by itself.
    """
    search = Search(modele, _strict(modele), questions)
    held, missed = frozenset(range(len(modele.obligations))) - set(short), search.ordered(frozenset(short))
    complete = search.enumerate([*contradictions(modele.cadre, modele.obligations),
                                 *(frozenset((i,)) for i in missed), *(held | {i} for i in missed)])
    found = [Conflit(search.ordered(places), Nature.PARTS, search.missing(places)[0], minimal or None,
                     complete)
             for places, minimal in search.sets.items()]
    if not complete:
        told = {i for places in search.sets for i in places}
        found += [Conflit((i,), Nature.PARTS, modele.obligations[i].manque(exact), None, complete)
                  for i in short if i not in told]
    return sorted(found, key=lambda c: (len(c.places), c.places))


def _of_dwellings(modele: Modele, whole: Repartition, left: Sequence[int], told: Set[int],
                  questions: int) -> list[Conflit]:
    """For each objective, what it cannot hold with among what the whole plan holds at its level or above.

    Parameters
    ----------
    told : obligations of the conflicts of shares: what is missed of them in whole dwellings too is explained.
    """
    rows = modele.obligations
    held = {i for i, o in enumerate(rows) if not o.manque_entier(whole)}
    programme = _whole(modele)
    search = Search(modele, replace(programme, integer=np.zeros(len(programme.keys), bool)), questions)
    exactly = _Deletion(modele, programme)
    found: dict[Places, Conflit] = {}
    for place in left:
        level = RANG[rows[place].niveau]
        places = frozenset({place, *(i for i in held if RANG[rows[i].niveau] <= level)})
        cannot, minimal = search.missing(places)[0] > PERCEPTIBLE, False
        if cannot:
            places, _ = search.shrunk(places)
        if len(programme.keys) <= COLONNES and (cannot or exactly.cannot_hold(places)):
            places, minimal = exactly.shrunk(search.ordered(places))
        elif place in told:
            continue
        elif not cannot:
            places = frozenset({place})  # what limits it was not proven
        found[places] = Conflit(search.ordered(places), Nature.ENTIERS,
                                float(rows[place].manque_entier(whole)), minimal or None, None)
    return list(found.values())


class _Deletion:
    """Sets that whole dwellings forbid, by searches of whole numbers, each stopped at a number of nodes."""

    def __init__(self, modele: Modele, programme: Programme) -> None:
        self.modele, self.programme, self.left = modele, programme, ENTIERES

    def shrunk(self, places: Sequence[int]) -> tuple[Places, bool]:
        """Leave out whatever can be, by halves, then one by one; False where a search did not tell."""
        kept, size, proven = list(places), max(1, len(places) // 2), True
        while True:
            proven = True
            for end in range(len(kept), 0, -size):
                rest = kept[:max(0, end - size)] + kept[end:]
                cannot = self.cannot_hold(frozenset(rest))
                kept = rest if cannot else kept
                proven &= cannot is not None
            if size == 1:
                return frozenset(kept), proven
            size //= 2

    def cannot_hold(self, places: Places) -> bool | None:
        """Whether no whole plan holds these obligations; None where the search did not tell."""
        if not self.left:
            return None
        self.left -= 1
        modele, rows = self.modele, self.modele.lignes
        inside = np.isin(np.arange(len(rows)), list(places))
        lo, costs = self.programme.lo.copy(), np.zeros(len(self.programme.keys))
        lo[rows[~inside]] = -np.inf
        costs[modele.manques] = inside
        try:
            found = solve(replace(self.programme, lo=lo), [Etape("conflit", costs)], limite=LIMITE)
        except SolverError as error:
            if error.code != "solveur.echec":
                raise
            return None
        if found.bornes[0] > PERCEPTIBLE:
            return True
        return False if found.niveaux[0] <= PERCEPTIBLE else None


def _strict(modele: Modele) -> Programme:
    """The programme of the plan, where rounding is not a miss and no distance is measured."""
    programme = modele.programme
    free = aims(modele)
    lo, hi = np.where(free, -np.inf, programme.lo), np.where(free, np.inf, programme.hi)
    lo[modele.lignes] = [required(o) for o in modele.obligations]
    return replace(programme, lo=lo, hi=hi)


def _whole(modele: Modele) -> Programme:
    """The programme of whole plans: every row as tight as whole numbers allow."""
    built = whole_rows(modele, aims(modele)).build()
    integer = np.zeros(len(built.keys), bool)
    integer[np.concatenate([modele.cellules, modele.publics, modele.essentiels, modele.manques])] = True
    return replace(built, integer=integer)
