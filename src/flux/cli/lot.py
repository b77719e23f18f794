"""Many dossiers at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from flux.cli.cadre import DEFAUTS, OFFICE, Json, Quiet, as_text, command


@command("flux lot dossiers --out resultats --etapes convert,annexe")
def lot(
    dossiers: Annotated[
        list[Path],
        typer.Argument(metavar="DOSSIERS", exists=True, help="Dossiers, ou répertoires qui en contiennent."),
    ],
    sortie: Annotated[
        Path, typer.Option("--sortie", "--out", metavar="REP", help="Un répertoire par dossier y est écrit.")
    ],
    etapes: Annotated[
        str, typer.Option("--etapes", metavar="E,E", help="Parmi convert, allocate, annexe, simulate.")
    ] = "convert,allocate",
    travailleurs: Annotated[
        int | None, typer.Option("--travailleurs", metavar="N", help="Processus ; par défaut, un par cœur.")
    ] = None,
    executeur: Annotated[
        str,
        typer.Option("--executeur", metavar="E", help="processus, serie, joblib, dask ou tcp://machine:8786."),
    ] = "processus",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="Graine, que « simulate » demande.")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", metavar="N", help="Nombre de tirages par dossier.")] = 1_000,
    formats: Annotated[
        str, typer.Option("--format", metavar="docx,pdf,…", help="Formats de chaque annexe.")
    ] = ",".join(OFFICE),
    tout: Annotated[
        bool, typer.Option("--tout/--reprendre", help="Tout refaire, ou garder ce qui est déjà fait.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Convertir, orienter, simuler beaucoup de dossiers ; relancé, reprend où il en était."""
    from flux.annexe.lot import chosen_formats
    from flux.lot import lot as done

    with bar(quiet) as said:
        result = done(
            dossiers,
            sortie,
            etapes=[word.strip() for word in etapes.split(",") if word.strip()],
            travailleurs=travailleurs,
            executeur=executeur,
            seed=seed,
            runs=runs,
            formats=chosen_formats(formats),
            reprendre=not tout,
            avancement=said,
        )
    typer.echo(as_text(result.to_dict()) if as_json else str(result))
    if not result.table["statut"].eq("fait").all():
        raise typer.Exit(DEFAUTS)


@contextmanager
def bar(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on standard error, only where a person is looking, and what is left of the time."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Dossiers"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("{task.fields[nom]}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None, nom="")
        yield lambda nom, done, total: progress.update(task, completed=done, total=total, nom=nom)
