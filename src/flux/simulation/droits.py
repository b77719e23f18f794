"""Under the stock regime, who a freed dwelling goes to: the holder of its right, alive that day.

A right written on a dwelling is that dwelling's. A lot ("40 of the programme") does not say which dwellings:
each one of the programme that no written right takes may be one of the lot, with the same chance, drawn once
a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.simulation.tirages import Entiers, Places, Reels

TOUJOURS, DERNIER = 10**6, 366  # days: a right without end outlives what is simulated; no year has more


class Periodes(NamedTuple):
    """Rights as thresholds, period after period.

    logement : where the periods of each dwelling start, shape (D + 1,). depuis : first day of each, 0 for the
    first of a dwelling, shape (P,). droit : where the rights of each period start, shape (P + 1,).
    seuil, porteur : the draws below it (see `tirages.seuil`), and not below that of the right before, go to
    this holder, shape (Q,).
    """

    logement: Places
    depuis: Places
    droit: Places
    seuil: Entiers
    porteur: Places


@dataclass(frozen=True, eq=False)
class Detenus:
    """Rights by dwelling, side by side: M columns, as many as the dwelling that carries most.

    porteur : index of the holder, shape (D, M).
    part : share of the dwelling, 0 where there is no right, shape (D, M).
    debut, fin : first and last day of life, counted from 1 January of the year, shape (D, M).
    priorite : dwellings of which the first right alive takes all, shape (D,).
    """

    porteur: Places
    part: Reels
    debut: Places
    fin: Places
    priorite: npt.NDArray[np.bool_]

    def shares(self, logement: Places, jour: Places) -> Reels:
        """Share of each right in each vacancy, shape (n, M): of those alive that day, at most the whole."""
        alive = (self.debut[logement] <= jour[:, None]) & (jour[:, None] <= self.fin[logement])
        shares = np.where(alive, self.part[logement], 0.0)
        first = (np.cumsum(shares > 0, axis=1) == 1) & (shares > 0)
        shares = np.where(self.priorite[logement][:, None], first, shares)
        return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0))

    def holder(self, logement: Places, jour: Places, tirage: Reels, autre: int) -> Places:
        """Who each vacancy goes to; `autre` (the bailleur) where no right takes it.

        Parameters
        ----------
        logement, jour, tirage : dwelling, day and draw in [0, 1) of each vacancy, shape (n,).
        """
        steady, reached = self._steady
        column = np.zeros(len(logement), np.int64)
        for sums in reached:
            column += sums[logement] <= tirage
        moving = np.flatnonzero(~steady[logement])
        sums = np.cumsum(self.shares(logement[moving], jour[moving]), axis=1)
        column[moving] = (sums <= tirage[moving, None]).sum(axis=1)
        width = self.porteur.shape[1]
        found = self.porteur.ravel()[logement * width + np.minimum(column, width - 1)]
        return np.where(column < width, found, autre)

    @cached_property
    def periodes(self) -> Periodes:
        """The same rights as thresholds: from which day each dwelling has which."""
        moving = (self.part > 0)[..., None] & np.stack([self.debut > 0, self.fin < DERNIER], axis=-1)
        days = np.stack([self.debut, self.fin + 1], axis=-1)
        dwelling = np.concatenate([np.arange(len(self.part)), np.nonzero(moving)[0]])
        first = np.concatenate([np.zeros(len(self.part), np.int64), days[moving]])
        dwelling, first = np.unique(np.stack([dwelling, np.maximum(first, 0)]), axis=1)
        shares = self.shares(dwelling, first)
        sums, held = np.ceil(np.ldexp(np.cumsum(shares, axis=1), 53)).astype(np.uint64), shares > 0
        return Periodes(
            logement=np.searchsorted(dwelling, np.arange(len(self.part) + 1)),
            depuis=first,
            droit=np.concatenate([[0], np.cumsum(held.sum(axis=1))]),
            seuil=sums[held],
            porteur=self.porteur[dwelling][held],
        )

    @cached_property
    def _steady(self) -> tuple[npt.NDArray[np.bool_], Reels]:
        """Dwellings whose rights are the same all year, shape (D,), and their cumulated shares, (M, D)."""
        whole = ((self.debut <= 0) & (self.fin >= DERNIER)) | (self.part == 0)
        everything = np.arange(len(self.part))
        sums = np.cumsum(self.shares(everything, np.zeros_like(everything)), axis=1)
        return whole.all(axis=1), np.ascontiguousarray(sums.T)


def held_rights(
    rights: pd.DataFrame, logements: pd.DataFrame, porteurs: tuple[str, ...], annee: int, partage: str
) -> Detenus:
    """Recurring rights of the register on the dwellings of the base.

    Parameters
    ----------
    rights : rows of `quotas.preuve.droits.registre` that stand on the base.
    logements : the dwellings of the base, in the order of the arrays.
    partage : `logement_partage`; under "priorite", the first right of a dwelling that is alive takes it all.
    """
    suite = rights.loc[(rights["type_droit"] == "suite") & ~rights["stock"]]
    written = suite["part"].astype("float64").fillna(1.0) * suite["nb"].astype("float64")
    # what counts for the year is a share of it under some rules: here each day counts for itself
    counted = suite["poids"].map(float) * suite["jours_an"] / suite["jours"].where(suite["jours"] > 0)
    first = pd.Timestamp(date(annee, 1, 1))
    rows = pd.DataFrame(
        {
            "porteur": pd.Index(porteurs).get_indexer(pd.Index(suite["id_reservataire"])),
            "part": counted.where(counted > 0, written).astype("float64"),
            "debut": (suite["date_debut"] - first).dt.days.fillna(-TOUJOURS).astype("int64"),
            "fin": (suite["fin"] - first).dt.days.fillna(TOUJOURS).astype("int64"),
            "rang": suite["ordre"].astype("float64").fillna(np.inf),
            **{c: suite[c] for c in ("id_logement", "programme", "commune")},
        }
    )
    one = rows.loc[rows["id_logement"].notna()]
    one = one.assign(logement=pd.Index(logements["id_logement"]).get_indexer(pd.Index(one["id_logement"])))
    one = one.loc[one["logement"] >= 0]
    lots = _spread(rows.loc[rows["id_logement"].isna()], one, logements)
    columns = ["logement", "rang", "porteur", "debut", "fin", "part"]
    entries = pd.concat([one[columns], lots[columns]]).sort_values(columns, kind="stable")
    return _side_by_side(entries, len(logements), partage == "priorite")


def _spread(lots: pd.DataFrame, one: pd.DataFrame, logements: pd.DataFrame) -> pd.DataFrame:
    """A row a lot × dwelling of its programme, at the chance that the dwelling is one of the lot."""
    taken = np.zeros(len(logements))
    np.maximum.at(taken, one["logement"].to_numpy(np.int64), one["part"].to_numpy(float))
    free = logements[["programme", "commune"]].assign(
        logement=np.arange(len(logements)), libre=np.clip(1.0 - taken, 0.0, 1.0)
    )
    free = free.loc[(free["libre"] > 0) & free["programme"].isin(lots["programme"].dropna().unique())]
    free = free.assign(somme=free.groupby(["programme", "commune"])["libre"].transform("sum"))
    joined = lots.merge(free, on=["programme", "commune"])
    return joined.assign(part=joined["part"] * joined["libre"] / joined["somme"])


def _side_by_side(entries: pd.DataFrame, nb: int, priorite: bool) -> Detenus:
    rank = entries.groupby("logement").cumcount().to_numpy(np.int64)
    shape = nb, int(rank.max(initial=-1)) + 1
    at = entries["logement"].to_numpy(np.int64), rank
    porteur, debut, fin = np.zeros(shape, np.int64), np.ones(shape, np.int64), np.zeros(shape, np.int64)
    part = np.zeros(shape)
    for array, column in ((porteur, "porteur"), (part, "part"), (debut, "debut"), (fin, "fin")):
        array[at] = entries[column].to_numpy()
    first = np.zeros(nb, bool)
    if priorite:
        first[entries.loc[np.isfinite(entries["rang"]), "logement"].to_numpy(np.int64)] = True
    return Detenus(porteur, part, debut, fin, first)
