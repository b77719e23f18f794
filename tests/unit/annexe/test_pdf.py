import hashlib
import io
import re
import subprocess
import sys
from collections import Counter

import pypdf
import pytest
from matplotlib.figure import Figure

from flux.annexe import pdf
from flux.annexe.pdf import mise_en_page
from flux.annexe.pdf.polices import BREAK, shown
from flux.annexe.section import Section
from flux.rendu.illustration import Illustration
from flux.rendu.typographie import NAMED_NOTE

HOSTILE = '#import "x" $x$ *a* _b_ `c` \\ <d> @e // f ]]> {{ g }} = h'


def bare(text):
    """Without spaces, of any kind, nor places where a line may end."""
    return re.sub(rf"[\s{BREAK}]", "", text)


def read(content):
    return pypdf.PdfReader(io.BytesIO(content))


def texts(content):
    return [page.extract_text() for page in read(content).pages]


def structure(content):
    """Every element of the tree of tags, as (role, element), in reading order."""
    found = []

    def visit(node):
        node = node.get_object()
        if isinstance(node, list):
            for kid in node:
                visit(kid)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append((node["/S"], node))
            if "/K" in node:
                visit(node["/K"])

    visit(read(content).trailer["/Root"]["/StructTreeRoot"])
    return found


@pytest.fixture(scope="module")
def content(annexe):
    return pdf.render(annexe)


@pytest.fixture
def picture():
    return Illustration(
        cle="i",
        titre="Une image",
        alternative="Trois barres : 1, 2 et 3.",
        dessin=lambda: Figure(figsize=(4, 2)),
    )


def test_every_sentence_and_every_cell_is_there(annexe, content):
    read_back = bare("".join(texts(content)))
    for section in annexe.sections:
        assert all(bare(shown(p)) in read_back for p in (section.titre, *section.paragraphes, *section.puces))
        for tableau in section.tableaux_de_page:
            cells = tableau.cellules()
            for row in (cells.entetes, *cells.lignes, *([cells.total] if cells.total else [])):
                assert all(bare(shown(cell)) in read_back for cell in row)


def test_tags_of_pdf_ua(annexe, content):
    root = read(content).trailer["/Root"]
    assert root["/Lang"] == "fr-FR"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    roles = Counter(role for role, _ in structure(content))
    tables = [t.cellules() for s in annexe.sections for t in s.tableaux_de_page]
    assert roles["/Title"] == 1
    assert roles["/H1"] == len(annexe.sections) + 1  # the table of contents has its heading
    assert roles["/TOCI"] == len(annexe.sections)
    assert roles["/Table"] == roles["/THead"] == len(tables)
    assert roles["/TH"] == sum(len(c.entetes) for c in tables)
    pictures = sum(len(s.illustrations) for s in annexe.sections)
    assert roles["/Caption"] == len(tables) + pictures
    headings = [node for role, node in structure(content) if role == "/TH"]
    assert all("/Column" in str(node["/A"]) for node in headings)


def test_pictures_say_what_they_show(make_document, picture):
    content = pdf.render(make_document(Section(cle="s", titre="S", illustrations=(picture, picture))))
    said = [node["/Alt"] for role, node in structure(content) if role == "/Figure" and "/Alt" in node]
    assert said == [shown(picture.alternative)] * 2


def test_the_same_bytes_twice_and_no_clock(make_document, make_table):
    document = make_document(Section(cle="s", titre="S", tableaux=(make_table([("a", 1)], "A", "N"),)))
    assert pdf.render(document) == pdf.render(document)
    assert read(pdf.render(document)).metadata["/CreationDate"].startswith("D:20260101")
    assert read(pdf.render(document)).metadata.author == document.bailleur


def test_the_same_bytes_whatever_the_hash_seed():
    code = """
import hashlib
from datetime import date
from types import SimpleNamespace
from flux.annexe import pdf
from flux.annexe.section import Section
section = Section(cle="s", titre="S", paragraphes=("été 😀 🦄",))
document = SimpleNamespace(titre="T", bailleur="B", date=date(2026, 1, 1), version="1", sections=(section,))
print(hashlib.sha256(pdf.render(document)).hexdigest())
"""
    made = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert len(made.pop().strip()) == hashlib.sha256().digest_size * 2


