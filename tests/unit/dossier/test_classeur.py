"""Workbooks: one with a sheet a table, or one a table in a folder."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from flux.dossier import read_dossier
from flux.noyau.errors import DataError

SHEETS: dict[str, list[list[Any]]] = {
    "Logements": [
        ["id_logement", "commune", "qpv", "typologie", "financement", "programme", "loyer"],
        [1, 1004, "oui", 3, "PLUS", "P1", 350.5],
        [2, "72181", "non", "T5+", 13, "P1", None],
    ],
    "reservataires": [
        ["id_reservataire", "nom", "categorie", "territoire_type", "territoire_code"],
        ["mans", "Le Mans", "commune", "commune", 72181],
    ],
    "reservations": [
        ["id_reservataire", "id_logement", "date_debut", "part"],
        ["mans", 2, dt.datetime(2020, 3, 15), 0.25],
    ],
    "convention": [
        ["section", "clé", "valeur"],
        ["bailleur", "nom", "Habitat d'essai"],
        ["bailleur", "departement", "72"],
        ["convention", "annee", 2026],
        ["convention", "date", "01/01/2026"],
        ["hypotheses", "taux_rotation", "7,3 %"],
        ["choix", "methode", "rotation"],
        ["choix", "occupations_exclues", "3 ; 4"],
        ["choix", "compte_sans_candidat", "non"],
        ["choix", "porteurs_garantie", "commune, epci"],
        ["stipulations", "part_etat", None],
        ["stipulations", "derogation_prefectorale.part", 0.35],
        ["stipulations", "derogation_prefectorale.fin", dt.datetime(2026, 12, 31)],
    ],
    "Notes": [["Ce classeur…"]],
}


def write(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"}) as book:
        for nom, rows in sheets.items():
            sheet = book.add_worksheet(nom)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
    return path


def test_one_workbook(tmp_path):
    dossier = read_dossier(write(tmp_path / "essai.xlsx", SHEETS))
    assert dossier.nom == "essai"
    assert dossier.logements["id_logement"].tolist() == ["1", "2"]
    assert dossier.logements["commune"].tolist() == ["01004", "72181"]
    assert dossier.logements["typologie"].tolist() == ["T3", "T5+"]
    assert dossier.logements["loyer"].tolist()[0] == 350.5
    right = dossier.reservations.loc[0]
    assert (right["date_debut"].date(), right["part"]) == (dt.date(2020, 3, 15), 0.25)
    assert {(s.fichier, s.feuille) for s in dossier.sources} == {
        ("essai.xlsx", nom) for nom in ("Logements", "reservataires", "reservations", "convention")
    }
    assert "dossier.table_inconnue" in {a.code for a in dossier.reparations}


def test_the_convention_of_a_workbook(tmp_path):
    convention = read_dossier(write(tmp_path / "essai.xlsx", SHEETS)).convention
    assert (convention.annee, convention.date) == (2026, dt.date(2026, 1, 1))
    assert convention.hypotheses.taux_rotation == Fraction(73, 1000)
    assert convention.choix.methode == "rotation" and convention.origines["methode"] == "fichier"
    assert convention.choix.occupations_exclues == (3, 4)
    assert convention.choix.compte_sans_candidat is False
    assert convention.choix.porteurs_garantie == ("commune", "epci")
    assert convention.stipulations.part_etat == "registre" and convention.origines["part_etat"] == "défaut"
    derogation = convention.stipulations.derogation_prefectorale
    assert derogation is not None
    assert (derogation.part, derogation.fin) == (Fraction(35, 100), dt.date(2026, 12, 31))


def test_the_same_dossier_in_a_folder_of_workbooks(tmp_path, ecrire):
    folder = ecrire(logements=None)
    write(
        folder / "logements.xlsx",
        {
            "Feuil1": [
                SHEETS["Logements"][0],
                ["L1", "72181", "oui", "T3", "PLUS", "P1", 1],
                ["L3", "72181", "oui", "T3", "PLUS", "P2", 1],
            ]
        },
    )
    dossier = read_dossier(folder)
    assert len(dossier.logements) == 2 and dossier.reparations == ()


def test_a_defect_names_its_sheet(tmp_path):
    sheets = {**SHEETS, "reservations": [["id_reservataire", "id_logement"], ["mans", 9]]}
    with pytest.raises(DataError) as caught:
        read_dossier(write(tmp_path / "essai.xlsx", sheets))
    [anomaly] = caught.value.anomalies
    assert (anomaly.fichier, anomaly.feuille, anomaly.ligne) == ("essai.xlsx", "reservations", 2)


def test_a_table_given_twice(tmp_path, ecrire):
    folder = ecrire()
    write(folder / "logements.xlsx", {"Feuil1": SHEETS["Logements"]})
    with pytest.raises(DataError) as caught:
        read_dossier(folder)
    assert caught.value.code == "logements.table_en_double"


def test_what_is_no_workbook(tmp_path):
    path = tmp_path / "essai.xlsx"
    path.write_bytes(b"PK\x03\x04 rien")
    with pytest.raises(DataError) as caught:
        read_dossier(path)
    assert "fichier.classeur_illisible" in set(caught.value.table["code"])


def test_a_convention_without_its_columns(tmp_path):
    sheets = {**SHEETS, "convention": [["section", "nom", "valeur"], ["choix", "methode", "parc"]]}
    with pytest.raises(DataError) as caught:
        read_dossier(write(tmp_path / "essai.xlsx", sheets))
    assert "convention.colonne_absente" in set(caught.value.table["code"])
