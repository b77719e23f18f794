"""The tables of a result for other programs: a workbook for people, parquet for machines.

A stage reads and writes no file; what it gives can be written, once it is made.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from flux.noyau.errors import FluxError
from flux.noyau.fichiers import put_together, refuse, refuse_existing, write_whole
from flux.rendu import glossaire, nombres
from flux.rendu.glossaire import Format, Terme

ROWS, CHARACTERS = 1_048_575, 32_767  # what a sheet holds under its heading, and a cell
WIDEST, MEASURED = 60, 500  # characters of a column; rows that its width is measured on
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
LEGEND = "Colonnes"  # the last sheet
NO_CLOCK = dt.datetime(2000, 1, 1)  # the same tables give the same bytes


class Tabulaire(Protocol):
    """What has tables, by name."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables."""


class Exportable:
    """The two gestures of all that has `tables`."""

    def to_excel(self: Tabulaire, path: str | Path, *, ecraser: bool = False) -> Path:
        """Write every table to a workbook, a sheet each, and return its path.

        Headings, codes and number formats are those of the glossary; numbers stay numbers and dates dates, at
        full precision; a last sheet says what each column means. The same tables give the same bytes.

        Parameters
        ----------
        path : a file ending in .xlsx.
        ecraser : replace a file that is there.

        Raises
        ------
        FluxError
            Codes "fichier.format_inconnu", "fichier.existe", "fichier.repertoire_absent"; "tables.aucune",
            "tables.trop_de_lignes" (a sheet holds 1,048,575 rows).
        """
        target = Path(path)
        refuse(target, suffixes=(".xlsx",), ecraser=ecraser)
        write_whole(target, workbook(_written(self), type(self).__name__))
        return target

    def to_parquet(self: Tabulaire, folder: str | Path, *, ecraser: bool = False) -> list[Path]:
        """Write every table to a folder, made if absent: one .parquet each, columns as they are in Python.

        An exact fraction becomes a number; a column that mixes kinds becomes text.

        Parameters
        ----------
        folder : where to write.
        ecraser : replace files that are there.

        Returns
        -------
        list of Path
            In the order of `tables`.

        Raises
        ------
        FluxError
            Codes "fichier.existe", "tables.aucune", "tables.bibliotheque_absente" (pyarrow).
        """
        place = Path(folder)
        paths = {place / f"{nom}.parquet": frame for nom, frame in _written(self).items()}
        refuse_existing(paths, ecraser=ecraser)
        return put_together(place, ((path, parquet(frame)) for path, frame in paths.items()))


def _written(result: Tabulaire) -> dict[str, pd.DataFrame]:
    """The tables that have columns."""
    tables = {nom: frame for nom, frame in result.tables.items() if len(frame.columns)}
    if not tables:
        raise FluxError("Ce résultat n'a pas de table à écrire.", code="tables.aucune")
    return tables


def parquet(frame: pd.DataFrame) -> bytes:
    """A table as a parquet file.

    Raises
    ------
    FluxError
        Code "tables.bibliotheque_absente".
    """
    mixed = [c for c in frame.columns if frame[c].dtype == object]
    out = io.BytesIO()
    try:
        frame.assign(**{c: _one_kind(frame[c]) for c in mixed}).to_parquet(out, engine="pyarrow")
    except ImportError as absent:
        raise FluxError(
            "Écrire en .parquet demande une bibliothèque qui n'est pas installée. À faire : "
            'pip install "gestion-en-flux[parquet]", ou choisir to_excel.',
            code="tables.bibliotheque_absente",
        ) from absent
    return out.getvalue()


