"""The workbook recomputes: its formulas give what Python gives, before and after a change."""

import shutil
import subprocess
import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import flux
from flux.annexe.xlsx import SHEETS

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


def workbook(path, *, values):
    return openpyxl.load_workbook(path, data_only=values)


def formulas_of(path):
    book = workbook(path, values=False)
    return [
        (ws.title, c.coordinate)
        for ws in book
        for row in ws.iter_rows()
        for c in row
        if isinstance(c.value, str) and c.value.startswith("=")
    ]


def recompute(path, changes=None):
    """Every formula as the engine `formulas` computes it, after `changes` of input cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import formulas

        model = formulas.ExcelModel().loads(str(path)).finish()
        names = {str(k).upper(): k for k in model.dsp.data_nodes}
        inputs = {names[f"'[{path.name}]{s}'!{c}".upper()]: v for (s, c), v in (changes or {}).items()}
        solution = model.calculate(inputs=inputs)
    found = {str(k).upper(): v for k, v in solution.items()}
    return {(s, c): found[f"'[{path.name}]{s}'!{c}".upper()].value[0, 0] for s, c in formulas_of(path)}


def column(path, sheet, heading, key="Identifiant", values=None):
    """{key: (address, value)} of a column of the first table of a sheet."""
    ws = workbook(path, values=True)[sheet]
    top = next(r for r in range(1, 40) if heading in [c.value for c in ws[r]])
    cols = {c.value: c.column_letter for c in reversed(ws[top]) if c.value}
    out = {}
    for r in range(top + 1, ws.max_row + 1):
        name, address = ws[f"{cols[key]}{r}"].value, f"{cols[heading]}{r}"
        if name is None:
            break
        out[name] = (address, values[sheet, address] if values else ws[address].value)
    return out


def quotas_in(path, values):
    return {r: int(v) for r, (_, v) in column(path, "Quotas", "Quota", values=values).items()}


@pytest.fixture(scope="module")
def ecole():
    return flux.read_dossier(SAMPLES / "cas-ecole")


@pytest.fixture(scope="module")
def saved(ecole, tmp_path_factory):
    path = tmp_path_factory.mktemp("xlsx") / "ecole.xlsx"
    return flux.draft_annexe(flux.allocate(flux.convert(ecole))).save(path)


def expected(quotas):
    return dict(zip(quotas.table["id_reservataire"], quotas.table["quota"], strict=True))


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


def test_cached_values_are_what_the_formulas_give(saved):
    cached = workbook(saved, values=True)
    for (sheet, cell), value in recompute(saved).items():
        known = cached[sheet][cell].value
        same = value == known if isinstance(known, str) else float(value) == pytest.approx(known, abs=1e-9)
        assert same, (sheet, cell)


def test_the_quotas_are_those_of_the_worked_example(saved):
    assert quotas_in(saved, recompute(saved)) == {
        "action_logement": 19,
        "commune": 8,
        "departement": 1,
        "etat_agents": 2,
        "etat_prioritaires": 13,
        "bailleur": 10,
    }


def test_a_balance_changed_in_the_sheet_gives_what_python_gives(saved, ecole):
    address, _ = column(saved, "Quotas", "Solde reporté")["commune"]
    got = quotas_in(saved, recompute(saved, {("Quotas", address): 3.4}))
    changed = with_balances(ecole, [("commune", "00001", 3.4)])
    assert got == expected(flux.convert(changed))


def test_a_rate_of_the_law_changed_in_the_sheet_gives_what_python_gives(saved, ecole):
    ws = workbook(saved, values=True)["Plafonds"]
    cells = {ws[f"A{r}"].value: f"B{r}" for r in range(1, 12)}
    address = cells["Part maximale des garanties d'emprunt"]
    got = quotas_in(saved, recompute(saved, {("Plafonds", address): 0.1}))
    law = flux.regles(ecole.convention.date).suppose(part_max_garantie=0.1)
    assert got == expected(flux.convert(ecole, regles=law))


def test_subtractions_changed_in_the_sheet_give_what_python_gives(saved, ecole):
    """A flow of another size: every due and every quota follows."""
    ws = workbook(saved, values=True)["Segments"]
    top = next(r for r in range(1, 20) if "Logements soustraits" in [c.value for c in ws[r]])
    col = next(c.column_letter for c in ws[top] if c.value == "Logements soustraits")
    rows = [r for r in range(top + 1, ws.max_row + 1) if ws[f"A{r}"].value]
    table = ecole.tables["soustractions"]
    none = table.assign(nb=0.0).astype(table.dtypes.to_dict())
    quotas = flux.convert(replace(ecole, tables={**ecole.tables, "soustractions": none}))
    assert quotas.exact["flux_a_partager"] == Fraction(73)
    got = recompute(saved, {("Segments", f"{col}{r}"): 0.0 for r in rows})
    assert quotas_in(saved, got) == expected(quotas)


def with_balances(dossier, balances):
    rows = [
        {"id_reservataire": r, "annee": dossier.convention.annee - 1, "commune": c, "solde": s}
        for r, c, s in balances
    ]
    soldes = (
        pd.DataFrame(rows).reindex(columns=dossier.soldes.columns).astype(dossier.soldes.dtypes.to_dict())
    )
    return replace(dossier, tables={**dossier.tables, "soldes": soldes})


@pytest.mark.parametrize(
    "balances",
    [
        {"etat_agents": 9.5, "etat_prioritaires": 12.25},
        {"commune": 14.5, "etat_agents": 0.9},
        {"etat_prioritaires": 30.0, "commune": 25.0, "action_logement": 40.0},
    ],
    ids=["state", "guarantee", "more than the flow"],
)
def test_groups_above_their_ceilings_are_cut_as_python_cuts_them(saved, ecole, balances):
    """Large balances bring whole parts above the ceilings: the group gives way in proportion."""
    column_of = column(saved, "Quotas", "Solde reporté")
    got = recompute(saved, {("Quotas", column_of[r][0]): value for r, value in balances.items()})
    changed = with_balances(ecole, [(r, "00001", value) for r, value in balances.items()])
    quotas = flux.convert(changed)
    assert quotas_in(saved, got) == expected(quotas)
    cut = {r: n for r, (_, n) in column(saved, "Quotas", "Partie entière", values=got).items()}
    assert any(cut[r] > quotas_in(saved, got)[r] for r in balances)


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
    ws = book["Communes"]
    rules = [r.type for rules in ws.conditional_formatting for r in rules.rules]
    assert rules == ["cellIs", "cellIs"]
    last = [c.value for c in ws[ws.max_row] if isinstance(c.value, int | float)]
    assert set(last) == {0}


PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("repartition", ["flux", "droits"])
def test_libreoffice_recomputes_the_same_values(tmp_path, repartition):
    dossier = flux.read_dossier(SAMPLES / "val-de-mire")
    owed = [("commune_00101", "00101", 40.25), ("commune_00108", "00108", 6.5), ("etat_agents", None, 12.75)]
    quotas = flux.convert(with_balances(dossier, owed), part_etat="legale", repartition_epci=repartition)
    path = flux.draft_annexe(flux.allocate(quotas)).save(tmp_path / "mire.xlsx")
    profile = tmp_path / "profil" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(PROFILE)
    out = tmp_path / "recalcul"
    command = [
        "soffice",
        f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(out),
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    cached, again = workbook(path, values=True), workbook(out / path.name, values=True)
    for sheet, cell in formulas_of(path):
        assert again[sheet][cell].value == pytest.approx(cached[sheet][cell].value, abs=1e-7), (sheet, cell)
