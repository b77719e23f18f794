"""Small pieces of WordprocessingML that python-docx does not write."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

# what XML 1.0 cannot hold, escaped or not
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """`text` without the characters that no XML file can hold."""
    return _FORBIDDEN.sub("", text)


def escaped(text: str) -> str:
    """`text` as the content or as an attribute of an element."""
    return escape(legal(text), {'"': "&quot;"})


def parsed(name: str, inside: str) -> Any:
    """An element of WordprocessingML from its name and the text of what it holds."""
    return parse_xml(f"<{name} {nsdecls('w')}>{inside}</{name}>")


def child(parent: Any, tag: str, /, **attributes: str) -> Any:
    """A new last child of `parent`; attributes are given by their name without prefix, all of `w`."""
    element = OxmlElement(tag)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    parent.append(element)
    return element


def field(paragraph: Any, code: str, shown: str = "1") -> None:
    """A field that the word processor fills in; `shown` until it does."""
    element = child(paragraph._p, "w:fldSimple", instr=code)
    child(child(element, "w:r"), "w:t").text = shown
