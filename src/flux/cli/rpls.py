"""National RPLS files: cut once, then listed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flux.cli.cadre import Ecraser, Groupe, Quiet, app, command, progress

rpls = typer.Typer(
    cls=Groupe,
    subcommand_metavar="COMMANDE …",
    no_args_is_help=True,
    help="Découper des fichiers RPLS nationaux ou régionaux par département et bailleur.",
)
app.add_typer(rpls, name="rpls")


@command("flux rpls partition rpls_2024.csv --sortie rpls", of=rpls)
def partition(
    fichiers: Annotated[
        list[Path],
        typer.Argument(metavar="FICHIERS", exists=True, dir_okay=False, help="Fichiers RPLS."),
    ],
    sortie: Annotated[Path, typer.Option("--sortie", metavar="REP", help="Répertoire à créer.")],
    ecraser: Ecraser = False,
    quiet: Quiet = False,
) -> None:
    """Découper une fois pour toutes ; la mémoire ne dépend pas de la taille des fichiers."""
    from flux.dossier import partition_rpls

    with progress(quiet, "Lecture") as said:
        made = partition_rpls(fichiers, sortie, ecraser=ecraser, avancement=said)
    typer.echo(str(made))


@command("flux rpls liste rpls --departement 72", of=rpls)
def liste(
    repertoire: Annotated[Path, typer.Argument(metavar="REP", exists=True, help="Répertoire découpé.")],
    departement: Annotated[
        str | None, typer.Option("--departement", metavar="CODE", help="Ce département seulement.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Montrer qui est dans un répertoire découpé."""
    from flux.dossier import PartitionRpls
    from flux.rendu.vue import texte

    known = PartitionRpls.open(repertoire)
    typer.echo(texte((known.of(departement) if departement else known).vue(), lignes=None))
