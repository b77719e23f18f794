"""The year's stock as arrays: what the draws and the policies need of each dwelling, and nothing else.

Everything comes from the quotas of the year: the base, the rotation groups and the law of their rates, the
rights with their dates, the exact dues by commune. No file, no clock, no chance here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.conversion import Quotas
from flux.conversion.cellules import BAILLEUR
from flux.conversion.probabilites import beta_binomial, beta_quantiles
from flux.conversion.registre import BASE
from flux.conversion.segments import described, segment_columns
from flux.dossier.vocabulaire import Issue
from flux.simulation.droits import Detenus, held_rights
from flux.simulation.tirages import Entiers, Places, Reels, seuil, tables

ISSUES = (Issue.AUCUNE, Issue.SANS_CANDIDAT, Issue.REFUS_CANDIDAT)
ATOMES = 16  # values that an uncertain rate may take, equally likely: its law, cut in 16


@dataclass(frozen=True, eq=False)
class Parc:
    """What a year is drawn from.

    Attributes
    ----------
    annee, jours : the year and its number of days.
    communes, porteurs : their codes; the bailleur is the last porteur.
    logements : the dwellings of the base, in the order of the arrays below (D rows).
    commune, segment : of each dwelling, shape (D,): index in `communes`, row of `flux`.
    flux : the segments (`quotas.flux`).
    membres, debuts : dwellings group after group, and where each of the G groups starts. Shapes (D,), (G+1,).
    essais : the most times a dwelling may be let again in the year.
    loi : the law of its rate that each group shares with others, shape (G,).
    lois : a number of each law, made from its name: the rate of a run is then the same every year, whichever
        groups come and go, shape (L,).
    seuils, places : thresholds of the number of vacancies of each group under each of the `ATOMES` rates, and
        where each table starts (see `tirages.tables`); the table of group g under atom a is g × ATOMES + a.
    droits : who holds what under the stock regime.
    soustraits : threshold of what mutations and relogements take, a row a segment.
    echecs, refus : threshold of a vacancy for which no candidate is found; of one that is refused, among the
        others; a row a segment. comptees : whether each of `ISSUES` counts on the account, shape (3,).
    mois : where each month begins, and the last ends, as shares of the year, shape (13,).
    saison : share of the year's vacancies before the end of each month, shape (12,).
    taux : vacancies of a dwelling of each group in the year, on average, shape (G,).
    parts : share of each porteur in the flow of each commune, shape (C, H); rows sum to 1, or to 0 where
        there is no flow.
    """

    annee: int
    jours: int
    communes: tuple[str, ...]
    porteurs: tuple[str, ...]
    logements: pd.DataFrame
    commune: Places
    segment: Places
    flux: pd.DataFrame
    membres: Places
    debuts: Places
    essais: int
    loi: Places
    lois: Places
    seuils: Entiers
    places: Places
    droits: Detenus
    soustraits: Entiers
    refus: Entiers
    echecs: Entiers
    comptees: npt.NDArray[np.bool_]
    mois: Reels
    saison: Reels
    taux: Reels
    parts: Reels

    @property
    def nb_lois(self) -> int:
        """Laws of rates, each drawn once a run."""
        return len(self.lois)

    @cached_property
    def seuils_jours(self) -> Entiers:
        """Threshold of each day after the first: a draw at or above it (see `seuil`) is not before that day.

        A draw is a place among the vacancies of the year; the seasons say which day that is.
        """
        low, high = np.zeros(self.jours - 1, np.int64), np.full(self.jours - 1, 2**53)
        saison = np.concatenate([[0.0], self.saison])
        while (low < high).any():
            middle = (low + high) >> 1
            moment = np.interp(middle * 2.0**-53, saison, self.mois)
            reached = moment * self.jours >= np.arange(1, self.jours)
            low, high = np.where(reached | (low == high), low, middle + 1), np.where(reached, middle, high)
        return low.astype(np.uint64)


def make_parc(quotas: Quotas, *, incertitude: bool = True) -> Parc:
    """The arrays of one year.

    Parameters
    ----------
    incertitude : whether the rates are drawn too; False: every run has the rates retained.
    """
    dossier, preuve, choix = quotas.dossier, quotas.preuve, quotas.dossier.convention.choix
    logements = dossier.logements.loc[preuve.classement.dans_assiette].reset_index(drop=True)
    groupe = preuve.rotation.groupe.loc[preuve.classement.dans_assiette].reset_index(drop=True)
    communes = tuple(sorted(set(quotas.flux["commune"])))
    porteurs = tuple(str(i) for i in quotas.table["id_reservataire"])
    groups, membership = np.unique(groupe.to_numpy(str), return_inverse=True)
    membres = np.argsort(membership, kind="stable")
    sizes = np.bincount(membership, minlength=len(groups))
    loi, lois, taux, seuils, places = _rates(quotas, groups, sizes, incertitude)
    columns = segment_columns(dossier)
    rows = pd.MultiIndex.from_frame(quotas.flux[columns])
    annee = dossier.convention.annee
    starts = [date(annee + m // 12, m % 12 + 1, 1).toordinal() for m in range(13)]
    jours = starts[-1] - starts[0]
    mois = (np.array(starts) - starts[0]) / jours
    return Parc(
        annee=annee,
        jours=jours,
        communes=communes,
        porteurs=porteurs,
        logements=logements,
        commune=pd.Index(communes).get_indexer(pd.Index(logements["commune"])),
        segment=rows.get_indexer(pd.MultiIndex.from_frame(described(logements)[columns])),
        flux=quotas.flux,
        membres=membres,
        debuts=np.concatenate([[0], np.cumsum(sizes)]),
        essais=preuve.rotation.lets,
        loi=loi,
        lois=lois,
        seuils=seuils,
        places=places,
        droits=held_rights(
            preuve.droits.registre.loc[preuve.droits.registre["lieu"] == BASE],
            logements,
            porteurs,
            annee,
            str(choix.logement_partage),
        ),
        soustraits=seuil(_over(quotas.flux["soustraits"], quotas.flux["liberations"])),
        refus=seuil(_taux(dossier.taux, "refus", quotas.flux)),
        echecs=seuil(_taux(dossier.taux, "echec", quotas.flux)),
        comptees=np.array([True, bool(choix.compte_sans_candidat), bool(choix.compte_refus_candidat)]),
        mois=mois,
        saison=_seasons(dossier.taux, mois),
        taux=taux,
        parts=_parts(quotas, communes, porteurs),
    )


def _rates(
    quotas: Quotas, groups: npt.NDArray[np.str_], sizes: Places, incertitude: bool
) -> tuple[Places, Places, Reels, Entiers, Places]:
    """The law of each group, the number of each law, the rates retained, the tables of vacancies."""
    rotation = quotas.preuve.rotation
    known = [rotation.estimations[g] for g in groups]
    lets = rotation.lets
    rate = np.array([float(e.taux) for e in known])
    expected = float(quotas.flux["liberations"].sum())
    # a forecast of the landlord, or the share of a year, scales every rate alike
    drawn = float(rate @ sizes)
    chance = rate * (expected / drawn if drawn else 0.0) / lets
    laws, loi = np.unique([e.porteur for e in known], return_inverse=True)
    first = {nom: known[int(np.flatnonzero(loi == k)[0])] for k, nom in enumerate(laws)}
    spread = np.ones((len(laws), ATOMES))
    finite = [k for k, nom in enumerate(laws) if incertitude and np.isfinite(first[nom].poids)]
    if finite:
        mean = np.array([float(first[laws[k]].moyenne) / lets for k in finite])
        weight = np.array([first[laws[k]].poids * lets for k in finite])
        atoms = beta_quantiles(mean, weight, [(i + 0.5) / ATOMES for i in range(ATOMES)]).T
        spread[finite] = atoms / atoms.mean(axis=1, keepdims=True)
    counts = [
        beta_binomial(lets * int(nb), min(float(p * s), 1 - 1e-12), np.inf)
        for nb, p, law in zip(sizes, chance, loi, strict=True)
        for s in spread[law]
    ]
    seuils, places = tables(counts)
    names = [blake2b(str(nom).encode(), digest_size=8).digest() for nom in laws]
    numbers = np.array([int.from_bytes(name) >> 1 for name in names], np.int64)
    return loi.astype(np.int64), numbers, chance * lets, seuils, places


def _taux(table: pd.DataFrame, nature: str, flux: pd.DataFrame) -> Reels:
    """The rate of each segment: the row that says most of it, zero where none does."""
    out = np.zeros(len(flux))
    rows = table.loc[table["nature"] == nature]
    told = rows[["commune", "qpv", "typologie"]].notna().sum(axis=1)
    for place in told.sort_values(kind="stable").index:
        row, here = rows.loc[place], np.ones(len(flux), bool)
        for column in ("commune", "qpv", "typologie"):
            if pd.notna(row[column]):
                here &= (flux[column] == row[column]).to_numpy(bool)
        out[here] = float(row["taux"])
    return out


def _seasons(table: pd.DataFrame, mois: Reels) -> Reels:
    """Share of the vacancies before the end of each month; days alike where nothing is said."""
    weights = np.diff(mois)
    rows = table.loc[(table["nature"] == "saison") & table["mois"].notna()]
    if rows["taux"].sum() > 0:
        weights = np.zeros(12)
        np.add.at(weights, rows["mois"].astype(int).to_numpy() - 1, rows["taux"].astype(float).to_numpy())
    return np.asarray(np.cumsum(weights) / weights.sum())


def _parts(quotas: Quotas, communes: tuple[str, ...], porteurs: tuple[str, ...]) -> Reels:
    """Share of each porteur in the exact dues of each commune."""
    cells = quotas.communes
    out = np.zeros((len(communes), len(porteurs)))
    known = cells["commune"].isin(communes)
    at = (pd.Index(communes).get_indexer(pd.Index(cells.loc[known, "commune"])),
          pd.Index(porteurs).get_indexer(pd.Index(cells.loc[known, "id_reservataire"])))
    np.add.at(out, at, np.clip(cells.loc[known, "exact"].astype(float).to_numpy(), 0, None))
    sums = out.sum(axis=1, keepdims=True)
    out[(sums == 0).ravel(), porteurs.index(BAILLEUR)] = 1.0
    return np.asarray(out / np.where(sums == 0, 1.0, sums))


def _over(some: pd.Series, whole: pd.Series) -> Reels:
    above, below = some.astype(float).to_numpy(), whole.astype(float).to_numpy()
    return np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
