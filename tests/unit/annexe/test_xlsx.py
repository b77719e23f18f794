"""The workbook as a person receives it: sheets, names, protection, print set-up, checks."""

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

import flux
from flux.annexe.xlsx import SHEETS
from flux.annexe.xlsx.grille import INPUT
from flux.annexe.xlsx.publie import sheet_name

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


def workbook(path, *, values):
    return openpyxl.load_workbook(path, data_only=values)


@pytest.fixture(scope="module")
def ecole():
    return flux.read_dossier(SAMPLES / "cas-ecole")


@pytest.fixture(scope="module")
def saved(ecole, tmp_path_factory):
    path = tmp_path_factory.mktemp("xlsx") / "ecole.xlsx"
    return flux.draft_annexe(flux.allocate(flux.convert(ecole))).save(path)


def test_sheets_and_page_set_up(saved):
    book = workbook(saved, values=False)
    assert book.sheetnames[: len(SHEETS)] == list(SHEETS)
    assert {"3. État des lieux", "Tableau 3.2", "6. Assiette du flux"} <= set(book.sheetnames)
    for ws in book:
        assert ws.page_setup.fitToHeight == 0
        assert ws.sheet_properties.pageSetUpPr.fitToPage


def test_every_row_of_the_inventory_is_in_the_workbook_and_can_be_filtered(saved, ecole):
    sheet = workbook(saved, values=False)["Tableau 3.2"]
    assert "Inventaire des droits" in str(sheet["A3"].value)
    nb = len(flux.convert(ecole).etat_des_lieux)
    rows = list(sheet.iter_rows(min_row=5, max_row=4 + nb, max_col=1, values_only=True))
    assert len(rows) == nb and all(r[0] for r in rows)
    assert sheet.auto_filter.ref.startswith("A4:") and sheet.auto_filter.ref.endswith(str(4 + nb))
    assert sheet.freeze_panes == "B5"


def test_two_runs_give_the_same_bytes(ecole, saved, tmp_path):
    again = flux.draft_annexe(flux.allocate(flux.convert(ecole))).save(tmp_path / "autre.xlsx")
    assert again.read_bytes() == saved.read_bytes()


def test_texts_are_never_formulas(ecole, tmp_path):
    holders = ecole.tables["reservataires"].copy()
    holders["nom"] = "=1+1"
    trapped = replace(ecole, tables={**ecole.tables, "reservataires": holders})
    path = flux.draft_annexe(flux.allocate(flux.convert(trapped))).save(tmp_path / "piege.xlsx")
    cells = [c for row in workbook(path, values=False)["Synthèse"].iter_rows() for c in row]
    trap = [c for c in cells if c.value == "=1+1 (commune)"]
    assert trap
    assert all(c.data_type == "s" for c in trap)


def test_the_checks_are_zero_and_turn_red(saved):
    book = workbook(saved, values=True)
    for nom, nb in (("Communes", 2), ("Lisez-moi", 1), ("Synthèse", 2)):
        rules = [r.type for rules in book[nom].conditional_formatting for r in rules.rules]
        assert rules == ["cellIs"] * nb
    ws = book["Communes"]
    last = [c.value for c in ws[ws.max_row] if isinstance(c.value, int | float)]
    assert set(last) == {0}


def test_only_yellow_cells_may_be_changed(saved):
    """Protected without password; yellow and open are one thing; a text or a rate of 200 % is refused."""
    opened = 0
    for ws in workbook(saved, values=False):
        assert ws.protection.sheet and ws.protection.password is None and not ws.protection.autoFilter
        checked = {c for rule in ws.data_validations.dataValidation for c in str(rule.sqref).split()}
        for cell in (c for row in ws.iter_rows() for c in row):
            yellow = cell.fill.fgColor.rgb == f"FF{INPUT[1:]}"
            assert yellow == (not cell.protection.locked)
            if yellow:
                opened += 1
                assert cell.data_type == "n"
                assert cell.coordinate in checked
    assert opened > 10


def test_ranges_have_names_that_the_first_sheet_tells(saved):
    book = workbook(saved, values=True)
    names = {"flux_a_partager", "part_max_etat", "taux_rotation", "soldes", "quotas", "controle"}
    assert names < set(book.defined_names)
    told = [c.value for row in book["Lisez-moi"].iter_rows(max_col=1) for c in row]
    assert set(book.defined_names) - {"controle"} <= set(told)
    sheet, cell = book.defined_names["flux_a_partager"].attr_text.replace("$", "").split("!")
    assert book[sheet][cell].value == 53


def test_every_section_and_every_table_has_its_sheet(saved, ecole):
    book = workbook(saved, values=True)
    annexe = flux.draft_annexe(flux.allocate(flux.convert(ecole)))
    told = {str(c.value) for ws in book for row in ws.iter_rows(max_col=1) for c in row}
    assert {t.titre for s in annexe.sections for t in s.tableaux if len(t.frame)} <= told
    cells = [c for row in book["Lisez-moi"].iter_rows(max_col=1) for c in row if c.hyperlink]
    links = {c.hyperlink.location.split("!")[0].strip("'") for c in cells}
    assert links == set(book.sheetnames) - {"Lisez-moi"}


@pytest.mark.parametrize(
    ("titre", "nom"),
    [
        ("13. Objectifs de l'année", "13. Objectifs de l’année"),
        ("3. État des lieux des réservations", "3. État des lieux"),
        ("16. Ce que la convention doit contenir", "16. Ce que la convention"),
        ("1. Un/deux : [trois]?", "1. Un deux    trois"),
    ],
)
def test_names_of_sheets_are_cut_between_words(titre, nom):
    assert sheet_name(titre) == nom
