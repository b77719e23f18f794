"""The same of the old format of Excel (.xls, MS-XLS): a list of records, those of each sheet from its place.

What is read here is what a reader of workbooks hides (a password, cells in error, merged cells) and what it
would trust: how large a sheet says that it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_rowcol_to_cell

from flux.dossier.classeur_brut import ERREUR, FUSION, Cache, Cellule, said
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source

_BOF, _EOF, _FILEPASS, _SHEET, _STRINGS = 0x0809, 0x000A, 0x002F, 0x0085, 0x00FC
_SIZE, _FORMULA, _BOOLEAN_OR_ERROR, _STRING, _SEVERAL, _MERGED = (
    0x0200,
    0x0006,
    0x0205,
    0x00FD,
    0x00BD,
    0x00E5,
)
_CELLS = frozenset({0x0203, 0x0204, _BOOLEAN_OR_ERROR, 0x027E, _STRING, _SEVERAL, _FORMULA})
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!",
           0x2A: "#N/A"}  # fmt: skip


@dataclass(slots=True)
class Releve:
    """What the records of a sheet say: cells of the rectangle to lay out, cells that would read as empty."""

    area: int = 0
    hidden: dict[Cache, list[Cellule]] = field(default_factory=lambda: {ERREUR: [], FUSION: []})

    def broken_cells(self, source: Source, sheet: str) -> Iterator[Anomalie]:
        """A defect for each cell of the sheet that would read as empty."""
        for kind, cells in self.hidden.items():
            yield from said(kind, cells, source, sheet)


def locked(stream: bytes) -> bool:
    """True where the records are encrypted: only the first ones say it in clear."""
    return any(kind == _FILEPASS for kind, _ in _records(stream, 0))


def survey(stream: bytes) -> list[Releve]:
    """The sheets, in the order of the workbook.

    Raises
    ------
    ValueError
        The records are damaged.
    """
    starts, strings = [], 0
    for kind, data in _records(stream, 0):
        if kind == _SHEET:
            starts.append(_unpack("<I", data)[0])
        elif kind == _STRINGS:
            strings = _unpack("<I", data, 4)[0]
    if strings > len(stream):
        raise ValueError("more texts than bytes")
    return [_sheet(stream, start, strings) for start in starts]


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records from one beginning to its end, with those of what is embedded in it."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _sheet(stream: bytes, start: int, strings: int) -> Releve:
    found, rows, columns = Releve(), 0, 0
    for kind, data in _records(stream, start):
        if kind in _CELLS:
            row, column = _unpack("<HH", data)
            last = _unpack("<H", data, len(data) - 2)[0] if kind == _SEVERAL else column
            rows, columns = max(rows, row + 1), max(columns, column + 1, last + 1)
            if kind == _STRING and _unpack("<I", data, 6)[0] >= strings:
                raise ValueError("a text that is not there")
            error = _error(kind, data)
            if error is not None:
                found.hidden[ERREUR].append((xl_rowcol_to_cell(row, column), row + 1, _ERRORS.get(error)))
        elif kind == _SIZE:
            found.area = max(found.area, _declared(data))
        elif kind == _MERGED:
            ranges = struct.iter_unpack("<4H", data[2 : 2 + (len(data) - 2) // 8 * 8])
            found.hidden[FUSION] += ((xl_rowcol_to_cell(r[0], r[2]), r[0] + 1, None) for r in ranges)
    found.area = max(found.area, rows * columns)
    return found


def _declared(data: bytes) -> int:
    """Cells of the rectangle that a sheet declares."""
    top, bottom, left, right = _unpack("<IIHH" if len(data) == 14 else "<4H", data)
    if not bottom or not right:
        return 0
    if bottom <= top or right <= left:
        raise ValueError("a size below zero")
    return int((bottom - top) * (right - left))


def _error(kind: int, data: bytes) -> int | None:
    """The error that a cell holds, written or computed."""
    if kind == _BOOLEAN_OR_ERROR and len(data) == 8 and data[7]:
        return data[6]
    if kind == _FORMULA and len(data) > 14 and data[6] == 2 and data[12:14] == b"\xff\xff":
        return data[8]
    return None


def _unpack(form: str, data: bytes, at: int = 0) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except struct.error as error:
        raise ValueError("a record is cut") from error
