"""The report on its way out: one document for all, and one workbook a réservataire."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flux.noyau.errors import FluxError
from flux.noyau.fichiers import refuse, write_whole

if TYPE_CHECKING:
    from flux.bilan.contenu import Bilan

# suffix -> module whose `render(document) -> bytes` writes the format
WRITERS = {".docx": "flux.annexe.docx", ".html": "flux.annexe.html", ".xlsx": "flux.bilan.classeur"}


def save(bilan: Bilan, path: Path, *, ecraser: bool = False) -> Path:
    """Write `bilan` to `path` in the format of its suffix, and return the path.

    Raises
    ------
    FluxError
        Codes "fichier.format_inconnu", "fichier.existe" (`ecraser` is false), "fichier.repertoire_absent".
    """
    refuse(path, suffixes=WRITERS, ecraser=ecraser)
    render: Callable[[Bilan], bytes] = import_module(WRITERS[path.suffix.lower()]).render
    write_whole(path, render(bilan))
    return path


def deliver(
    bilan: Bilan,
    out: Path,
    *,
    ecraser: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Write the report for all in every format, then the workbook of each réservataire; the paths.

    Parameters
    ----------
    out : folder, made when it is not there.
    progress : told of each file: its name, how many are done, how many there are.

    Raises
    ------
    FluxError
        Code "fichier.existe": one of them is there and `ecraser` is false; nothing is then written.
    """
    planned = _paths(bilan, out)
    there = [str(path) for _, path in planned if path.exists()]
    if there and not ecraser:
        raise FluxError(
            f"Existe déjà : {', '.join(there)}. À faire : choisir un autre répertoire, ou demander à "
            "l'écraser (ecraser=True, --ecraser).",
            code="fichier.existe",
        )
    out.mkdir(parents=True, exist_ok=True)
    for done, (ident, path) in enumerate(planned):
        if progress:
            progress(path.name, done, len(planned))
        save(bilan.pour(ident) if ident else bilan, path, ecraser=ecraser)
    return [path for _, path in planned]


def _paths(bilan: Bilan, out: Path) -> list[tuple[str | None, Path]]:
    """Each file of the delivery, with the réservataire for whom it is (None: for all)."""
    planned: list[tuple[str | None, Path]] = [(None, out / f"bilan_{bilan.annee}{s}") for s in WRITERS]
    taken: set[str] = set()
    for ident in bilan.reservataires:
        stem = re.sub(r"[^\w.-]+", "_", ident)
        while stem.casefold() in taken:  # two identifiers that one file system cannot tell apart
            stem += "_"
        taken.add(stem.casefold())
        planned.append((ident, out / f"bilan_{bilan.annee}_{stem}.xlsx"))
    return planned
