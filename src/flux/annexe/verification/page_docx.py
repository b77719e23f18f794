"""A Word document read back: what its pages say, as any word processor saves it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from flux.annexe.identite import read_properties
from flux.annexe.verification.blocs import Bloc, Page, plain

_SKIPPED = ("Fallback", "del", "moveFrom", "pict")
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read(content: bytes) -> Page:
    """Sentences and tables of the body, then what runs above its pages.

    The XML is read, not the objects of python-docx: these do not see a text under revision or in a frame,
    which people see.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        body = ElementTree.fromstring(archive.read("word/document.xml"))
        blocs = list(_blocs(body))
        above: list[Bloc] = []
        for name in sorted(archive.namelist()):
            if name.startswith("word/header"):
                above += _blocs(ElementTree.fromstring(archive.read(name)))
        return Page(read_properties(archive), (*blocs, *dict.fromkeys(above)))


def _blocs(element: Element) -> Iterator[Bloc]:
    for child in element:
        match _name(child):
            case "p":
                yield from filter(None, (*_pictures(child), plain(_text(child))))
            case "tbl":
                yield tuple(tuple(_cells(row)) for row in child if _name(row) == "tr")
            case name if name not in _SKIPPED:
                yield from _blocs(child)


def _cells(row: Element) -> Iterator[str]:
    for cell in row:
        match _name(cell):
            case "tc":
                yield plain(" ".join(_text(p) for p in cell.iter() if _name(p) == "p"))
            case "sdt" | "sdtContent" | "ins":
                yield from _cells(cell)


def _pictures(paragraph: Element) -> Iterator[str]:
    """The words of the pictures."""
    for element in paragraph.iter():
        if _name(element) == "docPr" and element.get("descr"):
            yield plain(str(element.get("descr")))


def _text(element: Element) -> str:
    parts = []
    for child in element:
        name = _name(child)
        if name == "t":
            parts.append(child.text or "")
        elif name in _SPACES:
            parts.append(_SPACES[name])
        elif name not in _SKIPPED:
            parts.append(_text(child))
    return "".join(parts)


def _name(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
