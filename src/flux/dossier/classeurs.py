"""Workbooks: the sheets as text, within stated limits, and what a reader of workbooks hides.

The reader of workbooks lays every sheet out as a full rectangle: one stray cell at the far corner would be
seventeen billion cells. So the rectangles are measured before anything is opened.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from flux.dossier import classeur_biff, classeur_brut, classeur_ods
from flux.dossier.classeur_biff import Releve
from flux.dossier.conteneur_ole import SIGNATURE, workbook_stream
from flux.dossier.grilles import CELLULES_MAX, OCTETS_MAX, Grille
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.noyau.tables import TEXTE
from flux.rendu.nombres import entier

CLASSEURS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_ZIP = b"PK\x03\x04"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# What Python and the reader raise on bytes that are no workbook, or no longer one.
_DAMAGED = (CalamineError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError,
            RuntimeError, ElementTree.ParseError, expat.ExpatError, ValueError, LookupError, OSError,
            EOFError)  # fmt: skip
_ROWS = 20_000
"""Rows turned to text at a time: the cells of a whole sheet are never all Python objects."""


@dataclass(frozen=True, slots=True)
class Classeur:
    """A workbook that opens: the names of its sheets, and how to read one."""

    path: Path
    source: Source
    feuilles: tuple[str, ...]
    book: Any = field(repr=False)
    untrusted: Mapping[str, Sequence[Anomalie]] = field(default_factory=dict, repr=False)
    begun: dict[str, Any] = field(default_factory=dict, repr=False)

    def lire(self, nom: str, *, positions: Sequence[int] | None = None, lignes: int | None = None) -> Grille:
        """A sheet as text.

        Parameters
        ----------
        positions : the columns wanted, from 0 (default: all); each keeps its position as its name.
        lignes : how many of the first lines (default: all).
        """
        where = Source(fichier=self.path.name, feuille=nom, sha256=self.source.sha256)
        try:
            with _unheard():
                sheet = self.begun.pop(nom, None) or self.book.get_sheet_by_name(nom)
                cells = _texts(sheet, positions, lignes)
        except (CalamineError, ValueError):
            return Grille(nom, where, pd.DataFrame(), (_unreadable(self.path, nom),))
        if lignes is not None:
            self.begun[nom] = sheet  # the rest will be wanted: it is long to parse
        return Grille(nom, where, cells, tuple(self.untrusted.get(nom, ())))


def open_workbook(path: Path) -> tuple[Classeur | None, list[Anomalie]]:
    """Open a workbook. None and one defect: password, another format, damaged, or beyond the limits."""
    content = path.read_bytes()
    source = Source(fichier=path.name, sha256=hashlib.sha256(content).hexdigest())
    untrusted: dict[str, list[Anomalie]] = {}
    releves: list[Releve] = []
    defect: Anomalie | None = None
    try:
        if content.startswith(_ZIP):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                untrusted, defect = _survey(archive, source, path)
        elif content.startswith(SIGNATURE):
            releves, defect = _survey_xls(content, path)
        if defect:
            return None, [defect]
        with _unheard():
            book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            names = tuple(book.sheet_names)
        for name, releve in zip(names, releves, strict=bool(releves)):
            untrusted[name] = list(releve.broken_cells(source, name))
    except PasswordError:
        return None, [_locked(path)]
    except _DAMAGED:
        return None, [_unreadable(path, kind=_kind(content))]
    return Classeur(path, source, names, book, untrusted), []


def _survey(
    archive: zipfile.ZipFile, source: Source, path: Path
) -> tuple[dict[str, list[Anomalie]], Anomalie | None]:
    """By sheet, the cells that would read as empty; what forbids to open the workbook, if anything."""
    untrusted: dict[str, list[Anomalie]] = {}
    if defect := _too_large(archive, path) or _locked_ods(archive, path):
        return untrusted, defect
    _check_parts(archive)
    kind = classeur_ods if classeur_ods.CONTENU in archive.namelist() else classeur_brut
    for name, xml in kind.sheets(archive):
        if kind.area(xml) > CELLULES_MAX:
            return untrusted, _beyond_cells(path)
        untrusted[name] = list(kind.broken_cells(xml, source, name))
    return untrusted, None


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Read every part once: the reader of workbooks looks for ever for the end of one that is cut.

    Raises
    ------
    ExpatError, BadZipFile
        A part that is no XML, or not what its header promises.
    """
    for name in archive.namelist():
        if name.lower().endswith((".xml", ".rels")):
            with archive.open(name) as part:
                expat.ParserCreate().ParseFile(part)


