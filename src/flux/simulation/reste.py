"""The rest of a year: vacancies still to come, oriented from where the accounts stand."""

from __future__ import annotations

import numpy as np

from flux.simulation.annee import outcomes, vacancies
from flux.simulation.fait import Fait
from flux.simulation.politiques import Comptes, Regle, orient
from flux.simulation.tirages import Places, Reels, Usage, entiers, sous
from flux.simulation.vecu import PERSONNE, Annee, Vecu


def rest_of_year(annee: Annee, fait: Fait, regle: Regle, seed: int, runs: Places) -> tuple[Vecu, Reels]:
    """The vacancies after the day of `fait`, in some runs.

    Returns
    -------
    The vacancies and who has each under the flow (nobody under stock: no holder is asked there), and how
    many of them each holder could have at most, where it has a part (the bailleur: all), shape (R, H).
    """
    parc = annee.parc
    drawn = vacancies(parc, seed, runs)
    drawn = drawn.only(drawn.jour > fait.jour)
    taken = sous(entiers(seed, Usage.SOUSTRACTION, drawn.cle.view(np.int64)),
                 parc.soustraits[parc.segment[drawn.logement]])
    issue = outcomes(parc, drawn, seed)
    counted = parc.comptees[issue] | taken
    vacances, taken, issue = drawn.only(counted), taken[counted], issue[counted]
    start = fait.comptes
    nb = len(runs)
    comptes = Comptes(np.repeat(start.recus, nb, axis=0), np.repeat(start.rang, nb, axis=0),
                      np.repeat(start.retard, nb, axis=0), np.repeat(start.ecart, nb, axis=0))
    shared, flux = vacances.only(~taken), np.full(len(vacances), PERSONNE)
    flux[~taken] = orient(parc, annee.strates, annee.plan, annee.genre, shared, comptes, regle, seed)
    by_commune = np.zeros((len(runs), len(parc.communes)))
    np.add.at(by_commune, (shared.rang, parc.commune[shared.logement]), 1.0)
    may = parc.parts > 0
    may[:, -1] = True
    nobody = np.full(len(vacances), PERSONNE)
    return Vecu(annee, vacances, nobody, flux, taken, (issue == 0) | taken), by_commune @ may
