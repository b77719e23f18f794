"""Lines too long or too short are seen, whatever the quotes and the blocks in which a file is read."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.dossier.largeurs import INCONNU, Compteur, irregular
from flux.noyau.provenance import Source

SOURCE = Source(fichier="x.csv")
CELLS = st.lists(st.text('ab;" é', max_size=5), min_size=1, max_size=6)


def counted(text: str, size: int = 1_000) -> Compteur:
    cells, content = Compteur(";"), text.encode()
    for start in range(0, len(content), size):
        cells.add(content[start : start + size])
    return cells


@given(st.lists(CELLS, max_size=8), st.integers(1, 7))
def test_what_the_csv_module_writes_is_counted_as_it_reads_it(rows: list[list[str]], size: int) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", lineterminator="\n").writerows(rows)
    # an empty row is written `""`, and is one cell
    assert counted(stream.getvalue(), size).counts().tolist() == [len(row) for row in rows]


def test_blank_lines_and_cells_over_several_lines() -> None:
    text = 'a;b\r\n\r\n1;2\r\n\n"1\n2";3\nx'
    assert counted(text).counts().tolist() == [2, 0, 2, 0, INCONNU, INCONNU, 1]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a;b\n1;2\n3;4\n", []),
        ("a;b\n1;2;\n3;4;\n", []),
        ("a;b\n1;2\n3;4;5\n", [("fichier.cellules_en_trop", 3)]),
        ("a;b\n1\n3;4\n", [("fichier.cellules_manquantes", 2)]),
        ('a;b\n"1";2\n3\n4;5\n', []),
        ('a;b\n"1";2\n3', [("fichier.cellules_manquantes", 3)]),
    ],
)
def test_each_irregular_line_is_a_defect(text: str, wrong: list[tuple[str, int]]) -> None:
    assert [(a.code, a.ligne) for a in irregular(counted(text), 2, 2, SOURCE)] == wrong


def test_thousands_alike_are_grouped() -> None:
    found = list(irregular(counted("a;b\n" + "1;2\n" * 500 + "1;2;3\n" * 400), 2, 2, SOURCE))
    assert len(found) == 51
    assert "350 autres lignes" in found[-1].message
