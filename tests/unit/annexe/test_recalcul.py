"""The workbook recomputes in two spreadsheets: after a change, it says what Python says after it.

A scenario is a pair of dossiers. The workbook of the first, its yellow cells set to those of the second,
must become the workbook of the second: every formula of the computation, caps and rounding included.
"""

import re
import shutil
import subprocess
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import flux
from flux.samples import generate, write

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
CALCUL = ("Segments", "Flux", "Dus", "Plafonds", "Quotas")
VIVANTES = ("Lisez-moi", "Synthèse", *CALCUL, "Communes")
WRONG = 41.5


@dataclass(frozen=True)
class Classeur:
    """A workbook: formulas with their cached values, yellow cells."""

    path: Path
    formules: dict
    jaunes: dict

    @classmethod
    def read(cls, path):
        values, texts = (openpyxl.load_workbook(path, read_only=True, data_only=k) for k in (True, False))
        formulas, yellow = {}, {}
        for nom in VIVANTES:
            pairs = zip(texts[nom].iter_rows(), values[nom].iter_rows(), strict=True)
            for cell, cached in ((c, v) for row in pairs for c, v in zip(*row, strict=True)):
                if cell.data_type == "f":
                    formulas[nom, cell.coordinate] = cached.value
                elif cell.value is not None and not cell.protection.locked:
                    yellow[nom, cell.coordinate] = cell.value
        return cls(path, formulas, yellow)

    def changes(self, other):
        """Yellow cells in which another workbook differs; the two have the same."""
        assert set(self.jaunes) == set(other.jaunes)
        return {k: float(v) for k, v in other.jaunes.items() if v != self.jaunes[k]}

    def quotas(self, values):
        """The column of the quotas, top down."""
        sheet, first = openpyxl.load_workbook(self.path).defined_names["quotas"].attr_text.split("!")
        column, top, last = re.fullmatch(r"\$([A-Z]+)\$(\d+):\$[A-Z]+\$(\d+)", first).groups()
        return [int(values[sheet, f"{column}{k}"]) for k in range(int(top), int(last) + 1)]


def save(quotas, path):
    return Classeur.read(flux.draft_annexe(flux.allocate(quotas)).save(path))


def differences(values, expected, sheets=CALCUL):
    """Cells of the computation whose value is not the one expected."""

    def same(value, known):
        return value == known if isinstance(known, str) else abs(float(value) - known) < 1e-7

    return {w for w, known in expected.items() if w[0] in sheets and not same(values[w], known)}


