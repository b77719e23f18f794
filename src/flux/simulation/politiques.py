"""Rules of orientation: to whom the bailleur turns when a dwelling frees itself.

All runs advance together, a vacancy at a time. Every rule sees the same: what each holder of the commune is
still owed, there and everywhere, and what the plan would have given it of this kind of dwelling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from flux.noyau.errors import FluxError, near_misses
from flux.simulation.annee import Vacances
from flux.simulation.parc import Parc
from flux.simulation.sequence import Strates, may_take, tijdeman
from flux.simulation.tirages import Places, Reels, Usage


class Orientation(StrEnum):
    """The rules that we know."""

    SUITE = "suite_bornee"
    DEFICIT = "plus_grand_retard"
    HASARD = "au_hasard"
    PLAN = "plan"
    TIJDEMAN = "tijdeman"


@dataclass(frozen=True, eq=False)
class Moment:
    """One vacancy of each of n runs, and who may take it: E holders side by side, then nobody.

    porteurs, parts : the holders of the strate, and their shares of its flow. Shapes (n, E).
    recus, rang : what the strate has given each, and to all, before this vacancy. Shapes (n, E), (n,).
    retard : what each is owed in all the strates together, this vacancy counted, dwellings, shape (n, E).
    ecart : the same of this kind of dwelling, by the shares of the plan, shape (n, E).
    plan : share of the plan in this very segment, shape (n, E).
    tirage : a number of [0, 1) for each, shape (n,).
    """

    porteurs: Places
    parts: Reels
    recus: Places
    rang: Places
    retard: Reels
    ecart: Reels
    plan: Reels
    tirage: Reels


Regle = Callable[[Moment], Places]
"""The column of the holder who has each vacancy, shape (n,)."""


def suite_bornee(moment: Moment) -> Places:
    """Never one dwelling ahead or behind in a strate; among those who may, the one whom it serves best."""
    return may_take(moment.recus, moment.parts, moment.rang, moment.retard + moment.ecart)


def plus_grand_retard(moment: Moment) -> Places:
    """The holder that is owed most, all communes together."""
    return np.asarray(np.argmax(np.where(moment.parts > 0, moment.retard, -np.inf), axis=1), np.int64)


def au_hasard(moment: Moment) -> Places:
    """Each by chance, in proportion of its share."""
    reached = np.cumsum(moment.parts, axis=1)
    return np.asarray((reached <= moment.tirage[:, None]).sum(axis=1))


def selon_le_plan(moment: Moment) -> Places:
    """The holder whose part of this kind of dwelling is the most behind the plan."""
    planned = (moment.plan > 0) & (moment.parts > 0)
    planned = np.where(planned.any(axis=1, keepdims=True), planned, moment.parts > 0)
    return np.asarray(np.argmax(np.where(planned, moment.ecart + moment.retard, -np.inf), axis=1), np.int64)


def suite_de_tijdeman(moment: Moment) -> Places:
    """The order of Tijdeman: no choice, the tightest bound in each strate."""
    return tijdeman(moment.recus, moment.parts, moment.rang)


REGLES: dict[str, Regle] = {
    Orientation.SUITE: suite_bornee,
    Orientation.DEFICIT: plus_grand_retard,
    Orientation.HASARD: au_hasard,
    Orientation.PLAN: selon_le_plan,
    Orientation.TIJDEMAN: suite_de_tijdeman,
}


def rule(orientation: str | Regle) -> Regle:
    """The rule of a name, or a user's own.

    Raises
    ------
    FluxError
        Code "simulation.orientation": no rule of that name; near-misses suggested. A user's own rule raises
        "simulation.regle" as soon as it designates nobody, or somebody who has no share there.
    """
    if callable(orientation) and not isinstance(orientation, str):
        return _checked(orientation)
    if orientation not in REGLES:
        close = ", ".join(near_misses(str(orientation), list(REGLES))) or ", ".join(REGLES)
        raise FluxError(
            f"« {orientation} » n'est pas une règle d'orientation. Proches : {close}.",
            code="simulation.orientation",
        )
    return REGLES[orientation]


def _checked(own: Regle) -> Regle:
    """A user's rule, whose every answer must be a column of somebody who may have the vacancy."""

    @wraps(own)
    def checked(moment: Moment) -> Places:
        column, (nb, width) = np.asarray(own(moment)), moment.parts.shape
        whole = column.shape == (nb,) and np.issubdtype(column.dtype, np.integer)
        inside = whole and bool(((column >= 0) & (column < width)).all())
        if inside and (moment.parts[np.arange(nb), column] > 0).all():
            return column.astype(np.int64)
        raise FluxError(
            f"La règle d'orientation « {getattr(own, '__name__', own)} » doit rendre, pour chacune des {nb} "
            f"libérations, la colonne d'un réservataire : un entier de 0 à {width - 1}, dont la part "
            "(`moment.parts`) n'est pas nulle.",
            code="simulation.regle",
        )

    return checked


