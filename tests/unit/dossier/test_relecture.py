"""One fault is said once: what was found by reading the messages aloud, from dossiers made by another."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux.dossier import examine
from flux.noyau.errors import Anomalie, Gravite

CONVENTION = """\
[bailleur]
nom = "Habitat d'essai"
departement = "72"
[convention]
annee = 2026
[hypotheses]
taux_rotation = 0.073
"""
L = (
    "id_logement;commune;qpv;typologie;financement;programme;surface\n"
    "L1;72181;non;T2;PLUS;P1;45,5\nL2;72181;oui;T3;PLAI;P1;60\nL3;72003;non;T4;PLS;P2;71\n"
)
R = (
    "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
    "prefet;Préfet;etat_prioritaires;departement;72\nmans;Ville du Mans;commune;commune;72181\n"
)
D = "id_reservataire;id_logement;programme;commune;nb\nprefet;L1;;;\nmans;;P1;72181;1\n"


@pytest.fixture
def found(tmp_path: Path):
    """Every anomaly of the sound dossier with some of its files changed."""

    def read(**files: str) -> list[Anomalie]:
        sound = {"logements.csv": L, "reservataires.csv": R, "reservations.csv": D}
        named = {name.replace("__", "."): text for name, text in files.items()}
        for name, text in {**sound, "convention.toml": CONVENTION, **named}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return list(examine(tmp_path).anomalies)

    return read


def blocking(anomalies: list[Anomalie]) -> list[Anomalie]:
    return [a for a in anomalies if a.gravite is Gravite.BLOQUANT]


def test_the_sound_dossier_says_nothing(found):
    assert found() == []


def test_a_line_pushed_aside_is_one_defect(found):
    [one] = blocking(
        found(logements__csv=L.replace("L2;72181;oui;T3;PLAI;P1;60", ";L2;72181;oui;T3;PLAI;P1"))
    )
    assert (one.code, one.ligne) == ("logements.ligne_decalee", 3)
    assert "vers la droite" in one.message


def test_wrong_cells_that_no_shift_explains_are_each_said(found):
    codes = [a.code for a in blocking(found(logements__csv=L.replace(";oui;T3;PLAI;", ";peut-être;T;X;")))]
    assert codes == ["logements.qpv.illisible", "logements.typologie.illisible",
                     "logements.financement.valeur_inconnue"]  # fmt: skip


def test_a_note_under_the_table_is_one_defect_and_is_not_dropped(found):
    [one] = blocking(found(reservations__csv=D + "Source : service juridique, mars 2026;;;;\n"))
    assert (one.code, one.ligne) == ("reservations.ligne_presque_vide", 4)


def test_a_total_in_one_cell_is_a_total(found):
    [one] = found(logements__csv=L + "Total logements : 3;;;;;;\n")
    assert (one.code, one.gravite) == ("logements.ligne_total", Gravite.INFORMATION)


def test_a_column_wholly_empty_is_one_defect(found):
    empty = L.replace(";PLUS;", ";;").replace(";PLAI;", ";;").replace(";PLS;", ";;")
    [one] = blocking(found(logements__csv=empty))
    assert (one.code, one.ligne, one.colonne) == ("logements.financement.vide", None, "financement")
    assert "entièrement vide" in one.message


def test_a_missing_column_may_be_under_a_header_not_understood(found):
    [one] = blocking(found(logements__csv=L.replace(";qpv;", ";Quartier prioritaire;")))
    assert one.code == "logements.qpv.colonne_absente" and "« Quartier prioritaire »" in one.correction


def test_a_unit_between_brackets_is_read_other_words_are_not(found):
    [said] = found(logements__csv=L.replace("surface", "surface (m²)"))
    assert said.code == "logements.entetes_suffixe"
    [asked] = found(logements__csv=L.replace("surface", "Surface habitable"))
    assert (asked.gravite, "« surface »" in asked.correction) == (Gravite.A_VERIFIER, True)
    assert [a.code for a in found(logements__csv=L.replace("surface", "surface (hors annexes)"))] == [
        "logements.colonne_inconnue"
    ]


def test_rights_without_their_column_are_one_defect(found):
    lots = "id_reservataire;programme;commune;Nb de logements\nprefet;P1;72181;1\nmans;P1;72181;1\n"
    [one] = blocking(found(reservations__csv=lots))
    assert one.code == "reservations.sans_support" and "« nb »" in one.message


def test_the_rest_of_a_table_in_another_file_is_never_lost(found):
    [one] = blocking(found(**{"logements (2)__csv": L.replace("L1;", "L7;")}))
    assert (one.code, one.fichier) == ("logements.table_en_morceaux", "logements (2).csv")


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        ("Ville du Mans", "« mans »"),
        ("MANS", "« mans »"),
        ("Mairie mans", "« mans »"),
        ("Inconnu", "« mans » ou « prefet »"),
    ],
)
def test_a_holder_is_proposed_by_its_name(found, read, wanted):
    [one] = blocking(found(reservations__csv=D.replace("mans;", f"{read};")))
    assert wanted in one.correction


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("taux_rotation = 0,073", "taux_rotation = 0.073"),
        ("date = 01/02/2026", "date = 2026-02-01"),
        ('méthode = "parc"', 'methode = "parc"'),
        ("nom = Ain Habitat", 'nom = "Ain Habitat"'),
    ],
)
def test_a_line_of_the_convention_is_given_back_well_written(found, line, wanted):
    [one] = blocking(found(convention__toml=f"[convention]\nannee = 2026\n{line}\n"))
    assert one.ligne == 3 and one.correction.endswith(wanted)


def test_the_zero_of_the_departement_is_given_back_and_said(found):
    codes = [a.code for a in found(convention__toml=CONVENTION.replace('"72"', '"1"'))]
    assert "convention.bailleur.departement.zero_rendu" in codes


def test_what_is_no_table_says_what_it_is(found, tmp_path):
    (tmp_path / "mouvements.csv").write_bytes(b"%PDF-1.4\n%%EOF\n")
    assert "un document PDF" in blocking(found())[0].message
    (tmp_path / "mouvements.csv").unlink()
    (tmp_path / "mouvements.xls").write_text("<html><table></table></html>")
    assert "une page web" in blocking(found())[0].message
