"""The bailleur's own Word model: what it may say, what it is refused, what it gives."""

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Cm

import flux
from flux.annexe import draft_annexe
from flux.annexe.contenu import draft_annexes
from flux.annexe.docx.balises import CHIFFRES, balise, catalogue, contexte
from flux.annexe.docx.depart import starting_model, write_model
from flux.annexe.docx.modele import render
from flux.annexe.filiations import FILIATIONS
from flux.cli import run
from flux.noyau.errors import FluxError

PAGE = Path(__file__).parents[3] / "docs" / "modele-docx.md"
NEEDED = "{{ bailleur }}, {{ annee }} : {{ flux }} logements."


def model(folder, *paragraphs, header="", change=lambda document: None):
    """A model of these paragraphs, what no annex goes without said first."""
    document = Document()
    for text in (NEEDED, "{{ tableau_taux_quotas }}", *paragraphs):
        document.add_paragraph(text)
    document.sections[0].header.paragraphs[0].text = header
    change(document)
    path = folder / "modele.docx"
    document.save(path)
    return path


def read(content):
    return Document(io.BytesIO(content))


def texts(document):
    return [p.text for p in document.paragraphs]


def defects(annexe, path):
    with pytest.raises(FluxError) as caught:
        render(annexe, path)
    assert caught.value.code == "modele.balises"
    return str(caught.value)


def test_figures_and_tables_take_their_place(annexe, tmp_path):
    document = read(render(annexe, model(tmp_path, "Après.", header="{{ titre }}")))
    assert texts(document)[0] == f"{annexe.bailleur}, 2026 : 560 logements."
    assert texts(document)[-1] == "Après."
    assert document.sections[0].header.paragraphs[0].text == annexe.titre
    tableau = next(t for s in annexe.sections for t in s.tableaux if t.cle == "taux.quotas")
    cells = tableau.cellules()
    (table,) = document.tables
    assert tuple(c.text for c in table.rows[0].cells) == cells.entetes
    assert tuple(c.text for c in table.rows[1].cells) == cells.lignes[0]
    assert tableau.titre in texts(document)
    assert not any("{{" in t or "\ue0f1" in t for t in texts(document))


@pytest.mark.parametrize(
    "name", ["Habitat & Cie <SA> \"x\" 'y'", "É" * 200, "{{ flux }} {% x %} {_{ x }_}", "a < b && c > d ]]>"]
)
def test_names_come_through_whole(make_plan, tmp_path, name):
    annexe = draft_annexe(make_plan(2, bailleur=name))
    document = read(render(annexe, model(tmp_path, "Fin {{ bailleur }}.", header="{{ bailleur }}")))
    wanted = name.replace("{_{", "{{").replace("}_}", "}}")  # docxtpl's own escape
    assert texts(document)[-1] == f"Fin {wanted}."
    assert document.sections[0].header.paragraphs[0].text == wanted


def test_the_parties_are_named(make_plan, tmp_path):
    plan = make_plan(2)
    path = model(tmp_path, "Avec {{ parties }}.")
    both = "Action Logement Services, Conseil départemental"
    for pour, said in ((None, "tous les réservataires"), ("als", both.split(",")[0]), (["als", "cd"], both)):
        assert texts(read(render(draft_annexe(plan, pour=pour), path)))[-1] == f"Avec {said}."


def test_the_terminal_writes_a_model_and_fills_it(tmp_path, capsys):
    depart = tmp_path / "depart.docx"
    assert run(["template", "--annexe", str(depart)]) == 0
    said = ["--out", str(tmp_path / "out"), "--modele", str(depart), "--format"]
    assert run(["annexe", "data/samples/cas-ecole", *said, "docx"]) == 0
    assert "Habitat de l'École" in texts(read((tmp_path / "out/annexe_2026.docx").read_bytes()))[1]
    assert run(["annexe", "data/samples/cas-ecole", *said, "pdf"]) == 2
    capsys.readouterr()
    model(tmp_path, "{{ inconue }}")
    wrong = ["--out", str(tmp_path / "rien"), "--modele", str(tmp_path / "modele.docx")]
    assert run(["annexe", "data/samples/cas-ecole", *wrong, "--format", "docx"]) == 1
    assert "balise inconnue « inconue »" in capsys.readouterr().err
    assert not list((tmp_path / "rien").glob("*.docx"))


def test_a_loop_gives_one_row_each(annexe, tmp_path):
    def add(document):
        table = document.add_table(rows=0, cols=2)
        for row in (
            ("Qui", "Combien"),
            ("{%tr for l in tableaux.taux_quotas.lignes %}", ""),
            ("{{ l.id_reservataire }}", "{{ l.quota }} ({{ l.cellules[1] }})"),
            ("{%tr endfor %}", ""),
        ):
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text

    table = read(render(annexe, model(tmp_path, change=add))).tables[-1]
    rows = [[c.text for c in row.cells] for row in table.rows]
    assert rows[0] == ["Qui", "Combien"]
    assert len(rows) == 1 + len(annexe.plan.quotas.table)
    assert rows[1][0] == "Préfet, publics prioritaires"
    assert rows[1][1].startswith("140 (")


def test_sections_pictures_and_what_is_absent(annexe, tmp_path):
    path = model(
        tmp_path, "{{ section_synthese }}", "{{ image_sankey }}", "{{ tableau_objectifs_equite }}", "Fin."
    )
    document = read(render(annexe, path))
    synthese = annexe.sections[0]
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings == [synthese.titre]
    described = [e.get("descr") for e in document.element.body.iter(qn("wp:docPr"))]
    assert len(described) == 2
    assert all(described)
    assert texts(document)[-1] == "Fin."


