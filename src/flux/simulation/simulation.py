"""The verb, `simulate`: the passage from stock to flow, lived many times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from flux.allocation import Plan, allocate
from flux.conversion import Quotas
from flux.conversion.projection import project
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.errors import FluxError
from flux.noyau.solveur.etapes import Avancement
from flux.simulation.bascule import Bascule, Options
from flux.simulation.compiled.moteur import Moteur, engine
from flux.simulation.demandes import check_draw, mutations_of
from flux.simulation.mesures import Axes, make_axes
from flux.simulation.objectifs import Cibles, make_cibles
from flux.simulation.politiques import Orientation, Regle, rule
from flux.simulation.tirages import Places
from flux.simulation.vecu import Annee, Mutations, make_annee
from flux.simulation.vies import Vies, joined, lived

MOST_RUNS, MOST_VACANCIES = 1_000, 4_000_000  # lived together: a vacancy takes some hundred bytes meanwhile
MOST_NUMBERS = 1 << 29  # kept of all runs together: 2 GB, some 75,000 runs of a département's parc
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
    moteur: str = Moteur.AUTO,
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
    moteur : see `Moteur`; it changes time, never the result.

    Raises
    ------
    FluxError
        Codes "simulation.graine", "simulation.runs", "simulation.annees", "simulation.orientation",
        "simulation.mutations", "simulation.precision" (more runs would be needed than memory holds:
        `MOST_NUMBERS`), "simulation.moteur".
    DataError, RegleError, ConventionError, SolverError
        As `project` and `allocate`.
    """
    _check(seed, runs, annees, lot, precision)
    rule(orientation)
    engine(moteur, orientation, 0.0)
    mutations = mutations_of(mutations_en_stock)
    said = avancement or (lambda step, done, total: None)
    said("Conversion du stock en flux", 0, annees)
    first = dossier.convention.annee
    years = project(dossier, annees=range(first, first + annees), regles=regles).quotas
    plan = allocate(years[0], couts=False, avancement=avancement)
    options = Options(seed, orientation, incertitude, mutations)
    return switch(years, plan, options, runs=runs, precision=precision, avancement=said, lot=lot,
                  moteur=moteur)


def switch(
    years: Sequence[Quotas],
    plan: Plan,
    options: Options,
    *,
    runs: int,
    precision: float | None = None,
    avancement: Avancement,
    lot: int | None = None,
    moteur: str = Moteur.AUTO,
) -> Bascule:
    """The same from quotas and a plan that are already made: see `simulate`."""
    annees = [make_annee(q, plan.table, incertitude=options.incertitude) for q in years]
    axes = make_axes(annees)
    cibles = make_cibles(plan, annees[0], options.mutations_en_stock)
    most = MOST_NUMBERS // axes.nombres
    if runs > most:
        raise FluxError(
            f"{runs} tirages de ce dossier ne tiennent pas en mémoire. À faire : {most} au plus.",
            code="simulation.runs",
        )
    expected = [float(q.flux["liberations"].sum()) for q in years]
    chosen = engine(moteur, options.orientation, runs * sum(expected))
    living, threads = _living(chosen, annees, axes, cibles, options, avancement)
    most_together = lot or max(1, min(MOST_RUNS, int(MOST_VACANCIES / max(1.0, expected[0]))))
    lots: list[Vies] = []
    done = 0
    while True:
        together = min(most_together, -(-(runs - done) // threads))
        batches = [np.arange(start, min(start + together, runs)) for start in range(done, runs, together)]
        lives = _in_order(living, batches, threads)
        for some in batches:
            avancement("Années vécues", int(some[0]), runs)
            lots.append(next(lives))
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


def _living(
    moteur: Moteur,
    annees: Sequence[Annee],
    axes: Axes,
    cibles: Cibles,
    options: Options,
    avancement: Avancement,
) -> tuple[Callable[[Places], Vies], int]:
    """What lives a batch of runs, and how many batches at once: compiled code leaves the interpreter free."""
    seed, mutations = options.seed, options.mutations_en_stock
    if moteur is Moteur.NUMBA:
        from flux.simulation.compiled.compte import count_runs
        from flux.simulation.compiled.jit import is_ready, threads
        from flux.simulation.compiled.vies import compiled

        living = compiled(annees, axes, cibles, seed, str(options.orientation), mutations)
        if not is_ready(count_runs):
            avancement("Compilation du calcul, une seule fois", 0, 1)
            living(np.arange(1))
        return living, threads()
    regle = rule(options.orientation)
    return lambda some: lived(annees, axes, cibles, seed, some, regle, mutations), 1


def _in_order(
    living: Callable[[Places], Vies], batches: Sequence[Places], threads: int
) -> Iterator[Vies]:
    """The batches lived, in their order."""
    if threads == 1:
        yield from map(living, batches)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(living, batches)


def _check(seed: int, runs: int, annees: int, lot: int | None, precision: float | None) -> None:
    check_draw(seed, runs)
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
