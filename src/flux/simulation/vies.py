"""Some runs, lived and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flux.simulation.mesures import Axes, Compte, Nombres, count, taken
from flux.simulation.objectifs import Cibles, Suivi, follow
from flux.simulation.politiques import Regle
from flux.simulation.tirages import Places
from flux.simulation.vecu import Annee, Mutations, live


@dataclass(frozen=True, eq=False)
class Vies:
    """What each run gave, all years together, and what it reached of the targets of the first year.

    retires : dwellings that mutations and relogements take out of the flow, by the cell that has them under
        stock, shape (R, N).
    """

    stock: Compte
    flux: Compte
    retires: Nombres
    suivi: Suivi

    def __len__(self) -> int:
        return len(self.retires)


def lived(
    annees: Sequence[Annee],
    axes: Axes,
    cibles: Cibles,
    seed: int,
    runs: Places,
    regle: Regle,
    mutations: Mutations,
) -> Vies:
    """Some runs: a run is the same whichever others are lived with it."""
    stock, flux, retires, suivis = [], [], [], []
    for rank, vecu in enumerate(live(annees, seed, runs, regle)):
        stock.append(count(axes, vecu, vecu.en_stock(mutations), rank))
        flux.append(count(axes, vecu, vecu.flux, rank))
        retires.append(taken(axes, vecu))
        if rank == 0:
            suivis.append(follow(cibles, vecu, mutations, seed))
    return Vies(added(stock), added(flux), np.sum(retires, axis=0, dtype=np.int32), suivis[0])


def joined(vies: Sequence[Vies]) -> Vies:
    """The runs of several batches one after another."""
    return Vies(
        _joined([v.stock for v in vies]),
        _joined([v.flux for v in vies]),
        np.concatenate([v.retires for v in vies]),
        Suivi(*(np.concatenate([getattr(v.suivi, f) for v in vies], axis=1) for f in ("base", "atteint"))),
    )


def added(comptes: Sequence[Compte]) -> Compte:
    """The years of the same runs added up."""
    arrays = [[getattr(c, f) for c in comptes] for f in Compte.__dataclass_fields__]
    return Compte(*(np.sum(a, axis=0, dtype=a[0].dtype) for a in arrays))


def _joined(comptes: Sequence[Compte]) -> Compte:
    return Compte(*(np.concatenate([getattr(c, f) for c in comptes]) for f in Compte.__dataclass_fields__))
