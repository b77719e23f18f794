"""Before a dossier is right: the example, the empty workbook, the list of defects."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flux.cli.cadre import (
    DEFAUTS,
    OFFICE,
    USAGE_ERROR,
    Dossier_,
    Ecraser,
    Quiet,
    Sortie,
    command,
    dossier_at,
    plan_of,
    progress,
)
from flux.noyau.errors import Anomalie, DataError, FluxError, Gravite

if TYPE_CHECKING:
    from flux.dossier import Dossier


@command("flux demo --out essai")
def demo(out: Sortie = Path("demo"), ecraser: Ecraser = False, quiet: Quiet = False) -> None:
    """Dérouler l'exemple « val-de-mire » : des tables à l'annexe de la convention."""
    from flux import samples
    from flux.annexe.lot import deliver
    from flux.noyau.fichiers import refuse_existing

    folder = out / "val-de-mire"
    annexes = [out / f"annexe_2026.{suffix}" for suffix in OFFICE]
    refuse_existing([folder / "convention.toml", *annexes], ecraser=ecraser)
    with progress(quiet, "Écriture du dossier d'exemple"):
        samples.write("val-de-mire", folder, ecraser=ecraser)
    plan = plan_of(dossier_at(folder, quiet), quiet)
    with progress(quiet, "Rédaction de l'annexe"):
        written = deliver(plan, {None: tuple(annexes)})
    typer.echo(str(plan.quotas))
    typer.echo(f"\nDossier d'exemple (fictif) : {folder}")
    for path in written:
        typer.echo(f"Annexe : {path}")


@command("flux template dossier.xlsx")
def template(
    fichier: Annotated[
        Path | None, typer.Argument(metavar="FICHIER.xlsx", help="Classeur à écrire.")
    ] = None,
    annexe: Annotated[
        Path | None, typer.Option("--annexe", metavar="MODELE.docx", help="Modèle Word de l'annexe à écrire.")
    ] = None,
    ecraser: Ecraser = False,
    quiet: Quiet = False,
) -> None:
    """Écrire le classeur vide d'un dossier, ou un modèle Word de l'annexe, à adapter."""
    if fichier is None and annexe is None:
        raise USAGE_ERROR("Il manque FICHIER.xlsx, ou --annexe MODELE.docx.")
    from flux.annexe.docx.depart import write_model
    from flux.dossier.modele import template as write

    with progress(quiet, "Écriture"):
        if fichier is not None:
            typer.echo(str(write(fichier, ecraser=ecraser)))
        if annexe is not None:
            typer.echo(str(write_model(annexe, ecraser=ecraser)))


@command("flux check dossier.xlsx --classeur fautes.xlsx")
def check(
    dossier: Dossier_,
    classeur: Annotated[
        Path | None,
        typer.Option("--classeur", metavar="F.xlsx", help="Écrire vos tables, les fautes en couleur."),
    ] = None,
    ecraser: Ecraser = False,
    quiet: Quiet = False,
) -> None:
    """Lister tous les défauts et toutes les corrections d'un dossier."""
    from flux.dossier.classeur import write_classeur
    from flux.dossier.lecture import examine
    from flux.noyau.fichiers import refuse
    from flux.rendu.anomalies import bilan, texte

    if classeur is not None:
        _refuse_inside(classeur, dossier)
        refuse(classeur, suffixes=[".xlsx"], ecraser=ecraser)
    with progress(quiet, "Lecture et contrôle") as said:
        examen = examine(dossier, progress=said)
        found, refusal = _defects_of_the_law(examen.dossier) if examen.dossier else ([], "")
    anomalies = [*examen.anomalies, *found]
    if anomalies:
        typer.echo(texte(anomalies, couleur="NO_COLOR" not in os.environ))
    if classeur is not None:
        with progress(quiet, "Écriture du classeur"):
            write_classeur(classeur, examen, anomalies, ecraser=ecraser)
        typer.echo(f"Vos tables, les fautes en couleur : {classeur}")
    typer.echo(f"Bilan : {bilan(anomalies)}.")
    if refusal:
        typer.echo(refusal)
    elif examen.dossier is None:
        typer.echo("Les contrôles de droit seront faits une fois ces défauts corrigés.")
    if refusal or any(a.gravite is Gravite.BLOQUANT for a in anomalies):
        raise typer.Exit(DEFAUTS)
    typer.echo("Aucun défaut bloquant : le dossier peut être converti.")


def _refuse_inside(classeur: Path, dossier: Path) -> None:
    """What is written beside the tables would be read with them, twice; over them, it would replace them."""
    if dossier.resolve() in (classeur.resolve(), classeur.resolve().parent):
        raise FluxError(
            f"« {classeur} » serait lu avec le dossier. À faire : l'écrire dans un autre répertoire, "
            "sous un autre nom.",
            code="fichier.dans_le_dossier",
        )


def _defects_of_the_law(dossier: Dossier) -> tuple[Sequence[Anomalie], str]:
    """What only a conversion can see: its defects, or the sentence that refuses it."""
    from flux.conversion import convert

    try:
        convert(dossier)
    except DataError as error:
        return error.anomalies, ""
    except FluxError as error:
        return (), str(error)
    return (), ""
