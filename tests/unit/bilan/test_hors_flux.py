"""B2, B3 and B6: what is out of the flow, what is forecast, what moved the base and the rights."""

import pandas as pd
import pytest

from flux import convert, draft_bilan

ANNEE = 2025


def csv(racine, nom):
    folder = racine / "data/samples/val-de-mire"
    return pd.read_csv(
        folder / f"{nom}.csv", sep=";", decimal=",", encoding="utf-8-sig", dtype={"commune": str}
    )


def test_mutations_and_relogements_by_category(bilan, baux, racine):
    got = bilan.tableau("relogements.categories").frame.set_index("categorie")
    mine = baux.loc[baux["porteur"] == "hors_flux"]
    assert got["nb_baux"].astype(int).to_dict() == mine["nature_x"].value_counts().to_dict()
    declared = csv(racine, "soustractions").query("annee == @ANNEE and etat == 'realise'")
    assert got["realise"].astype(int).to_dict() == declared.groupby("categorie")["nb"].sum().to_dict()
    assert (got["retenu"] == got["realise"]).all()
    assert "146 déclarés, 144 baux" in " ".join(bilan.sections[2].puces)


def test_mutations_and_relogements_by_commune(bilan, baux):
    got = bilan.tableau("relogements.communes").frame
    mine = baux.loc[baux["porteur"] == "hors_flux"]
    assert got["nb_baux"].sum() == len(mine)
    assert sorted(got["nb_baux"]) == sorted(mine["commune"].value_counts())


def test_without_declared_subtractions_the_leases_are_retained(val, with_table):
    report = draft_bilan(with_table(val, "soustractions", val.soustractions.head(0)), annee=ANNEE)
    got = report.tableau("relogements.categories").frame
    assert (got["retenu"] == got["nb_baux"]).all()
    assert got["realise"].isna().all()


def test_the_forecast_is_that_of_the_conversion(bilan, val, racine):
    quotas = convert(val)
    planned = csv(racine, "soustractions").query("annee == 2026 and etat == 'previsionnel'")
    got = bilan.tableau("prevision.soustractions").frame.set_index("categorie")["nb"]
    assert got.to_dict() == planned.groupby("categorie")["nb"].sum().to_dict()
    shares = bilan.tableau("prevision.quotas").frame
    assert shares["quota"].sum() == quotas.exact["flux_a_partager"]
    steps = bilan.tableau("prevision.flux").frame.set_index("ligne")["nb"]
    assert steps.iloc[:-1].sum() == pytest.approx(steps.iloc[-1])
    assert steps["Report de l'année précédente"] == pytest.approx(0.38)


def test_the_base_goes_from_one_year_to_the_next(bilan, racine):
    rows = bilan.tableau("evolution.assiette").frame["nb"].tolist()
    assert rows[0] + sum(rows[1:-1]) == rows[-1]
    out = pd.to_datetime(csv(racine, "logements")["date_sortie"])
    sold = ((out > "2025-01-01") & (out <= "2026-01-01")).sum()
    moves = bilan.tableau("evolution.communes").frame
    assert -moves.loc[moves["nature"] == "vente", "effet_assiette"].sum() == sold
    stock = csv(racine, "logements").query("occupation in [1, 2, 6]")
    arrived = (stock["annee_mise_location"] == ANNEE).sum()
    assert moves.loc[moves["nature"] == "livraison", "effet_assiette"].sum() == arrived


def test_the_rights_that_ended_are_those_of_the_register(bilan, val):
    before, after = bilan.faits.quotas, bilan.faits.suivants
    moved = bilan.tableau("evolution.droits").frame.groupby("porteur")["effet_droits"].sum()
    gap = (
        after.droits.groupby("id_reservataire")["nb"].sum()
        - before.droits.groupby("id_reservataire")["nb"].sum()
    )
    for ident, effect in moved.items():
        assert float(gap[ident]) == pytest.approx(effect)