def test_markup_is_text(make_document, make_table):
    section = Section(
        cle="s",
        titre=HOSTILE,
        paragraphes=(HOSTILE,),
        puces=(HOSTILE,),
        tableaux=(make_table([(HOSTILE, 1)], HOSTILE, HOSTILE, titre=HOSTILE, note=HOSTILE),),
    )
    content = pdf.render(make_document(section, bailleur=HOSTILE, titre=HOSTILE))
    # title and header, the section, its sentences, the table: caption, two headings, a cell, the note
    assert bare("".join(texts(content))).count(bare(HOSTILE)) >= 9
    assert read(content).metadata.title == HOSTILE


def test_what_no_font_draws_is_named():
    assert shown("Ville de 🦄") == "Ville de □[U+1F984]"
    assert shown("a\u202eb\x07") == "a□[U+202E]b□[U+0007]"
    assert shown("😀 שלום عربي ελ жук — « ≤ − →\u202f%") == "😀 שלום عربي ελ жук — «\u00a0≤ − →\u202f%"


def test_what_is_named_is_said(make_document):
    for sentence, said in (("Ville de 🦄.", True), ("Ville de Mire.", False)):
        content = pdf.render(make_document(Section(cle="s", titre="S", paragraphes=(sentence,))))
        assert (bare(NAMED_NOTE) in bare("".join(texts(content)))) is said


def test_a_text_longer_than_a_page_is_whole(make_document, make_table):
    long = "mot " * 2500
    word = "x" * 10_000
    content = pdf.render(
        make_document(Section(cle="s", titre="S", tableaux=(make_table([(long, word, 7)], "A", "B", "N"),)))
    )
    read_back = bare("".join(texts(content)))
    assert read_back.count("mot") == 2500
    assert read_back.count("x") >= 10_000
    assert len(read(content).pages) > 2


def test_the_heading_of_a_long_table_comes_back_on_each_page(make_document, make_table):
    rows = [(f"ligne {i}", i) for i in range(200)]
    content = pdf.render(
        make_document(Section(cle="s", titre="S", tableaux=(make_table(rows, "Intitulé", "Nombre"),)))
    )
    pages = [text for text in texts(content) if "ligne" in text]
    assert len(pages) > 3
    assert all("Intitulé" in text for text in pages)
    assert Counter(re.findall(r"ligne (\d+)", "\n".join(pages))) == Counter(str(i) for i in range(200))
    assert all(f"Page {i} / {len(pages)}" in text for i, text in enumerate(pages, start=1))


def test_forty_columns_come_in_blocks_that_repeat_the_first(make_document, make_table):
    headings = ["Commune", *(f"Communauté numéro {i}" for i in range(40))]
    tableau = make_table([("Mire", *map(str, range(39)), 40)] * 3, *headings, total=True)
    section = Section(cle="s", titre="S", tableaux=(tableau,))
    assert mise_en_page.is_wide(section)
    blocks = mise_en_page.laid_out(tableau, mise_en_page.place(True))
    assert 1 < len(blocks) <= 5
    assert all(block["entetes"][0] == "Commune" and block["taille"] >= mise_en_page.LEAST for block in blocks)
    assert [h for block in blocks for h in block["entetes"][1:]] == headings[1:]
    assert [block["titre"][-8:] for block in blocks] == [
        f" ({i} / {len(blocks)})" for i in range(1, len(blocks) + 1)
    ]
    content = pdf.render(make_document(section))
    assert all(bare(h) in bare("".join(texts(content))) for h in headings)


def test_pages_lie_down_where_a_table_is_wide(annexe, content):
    lying = {page.mediabox.width > page.mediabox.height for page in read(content).pages}
    assert lying == {any(map(mise_en_page.is_wide, annexe.sections)), False}


def test_the_summary_is_alone_on_its_page(make_document):
    sections = [Section(cle=f"s{i}", titre=f"Section {i}", paragraphes=("Une phrase.",)) for i in range(8)]
    first, second, *_ = texts(pdf.render(make_document(*sections)))
    assert "Section 0" in first
    assert "Section 1" not in first
    assert "Sommaire" in second


def test_fonts_are_ours(content):
    fonts = {
        font.get_object()["/BaseFont"].split("+")[1]
        for page in read(content).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert fonts <= {"LiberationSans", "LiberationSans-Bold", "DejaVuSans", "DejaVuSans-Bold"}
