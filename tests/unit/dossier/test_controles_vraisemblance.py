"""What is readable and cannot be true is refused, or said."""

from __future__ import annotations

import pytest

from flux.dossier.lecture import examine

from .conftest import CONVENTION, TABLES

SOLDES = "id_reservataire;annee;commune;solde;annee_ouverture\n"
MOUVEMENTS = "annee;nature;commune;nb\n"


def said(path):
    return {(a.code, a.gravite.value, a.ligne) for a in examine(path).anomalies}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("mans;2025;72181;0,4;\n*;2025;;0,38;\nmans;2025;72003;-0,4;2026\n", set()),
        ("mans;2024;72181;0,4;\n", {("soldes.annee.ancienne", "a_verifier", 2)}),
        ("mans;2026;72181;0,4;\n", {("soldes.annee.a_venir", "bloquant", 2)}),
        ("mans;2025;72181;0,4;2030\n", {("soldes.annee_ouverture.a_venir", "bloquant", 2)}),
        ("mans;2025;72181;1;\nmans;2025;72181;1;\n", {("soldes.doublon", "bloquant", 3)}),
        ("mans;2025;;1;\nmans;2025;;1;\n", {("soldes.doublon", "bloquant", 3)}),
        ("mans;2025;72181;-1000000000;\n", {("soldes.solde.impossible", "bloquant", 2)}),
        ("*;2025;;2;\n", {("soldes.solde.impossible", "bloquant", 2)}),
    ],
)
def test_balances(ecrire, rows, expected):
    assert said(ecrire(soldes=SOLDES + rows)) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("2025;relocation;72181;2\n2025;mutation;72003;1\n", set()),
        (
            "2024;relocation;72181;1\n2025;relocation;72181;1000\n",
            {("mouvements.nb.plus_que_le_parc", "bloquant", 3)},
        ),
        ("2025;premiere_location;72181;1000\n2025;relocation;72181;1\n", set()),
        (
            "2026;relocation;72181;1\n2025;relocation;72181;1\n",
            {("mouvements.annee.a_venir", "a_verifier", 2)},
        ),
    ],
)
def test_movements(ecrire, rows, expected):
    assert said(ecrire(mouvements=MOUVEMENTS + rows)) == expected


def test_vacancies_expected_beyond_the_stock(ecrire):
    path = ecrire(convention=CONVENTION + "liberations_prevues = 1e300\n")
    assert ("convention.hypotheses.liberations_prevues.impossible", "bloquant", None) in said(path)


def test_a_dwelling_of_another_departement_is_left_out_and_said(ecrire):
    path = ecrire(logements=TABLES["logements"] + "L4;01004;non;T2;PLUS;P9\n")
    assert said(path) == {("logements.commune.autre_departement", "a_verifier", 5)}


def test_no_dwelling_in_the_departement_of_the_convention(ecrire):
    path = ecrire(convention=CONVENTION.replace('"72"', '"01"'))
    assert ("convention.bailleur.departement.sans_logement", "bloquant", None) in said(path)


@pytest.mark.parametrize("word", ["bailleur", "Bailleur", "BAILLEUR"])
def test_a_reserved_word_whatever_its_case(ecrire, word):
    path = ecrire(reservataires=TABLES["reservataires"] + f"{word};X;autre;departement;72\n")
    assert ("reservataires.id_reservataire.reserve", "bloquant", 6) in said(path)
