import datetime as dt
import io
import zipfile

import pytest
from docx import Document
from docx.oxml.ns import qn

from flux.annexe import docx, draft_annexe
from flux.annexe.section import Section


def read(annexe):
    return Document(io.BytesIO(docx.render(annexe)))


@pytest.fixture(scope="module")
def document(annexe):
    return Document(io.BytesIO(docx.render(annexe)))


def test_every_table_of_the_annex_is_there_with_every_row(annexe, document):
    expected = [t.cellules() for s in annexe.sections for t in s.tableaux_de_page]
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


def test_every_picture_has_its_words(annexe, document):
    expected = [i for s in annexe.sections for i in s.illustrations]
    described = [e.get("descr") for e in document.element.body.iter(qn("wp:docPr"))]
    assert described == [i.alternative for i in expected]
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption"]
    assert {i.titre for i in expected} <= set(captions)


def test_pictures_fit_their_page(document):
    page = document.sections[0]
    most = page.page_height - page.top_margin - page.bottom_margin
    assert all(shape.height < 0.9 * most for shape in document.inline_shapes)


def test_many_sections_have_a_list_of_links(annexe, document):
    links = list(document.element.body.iter(qn("w:hyperlink")))
    assert ["".join(t.text for t in link.iter(qn("w:t"))) for link in links] == [
        s.titre for s in annexe.sections
    ]
    marks = {e.get(qn("w:name")) for e in document.element.body.iter(qn("w:bookmarkStart"))}
    assert {link.get(qn("w:anchor")) for link in links} <= marks


def test_few_sections_have_none(make_document):
    document = read(make_document(Section(cle="a", titre="Une"), Section(cle="b", titre="Deux")))
    assert not list(document.element.body.iter(qn("w:hyperlink")))


def test_a_table_says_itself_to_a_screen_reader(document):
    for table in document.tables:
        properties = table._tbl.tblPr
        assert properties.find(qn("w:tblCaption")).get(qn("w:val")).startswith("Tableau ")
        assert properties.find(qn("w:tblLook")).get(qn("w:firstRow")) == "1"


def test_forty_columns_stay_whole(make_document, make_table):
    headings = [f"Réservataire numéro {i}" for i in range(39)]
    rows = [[f"commune {r}", *(f"{r}-{i}" for i in range(38)), r] for r in range(30)]
    tableau = make_table(rows, "Commune", *headings)
    document = read(make_document(Section(cle="a", titre="Large", tableaux=(tableau,))))
    parts = document.tables
    assert len(parts) > 1
    assert all(t.rows[0].cells[0].text == "Commune" for t in parts)
    assert [c.text for t in parts for c in t.rows[0].cells[1:]] == headings
    assert [c.text for t in parts for c in t.rows[3].cells[1:]] == [*rows[2][1:-1], "2"]
    room = [s.page_width - s.left_margin - s.right_margin for s in document.sections]
    assert all(sum(c.width for c in t.columns) <= max(room) * 1.001 for t in parts)
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption"]
    assert captions[-1].endswith(f"({len(parts)} / {len(parts)})")


@pytest.mark.parametrize("text", ["mot " * 2_500, "x" * 10_000], ids=["words", "one word"])
def test_a_cell_as_long_as_pages_may_be_cut_by_them(make_document, make_table, text):
    document = read(
        make_document(Section(cle="a", titre="Long", tableaux=(make_table([[text, 1]], "A", "B"),)))
    )
    row = document.tables[0]._tbl.tr_lst[1]
    assert document.tables[0].rows[1].cells[0].text == text
    assert row.trPr.find(qn("w:cantSplit")) is None


def test_characters_that_no_xml_holds_are_left_out(make_document, make_table):
    section = Section(
        cle="a", titre="T\ufffe", paragraphes=("a\ud800b",), tableaux=(make_table([["\x00c", 1]], "A", "B"),)
    )
    document = read(make_document(section, titre="Annexe\uffff", bailleur="B\x01"))
    assert document.tables[0].rows[1].cells[0].text == "c"
    assert "ab" in [p.text for p in document.paragraphs]


def test_elements_of_a_table_follow_the_schema(document):
    order = [
        "tblStyle",
        "tblW",
        "jc",
        "tblBorders",
        "tblLayout",
        "tblCellMar",
        "tblLook",
        "tblCaption",
        "tblDescription",
    ]
    for table in document.tables:
        names = [e.tag.split("}")[1] for e in table._tbl.tblPr]
        assert names == [n for n in order if n in names]
