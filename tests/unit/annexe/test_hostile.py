"""Texts that try to be something else: shown as text, whole, in every format.

What is replaced, and seen to be: marks of direction ("□[U+202E]") everywhere, what no font of the PDF draws
("□[U+1F984]") in the PDF alone. Control characters do not come in: `read_dossier` refuses them.
"""

import csv
import io
import json
import re
import shutil
import zipfile
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pypdf
import pytest

import flux
from flux.annexe.fichiers import WRITERS, render
from flux.annexe.pdf.polices import BREAK, shown
from flux.rendu.glossaire import clean

SAMPLE = Path(__file__).parents[3] / "data" / "samples" / "cas-ecole"
HOSTILE = {
    "formule": '=HYPERLINK("http://x") <script>alert(1)</script> ]]> &lt;',
    "modele": '{{ x }} {% x %} #import "x" $x$ *b* <etiquette> \\',
    "longueur": "y" * 4_000 + " mot" * 1_500,
    "ecritures": "שלום עולם مرحبا \u202eabc\u202c 😀 🦄 ÉÅß",
}
LONG = ("reservataire", "bailleur")  # where a name is long: each such name takes pages
WHERE = ("reservataire", "commune", "epci", "programme", "convention", "bailleur", "prefet")


def written(value):
    """A text as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)


@pytest.fixture(scope="module", params=HOSTILE)
def names(request):
    """The hostile name of each kind of thing; the number in front tells them apart."""
    long = request.param == "longueur"
    return {w: w if long and w not in LONG else f"{HOSTILE[request.param]} {w}" for w in WHERE}


def spoilt(folder, names):
    """The sample of the school case with hostile names, in a folder that is called no better."""
    folder = folder / "=1+1 <b> {{ x }} {% x %} #import $x$ ]]> &lt;"
    shutil.copytree(SAMPLE, folder)
    new = {
        "Les Tilleuls": names["programme"],
        "Action Logement Services": names["reservataire"],
        "Bourg-l'École": names["commune"],
        "Communauté d'agglomération de l'École": names["epci"],
    }
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [[new.get(cell, cell) for cell in row] for row in csv.reader(file, delimiter=";")]
        if path.stem == "reservations":
            rows = [[*row, names["convention"] if i else "convention_ref"] for i, row in enumerate(rows)]
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)
    convention = folder / "convention.toml"
    text = convention.read_text(encoding="utf-8")
    text = text.replace('"Habitat de l\'École"', written(names["bailleur"]))
    convention.write_text(text.replace('"Le préfet"', written(names["prefet"])), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def hostile(names, tmp_path_factory):
    dossier = flux.read_dossier(spoilt(tmp_path_factory.mktemp("dossier"), names))
    return flux.draft_annexe(flux.allocate(flux.convert(dossier)))


def cells(sections, tables):
    """Every text of the annex, heading, cell or sentence, of the tables that a section gives."""
    for section in sections:
        yield from (section.titre, *section.paragraphes, *section.puces)
        for tableau in tables(section):
            as_text = tableau.cellules()
            yield from as_text.entetes
            for row in as_text.lignes:
                yield from row


def of_pages(annexe):
    """The texts of the pages that hold a hostile name."""
    every = set(cells(annexe.sections, lambda s: s.tableaux_de_page))
    return {text for text in every if any(where in text for where in WHERE)}


def bare(text):
    return re.sub(rf"[\s{BREAK}]", "", text)


def test_the_names_reach_the_annex(hostile, names):
    every = " ".join([hostile.bailleur, *cells(hostile.sections, lambda s: s.tableaux)])
    assert all(clean(name) in every for name in names.values())


def test_pdf(hostile):
    reader = pypdf.PdfReader(io.BytesIO(render(hostile, ".pdf")))
    text = bare("".join(page.extract_text() for page in reader.pages))
    assert reader.metadata.author == shown(hostile.bailleur)
    for expected in of_pages(hostile) | {hostile.bailleur}:
        # a reader gives back what is written from right to left in the order of the eye
        for word in shown(expected).split():
            assert bare(word) in text or bare(word)[::-1] in text


def test_html(hostile):
    page = render(hostile, ".html").decode()
    assert "<script" not in page
    shows = re.sub(r"<wbr>", "", page)
    texts = {bare(unescape(t)) for t in re.findall(r">([^<>]*)<", shows)}
    assert {bare(t) for t in of_pages(hostile) | {hostile.bailleur}} <= texts


def test_docx(hostile):
    with zipfile.ZipFile(io.BytesIO(render(hostile, ".docx"))) as archive:
        document = ElementTree.fromstring(archive.read("word/document.xml"))
    w = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    paragraphs = ("".join(t.text or "" for t in p.iter(f"{w}t")) for p in document.iter(f"{w}p"))
    texts = "\n".join(map(bare, paragraphs))
    assert all(bare(t) in texts for t in of_pages(hostile) | {hostile.bailleur})


def test_xlsx(hostile, names):
    book = openpyxl.load_workbook(io.BytesIO(render(hostile, ".xlsx")))
    every = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    formulas = [cell.value for cell in every if cell.data_type == "f"]
    texts = "\n".join(cell.value for cell in every if cell.data_type == "s")
    assert not [formula for formula in formulas if "HYPERLINK" in str(formula)]
    assert not [cell for cell in every if cell.hyperlink and "http://x" in str(cell.hyperlink.target)]
    assert all(clean(names[where]) in texts for where in ("reservataire", "commune", "bailleur"))


def test_json(hostile, names):
    content = json.loads(render(hostile, ".json"))
    texts = []

    def visit(node):
        if isinstance(node, dict):
            node = [*node, *node.values()]
        if isinstance(node, list):
            for kid in node:
                visit(kid)
        elif isinstance(node, str):
            texts.append(node)

    visit(content)
    every = "\n".join(texts)
    assert all(clean(name) in every for name in names.values())


@pytest.fixture(scope="module")
def ordinary():
    return flux.draft_annexe(flux.allocate(flux.convert(flux.read_dossier(SAMPLE))))


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_name_of_the_file(suffix, ordinary, tmp_path):
    path = ordinary.save(tmp_path / f"=1+1 <b> {{{{ x }}}} #import $x$ &lt; é 😀{suffix}")
    assert path.stat().st_size > 0
    assert list(tmp_path.iterdir()) == [path]


def test_control_characters_do_not_come_in(tmp_path):
    names = {where: f"nom\x07\x1b[31m {where}" for where in WHERE}
    with pytest.raises(flux.DataError) as caught:
        flux.read_dossier(spoilt(tmp_path, names))
    assert "fichier.caractere_de_controle" in {a.code for a in caught.value.anomalies}
