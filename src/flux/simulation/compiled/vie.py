"""One run of one year, lived under both policies: `vecu.live`, compiled."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from flux.simulation.compiled.jit import jit
from flux.simulation.compiled.libere import Libere, drawn, ordered, room
from flux.simulation.compiled.nombres import BITS, further, mix, spread
from flux.simulation.compiled.regles import (
    ECHEANCE,
    HASARD,
    PLAN,
    PORTEUR,
    RECU,
    SUITE,
    TIJDEMAN,
    at_random,
    bounded,
    latest,
    planned,
    tightest,
)
from flux.simulation.tirages import Entiers, Places, Reels
from flux.simulation.vecu import PERSONNE

NOBODY = np.int64(PERSONNE)


class Vie(NamedTuple):
    """Room for a run: its vacancies, then as in `Vecu`; and a draw of each."""

    libere: Libere
    stock: Places
    flux: Places
    pris: Places
    bail: Places
    tirage: Entiers


class Etat(NamedTuple):
    """Accounts of a run: `cases` and `comptes` as in `regles`; vacancies of each strate given out, (S,)."""

    cases: Places
    comptes: Reels
    rang: Places


@jit
def new_accounts(t: Any) -> Any:
    """Accounts of a run: nothing given."""
    comptes = np.zeros((1 + t.genres, t.bailleur + 2))
    return Etat(t.cases.copy(), comptes, np.zeros(len(t.parts), np.int64))


@jit
def begin(t: Any, etat: Any) -> None:
    """The accounts of a year begin; what is owed stays."""
    etat.cases[:], etat.comptes[1:], etat.rang[:] = t.cases, 0.0, 0


@jit
def place_for(t: Any) -> Any:
    """Room for a run of a year."""
    libere = room(t.tirage)
    most = len(libere.cle)
    return Vie(
        libere, np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64),
        np.empty(most, np.int64), np.empty(most, np.uint64),
    )


@jit
def live_one(t: Any, run: Any, etat: Any, regle: int, vie: Any) -> int:
    """Live a run, `etat` going on; the number of its vacancies that count."""
    libere = vie.libere
    n = drawn(t.tirage, run, libere)
    ordered(t.tirage, n, libere)
    n = happened(t, n, vie)
    under_stock(t, n, vie)
    under_flux(t, n, etat, regle, vie)
    return n


@jit
def happened(t: Any, n: int, vie: Any) -> int:
    """What mutations take and what fails; those that do not count are left out."""
    cles, logements, jours = vie.libere.cle, vie.libere.logement, vie.libere.jour
    soustraits, echecs, refus, comptees, of = t.soustraits, t.echecs, t.refus, t.comptees, t.segment
    draws, pris, bail = vie.tirage, vie.pris, vie.bail
    spread(t.soustraction, cles, n, draws)
    kept = 0
    for i in range(n):
        segment, outcome = of[logements[i]], 0
        taken = draws[i] < soustraits[segment]
        if echecs[segment] > 0 or refus[segment] > 0:
            x = further(t.issue, cles[i])
            outcome = 2 if mix(x) >> BITS < refus[segment] else 0
            outcome = 1 if x >> BITS < echecs[segment] else outcome
        cles[kept], logements[kept], jours[kept] = cles[i], logements[i], jours[i]
        pris[kept], bail[kept] = taken, taken or outcome == 0
        kept += 1 if taken or comptees[outcome] else 0
    return kept


@jit
def under_stock(t: Any, n: int, vie: Any) -> None:
    """Who each dwelling goes to under stock: see `droits.Detenus.holder`."""
    premiere, depuis, droit, seuils, porteurs, bailleur = (
        t.droits.logement, t.droits.depuis, t.droits.droit, t.droits.seuil, t.droits.porteur, t.bailleur
    )
    logements, jours, draws, stock = vie.libere.logement, vie.libere.jour, vie.tirage, vie.stock
    spread(t.droit, vie.libere.cle, n, draws)
    for i in range(n):
        period, last = premiere[logements[i]], premiere[logements[i] + 1] - 1
        while period < last and depuis[period + 1] <= jours[i]:
            period += 1
        q, after = droit[period], droit[period + 1]
        while q < after and seuils[q] <= draws[i]:
            q += 1
        stock[i] = porteurs[q] if q < after else bailleur


@jit
def under_flux(t: Any, n: int, etat: Any, regle: int, vie: Any) -> None:
    """Who the bailleur orients each to: every account moves on, a rule says who, whose account pays."""
    of, strates, genres, largeurs = t.segment, t.strate, t.genre, t.largeurs
    parts, cumul, plan, cases, rang, comptes = t.parts, t.cumul, t.plan, etat.cases, etat.rang, etat.comptes
    logements, draws, pris, flux = vie.libere.logement, vie.tirage, vie.pris, vie.flux
    if regle == HASARD:
        spread(t.orientation, vie.libere.cle, n, draws)
    for i in range(n):
        if pris[i]:
            flux[i] = NOBODY
            continue
        segment = of[logements[i]]
        s, k = strates[segment], genres[segment]
        width, now = largeurs[s], rang[s]
        for e in range(width):
            j = cases[s, e, PORTEUR]
            comptes[0, j] += parts[s, e]
            comptes[1 + k, j] += plan[segment, e]
        if regle == SUITE:
            column = bounded(cases, comptes, s, k, width, now)
        elif regle == HASARD:
            column = at_random(cumul, s, draws[i])
        elif regle == PLAN:
            column = planned(cases, comptes, plan, s, k, segment, width)
        elif regle == TIJDEMAN:
            column = tightest(cases, s, width, now)
        else:
            column = latest(cases, comptes, s, width)
        had, j = cases[s, column, RECU] + 1, cases[s, column, PORTEUR]
        cases[s, column, RECU] = had
        cases[s, column, ECHEANCE] = math.ceil((had + 1.0) / parts[s, column])
        rang[s] = now + 1
        comptes[0, j] -= 1.0
        comptes[1 + k, j] -= 1.0
        flux[i] = j
