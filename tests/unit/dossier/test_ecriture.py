"""How the tables of a dossier are written."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.dossier.ecriture import csv_text, toml_text
from flux.dossier.entetes import table_of
from flux.dossier.fichiers import read_csv
from flux.dossier.schemas import RESERVATAIRES
from flux.noyau.tables import check
from flux.samples.tables import frame


def test_a_cell_of_each_kind_and_its_absence() -> None:
    columns = ["id_logement", "qpv", "nb", "part", "surface", "date_fin"]
    table = frame(
        columns,
        [("A;1", True, 3, 0.5, 64.0, datetime.date(2026, 6, 30)), (None, None, None, None, None, None)],
    )
    assert csv_text(table).splitlines() == [";".join(columns), '"A;1";oui;3;0,5;64;2026-06-30', ";;;;;"]


def test_toml_is_read_back_as_it_was() -> None:
    day = datetime.date(2026, 1, 1)
    sections = {
        "bailleur": {"nom": 'Habitat « du » "Val"', "actif": True},
        "convention": {"annee": 2026, "date": day, "part": 0.3, "codes": [3, 4]},
    }
    assert tomllib.loads(toml_text(sections)) == sections


@pytest.mark.parametrize("text", ["=1+1", "+33", "-a", "@x", "\tx", "'=1+1", '="a"'])
def test_a_text_is_never_a_formula(text: str) -> None:
    [_, cell] = csv_text(pd.DataFrame({"nom": [text]})).splitlines()
    assert cell.lstrip('"')[0] == "'"


@pytest.mark.parametrize("text", ["l'OPH", "'abc'", "a=b", "12", "*", "'"])
def test_other_texts_are_written_as_they_are(text: str) -> None:
    assert csv_text(pd.DataFrame({"nom": [text]})).splitlines() == ["nom", text]


def test_a_negative_number_is_a_number() -> None:
    assert csv_text(pd.DataFrame({"solde": [-0.5], "nb": [-1]})).splitlines() == ["solde;nb", "-0,5;-1"]


TEXTS = st.text(alphabet="=+-@'\"\t;, aé1", min_size=1, max_size=8).filter(
    lambda text: text == text.rstrip() and text[0] not in " "
)


@given(names=st.lists(TEXTS, min_size=1, max_size=6))
def test_what_is_written_reads_back_the_same_and_is_said(tmp_path_factory, names: list[str]) -> None:
    rows = [(f"R{i}", name, "autre", "departement", "72") for i, name in enumerate(names)]
    columns = ["id_reservataire", "nom", "categorie", "territoire_type", "territoire_code"]
    path: Path = tmp_path_factory.mktemp("csv") / "reservataires.csv"
    path.write_bytes(csv_text(frame(columns, rows)).encode("utf-8-sig"))
    [grille], _ = read_csv(path, columns)
    feuille = table_of("reservataires", grille)
    typed, _ = check(feuille.texte, RESERVATAIRES, feuille.source)
    assert typed["nom"].tolist() == names
    guarded = [i for i, name in enumerate(names, start=2) if name.lstrip("'")[:1] in set("=+-@\t") - {""}]
    said = [line for a in feuille.anomalies if a.code == "fichier.texte_protege" for line in a.lignes]
    assert said == guarded
