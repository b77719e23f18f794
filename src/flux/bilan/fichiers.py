"""The report on its way out: one document for all, and one workbook a réservataire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flux.noyau.fichiers import file_names, put_together, refuse, refuse_existing, write_whole

if TYPE_CHECKING:
    from flux.bilan.contenu import Bilan

# suffix -> module whose `render(document) -> bytes` writes the format
WRITERS = {
    ".docx": "flux.annexe.docx",
    ".html": "flux.annexe.html",
    ".pdf": "flux.annexe.pdf",
    ".xlsx": "flux.bilan.classeur",
}


def save(bilan: Bilan, path: Path, *, ecraser: bool = False) -> Path:
    """Write `bilan` to `path` in the format of its suffix, and return the path.

    Raises
    ------
    FluxError
        Codes "fichier.format_inconnu", "fichier.existe" (`ecraser` is false), "fichier.repertoire_absent".
    """
    refuse(path, suffixes=WRITERS, ecraser=ecraser)
    write_whole(path, render(bilan, path.suffix))
    return path


def render(bilan: Bilan, suffix: str) -> bytes:
    """The report in the format of a suffix."""
    writer: Callable[[Bilan], bytes] = import_module(WRITERS[suffix.lower()]).render
    return writer(bilan)


def deliver(
    bilan: Bilan,
    out: Path,
    *,
    ecraser: bool = False,
    progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> list[Path]:
    """Write the report for all in every format, then the workbook of each réservataire; the paths.

    Parameters
    ----------
    out : folder, made when it is not there.
    progress : told of each file: its name, how many are done, how many there are.

    Raises
    ------
    FluxError
        Code "fichier.existe": one of them is there and `ecraser` is false.
    """
    planned = _paths(bilan, out)
    refuse_existing([path for _, path in planned], ecraser=ecraser)

    def made() -> Iterator[tuple[Path, bytes]]:
        for done, (ident, path) in enumerate(planned):
            progress(path.name, done, len(planned))
            yield path, render(bilan.pour(ident) if ident else bilan, path.suffix)

    return put_together(out, made())


def _paths(bilan: Bilan, out: Path) -> list[tuple[str | None, Path]]:
    """Each file of the delivery, with the réservataire for whom it is (None: for all)."""
    year = f"bilan_{bilan.annee}"
    whole: list[tuple[str | None, Path]] = [(None, out / f"{year}{suffix}") for suffix in WRITERS]
    names = file_names(bilan.reservataires)
    return [*whole, *((ident, out / f"{year}_{name}.xlsx") for ident, name in names.items())]
