"""What an Excel reader hides: cells in error, formulas never computed, merged cells. All read as empty."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.noyau.tables import MOST

_ERROR = re.compile(rb'<c (?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"[^>]*>.*?<v>([^<]*)</v>', re.DOTALL)
_UNCOMPUTED = re.compile(
    rb'<c [^>]*\br="([A-Z]+)(\d+)"[^>]*>\s*<f(?:/>|[^>]*/>|[^>]*>([^<]*)</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]+)(\d+):[A-Z]+\d+"()')
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


def broken_cells(content: bytes, source: Source) -> dict[str, list[Anomalie]]:
    """Every such cell of a workbook `.xlsx`, by name of sheet; nothing where it has another structure."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: list(_of_sheet(archive.read(part), source, name))
            for name, part in _parts(archive)
            if part in archive.namelist()
        }


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