def test_every_fault_is_listed_at_once_with_what_looks_like_it(annexe, tmp_path):
    document = Document()
    document.add_paragraph("{{ bailleurr }} et {{ tableau_taux_quotas }}, puis {{ section_tauxx }}")
    document.add_paragraph("{%p for l in tableaux.taux_quotas.lignes %}")
    document.add_paragraph("{{ l.quotaa }}")
    document.add_paragraph("{%p endfor %}")
    document.sections[0].footer.paragraphs[0].text = "{{ anee }} {{ image_sankey }}"
    document.save(tmp_path / "m.docx")
    said = defects(annexe, tmp_path / "m.docx")
    for fault in (
        "« bailleurr » : vouliez-vous dire « bailleur »",
        "« section_tauxx » : vouliez-vous dire « section_taux »",
        "« l.quotaa » : vouliez-vous dire « quota »",
        "« anee » : vouliez-vous dire « annee »",
        "manquante : « bailleur »",
        "manquante : « annee » ou « titre »",
        "mal placée « tableau_taux_quotas »",
        "mal placée « image_sankey »",
    ):
        assert fault in said


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ bailleur.format('a') }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ flux | safe }}",
        "{{ flux | center(1000000000) }}",
        "{% for i in range(100000) %}x{% endfor %}",
        "{% include 'autre' %}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ tableaux.__class__ }}",
    ],
)
def test_a_model_runs_nothing(annexe, tmp_path, text):
    with pytest.raises(FluxError) as caught:
        render(annexe, model(tmp_path, text))
    assert caught.value.code in ("modele.balises", "modele.rendu")


def test_what_a_loop_would_take_away_is_refused(annexe, tmp_path):
    said = defects(annexe, model(tmp_path, "Texte perdu {%p if flux %}", "a", "{%p endif %}"))
    assert "mal placée « {%p if flux %} »" in said


def test_a_tag_left_open_is_said_in_french(annexe, tmp_path):
    with pytest.raises(FluxError, match="endfor") as caught:
        render(annexe, model(tmp_path, "{% for l in tableaux.taux_quotas.lignes %}"))
    assert caught.value.code == "modele.syntaxe"


def test_what_is_not_word_is_said(annexe, tmp_path):
    (tmp_path / "m.docx").write_bytes(b"autre chose")
    with pytest.raises(FluxError, match=r"n'est pas un document Word lisible") as caught:
        render(annexe, tmp_path / "m.docx")
    assert caught.value.code == "modele.illisible"


def test_nothing_is_written_when_the_model_is_refused(annexe, tmp_path):
    out = tmp_path / "annexe.docx"
    with pytest.raises(FluxError):
        annexe.save(out, modele=model(tmp_path, "{{ inconnu }}"))
    assert not out.exists()
    with pytest.raises(FluxError) as caught:
        annexe.save(tmp_path / "annexe.pdf", modele=model(tmp_path))
    assert caught.value.code == "fichier.format_inconnu"


def test_tables_take_the_style_and_the_width_of_the_model(annexe, tmp_path):
    def narrow(document):
        document.styles.add_style("Tableau annexe", WD_STYLE_TYPE.TABLE)
        document.sections[0].right_margin = Cm(8)

    document = read(render(annexe, model(tmp_path, change=narrow)))
    page = document.sections[0]
    for table in document.tables:
        assert table.style.name == "Tableau annexe"
        assert table._tbl.tblPr.find(qn("w:tblBorders")) is None
        room = page.page_width - page.left_margin - page.right_margin
        assert sum(c.width for c in table.columns) <= room * 1.001


def test_the_starting_model_shows_every_tag_and_fills_up(annexe, tmp_path):
    path = write_model(tmp_path / "depart.docx")
    assert path.read_bytes() == starting_model()
    with zipfile.ZipFile(path) as archive:
        source = archive.read("word/document.xml").decode()
    for name in (n for n in contexte(annexe) if n not in ("sections", "tableaux")):
        assert name in source, name
    first = annexe.save(tmp_path / "a.docx", modele=path)
    again = annexe.save(tmp_path / "b.docx", modele=path)
    assert first.read_bytes() == again.read_bytes()
    document = read(first.read_bytes())
    assert len([p for p in document.paragraphs if p.style.name == "Heading 1"]) == len(annexe.sections)
    assert not any("{" in t for t in texts(document))
    with pytest.raises(FluxError) as caught:
        write_model(path)
    assert caught.value.code == "fichier.existe"


def test_the_catalogue_and_the_page_know_every_tag():
    """When it fails: python scripts/balises_docx.py."""
    plan = flux.allocate(flux.convert(flux.read_dossier("data/samples/cas-ecole")))
    known = {genre: {e["cle"] for e in catalogue()[genre]} for genre in ("sections", "tableaux", "images")}
    assert set(FILIATIONS) <= known["tableaux"]
    page = PAGE.read_text(encoding="utf-8")
    for annexe in (draft_annexe(plan), *draft_annexes(plan)):
        for s in annexe.sections:
            assert s.cle in known["sections"]
            assert {t.cle for t in s.tableaux} <= known["tableaux"]
            assert {i.cle for i in s.illustrations} <= known["images"]
    names = {"section": "sections", "tableau": "tableaux", "image": "images"}
    wanted = [f"{genre}_{balise(cle)}" for genre, entries in names.items() for cle in known[entries]]
    for name in (*wanted, *CHIFFRES):
        assert f"`{{{{ {name} }}}}`" in page
