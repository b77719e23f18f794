"""What an Excel reader hides: cells in error, formulas never computed, merged cells. All read as empty."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
_PREFIX = re.compile(rb"<(\w+):worksheet[ >]")
_TAG = re.compile(rb"<[^>]*>")
_ROW = re.compile(rb"<row[ >/]")
_ROW_NUMBER = re.compile(rb'<row [^>]*?\br="(\d+)"')
_CELL = re.compile(rb"<c[ >/]")
_PLACE = re.compile(rb'<c(?: r="| [^>]*?\br="|[ >/])([A-Z]*)(\d*)')
LAST_ROW = 1_048_576
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Cache:
    """One kind of cell that reads as empty: its code, and what is said of it."""

    code: str
    message: str
    correction: str


ERREUR = Cache(
    "cellule_en_erreur",
    "La cellule {} contient une erreur du tableur",
    "Corriger la formule, ou écrire la valeur.",
)
NON_CALCULEE = Cache(
    "formule_non_calculee",
    "La formule de la cellule {} n'a jamais été calculée",
    "Ouvrir le classeur dans un tableur et l'enregistrer, ou écrire la valeur.",
)
FUSION = Cache(
    "cellules_fusionnees",
    "Des cellules sont fusionnées à partir de {} : seule la première serait lue",
    "Annuler la fusion et écrire la valeur dans chaque cellule.",
)
Cellule = tuple[str, int, str | None]
"""Address (`"B3"`), line, and what is written."""
_KINDS = ((ERREUR, _ERROR, b't="e"'), (NON_CALCULEE, _UNCOMPUTED, b"<f"), (FUSION, _MERGED, b"<mergeCell "))


def said(kind: Cache, cells: Sequence[Cellule], source: Source, sheet: str) -> Iterator[Anomalie]:
    """A defect for each cell under the first line, the first ones one by one; `colonne` is its letters."""
    below = [cell for cell in cells if cell[1] > 1]
    for address, line, read in below[:MOST]:
        yield Anomalie(
            code=f"fichier.{kind.code}",
            fichier=source.fichier,
            feuille=sheet,
            ligne=line,
            colonne=address.rstrip("0123456789"),
            valeur=read,
            message=kind.message.format(address),
            attendu="une valeur par cellule",
            correction=kind.correction,
        )
    if len(below) > MOST:
        yield Anomalie(
            code=f"fichier.{kind.code}",
            fichier=source.fichier,
            feuille=sheet,
            message=f"{len(below) - MOST} autres cellules dans le même cas",
            correction=kind.correction,
        )


def position_of(letters: str) -> int:
    """Where a column stands: `"A"` is 0."""
    return int(xl_cell_to_rowcol(f"{letters}1")[1])


def canonical(xml: bytes) -> bytes:
    """The tags of a sheet as Excel writes them: no prefix, double quotes."""
    if prefix := _PREFIX.search(xml[:4_000]):
        xml = xml.replace(b"<" + prefix[1] + b":", b"<").replace(b"</" + prefix[1] + b":", b"</")
    if b"='" in xml:
        xml = _TAG.sub(lambda tag: tag[0].replace(b"'", b'"'), xml)
    return xml


def area(xml: bytes) -> int:
    """Cells of the rectangle that a reader would lay out, empty ones included.

    Rows by columns, from the addresses of the rows and of the cells.
    """
    rows = max([len(_ROW.findall(xml)), *map(int, set(_ROW_NUMBER.findall(xml)))])
    places = {(cell[1], len(cell[2])) for cell in _PLACE.finditer(xml)}
    far = max((name for name, _ in places if name), key=lambda name: (len(name), name), default=b"A")
    columns = position_of(far.decode()) + 1
    if max((digits for _, digits in places), default=0) > len(str(rows)):
        rows = LAST_ROW  # a cell that is not in its row
    if (b"", 0) in places:  # a cell without an address stands after the one before it
        columns += max(len(_CELL.findall(row)) for row in xml.split(b"<row"))
    return rows * columns


def sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Each sheet: its name, and its cells as Excel would write them."""
    parts = {name.lower(): name for name in archive.namelist()}
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): str(r.get("Target")) for r in relations}
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if element.tag.endswith("}sheet"):
            target = targets.get(element.get(_RELATION), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part.lower() in parts:
                yield str(element.get("name")), canonical(archive.read(parts[part.lower()]))


def broken_cells(xml: bytes, source: Source, sheet: str) -> Iterator[Anomalie]:
    """A defect for each cell of a sheet that would read as empty."""
    for kind, pattern, mark in _KINDS:
        found: list[Cellule] = []
        for match in pattern.finditer(xml) if mark in xml else ():
            letters, line, read = (part.decode() if part else None for part in match.groups())
            found.append((f"{letters}{line}", int(line or 0), read))
        yield from said(kind, found, source, sheet)
    if nb := _placeless_errors(xml):
        yield Anomalie(
            code=f"fichier.{ERREUR.code}",
            fichier=source.fichier,
            feuille=sheet,
            message=f"Des cellules ({nb}) contiennent une erreur du tableur ; le classeur ne dit pas où",
            attendu="une valeur par cellule",
            correction=ERREUR.correction,
        )


def _placeless_errors(xml: bytes) -> int:
    """Cells in error whose address is not written."""
    if b't="e"' not in xml:
        return 0
    return sum(b't="e"' in tag and b' r="' not in tag for tag in re.findall(rb"<c [^>]*>", xml))
