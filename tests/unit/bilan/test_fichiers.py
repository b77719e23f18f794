"""The documents say what the tables hold, the same bytes twice, none over another."""

import io
import re
from dataclasses import replace

import pytest
from docx import Document
from openpyxl import load_workbook

from flux import FluxError, cli
from flux.bilan.classeur import render, sheet_name
from flux.bilan.fichiers import WRITERS, deliver
from flux.rendu import nombres


def texts(cells):
    return [" ".join(str(c).split()) for c in cells]


def test_docx_holds_every_table(bilan, tmp_path):
    read = Document(io.BytesIO(bilan.save(tmp_path / "b.docx").read_bytes())).tables
    wanted = [t.cellules() for s in bilan.sections for t in s.tableaux]
    got = {tuple(texts(c.text for c in row.cells)) for table in read for row in table.rows}
    missing = [r for cells in wanted for r in cells.lignes if tuple(texts(r)) not in got]
    assert not missing


def test_html_holds_every_table_and_says_what_it_is(bilan, tmp_path):
    page = bilan.save(tmp_path / "b.html").read_text(encoding="utf-8")
    assert page.count("<table") == sum(len(s.tableaux) for s in bilan.sections)
    assert "flux-bilan/1" in page and "http" not in re.sub(r'"[^"]*schema[^"]*"', "", page)


def test_workbook_holds_numbers_sheet_by_sheet(bilan, tmp_path):
    book = load_workbook(bilan.save(tmp_path / "b.xlsx"))
    assert book.sheetnames == [*(sheet_name(s.titre) for s in bilan.sections), "Détail"]
    sheet = book[sheet_name(bilan.sections[1].titre)]
    totals = [r for r in sheet.iter_rows(values_only=True) if r[0] == "Total"]
    assert totals[0][3] == 604
    detail = [r for r in book["Détail"].iter_rows(values_only=True)]
    heading = book["Détail"].auto_filter.ref.split(":")[0]
    assert book["Détail"][heading].value == "Réservataire"
    assert book["Détail"].auto_filter.ref.endswith(str(int(heading[1:]) + len(bilan.faits.croisement)))
    rows = [r for r in detail if r[0] and r[0].startswith("Action Logement")]
    assert sum(r[8] for r in rows) == bilan.table.set_index("porteur").loc["action_logement", "nb_baux"]


def test_same_bytes_twice(bilan):
    assert render(bilan) == render(bilan)


def test_one_workbook_a_holder_and_none_over_another(bilan, tmp_path):
    written = deliver(bilan, tmp_path / "envoi")
    assert len(written) == len(WRITERS) + len(bilan.reservataires)
    assert {p.name for p in written} >= {"bilan_2025.docx", "bilan_2025.pdf", "bilan_2025_epci.xlsx"}
    book = load_workbook(tmp_path / "envoi" / "bilan_2025_epci.xlsx")
    names = {r[0] for r in book["Détail"].iter_rows(values_only=True, min_row=6)} - {None, "Total"}
    assert all(n.startswith(("Communauté d'agglomération", "Unité")) for n in names)
    with pytest.raises(FluxError) as refusal:
        deliver(bilan, tmp_path / "envoi")
    assert refusal.value.code == "fichier.existe"


def test_hostile_names_stay_in_the_folder(bilan, tmp_path):
    holders = bilan.faits.dossier.reservataires.assign(
        id_reservataire=lambda f: ["../../x", "a/b", "a?b", *f["id_reservataire"][3:]]
    )
    dossier = replace(
        bilan.faits.dossier, tables={**bilan.faits.dossier.tables, "reservataires": holders.head(3)}
    )
    written = deliver(replace(bilan, faits=replace(bilan.faits, dossier=dossier)), tmp_path)
    assert {p.parent for p in written} == {tmp_path}
    assert len({p.name.casefold() for p in written}) == len(WRITERS) + 3


def test_the_picture_says_what_the_table_says(bilan):
    (picture,) = bilan.sections[0].illustrations
    rows = bilan.faits.comptes.set_index("porteur")
    assert f"Bailleur (non réservé) : {rows.loc['bailleur', 'quota']} dus" in picture.alternative
    assert picture.png.startswith(b"\x89PNG")
    assert len(bilan.plot().axes[0].get_yticklabels()) == len(rows)
    assert not bilan.pour("epci").sections[0].illustrations


def test_unknown_format_holder_or_table(bilan, tmp_path):
    for code, act in (
        ("fichier.format_inconnu", lambda: bilan.save(tmp_path / "b.odt")),
        ("bilan.reservataire_inconnu", lambda: bilan.pour("personne")),
        ("bilan.tableau_inconnu", lambda: bilan.tableau("rien")),
    ):
        with pytest.raises(FluxError) as refusal:
            act()
        assert refusal.value.code == code


def test_command(racine, tmp_path, capsys):
    command = ["bilan", str(racine / "data/samples/cas-ecole"), "--annee", "2025", "--out", str(tmp_path)]
    assert cli.run(command) == 0
    assert str(tmp_path / "bilan_2025.xlsx") in capsys.readouterr().out
    assert cli.run(command) == 2
    assert "Existe déjà" in capsys.readouterr().err
    assert cli.run([*command[:3], "2019", *command[4:]]) == 1


def test_shown_in_a_notebook(bilan):
    assert "Bilan 2025" in bilan._repr_html_()
    assert nombres.entier(604) in repr(bilan)
    assert bilan.to_dict()["sections"][0]["cle"] == "synthese"