def _survey_xls(content: bytes, path: Path) -> tuple[list[Releve], Anomalie | None]:
    """The same of an old workbook; a .xlsx with a password is wrapped in the same container."""
    try:
        stream = workbook_stream(content)
    except ValueError:
        return [], _locked(path) if _ENCRYPTED in content else _unreadable(path)
    if classeur_biff.locked(stream):
        return [], _locked(path)
    releves = classeur_biff.survey(stream)
    large = max((releve.area for releve in releves), default=0) > CELLULES_MAX
    return releves, _beyond_cells(path) if large else None


@contextmanager
def _unheard() -> Iterator[None]:
    """Around the reader: on some damaged files it panics, which is no `Exception`, and says so in English.

    Raises
    ------
    CalamineError
        In the place of the panic.
    """
    kept, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise CalamineError("the reader gave up") from error
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


def _texts(sheet: Any, positions: Sequence[int] | None, lignes: int | None) -> pd.DataFrame:
    """Cells as text, from the first row and column of the sheet; missing where empty."""
    if sheet.start is None:
        return pd.DataFrame()
    left = sheet.start[1]  # the reader gives the empty rows above, not the empty columns on the left
    wanted = range(left + sheet.width) if positions is None else positions
    rows = islice(sheet.iter_rows(), lignes)
    blocks = []
    while chunk := list(islice(rows, _ROWS)):
        texts = [[_text(row[at - left]) if at >= left else None for at in wanted] for row in chunk]
        blocks.append(pd.DataFrame(texts, columns=list(wanted), dtype=TEXTE))
    return pd.concat(blocks, ignore_index=True)


def _text(cell: Any) -> str | None:
    """A cell as a person reads it; nothing where it is empty."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, bool):
        return "vrai" if cell else "faux"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return None if cell is None else str(cell)


def _too_large(archive: zipfile.ZipFile, path: Path) -> Anomalie | None:
    if sum(part.file_size for part in archive.infolist()) <= OCTETS_MAX:
        return None
    return _beyond(path, f"plus de {entier(OCTETS_MAX // 1_000_000)} Mo une fois décompressé")


def _locked_ods(archive: zipfile.ZipFile, path: Path) -> Anomalie | None:
    manifest = "META-INF/manifest.xml"
    locked = manifest in archive.namelist() and b"encryption-data" in archive.read(manifest)
    return _locked(path) if locked else None


def _beyond_cells(path: Path) -> Anomalie:
    return _beyond(path, f"une feuille de plus de {entier(CELLULES_MAX)} cellules")


def _beyond(path: Path, what: str) -> Anomalie:
    return Anomalie(
        code="fichier.trop_grand",
        fichier=path.name,
        message=f"Le classeur dépasse ce que flux ouvre : {what}",
        attendu=f"au plus {entier(OCTETS_MAX // 1_000_000)} Mo décompressés, et "
        f"{entier(CELLULES_MAX)} cellules par feuille, vides comprises",
        correction="Supprimer les lignes et les colonnes vides au bout des feuilles, ou enregistrer chaque "
        "table en CSV.",
    )


def _locked(path: Path) -> Anomalie:
    return Anomalie(
        code="fichier.mot_de_passe",
        fichier=path.name,
        message="Le classeur est protégé par un mot de passe",
        attendu="un classeur qui s'ouvre sans mot de passe",
        correction="L'ouvrir, retirer le mot de passe (Fichier, Informations, Protéger le classeur) et "
        "l'enregistrer.",
    )


_AUTRES = (
    (b"{\\rtf", "un document de traitement de texte (.rtf)"),
    (b"%PDF", "un document PDF"),
    (b"<", "une page web ou un fichier XML"),
)
"""What a file that bears the name of a workbook may begin with, and what it then is."""


def _kind(content: bytes) -> str:
    return next((kind for head, kind in _AUTRES if content[:99].lstrip().startswith(head)), "")


def _unreadable(path: Path, sheet: str | None = None, kind: str = "") -> Anomalie:
    return Anomalie(
        code="fichier.classeur_illisible",
        fichier=path.name,
        feuille=sheet,
        message=f"Ce fichier n'est pas un classeur, mais {kind}"
        if kind
        else "Le classeur ne s'ouvre pas : il est coupé, abîmé, ou d'un autre format",
        attendu="un classeur .xlsx, .xlsm, .xls ou .ods",
        correction="En recopier le tableau dans un tableur et l'enregistrer au format .xlsx."
        if kind
        else "L'ouvrir dans un tableur et l'enregistrer au format .xlsx.",
    )
