"""One recorded year lived again under both regimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from flux.conversion import Quotas
from flux.dossier import Dossier
from flux.simulation.passe import Passe, recorded, relettings
from flux.simulation.politiques import REGLES, Comptes, Regle, orient
from flux.simulation.tirages import Places, Reels, Usage
from flux.simulation.vecu import GENRES, PERSONNE, Annee, Mutations, make_annee

SANS_PLAN = pd.DataFrame({c: pd.Series(dtype="float64" if c == "nb_exact" else "str") for c in (
    "commune", "qpv", "typologie", "financement", "id_reservataire", "nb_exact")})


@dataclass(frozen=True, eq=False)
class Rejouee:
    """One past year lived again.

    reel, stock, flux : index of who had each reletting (`PERSONNE` where nobody did, or nobody known), (n,).
    regles : the same under each rule of orientation.
    """

    annee: Annee
    passe: Passe
    reel: Places
    stock: Places
    flux: Places
    regles: Mapping[str, Places]

    @property
    def quotas(self) -> Quotas:
        """Those of the year."""
        return self.annee.quotas


def in_year(dossier: Dossier, annee: int) -> Dossier:
    """The tables on 1 January of a year; a forecast of vacancies is for the convention's year only."""
    convention = dossier.convention
    if annee == convention.annee:
        return dossier
    own = convention.hypotheses.model_copy(update={"liberations_prevues": None})
    return replace(dossier, convention=replace(convention, hypotheses=own)).with_annee(annee)


def live_again(
    quotas: Quotas,
    dossier: Dossier,
    seed: int,
    runs: int,
    chosen: Regle,
    mutations: Mutations,
    owed: Reels | None,
) -> tuple[Rejouee, Reels]:
    """One year; what the chosen rule still owes passes to the next."""
    annee = make_annee(quotas, SANS_PLAN, incertitude=False)
    parc = annee.parc
    passe = recorded(relettings(dossier.mouvements, parc.annee), parc, seed, np.arange(runs))
    vacances, shared = passe.vacances, passe.vacances.only(~passe.pris)
    stock = parc.droits.holder(
        vacances.logement, vacances.jour, vacances.tirage(seed, Usage.DROIT), len(parc.porteurs) - 1
    )
    if mutations is Mutations.RETIREES:
        stock[passe.pris] = PERSONNE

    def oriented(regle: Regle) -> tuple[Places, Reels]:
        comptes = Comptes.new(runs, annee.strates, len(parc.porteurs), GENRES)
        if owed is not None:
            comptes.retard[...] = owed
        out = np.full(len(vacances), PERSONNE)
        out[~passe.pris] = orient(parc, annee.strates, annee.plan, annee.genre, shared, comptes, regle, seed)
        return out, comptes.retard

    flux, left = oriented(chosen)
    rules = {nom: oriented(regle)[0] for nom, regle in REGLES.items()}
    reel = np.where(passe.pris, PERSONNE, passe.reel)
    return Rejouee(annee, passe, reel, stock, flux, rules), left
