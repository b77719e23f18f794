"""Thousands of corruptions of cas-ecole: the same quotas, or a defect in French that names the place.

Dirt (what people and software do to a file without changing what it says) never changes a quota. Damage
(what changes what it says) changes none in silence: something new is listed. Neither is ever a traceback.
`HYPOTHESIS_PROFILE=long` tries thousands.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux.conversion import convert
from flux.dossier import examine
from flux.dossier.lecture import Examen
from flux.noyau.errors import FluxError, Gravite

ECOLE = Path(__file__).parents[2] / "data" / "samples" / "cas-ecole"
TABLES = sorted(path.stem for path in ECOLE.glob("*.csv"))
Rows = list[list[str]]
# Each example reads a whole dossier: half as many as elsewhere.
few = settings(max_examples=settings.default.max_examples // 2)


@cache
def rows_of(table: str) -> tuple[tuple[str, ...], ...]:
    text = (ECOLE / f"{table}.csv").read_text(encoding="utf-8-sig")
    return tuple(map(tuple, csv.reader(io.StringIO(text), delimiter=";")))


def written(rows: Rows, separator: str = ";", end: str = "\n") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator=end).writerows(rows)
    return stream.getvalue()


def look(files: dict[str, bytes]) -> Examen:
    """The examination of cas-ecole where some files are others; `table.ext` takes the place of the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "cas-ecole"
        folder.mkdir()
        for path in ECOLE.iterdir():
            if path.stem not in {Path(name).stem for name in files}:
                (folder / path.name).write_bytes(path.read_bytes())
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return examine(folder)


def quotas(examen: Examen) -> pd.DataFrame | None:
    assert examen.dossier is not None
    try:
        return convert(examen.dossier).communes
    except FluxError:
        return None


@cache
def sound() -> tuple[pd.DataFrame, frozenset[str]]:
    examen = look({})
    result = quotas(examen)
    assert result is not None
    return result, frozenset(a.code for a in examen.anomalies)


def refused(examen: Examen) -> bool:
    """True when it is refused: then every defect says where, what, in French."""
    blocking = [a for a in examen.anomalies if a.gravite is Gravite.BLOQUANT]
    assert (examen.dossier is None) == bool(blocking)
    for a in examen.anomalies:
        assert a.message and a.fichier and "Traceback" not in str(a)
    return bool(blocking)


def same_or_refused(files: dict[str, bytes]) -> Examen:
    examen = look(files)
    if not refused(examen):
        result = quotas(examen)
        assert result is not None
        pd.testing.assert_frame_equal(result, sound()[0])
    return examen


def never_in_silence(files: dict[str, bytes]) -> None:
    examen = look(files)
    if refused(examen):
        return
    result = quotas(examen)
    if result is None or not result.equals(sound()[0]):
        new = {a.code for a in examen.anomalies} - sound()[1]
        assert new, "a figure has changed and nothing was said"


# Dirt. Each takes the rows of a table and gives them otherwise written.


def titles(rows: Rows, draw: st.DrawFn) -> Rows:
    words = ("", "Habitat de l'École", "Édité le 02/01/2026")
    lines = [[draw(st.sampled_from(words))] for _ in range(draw(st.integers(0, 3)))]
    return [*lines, *rows]


def blanks(rows: Rows, draw: st.DrawFn) -> Rows:
    at = draw(st.integers(0, len(rows)))
    return [*rows[:at], *[[" "] * len(rows[0])] * draw(st.integers(1, 3)), *rows[at:]]


def description(rows: Rows, draw: st.DrawFn) -> Rows:
    return [rows[0], [f"Description de {name}" for name in rows[0]], *rows[1:]]


def total(rows: Rows, draw: st.DrawFn) -> Rows:
    word = draw(st.sampled_from(["Total", "TOTAL :", "Totaux", "Total général"]))
    last = ["37" if name == "nb" else "" for name in rows[0]]
    place = next(i for i, cell in enumerate(last) if not cell)
    return [*rows, [word if i == place else cell for i, cell in enumerate(last)]]


def headers(rows: Rows, draw: st.DrawFn) -> Rows:
    ways: list[Callable[[str], str]] = [
        str.upper, str.title, lambda h: h.replace("_", " "), lambda h: f" {h} ", lambda h: f"{h}_red",
        lambda h: f"{h.upper()}_CODE", lambda h: h.replace("e", "é"), lambda h: f"{h}_2025",
    ]  # fmt: skip
    way = draw(st.sampled_from(ways))
    at = draw(st.integers(0, len(rows[0]) - 1))
    return [[way(h) if i == at else h for i, h in enumerate(rows[0])], *rows[1:]]


def order_of_columns(rows: Rows, draw: st.DrawFn) -> Rows:
    order = draw(st.permutations(range(len(rows[0]))))
    return [[row[i] for i in order] for row in rows]


def order_of_rows(rows: Rows, draw: st.DrawFn) -> Rows:
    start = draw(st.integers(1, len(rows) - 1))
    return [rows[0], *rows[start:], *rows[1:start]]


def floats(rows: Rows, draw: st.DrawFn) -> Rows:
    at = draw(st.integers(0, len(rows[0]) - 1))
    mark = draw(st.sampled_from([".0", ",0", ".00"]))
    whole = all(row[at].isdigit() for row in rows[1:])
    return [rows[0], *([*r[:at], r[at] + mark, *r[at + 1 :]] if whole else r for r in rows[1:])]


def lost_zeros(rows: Rows, draw: st.DrawFn) -> Rows:
    return [
        rows[0],
        *(
            [cell.lstrip("0") if cell.isdigit() and len(cell) > 4 else cell for cell in row]
            for row in rows[1:]
        ),
    ]


