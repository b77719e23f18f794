"""Anomalies grouped: what many cells have in common is said once, in a terminal and in a notebook."""

from __future__ import annotations

import pytest

import flux.rendu.anomalies as rendu
from flux.noyau.errors import Anomalie, DataError, Gravite


def wrong(ligne: int, valeur: str, correction: str = "Corriger la cellule.") -> Anomalie:
    return Anomalie(
        code="logements.qpv.illisible",
        message="Valeur illisible",
        fichier="logements.csv",
        ligne=ligne,
        colonne="qpv",
        valeur=valeur,
        attendu="oui ou non",
        correction=correction,
    )


REST = Anomalie(
    code="logements.qpv.illisible",
    message="Valeur illisible : 100 autres cellules",
    fichier="logements.csv",
    colonne="qpv",
    lignes=range(60, 160),
)
REPAIR = Anomalie(
    code="logements.commune.zero_rendu",
    message="Zéro perdu (2 cellules : lignes 3, 9)",
    gravite=Gravite.INFORMATION,
    fichier="logements.csv",
    colonne="commune",
    lignes=[3, 9],
)


def test_many_alike_are_one_paragraph():
    text = rendu.texte([REPAIR, *(wrong(i, f"x{i}") for i in range(2, 7)), REST])
    assert text.splitlines() == [
        "logements.csv",
        "  [bloquant] colonne « qpv » : Valeur illisible (105 fois)",
        "      ligne 2, lu « x2 »",
        "      ligne 3, lu « x3 »",
        "      ligne 4, lu « x4 »",
        "      ligne 5, lu « x5 »",
        "      ligne 6, lu « x6 »",
        "      … et 100 autres : lignes 60-159",
        "      Attendu : oui ou non",
        "      À faire : Corriger la cellule.",
        "  [information] colonne « commune » : Zéro perdu (2 cellules : lignes 3, 9)",
    ]


def test_a_remedy_of_its_own_stays_with_its_place():
    text = rendu.texte([wrong(2, "ouii", "Vouliez-vous dire « oui » ?"), wrong(3, "nn", "Corriger.")])
    assert "ligne 2, lu « ouii » : Vouliez-vous dire « oui » ?" in text
    assert "À faire" not in text


def test_how_many_of_each_grade():
    assert rendu.bilan([wrong(2, "x"), REST, REPAIR]) == "101 défauts bloquants, 2 informations"
    assert rendu.bilan([]) == "aucun défaut, aucune correction"


def test_grades_are_painted_on_request():
    assert "\033[31m[bloquant]\033[0m" in rendu.texte([wrong(2, "x")], couleur=True)
    assert "\033" not in rendu.texte([wrong(2, "\033[31mx")])


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "a & b"])
def test_a_notebook_shows_text_as_text(value):
    shown = DataError([wrong(2, value)])._repr_html_()
    assert shown is not None and value not in shown
    assert rendu.TEINTES[Gravite.BLOQUANT] in shown and "1 défaut bloquant" in shown
    assert "<script" not in shown and "<style" not in shown
