"""The sample with every stage of its past year: the report against pivots of its file, by pandas alone."""

import pandas as pd
import pytest

from flux import draft_bilan

ANNEE = 2025


@pytest.fixture(scope="module")
def report(echantillon):
    return draft_bilan(echantillon, annee=ANNEE)


@pytest.fixture(scope="module")
def moves(racine):
    rows = pd.read_csv(racine / "data/samples/val-de-mire/mouvements.csv", sep=";", encoding="utf-8-sig")
    return rows.query("annee == @ANNEE")


@pytest.mark.parametrize(("colonne", "etape"), [
    ("nb_proposes", "proposition"), ("nb_attribues", "attribution"), ("nb_baux", "bail")])
def test_each_stage_adds_up_to_the_lines_of_the_file(report, moves, colonne, etape):
    frame = report.tableau("designations.reservataires").frame
    assert frame[colonne].sum() == (moves["etape"] == etape).sum()


def test_no_stage_is_missing(report):
    assert not any("non calculable" in sentence for s in report.sections[:1] for sentence in s.paragraphes)
