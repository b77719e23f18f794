"""A past year as it was recorded: its relettings as vacancies, in the order of their days.

What the record does not say is drawn, from counted numbers: the day of an undated reletting, the dwelling of
one that only says its commune or its kind, the order of those of one day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.simulation.annee import Vacances
from flux.simulation.parc import Parc
from flux.simulation.tirages import Places, Usage, entiers, indices, permuted

INCONNU = -1  # a holder that the record does not name
RELOCATION, PREMIERE = "relocation", "premiere_location"
ATTRIBUTS = ("programme", "commune", "qpv", "typologie", "financement")


@dataclass(frozen=True, eq=False)
class Passe:
    """Events of one year, once a run.

    vacances : each run has all of them; runs differ by what is drawn only.
    ligne : row of each in the events given, shape (n,).
    pris : mutations and relogements, shape (n,). reel : on whose account each was, `INCONNU` where nobody is
        named, shape (n,).
    nb, hors : events read, and those of dwellings that are not in the base of the year.
    sans_logement, sans_jour, sans_titulaire : of those kept, events whose dwelling, day or holder is not
        written.
    """

    vacances: Vacances
    ligne: Places
    pris: npt.NDArray[np.bool_]
    reel: Places
    nb: int
    hors: int
    sans_logement: int
    sans_jour: int
    sans_titulaire: int


def recorded(moves: pd.DataFrame, parc: Parc, seed: int, runs: Places) -> Passe:
    """Events of the year of `parc`, as vacancies of its dwellings.

    Parameters
    ----------
    moves : rows of `mouvements`, one an event. parc : the arrays of the year, as of its 1 January.
    runs : numbers of the runs, from 0, shape (R,).
    """
    known = pd.Index(parc.logements["id_logement"]).get_indexer(pd.Index(moves["id_logement"]))
    group, members, starts = _alike(moves, parc.logements)
    sizes = np.diff(starts)
    inside = (known >= 0) | (moves["id_logement"].isna().to_numpy() & (sizes[group] > 0))
    kept = np.flatnonzero(inside)
    moves, known, group = moves.iloc[kept], known[kept], group[kept]
    nb, nb_runs = len(kept), len(runs)
    event, rang = np.tile(np.arange(nb), nb_runs), np.repeat(np.arange(nb_runs), nb)
    cle = entiers(seed, Usage.JOUR, parc.annee, runs[rang], event)
    logement = np.where(known[event] >= 0, known[event], 0)
    drawn = np.flatnonzero(known[event] < 0)
    if len(drawn):
        rank = _ranks(group[known < 0])
        some = group[event[drawn]]
        keys = entiers(seed, Usage.LOGEMENT, parc.annee, runs[rang[drawn]], some)
        # more relettings than dwellings that may have had them: some were let twice
        turn, place = np.divmod(rank[np.cumsum(known < 0)[event[drawn]] - 1], sizes[some])
        place = permuted(keys + turn.astype(np.uint64), place, sizes[some])
        logement[drawn] = members[starts[some] + place]
    day = _days(moves, parc)
    jour = np.where(day[event] >= 0, day[event], indices(cle, parc.jours))
    order = np.lexsort((cle, jour, rang))
    vacances = Vacances(runs, np.arange(nb_runs + 1) * nb, rang, logement[order], jour[order], cle[order])
    holder = pd.Index(parc.porteurs).get_indexer(pd.Index(moves["id_reservataire"]))
    return Passe(
        vacances=vacances,
        ligne=kept[event[order]],
        pris=(moves["nature"] != RELOCATION).to_numpy(bool)[event[order]],
        reel=holder[event[order]].astype(np.int64),
        nb=len(inside),
        hors=int((~inside).sum()),
        sans_logement=int((known < 0).sum()),
        sans_jour=int((day < 0).sum()),
        sans_titulaire=int(((holder < 0) & (moves["nature"] == RELOCATION).to_numpy(bool)).sum()),
    )


def relettings(mouvements: pd.DataFrame, annee: int) -> pd.DataFrame:
    """A row a reletting that was signed in the year.

    First lettings are left out: under both regimes they go to the rights of their own programme.
    """
    rows = mouvements.loc[
        (mouvements["annee"] == annee) & (mouvements["etape"] == "bail") & (mouvements["nature"] != PREMIERE)
    ]
    return one_by_one(rows)


def years_told(mouvements: pd.DataFrame) -> list[int]:
    """Years of which some reletting is recorded."""
    return sorted(
        a for a in set(mouvements["annee"].dropna().astype(int)) if len(relettings(mouvements, a))
    )


def one_by_one(rows: pd.DataFrame) -> pd.DataFrame:
    """A row an event: a count is written as often as it counts."""
    return rows.loc[np.repeat(rows.index, rows["nb"].astype(int))].reset_index(drop=True)


def _alike(moves: pd.DataFrame, logements: pd.DataFrame) -> tuple[Places, Places, Places]:
    """For each movement the group of what it says; the dwellings of each group; where each group starts."""
    columns = [c for c in ATTRIBUTS if moves[c].notna().any()]
    if not columns:
        everywhere: Places = np.arange(len(logements))
        return np.zeros(len(moves), np.int64), everywhere, np.array([0, len(logements)])
    said = moves[columns].astype("string").fillna("")
    group = np.asarray(said.groupby(columns, sort=False).ngroup(), np.int64)
    stock, members = logements[columns].astype("string"), []
    for _, values in said.drop_duplicates().iterrows():
        match = np.ones(len(stock), bool)
        for column in columns:
            if values[column]:
                match &= (stock[column] == values[column]).fillna(False).to_numpy(bool)
        members.append(np.flatnonzero(match))
    return group, np.concatenate(members), np.concatenate([[0], np.cumsum([len(m) for m in members])])


def _ranks(group: Places) -> Places:
    """Rank of each among those of its group."""
    return np.asarray(pd.Series(group).groupby(group).cumcount(), np.int64)


def _days(moves: pd.DataFrame, parc: Parc) -> Places:
    """Day of the year from 0; −1 where it is not said: a year alone is read as its first day."""
    first = pd.Timestamp(parc.annee, 1, 1)
    day = (moves["date"] - first).dt.days
    told = np.asarray(day.where((day >= 0) & (day < parc.jours)).fillna(-1), np.int64)
    alone = len(told) > 1 and bool((told[told >= 0] == 0).all())
    return np.full(len(told), -1) if alone else told
