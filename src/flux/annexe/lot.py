"""Annexes of one plan, one or many in one go: refused before the work, put in place together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flux.annexe.contenu import draft_annexes
from flux.annexe.fichiers import WRITERS, render
from flux.annexe.masque import SEUIL
from flux.annexe.selection import canonical, check, conventions
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.fichiers import file_names, put_together, refuse_existing

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.dossier import Dossier

FORMATS = tuple(sorted(suffix.removeprefix(".") for suffix in WRITERS))

Progress = Callable[[str, int, int], None]


def chosen_formats(said: str) -> tuple[str, ...]:
    """The formats of "docx,pdf", in that order.

    Raises
    ------
    FluxError
        Code "fichier.format_inconnu".
    """
    asked = tuple(dict.fromkeys(word.strip().lower().removeprefix(".") for word in said.split(",")))
    for word in asked:
        if word not in FORMATS:
            close = near_misses(word, FORMATS)
            hint = f" Vouliez-vous dire « {close[0]} » ?" if close else ""
            raise FluxError(
                f"Le format « {word} » n'est pas possible.{hint} Formats possibles : {', '.join(FORMATS)}.",
                code="fichier.format_inconnu",
            )
    return asked


def targets(
    dossier: Dossier,
    out: Path,
    *,
    pour: Sequence[str] = (),
    tous: bool = False,
    formats: Iterable[str] = FORMATS,
    ecraser: bool = False,
) -> Mapping[tuple[str, ...] | None, tuple[Path, ...]]:
    """The files to write for each annex: all the parties, one convention (`pour`), or one a réservataire.

    Returns
    -------
    What `draft_annexe` takes -> paths in `out`: "annexe_2026.docx", "annexe_2026_action_logement.docx".

    Raises
    ------
    FluxError
        Codes "annexe.reservataire_inconnu", and "fichier.existe" when one is there and `ecraser` is false.
    """
    annee = dossier.convention.annee
    check(dossier, pour)
    asked: list[tuple[str, ...] | None]
    asked = [(ident,) for ident in conventions(dossier)] if tous else [canonical(dossier, pour) or None]
    keys = ["+".join(words) for words in asked if words]
    names = file_names(keys)
    wanted = {
        words: tuple(
            out / (f"annexe_{annee}_{names['+'.join(words)]}.{f}" if words else f"annexe_{annee}.{f}")
            for f in formats
        )
        for words in asked
    }
    refuse_existing([path for paths in wanted.values() for path in paths], ecraser=ecraser)
    return wanted


def deliver(
    plan: Plan,
    wanted: Mapping[tuple[str, ...] | None, tuple[Path, ...]],
    *,
    seuil_masque: int = SEUIL,
    modele: Path | None = None,
    progress: Progress = lambda step, done, total: None,
) -> list[Path]:
    """Write every annex of `wanted`, and return the paths: all of them, or none (see `put_together`).

    `modele` lays the Word files out.
    """
    folder = next(path.parent for paths in wanted.values() for path in paths)

    def made() -> Iterator[tuple[Path, bytes]]:
        drafted = draft_annexes(plan, wanted, seuil_masque=seuil_masque)
        for rank, (annexe, paths) in enumerate(zip(drafted, wanted.values(), strict=True)):
            progress(annexe.titre, rank, len(wanted))
            for path in paths:
                yield path, render(annexe, path.suffix, modele=modele)

    return put_together(folder, made())
