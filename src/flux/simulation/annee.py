"""The vacancies of a year, in the order of their days: what both policies see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flux.simulation.parc import ATOMES, Parc
from flux.simulation.tirages import (
    CHUNK,
    Entiers,
    Places,
    Reels,
    Usage,
    counted,
    entiers,
    further,
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
    expected = float(parc.taux @ np.diff(parc.debuts))
    few = max(1, int(CHUNK / max(1.0, expected)))
    return joined([_few(parc, seed, runs[i : i + few]) for i in range(0, max(1, len(runs)), few)])


def joined(vacances: Sequence[Vacances]) -> Vacances:
    """The vacancies of some runs, then those of others."""
    before = np.cumsum([0, *(len(v.runs) for v in vacances)])
    nb = np.concatenate([np.diff(v.debuts) for v in vacances])
    return Vacances(
        runs=np.concatenate([v.runs for v in vacances]),
        debuts=np.concatenate([[0], np.cumsum(nb)]),
        rang=np.concatenate([v.rang + b for v, b in zip(vacances, before[:-1], strict=True)]),
        logement=np.concatenate([v.logement for v in vacances]),
        jour=np.concatenate([v.jour for v in vacances]),
        cle=np.concatenate([v.cle for v in vacances]),
    )


def _few(parc: Parc, seed: int, runs: Places) -> Vacances:
    nb = counts(parc, seed, runs)
    total = nb.sum(axis=1)
    rang, nb = np.repeat(np.arange(len(runs)), total), nb.ravel()
    cell = np.repeat(np.arange(len(nb)), nb)
    rank = np.arange(len(cell)) - (np.cumsum(nb) - nb)[cell]
    groupe = cell % len(parc.loi)
    size = np.diff(parc.debuts)[groupe]
    keys = entiers(seed, Usage.LOGEMENT, parc.annee, runs[:, None], np.arange(len(parc.loi))).ravel()
    essai, place = np.divmod(permuted(keys[cell], rank, size * parc.essais), np.maximum(size, 1))
    logement = parc.membres[parc.debuts[groupe] + place]
    cle = further(entiers(seed, Usage.JOUR, parc.annee, runs)[rang], logement, essai)
    order = _in_order(rang, cle, len(runs))
    logement, cle = logement[order], cle[order]
    jour = np.searchsorted(parc.seuils_jours, cle >> np.uint64(11), side="right")  # the order of `cle` again
    return Vacances(runs, np.concatenate([[0], np.cumsum(total)]), rang, logement, jour, cle)


def _in_order(rang: Places, cle: Entiers, runs: int) -> Places:
    """Places of the vacancies by run, then by `cle`: both in one integer, unless that ties two of them."""
    bits = np.uint64(runs.bit_length())
    both = (rang.astype(np.uint64) << (np.uint64(64) - bits)) | (cle >> bits)
    order = np.argsort(both)
    both = both[order]
    return np.lexsort((cle, rang)) if (both[1:] == both[:-1]).any() else order


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
    atome = indices(entiers(seed, Usage.TAUX, runs[:, None], parc.lois), ATOMES)[:, parc.loi]
    draw = entiers(seed, Usage.NOMBRE, parc.annee, runs[:, None], np.arange(len(parc.loi)))
    return counted(draw, parc.seuils, parc.places, np.arange(len(parc.loi)) * ATOMES + atome)
