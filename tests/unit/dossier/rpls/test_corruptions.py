"""Whatever is done to the bytes of a file: dwellings and what was repaired, or a DataError; no traceback."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.dossier.rpls import read_rpls
from flux.dossier.rpls.dictionnaire import dispositions, variable_of
from flux.dossier.sne import read_sne_radiations
from flux.noyau.errors import DataError

LOGEMENT = {
    "DEPCOM": "72181",
    "QPV": "2",
    "NBPIECE": "3",
    "FINAN": "13",
    "MODE": "1",
    "CONTRESLOG": "2",
    "SURFHAB": "64,5",
    "LOCAT": "1976",
    "IDENT_REP": "1000000000",
    "RS": "HABITAT « du » Val",
}
CELLS = st.sampled_from(
    [
        "",
        " ",
        "NA",
        "0",
        "1e9",
        "1e999",
        "-1",
        "9" * 400,
        '"',
        ";",
        "é",
        "=1+1",
        "\x00",
        "\u202f",
        "31/02/2025",
    ]
)


def content(disposition: str, nb: int = 4) -> list[list[str]]:
    headers = dispositions()[disposition].colonnes
    rows = [[{**LOGEMENT, "IDENT_INT": f"L{i}"}.get(variable_of(h), "") for h in headers] for i in range(nb)]
    return [list(headers), *rows]


def outcome(data: bytes, suffix: str = ".csv") -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(data)
        for read in (read_rpls, read_sne_radiations):
            try:
                read(path)
            except DataError as error:
                assert all(a.message and a.code for a in error.anomalies)


def written(rows: list[list[str]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)
    return stream.getvalue().encode()


@pytest.mark.parametrize("disposition", ["restreint", "ouvert_2012_2020"])
@given(places=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 94), CELLS), min_size=1, max_size=6))
def test_any_cell_replaced(disposition: str, places: list[tuple[int, int, str]]) -> None:
    rows = content(disposition)
    for row, column, cell in places:
        rows[row][column % len(rows[0])] = cell
    outcome(written(rows))


@given(
    places=st.lists(st.tuples(st.integers(0, 1_500), st.binary(max_size=3), st.integers(0, 40)), max_size=5),
    end=st.integers(0, 1_500),
)
def test_any_bytes_replaced_and_the_end_cut(places: list[tuple[int, bytes, int]], end: int) -> None:
    data = written(content("ouvert_2012_2020"))
    for start, wrong, length in places:
        data = data[:start] + wrong + data[start + length :]
    outcome(data[:end] or data)


@given(st.binary(max_size=300), st.sampled_from([".csv", ".txt", ".xlsx", ".xls", ".ods", ".zip"]))
def test_any_file(data: bytes, suffix: str) -> None:
    outcome(data, suffix)
