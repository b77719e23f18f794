"""The workbook to fill in: what it holds, and that, filled in, it is the dossier."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from flux.conversion import convert
from flux.dossier import examine, read_dossier
from flux.dossier.modele import render, template
from flux.dossier.modele_contenu import champs, convention
from flux.dossier.modele_feuilles import LINKS
from flux.dossier.schemas import TABLES
from flux.noyau.errors import FluxError, Gravite

SHEETS = ["lisez-moi", *TABLES, "convention", "contrôles", "exemples"]


@pytest.fixture(scope="module")
def vide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("modele") / "dossier.xlsx")


@pytest.fixture
def classeur(vide: Path) -> Any:
    return openpyxl.load_workbook(vide)


def fill(book: Any, tables: dict[str, list[list[str]]], choices: dict[tuple[str, str], str]) -> None:
    """Write rows of text (the first one: headers) under the headers of the workbook, as a person would."""
    for nom, (headers, *rows) in tables.items():
        sheet = book[nom]
        columns = {cell.value: cell.column for cell in sheet[1]}
        for line, row in enumerate(rows, start=2):
            for header, value in zip(headers, row, strict=True):
                if value:
                    sheet.cell(line, columns[header]).value = value
    sheet = book["convention"]
    lines = {(sheet.cell(r, 1).value, sheet.cell(r, 2).value): r for r in range(2, sheet.max_row + 1)}
    for key, value in choices.items():
        sheet.cell(lines[key], 3).value = value


def sample(folder: Path) -> tuple[dict[str, list[list[str]]], dict[tuple[str, str], str]]:
    """The cells of a sample, and its convention by section and key."""
    tables = {
        path.stem: [line.split(";") for line in path.read_text(encoding="utf-8-sig").splitlines()]
        for path in sorted(folder.glob("*.csv"))
    }
    sections = tomllib.loads((folder / "convention.toml").read_text(encoding="utf-8"))
    said = {True: "oui", False: "non"}
    choices = {
        (section, key): said[value] if isinstance(value, bool) else str(value)
        for section, keys in sections.items()
        for key, value in keys.items()
    }
    return tables, choices


def nulls_alike(frame: pd.DataFrame) -> pd.DataFrame:
    """A missing cell is None: pandas 2 tells None from NaN where it compares texts."""
    return frame.astype(object).mask(frame.isna(), None)


@pytest.mark.parametrize("nom", ["cas-ecole", "val-de-mire"])
def test_filled_in_it_is_the_same_dossier(nom, racine, vide, classeur, tmp_path):
    folder = racine / "data" / "samples" / nom
    fill(classeur, *sample(folder))
    filled = tmp_path / f"{nom}.xlsx"
    classeur.save(filled)
    expected, found = read_dossier(folder), read_dossier(filled)
    for table, frame in expected.tables.items():
        assert found.tables[table].dtypes.equals(frame.dtypes)
        pd.testing.assert_frame_equal(nulls_alike(found.tables[table]), nulls_alike(frame))
    assert found.convention == expected.convention
    assert {a.code for a in found.reparations} == {a.code for a in expected.reparations}
    pd.testing.assert_frame_equal(convert(found).table, convert(expected).table)


def test_the_examples_are_a_sound_dossier(classeur, tmp_path):
    tables = {nom: [[c.nom for c in champs(nom)], [c.exemple for c in champs(nom)]] for nom in TABLES}
    fill(classeur, tables, {(section, c.nom): c.exemple for section, c in convention() if c.exemple})
    classeur.save(tmp_path / "exemples.xlsx")
    examen = examine(tmp_path / "exemples.xlsx")
    assert [str(a) for a in examen.anomalies if a.gravite is Gravite.BLOQUANT] == []


def test_empty_it_lacks_dwellings_and_a_year_and_nothing_of_it_is_unknown(vide):
    examen = examine(vide)
    assert {a.code for a in examen.anomalies} == {"logements.vide", "convention.cle_absente"}
    assert examen.inventaire is not None and set(examen.inventaire.tables) == set(TABLES)


def test_its_sheets_and_headers(classeur):
    assert classeur.sheetnames == SHEETS
    for nom, table in TABLES.items():
        assert [cell.value for cell in classeur[nom][1]] == [c.nom for c in table.colonnes]
        assert classeur[nom].freeze_panes == "A2"


def test_every_header_has_a_note_that_says_whether_it_is_required(classeur):
    for nom, table in TABLES.items():
        for cell, colonne in zip(classeur[nom][1], table.colonnes, strict=True):
            assert cell.comment is not None
            assert ("Obligatoire." if colonne.requis else "Facultatif.") in cell.comment.text
    assert "RPLS : DEPCOM" in classeur["logements"]["B1"].comment.text


def test_every_closed_list_is_a_drop_down_in_french(classeur):
    for nom in TABLES:
        found = {
            str(rule.sqref).split("2", 1)[0]: rule for rule in classeur[nom].data_validations.dataValidation
        }
        closed = {c.nom: c for c in champs(nom) if c.liste}
        assert len(found) == len(closed)
        for letter, rule in found.items():
            champ = closed[classeur[nom][f"{letter}1"].value]
            assert rule.formula1 == f'"{",".join(champ.liste)}"'
            assert rule.prompt and rule.error.startswith("Valeurs")
            assert rule.errorStyle in (None, "stop") if champ.stricte else rule.errorStyle == "warning"


def test_headers_are_locked_without_password_and_cells_are_free(classeur):
    for nom in TABLES:
        sheet = classeur[nom]
        assert sheet.protection.sheet and not sheet.protection.password
        assert sheet["A1"].protection.locked
        assert not any(dimension.protection.locked for dimension in sheet.column_dimensions.values())


def test_every_sheet_prints_on_the_width_of_a_page(classeur):
    for sheet in classeur:
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        assert sheet.page_setup.orientation == "landscape"


def test_the_convention_says_each_default(classeur):
    rows = {row[1]: row for row in classeur["convention"].iter_rows(min_row=2, values_only=True)}
    assert rows["methode"][3] == "parc" and rows["methode"][4].startswith("parc : Au prorata du parc")
    assert rows["occupations_exclues"][3] == "3, 4, 5"
    assert rows["plancher_etat_hors_qpv"][3] == "0,3"
    assert rows["compte_sans_candidat"][3] == "oui"


def test_formulas_are_the_old_english_ones(classeur):
    names = set()
    for row in classeur["contrôles"].iter_rows():
        for cell in row:
            if cell.data_type == "f":
                names |= set(re.findall(r"([A-Z]+)\(", cell.value))
    assert names == {"SUMPRODUCT", "MATCH", "ISNA", "ISNUMBER", "ROW", "IF", "COUNTA", "SUM"}
    assert all(column in {c.nom for c in TABLES[table].colonnes} for table, column, _, _ in LINKS)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_controls_count_what_is_wrong(racine, classeur, tmp_path):
    fill(classeur, *sample(racine / "data" / "samples" / "cas-ecole"))
    for sheet, cell, value in (
        ("logements", "A3", "L0001"),  # twice
        ("logements", "B4", None),  # a required cell left empty
        ("reservations", "A2", "personne"),  # an identifier that no table has
    ):
        classeur[sheet][cell].value = value
    classeur.save(tmp_path / "faux.xlsx")  # openpyxl keeps no cached value: all is computed when it opens
    profile = f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "ods", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "faux.xlsx")], check=True, capture_output=True, timeout=120)
    counts = pd.read_excel(tmp_path / "faux.ods", sheet_name="contrôles", header=3, engine="calamine")
    by_sheet = counts.set_index("Feuille").iloc[:, 1:]
    assert by_sheet.loc["logements"].tolist() == [1000, 1, 1, 0, "à corriger"]
    assert by_sheet.loc["reservations"].tolist() == [25, 0, 0, 1, "à corriger"]
    assert by_sheet.loc["reservataires"].tolist() == [5, 0, 0, 0, "bon"]
    assert by_sheet.loc["taux"].tolist() == [0, 0, 0, 0, "vide"]


def test_same_bytes_twice():
    assert render() == render()


@pytest.mark.parametrize(
    ("name", "code"),
    [("dossier.ods", "fichier.format_inconnu"), ("absent/dossier.xlsx", "fichier.repertoire_absent")],
)
def test_where_it_cannot_be_written(name, code, tmp_path):
    with pytest.raises(FluxError) as caught:
        template(tmp_path / name)
    assert caught.value.code == code


def test_an_existing_file_is_kept_unless_told(tmp_path):
    path = tmp_path / "dossier.xlsx"
    path.write_text("à moi")
    with pytest.raises(FluxError) as caught:
        template(path)
    assert caught.value.code == "fichier.existe" and path.read_text() == "à moi"
    assert template(path, ecraser=True) == path and path.read_bytes() == render()
