"""The user's tables in a workbook: the same text, the faults in colour, nothing about persons."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from flux.dossier import Examen, examine, read_dossier
from flux.dossier.classeur import COMMENTS, render, write_classeur
from flux.dossier.personnes import looks_personal
from flux.noyau.errors import Anomalie, FluxError, Gravite
from flux.rendu.anomalies import TEINTES

HEADER = "id_logement;commune;qpv;typologie;financement;programme;loyer\n"
FAULTY = HEADER + (
    "L1;72181;non;T2;PLUS;P1;350,5\n"
    "L1;72181;oui;T3;PLUSS;P1;=1+1\n"
    "\n"
    '"=cmd|""/c calc""!A1";4003;2;3;PLS;P2;-2\n'
)


def annotate(examen: Examen, path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(write_classeur(path, examen, examen.anomalies))


def places(examen: Examen) -> Counter[tuple[str, int | None, str | None]]:
    return Counter((a.code, a.ligne, a.colonne) for a in examen.anomalies)


def colour(cell: openpyxl.cell.Cell) -> str:
    return f"#{cell.fill.fgColor.rgb[2:]}" if cell.fill.fill_type else ""


def test_each_fault_is_coloured_by_its_grade_and_commented(ecrire, tmp_path):
    book = annotate(examine(ecrire(logements=FAULTY)), tmp_path / "f.xlsx")
    sheet = book["logements"]
    assert colour(sheet["A2"]) == "" and colour(sheet["A3"]) == TEINTES[Gravite.BLOQUANT]
    assert "Identifiant déjà utilisé" in sheet["A3"].comment.text
    assert "Vouliez-vous dire « PLUS »" in sheet["E3"].comment.text
    # a repair: on line 5, for the 4th is blank
    assert colour(sheet["D5"]) == TEINTES[Gravite.INFORMATION]
    assert "nombre de pièces" in sheet["D5"].comment.text


def test_every_cell_is_a_string_as_it_was_read(ecrire, tmp_path):
    book = annotate(examine(ecrire(logements=FAULTY)), tmp_path / "f.xlsx")
    assert {cell.data_type for sheet in book for row in sheet for cell in row if cell.value is not None} <= {
        "s",
        "inlineStr",
    }
    row = [cell.value for cell in book["logements"][5]]
    assert row == ['=cmd|"/c calc"!A1', "4003", "2", "3", "PLS", "P2", "-2"]


def test_the_list_leads_to_each_cell(ecrire, tmp_path):
    examen = examine(ecrire(logements=FAULTY))
    book = annotate(examen, tmp_path / "f.xlsx")
    assert book.sheetnames[:2] == ["anomalies", "résumé"]
    sheet = book["anomalies"]
    top = next(cell.row for cell in sheet["A"] if cell.value == "Code")
    lines = {
        (row[0].value, row[3].value): row
        for row in sheet.iter_rows(min_row=top + 1)
        if row[0].value is not None
    }
    assert len(lines) == len(examen.anomalies)
    found = lines["logements.financement.valeur_inconnue", "3"]
    assert [cell.value for cell in found[1:6]] == ["bloquant", "logements", "3", "financement", "PLUSS"]
    assert found[3].hyperlink.location == "logements!E3"


def test_it_is_a_dossier_with_the_same_faults(ecrire, tmp_path):
    examen = examine(
        ecrire(logements=FAULTY, convention='[convention]\nannee = 2026\n[choix]\nmethode = "parcs"\n')
    )
    annotate(examen, tmp_path / "f.xlsx")
    again = examine(tmp_path / "f.xlsx")
    assert places(again) == places(examen)
    # and from a workbook, the same again
    annotate(again, tmp_path / "g.xlsx")
    assert places(examine(tmp_path / "g.xlsx")) == places(examen)


def test_a_fault_of_the_convention_is_on_its_line(ecrire, tmp_path):
    book = annotate(
        examine(ecrire(convention='[convention]\nannee = 2026\n[choix]\narrondi = "x"\n')),
        tmp_path / "f.xlsx",
    )
    sheet = book["convention"]
    assert [cell.value for cell in sheet[3]] == ["choix", "arrondi", "x"]
    assert colour(sheet["C3"]) == TEINTES[Gravite.BLOQUANT]


def test_a_sound_dossier_is_the_same_once_written(racine, tmp_path):
    folder = racine / "data" / "samples" / "val-de-mire"
    annotate(examine(folder), tmp_path / "f.xlsx")
    expected, found = read_dossier(folder), read_dossier(tmp_path / "f.xlsx")
    assert found.convention == expected.convention
    for nom, frame in expected.tables.items():
        pd.testing.assert_frame_equal(found.tables[nom], frame)


def test_nothing_about_persons_is_copied(ecrire, tmp_path):
    rows = FAULTY.splitlines()
    extra = ["nom_locataire;Né le;divers;remarque", "Untel;01/02/1980;untel@exemple.fr;calme"]
    table = "\n".join([f"{rows[0]};{extra[0]}", f"{rows[1]};{extra[1]}"])
    book = annotate(examine(ecrire(logements=table)), tmp_path / "f.xlsx")
    headers = {cell.value: cell.column for cell in book["logements"][1]}
    assert book["logements"].cell(2, headers["remarque"]).value == "calme"
    for header in ("nom_locataire", "Né le", "divers"):
        assert book["logements"].cell(2, headers[header]).value is None
    text = "".join(str(cell.value) for row in book["anomalies"] for cell in row)
    assert "logements « nom_locataire », logements « Né le », logements « divers »" in text
    with zipfile.ZipFile(tmp_path / "f.xlsx") as archive:
        assert not any(b"ntel" in archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize(
    ("header", "cells", "personal"),
    [
        ("Prénom du titulaire", ["x"], True),
        ("date_naissance", [], True),
        ("tel_portable", [], True),
        ("note", ["06 12 34 56 78"], True),
        ("note", ["1 80 02 72 181 001 42"], True),
        ("note", ["calme", "rez-de-chaussée", "1974", "72181"], False),
        ("etage", ["3"], False),
    ],
)
def test_what_looks_personal(header, cells, personal):
    assert looks_personal(header, pd.Series(cells, dtype=object)) is personal


def test_forty_thousand_faults_stay_readable(ecrire):
    wrong = "".join(f"L{i};zz;zz;zz;zz;P1;zz\n" for i in range(8_000))
    examen = examine(ecrire(logements=HEADER + wrong))
    start = time.perf_counter()
    content = render(examen, examen.anomalies)
    assert time.perf_counter() - start < 120  # about 6 s alone; the machine of the tests may be shared
    with zipfile.ZipFile(io.BytesIO(content)) as archive:  # read as XML: openpyxl takes half a minute
        listed, grouped, table = (archive.read(f"xl/worksheets/sheet{i}.xml") for i in (1, 2, 3))
        comments = archive.read("xl/comments1.xml")
    styles = Counter(re.findall(rb's="(\d+)" t="inlineStr"><is><t>zz<', table))
    assert list(styles.values()) == [40_000]
    assert comments.count(b"<comment ") == COMMENTS
    assert f"Les {COMMENTS} premières cellules".encode() in listed
    assert listed.count(b">zz<") == 40_000
    assert grouped.count(b">8\xe2\x80\xaf000<") == 5


def test_same_bytes_twice(ecrire):
    examen = examine(ecrire(logements=FAULTY))
    assert render(examen, examen.anomalies) == render(examen, examen.anomalies)


def test_an_existing_file_is_kept_unless_told(ecrire, tmp_path):
    examen = examine(ecrire())
    path = tmp_path / "f.xlsx"
    path.write_text("à moi")
    with pytest.raises(FluxError) as caught:
        write_classeur(path, examen, examen.anomalies)
    assert caught.value.code == "fichier.existe" and path.read_text() == "à moi"
    write_classeur(path, examen, examen.anomalies, ecraser=True)
    assert read_dossier(path).logements.shape == read_dossier(ecrire()).logements.shape


def test_an_anomaly_of_no_sheet_is_listed_without_link(ecrire, tmp_path):
    examen = examine(ecrire())
    alone = Anomalie(code="x.y", message="Ailleurs", gravite=Gravite.A_VERIFIER, fichier="autre.csv")
    book = openpyxl.load_workbook(write_classeur(tmp_path / "f.xlsx", examen, [alone]))
    assert [cell.value for cell in book["anomalies"][6]][:4] == ["x.y", "à vérifier", "autre.csv", ""]
