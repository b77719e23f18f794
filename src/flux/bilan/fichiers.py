"""The report on its way out: one document for all, and one a réservataire."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flux.noyau.fichiers import write_new

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
    module = WRITERS.get(path.suffix.lower())
    content = b"" if module is None else render(bilan, module)
    return write_new(path, content, suffixes=WRITERS, ecraser=ecraser)


def render(bilan: Bilan, module: str) -> bytes:
    """The document as bytes."""
    writer: Callable[[Bilan], bytes] = import_module(module).render
    return writer(bilan)


def paths(bilan: Bilan, out: Path) -> Iterator[tuple[str | None, Path]]:
    """Each file of the delivery, with the réservataire for whom it is (None: for all)."""
    for suffix in WRITERS:
        yield None, out / f"bilan_{bilan.annee}{suffix}"
    taken: set[str] = set()
    for ident in bilan.reservataires:
        stem = re.sub(r"[^\w.-]+", "_", ident)
        while stem.casefold() in taken:  # two identifiers that one file system cannot tell apart
            stem += "_"
        taken.add(stem.casefold())
        yield ident, out / f"bilan_{bilan.annee}_{stem}.xlsx"
