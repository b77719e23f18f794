"""How far from its due each holder is, at the worst moment: overall and by stratum."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flux.simulation.annee import Vacances
from flux.simulation.tirages import Places, Reels
from flux.simulation.vecu import Annee

STRATES = ("*", "strate", "commune", "typologie", "qpv")


def deviations(annee: Annee, vacances: Vacances, qui: Places) -> pd.DataFrame:
    """The largest deviations of one policy.

    A holder's due in a stratum is the sum of its share of the commune of each vacancy so far; its deviation,
    what it has had there less its due, judged after every vacancy of the stratum.

    Parameters
    ----------
    vacances : those that are shared, in order. qui : index of who had each; −1: nobody known, shape (n,).

    Returns
    -------
    Columns `strate` (`STRATES`; "strate" is that of the bound: communes of the same shares), `ecart_max`
    (largest |deviation|, dwellings, of all holders, values of the stratum, moments and runs), `ecart_final`
    (mean over holders, values and runs of |deviation| at the end).
    """
    parc = annee.parc
    commune = parc.commune[vacances.logement]
    logements = parc.logements.iloc[vacances.logement].assign(strate=annee.strates.strate[commune])
    moves = -parc.parts[commune]
    known = np.flatnonzero(qui >= 0)
    moves[known, qui[known]] += 1.0
    rows = []
    for strate in STRATES:
        values = np.zeros(len(qui)) if strate == "*" else pd.factorize(logements[strate])[0]
        worst, final = _worst(moves, vacances.rang, values.astype(np.int64))
        rows.append((strate, worst, final))
    return pd.DataFrame(rows, columns=["strate", "ecart_max", "ecart_final"])


def _worst(moves: Reels, rang: Places, values: Places) -> tuple[float, float]:
    if not len(moves):
        return 0.0, 0.0
    order = np.lexsort((np.arange(len(values)), values, rang))
    group = rang[order] * (int(values.max()) + 1) + values[order]
    running = np.cumsum(moves[order], axis=0)
    ends = np.flatnonzero(np.diff(group, append=-1))
    before = np.concatenate([np.zeros((1, moves.shape[1])), running[ends[:-1]]])
    running -= np.repeat(before, np.diff(ends, prepend=-1), axis=0)
    return float(np.abs(running).max()), float(np.abs(running[ends]).mean())
