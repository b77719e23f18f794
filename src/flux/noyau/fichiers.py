"""Files on the way out: never half written, never over another without being told."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from flux.noyau.errors import FluxError

LONGEST = 80  # characters of a name of file: paths stop at 260 on some systems
NAMED = 5  # files that a refusal names


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


def refuse_existing(paths: Iterable[Path], *, ecraser: bool) -> None:
    """Nothing is written when one of the files would be overwritten without being asked.

    Raises
    ------
    FluxError
        Code "fichier.existe".
    """
    existing = [] if ecraser else [str(p) for p in paths if p.exists()]
    if existing:
        more = f" et {len(existing) - NAMED} autres" if len(existing) > NAMED else ""
        raise FluxError(
            f"Existe déjà : {', '.join(existing[:NAMED])}{more}. À faire : choisir un autre répertoire, "
            "ou demander à l'écraser (ecraser=True, --ecraser).",
            code="fichier.existe",
        )


def put_together(folder: Path, made: Iterable[tuple[Path, bytes]]) -> list[Path]:
    """Write files in `folder`, made if absent: aside one by one, in place once the last is whole.

    Parameters
    ----------
    made : each path in `folder` and its content, made when asked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".flux-", dir=folder) as aside:
        paths = []
        for path, content in made:
            (Path(aside) / path.name).write_bytes(content)
            paths.append(path)
        for path in paths:
            (Path(aside) / path.name).replace(path)
    return paths


def file_names(idents: Iterable[str]) -> Mapping[str, str]:
    """A name of file for each identifier, safe on every system and never the same twice."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for ident in idents:
        plain = unicodedata.normalize("NFKD", ident).encode("ascii", "ignore").decode()
        name = stem = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:LONGEST] or "reservataire"
        rank = 2
        while name.casefold() in taken:
            name, rank = f"{stem}-{rank}", rank + 1
        taken.add(name.casefold())
        names[ident] = name
    return names


def write_whole(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename: a reader sees the old file or the new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
