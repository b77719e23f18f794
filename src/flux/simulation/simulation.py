"""The verb, `simulate`: the passage from stock to flow, lived many times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux.allocation import Plan, allocate
from flux.conversion import Quotas
from flux.conversion.projection import project
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.solveur.etapes import Avancement
from flux.simulation.bascule import Bascule, Options
from flux.simulation.mesures import make_axes
from flux.simulation.objectifs import make_cibles
from flux.simulation.politiques import Orientation, Regle, rule
from flux.simulation.vecu import Mutations, make_annee
from flux.simulation.vies import Vies, joined, lived

MOST_RUNS, MOST_VACANCIES = 1_000, 4_000_000  # lived together: a vacancy takes some hundred bytes meanwhile
MOST_NUMBERS = 1 << 29  # kept of all runs together: 2 GB, some 75,000 runs of a département's parc
MOST_SEEDS = 1 << 64
DEUX = 2  # the fewest runs that have a standard error


def simulate(
    dossier: Dossier,
    *,
    seed: int,
    runs: int = 1_000,
    annees: int = 1,
    regles: Regles | None = None,
    orientation: str | Regle = Orientation.SUITE,
    precision: float | None = None,
    incertitude: bool = True,
    mutations_en_stock: str = Mutations.AUX_TITULAIRES,
    avancement: Avancement | None = None,
    lot: int | None = None,
) -> Bascule:
    """Live the same vacancies under the stock regime and under the flow, many times.

    Each run draws the rates (once), which dwellings free themselves and when; under stock a dwelling goes to
    the holder of its right, under the flow the bailleur orients it by a rule. Everything else is shared by
    both, so that their difference in a run comes from the regime alone.

    Parameters
    ----------
    seed : from it alone come all the numbers: same seed, same bytes, whatever `lot`.
    runs : number of lives.
    annees : years lived one after another, from the convention's own (`flux.project`).
    regles : the law of the first year; by default that of the convention's date.
    orientation : a rule of `Orientation`, or a function of a `Moment`.
    precision : dwellings a year; `runs` is doubled until the standard error of every holder's mean difference
        is below it.
    incertitude : whether the rates are drawn too, by their law; False: the rates retained, in every run.
    mutations_en_stock : see `Mutations`.
    avancement : called with the name of the stage, what is done and the total.
    lot : runs lived together, by default as many as memory holds with ease; it changes memory and time,
        never the result.

    Raises
    ------
    FluxError
        Codes "simulation.graine", "simulation.runs", "simulation.annees", "simulation.orientation",
        "simulation.mutations", "simulation.precision" (more runs would be needed than memory holds:
        `MOST_NUMBERS`).
    DataError, RegleError, ConventionError, SolverError
        As `project` and `allocate`.
    """
    _check(seed, runs, annees, lot, precision)
    rule(orientation)
    mutations = _mutations(mutations_en_stock)
    said = avancement or (lambda step, done, total: None)
    said("Conversion du stock en flux", 0, annees)
    first = dossier.convention.annee
    years = project(dossier, annees=range(first, first + annees), regles=regles).quotas
    plan = allocate(years[0], couts=False, avancement=avancement)
    options = Options(seed, orientation, incertitude, mutations)
    return switch(years, plan, options, runs=runs, precision=precision, avancement=said, lot=lot)


def switch(
    years: Sequence[Quotas],
    plan: Plan,
    options: Options,
    *,
    runs: int,
    precision: float | None = None,
    avancement: Avancement,
    lot: int | None = None,
) -> Bascule:
    """The same from quotas and a plan that are already made: see `simulate`."""
    annees = [make_annee(q, plan.table, incertitude=options.incertitude) for q in years]
    axes = make_axes(annees)
    cibles = make_cibles(plan, annees[0], options.mutations_en_stock)
    regle = rule(options.orientation)
    most = MOST_NUMBERS // axes.nombres
    if runs > most:
        raise FluxError(
            f"{runs} tirages de ce dossier ne tiennent pas en mémoire. À faire : {most} au plus.",
            code="simulation.runs",
        )
    expected = float(years[0].flux["liberations"].sum())
    lot = lot or max(1, min(MOST_RUNS, int(MOST_VACANCIES / max(1.0, expected))))
    lots: list[Vies] = []
    done = 0
    while True:
        for start in range(done, runs, lot):
            avancement("Années vécues", start, runs)
            some = np.arange(start, min(start + lot, runs))
            lots.append(lived(annees, axes, cibles, options.seed, some, regle, options.mutations_en_stock))
        done = runs
        bascule = Bascule(
            axes=axes, vies=joined(lots), cibles=cibles, annees=tuple(annees), plan=plan, options=options
        )
        if precision is None or bascule.erreur <= precision:
            return bascule
        if (needed := bascule.runs_for(precision)) > most:
            raise FluxError(
                f"Une erreur de {precision} logement demanderait environ {needed} tirages, plus que "
                f"les {most} qui tiennent en mémoire. À faire : demander une précision moins fine.",
                code="simulation.precision",
            )
        runs = min(2 * runs, most)


def _check(seed: int, runs: int, annees: int, lot: int | None, precision: float | None) -> None:
    if not 0 <= seed < MOST_SEEDS:
        raise FluxError(f"La graine est un entier de 0 à 2^64 − 1 (reçu : {seed}).", code="simulation.graine")
    if runs < DEUX or (lot is not None and lot < 1):
        raise FluxError(
            f"Il faut au moins {DEUX} tirages, par lots d'au moins 1 (reçu : {runs} par lots de {lot}).",
            code="simulation.runs",
        )
    if annees < 1:
        raise FluxError(f"Il faut au moins une année (reçu : {annees}).", code="simulation.annees")
    if precision is not None and not precision > 0:
        raise FluxError(f"La précision est un nombre de logements positif (reçu : {precision}).",
                        code="simulation.precision")


def _mutations(asked: str) -> Mutations:
    known = [m.value for m in Mutations]
    if asked not in known:
        close = ", ".join(near_misses(str(asked), known) or known)
        raise FluxError(f"« {asked} » ne dit pas où se font les mutations. Proches : {close}.",
                        code="simulation.mutations")
    return Mutations(asked)
