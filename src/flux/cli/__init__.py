"""The same verbs for a terminal: `flux demo`, `check`, `convert`, `annexe`…

Standard output carries the answer and nothing else; defects and progress go to standard error. Exit
codes: 0, the work is done and whole; 1, defects in the data; 2, wrong usage; 3, a defect of flux itself;
130, interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib.metadata import version

import typer

# the help lists the commands in the order in which they are declared
from flux.cli import entree, calculs, documents, rpls, lot, diagnostic  # isort: skip
from flux.cli.cadre import BOGUE, DEFAUTS, USAGE, USAGE_ERROR, app
from flux.noyau.errors import FluxError
from flux.rendu.usage import french, reason, speak_french

__all__ = ["app", "main", "run", "entree", "calculs", "documents", "rpls", "lot", "diagnostic"]

INTERRUPTED = 130
USAGE_CODES = {
    "annexe.reservataire_inconnu",
    "fichier.dans_le_dossier",
    "fichier.existe",
    "fichier.format_inconnu",
    "fichier.repertoire_absent",
    "lot.etape",
    "lot.executeur",
    "lot.extra",
    "lot.homonymes",
    "lot.processus",
    "lot.sortie",
    "lot.travailleurs",
    "lot.versions",
    "lot.vide",
    "regle.date_illisible",
    "rpls.bibliotheque_absente",
    "rpls.pas_decoupe",
    "simulation.annees",
    "simulation.graine",
    "simulation.moteur",
    "simulation.orientation",
    "simulation.runs",
    "verification.format",
}


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
        if result == INTERRUPTED:  # Typer has caught a Ctrl+C, and says nothing
            typer.echo("Interrompu.", err=True)
        return int(result or 0)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except USAGE_ERROR as error:
        page = f"{error.ctx.command_path} --help" if error.ctx else "flux --help"
        # without a command, the message is the help page itself
        asked = type(error).__name__ == "NoArgsIsHelpError"
        said = french(error.format_message())
        typer.echo(said if asked else f"{said}\nAide : {page}", err=True)
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
        return INTERRUPTED
    except Exception:
        typer.echo(
            f"flux {version(diagnostic.DISTRIBUTION)} : erreur de flux lui-même, et non de vos données. "
            "À faire : la signaler (dépôt de flux, modèle « Bogue »), avec la commande et ce qui suit.\n",
            err=True,
        )
        typer.echo(traceback.format_exc(), err=True, nl=False)
        return BOGUE
