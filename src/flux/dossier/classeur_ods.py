"""The same of an OpenDocument workbook (.ods): what reads as empty, and how large a sheet is laid out."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator

from xlsxwriter.utility import xl_rowcol_to_cell

from flux.dossier.classeur_brut import ERREUR, FUSION, NON_CALCULEE, Cache, Cellule, canonical, said
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source

CONTENU = "content.xml"
_TABLE = re.compile(rb'<table:table [^>]*?table:name="([^"]*)"[^>]*>(.*?)</table:table>', re.DOTALL)
_TAG = re.compile(rb"<table:(?:covered-)?table-(row|cell)[ />][^>]*>?")
_SPANNED = re.compile(rb'table:number-(?:rows|columns)-spanned="(?!1")')


def broken_cells(xml: bytes, source: Source, sheet: str) -> Iterator[Anomalie]:
    """A defect for each cell of a sheet that would read as empty."""
    for kind, cells in _hidden(xml).items():
        yield from said(kind, cells, source, sheet)


def sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Each sheet: its name, and its content."""
    for table in _TABLE.finditer(canonical(archive.read(CONTENU))):
        yield html.unescape(table[1].decode()), table[2]


def _cells(xml: bytes) -> Iterator[tuple[int, int, int, int, bytes]]:
    """Each cell written: its row and column (from 0), how many times down and across, its tag."""
    row, down, column = -1, 1, 0
    for found in _TAG.finditer(xml):
        tag = found[0]
        if found[1] == b"row":
            row += down if row >= 0 else 1
            down, column = _repeat(tag, b"rows"), 0
            continue
        across = _repeat(tag, b"columns")
        yield max(row, 0), column, down, across, tag
        column += across


def _repeat(tag: bytes, what: bytes) -> int:
    found = re.search(rb'number-%s-repeated="(\d+)"' % what, tag)
    return int(found[1]) if found else 1


def area(xml: bytes) -> int:
    """Cells of the rectangle that a reader would lay out, up to the last filled one, with repeated ones."""
    width, height = 0, 0
    for row, column, down, across, tag in _cells(xml):
        if b"office:value-type" in tag:
            width, height = max(width, column + across), row + down
    return width * height


def _hidden(xml: bytes) -> dict[Cache, list[Cellule]]:
    """The cells in error (LibreOffice says them in an attribute of its own), never computed, merged."""
    found: dict[Cache, list[Cellule]] = {ERREUR: [], NON_CALCULEE: [], FUSION: []}
    marks = (b'calcext:value-type="error"', b"table:formula=", b"-spanned=")
    if not any(mark in xml for mark in marks):
        return found
    for row, column, _, _, tag in _cells(xml):
        here = (xl_rowcol_to_cell(row, column), row + 1, None)
        if b'calcext:value-type="error"' in tag:
            found[ERREUR].append(here)
        elif b"table:formula=" in tag and b"value-type=" not in tag:
            found[NON_CALCULEE].append(here)
        if _SPANNED.search(tag):
            found[FUSION].append(here)
    return found
