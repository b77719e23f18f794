"""What a count must be on average, and how far from it: closed forms, from the laws of the parc alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from flux.simulation.parc import ATOMES, Parc

Reels = npt.NDArray[np.float64]


@lru_cache(maxsize=8)  # a parc is what it is: asked again for every count
def trials(parc: Parc) -> Reels:
    """Chance of each trial of each dwelling under each atom of its rate, shape (D, ATOMES)."""
    sizes = np.diff(parc.debuts) * parc.essais
    means = np.zeros((len(sizes), ATOMES))
    for g, a in np.ndindex(means.shape):
        table = parc.seuils[slice(*parc.places[g * ATOMES + a : g * ATOMES + a + 2])]
        law = np.diff(table.astype(np.float64) / 2.0**53, prepend=0.0)
        means[g, a] = law @ np.arange(len(law))
    out = np.empty((len(parc.logements), ATOMES))
    out[parc.membres] = np.repeat(means / sizes[:, None], np.diff(parc.debuts), axis=0)
    return out


def moments(parc: Parc, weight: Reels) -> tuple[float, float]:
    """Mean and variance of a count to which each vacancy of a dwelling adds one with chance `weight`, (D,).

    Dwellings are independent given the rates: a Poisson-binomial under each atom; each law of a rate then
    moves its own dwellings together.
    """
    chance = trials(parc) * weight[:, None]
    law = np.empty(len(parc.logements), int)
    law[parc.membres] = np.repeat(parc.loi, np.diff(parc.debuts))
    mean, variance = 0.0, parc.essais * float((chance * (1 - chance)).mean(axis=1).sum())
    for k in range(parc.nb_lois):
        by_atom = parc.essais * chance[law == k].sum(axis=0)
        mean, variance = mean + by_atom.mean(), variance + by_atom.var()
    return float(mean), float(variance)


def held(parc: Parc) -> Reels:
    """Chance that a vacancy of each dwelling goes to each holder under stock, over the days, shape (D, H).

    What no right takes is the bailleur's, the last.
    """
    nb = len(parc.logements)
    reached = np.append(np.arange(1, parc.jours), parc.jours) / parc.jours
    days = np.diff(np.interp(reached, parc.mois, [0.0, *parc.saison]), prepend=0.0)
    out = np.zeros((nb, len(parc.porteurs)))
    everything = np.arange(nb)
    changes = [0, *parc.droits.debut.ravel(), *(parc.droits.fin.ravel() + 1)]
    breaks = np.unique(np.clip(changes, 0, parc.jours - 1))
    for first, last in zip(breaks, [*breaks[1:], parc.jours], strict=True):
        chance = days[first:last].sum()
        shares = parc.droits.shares(everything, np.full(nb, first)) * chance
        for column in range(shares.shape[1]):
            np.add.at(out, (everything, parc.droits.porteur[:, column]), shares[:, column])
        out[:, -1] += chance - shares.sum(axis=1)
    return out


@dataclass(frozen=True)
class Seen:
    """A count in each run, beside its closed form."""

    nom: str
    values: npt.NDArray[np.int64]
    mean: float
    variance: float

    @property
    def gaps(self) -> tuple[float, float]:
        """How many standard errors the mean and the variance seen are from theirs."""
        nb, centred = len(self.values), self.values - self.mean
        if self.variance < 1e-9:
            return (0.0, 0.0) if np.abs(centred).max() < 1e-3 else (np.inf, np.inf)
        fourth = max((centred.astype(float) ** 4).mean(), 3 * self.variance**2 * 0.5)
        spread = np.sqrt(max(fourth - self.variance**2, self.variance**2) / nb)
        return (
            float(abs(centred.mean()) / np.sqrt(self.variance / nb)),
            float(abs((centred**2).mean() - self.variance) / spread),
        )


def agree(seen: Iterable[Seen], limit: float = 5.0) -> None:
    """Every mean and variance within `limit` Monte Carlo errors; counts too rare to judge are left out."""
    judged = [s for s in seen if s.variance * len(s.values) > 50 or s.variance < 1e-9]
    wrong = [(s.nom, s.gaps) for s in judged if max(s.gaps) > limit]
    assert not wrong, wrong
    assert judged
