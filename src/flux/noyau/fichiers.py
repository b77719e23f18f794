"""Files on the way out: never half written, never over another without being told."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from flux.noyau.errors import FluxError


def write_new(path: Path, content: bytes, *, suffixes: Collection[str], ecraser: bool) -> Path:
    """Write `content` to `path`, which must end with one of `suffixes`, and return the path.

    Raises
    ------
    FluxError
        Codes "fichier.format_inconnu", "fichier.existe" (`ecraser` is false), "fichier.repertoire_absent".
    """
    refuse(path, suffixes=suffixes, ecraser=ecraser)
    write_whole(path, content)
    return path


def refuse(path: Path, *, suffixes: Collection[str], ecraser: bool) -> None:
    """Raise what `write_new` would, before the work is done."""
    if path.suffix.lower() not in suffixes:
        raise FluxError(
            f"Le format « {path.suffix or path.name} » n'est pas possible. "
            f"Formats possibles : {', '.join(suffixes)}.",
            code="fichier.format_inconnu",
        )
    if not path.parent.is_dir():
        raise FluxError(
            f"Le répertoire « {path.parent} » n'existe pas. À faire : le créer.",
            code="fichier.repertoire_absent",
        )
    if path.exists() and not ecraser:
        raise FluxError(
            f"Le fichier « {path} » existe déjà. À faire : choisir un autre nom, ou demander à l'écraser "
            "(ecraser=True, --ecraser).",
            code="fichier.existe",
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename: a reader sees the old file or the new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
