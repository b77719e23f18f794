"""The same verbs for a terminal: `flux demo`, `template`, `check`, `convert`, `allocate`, `annexe`, `regles`.

Standard output carries the answer and nothing else; defects and progress go to standard error. Exit
codes: 0, the work is done and whole; 1, defects in the data; 2, wrong usage.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from flux.noyau.errors import Anomalie, DataError, FluxError, Gravite
from flux.rendu.usage import french, reason, speak_french

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.conversion import Quotas
    from flux.dossier import Dossier

DEFAUTS, USAGE = 1, 2
USAGE_CODES = {
    "annexe.reservataire_inconnu",
    "fichier.dans_le_dossier",
    "fichier.existe",
    "fichier.format_inconnu",
    "fichier.repertoire_absent",
    "regle.date_illisible",
    "simulation.annees",
    "simulation.graine",
    "simulation.orientation",
    "simulation.runs",
    "verification.format",
}
OFFICE = ("docx", "xlsx")  # what the example, and each of many annexes, are written in
USAGE_ERROR: Any = typer.BadParameter.__base__  # Typer does not export click's UsageError by name


class _Francais:
    """What Typer writes in English on its help pages, and lets a class say otherwise."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = "Montrer cette aide."
        return option

    def get_usage(self, ctx: Any) -> str:
        return str(super().get_usage(ctx)).replace("Usage:", "Usage :", 1)  # type: ignore[misc]


class _Commande(_Francais, typer.core.TyperCommand):
    pass


class _Groupe(_Francais, typer.core.TyperGroup):
    pass


app = typer.Typer(
    cls=_Groupe,
    subcommand_metavar="COMMANDE …",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Gestion en flux des logements sociaux : du stock de réservations à l'annexe de la convention.",
    epilog="Première fois : flux demo. Avec vos fichiers : flux check, puis flux annexe. "
    "Sans fichiers : flux template.",
)
command = partial(app.command, cls=_Commande)

Dossier_ = Annotated[
    Path,
    typer.Argument(
        metavar="DOSSIER", exists=True, help="Répertoire des tables, ou classeur (.xlsx, .xls, .ods)."
    ),
]
Sortie = Annotated[Path, typer.Option("--out", help="Répertoire où écrire.")]
Ecraser = Annotated[bool, typer.Option("--ecraser", help="Remplacer les fichiers qui existent déjà.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Ne rien dire de l'avancement.")]
Json = Annotated[bool, typer.Option("--json", help="Répondre en JSON (schéma flux/1).")]
Jour = Annotated[str, typer.Option("--date", metavar="AAAA-MM-JJ", help="Jour du droit.")]


@command()
def demo(out: Sortie = Path("demo"), ecraser: Ecraser = False, quiet: Quiet = False) -> None:
    """Dérouler l'exemple « val-de-mire » : des tables à l'annexe de la convention."""
    from flux import samples
    from flux.annexe.lot import deliver
    from flux.noyau.fichiers import refuse_existing

    folder = out / "val-de-mire"
    annexes = [out / f"annexe_2026.{suffix}" for suffix in OFFICE]
    refuse_existing([folder / "convention.toml", *annexes], ecraser=ecraser)
    with _progress(quiet, "Écriture du dossier d'exemple"):
        samples.write("val-de-mire", folder, ecraser=ecraser)
    plan = _plan(_read(folder, quiet), quiet)
    with _progress(quiet, "Rédaction de l'annexe"):
        written = deliver(plan, {None: tuple(annexes)})
    typer.echo(str(plan.quotas))
    typer.echo(f"\nDossier d'exemple (fictif) : {folder}")
    for path in written:
        typer.echo(f"Annexe : {path}")


@command()
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

    with _progress(quiet, "Écriture"):
        if fichier is not None:
            typer.echo(str(write(fichier, ecraser=ecraser)))
        if annexe is not None:
            typer.echo(str(write_model(annexe, ecraser=ecraser)))


@command()
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
    with _progress(quiet, "Lecture et contrôle") as said:
        examen = examine(dossier, progress=said)
        found, refusal = _defects_of_the_law(examen.dossier) if examen.dossier else ([], "")
    anomalies = [*examen.anomalies, *found]
    if anomalies:
        typer.echo(texte(anomalies, couleur="NO_COLOR" not in os.environ))
    if classeur is not None:
        with _progress(quiet, "Écriture du classeur"):
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


