"""What is computed from a dossier, on the terminal or as JSON; the law itself."""

from __future__ import annotations

from typing import Annotated

import typer

from flux.cli.cadre import (
    Dossier_,
    Jour,
    Json,
    Quiet,
    as_text,
    command,
    dossier_at,
    plan_of,
    progress,
    quotas_of,
)


@command("flux convert mon-dossier")
def convert(dossier: Dossier_, as_json: Json = False, quiet: Quiet = False) -> None:
    """Convertir les réservations en quotas annuels."""
    quotas = quotas_of(dossier_at(dossier, quiet), quiet)
    typer.echo(as_text(quotas.to_dict()) if as_json else str(quotas))


@command("flux allocate mon-dossier")
def allocate(dossier: Dossier_, as_json: Json = False, quiet: Quiet = False) -> None:
    """Orienter les libérations attendues vers les réservataires et leurs publics."""
    plan = plan_of(dossier_at(dossier, quiet), quiet)
    typer.echo(as_text(plan.to_dict()) if as_json else str(plan))


@command("flux simulate mon-dossier --runs 1000 --seed 2026")
def simulate(
    dossier: Dossier_,
    runs: Annotated[int, typer.Option("--runs", metavar="N", help="Nombre de tirages.")],
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Graine : même graine, mêmes nombres.")],
    annees: Annotated[int, typer.Option("--annees", metavar="N", help="Années vécues à la suite.")] = 1,
    orientation: Annotated[
        str,
        typer.Option(
            "--orientation",
            metavar="REGLE",
            help="suite_bornee, plus_grand_retard, au_hasard, plan ou tijdeman.",
        ),
    ] = "suite_bornee",
    moteur: Annotated[
        str,
        typer.Option(
            "--moteur", metavar="MOTEUR", help="auto, numpy ou numba : les mêmes nombres, plus ou moins vite."
        ),
    ] = "auto",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Vivre le passage du stock au flux : les mêmes libérations, sous les deux régimes."""
    from flux.simulation import simulate as lived

    read = dossier_at(dossier, quiet)
    with progress(quiet, "Simulation") as said:
        bascule = lived(
            read, runs=runs, seed=seed, annees=annees, orientation=orientation, avancement=said,
            moteur=moteur,
        )
    typer.echo(as_text(bascule.to_dict()) if as_json else str(bascule))


@command("flux regles --date 2026-01-01 --diff 2021-01-01")
def regles(
    date: Jour,
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="AAAA-MM-JJ", help="Autre jour, à comparer.")
    ] = None,
    projets: Annotated[bool, typer.Option("--projets", help="Lire aussi les textes en projet.")] = False,
    quartiles: Annotated[
        bool, typer.Option("--quartiles", help="Montrer les seuils de premier quartile de ce jour.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Montrer la loi en vigueur un jour donné, ou ce qui change d'un jour à l'autre."""
    from flux.loi import regles as law
    from flux.rendu.vue import texte

    rules = law(date, projets=projets)
    typer.echo(str(rules if diff is None else rules.diff(law(diff, projets=projets))))
    if quartiles:
        typer.echo(texte(rules.vue_quartiles(), lignes=None))
