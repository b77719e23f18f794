"""The vacancies of a year, in the order of their days: what both policies see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flux.simulation.parc import ATOMES, Parc
from flux.simulation.tirages import (
    Entiers,
    Places,
    Reels,
    Usage,
    counted,
    entiers,
    indices,
    mix,
    permuted,
    reels,
    sous,
)


@dataclass(frozen=True, eq=False)
class Vacances:
    """The vacancies of some runs of one year, run after run, each in the order of its days.

    runs : the runs, shape (R,). Nothing below depends on which others are drawn with them.
    debuts : where each run starts, shape (R + 1,).
    rang : of each vacancy, the place of its run in `runs`, shape (n,).
    logement : its dwelling. jour : its day, 0 on 1 January.
    cle : its own number, from which whatever else happens to it is drawn.
    """

    runs: Places
    debuts: Places
    rang: Places
    logement: Places
    jour: Places
    cle: Entiers

    def __len__(self) -> int:
        return len(self.logement)

    def tirage(self, seed: int, usage: Usage) -> Reels:
        """A number of [0, 1) for each vacancy and each use, the same for both policies."""
        return reels(entiers(seed, usage, self.cle.view(np.int64)))

    def only(self, kept: npt.NDArray[np.bool_]) -> Vacances:
        """Those vacancies alone."""
        nb = np.bincount(self.rang[kept], minlength=len(self.runs))
        debuts = np.concatenate([[0], np.cumsum(nb)])
        return Vacances(self.runs, debuts, self.rang[kept], self.logement[kept], self.jour[kept],
                        self.cle[kept])


def vacancies(parc: Parc, seed: int, runs: Places) -> Vacances:
    """Draw which dwellings free themselves, and when.

    The rate of each law is drawn once a run and kept from year to year; then the number of vacancies of each
    group; then which of its dwellings, no lot of the same draw twice; then the day of each.

    Parameters
    ----------
    runs : their numbers, from 0, shape (R,).
    """
    nb = counts(parc, seed, runs)
    total = nb.sum(axis=1)
    rang = np.repeat(np.arange(len(runs)), total)
    groups = np.tile(np.arange(nb.shape[1]), len(runs))
    groupe = np.repeat(groups, nb.ravel())
    starts = np.cumsum(nb.ravel()) - nb.ravel()
    rank = np.arange(len(groupe)) - np.repeat(starts, nb.ravel())
    size = (parc.debuts[1:] - parc.debuts[:-1])[groupe]
    keys = entiers(seed, Usage.LOGEMENT, parc.annee, runs[rang], groupe)
    place = permuted(keys, rank, size * parc.essais)
    logement = parc.membres[parc.debuts[groupe] + place % np.maximum(size, 1)]
    cle = entiers(seed, Usage.JOUR, parc.annee, runs[rang], logement, place // np.maximum(size, 1))
    order = np.lexsort((cle, rang))
    # place in the year, uniform but for the seasons: the order of `cle` is that of the days
    moment = np.interp(reels(cle), np.concatenate([[0.0], parc.saison]), parc.mois)
    debuts = np.concatenate([[0], np.cumsum(total)])
    jour = np.minimum((moment * parc.jours).astype(np.int64), parc.jours - 1)
    return Vacances(runs, debuts, rang, logement[order], jour[order], cle[order])


def outcomes(parc: Parc, vacances: Vacances, seed: int) -> Places:
    """What comes of each vacancy once it is oriented, whoever has it: its place in `parc.ISSUES`, shape (n,).

    What does not count (`parc.comptees`: compte_sans_candidat, compte_refus_candidat) leaves the sequence:
    nobody is owed a share of it.
    """
    segment, x = parc.segment[vacances.logement], entiers(seed, Usage.ISSUE, vacances.cle.view(np.int64))
    refused = sous(mix(x), parc.refus[segment])
    return np.where(sous(x, parc.echecs[segment]), 1, np.where(refused, 2, 0))


def counts(parc: Parc, seed: int, runs: Places) -> Places:
    """Number of vacancies of each group in each run, shape (R, G)."""
    atome = indices(entiers(seed, Usage.TAUX, runs[:, None], np.arange(parc.nb_lois)), ATOMES)[:, parc.loi]
    draw = entiers(seed, Usage.NOMBRE, parc.annee, runs[:, None], np.arange(len(parc.loi)))
    nb = np.empty(draw.shape, np.int64)
    for g in range(draw.shape[1]):
        for a in np.unique(atome[:, g]):
            here = atome[:, g] == a
            start, end = parc.places[g * ATOMES + a : g * ATOMES + a + 2]
            nb[here, g] = counted(draw[here, g], parc.seuils[start:end])
    return nb
