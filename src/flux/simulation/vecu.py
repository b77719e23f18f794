"""A year lived twice: the same vacancies under the stock regime and under the flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.allocation.cadre import SEGMENT
from flux.conversion import Quotas
from flux.simulation.annee import Vacances, outcomes, vacancies
from flux.simulation.parc import Parc, make_parc
from flux.simulation.politiques import Comptes, Regle, orient
from flux.simulation.sequence import Strates, make_strates
from flux.simulation.tirages import Places, Reels, Usage, entiers, sous

GENRES = 2  # kinds of dwellings: in QPV, outside
PERSONNE = -1  # who has a vacancy that was taken out before it could be shared


class Mutations(StrEnum):
    """Under the stock regime, on which dwellings the bailleur makes its mutations and relogements.

    AUX_TITULAIRES : a dwelling that carries a right goes to its holder whatever happens; the bailleur moves
        its tenants into those that carry none.
    RETIREES : the dwellings that the flow loses to mutations, reserved or not, are lost under stock too.
    """

    AUX_TITULAIRES = "aux_titulaires"
    RETIREES = "retirees"


@dataclass(frozen=True, eq=False)
class Annee:
    """What one year needs to be lived.

    plan : share of each holder in each segment by the plan, shape (segments, H); the shares of the commune
        where the plan says nothing.
    genre : kind of dwelling of each segment, shape (segments,): 1 in QPV, 0 outside. The duties of the law
        that an orientation decides are on this alone; with sizes told apart too, a rule that keeps the share
        of each kind meets them much less often (part of the State outside QPV, val-de-mire: 5 % of the runs
        against 42 %).
    """

    quotas: Quotas
    parc: Parc
    strates: Strates
    plan: Reels
    genre: Places


@dataclass(frozen=True, eq=False)
class Vecu:
    """The vacancies of some runs of a year, and the index of who had each under both policies.

    stock, flux : shape (n,). pris : vacancies that a mutation or a relogement takes out of the flow, which
    gives them to `PERSONNE`; under stock their holder is said all the same. bail : whether a lease was signed
    at the first orientation (neither refused nor without candidate).
    """

    annee: Annee
    vacances: Vacances
    stock: Places
    flux: Places
    pris: npt.NDArray[np.bool_]
    bail: npt.NDArray[np.bool_]

    def en_stock(self, mutations: Mutations) -> Places:
        """Who had each vacancy under stock, `PERSONNE` where mutations are made on any dwelling."""
        return np.where(self.pris & (mutations is Mutations.RETIREES), PERSONNE, self.stock)


def make_annee(quotas: Quotas, plan: pd.DataFrame, *, incertitude: bool) -> Annee:
    """One year ready to be lived.

    Parameters
    ----------
    plan : `plan.table` of this year, or of an earlier one whose orientations are kept.
    """
    parc = make_parc(quotas, incertitude=incertitude)
    return Annee(
        quotas=quotas,
        parc=parc,
        strates=make_strates(parc.parts),
        plan=_planned(parc, plan),
        genre=parc.flux["qpv"].to_numpy(np.int64),
    )


def _planned(parc: Parc, plan: pd.DataFrame) -> Reels:
    """Share of each holder in each segment: the plan's, cut to those who may receive there."""
    keys = pd.MultiIndex.from_frame(parc.flux[SEGMENT].astype({"qpv": bool}))
    rows = keys.get_indexer(pd.MultiIndex.from_frame(plan[SEGMENT].astype({"qpv": bool})))
    who = pd.Index(parc.porteurs).get_indexer(pd.Index(plan["id_reservataire"]))
    given = np.zeros((len(keys), len(parc.porteurs)))
    known = (rows >= 0) & (who >= 0)
    np.add.at(given, (rows[known], who[known]), plan["nb_exact"].to_numpy(float)[known])
    parts = parc.parts[pd.Index(parc.communes).get_indexer(pd.Index(parc.flux["commune"]))]
    given = np.where(parts > 0, given, 0.0)
    total = given.sum(axis=1, keepdims=True)
    return np.where(total > 0, given / np.where(total > 0, total, 1.0), parts)


def live(annees: Sequence[Annee], seed: int, runs: Places, regle: Regle) -> Iterator[Vecu]:
    """Some runs, year after year; what a holder is owed passes to the next year.

    Parameters
    ----------
    runs : their numbers, from 0, shape (R,): a run is the same whichever others are lived with it.
    """
    retard: Reels | None = None
    for annee in annees:
        parc = annee.parc
        drawn = vacancies(parc, seed, runs)
        cle, segment = drawn.cle.view(np.int64), parc.segment[drawn.logement]
        taken = sous(entiers(seed, Usage.SOUSTRACTION, cle), parc.soustraits[segment])
        issue = outcomes(parc, drawn, seed)
        counted = parc.comptees[issue] | taken
        vacances, taken, issue = drawn.only(counted), taken[counted], issue[counted]
        bailleur = len(parc.porteurs) - 1
        stock = parc.droits.holder(
            vacances.logement, vacances.jour, vacances.tirage(seed, Usage.DROIT), bailleur
        )
        comptes = Comptes.new(len(runs), annee.strates, len(parc.porteurs), GENRES)
        if retard is not None:
            comptes.retard[...] = retard
        flux = np.full(len(vacances), PERSONNE)
        flux[~taken] = orient(
            parc, annee.strates, annee.plan, annee.genre, vacances.only(~taken), comptes, regle, seed
        )
        retard = comptes.retard
        yield Vecu(annee, vacances, stock, flux, taken, (issue == 0) | taken)
