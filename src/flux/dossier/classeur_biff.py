"""The same of the old format of Excel (.xls): a password, cells in error, merged cells.

A `.xls` is a compound file (sectors of bytes chained by a table, MS-CFB); its stream "Workbook" is a list of
records, those of each sheet from the place that the workbook gives (MS-XLS).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from xlsxwriter.utility import xl_rowcol_to_cell

from flux.dossier.classeur_brut import ERREUR, FUSION, Cache, Cellule, said
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source

SIGNATURE = b"\xd0\xcf\x11\xe0"
_STREAM = "Workbook".encode("utf-16-le")
_END = 0xFFFFFFFA
"""From this number on, an entry of the table of sectors is no sector."""
_BOF, _EOF, _FILEPASS, _SHEET = 0x0809, 0x000A, 0x002F, 0x0085
_FORMULA, _BOOLEAN_OR_ERROR, _MERGED = 0x0006, 0x0205, 0x00E5
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!",
           0x2A: "#N/A"}  # fmt: skip


def workbook_stream(content: bytes) -> bytes:
    """The records of the workbook.

    Raises
    ------
    ValueError
        No such stream (an older format still), or a file that is damaged.
    """
    try:
        return _stream(content)
    except (struct.error, IndexError, OverflowError, MemoryError) as error:
        raise ValueError("damaged compound file") from error


def locked(stream: bytes) -> bool:
    """True where the records are encrypted: only the first ones say it in clear."""
    for kind, _ in _records(stream, 0):
        if kind == _FILEPASS:
            return True
        if kind == _SHEET:
            return False
    return False


def broken_cells(stream: bytes, names: tuple[str, ...], source: Source) -> dict[str, list[Anomalie]]:
    """Every cell that would read as empty, by name of sheet.

    Parameters
    ----------
    names : the sheets, in the order of the workbook.

    Raises
    ------
    ValueError
        Where the records do not give as many sheets.
    """
    starts = [struct.unpack_from("<I", data)[0] for kind, data in _records(stream, 0) if kind == _SHEET]
    if len(starts) != len(names):
        raise ValueError("sheets do not match")
    return {
        name: [a for kind, cells in _hidden(stream, start).items() for a in said(kind, cells, source, name)]
        for name, start in zip(names, starts, strict=True)
    }


def _stream(content: bytes) -> bytes:
    shift = struct.unpack_from("<H", content, 30)[0]
    if shift not in (9, 12):
        raise ValueError("size of sector")
    size = 1 << shift

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    def numbers(data: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))

    def chain(start: int) -> bytes:
        parts, seen = [], 0
        while start < _END:
            parts.append(sector(start))
            start, seen = table[start], seen + 1
            if seen > len(table):
                raise ValueError("chain without end")
        return b"".join(parts)

    listed = [number for number in numbers(content[76:512]) if number < _END]
    more = struct.unpack_from("<I", content, 68)[0]
    while more < _END:
        *entries, more = numbers(sector(more))
        listed += (number for number in entries if number < _END)
        if len(listed) * size > len(content):
            raise ValueError("chain without end")
    table = [entry for number in listed for entry in numbers(sector(number))]
    directory = chain(struct.unpack_from("<I", content, 48)[0])
    for at in range(0, len(directory) - 127, 128):
        if directory[at : at + 64].rstrip(b"\0") == _STREAM.rstrip(b"\0"):
            start, length = struct.unpack_from("<II", directory, at + 116)
            return chain(start)[:length]
    raise ValueError("no workbook")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records from one beginning to its end, those of what is embedded in it left out."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _hidden(stream: bytes, start: int) -> dict[Cache, list[Cellule]]:
    found: dict[Cache, list[Cellule]] = {ERREUR: [], FUSION: []}
    for kind, data in _records(stream, start):
        if kind == _MERGED:
            ranges = struct.iter_unpack("<4H", data[2 : 2 + (len(data) - 2) // 8 * 8])
            found[FUSION] += ((xl_rowcol_to_cell(top, left), top + 1, None) for top, _, left, _ in ranges)
            continue
        error = _error(kind, data)
        if error is not None:
            row, column = struct.unpack_from("<HH", data)
            found[ERREUR].append((xl_rowcol_to_cell(row, column), row + 1, _ERRORS.get(error)))
    return found


def _error(kind: int, data: bytes) -> int | None:
    """The error that a cell holds, written or computed."""
    if kind == _BOOLEAN_OR_ERROR and len(data) == 8 and data[7]:
        return data[6]
    if kind == _FORMULA and len(data) > 14 and data[6] == 2 and data[12:14] == b"\xff\xff":
        return data[8]
    return None
