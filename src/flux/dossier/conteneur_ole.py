"""The container of old workbooks (MS-CFB): sectors of bytes, chained by a table.

The reader of workbooks trusts what a container promises: a wrong length asks for more memory than there is
and ends the process, a chain that comes back on itself never ends. So everything that it follows is followed
here first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

SIGNATURE = b"\xd0\xcf\x11\xe0"
_RESERVED, _DIFAT, _END = 0xFFFFFFFA, 0xFFFFFFFC, 0xFFFFFFFE
_MINI, _SMALL = 64, 4096
"""Streams under the second number of bytes are cut in sectors of the first."""
_NAMES = ("Workbook", "Book")


def workbook_stream(content: bytes) -> bytes:
    """The records of the workbook that a container holds.

    Raises
    ------
    ValueError
        No workbook in it, or a container that is damaged.
    """
    try:
        return _stream(content)
    except (struct.error, IndexError) as error:
        raise ValueError("damaged container") from error


def _stream(content: bytes) -> bytes:
    size = {9: 512, 12: 4096}.get(_number(content, 30) & 0xFFFF, 0)
    nb = len(content) // size if size else 0
    promised = (
        _number(content, at) for at in (40, 44, 64)
    )  # sectors of directories, of tables, of small tables
    if not size or max(promised) > nb:
        raise ValueError("promises more than the file")

    def sector(number: int) -> bytes:
        if number >= nb:
            raise ValueError("sector beyond the file")
        return content[(number + 1) * size : (number + 2) * size]

    listed, more = list(_numbers(content[76:512])), _number(content, 68)
    while more < _RESERVED:
        *entries, more = _numbers(sector(more))
        listed += entries
        if len(listed) > len(content):
            raise ValueError("chain without end")
    table = [entry for number in listed if number < _DIFAT for entry in _numbers(sector(number))]
    directory = _chain(_number(content, 48), table, sector)
    entries_of = {_name(directory[at : at + 64]): at for at in range(len(directory) - 128, -1, -128)}
    name = next((name for name in _NAMES if name in entries_of), None)
    if name is None:
        raise ValueError("no workbook")
    small, small_table = b"", []
    if _number(content, 64):
        small = _held(directory, 0, len(content), table, sector)
        small_table = list(_numbers(_chain(_number(content, 60), table, sector)))
    at = entries_of[name]
    if _number(directory, at + 120) >= _SMALL:
        return _held(directory, at, len(content), table, sector)
    return _held(
        directory, at, len(small), small_table, lambda number: small[number * _MINI : (number + 1) * _MINI]
    )


def _held(
    directory: bytes, at: int, room: int, table: Sequence[int], sector: Callable[[int], bytes]
) -> bytes:
    """What an entry of the directory names."""
    start, length = _number(directory, at + 116), _number(directory, at + 120)
    if length > room:
        raise ValueError("longer than the file")
    return _chain(start, table, sector)[:length]


def _chain(start: int, table: Sequence[int], sector: Callable[[int], bytes]) -> bytes:
    parts = []
    while start != _END:
        parts.append(sector(start))
        start = table[start]
        if len(parts) > len(table):
            raise ValueError("chain without end")
    return b"".join(parts)


def _name(field: bytes) -> str:
    return field.decode("utf-16-le", errors="replace").partition("\0")[0]


def _number(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
