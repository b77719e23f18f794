"""What is written for others, and checked: the annex, the report, the verification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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


@command("flux annexe mon-dossier --out annexes --format docx,pdf")
def annexe(
    dossier: Dossier_,
    out: Sortie,
    pour: Annotated[
        list[str] | None,
        typer.Option(
            "--pour", metavar="ID", help="Pour ce réservataire ou cet EPCI seulement (option répétable)."
        ),
    ] = None,
    tous: Annotated[bool, typer.Option("--tous", help="Une annexe par réservataire.")] = False,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="docx,pdf,…", help="Formats ; par défaut tous, docx et xlsx avec --tous."
        ),
    ] = None,
    seuil: Annotated[
        int,
        typer.Option(
            "--seuil-masque", metavar="N", min=0, help="Masquer les publics de moins de N ménages."
        ),
    ] = 5,
    modele: Annotated[
        Path | None,
        typer.Option("--modele", metavar="MODELE.docx", exists=True, help="Modèle Word à remplir."),
    ] = None,
    ecraser: Ecraser = False,
    quiet: Quiet = False,
) -> None:
    """Écrire l'annexe de la convention de flux : pour tous, pour un réservataire, ou une chacun."""
    from flux.annexe.lot import FORMATS, chosen_formats, deliver, targets

    if pour and tous:
        raise USAGE_ERROR("--pour et --tous s'excluent.")
    usual = OFFICE if tous else FORMATS
    chosen = chosen_formats(formats) if formats else usual
    if modele is not None and "docx" not in chosen:
        raise USAGE_ERROR("--modele ne sert qu'au format docx.")
    read = dossier_at(dossier, quiet)
    wanted = targets(read, out, pour=pour or (), tous=tous, formats=chosen, ecraser=ecraser)
    plan = plan_of(read, quiet)
    with progress(quiet, "Rédaction") as said:
        written = deliver(plan, wanted, seuil_masque=seuil, modele=modele, progress=said)
    for path in written:
        typer.echo(str(path))


@command("flux bilan mon-dossier --annee 2025 --out bilan")
def bilan(
    dossier: Dossier_,
    annee: Annotated[int, typer.Option("--annee", metavar="AAAA", help="Année passée, à rapporter.")],
    out: Sortie,
    ecraser: Ecraser = False,
    quiet: Quiet = False,
) -> None:
    """Écrire le bilan dû avant le 28 février : un pour tous, puis un classeur par réservataire."""
    from flux.bilan import draft_bilan
    from flux.bilan.fichiers import deliver
    from flux.dossier import read_dossier

    with progress(quiet, "Lecture et contrôle") as said:
        read = read_dossier(dossier, progress=said)
    with progress(quiet, "Rédaction du bilan") as said:
        written = deliver(draft_bilan(read, annee=annee), out, ecraser=ecraser, progress=said)
    for path in written:
        typer.echo(str(path))


@command("flux verify annexe_2026.docx mon-dossier")
def verify(
    annexe: Annotated[Path, typer.Argument(metavar="ANNEXE", exists=True, help="Annexe à vérifier.")],
    dossier: Dossier_,
    quiet: Quiet = False,
) -> None:
    """Refaire une annexe (.json, .xlsx, .docx, .html) depuis son dossier, et dire ce qui diffère."""
    from flux.annexe.verification import verify as made_again

    with progress(quiet, "Annexe refaite et comparée"):
        verification = made_again(annexe, dossier)
    typer.echo(str(verification))
    if not verification.conforme:
        raise typer.Exit(DEFAUTS)