def spaces(rows: Rows, draw: st.DrawFn) -> Rows:
    space = draw(st.sampled_from([" ", "\u00a0", "\u202f", "\t"]))
    at = draw(st.integers(0, len(rows[0]) - 1))
    return [rows[0], *([*r[:at], f"{space}{r[at]}{space}", *r[at + 1 :]] for r in rows[1:])]


def words(rows: Rows, draw: st.DrawFn) -> Rows:
    ways = [("Oui", "Non"), ("1", "0"), ("VRAI", "FAUX"), ("X", "non"), ("1", "2"), ("1.0", "2.0")]
    oui, non = draw(st.sampled_from(ways))
    return [rows[0], *([{"oui": oui, "non": non}.get(cell, cell) for cell in row] for row in rows[1:])]


def absences(rows: Rows, draw: st.DrawFn) -> Rows:
    word = draw(st.sampled_from(["NA", "N/A", "NA/NA", "nc", "s", "Z", "01/1900", "9999", "999", "-", "0"]))
    return [rows[0], *([cell or word for cell in row] for row in rows[1:])]


def protected(rows: Rows, draw: st.DrawFn) -> Rows:
    at = draw(st.integers(0, len(rows[0]) - 1))
    return [rows[0], *([*r[:at], f'="{r[at]}"', *r[at + 1 :]] for r in rows[1:])]


DIRT = (titles, blanks, description, total, headers, order_of_columns, order_of_rows, floats, lost_zeros,
        spaces, words, protected)  # fmt: skip


@st.composite
def dirty(draw: st.DrawFn) -> dict[str, bytes]:
    table = draw(st.sampled_from(TABLES))
    rows = [list(row) for row in rows_of(table)]
    for way in draw(st.lists(st.sampled_from(DIRT), max_size=3, unique=True)):
        rows = way(rows, draw)
    text = written(rows, draw(st.sampled_from(";,\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"])))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    suffix = draw(st.sampled_from([".csv", ".txt", ".CSV"]))
    return {f"{table}{suffix}": text.encode(encoding)}


@few
@given(dirty())
def test_dirt_changes_no_quota(files: dict[str, bytes]) -> None:
    same_or_refused(files)


# Damage.

GARBAGE = st.one_of(
    st.sampled_from(
        ["", " ", "?", "NA", "s", "0", "-1", "9999", "1e999", "1e9", "9" * 400, "1.1144e+006", "=1+1",
         "#REF!", "#N/A",
         '"', ";", "\x00", "\x1b[31m", "\u200b", "\ufeff", "31/02/2025",
         "01/01/1900", "T9", "PLUSS", "00002", "tous"]
    ),
    st.text(max_size=6),
)  # fmt: skip


@few
@given(st.sampled_from(TABLES), st.data())
def test_a_cell_replaced_is_read_or_refused(table: str, data: st.DataObject) -> None:
    rows = [list(row) for row in rows_of(table)]
    for _ in range(data.draw(st.integers(1, 3))):
        line = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[0]) - 1))
        rows[line][column] = data.draw(GARBAGE)
    text = written(rows).encode("utf-8", errors="surrogatepass")
    examen = look({f"{table}.csv": text})
    if not refused(examen):
        quotas(examen)


@few
@given(st.sampled_from(TABLES), st.data())
def test_a_header_replaced_is_never_silent(table: str, data: st.DataObject) -> None:
    rows = [list(row) for row in rows_of(table)]
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    rows[0][column] = data.draw(st.one_of(GARBAGE, st.just(rows[0][column][:-1]), st.just(rows[0][0])))
    never_in_silence({f"{table}.csv": written(rows).encode("utf-8", errors="surrogatepass")})


@few
@given(st.sampled_from(TABLES), st.data())
def test_absences_are_never_silent(table: str, data: st.DataObject) -> None:
    rows = absences([list(row) for row in rows_of(table)], data.draw)
    never_in_silence({f"{table}.csv": written(rows).encode()})


@few
@given(st.sampled_from(TABLES), st.data())
def test_a_file_cut_is_never_silent(table: str, data: st.DataObject) -> None:
    content = written([list(row) for row in rows_of(table)]).encode()
    end = data.draw(st.integers(0, len(content) - 1))
    if not content[:end].endswith(b"\n"):  # cut between two lines, nothing in the file can tell
        never_in_silence({f"{table}.csv": content[:end]})


@few
@given(st.sampled_from([*TABLES, "convention"]), st.data())
def test_any_bytes(table: str, data: st.DataObject) -> None:
    suffix = ".toml" if table == "convention" else ".csv"
    content = (ECOLE / f"{table}{suffix}").read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        start, length = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 30))
        content = content[:start] + data.draw(st.binary(max_size=4)) + content[start + length :]
    examen = look({f"{table}{suffix}": content})
    if not refused(examen):
        quotas(examen)


@cache
def workbook(kind: str) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows_of("reservations"):
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    if kind == "parquet":
        rows = rows_of("reservations")
        out = io.BytesIO()
        pd.DataFrame(list(rows[1:]), columns=list(rows[0])).to_parquet(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
@few
@given(data=st.data())
def test_a_damaged_binary_file(kind: str, data: st.DataObject) -> None:
    content = workbook(kind)
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 4))
        content = content[:start] + data.draw(st.binary(max_size=3)) + content[start + length :]
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    examen = look({f"reservations.{kind}": content[:end]})
    if not refused(examen):
        quotas(examen)
