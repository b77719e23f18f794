"""What is counted of each run: who received how many dwellings, where, of what kind, in which month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.simulation.parc import Parc
from flux.simulation.tirages import Places, Reels
from flux.simulation.vecu import Annee, Vecu

Nombres = npt.NDArray[np.int32]
SOMMES = {"loyer_moyen": "loyer", "surface": "surface", "annee_construction": "annee_construction"}
QPV = "qpv"


@dataclass(frozen=True, eq=False)
class Axes:
    """What the counts stand for.

    porteurs, communes : codes; the bailleur is the last porteur.
    porteur, commune : of each cell that can receive something, shape (N,); `place` finds it, −1 where none
        can, shape (H, C).
    genres : kinds counted, shape K: in QPV, each typologie, each financement.
    moyennes : what is averaged over the dwellings received, where the dossier has it.
    annees : the years; twelve months each.
    """

    porteurs: tuple[str, ...]
    communes: tuple[str, ...]
    porteur: Places
    commune: Places
    place: Places
    genres: tuple[str, ...]
    moyennes: tuple[str, ...]
    annees: tuple[int, ...]

    @property
    def nombres(self) -> int:
        """Numbers that a run keeps."""
        by_holder = len(self.genres) + 12 * len(self.annees) + 2 * len(self.moyennes)
        return 3 * len(self.porteur) + 2 * len(self.porteurs) * by_holder

    @property
    def periode(self) -> str:
        """The years as people say them: "2026", "2026-2030"."""
        return "-".join(map(str, dict.fromkeys((self.annees[0], self.annees[-1]))))


@dataclass(frozen=True, eq=False)
class Compte:
    """What one policy gave in each run, all years together.

    cellules : by cell, shape (R, N). genres : by holder and kind, shape (R, H, K). mois : by holder and
    month, shape (R, H, 12 × years). sommes, connus : by holder, total of what is averaged and dwellings of
    which it is known, shape (R, H, M). All but `sommes` are dwellings; first lettings are in `cellules` and
    `mois` only.
    """

    cellules: Nombres
    genres: Nombres
    mois: Nombres
    sommes: Reels
    connus: Nombres


def make_axes(annees: Sequence[Annee]) -> Axes:
    """The axes of the years together."""
    porteurs = annees[0].parc.porteurs
    delivered = {str(c) for a in annees for c in a.quotas.livraisons["commune"]}
    communes = tuple(sorted({c for a in annees for c in a.parc.communes} | delivered))
    possible = np.zeros((len(porteurs), len(communes)), bool)
    for annee in annees:
        parc = annee.parc
        here = pd.Index(communes).get_indexer(pd.Index(parc.communes))
        possible[:, here] |= (parc.parts > 0).T
        rows, columns = np.nonzero(parc.droits.part)
        possible[parc.droits.porteur[rows, columns], here[parc.commune[rows]]] = True
        possible[-1, here] = True
        possible[_first(annee, porteurs, communes)[:2]] = True
    porteur, commune = np.nonzero(possible)
    place = np.full(possible.shape, -1)
    place[porteur, commune] = np.arange(len(porteur))
    parcs = [a.parc for a in annees]
    genres = [QPV, *(str(v) for c in ("typologie", "financement")
                     for v in sorted(set().union(*(p.logements[c] for p in parcs))))]
    known = [m for m, c in SOMMES.items() if any(p.logements[c].notna().any() for p in parcs)]
    return Axes(porteurs, communes, porteur, commune, place, tuple(genres), tuple(known),
                tuple(p.annee for p in parcs))


def _first(
    annee: Annee, porteurs: Sequence[str], communes: Sequence[str]
) -> tuple[Places, Places, Places, Places]:
    """First lettings of the year: holder, commune, month (from 0) and number of dwellings of each row."""
    rows = annee.quotas.livraisons.loc[annee.quotas.livraisons["nb"] > 0]
    holder = pd.Index(porteurs).get_indexer(pd.Index(rows["id_reservataire"])).astype(np.int64)
    commune = pd.Index(communes).get_indexer(pd.Index(rows["commune"])).astype(np.int64)
    month = np.asarray(pd.to_datetime(rows["date_mise_service"]).dt.month, np.int64) - 1
    return holder, commune, month, np.asarray(rows["nb"], np.int64)


def first_lettings(axes: Axes, annee: Annee, rang_annee: int) -> tuple[Nombres, Nombres]:
    """First lettings of a year, alike in all runs: by cell, by holder and month of all the years."""
    holder, commune, first, nb = _first(annee, axes.porteurs, axes.communes)
    cells = np.zeros(len(axes.porteur), np.int32)
    months = np.zeros((len(axes.porteurs), 12 * len(axes.annees)), np.int32)
    np.add.at(cells, axes.place[holder, commune], nb)
    np.add.at(months, (holder, first + 12 * rang_annee), nb)
    return cells, months


def count(axes: Axes, vecu: Vecu, qui: Places, rang_annee: int) -> Compte:
    """What one policy gave in one year.

    Parameters
    ----------
    qui : who had each vacancy under this policy (`vecu.en_stock(…)` or `vecu.flux`).
    rang_annee : place of the year among those simulated.
    """
    parc, vacances = vecu.annee.parc, vecu.vacances
    kept = qui >= 0
    run, who, dwelling = vacances.rang[kept], qui[kept], vacances.logement[kept]
    runs, holders = len(vacances.runs), len(axes.porteurs)
    commune = places_of(axes, parc)[parc.commune[dwelling]]
    cells = _counts(run, axes.place[who, commune], runs, len(axes.porteur))
    month = months_of_days(parc)[vacances.jour[kept]] + 12 * rang_annee
    months = _counts(run, who * 12 * len(axes.annees) + month, runs, holders * 12 * len(axes.annees))
    alike = first_lettings(axes, vecu.annee, rang_annee)
    kinds = np.zeros((runs, holders, len(axes.genres)), np.int32)
    sommes = np.zeros((runs, holders, len(axes.moyennes)))
    connus = np.zeros((runs, holders, len(axes.moyennes)), np.int32)
    key = run * holders + who
    for k, mask in enumerate(kinds_of(axes, parc.logements)):
        kinds[:, :, k] = _counts(run[mask[dwelling]], who[mask[dwelling]], runs, holders)
    for m, known in enumerate(values_of(axes, parc.logements)):
        values = known[dwelling]
        told = ~np.isnan(values)
        connus[:, :, m] = _counts(run[told], who[told], runs, holders)
        sommes[:, :, m] = np.bincount(key[told], values[told], runs * holders).reshape(runs, holders)
    return Compte(cells + alike[0], kinds, months.reshape(runs, holders, -1) + alike[1], sommes, connus)


def taken(axes: Axes, vecu: Vecu) -> Nombres:
    """What mutations and relogements take out of the flow, by the cell that has it under stock, (R, N)."""
    parc, vacances, pris = vecu.annee.parc, vecu.vacances, vecu.pris
    where = places_of(axes, parc)[parc.commune[vacances.logement[pris]]]
    cells = axes.place[vecu.stock[pris], where]
    return _counts(vacances.rang[pris], cells, len(vacances.runs), len(axes.porteur))


def places_of(axes: Axes, parc: Parc) -> Places:
    """Place among all the communes of those of a year."""
    return pd.Index(axes.communes).get_indexer(pd.Index(parc.communes))


def months_of_days(parc: Parc) -> Places:
    """Month of each day of the year, from 0."""
    days = np.round(parc.mois[1:-1] * parc.jours)
    return np.asarray(np.searchsorted(days, np.arange(parc.jours), side="right"), np.int64)


def values_of(axes: Axes, logements: pd.DataFrame) -> list[Reels]:
    """What is averaged over dwellings, NaN where unknown."""
    return [np.asarray(logements[SOMMES[m]].astype("float64"), np.float64) for m in axes.moyennes]


def kinds_of(axes: Axes, logements: pd.DataFrame) -> list[npt.NDArray[np.bool_]]:
    """Which dwellings are of each kind."""
    described = {QPV: logements["qpv"].to_numpy(bool)}
    for column in ("typologie", "financement"):
        described |= {v: (logements[column] == v).to_numpy(bool) for v in axes.genres if v != QPV
                      and (logements[column] == v).any()}
    return [described.get(g, np.zeros(len(logements), bool)) for g in axes.genres]


def _counts(run: Places, place: Places, runs: int, places: int) -> Nombres:
    """How many of each place in each run, shape (runs, places)."""
    flat = np.bincount(run * places + place, minlength=runs * places)
    return flat.reshape(runs, places).astype(np.int32)
