"""Which dwellings free themselves in one run, in the order of their days: `annee.vacancies`, compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flux.simulation.compiled.jit import jit
from flux.simulation.compiled.nombres import BITS, HALF, ONE, ZERO, further, passed, shuffled, walked
from flux.simulation.parc import ATOMES
from flux.simulation.tirages import Entiers, Places

NB_ATOMES = np.uint64(ATOMES)


class Tirage(NamedTuple):
    """What the vacancies of a year are drawn from.

    taux, nombre, logement, jour : numbers from which those of a run are made, by use.
    lois, loi, seuils, places, membres, debuts : as in `Parc`.
    larges, hauts, tailles : columns and rows of the permutation of each group, and its places, shape (G,).
    jours : threshold of each day after the first, shape (days − 1,).
    """

    taux: np.uint64
    nombre: np.uint64
    logement: np.uint64
    jour: np.uint64
    lois: Entiers
    loi: Places
    seuils: Entiers
    places: Places
    membres: Places
    debuts: Places
    larges: Entiers
    hauts: Entiers
    tailles: Entiers
    jours: Entiers


class Libere(NamedTuple):
    """Room for the vacancies of a run: number of each, dwelling, day; and what is needed meanwhile."""

    cle: Entiers
    logement: Places
    jour: Places
    groupe: Places
    key: Entiers
    colonne: Entiers
    ligne: Entiers
    large: Entiers
    haut: Entiers
    debut: Places
    atome: Places
    nombre: Entiers
    cle_groupe: Entiers


@jit
def room(tirage: Any) -> Any:
    """Room for as many vacancies as a run may have."""
    most = np.int64(0)
    for size in tirage.tailles:
        most += np.int64(size)
    buckets = 2
    while buckets < most:
        buckets *= 2
    groups = len(tirage.loi)
    return Libere(
        np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(most, np.int64),
        np.empty(most, np.int64), np.empty(most, np.uint64), np.empty(most, np.uint64),
        np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.uint64),
        np.empty(buckets + 1, np.int64), np.empty(len(tirage.lois), np.int64),
        np.empty(groups, np.uint64), np.empty(groups, np.uint64),
    )


@jit
def drawn(tirage: Any, run: Any, out: Any) -> int:
    """The vacancies of a run, unordered: how many. Numbers in `out.key`, dwellings in `out.groupe`."""
    # arrays are taken out of their tuples before any loop: each time costs a count of references
    membres, debuts, tailles = tirage.membres, tirage.debuts, tirage.tailles
    groupe, keys, columns, rows, larges, hauts = (
        out.groupe, out.key, out.colonne, out.ligne, out.large, out.haut
    )
    n = numbered(tirage, run, out)
    shuffled(keys, columns, rows, larges, hauts, n)
    for i in range(n):
        g, place, lot = groupe[i], columns[i] * hauts[i] + rows[i], ZERO
        if tailles[g] == ONE:
            place = ZERO
        elif place >= tailles[g]:
            place = walked(keys[i], place, larges[i], hauts[i], tailles[g])
        size = np.uint64(debuts[g + 1] - debuts[g])
        while place >= size:
            place, lot = place - size, lot + ONE
        groupe[i], rows[i] = membres[debuts[g] + np.int64(place)], lot
    days = further(tirage.jour, run)
    for i in range(n):
        keys[i] = further(further(days, np.uint64(groupe[i])), rows[i])
    return n


@jit
def numbered(tirage: Any, run: Any, out: Any) -> int:
    """How many vacancies; those of a group side by side, with its key and their first places."""
    loi, lois, hauts, seuils, places = tirage.loi, tirage.lois, tirage.hauts, tirage.seuils, tirage.places
    atome, groupe, keys, columns, rows = out.atome, out.groupe, out.key, out.colonne, out.ligne
    wide, high, larges, draws, group_keys = out.large, out.haut, tirage.larges, out.nombre, out.cle_groupe
    state = further(tirage.taux, run)
    for law in range(len(lois)):
        atome[law] = np.int64(((further(state, lois[law]) >> HALF) * NB_ATOMES) >> HALF)
    by_number, by_key = further(tirage.nombre, run), further(tirage.logement, run)
    for g in range(len(loi)):
        draws[g] = further(by_number, np.uint64(g)) >> BITS
        group_keys[g] = further(by_key, np.uint64(g))
    n = 0
    for g in range(len(loi)):
        table = g * ATOMES + atome[loi[g]]
        nb = passed(seuils, places[table], places[table + 1], draws[g])
        column, row = ZERO, ZERO
        for i in range(n, n + nb):
            groupe[i], keys[i], columns[i], rows[i] = g, group_keys[g], column, row
            wide[i], high[i] = larges[g], hauts[g]
            row += ONE
            if row == hauts[g]:
                column, row = column + ONE, ZERO
        n += nb
    return n


@jit
def ordered(tirage: Any, n: int, out: Any) -> None:
    """Put them in the order of their numbers, which is that of the days, and tell the day of each."""
    debut, keys, dwellings = out.debut, out.key, out.groupe
    cles, logements, jours, seuils = out.cle, out.logement, out.jour, tirage.jours
    shift, buckets = np.uint64(63), 2
    while buckets < n:
        shift, buckets = shift - ONE, buckets * 2
    for b in range(buckets + 1):
        debut[b] = 0
    for i in range(n):
        debut[np.int64(keys[i] >> shift) + 1] += 1
    for b in range(buckets):
        debut[b + 1] += debut[b]
    for i in range(n):
        b = keys[i] >> shift
        place = debut[b]
        debut[b] = place + 1
        cles[place], logements[place] = keys[i], dwellings[i]
    day = 0
    for i in range(1, n):
        cle, logement, j = cles[i], logements[i], i
        while j > 0 and cles[j - 1] > cle:
            cles[j], logements[j] = cles[j - 1], logements[j - 1]
            j -= 1
        cles[j], logements[j] = cle, logement
    for i in range(n):
        x = cles[i] >> BITS
        while day < len(seuils) and seuils[day] <= x:
            day += 1
        jours[i] = day
