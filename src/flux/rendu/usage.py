"""What a terminal and a system say in English, in French: usage errors, refusals, help pages."""

from __future__ import annotations

import errno
import re

import typer.rich_utils

# What Typer says in English, and what a person reads.
FRENCH = (
    (
        r"No such option:? '?(\S+?)'?\.? \(?(?:Did you mean|Possible options:) (.+?)[?)]+$",
        "Option inconnue : {0}. Vouliez-vous dire {1} ?",
    ),
    (r"No such option:? '?(\S+?)'?\.?$", "Option inconnue : {0}."),
    (
        r"No such command '(.+?)'.*",
        "Commande inconnue : {0}. Commandes : demo, template, check, convert, allocate, simulate, annexe, "
        "bilan, verify, regles, lot, rpls.",
    ),
    (r"Missing argument '(.+?)'.*", "Il manque {0}."),
    (r"Missing option '(.+?)'.*", "Il manque l'option {0}."),
    (r"Missing command.*", "Il manque une commande."),
    (r"Option '(.+?)' requires an argument.*", "L'option {0} attend une valeur."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", "En trop : {0}."),
    (r".*[Pp]ath '(.+)' does not exist.*", "« {0} » n'existe pas."),
)


def french(message: str) -> str:
    """A usage message in French; one we do not know stays as it is."""
    for pattern, sentence in FRENCH:
        if found := re.match(pattern, message, flags=re.DOTALL):
            return sentence.format(*found.groups())
    return message


def reason(error: OSError) -> str:
    """Why the system refused, in French."""
    reasons = {
        FileExistsError: "un fichier porte déjà ce nom",
        NotADirectoryError: "ce n'est pas un répertoire",
        IsADirectoryError: "c'est un répertoire",
        FileNotFoundError: "ce chemin n'existe pas",
        PermissionError: "droits insuffisants, ou fichier ouvert dans un autre logiciel",
    }
    full = "plus de place sur le disque" if error.errno == errno.ENOSPC else "refus du système"
    return reasons.get(type(error), full)


def speak_french() -> None:
    """Titles of the help pages; Typer has no other place to translate them."""
    typer.rich_utils.ARGUMENTS_PANEL_TITLE = "Arguments"
    typer.rich_utils.OPTIONS_PANEL_TITLE = "Options"
    typer.rich_utils.COMMANDS_PANEL_TITLE = "Commandes"
    typer.rich_utils.ERRORS_PANEL_TITLE = "Erreur"
    typer.rich_utils.REQUIRED_LONG_STRING = "[obligatoire]"
    typer.rich_utils.DEFAULT_STRING = "[défaut : {}]"