def _one_kind(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of Python objects as one kind: numbers if all are, else text."""
    known = column[column.notna()]
    if len(known) and all(isinstance(v, Fraction | int | float) and not isinstance(v, bool) for v in known):
        return column.astype("float64")
    return column.map(lambda v: v if isinstance(v, str) else _said(v), na_action="ignore").astype("str")


def _said(value: Any) -> str:
    """A value of the law as text: a list by its elements, a fraction by its decimal."""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_said, value))
    return repr(float(value)) if isinstance(value, Fraction) else str(value)


def workbook(tables: Mapping[str, pd.DataFrame], kind: str) -> bytes:
    """The tables as a workbook.

    Parameters
    ----------
    tables : by name; the first sheet is the first table.
    kind : the class of the result: the glossary may give a column of it a meaning of its own.

    Raises
    ------
    FluxError
        Code "tables.trop_de_lignes".
    """
    from xlsxwriter import Workbook

    out = io.BytesIO()
    book = Workbook(out, OPTIONS)
    book.set_properties({"created": NO_CLOCK})
    looks = _Looks(book)
    legend = []
    for nom, frame in tables.items():
        if len(frame) > ROWS:
            raise FluxError(
                f"La table « {nom} » a {nombres.entier(len(frame))} lignes, une feuille en tient "
                f"{nombres.entier(ROWS)}. À faire : choisir to_parquet.",
                code="tables.trop_de_lignes",
            )
        titre, contexts = sheet_title(nom), (nom, _snake(kind))
        termes = {c: _terme(contexts, c) for c in map(str, frame.columns) if not c.startswith("_")}
        _sheet(book.add_worksheet(titre), looks, frame, termes)
        legend += [(titre, t.libelle, c, t.sens, t.unite, t.article) for c, t in termes.items()]
    headings = ("Feuille", "Colonne", "Nom dans Python", "Sens", "Unité", "Texte")
    texts = {h: Terme(cle=h, libelle=h, sens="") for h in headings}
    _sheet(book.add_worksheet(LEGEND), looks, pd.DataFrame(legend, columns=headings), texts)
    book.close()
    return out.getvalue()


def sheet_title(nom: str) -> str:
    """The name of the sheet of a table, in French."""
    return glossaire.libelle(f"tables.{nom}")


def _terme(contexts: tuple[str, ...], column: str) -> Terme:
    """What the glossary says of a column; `quota_rotation`, that of a scenario, is a quota ("rotation")."""
    stem, rest = column, ""
    while stem:
        for context in (*contexts, *glossaire.BARE):
            with suppress(KeyError):
                known = glossaire.termes(context)[stem]
                return replace(known, libelle=f"{known.libelle} ({rest})") if rest else known
        stem, _, last = stem.rpartition("_")
        rest = f"{last}_{rest}" if rest else last
    return Terme(cle=column, libelle=column, sens="")


def _snake(name: str) -> str:
    """`MiAnnee` -> "mi_annee"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class _Looks:
    """The formats of the cells of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book, self._made = book, dict[str, Any]()
        self.heading = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DCE6F1", "border": 1}
        )

    def number(self, terme: Terme, value: float) -> Any:
        """How a number is shown under its column: its value stays whole."""
        places = terme.decimales
        match terme.format:
            case Format.PART | Format.POINTS:
                return self._of(_places("0", 1 if places is None else places) + "%")
            case Format.DECIMAL:
                return self._of(_places("#,##0", 2 if places is None else places))
            case Format.ENTIER:
                return self._of("#,##0" if value == int(value) else "#,##0.00")
            case Format.ANNEE:
                return self._of("0")
            case _:
                return self._of("General")

    def date(self) -> Any:
        """How a day is shown."""
        return self._of("dd/mm/yyyy")

    def _of(self, pattern: str) -> Any:
        if pattern not in self._made:
            self._made[pattern] = self._book.add_format({"num_format": pattern})
        return self._made[pattern]


def _places(whole: str, nb: int) -> str:
    return f"{whole}.{'0' * nb}" if nb else whole


def _sheet(sheet: Any, looks: _Looks, frame: pd.DataFrame, termes: Mapping[str, Terme]) -> None:
    """One table: the heading stays in sight, every column can be filtered."""
    for col, (nom, terme) in enumerate(termes.items()):
        label = terme.libelle
        if terme.unite and terme.format is not Format.PART:
            label = f"{label} ({terme.unite})"
        sheet.write_string(0, col, label, looks.heading)
        width = max(12, min(len(label), 24))
        for row, value in enumerate(frame[nom].tolist(), start=1):
            written = _cell(sheet, looks, row, col, terme, value)
            width = max(width, written) if row <= MEASURED else width
        sheet.set_column(col, col, min(width + 2, WIDEST))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(frame), len(termes) - 1)


def _cell(sheet: Any, looks: _Looks, row: int, col: int, terme: Terme, value: Any) -> int:
    """Write one value as what it is; the characters that it takes."""
    if nombres.absent(value):
        return 0
    if isinstance(value, dt.date):
        sheet.write_datetime(row, col, value, looks.date())
        return 10
    number = value if isinstance(value, int | float | Fraction) and not isinstance(value, bool) else None
    if number is not None and math.isfinite(number) and str(number) not in terme.valeurs:
        sheet.write_number(row, col, float(number), looks.number(terme, float(number)))
        return 10
    text = _text(terme, value)
    sheet.write_string(row, col, text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…")
    return len(text)


def _text(terme: Terme, value: Any) -> str:
    """A word as people read it: the label of a code, "oui", a list by its elements."""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_text(terme, v) for v in value)
    said = nombres.oui_non(value) if isinstance(value, bool) else _said(value)
    return terme.valeurs.get(said) or glossaire.clean(said)


def declared(result: object) -> Iterator[str]:
    """Names of the tables of a result, its public attributes declared as frames: `table` first."""
    cls = type(result)
    names = [n for n, kind in getattr(cls, "__annotations__", {}).items() if kind == "pd.DataFrame"]
    for nom, member in vars(cls).items():
        getter = getattr(member, "fget", None) or getattr(member, "func", None)
        if getattr(getter, "__annotations__", {}).get("return") == "pd.DataFrame":
            names.append(nom)
    yield from sorted((n for n in names if not n.startswith("_")), key=lambda n: n != "table")
