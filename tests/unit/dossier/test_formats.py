"""Every format of the contract, the dirt around tables, and the workbooks that do not open."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from flux.dossier import examine, read_dossier
from flux.dossier.noms import resolve, understand
from flux.dossier.schemas import TABLES as CONTRAT
from flux.noyau.errors import Gravite

from .conftest import TABLES

DONNEES = Path(__file__).parents[2] / "donnees"
ROWS = {nom: [line.split(";") for line in text.splitlines()] for nom, text in TABLES.items()}


def blocking(path):
    return [a for a in examine(path).anomalies if a.gravite is Gravite.BLOQUANT]


def codes(path):
    return {a.code for a in examine(path).anomalies}


def book(sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def replace(folder, table, content, suffix):
    (folder / f"{table}.csv").unlink()
    (folder / f"{table}{suffix}").write_bytes(content)
    return folder


@pytest.mark.parametrize("suffix", [".txt", ".xlsx", ".xlsm", ".parquet"])
def test_formats(ecrire, suffix):
    rows = ROWS["reservations"]
    if suffix == ".txt":
        content = TABLES["reservations"].replace(";", "\t").encode("utf-16")
    elif suffix == ".parquet":
        content = pd.DataFrame(rows[1:], columns=rows[0]).to_parquet()
    else:
        content = book({"Feuil1": rows})
    expected = read_dossier(ecrire()).reservations
    read = read_dossier(replace(ecrire(), "reservations", content, suffix)).reservations
    pd.testing.assert_frame_equal(read, expected)


def test_the_sheet_that_is_the_table_is_found(ecrire):
    sheets = {"Notice": [["Comment remplir", "voir"], ["a", "b"]], "Données": ROWS["reservations"]}
    folder = replace(ecrire(), "reservations", book(sheets), ".xlsx")
    assert blocking(folder) == []
    sheets["Copie"] = ROWS["reservations"]
    (folder / "reservations.xlsx").write_bytes(book(sheets))
    assert [a.code for a in blocking(folder)] == ["reservations.feuille_ambigue"]


def test_two_hundred_sheets(ecrire):
    sheets = {f"Notes {i}": [["x", "y"], ["1", "2"]] for i in range(200)} | {
        "reservations": ROWS["reservations"]
    }
    folder = replace(ecrire(), "reservations", book(sheets), ".xlsx")
    anomalies = examine(folder).anomalies
    assert blocking(folder) == [] and len(anomalies) == 51 and "150 autres" in anomalies[-1].message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le") + bytes(600), "fichier.mot_de_passe"),
        (book({"F": [["a"]]})[:3_000], "fichier.classeur_illisible"),
        (b"", "fichier.classeur_illisible"),
        (b"bonjour", "fichier.classeur_illisible"),
    ],
)
def test_a_workbook_that_does_not_open(ecrire, content, code):
    [defect] = blocking(replace(ecrire(), "reservations", content, ".xlsx"))
    assert (defect.code, defect.fichier) == (code, "reservations.xlsx")


def bomb(sheet):
    """A workbook whose sheet is replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book({"F": ROWS["reservations"]}))) as sound,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as spoilt,
    ):
        for name in sound.namelist():
            spoilt.writestr(name, sheet if name.endswith("sheet1.xml") else sound.read(name))
    return out.getvalue()


FAR = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="%d"><c r="%s"><v>1</v></c></row></sheetData></worksheet>'
)


PREFIXED = (
    FAR.replace(b"xmlns=", b"xmlns:x=")
    .replace(b"</", b"</x:")
    .replace(b"<", b"<x:")
    .replace(b"<x:/x", b"</x")
)
PLACELESS = FAR[: FAR.index(b"<row")] + b"<row>" + b"<c><v>1</v></c>" * 5_000 + b"</row>" + (
    b"<row/>" * 10_000 + b"</sheetData></worksheet>"
)  # fmt: skip


@pytest.mark.parametrize(
    "sheet",
    [
        FAR % (1_048_576, b"XFD1048576"),
        FAR % (1, b"XFD1048576"),
        PREFIXED % (1_048_576, b"XFD1048576"),
        (FAR % (1_048_576, b"XFD1048576")).replace(b'"', b"'"),
        PLACELESS,
    ],
    ids=["far cell", "cell that is not in its row", "prefix", "simple quotes", "cells without a place"],
)
def test_a_sheet_too_large_is_refused_before_it_is_laid_out(ecrire, sheet):
    [defect] = blocking(replace(ecrire(), "reservations", bomb(sheet), ".xlsx"))
    assert defect.code == "fichier.trop_grand"


def test_a_zip_bomb(ecrire, monkeypatch):
    monkeypatch.setattr("flux.dossier.classeurs.OCTETS_MAX", 1_000_000)
    [defect] = blocking(replace(ecrire(), "reservations", bomb(b" " * 2_000_000), ".xlsx"))
    assert defect.code == "fichier.trop_grand" and "décompressé" in defect.message


def parquet():
    rows = ROWS["reservations"]
    return pd.DataFrame(rows[1:], columns=rows[0]).to_parquet()