@dataclass(eq=False)
class Comptes:
    """What has been given in each run, kept from year to year.

    recus, rang : by strate and holder, by strate; they start again with the strates of each year.
    retard : by holder. ecart : by kind of dwelling and holder. The last column is nobody's. Shapes
        (R, H + 1), (R, K, H + 1).
    """

    recus: Places
    rang: Places
    retard: Reels
    ecart: Reels

    @classmethod
    def new(cls, runs: int, strates: Strates, porteurs: int, genres: int) -> Comptes:
        """Nothing given yet."""
        shape = strates.parts.shape
        return cls(
            np.zeros((runs, *shape), np.int64),
            np.zeros((runs, shape[0]), np.int64),
            np.zeros((runs, porteurs + 1)),
            np.zeros((runs, genres, porteurs + 1)),
        )


def orient(
    parc: Parc,
    strates: Strates,
    plan: Reels,
    genre: Places,
    vacances: Vacances,
    comptes: Comptes,
    regle: Regle,
    seed: int,
) -> Places:
    """Orient each vacancy, in the order of the days; `comptes` goes on from where it stood.

    Parameters
    ----------
    plan : share of each holder in each segment by the plan, shape (segments, H).
    genre : kind of dwelling of each segment, shape (segments,).

    Returns
    -------
    Index of the holder of each vacancy, shape (n,).
    """
    rows = _Rangs.of(vacances)
    segment = parc.segment[vacances.logement[rows.ordre]]
    tirage = vacances.tirage(seed, Usage.ORIENTATION)[rows.ordre]
    # a row a segment of all that is asked of its strate: one look-up a vacancy
    row = np.zeros(len(genre), np.int64)
    row[parc.segment] = strates.strate[parc.commune]
    porteurs, parts = strates.porteurs[row].T.copy(), strates.parts[row].T.copy()
    plan = np.append(plan, np.zeros((len(plan), 1)), axis=1)
    plan = np.take_along_axis(plan, porteurs.T, axis=1).T.copy()
    (nb_strates, enough), (genres, width) = strates.parts.shape, comptes.ecart.shape[1:]
    kept = comptes.recus, comptes.rang, comptes.retard, comptes.ecart
    recus, rang, retard, ecart = flat = [np.ascontiguousarray(c[rows.tour]).reshape(-1) for c in kept]
    each, columns = np.arange(len(vacances.runs)), np.arange(enough)[:, None]
    out = np.empty(len(vacances), np.int64)
    for start, end in pairwise(rows.debuts.tolist()):
        s, runs = segment[start:end], each[: end - start]
        # a row a holder, all runs side by side; a rule sees it the other way
        who, shares, planned = porteurs.take(s, axis=1), parts.take(s, axis=1), plan.take(s, axis=1)
        at_rang = runs * nb_strates + row.take(s)
        at_recus, at_retard = at_rang * enough + columns, runs * width + who
        owed = retard.take(at_retard)
        owed += shares
        retard[at_retard] = owed
        at_ecart = (runs * genres + genre.take(s)) * width + who
        apart = ecart.take(at_ecart)
        apart += planned
        ecart[at_ecart] = apart
        given, now = recus.take(at_recus), rang.take(at_rang)
        column = regle(Moment(who.T, shares.T, given.T, now, owed.T, apart.T, planned.T, tirage[start:end]))
        chosen = column * len(runs) + runs
        recus[at_recus.take(chosen)] = given.take(chosen) + 1
        rang[at_rang] = now + 1
        retard[at_retard.take(chosen)] = owed.take(chosen) - 1.0
        ecart[at_ecart.take(chosen)] = apart.take(chosen) - 1.0
        out[start:end] = who.take(chosen)
    for counts, then in zip(kept, flat, strict=True):
        counts[rows.tour] = then.reshape(counts.shape)
    back = np.empty_like(out)
    back[rows.ordre] = out
    return back


class _Rangs(NamedTuple):
    """The vacancies in the order in which all runs live them: the first of each run, then the second…

    tour : the runs, those of most vacancies first: at each turn, those that go on are the first ones.
    ordre : the vacancies turn after turn, runs in that order. debuts : where each turn begins, and the last
    ends.
    """

    tour: Places
    ordre: Places
    debuts: Places

    @classmethod
    def of(cls, vacances: Vacances) -> _Rangs:
        nb = np.diff(vacances.debuts)
        tour = np.argsort(-nb, kind="stable")
        going_on = len(nb) - np.cumsum(np.bincount(nb, minlength=1))[:-1]
        debuts = np.concatenate([[0], np.cumsum(going_on)])
        place = np.empty(len(nb), np.int64)
        place[tour] = np.arange(len(nb))
        turn = np.arange(len(vacances)) - vacances.debuts[vacances.rang]
        ordre = np.empty(len(vacances), np.int64)
        ordre[debuts[turn] + place[vacances.rang]] = np.arange(len(vacances))
        return cls(tour, ordre, debuts)
