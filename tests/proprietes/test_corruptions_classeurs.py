"""Corruptions of cas-ecole in workbooks and parquet files: written otherwise, spoilt, cut, blown up."""

from __future__ import annotations

import datetime as dt
import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError
from pyarrow import parquet

from flux.dossier import examine

from .ecole import (
    GARBAGE,
    TABLES,
    Rows,
    edited,
    few,
    never_in_silence,
    readable,
    refused,
    rows_of,
    same_or_refused,
)

DONNEES = Path(__file__).parents[1] / "donnees"


def book(sheets: Mapping[str, list[list[Any]]]) -> bytes:
    made = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@cache
def reservations(kind: str) -> bytes:
    """The table of rights in a format; .xls and .ods were written by LibreOffice."""
    if kind in ("xls", "ods"):
        return (DONNEES / f"reservations.{kind}").read_bytes()
    if kind == "xlsx":
        return book({"Feuil1": [list(row) for row in rows_of("reservations")]})
    header, *rows = rows_of("reservations")
    out = io.BytesIO()
    parquet.write_table(pa.table(dict(zip(header, zip(*rows, strict=True), strict=True))), out)
    return out.getvalue()


def typed(text: str) -> Any:
    """A cell as a spreadsheet keeps it: numbers, dates and truth values are no text."""
    if re.fullmatch(r"\d{1,9}", text):
        return int(text)
    if re.fullmatch(r"\d+,\d+", text):
        return float(text.replace(",", "."))
    if day := re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text):
        return dt.datetime(int(day[3]), int(day[2]), int(day[1]))
    return {"oui": True, "non": False, "": None}.get(text, text)


@st.composite
def spread(draw: st.DrawFn) -> dict[str, bytes]:
    """A table in a workbook: typed cells, titles, empty rows and columns, other sheets around it."""
    table = draw(st.sampled_from(TABLES))
    rows: Rows = [list(row) for row in rows_of(table)]
    cells = [rows[0], *([typed(c) if draw(st.booleans()) else c or None for c in r] for r in rows[1:20]),
             *([typed(c) for c in r] for r in rows[20:])]  # fmt: skip
    left = draw(st.integers(0, 2))
    cells = [[None] * left + row + [None] * draw(st.integers(0, 1)) for row in cells]
    above = draw(st.lists(st.sampled_from([["Habitat de l'École"], []]), max_size=4))
    others = {f"Notes {i}": [["x"], [i]] for i in range(draw(st.sampled_from([0, 0, 1, 60, 200])))}
    name = draw(st.sampled_from([table, table.upper(), table.title()]))
    sheets = {**others, name: above + cells} if draw(st.booleans()) else {name: above + cells, **others}
    return {f"{table}.xlsx": book(sheets)}


@few
@given(spread())
def test_a_table_in_a_workbook_gives_the_same_quotas(files: dict[str, bytes]) -> None:
    same_or_refused(files)


VALUES = st.one_of(
    GARBAGE.filter(lambda text: "\x00" not in text),
    st.integers(-10, 10**18), st.floats(allow_nan=False), st.booleans(), st.none(), st.dates(), st.times(),
    st.datetimes(min_value=dt.datetime(1900, 1, 2)),
    st.sampled_from(["=1+1", "=NA()", "=A1", "#N/A", "#DIV/0!", "#REF!", "=SUM(", "={1}"]),
)  # fmt: skip


@few
@given(st.sampled_from(TABLES), st.data())
def test_a_cell_of_a_workbook_replaced_is_read_or_refused(table: str, data: st.DataObject) -> None:
    rows: list[list[Any]] = [list(row) for row in rows_of(table)]
    for _ in range(data.draw(st.integers(1, 3))):
        line = data.draw(st.integers(0, min(len(rows) - 1, 40)))
        rows[line][data.draw(st.integers(0, len(rows[0]) - 1))] = data.draw(VALUES)
    try:
        content = book({table: rows})
    except (IllegalCharacterError, ValueError, UnicodeError):
        return
    readable({f"{table}.xlsx": content})


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods", "parquet"])
@few
@given(data=st.data())
def test_any_bytes_of_a_binary_file(kind: str, data: st.DataObject) -> None:
    readable({f"reservations.{kind}": edited(reservations(kind), data.draw)})


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods", "parquet"])
@few
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_binary_file_cut_anywhere_is_refused(kind: str, share: float) -> None:
    content = reservations(kind)
    never_in_silence({f"reservations.{kind}": content[: int(share * len(content))]})