@pytest.mark.parametrize(
    "content", [b"PAR1", parquet()[:-1], parquet().replace(b"programme", b"progr\xff\xfeme")]
)
def test_a_damaged_parquet(ecrire, content):
    assert [a.code for a in blocking(replace(ecrire(), "reservations", content, ".parquet"))] == [
        "fichier.parquet_illisible"
    ]


@pytest.mark.parametrize("name", ["petit.ods", "petit.xlsx"])
@pytest.mark.parametrize(
    "part", ["content.xml", "sheet1.xml", "workbook.xml", "styles.xml", "sharedStrings.xml"]
)
def test_a_part_cut_inside_a_sound_archive(ecrire, name, part):
    """The reader of workbooks would look for its end for ever."""
    content = (DONNEES / name).read_bytes() if name.endswith("ods") else book({"F": ROWS["reservations"]})
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as sound, zipfile.ZipFile(out, "w") as spoilt:
        cut = [n for n in sound.namelist() if n.endswith(part)]
        for inside in sound.namelist():
            xml = sound.read(inside)
            spoilt.writestr(inside, xml[: len(xml) * 2 // 3] if inside in cut else xml)
    if cut:
        [defect] = blocking(replace(ecrire(), "reservations", out.getvalue(), Path(name).suffix))
        assert defect.code == "fichier.classeur_illisible"


def test_a_cell_outside_any_row(ecrire):
    """In an OpenDocument sheet cut in the middle of its tags: refused, or read without a warning."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(DONNEES / "erreurs.ods") as sound,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as spoilt,
    ):
        for name in sound.namelist():
            xml = sound.read(name)
            spoilt.writestr(name, re.sub(rb"<table:table-row[^>]*>", b"", xml) if "content" in name else xml)
    assert blocking(replace(ecrire(), "reservations", out.getvalue(), ".ods"))


HEADER, REST = TABLES["logements"].split("\n", 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"\nPatrimoine au 1er janvier\n{HEADER}\n{REST}", "logements.ligne_titre"),
        (f"{HEADER}\nidentifiant;code INSEE;en quartier;type;prêt;résidence\n{REST}",
         "logements.ligne_description"),
        (f"{HEADER}\n{REST}Total : ;;;;;\n", "logements.ligne_total"),
        (HEADER.replace("id_logement", "IDENT_INT").replace("qpv", "QPV_CODE") + f"\n{REST}",
         "logements.entetes_rpls"),
        (HEADER.replace("typologie", "Typologie_red") + f"\n{REST}", "logements.entetes_suffixe"),
        (HEADER.replace("qpv", "qpv_2024") + f"\n{REST}", "logements.entetes_annee"),
        (f"{HEADER}\n{REST}".replace("L1;72181", '="L1";72181'), "fichier.texte_protege"),
        (f"{HEADER}\n{REST}".replace("72181", "72181.0"), "logements.commune.code_retouche"),
        (f"{HEADER};date_sortie\n{REST}".replace(";P1", ";P1;01/1900").replace(";P2", ";P2;"),
         "logements.date_sortie.absence"),
        (f"{HEADER}\n{REST}".rstrip("\n"), "fichier.sans_fin"),
    ],
)  # fmt: skip
def test_dirt_is_repaired_and_said(ecrire, text, code):
    expected = read_dossier(ecrire()).logements.drop(columns="_ligne")
    folder = ecrire(logements=text)
    assert blocking(folder) == [] and code in codes(folder)
    pd.testing.assert_frame_equal(read_dossier(folder).logements.drop(columns="_ligne"), expected)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"L9;72181;non;T2;PLUS;P1\n{HEADER}\n{REST}", "logements.lignes_avant_entete"),
        (HEADER.replace("programme", "programm") + f"\n{REST}", "logements.colonne_inconnue"),
        (f"{HEADER}\n{REST}".replace("PLAI;P1", "PLAI"), "fichier.cellules_manquantes"),
        (f"{HEADER}\n{REST}".replace("PLAI;P1", "PLAI;P1;x"), "fichier.cellules_en_trop"),
        (f"{HEADER}\n{REST}".replace("oui", "0").replace("non", "2"), "logements.qpv.illisible"),
        (f"{HEADER}\n{REST}".replace(";P2", ";#REF!"), "fichier.cellule_en_erreur"),
        (f"{HEADER}\n{REST}".replace("L3", "1.5E+06"), "logements.id_logement.illisible"),
        (f'{HEADER}\n{REST}'.replace("L1;", '"L1;').replace("L3;", 'L3";'), "fichier.guillemet"),
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(ecrire, text, code):
    assert {a.code for a in blocking(ecrire(logements=text))} >= {code}


def test_headers():
    known = {c.nom for c in CONTRAT["logements"].colonnes}
    read = {h: n and n.colonne for h in ("qpv_code", "QPV_CODE", "LOYERPRINC", "bail_red", "PLG_QP24", "Nom")
            for n in [understand(h, known)]}  # fmt: skip
    assert read == {"qpv_code": "qpv_code", "QPV_CODE": "qpv", "LOYERPRINC": "loyer", "bail_red": None,
                    "PLG_QP24": "qpv_code", "Nom": None}  # fmt: skip
    labelled = resolve(["FINAN_CODE", "FINAN_LIBELLE"], known)
    assert [n and n.colonne for n in labelled] == ["financement", None]
