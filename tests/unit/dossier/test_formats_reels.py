"""Workbooks written by a spreadsheet: the same dossier as in csv, or one clean defect."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from flux.dossier import examine, read_dossier
from flux.noyau.errors import Gravite

DONNEES = Path(__file__).parents[2] / "donnees"
TABLES = {
    "logements": """\
id_logement;commune;qpv;typologie;financement;annee_mise_location;surface;loyer;programme
101;01004;non;T2;PLUS;2001;52,5;312,45;P1
102;01004;oui;T3;PLUS;2001;64;401,20;P1
103;01283;non;T5+;PLS;1990;98,25;650;P2
104;01283;non;T4;PLAI;1990;81,5;499,9;P2
""",
    "reservataires": """\
id_reservataire;nom;categorie;territoire_type;territoire_code
prefet;Préfet de l'Ain;etat_prioritaires;departement;01
amberieu;Ambérieu-en-Bugey;commune;commune;01004
als;Action Logement;action_logement;departement;01
""",
    "reservations": """\
id_reservataire;id_logement;date_debut;date_fin;part
prefet;101;31/03/2010;31/12/2040;
amberieu;102;01/07/2015;;0,5
als;102;01/07/2015;;0,5
prefet;103;;31/12/2050;
""",
    "mouvements": "annee;nature;commune;nb\n2024;relocation;01004;1\n2025;relocation;01283;1\n",
}
CONVENTION = '[bailleur]\nnom = "Habitat inventé"\ndepartement = "01"\n[convention]\nannee = 2026\n'


@pytest.mark.parametrize("name", ["petit.xls", "petit.ods"])
def test_a_real_workbook_is_the_same_dossier(tmp_path, name):
    for table, text in TABLES.items():
        (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "convention.toml").write_text(CONVENTION, encoding="utf-8")
    expected, read = read_dossier(tmp_path), read_dossier(DONNEES / name)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(read, table), getattr(expected, table))
    assert read.convention.bailleur == expected.convention.bailleur
    said = {a.code for a in read.reparations}
    assert {"logements.commune.zero_rendu", "reservataires.territoire_code.code_retouche"} <= said


@pytest.mark.parametrize("name", ["erreurs.xls", "erreurs.ods"])
def test_what_a_spreadsheet_hides_is_refused_at_its_cell(name):
    defects = [a for a in examine(DONNEES / name).anomalies if a.code.startswith("fichier.")]
    assert {a.gravite for a in defects} == {Gravite.BLOQUANT}
    assert [(a.code, a.feuille, a.ligne) for a in defects if a.feuille == "reservations"] == [
        ("fichier.cellule_en_erreur", "reservations", 4),
        ("fichier.cellule_en_erreur", "reservations", 5),
        ("fichier.cellule_en_erreur", "reservations", 5),
    ]
    assert {cell for a in defects for cell in ("C5", "D4", "D5", "A2") if f" {cell} " in a.message} == {
        "C5", "D4", "D5", "A2",
    }  # fmt: skip


def test_the_errors_of_an_old_workbook_are_named():
    values = [a.valeur for a in examine(DONNEES / "erreurs.xls").anomalies if "erreur" in a.code]
    assert sorted(map(str, values)) == ["#DIV/0!", "#N/A", "#REF!"]


@pytest.mark.parametrize("name", ["secret.xls", "secret.ods", "secret.xlsx"])
def test_a_password_is_said_to_be_one(name):
    [defect] = examine(DONNEES / name).anomalies
    assert defect.code == "fichier.mot_de_passe"


@pytest.mark.parametrize("name", ["petit.xls", "petit.ods", "secret.xlsx"])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_workbook_cut_is_one_defect(tmp_path, capfd, name, share):
    """The reader of old workbooks panics on some of these, which is no exception of Python's."""
    content = (DONNEES / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(share * len(content))])
    [defect] = examine(path).anomalies
    assert defect.code in {"fichier.classeur_illisible", "fichier.mot_de_passe"}
    assert capfd.readouterr() == ("", "")
