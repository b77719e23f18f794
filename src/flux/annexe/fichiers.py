"""Files on the way out: never half written, never over another without being told, same bytes twice."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flux.noyau.fichiers import refuse, write_whole

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe

# suffix -> module of this package whose `render(annexe) -> bytes` writes the format
WRITERS = {".docx": "docx", ".html": "html", ".json": "canonique", ".pdf": "pdf", ".xlsx": "xlsx"}
MODELED = ".docx"  # the format that a model of the bailleur's own may lay out


def save(annexe: Annexe, path: Path, *, modele: Path | None = None, ecraser: bool = False) -> Path:
    """Write `annexe` to `path` in the format of its suffix, or in a Word model, and return the path.

    Raises
    ------
    FluxError
        Codes "fichier.format_inconnu", "fichier.existe" (`ecraser` is false), "fichier.repertoire_absent".
    """
    refuse(path, suffixes=WRITERS if modele is None else (MODELED,), ecraser=ecraser)
    write_whole(path, render(annexe, path.suffix.lower(), modele=modele))
    return path


def render(annexe: Annexe, suffix: str, *, modele: Path | None = None) -> bytes:
    """What `save` writes, in the format of `suffix`; a Word model is for its own format only."""
    if modele is not None and suffix == MODELED:
        from flux.annexe.docx.modele import render as fill

        return fill(annexe, modele)
    write: Callable[[Annexe], bytes] = import_module(f"flux.annexe.{WRITERS[suffix]}").render
    return write(annexe)


def stable_zip(content: bytes, day: dt.date) -> bytes:
    """The same archive with its entries sorted and dated `day`: Office files carry the clock otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        # the type list comes first, as the Office conventions ask
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(name), compresslevel=6)
    return out.getvalue()