@command()
def convert(dossier: Dossier_, as_json: Json = False, quiet: Quiet = False) -> None:
    """Convertir les réservations en quotas annuels."""
    quotas = _quotas(_read(dossier, quiet), quiet)
    typer.echo(_json(quotas.to_dict()) if as_json else str(quotas))


@command()
def allocate(dossier: Dossier_, as_json: Json = False, quiet: Quiet = False) -> None:
    """Orienter les libérations attendues vers les réservataires et leurs publics."""
    plan = _plan(_read(dossier, quiet), quiet)
    typer.echo(_json(plan.to_dict()) if as_json else str(plan))


@command()
def simulate(
    dossier: Dossier_,
    runs: Annotated[int, typer.Option("--runs", metavar="N", help="Nombre de vies tirées.")],
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
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Vivre le passage du stock au flux : les mêmes libérations, sous les deux régimes."""
    from flux.simulation import simulate as lived

    read = _read(dossier, quiet)
    with _progress(quiet, "Simulation") as said:
        bascule = lived(
            read, runs=runs, seed=seed, annees=annees, orientation=orientation, avancement=said
        )
    typer.echo(_json(bascule.to_dict()) if as_json else str(bascule))


@command()
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
        int, typer.Option("--seuil-masque", metavar="N", help="Masquer les publics de moins de N ménages.")
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
    read = _read(dossier, quiet)
    wanted = targets(read, out, pour=pour or (), tous=tous, formats=chosen, ecraser=ecraser)
    plan = _plan(read, quiet)
    with _progress(quiet, "Rédaction") as said:
        written = deliver(plan, wanted, seuil_masque=seuil, modele=modele, progress=said)
    for path in written:
        typer.echo(str(path))


@command()
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

    with _progress(quiet, "Lecture et contrôle") as said:
        read = read_dossier(dossier, progress=said)
    with _progress(quiet, "Rédaction du bilan") as said:
        written = deliver(draft_bilan(read, annee=annee), out, ecraser=ecraser, progress=said)
    for path in written:
        typer.echo(str(path))


@command()
def verify(
    annexe: Annotated[Path, typer.Argument(metavar="ANNEXE", exists=True, help="Annexe à vérifier.")],
    dossier: Dossier_,
    quiet: Quiet = False,
) -> None:
    """Refaire une annexe (.json, .xlsx, .docx, .html) depuis son dossier, et dire ce qui diffère."""
    from flux.annexe.verification import verify as made_again

    with _progress(quiet, "Annexe refaite et comparée"):
        verification = made_again(annexe, dossier)
    typer.echo(str(verification))
    if not verification.conforme:
        raise typer.Exit(DEFAUTS)


@command()
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


def _read(path: Path, quiet: bool) -> Dossier:
    from flux.dossier import read_dossier

    with _progress(quiet, "Lecture et contrôle") as said:
        return read_dossier(path, progress=said)


def _quotas(dossier: Dossier, quiet: bool) -> Quotas:
    from flux.conversion import convert

    with _progress(quiet, "Conversion du stock en flux"):
        return convert(dossier)


def _plan(dossier: Dossier, quiet: bool) -> Plan:
    from flux.allocation import allocate

    quotas = _quotas(dossier, quiet)
    with _progress(quiet, "Plan d'orientation"):
        return allocate(quotas)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False)


@contextmanager
def _progress(quiet: bool, what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A spinner on standard error, only where a person is looking; what it gives changes its words."""
    if quiet or not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(f"{what}…") as status:
        yield lambda step, done, total: status.update(f"{escape(step)}… ({done + 1}/{total})")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """The exit code of one command; a user's mistake never shows a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not know our narrow spaces
            stream.reconfigure(encoding="utf-8", errors="replace")
    speak_french()
    try:
        result = app(args=arguments, prog_name="flux", standalone_mode=False)
        return int(result or 0)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except USAGE_ERROR as error:
        typer.echo(f"{french(error.format_message())}\nAide : flux --help", err=True)
        return USAGE
    except FluxError as error:
        typer.echo(str(error), err=True)
        return USAGE if error.code in USAGE_CODES else DEFAUTS
    except BrokenPipeError:  # the reader has seen enough: `flux convert … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f" « {error.filename} »" if error.filename else ""
        typer.echo(f"Lecture ou écriture impossible{where} : {reason(error)}.", err=True)
        return USAGE
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("Interrompu.", err=True)
        return 130


if __name__ == "__main__":
    main()