@pytest.mark.parametrize("name", ["petit.xls", "petit.ods", "erreurs.xls", "secret.xlsx", "secret.xls"])
@few
@given(data=st.data())
def test_any_bytes_of_a_workbook_that_is_a_dossier(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(edited((DONNEES / name).read_bytes(), data.draw))
        refused(examine(path))


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@few
@given(data=st.data())
def test_a_part_inside_a_workbook_spoilt(kind: str, data: st.DataObject) -> None:
    """The archive is sound: only what it holds is not."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(reservations(kind))) as sound:
        names = sound.namelist()
        cells = [n for n in names if n.endswith(("sheet1.xml", "content.xml", "workbook.xml", "Strings.xml"))]
        victim = data.draw(st.sampled_from([*cells, *cells, *names]))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as spoilt:
            for name in names:
                content = sound.read(name)
                if name == victim:
                    content = data.draw(st.sampled_from([edited, replaced, removed]))(content, data.draw)
                if content:
                    spoilt.writestr(name, content)
    readable({f"reservations.{kind}": out.getvalue()})


def replaced(content: bytes, draw: Callable[..., Any]) -> bytes:
    """The numbers that place and repeat cells, their types, their quotes, written otherwise."""
    ways = ((rb'r="[A-Z]+\d+"', [b"", b'r="XFD1048576"', b'r="A0"', b'r="A1"', b'r="ZZZZ9"', b"r='B2'"]),
            (rb'repeated="\d+"', [b'repeated="%s"' % n for n in (b"0", b"1048576", b"-1", b"99999999999")]),
            (rb' t="\w+"', [b' t="e"', b' t="s"', b' t="b"', b' t="d"', b' t="x"', b""]),
            (rb"<v>[^<]*</v>", [b"<v>99999999</v>", b"<v>-1</v>", b"<v/>", b"<v>NaN</v>", b"<v>1e308</v>"]),
            (rb'value-type="\w+"', [b'value-type="date"', b'value-type="x"', b""]),
            (rb'office:value="[^"]*"', [b'office:value="1e999"', b'office:value=""', b""]),
            (rb"&\w+;", [b"&#0;", b"&#xD800;", b"&nbsp;", b"&"]),
            (rb"<(/?)(row|c|v|sheetData|table:table-cell)\b", [rb"<\1x:\2", rb"<\1", rb"<!--<\1\2"]),
            )  # fmt: skip
    pattern, words = draw(st.sampled_from(ways))
    nb = len(re.findall(pattern, content))
    which, word = draw(st.integers(0, max(0, nb - 1))), draw(st.sampled_from(words))
    everywhere = draw(st.booleans())
    count = iter(range(nb))
    return re.sub(pattern, lambda m: m.expand(word) if everywhere or next(count) == which else m[0], content)


def removed(content: bytes, draw: Callable[..., Any]) -> bytes:
    return b""


Cast = Callable[[list[str]], pa.Array]
CASTS: dict[str, Cast] = {
    "large": lambda v: pa.array(v, pa.large_string()),
    "dictionary": lambda v: pa.array(v).dictionary_encode(),
    "binary": lambda v: pa.array([x.encode() for x in v], pa.binary()),
    "integers": lambda v: pa.array([int(x) if x else None for x in v]),
    "small integers": lambda v: pa.array([int(x) if x else None for x in v], pa.uint8()),
    "floats": lambda v: pa.array([float(x.replace(",", ".")) if x else None for x in v]),
    "float32": lambda v: pa.array([float(x.replace(",", ".")) if x else None for x in v], pa.float32()),
    "decimals": lambda v: pa.array([int(x) if x else None for x in v]).cast(pa.decimal128(38, 2)),
    "truth": lambda v: pa.array([{"oui": True, "non": False}[x] for x in v]),
    "list": lambda v: pa.array([[x] for x in v]),
    "struct": lambda v: pa.array([{"x": x} for x in v]),
    "null": lambda v: pa.nulls(len(v)),
    "days": lambda v: pa.array([dt.date(2020, 1, 1)] * len(v)),
    "instants": lambda v: pa.array([dt.datetime(2020, 1, 1)] * len(v), pa.timestamp("ns", tz="Europe/Paris")),
    "durations": lambda v: pa.array([1] * len(v), pa.duration("s")),
    "categories of numbers": lambda v: pa.array([int(x) if x else None for x in v]).dictionary_encode(),
}


@few
@given(st.sampled_from(TABLES), st.data())
def test_any_type_of_a_parquet_column_is_never_silent(table: str, data: st.DataObject) -> None:
    header, *rows = rows_of(table)
    arrays: list[pa.Array] = []
    for column in zip(*rows, strict=True):
        kind = data.draw(st.sampled_from(["text", "text", "text", *CASTS]))
        try:
            arrays.append(CASTS[kind](list(column)) if kind in CASTS else pa.array(column))
        except (ValueError, KeyError, pa.ArrowException):
            arrays.append(pa.array(column))
    names = list(header)
    if data.draw(st.integers(0, 4)) == 0:
        at = data.draw(st.integers(0, len(names) - 1))
        names[at] = data.draw(st.sampled_from([*names, "", "é", "\x07"]))
    out = io.BytesIO()
    try:
        parquet.write_table(pa.Table.from_arrays(arrays, names), out)
    except pa.ArrowException:
        return
    never_in_silence({f"{table}.parquet": out.getvalue()})
