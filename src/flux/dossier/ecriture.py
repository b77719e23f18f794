"""Write the tables of a dossier as a folder: csv as French Excel reads it, and `convention.toml`.

The bytes depend on the tables alone: line ends are LF everywhere, numbers are written by `repr`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from flux.noyau.errors import FluxError
from flux.noyau.tables import LIGNE

_FORMULE = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet would run, or that was already kept from it."""

Sections = Mapping[str, Mapping[str, Any]]


def write_folder(
    frames: Mapping[str, pd.DataFrame], convention: Sections, folder: Path, *, ecraser: bool = False
) -> Path:
    """Write one csv a table and `convention.toml` in `folder`, made if absent.

    Parameters
    ----------
    frames : tables by name; their column `_ligne`, if any, is left out.
    convention : sections of `convention.toml`, each a mapping of keys to values.

    Raises
    ------
    FluxError
        Code "fichier.existe": a file is already there and `ecraser` is false; nothing is then written.
    """
    texts = {
        f"{name}.csv": csv_text(frame.drop(columns=LIGNE, errors="ignore")) for name, frame in frames.items()
    }
    files = {name: text.encode("utf-8-sig") for name, text in texts.items()}
    files["convention.toml"] = toml_text(convention).encode()
    return write_files(files, folder, ecraser=ecraser)


def write_files(files: Mapping[str, bytes], folder: Path, *, ecraser: bool = False) -> Path:
    """Write files by name in `folder`, made if absent.

    Raises
    ------
    FluxError
        Code "fichier.existe": a file is already there and `ecraser` is false; nothing is then written.
    """
    present = [name for name in files if (folder / name).exists()]
    if present and not ecraser:
        raise FluxError(
            f"« {folder} » contient déjà {', '.join(present)} : rien n'a été écrit. À faire : choisir "
            "un autre répertoire, ou demander à l'écraser (ecraser=True, --ecraser).",
            code="fichier.existe",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def csv_text(frame: pd.DataFrame) -> str:
    """`;` between cells, decimal comma, oui/non, dates AAAA-MM-JJ, nothing where absent.

    A text that a spreadsheet would take for a formula has an apostrophe before it, that reading takes away
    (decision 0010).
    """
    cells = {column: _cells(frame[column]) for column in frame.columns}
    return str(pd.DataFrame(cells).to_csv(sep=";", index=False, lineterminator="\n"))


def toml_text(sections: Sections) -> str:
    """Sections of text, numbers, booleans, dates and lists of these."""
    blocks = [
        "\n".join([f"[{name}]", *(f"{key} = {_toml_value(value)}" for key, value in section.items())])
        for name, section in sections.items()
    ]
    return "\n\n".join(blocks) + "\n"


def _cells(column: pd.Series[Any]) -> list[str]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return [str(text) for text in column.dt.strftime("%Y-%m-%d").fillna("")]
    return ["" if pd.isna(value) else _cell(value) for value in column.tolist()]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace(".", ",")
    if isinstance(value, str) and _FORMULE.match(value):
        return f"'{value}"
    return str(value)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml_value, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
