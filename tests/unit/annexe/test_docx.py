import datetime as dt
import io
import zipfile

import pytest
from docx import Document
from docx.oxml.ns import qn

from flux.annexe import docx, draft_annexe


@pytest.fixture(scope="module")
def document(annexe):
    return Document(io.BytesIO(docx.render(annexe)))


def test_every_table_of_the_annex_is_there_with_every_row(annexe, document):
    expected = [t.cellules() for s in annexe.sections for t in s.tableaux]
    assert len(document.tables) == len(expected)
    for table, cells in zip(document.tables, expected, strict=True):
        texts = [tuple(c.text for c in row.cells) for row in table.rows]
        assert texts[0] == cells.entetes
        assert tuple(texts[1 : 1 + len(cells.lignes)]) == cells.lignes


def test_headings_are_repeated_and_rows_never_cut(document):
    for table in document.tables:
        first, *others = table._tbl.tr_lst
        assert first.trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in (first, *others))


def test_tables_fit_their_page(document):
    widths = [s.page_width - s.left_margin - s.right_margin for s in document.sections]
    for table in document.tables:
        assert sum(c.width for c in table.columns) <= max(widths) * 1.001


def test_numbers_are_on_the_right(annexe, document):
    table = next(t for t in document.tables if "Quota" in t.rows[0].cells[-1].text)
    assert table._tbl.tr_lst[1].tc_lst[-1].p_lst[0].pPr.jc.get(qn("w:val")) == "right"


def test_texts_of_files_are_text(annexe, document):
    text = "\n".join(p.text for p in document.paragraphs)
    assert annexe.bailleur == "Habitat & Cie <SA> =1+1"
    assert annexe.bailleur in text
    assert annexe.bailleur in document.sections[0].header.paragraphs[0].text


def test_control_characters_do_not_break_it(make_plan):
    plan = make_plan(2)
    names = plan.quotas.dossier.reservataires["nom"]
    plan.quotas.dossier.reservataires["nom"] = names.str.replace("Services", "\x00\x07\x1b[31m\nsuite")
    document = Document(io.BytesIO(docx.render(draft_annexe(plan))))
    cells = {c.text for table in document.tables for c in table.columns[0].cells}
    assert "Action Logement [31m suite" in cells


def test_french_everywhere_pages_numbered_and_no_clock(annexe):
    content = docx.render(annexe)
    document = Document(io.BytesIO(content))
    langs = [e.get(qn("w:val")) for e in document.styles.element.iter(qn("w:lang"))]
    assert langs
    assert set(langs) == {"fr-FR"}
    footer = document.sections[0].footer._element.xml
    assert "NUMPAGES" in footer
    properties = document.core_properties
    assert (
        properties.created.replace(tzinfo=None)
        == properties.modified.replace(tzinfo=None)
        == dt.datetime(2026, 1, 1)
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {i.date_time for i in archive.infolist()} == {(2026, 1, 1, 0, 0, 0)}


def test_wide_tables_lie_down(document):
    assert {s.orientation for s in document.sections} == {0, 1}


def test_a_long_table_runs_over_pages(make_plan):
    annexe = draft_annexe(make_plan(120))
    document = Document(io.BytesIO(docx.render(annexe)))
    assert max(len(t._tbl.tr_lst) for t in document.tables) > 120
