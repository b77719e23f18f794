"""Broken files: one defect, said once, that names the file and does not hide behind what follows from it."""

from __future__ import annotations

import gzip
import io

import openpyxl
import pytest

from flux.dossier import read_dossier
from flux.dossier.lecture import examine
from flux.noyau.errors import DataError, Gravite

from .conftest import CONVENTION, TABLES


def blocking(path):
    return [a for a in examine(path).anomalies if a.gravite is Gravite.BLOQUANT]


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ({"logements": None}, "logements.table_absente"),
        ({"reservataires": None}, "reservataires.table_absente"),
        ({"territoires": ""}, "fichier.vide"),
        ({"mouvements": "\ufeff\n\n"}, "fichier.vide"),
        ({"logements": TABLES["logements"].replace("commune", "ville")}, "logements.commune.colonne_absente"),
        ({"reservations": TABLES["reservations"].replace(";1;", ";un;")}, "reservations.nb.illisible"),
        (
            {"reservataires": TABLES["reservataires"].replace("Le Mans", "Le\x07Mans")},
            "fichier.caractere_de_controle",
        ),
        (
            {"reservataires": TABLES["reservataires"] + "x;X ; Y;comune;commune;72181\n"},
            "fichier.cellules_en_trop",
        ),
        ({"logements": TABLES["logements"] + "L4;72181;non\n"}, "fichier.cellules_manquantes"),
    ],
)
def test_one_cause_is_one_defect(ecrire, spoilt, code):
    assert [a.code for a in blocking(ecrire(**spoilt))] == [code]


@pytest.mark.parametrize("content", [TABLES["logements"].encode("utf-16-le"), bytes(range(256)), b"\0" * 99])
def test_what_is_no_text_is_one_defect(ecrire, content):
    folder = ecrire()
    (folder / "logements.csv").write_bytes(content)
    assert [a.code for a in blocking(folder)] == ["fichier.encodage"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\0\0", "un classeur (.xlsx, .ods)"),
        (gzip.compress(b"bonjour"), "une archive .gz"),
        (b"PAR1\0", "une table .parquet"),
        (b"id_logement\n\0\1", "abîmé, ou d'un autre format"),
    ],
)
def test_what_a_file_is_when_it_is_no_text(ecrire, content, words):
    folder = ecrire()
    (folder / "logements.csv").write_bytes(content)
    [defect] = blocking(folder)
    assert words in defect.message and "CSV UTF-8" in defect.correction


def test_a_quote_inside_a_cell_that_shifts_the_others(ecrire):
    """pandas would warn, in English, and drop the cells beyond the header."""
    folder = ecrire(reservataires=TABLES["reservataires"] + 'x;X 2"y;z";commune;commune;72181\n')
    assert [(a.code, a.ligne) for a in blocking(folder)] == [("fichier.guillemet", 6)]


def test_an_accent_as_it_is_read_is_shown(ecrire):
    folder = ecrire()
    (folder / "reservataires.csv").write_bytes(TABLES["reservataires"].encode("cp1252"))
    [said] = [a for a in examine(folder).anomalies if a.code == "fichier.cp1252"]
    assert (said.ligne, said.valeur) == (2, "Préfet") and "si les accents sont justes" in said.correction


def test_a_header_written_twice_is_one_defect(ecrire):
    header, rest = TABLES["logements"].split("\n", 1)
    (defect,) = blocking(ecrire(logements=f"{header}\n{header}\n{rest}"))
    assert (defect.code, defect.ligne) == ("logements.entete_repete", 2)


def test_an_invisible_character_is_shown(ecrire):
    (defect,) = blocking(ecrire(logements=TABLES["logements"].replace("L3;72003", "L3;72003\u200e")))
    assert (defect.code, defect.valeur) == ("logements.commune.illisible", r"72003\u200e")


def test_a_mark_of_direction_in_a_name_is_data(ecrire):
    name = "Le \u202eMans\u202c & <Cie> =1+1"
    dossier = read_dossier(ecrire(reservataires=TABLES["reservataires"].replace("Le Mans", name)))
    assert name in dossier.reservataires["nom"].tolist()


