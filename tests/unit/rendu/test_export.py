"""Every table of every result goes to a workbook and to parquet, and comes back as it was."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import flux
import flux.cli  # every module is imported: every class of result is known
from flux.noyau.errors import FluxError
from flux.rendu import export
from flux.rendu.vue import Affichable, Vue

EXACT = {("regles", "table"), ("regles", "seuils_q1")}  # values of the law, exact or mixed


def classes(root: type = Affichable) -> Iterator[type]:
    for cls in root.__subclasses__():
        if cls.__module__.startswith("flux."):
            yield cls
        yield from classes(cls)


@dataclasses.dataclass(frozen=True, repr=False)
class Essai(Affichable):
    """A result whose table holds all that breaks a file."""

    table: pd.DataFrame

    def vue(self) -> Vue:
        return Vue(titre="Essai")


@pytest.fixture
def essai() -> Essai:
    return Essai(
        pd.DataFrame(
            {
                "nom": ["=1+1", "http://exemple.fr", None],
                "part_flux": [Fraction(1, 3), 0.25, None],
                "valeur": [True, (1, 2), Fraction(1, 8)],
                "quota": pd.array([3, 0, None], dtype="Int64"),
                "date_debut": pd.to_datetime(["2026-01-31", None, None]).astype("datetime64[s]"),
                "categorie": ["etat_agents", "commune", None],
                "annee": [2026, 2025, 2024],
                "_ligne": [1, 2, 3],
            }
        )
    )


def test_a_workbook_holds_values_and_shows_them_in_french(essai: Essai, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(essai.to_excel(tmp_path / "essai.xlsx"))
    assert book.sheetnames == ["Résultat", "Colonnes"]
    sheet = book["Résultat"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:G4"
    heading, first, second, third = sheet.iter_rows()
    assert [c.value for c in heading][:3] == ["Nom", "Part du flux", "Valeur"]
    name, part, said, quota, day, categorie, year = first
    assert (name.value, name.data_type) == ("=1+1", "s")
    assert (part.value, part.number_format) == (pytest.approx(1 / 3), "0.0%")
    assert (said.value, quota.value) == ("oui", 3)
    assert (day.is_date, day.number_format) == (True, "dd/mm/yyyy")
    assert categorie.value == "État, agents civils et militaires"
    assert (year.value, year.number_format) == (2026, "0")
    assert second[0].hyperlink is None
    assert second[2].value == "1, 2"
    assert [c.value for c in third[3:6]] == [None] * 3
    assert [c.value for c in list(book["Colonnes"])[2]][:3] == ["Résultat", "Part du flux", "part_flux"]


def test_the_same_tables_give_the_same_bytes(essai: Essai) -> None:
    assert export.workbook(essai.tables, "Essai") == export.workbook(essai.tables, "Essai")


def test_parquet_keeps_the_columns(essai: Essai, tmp_path: Path) -> None:
    (path,) = essai.to_parquet(tmp_path / "tables")
    back = pd.read_parquet(path)
    assert path.name == "table.parquet"
    assert list(back.columns) == list(essai.table.columns)
    assert back["part_flux"].tolist()[:2] == [1 / 3, 0.25]
    assert back["valeur"].tolist() == ["True", "1, 2", "0.125"]
    assert back["quota"].dtype == "Int64"
    assert back["nom"].isna().tolist() == [False, False, True]


def test_nothing_is_overwritten_unasked(essai: Essai, tmp_path: Path) -> None:
    for write, target in ((essai.to_excel, tmp_path / "e.xlsx"), (essai.to_parquet, tmp_path)):
        write(target)
        with pytest.raises(FluxError) as caught:
            write(target)
        assert caught.value.code == "fichier.existe"
        write(target, ecraser=True)
    assert {p.name for p in tmp_path.iterdir()} == {"e.xlsx", "table.parquet"}


def test_what_cannot_be_written_is_said(essai: Essai, tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(FluxError) as caught:
        essai.to_excel(tmp_path / "e.csv")
    assert caught.value.code == "fichier.format_inconnu"
    with pytest.raises(FluxError) as caught:
        Essai(pd.DataFrame()).to_excel(tmp_path / "e.xlsx")
    assert caught.value.code == "tables.aucune"
    monkeypatch.setattr(export, "ROWS", 2)
    with pytest.raises(FluxError) as caught:
        essai.to_excel(tmp_path / "e.xlsx")
    assert caught.value.code == "tables.trop_de_lignes"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cls", list(classes()), ids=lambda cls: cls.__name__)
def test_every_table_has_a_sheet_name(cls: type) -> None:
    names = list(export.declared(object.__new__(cls)))
    titles = [export.sheet_title(n) for n in names]
    assert all(len(t) <= 31 for t in titles)
    assert len({t.casefold() for t in [*titles, export.LEGEND]}) == len(titles) + 1
    assert names or cls in {flux.Exploration}, "a result without a table"


@pytest.fixture(scope="module")
def resultats(racine: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Affichable]:
    """One result of each kind, from the sample."""
    folder = racine / "data" / "samples"
    dossier = flux.read_dossier(folder / "val-de-mire")
    quotas = flux.convert(dossier)
    plan = flux.allocate(quotas)
    bascule = flux.simulate(dossier, seed=1, runs=20)
    rejeu = flux.replay(dossier, seed=1)
    projection = flux.project(dossier, annees=range(2026, 2028))
    lot = flux.lot(
        [folder / "cas-ecole"], tmp_path_factory.mktemp("lot") / "lot", etapes=["convert"], executeur="serie"
    )
    commune = str(quotas.communes["commune"].iloc[0])
    holder = str(quotas.table["id_reservataire"].iloc[0])
    changed = flux.regles("2026-01-01").diff(flux.regles("2021-01-01"))
    decomposition = flux.decomposition(quotas)
    return {
        "quotas": quotas,
        "vacances": quotas.vacances,
        "regles": quotas.regles,
        "changements": changed,
        "plan": plan,
        "orientation": plan.explain(holder, commune=commune),
        "frontiere": flux.frontier(plan, "q1_hors_qpv", "dalo_prioritaires", points=2),
        "bascule": bascule,
        "commune": bascule.explain(commune),
        "decomposition": decomposition,
        "rejeu": rejeu,
        "envie": rejeu.envie("flux"),
        "annexe": flux.draft_annexe(plan),
        "bilan": flux.draft_bilan(dossier, annee=2025),
        "comparaison": flux.compare(base=quotas, autre=flux.convert(dossier, methode="rotation")),
        "comparaison_plans": flux.compare(base=plan, autre=plan),
        "projection": projection,
        "backtest": flux.backtest(dossier),
        "lot": lot,
        "agregat": lot.agreger("epci"),
    }


def test_every_table_of_the_sample_is_written(resultats: dict[str, Affichable], tmp_path: Path) -> None:
    for kind, result in resultats.items():
        tables = {n: f for n, f in result.tables.items() if len(f.columns)}
        assert tables, kind
        paths = result.to_parquet(tmp_path / kind)
        assert [p.stem for p in paths] == list(tables)
        for path, frame in zip(paths, tables.values(), strict=True):
            back = pd.read_parquet(path)
            assert back.shape == frame.shape
            assert list(back.columns) == list(frame.columns)
        book = openpyxl.load_workbook(result.to_excel(tmp_path / f"{kind}.xlsx"), read_only=True)
        assert book.sheetnames == [*map(export.sheet_title, tables), export.LEGEND]


def test_frames_go_to_files_by_pandas_alone(resultats: dict[str, Affichable]) -> None:
    for kind, result in resultats.items():
        for name, frame in result.tables.items():
            if (kind, name) not in EXACT:
                frame.to_parquet(io.BytesIO())
                frame.head(200).to_excel(io.BytesIO())
