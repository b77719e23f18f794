"""What a terminal and a system say in English, in French: usage errors, refusals, help pages."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence

import typer.rich_utils

from flux.noyau.errors import near_misses

# What Typer says in English, and what a person reads.
FRENCH = (
    (
        r"No such option:? '?(\S+?)'?\.? \(?(?:Did you mean|Possible options:) (.+?)[?)]+$",
        "Option inconnue : {0}. Vouliez-vous dire {1} ?",
    ),
    (r"No such option:? '?(\S+?)'?\.?$", "Option inconnue : {0}."),
    (r"Missing argument '(.+?)'.*", "Il manque {0}."),
    (r"Missing option '(.+?)'.*", "Il manque l'option {0}."),
    (r"Missing command.*", "Il manque une commande."),
    (r"Option '(.+?)' requires an argument.*", "L'option {0} attend une valeur."),
    (r"Option '(.+?)' does not take a value.*", "L'option {0} n'attend pas de valeur."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", "En trop : {0}."),
    (r".*[Pp]ath '(.+)' does not exist.*", "« {0} » n'existe pas."),
    (r".* '(.+)' is a directory.*", "« {0} » est un répertoire : un fichier est attendu."),
    (r".* '(.+)' is a file.*", "« {0} » est un fichier : un répertoire est attendu."),
    (r".* '(.+)' is not (?:read|writ)able.*", "« {0} » : droits insuffisants."),
    (r"Invalid value for '(.+?)': .*valid integer.*", "{0} attend un nombre entier."),
    (r"Invalid value for '(.+?)': .*greater than or equal to (\S+).*", "{0} attend {1} au moins."),
)
_CHOICE = re.compile(r"Invalid value for '(.+?)': (?:Value error, )?'(.*)' is not one of (.+)\.$")


def french(message: str) -> str:
    """A usage message in French; one we do not know stays as it is."""
    if choice := _CHOICE.match(message):
        return f"{choice[1]} : " + meant(choice[2], re.findall("'(.+?)'", choice[3]), "Valeurs")
    for pattern, sentence in FRENCH:
        if found := re.match(pattern, message, flags=re.DOTALL):
            return sentence.format(*found.groups())
    return message


def meant(word: str, known: Sequence[str], of_what: str) -> str:
    """A word that is not known, the nearest that are, and all of them: `of_what` names these."""
    close = near_misses(word, known)
    hint = f" Vouliez-vous dire {' ou '.join(close)} ?" if close else ""
    return f"« {word} » est inconnu.{hint} {of_what} : {', '.join(known)}."


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
