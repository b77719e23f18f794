"""A workbook read back: the value and the formula of each cell, and what a person may change in it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from flux.annexe.identite import read_properties
from flux.annexe.verification.blocs import plain
from flux.annexe.verification.formules import Place, normal, place
from flux.dossier.classeur_brut import sheets

YELLOW = "FFF2CC"  # what may be changed, as the writer paints it
Valeur = float | bool | str
Adresse = tuple[str, str]
"""Sheet and address: ("Quotas", "B3")."""


@dataclass(frozen=True, slots=True)
class Case:
    """One cell: its value (the cached one under a formula), its formula as written and as compared."""

    valeur: Valeur
    formule: str = ""
    normale: str = ""
    entree: bool = False


@dataclass(frozen=True, slots=True)
class Classeur:
    """Cells that hold something, in order; the names that formulas may use."""

    identite: dict[str, Any] | None
    cases: dict[Adresse, Case]
    noms: dict[str, str]


def read(content: bytes) -> Classeur:
    """Every sheet of a workbook, whoever saved it last."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        strings = list(_strings(archive))
        inputs = _yellow(archive)
        cases = {
            (sheet, address): case
            for sheet, xml in sheets(archive)
            for address, case in _cells(xml, strings, inputs)
        }
        return Classeur(read_properties(archive), cases, dict(_names(archive)))


def _cells(xml: bytes, strings: list[str], inputs: set[str]) -> Iterator[tuple[str, Case]]:
    copied: dict[str, str] = {}
    for cell in ElementTree.fromstring(xml).iter():
        if _name(cell) != "c":
            continue
        address, inside = str(cell.get("r")), {_name(e): e for e in cell}
        value = _value(cell.get("t", "n"), inside, strings)
        formula, told = _formula(inside.get("f"), place(address), copied)
        if value != "" or formula:
            yield address, Case(value, formula, told, cell.get("s", "0") in inputs)


def _value(kind: str, inside: dict[str, Element], strings: list[str]) -> Valeur:
    if kind == "inlineStr":
        return plain(_all_text(inside["is"])) if "is" in inside else ""
    text = (inside["v"].text or "") if "v" in inside else ""
    match kind:
        case "s":
            return strings[int(text)] if text else ""
        case "b":
            return text == "1"
        case "n":
            return float(text) if text else ""
        case _:
            return plain(text)


def _formula(element: Element | None, at: Place, copied: dict[str, str]) -> tuple[str, str]:
    """A formula as written, and as compared; a copy of another has only the second."""
    if element is None:
        return "", ""
    written, shared = element.text or "", element.get("si")
    if not written and shared in copied:
        return "=", copied[shared]
    told = normal(written, at)
    if element.get("t") == "shared" and shared is not None:
        copied[shared] = told
    return f"={written}", told


def _strings(archive: zipfile.ZipFile) -> Iterator[str]:
    if "xl/sharedStrings.xml" in archive.namelist():
        for element in ElementTree.fromstring(archive.read("xl/sharedStrings.xml")):
            if _name(element) == "si":
                yield plain(_all_text(element))


def _yellow(archive: zipfile.ZipFile) -> set[str]:
    """Numbers of the styles whose background is the one of the inputs."""
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    parts = {_name(e): e for e in root}
    fills = [
        any(str(e.get("rgb")).endswith(YELLOW) for e in fill.iter() if _name(e) == "fgColor")
        for fill in parts.get("fills", ())
    ]
    styles = enumerate(parts.get("cellXfs", ()))
    return {str(k) for k, style in styles if fills[int(style.get("fillId", "0"))]}


def _names(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Names of ranges, those of the print set-up apart."""
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if _name(element) == "definedName" and not str(element.get("name")).startswith("_"):
            yield str(element.get("name")), normal(element.text or "", (1, 1))


def _all_text(element: Element) -> str:
    """The text of a string, its phonetic guides apart."""
    runs = (e for e in element if _name(e) in ("t", "r"))
    return "".join(t.text or "" for run in runs for t in run.iter() if _name(t) == "t")


def _name(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
