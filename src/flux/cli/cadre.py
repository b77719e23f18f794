"""What every command shares: the application, its options, the first stages, what it says while it works."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from flux.rendu.usage import meant

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.conversion import Quotas
    from flux.dossier import Dossier

DEFAUTS, USAGE, BOGUE = 1, 2, 3
OFFICE = ("docx", "xlsx")  # what the example, and each of many annexes, are written in
USAGE_ERROR: Any = typer.BadParameter.__base__  # Typer does not export click's UsageError by name


class _Francais:
    """What Typer writes in English on its help pages, and lets a class say otherwise."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help, option.metavar = "Montrer cette aide.", ""
        return option

    def get_params(self, ctx: Any) -> Any:
        """A flag has no kind of value, and an argument has its name: neither shows a type of Python."""
        params = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if param.param_type_name == "argument":
                param.display_type_rich = _no_type
            elif param.is_flag:
                param.metavar = ""
        return params

    def get_usage(self, ctx: Any) -> str:
        return str(super().get_usage(ctx)).replace("Usage:", "Usage :", 1)  # type: ignore[misc]


def _no_type(ctx: Any) -> None:
    """What an argument says of its type on a help page."""


class Commande(_Francais, typer.core.TyperCommand):
    """A command whose help page is in French."""


class Groupe(_Francais, typer.core.TyperGroup):
    """The same, of several commands; `flux completion` does what two options of Typer say in English."""

    def get_params(self, ctx: Any) -> Any:
        """Every option, those two hidden."""
        params = super().get_params(ctx)
        for param in params:
            if param.name in ("install_completion", "show_completion"):
                param.hidden = True
        return params

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked, or the nearest ones."""
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            raise USAGE_ERROR(f"Commande : {meant(args[0], known, 'Commandes')}", ctx)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Groupe,
    subcommand_metavar="COMMANDE …",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Gestion en flux des logements sociaux : du stock de réservations à l'annexe de la convention.",
    epilog="Première fois : flux demo. Avec vos fichiers : flux check, puis flux annexe. "
    "Sans fichiers : flux template.",
)


def command(exemple: str, of: typer.Typer = app) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a command of `of`, with the example that ends its help page."""
    return of.command(cls=Commande, epilog=f"Exemple : {exemple}")



Dossier_ = Annotated[
    Path,
    typer.Argument(
        metavar="DOSSIER", exists=True, help="Répertoire des tables, ou classeur (.xlsx, .xls, .ods)."
    ),
]
Sortie = Annotated[Path, typer.Option("--out", metavar="REP", help="Répertoire où écrire.")]
Ecraser = Annotated[bool, typer.Option("--ecraser", help="Remplacer les fichiers qui existent déjà.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Ne rien dire de l'avancement.")]
Json = Annotated[bool, typer.Option("--json", help="Répondre en JSON (schéma flux/1).")]
Jour = Annotated[str, typer.Option("--date", metavar="AAAA-MM-JJ", help="Jour du droit.")]


def dossier_at(path: Path, quiet: bool) -> Dossier:
    """The dossier of a folder or a workbook."""
    from flux.dossier import read_dossier

    with progress(quiet, "Lecture et contrôle") as said:
        return read_dossier(path, progress=said)


def quotas_of(dossier: Dossier, quiet: bool) -> Quotas:
    """Its quotas."""
    from flux.conversion import convert

    with progress(quiet, "Conversion du stock en flux"):
        return convert(dossier)


def plan_of(dossier: Dossier, quiet: bool) -> Plan:
    """Its plan."""
    from flux.allocation import allocate

    quotas = quotas_of(dossier, quiet)
    with progress(quiet, "Plan d'orientation"):
        return allocate(quotas)


def as_text(value: dict[str, Any]) -> str:
    """The answer of a command that was asked for JSON."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False)


@contextmanager
def progress(quiet: bool, what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A spinner on standard error, only where a person is looking; what it gives changes its words."""
    if quiet or not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(f"{what}…") as status:
        yield lambda step, done, total: status.update(f"{escape(step)}… ({done + 1}/{total})")
