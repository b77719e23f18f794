"""What an Excel reader hides: cells in error, formulas never computed, merged cells. All read as empty."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from xlsxwriter.utility import xl_cell_to_rowcol

from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.noyau.tables import MOST

_ERROR = re.compile(rb'<c (?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"[^>]*>.*?<v>([^<]*)</v>', re.DOTALL)
_UNCOMPUTED = re.compile(
    rb'<c [^>]*\br="([A-Z]+)(\d+)"[^>]*>\s*<f(?:/>|[^>]*/>|[^>]*>([^<]*)</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]+)(\d+):[A-Z]+\d+"()')
_ODS = "content.xml"
_TABLE = re.compile(rb'<table:table [^>]*?table:name="([^"]*)"[^>]*>(.*?)</table:table>', re.DOTALL)
_ODS_TAG = re.compile(rb"<table:(?:covered-)?table-(row|cell)[ />][^>]*>?")
_ROW = re.compile(rb"<row[ >]")
_ROW_NUMBER = re.compile(rb'<row [^>]*?\br="(\d+)"')
_FAR_CELL = re.compile(rb'<c [^>]*?\br="([A-Z]{2,3})\d')
LAST_ROW = 1_048_576
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_KINDS = (
    (
        _ERROR,
        b't="e"',
        "cellule_en_erreur",
        "La cellule {} contient une erreur du tableur",
        "Corriger la formule, ou écrire la valeur.",
    ),
    (
        _UNCOMPUTED,
        b"<f",
        "formule_non_calculee",
        "La formule de la cellule {} n'a jamais été calculée",
        "Ouvrir le classeur dans un tableur et l'enregistrer, ou écrire la valeur.",
    ),
    (
        _MERGED,
        b"<mergeCell ",
        "cellules_fusionnees",
        "Des cellules sont fusionnées à partir de {} : seule la première serait lue",
        "Annuler la fusion et écrire la valeur dans chaque cellule.",
    ),
)


def broken_cells(archive: zipfile.ZipFile, source: Source) -> dict[str, list[Anomalie]]:
    """Every such cell of a workbook, by name of sheet."""
    if _ODS in archive.namelist():
        return {name: list(_errors_of_table(xml, source, name)) for name, xml in _tables(archive.read(_ODS))}
    return {
        name: list(_of_sheet(archive.read(part), source, name))
        for name, part in _parts(archive)
        if part in archive.namelist()
    }


def largest_sheet(archive: zipfile.ZipFile) -> int:
    """Cells of the largest rectangle that a reader would lay out, empty ones included."""
    if _ODS in archive.namelist():
        return max((_area_of_table(xml) for _, xml in _tables(archive.read(_ODS))), default=0)
    parts = [part for _, part in _parts(archive) if part in archive.namelist()]
    return max((_area(archive.read(part)) for part in parts), default=0)


def _area(xml: bytes) -> int:
    """Rows by columns, from the addresses of the rows and of the cells beyond column Z."""
    rows = max([len(_ROW.findall(xml)), *map(int, set(_ROW_NUMBER.findall(xml)))])
    far = max(set(_FAR_CELL.findall(xml)), key=lambda name: (len(name), name), default=b"Z")
    if re.search(rb'<c [^>]*?\br="[A-Z]+\d{%d,}"' % (len(str(rows)) + 1), xml):
        rows = LAST_ROW  # a cell that is not in its row
    return rows * (int(xl_cell_to_rowcol(f"{far.decode()}1")[1]) + 1)


def _tables(xml: bytes) -> Iterator[tuple[str, bytes]]:
    """Each table of an OpenDocument sheet: its name, and its content."""
    for table in _TABLE.finditer(xml):
        yield html.unescape(table[1].decode()), table[2]


def _area_of_table(xml: bytes) -> int:
    """Rows by columns up to the last filled cell, repeated ones counted."""
    row, width, height = 0, 0, 0
    repeated, col = 1, 0
    for tag in _ODS_TAG.finditer(xml):
        if tag[1] == b"row":
            row += repeated
            repeated, col = _repeat(tag[0], b"rows"), 0
            continue
        col += _repeat(tag[0], b"columns")
        if b"office:value-type" in tag[0]:
            width, height = max(width, col), row + repeated
    return width * height


def _repeat(tag: bytes, what: bytes) -> int:
    found = re.search(rb'number-%s-repeated="(\d+)"' % what, tag)
    return int(found[1]) if found else 1


def _errors_of_table(xml: bytes, source: Source, sheet: str) -> Iterator[Anomalie]:
    """Cells in error of an OpenDocument sheet; LibreOffice says them in an attribute of its own."""
    if b'value-type="error"' not in xml:
        return
    line, repeated = 1, 0
    for tag in _ODS_TAG.finditer(xml):
        if tag[1] == b"row":
            line += repeated
            repeated = _repeat(tag[0], b"rows")
        elif b'calcext:value-type="error"' in tag[0] and line > 1:
            yield Anomalie(
                code="fichier.cellule_en_erreur",
                fichier=source.fichier,
                feuille=sheet,
                ligne=line,
                message=f"Une cellule de la ligne {line} contient une erreur du tableur",
                attendu="une valeur par cellule",
                correction="Corriger la formule, ou écrire la valeur.",
            )


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Each sheet: its name, and the file of the archive that holds its cells."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): str(r.get("Target")) for r in relations}
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if element.tag.endswith("}sheet"):
            target = targets.get(element.get(_RELATION), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            yield str(element.get("name")), part


def _of_sheet(xml: bytes, source: Source, sheet: str) -> Iterator[Anomalie]:
    for pattern, mark, code, message, correction in _KINDS:
        found = [m for m in pattern.finditer(xml) if int(m[2]) > 1] if mark in xml else []
        for match in found[:MOST]:
            letters, line, read = (part.decode() if part else None for part in match.groups())
            yield Anomalie(
                code=f"fichier.{code}",
                fichier=source.fichier,
                feuille=sheet,
                ligne=int(line or 0),
                valeur=read,
                message=message.format(f"{letters}{line}"),
                attendu="une valeur par cellule",
                correction=correction,
            )
        if len(found) > MOST:
            yield Anomalie(
                code=f"fichier.{code}",
                fichier=source.fichier,
                feuille=sheet,
                message=f"{len(found) - MOST} autres cellules dans le même cas",
                correction=correction,
            )
