"""What is counted of a run as soon as it is lived: `mesures.count`, `objectifs.follow`, compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flux.simulation.compiled.jit import jit, kept
from flux.simulation.compiled.nombres import spread
from flux.simulation.compiled.vie import begin, live_one, new_accounts, place_for
from flux.simulation.mesures import Nombres
from flux.simulation.tirages import Entiers, Places, Reels

STOCK, FLUX = 0, 1


class Etiquettes(NamedTuple):
    """Where each dwelling is counted.

    commune : place of its commune in the axes, shape (D,). place : cell of holder × commune, shape (H, C).
    mois : month of each day among those of all the years. debuts, genres : kinds of each dwelling, one after
    another. valeurs : what is averaged, NaN where unknown, shape (D, M).
    """

    commune: Places
    place: Places
    mois: Places
    debuts: Places
    genres: Places
    valeurs: Reels


class Suivis(NamedTuple):
    """How dwellings and publics are counted for the targets: none in the years after the first.

    public : number from which the draw of each vacancy is made. qpv, classe : of each dwelling; those of a
    class are in the same targets. seuils : of the public that a holder houses, in QPV or not, by regime,
    shape (2, H, 2, P). debuts, demandes : the counts in which each class × public is, one after another.
    """

    public: np.uint64
    qpv: Places
    classe: Places
    seuils: Entiers
    debuts: Places
    demandes: Places


class Nombre(NamedTuple):
    """Counts of one regime, as in `Compte`; `demandes` : of each count of the targets, shape (R, Q, H)."""

    cellules: Nombres
    genres: Nombres
    mois: Nombres
    sommes: Reels
    connus: Nombres
    demandes: Nombres


@kept
def count_runs(
    t: Any, e: Any, suivis: Any, runs: Any, retard: Any, regle: int, retirees: bool, stock: Any, flux: Any,
    retires: Any,
) -> None:
    """Live some runs of a year and count them; what is owed goes on in `retard`, shape (R, H + 1).

    retirees : see `Mutations`. stock, flux, retires : zeros to begin with, a row a run (see `Vies`).
    """
    vie, etat = place_for(t), new_accounts(t)
    for r in range(len(runs)):
        begin(t, etat)
        etat.comptes[0] = retard[r]
        n = live_one(t, runs[r], etat, regle, vie)
        retard[r] = etat.comptes[0]
        lost(e, n, r, vie, retires)
        counted(e, n, r, vie, vie.flux, flux)
        if len(suivis.demandes):
            housed(suivis, n, r, vie, vie.flux, FLUX, flux.demandes)
        if retirees:
            unheld(n, vie)
        counted(e, n, r, vie, vie.stock, stock)
        if len(suivis.demandes):
            housed(suivis, n, r, vie, vie.stock, STOCK, stock.demandes)


@jit
def lost(e: Any, n: int, r: int, vie: Any, retires: Any) -> None:
    """See `mesures.taken`."""
    communes, place = e.commune, e.place
    logements, pris, stock = vie.libere.logement, vie.pris, vie.stock
    for i in range(n):
        if pris[i]:
            retires[r, place[stock[i], communes[logements[i]]]] += 1


@jit
def unheld(n: int, vie: Any) -> None:
    """Under stock too, nobody has what mutations take."""
    pris, stock = vie.pris, vie.stock
    for i in range(n):
        stock[i] = -1 if pris[i] else stock[i]


@jit
def counted(e: Any, n: int, r: int, vie: Any, who: Any, out: Any) -> None:
    """See `mesures.count`: totals are added in the order of the days, as NumPy does."""
    communes, place, months, starts, kinds, values = (
        e.commune, e.place, e.mois, e.debuts, e.genres, e.valeurs
    )
    cellules, genres, mois, sommes, connus = out.cellules, out.genres, out.mois, out.sommes, out.connus
    logements, jours = vie.libere.logement, vie.libere.jour
    for i in range(n):
        j, d = who[i], logements[i]
        if j < 0:
            continue
        cellules[r, place[j, communes[d]]] += 1
        mois[r, j, months[jours[i]]] += 1
        for g in range(starts[d], starts[d + 1]):
            genres[r, j, kinds[g]] += 1
        for m in range(values.shape[1]):
            if not np.isnan(values[d, m]):
                connus[r, j, m] += 1
                sommes[r, j, m] += values[d, m]


@jit
def housed(suivis: Any, n: int, r: int, vie: Any, who: Any, regime: int, out: Any) -> None:
    """The households of the targets: a public is drawn for each lease."""
    qpv, classe, seuils, starts, asked = (
        suivis.qpv, suivis.classe, suivis.seuils, suivis.debuts, suivis.demandes
    )
    logements, bail, draws, publics = vie.libere.logement, vie.bail, vie.tirage, seuils.shape[3]
    spread(suivis.public, vie.libere.cle, n, draws)
    for i in range(n):
        j, d = who[i], logements[i]
        if j < 0 or not bail[i]:
            continue
        public, q = 0, qpv[d]
        while public < publics - 1 and seuils[regime, j, q, public] <= draws[i]:
            public += 1
        key = classe[d] * publics + public
        for z in range(starts[key], starts[key + 1]):
            out[r, asked[z], j] += 1