def test_a_file_that_is_no_workbook(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("bonjour")
    assert [a.code for a in blocking(path)] == ["dossier.format_inconnu"]


def test_two_conventions(ecrire):
    folder = ecrire()
    (folder / "convention.csv").write_text("section;cle;valeur\nconvention;annee;2025\n")
    assert "convention.table_en_double" in {a.code for a in blocking(folder)}


def test_the_case_of_the_convention_file_does_not_matter(ecrire):
    folder = ecrire(convention=None)
    (folder / "Convention.TOML").write_text(CONVENTION, encoding="utf-8")
    assert blocking(folder) == []


@pytest.fixture
def classeur(tmp_path):
    """The dossier as a workbook, spoilt by a function before it is saved."""

    def write(spoil, name="essai.xlsx"):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for table, text in TABLES.items():
            sheet = book.create_sheet(table)
            for line in text.splitlines():
                sheet.append(line.split(";"))
        sheet = book.create_sheet("convention")
        for row in (
            ("section", "clé", "valeur"),
            ("convention", "annee", "2026"),
            ("hypotheses", "taux_rotation", "0,073"),
        ):
            sheet.append(row)
        spoil(book)
        out = io.BytesIO()
        book.save(out)
        path = tmp_path / name
        path.write_bytes(out.getvalue())
        return path

    return write


def test_a_sound_workbook(classeur):
    assert blocking(classeur(lambda book: None)) == []


def test_a_cell_in_error_is_not_an_absence(classeur):
    def spoil(book):
        book["reservations"]["G1"], book["reservations"]["G2"] = "date_fin", "#REF!"

    (defect,) = blocking(classeur(spoil))
    assert (defect.code, defect.feuille, defect.ligne, defect.valeur) == (
        "fichier.cellule_en_erreur",
        "reservations",
        2,
        "#REF!",
    )


def test_a_formula_never_computed_is_not_an_absence(classeur):
    def spoil(book):
        book["reservations"]["G1"], book["reservations"]["G3"] = "date_fin", "=TODAY()"

    (defect,) = blocking(classeur(spoil))
    assert (defect.code, defect.ligne) == ("fichier.formule_non_calculee", 3)


def test_merged_cells_are_not_absences(classeur):
    (defect,) = blocking(classeur(lambda book: book["logements"].merge_cells("F2:F3")))
    assert (defect.code, defect.ligne) == ("fichier.cellules_fusionnees", 2)


def test_the_same_key_twice_on_the_sheet_of_the_convention(classeur):
    path = classeur(lambda book: book["convention"].append(("convention", "annee", "2025")))
    assert [(a.code, a.ligne) for a in blocking(path)] == [("convention.cle_en_double", 4)]


def test_a_key_inside_a_value_on_the_sheet_of_the_convention(classeur):
    path = classeur(lambda book: book["convention"].append(("convention", "annee.x", "1")))
    assert [(a.code, a.ligne) for a in blocking(path)] == [("convention.cle_en_double", 4)]


def test_the_empty_sheets_of_excel_do_not_hide_a_table(ecrire, classeur):
    def spoil(book):
        for name in ("reservataires", "reservations", "convention"):
            book.remove(book[name])
        book["logements"].title = "Feuil1"
        book.create_sheet("Feuil2")

    content = classeur(spoil).read_bytes()
    folder = ecrire(logements=None)
    (folder / "logements.xlsx").write_bytes(content)
    assert blocking(folder) == []


def test_an_unreadable_table_raises_one_defect(ecrire):
    with pytest.raises(DataError) as caught:
        read_dossier(ecrire(reservations=""))
    assert caught.value.code == "fichier.vide"


def test_a_cell_in_error_outside_the_columns_that_are_read_does_no_harm(classeur):
    def spoil(book):
        book["reservations"]["G1"], book["reservations"]["G2"] = "remarque", "#REF!"

    assert blocking(classeur(spoil)) == []


def test_a_cell_in_error_is_found_where_the_first_columns_are_empty(classeur):
    def spoil(book):
        sheet = book["reservations"]
        sheet["G1"], sheet["G2"] = "date_fin", "#REF!"
        sheet.insert_cols(1, 2)

    (defect,) = blocking(classeur(spoil))
    assert (defect.code, defect.ligne, defect.colonne) == ("fichier.cellule_en_erreur", 2, "date_fin")
