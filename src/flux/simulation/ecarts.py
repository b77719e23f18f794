"""From the counts of each run to means, intervals and chances: always of differences of the same run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from flux.conversion.images import GROUPE
from flux.simulation.mesures import Axes, Compte, Nombres
from flux.simulation.tirages import Places, Reels

QUANTILES = 0.05, 0.95
SEUIL = 1.0  # dwellings a year beyond which one speaks of a loss or of a gain
CLES = ["id_reservataire", "territoire_code", "indicateur"]
MESURES = ["stock_moyen", "flux_moyen", "ecart_moyen", "ecart_q05", "ecart_q95", "erreur", "p_perte",
           "p_gain"]
ORIENTATIONS = "orientations"
PARTOUT = "*"
TOUS_RESERVES = "reservataires"  # all but the bailleur


def measured(stock: Reels, flux: Reels) -> pd.DataFrame:
    """The columns `MESURES` of some quantities, one a row.

    Parameters
    ----------
    stock, flux : each quantity in each run, shape (R, X). NaN where a run does not tell it (the mean rent of
        no dwelling): such a run is left out of that quantity.

    Returns
    -------
    `erreur` is the standard error of `ecart_moyen`; quantiles are values that some run took; `p_perte` and
    `p_gain` the share of the runs where the difference passes `SEUIL`.
    """
    ecart = flux - stock
    known = ~np.isnan(ecart)
    nb = known.sum(axis=0)
    enough = np.where(nb > 0, nb, np.nan)

    def mean(values: Reels) -> Reels:
        return np.asarray(np.where(known, values, 0.0).sum(axis=0) / enough)

    average = mean(ecart)
    variance = np.where(known, (ecart - average) ** 2, 0.0).sum(axis=0) / np.where(nb > 1, nb - 1, np.nan)
    # runs that do not tell it come last: the quantile is a place among those that do
    ordered = np.sort(ecart, axis=0)
    low, high = (
        np.take_along_axis(ordered, np.maximum(np.ceil(q * nb).astype(int) - 1, 0)[None], axis=0)[0]
        for q in QUANTILES
    )
    columns = [mean(stock), mean(flux), average, low, high, np.sqrt(variance / enough),
               mean((ecart < -SEUIL).astype(float)), mean((ecart > SEUIL).astype(float))]
    return pd.DataFrame(dict(zip(MESURES, columns, strict=True)))


def table(axes: Axes, stock: Compte, flux: Compte) -> pd.DataFrame:
    """`bascule.table`: each holder everywhere and by commune, dwellings a year; then what it receives.

    Returns
    -------
    Columns `CLES` and `MESURES`; chances are those of dwellings only, absent for a mean rent.
    """
    years, holders = len(axes.annees), np.arange(len(axes.porteurs))
    frames = [_rows(axes, holders, PARTOUT, ORIENTATIONS,
                    measured(by_holder(axes, stock) / years, by_holder(axes, flux) / years)),
              _rows(axes, axes.porteur, [axes.communes[c] for c in axes.commune], ORIENTATIONS,
                    measured(stock.cellules / years, flux.cellules / years))]
    for k, kind in enumerate(axes.genres):
        frames.append(_rows(axes, holders, PARTOUT, kind,
                            measured(stock.genres[:, :, k] / years, flux.genres[:, :, k] / years)))
    for m, mean in enumerate(axes.moyennes):
        values = measured(*(_mean(c, m) for c in (stock, flux)))
        frames.append(_rows(axes, holders, PARTOUT, mean, values.assign(p_perte=np.nan, p_gain=np.nan)))
    return pd.concat(frames, ignore_index=True)


def by_holder(axes: Axes, compte: Compte) -> Reels:
    """Dwellings of each holder in each run, all communes together, shape (R, H)."""
    return _summed(compte, axes.porteur, len(axes.porteurs))


def _summed(compte: Compte, group: Places, nb: int) -> Reels:
    """Cells added up by group, shape (R, nb); a cell of no group is −1."""
    out = np.zeros((len(compte.cellules), nb))
    for g in range(nb):
        out[:, g] = compte.cellules[:, group == g].sum(axis=1)
    return out


def _mean(compte: Compte, m: int) -> Reels:
    nb = compte.connus[:, :, m]
    return np.where(nb > 0, compte.sommes[:, :, m] / np.maximum(nb, 1), np.nan)


def _rows(axes: Axes, porteur: Places, territoire: str | list[str], indicateur: str,
          values: pd.DataFrame) -> pd.DataFrame:
    ids = [axes.porteurs[p] for p in porteur]
    keys = {"id_reservataire": ids, "territoire_code": territoire, "indicateur": indicateur}
    return pd.concat([pd.DataFrame(keys, index=values.index), values], axis=1)


def by_commune(axes: Axes, categories: Iterable[str], stock: Compte, flux: Compte) -> pd.DataFrame:
    """`bascule.communes`: gains and losses of each commune by group of holders.

    Parameters
    ----------
    categories : category of each holder, in the order of `axes.porteurs`.

    Returns
    -------
    Columns `commune, groupe` and `MESURES`; the group `TOUS_RESERVES` adds up all but the bailleur, the group
    `PARTOUT` all of them.
    """
    groupes = [GROUPE[c] for c in categories]
    named = list(dict.fromkeys(groupes))
    rank = np.array([named.index(g) for g in groupes])[axes.porteur]
    reserved = np.where(axes.porteur < len(axes.porteurs) - 1, 0, -1)
    years, nb = len(axes.annees), len(axes.communes)
    frames = []
    for groupe, member in ([(g, np.where(rank == k, 0, -1)) for k, g in enumerate(named)]
                           + [(TOUS_RESERVES, reserved), (PARTOUT, np.zeros(len(axes.porteur), np.int64))]):
        where = np.where(member == 0, axes.commune, -1)
        values = measured(*(_summed(c, where, nb) / years for c in (stock, flux)))
        frames.append(pd.concat([pd.DataFrame({"commune": axes.communes, "groupe": groupe}), values], axis=1)
                      .loc[np.isin(np.arange(nb), where)])
    out = pd.concat(frames, ignore_index=True)
    return out.sort_values("commune", kind="stable", ignore_index=True)


def by_group(axes: Axes, categories: Iterable[str], stock: Compte, flux: Compte) -> pd.DataFrame:
    """`bascule.groupes`: gains and losses of each group of holders, all communes together.

    Parameters
    ----------
    categories : category of each holder, in the order of `axes.porteurs`.

    Returns
    -------
    Columns `groupe` and `MESURES`; `TOUS_RESERVES`, all but the bailleur, stands before the bailleur.
    """
    groupes = np.array([GROUPE[c] for c in categories])
    named = list(dict.fromkeys(groupes[:-1]))
    held = [by_holder(axes, c) / len(axes.annees) for c in (stock, flux)]
    members = [*(groupes == g for g in named), np.arange(len(groupes)) < len(groupes) - 1]
    members.append(~members[-1])
    values = measured(*(np.stack([h[:, some].sum(axis=1) for some in members], axis=1) for h in held))
    values.insert(0, "groupe", [*named, TOUS_RESERVES, groupes[-1]])
    return values


def taken_means(axes: Axes, retires: Nombres) -> pd.DataFrame:
    """Dwellings a year that mutations and relogements take, on average: `id_reservataire, commune, retires`.

    Parameters
    ----------
    retires : by cell, shape (R, N), see `vies.Vies`.
    """
    return pd.DataFrame({"id_reservataire": [axes.porteurs[p] for p in axes.porteur],
                         "commune": [axes.communes[c] for c in axes.commune],
                         "retires": retires.mean(axis=0) / len(axes.annees)})


def monthly(axes: Axes, stock: Compte, flux: Compte) -> pd.DataFrame:
    """`bascule.calendrier`: dwellings since the start at the end of each month, by holder.

    Returns
    -------
    Columns `id_reservataire, annee, mois, regime, moyen, q05, q95, lineaire`: the last one is the holder's
    mean total, evenly over the months.
    """
    frames = []
    months = 12 * len(axes.annees)
    for regime, compte in (("stock", stock), ("flux", flux)):
        so_far = np.sort(np.cumsum(compte.mois, axis=2), axis=0)
        runs = len(so_far)
        low, high = (so_far[max(int(np.ceil(q * runs)) - 1, 0)] for q in QUANTILES)
        mean = so_far.mean(axis=0)
        linear = mean[:, -1:] * (np.arange(months) + 1) / months
        frames.append(pd.DataFrame({
            "id_reservataire": np.repeat(axes.porteurs, months),
            "annee": np.tile(np.repeat(axes.annees, 12), len(axes.porteurs)),
            "mois": np.tile(np.tile(np.arange(12) + 1, len(axes.annees)), len(axes.porteurs)),
            "regime": regime, "moyen": mean.ravel(), "q05": low.ravel(), "q95": high.ravel(),
            "lineaire": linear.ravel()}))
    return pd.concat(frames, ignore_index=True)
