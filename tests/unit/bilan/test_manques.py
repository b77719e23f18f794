"""What the data does not allow is said where it is missing, column by column; nothing is made up."""

from dataclasses import replace

import pandas as pd
import pytest

from flux import FluxError, convert, draft_bilan, read_dossier

ANNEE = 2025


def said(report):
    return " ".join(p for s in report.sections for p in (*s.paragraphes, *s.puces))


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("id_reservataire", "sans réservataire"),
        ("quartile", "quartile non renseigné"),
        ("priorite", "priorite non renseigné"),
        ("date", "Arrêtés au 30 juin et au 31 décembre : non calculables"),
        ("id_logement", "Typologie : non renseigné"),
    ],
)
def test_each_missing_column_of_the_movements(val, with_table, column, sentence):
    moves = val.mouvements.assign(**{column: None})
    report = draft_bilan(with_table(val, "mouvements", moves), annee=ANNEE)
    assert sentence in said(report)
    assert f"À fournir : {column}" in said(report) or column in ("date", "id_logement")
    assert report.table["nb_baux"].sum() == 604  # nothing is lost


def test_without_account_nothing_is_counted_nor_carried(val, with_table):
    moves = val.mouvements.assign(id_reservataire=None)
    report = draft_bilan(with_table(val, "mouvements", moves), annee=ANNEE)
    rows = report.faits.comptes
    assert rows["compte"].isna().all()
    assert rows["solde_cloture"].isna().all()
    assert report.soldes.empty
    assert not [t for t in report.sections[4].tableaux if t.cle == "objectifs.dalo"]


def test_without_quartile_no_share_is_reached_nor_missed(val, with_table):
    moves = val.mouvements.assign(quartile=None)
    frame = draft_bilan(with_table(val, "mouvements", moves), annee=ANNEE).tableau("objectifs.mixite").frame
    others = frame.loc[frame["objectif"] == "autres_qpv"]
    assert others[["atteint_direct", "part_atteinte", "manque"]].isna().all(axis=None)
    assert (others["inconnu"] == others["base"]).all()


def test_without_year_of_construction(val, with_table):
    stock = val.logements.assign(annee_construction=None)
    report = draft_bilan(with_table(val, "logements", stock), annee=ANNEE)
    assert set(report.tableau("designations.periode").frame["periode"]) == {"non renseigné"}
    assert "annee_construction dans « logements »" in said(report)


def test_a_dwelling_gone_from_the_table_is_told_apart(val, with_table):
    year = val.mouvements["annee"] == ANNEE
    gone = val.mouvements.loc[year, "id_logement"].head(3)
    stock = val.logements.loc[~val.logements["id_logement"].isin(gone)]
    report = draft_bilan(with_table(val, "logements", stock), annee=ANNEE)
    assert "3 mouvements sur un logement absent" in said(report)
    assert report.table["nb_baux"].sum() == 604


def test_counts_without_dwellings_nor_accounts(racine):
    dossier = read_dossier(racine / "data/samples/cas-ecole")
    report = draft_bilan(dossier, annee=ANNEE)
    rows = pd.read_csv(racine / "data/samples/cas-ecole/mouvements.csv", sep=";", encoding="utf-8-sig")
    mine = rows.loc[rows["annee"] == ANNEE].groupby("typologie")["nb"].sum()
    got = report.tableau("designations.typologie").frame.set_index("typologie")["nb_baux"]
    assert got.to_dict() == mine.to_dict()


def test_a_year_that_nothing_precedes_has_no_quota_and_says_why(racine):
    dossier = read_dossier(racine / "data/samples/cas-ecole")
    report = draft_bilan(dossier, annee=2023)
    assert report.quotas is None
    assert "Dû et quota de 2023 : non calculables. Rien ne permet d'estimer" in said(report)
    assert report.table["nb_baux"].sum() > 0


def test_a_year_without_any_movement_is_refused(val):
    with pytest.raises(FluxError) as refusal:
        draft_bilan(val, annee=2019)
    assert refusal.value.code == "bilan.sans_mouvement"
    assert "2023, 2024, 2025" in str(refusal.value)


def test_nothing_of_the_dossier_is_changed(val, bilan):
    assert val.convention.annee == 2026
    assert bilan.annee == ANNEE


def test_a_forecast_of_vacancies_is_that_of_its_own_year(val):
    hypotheses = val.convention.hypotheses.model_copy(update={"liberations_prevues": 400})
    dossier = replace(val, convention=replace(val.convention, hypotheses=hypotheses))
    report = draft_bilan(dossier, annee=ANNEE)
    assert report.suivants.flux["liberations"].sum() == pytest.approx(400)
    assert report.quotas.flux["liberations"].sum() != pytest.approx(400)


def test_the_year_of_the_convention_itself(val, with_table):
    """Filed at the end of its own year: the quotas are those of the convention."""
    moves = val.mouvements
    last = moves.loc[moves["annee"] == ANNEE]
    later = last.assign(annee=ANNEE + 1, date=last["date"] + pd.DateOffset(years=1))
    report = draft_bilan(with_table(val, "mouvements", pd.concat([moves, later])), annee=ANNEE + 1)
    assert report.quotas.table["quota"].tolist() == convert(val).table["quota"].tolist()
    assert report.tableau("relogements.categories").frame["prevu"].sum() == 168
    assert report.faits.comptes["solde_ouverture"].sum() == pytest.approx(0.67, abs=0.01)
