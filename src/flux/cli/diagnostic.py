"""About the installation itself: what is there, what is not and how to add it, the completion of a shell."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Annotated

import typer

from flux.cli.cadre import DEFAUTS, Quiet, command

DISTRIBUTION = "gestion-en-flux"
EXTRAS = {
    "parquet": "lire et écrire des tables .parquet",
    "fast": "simuler plus vite (code compilé), mêmes résultats à l'octet près",
    "national": "découper les fichiers RPLS nationaux par département et bailleur",
    "joblib": "traiter beaucoup de dossiers avec joblib",
    "dask": "traiter beaucoup de dossiers sur plusieurs machines",
    "explore": "essayer des choix à la souris dans un carnet Jupyter (flux.explore)",
}
"""What each optional part adds; those of our own work (tests, dev, docs) are not the user's."""
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+).*?(?:extra == ['\"]([a-z]+)['\"])?\s*$")


class Shell(StrEnum):
    """The shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


@command("flux doctor")
def doctor(quiet: Quiet = False) -> None:
    """Dire ce qui est installé, ce qui manque, et comment l'ajouter."""
    from flux.loi import regles

    typer.echo(f"flux {version(DISTRIBUTION)}, Python {platform.python_version()}, {platform.system()}")
    needed = dict(_installed(""))
    for name, found in needed.items():
        typer.echo(f"  {name:<16} {found or 'absent'}")
    absent = [name for name, found in needed.items() if not found]
    typer.echo("Parties facultatives :")
    for extra, use in EXTRAS.items():
        parts = dict(_installed(extra))
        whole = all(parts.values())
        said = ", ".join(f"{n} {v}" for n, v in parts.items()) if whole else "absente"
        typer.echo(f"  [{extra}] {use} : {said}")
        if not whole:
            typer.echo(f'      pip install "{DISTRIBUTION}[{extra}]"')
    typer.echo('  Depuis une copie du dépôt : pip install -c constraints.txt ".[fast]", etc.')
    law = regles(date.today())
    typer.echo(f"Droit au {date.today():%d/%m/%Y} : {len(law.table)} paramètres.")
    place = "terminal" if sys.stdout.isatty() else "fichier ou tuyau"
    typer.echo(f"Sortie : {sys.stdout.encoding}, {place}.")
    if absent:
        typer.echo(f'Il manque {", ".join(absent)}. À faire : pip install "{DISTRIBUTION}".', err=True)
        raise typer.Exit(DEFAUTS)
    typer.echo("Tout ce qu'il faut est là. Pour essayer : flux demo.")


@command("flux completion bash >> ~/.bashrc")
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish ou powershell.")],
    quiet: Quiet = False,
) -> None:
    """Écrire de quoi compléter les commandes à la touche Tab."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    typer.echo(get_completion_script(prog_name="flux", complete_var="_FLUX_COMPLETE", shell=shell.value))


def _installed(extra: str) -> Iterator[tuple[str, str]]:
    """The libraries that the package, or one of its extras, asks for, and the version found of each."""
    for requirement in requires(DISTRIBUTION) or ():
        match = _REQUIREMENT.match(requirement)
        if match is None or (match[2] or "") != extra:
            continue
        try:
            yield match[1], version(match[1])
        except PackageNotFoundError:
            yield match[1], ""