def formulas_engine(path, rounds=({},)):
    """Every formula as the library `formulas` computes it, for each round of changes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import formulas

        model = formulas.ExcelModel().loads(str(path)).finish()
        names = {str(k).upper(): k for k in model.dsp.data_nodes}
        for changes in rounds:
            inputs = {names[f"'[{path.name}]{s}'!{c}".upper()]: v for (s, c), v in changes.items()}
            found = {str(k).upper(): v for k, v in model.calculate(inputs=inputs).items()}
            known = Classeur.read(path).formules
            yield {(s, c): found[f"'[{path.name}]{s}'!{c}".upper()].value[0, 0] for s, c in known}


PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""


def libreoffice_engine(folder, books):
    """Every formula of several workbooks as LibreOffice computes it: one start, a profile of our own."""
    (folder / "profil" / "user").mkdir(parents=True)
    (folder / "profil" / "user" / "registrymodifications.xcu").write_text(PROFILE)
    command = ["soffice", f"-env:UserInstallation={(folder / 'profil').as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "recalcul")]
    subprocess.run([*command, *map(str, books)], check=True, capture_output=True, timeout=240)
    return [Classeur.read(folder / "recalcul" / book.name).formules for book in books]


def patched(path, target, values):
    """The same file with other values in some cells; cached values of the formulas stay as they were."""
    names = openpyxl.load_workbook(path).sheetnames
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            content = source.read(name)
            if found := re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name):
                text = content.decode()
                for (sheet, cell), value in values.items():
                    if names[int(found[1]) - 1] == sheet:
                        value_of = rf'(<c r="{cell}"[^>]*>(?:<f>[^<]*</f>)?<v>)[^<]*'
                        text, nb = re.subn(value_of, rf"\g<1>{value!r}", text)
                        assert nb == 1, (sheet, cell)
                content = text.encode()
            out.writestr(name, content)
    return target


def with_table(dossier, nom, frame):
    kept = frame.astype(dossier.tables[nom].dtypes.to_dict())
    return replace(dossier, tables={**dossier.tables, nom: kept})


def with_balances(dossier, balances):
    year = dossier.convention.annee - 1
    rows = [{"id_reservataire": r, "annee": year, "commune": c, "solde": s} for r, c, s in balances]
    return with_table(dossier, "soldes", pd.DataFrame(rows).reindex(columns=dossier.soldes.columns))


def fewer_rights(dossier, *holders):
    """One right in four of these holders is gone."""
    rights = dossier.reservations
    rank = rights.groupby("id_reservataire").cumcount()
    gone = rights["id_reservataire"].isin(holders) & (rank % 4 == 1) & (rights["type_droit"] != "unique")
    return with_table(dossier, "reservations", rights[~gone])


def fewer_subtractions(dossier):
    table = dossier.soustractions
    planned = table["etat"].eq("previsionnel")
    return with_table(
        dossier, "soustractions", table.assign(nb=table["nb"].where(~planned, table["nb"] // 2))
    )


def law(dossier, **rates):
    return flux.regles(dossier.convention.date).suppose(**rates)


@pytest.fixture(scope="module")
def ecole():
    return flux.read_dossier(SAMPLES / "cas-ecole")


@pytest.fixture(scope="module")
def mire():
    return flux.read_dossier(SAMPLES / "val-de-mire")


@pytest.fixture(scope="module")
def parc(tmp_path_factory):
    tables = generate("parc", nb_logements=600, nb_communes=5, seed=11)
    return flux.read_dossier(write(tables, tmp_path_factory.mktemp("parc") / "parc"))


def everything(dossier, garant, commune):
    """Before and after a change of each kind: a rate of the law, rights, a share, balances, subtractions."""
    before = with_balances(
        dossier, [(garant, commune, 1.25), ("action_logement", None, 0.5), ("*", None, 0.2)]
    )
    after = with_balances(
        dossier, [(garant, commune, -0.75), ("action_logement", None, 2.5), ("*", None, -0.1)]
    )
    after = fewer_subtractions(fewer_rights(after, garant, "action_logement"))
    return (
        flux.convert(before, part_etat=0.28),
        flux.convert(after, part_etat=0.21, regles=law(dossier, part_max_garantie=0.18)),
    )


@pytest.fixture(scope="module")
def pairs(mire, parc, tmp_path_factory):
    """Two workbooks, before and after, by name."""
    folder = tmp_path_factory.mktemp("paires")
    told = {
        "mire": everything(mire, "commune_00101", "00101"),
        "parc": everything(parc, "epci", None),
        "droits": tuple(
            flux.convert(
                with_balances(parc, [("epci", None, s)]), part_etat="legale", repartition_epci="droits"
            )
            for s in (9.5, -4.25)
        ),
    }
    written = {}
    for nom, pair in told.items():
        plans = [flux.allocate(quotas) for quotas in pair]
        for pour in (None, "commune_00101") if nom == "mire" else (None,):
            books = (
                flux.draft_annexe(p, pour=pour).save(folder / f"{nom}_{pour}_{k}.xlsx")
                for k, p in enumerate(plans)
            )
            written[nom if pour is None else "pour"] = tuple(map(Classeur.read, books))
    return written


def test_a_change_of_each_kind_touches_yellow_cells_of_each_kind(pairs):
    before, after = pairs["mire"]
    kinds = {(sheet, re.sub(r"\d", "", cell)) for sheet, cell in before.changes(after)}
    assert {"Segments", "Flux", "Dus", "Plafonds", "Quotas"} == {sheet for sheet, _ in kinds}
    assert len(kinds) >= 5
    assert before.quotas(before.formules) != after.quotas(after.formules)


@pytest.mark.parametrize("nom", ["mire", "parc"])
def test_formulas_recomputes_what_python_says(pairs, nom):
    before, after = pairs[nom]
    (got,) = formulas_engine(before.path, [before.changes(after)])
    assert differences(got, after.formules) == set()
    assert before.quotas(got) == after.quotas(after.formules)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_recomputes_what_python_says(pairs, tmp_path):
    """Also the workbook of one réservataire, and a wrong cached value, that a mere reading would keep."""
    changed = [
        patched(before.path, tmp_path / f"{nom}.xlsx", before.changes(after))
        for nom, (before, after) in pairs.items()
    ]
    kept = pairs["mire"][0]
    cell = next(where for where in kept.formules if where[0] == "Quotas")
    planted = patched(kept.path, tmp_path / "faux.xlsx", {cell: WRONG})
    *results, repaired = libreoffice_engine(tmp_path, [*changed, planted])
    for got, (nom, (_, after)) in zip(results, pairs.items(), strict=True):
        assert differences(got, after.formules) == set(), nom
    assert Classeur.read(planted).formules[cell] == WRONG
    assert differences(repaired, Classeur.read(planted).formules) == {cell}
    assert all(v == 0 for (sheet, cell), v in repaired.items() if sheet == "Synthèse" and cell[0] == "F")


@pytest.fixture(scope="module")
def school(ecole, tmp_path_factory):
    return save(flux.convert(ecole), tmp_path_factory.mktemp("ecole") / "ecole.xlsx")


ONE_BY_ONE = {
    "rate": lambda d: flux.convert(d, regles=law(d, part_max_garantie=0.1)),
    "rights": lambda d: flux.convert(fewer_rights(d, "action_logement")),
    "balance": lambda d: flux.convert(with_balances(d, [("commune", "00001", 3.4)])),
    "negative balance": lambda d: flux.convert(with_balances(d, [("action_logement", "00001", -2.5)])),
    "subtraction": lambda d: flux.convert(fewer_subtractions(d)),
    "state above its ceiling": lambda d: flux.convert(
        with_balances(d, [("etat_agents", "00001", 9.5), ("etat_prioritaires", "00001", 12.25)])
    ),
    "guarantee above its ceiling": lambda d: flux.convert(
        with_balances(d, [("commune", "00001", 14.5), ("etat_agents", "00001", 0.9)])
    ),
    "more than the flow": lambda d: flux.convert(
        with_balances(
            d,
            [
                ("etat_prioritaires", "00001", 30.0),
                ("commune", "00001", 25.0),
                ("action_logement", "00001", 40.0),
            ],
        )
    ),
}


def test_each_yellow_cell_alone(school, ecole, tmp_path):
    """The worked example, one change at a time; large balances bring whole parts above the ceilings."""
    after = {
        nom: save(make(ecole), tmp_path / f"{k}.xlsx") for k, (nom, make) in enumerate(ONE_BY_ONE.items())
    }
    rounds = {nom: school.changes(book) for nom, book in after.items()}
    assert all(rounds.values())
    same, *results = formulas_engine(school.path, [{}, *rounds.values()])
    assert differences(same, school.formules, [s for s, _ in school.formules]) == set()
    assert school.quotas(same) == [19, 8, 1, 2, 13, 10]
    for got, (nom, book) in zip(results, after.items(), strict=True):
        assert differences(got, book.formules) == set(), nom


def test_a_planted_wrong_value_is_found(school, tmp_path):
    cells = [where for where in school.formules if where[0] in CALCUL][::97]
    wrong = patched(school.path, tmp_path / "faux.xlsx", dict.fromkeys(cells, WRONG))
    (got,) = formulas_engine(wrong)
    assert differences(got, Classeur.read(wrong).formules) == set(cells)


def test_the_control_line_turns_red(school):
    """Quotas that are no longer those of the matrix by commune, and nothing when nothing moved."""
    where = openpyxl.load_workbook(school.path).defined_names["controle"].attr_text
    sheet, cell = where.replace("'", "").replace("$", "").split("!")
    solde = next(k for k in school.jaunes if k[0] == "Quotas")
    assert school.formules[sheet, cell] == 0
    (got,) = formulas_engine(school.path, [{solde: 5.0}])
    assert got[sheet, cell] > 0
