"""Formulas of a workbook, in a form that does not depend on who saved it, and the cells that they read."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TEXT = re.compile(r'("(?:[^"]|"")*")')
_REF = re.compile(
    r"(?P<sheet>'(?:[^']|'')+'!|[^\W\d][\w.]*!)?(?<![\w.])(?P<a>\$?[A-Z]{1,3}\$?\d+)(?::(?P<b>\$?[A-Z]{1,3}\$?\d+))?"
    r"(?![\w(.!])"
)
_CORNER = re.compile(r"(\$?)([A-Z]+)(\$?)(\d+)")
_NUMBER = re.compile(r"(?<![\w.\]\[])\d+(?:\.\d+)?(?:E[+-]?\d+)?(?![\w.\]])", re.IGNORECASE)

Place = tuple[int, int]
"""Row and column of a cell, from 1."""
Zone = tuple[str, Place, Place]
"""Sheet, first and last cell."""


def place(address: str) -> Place:
    """`"B3"` -> (3, 2)."""
    _, letters, _, row = _corner(address)
    return int(row), column(letters)


def column(letters: str) -> int:
    """`"A"` -> 1."""
    rank = 0
    for letter in letters:
        rank = 26 * rank + ord(letter) - ord("A") + 1
    return rank


def normal(formula: str, at: Place) -> str:
    """A formula with its references told from its own cell: copied down, it is the same.

    Spreadsheets write once a formula that is copied, quote names of sheets as they please, drop spaces and
    write numbers with fewer digits: none of it changes what is computed.
    """
    parts = _TEXT.split(formula.removeprefix("="))
    return "".join(p if k % 2 else _normal(p, at) for k, p in enumerate(parts))


def reads(formula: str, sheet: str) -> Iterator[Zone]:
    """The cells that a formula of `sheet` reads."""
    for k, part in enumerate(_TEXT.split(formula)):
        for found in () if k % 2 else _REF.finditer(part):
            where = _sheet(found["sheet"]) or sheet
            yield where, place(found["a"]), place(found["b"] or found["a"])


def _normal(part: str, at: Place) -> str:
    told = _REF.sub(lambda m: _told(m, at), part)
    return _NUMBER.sub(lambda m: f"{float(m[0]):.12g}", told).replace(" ", "")


def _told(found: re.Match[str], at: Place) -> str:
    sheet = _sheet(found["sheet"])
    corners = [_relative(found[c], at) for c in "ab" if found[c]]
    return f"{sheet}!{':'.join(corners)}" if sheet else ":".join(corners)


def _relative(address: str, at: Place) -> str:
    fixed_column, letters, fixed_row, digits = _corner(address)
    row, col = int(digits), column(letters)
    down = f"r{row}" if fixed_row else f"r[{row - at[0]}]"
    across = f"c{col}" if fixed_column else f"c[{col - at[1]}]"
    return down + across


def _corner(address: str) -> tuple[str, str, str, str]:
    found = _CORNER.fullmatch(address)
    assert found is not None
    return found[1], found[2], found[3], found[4]


def _sheet(written: str | None) -> str:
    return (written or "").rstrip("!").strip("'").replace("''", "'")
