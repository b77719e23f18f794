"""Thousands of corruptions of cas-ecole: the same quotas, or a defect in French that names the place.

Dirt (what people and software do to a file without changing what it says) never changes a quota. Damage
(what changes what it says) changes none in silence: something new is listed. Neither is ever a traceback.
`HYPOTHESIS_PROFILE=long` tries thousands.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from .ecole import (
    ECOLE,
    GARBAGE,
    TABLES,
    Rows,
    edited,
    few,
    never_in_silence,
    readable,
    rows_of,
    same_or_refused,
    written,
)

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
    return {f"{table}{suffix}": text.encode(encoding, errors="ignore")}  # cp1252 has no narrow space


@few
@given(dirty())
def test_dirt_changes_no_quota(files: dict[str, bytes]) -> None:
    same_or_refused(files)


# Damage.


@few
@given(st.sampled_from(TABLES), st.data())
def test_a_cell_replaced_is_read_or_refused(table: str, data: st.DataObject) -> None:
    rows = [list(row) for row in rows_of(table)]
    for _ in range(data.draw(st.integers(1, 3))):
        line = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[0]) - 1))
        rows[line][column] = data.draw(GARBAGE)
    readable({f"{table}.csv": written(rows).encode("utf-8", errors="surrogatepass")})


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
@given(st.sampled_from(TABLES), st.data())
def test_any_bytes(table: str, data: st.DataObject) -> None:
    readable({f"{table}.csv": edited((ECOLE / f"{table}.csv").read_bytes(), data.draw)})


@few
@given(
    st.sampled_from(TABLES),
    st.sampled_from(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "cp1252",
         "latin-1", "cp850", "mac-roman", "cp037", "iso8859-15"]
    ),
    st.booleans(),
)  # fmt: skip
def test_any_encoding_is_never_silent(table: str, encoding: str, packed: bool) -> None:
    content = written([list(row) for row in rows_of(table)]).encode(encoding, errors="replace")
    never_in_silence({f"{table}.csv": gzip.compress(content) if packed else content})


@few
@given(st.sampled_from(TABLES), st.data())
def test_lines_moved_joined_or_doubled_are_read_or_refused(table: str, data: st.DataObject) -> None:
    lines = written([list(row) for row in rows_of(table)]).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        here, there = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        way = data.draw(st.sampled_from(["swap", "join", "double", "quote", "separator", "cut"]))
        line = lines[here]
        lines[here] = {
            "swap": lines[there],
            "join": line.rstrip("\n") + data.draw(st.sampled_from(["", ";", " "])) + lines[there],
            "double": line * 2,
            "quote": line.replace(";", ';"', 1),
            "separator": line.replace(";", data.draw(st.sampled_from([",", "\t", ";;", " ; "])), 2),
            "cut": line[: len(line) // 2] + "\n",
        }[way]
    readable({f"{table}.csv": "".join(lines).encode()})


def test_a_commune_without_a_name_is_called_by_its_code() -> None:
    """Found by the above: `nom` may be left out, and the conversion spoke of a commune called nan."""
    header, *rows = rows_of("territoires")
    at = header.index("nom")
    text = written([list(header), *([*row[:at], "", *row[at + 1 :]] for row in rows)])
    same_or_refused({"territoires.csv": text.encode()})
