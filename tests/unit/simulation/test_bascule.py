"""The result: its tables against the runs themselves, its sentences against its tables."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import flux
from flux.noyau.errors import FluxError
from flux.rendu import glossaire
from flux.simulation import Bascule, vues
from flux.simulation.ecarts import MESURES, measured
from flux.simulation.images import ImageBascule, illustrate

RUNS = 80
CONTRAT = ["id_reservataire", "territoire_code", "indicateur", "stock_moyen", "flux_moyen", "ecart_moyen",
           "ecart_q05", "ecart_q95"]
ADJECTIVES = ("important", "faible", "fort", "légère", "modér", "net", "significati", "notable", "favorable")


@pytest.fixture(scope="module")
def bascule(racine) -> Bascule:
    return flux.simulate(flux.read_dossier(racine / "data" / "samples" / "val-de-mire"), seed=2026, runs=RUNS)


@pytest.fixture(scope="module")
def ecole(racine) -> Bascule:
    return flux.simulate(flux.read_dossier(racine / "data" / "samples" / "cas-ecole"), seed=2026, runs=RUNS)


def test_the_columns_of_the_contract_come_first(bascule):
    assert list(bascule.table)[: len(CONTRAT)] == CONTRAT
    assert not bascule.table.duplicated(CONTRAT[:3]).any()


def test_every_public_column_is_explained(bascule):
    for frame in (bascule.table, bascule.groupes, bascule.communes, bascule.calendrier, bascule.objectifs):
        for column in frame:
            assert glossaire.terme(f"bascule.{column}").libelle


def test_each_row_is_made_from_its_runs(bascule):
    rows = bascule.table.loc[bascule.table["indicateur"] == "orientations"]
    for row in rows.to_dict("records")[::7]:
        stock, flow = bascule.runs_of(row["id_reservataire"], row["territoire_code"])
        ecart = flow - stock
        assert row["stock_moyen"] == pytest.approx(stock.mean())
        assert row["ecart_moyen"] == pytest.approx(ecart.mean())
        assert row["erreur"] == pytest.approx(ecart.std(ddof=1) / np.sqrt(RUNS))
        assert row["ecart_q05"] == np.quantile(ecart, 0.05, method="inverted_cdf")
        assert row["ecart_q95"] == np.quantile(ecart, 0.95, method="inverted_cdf")
        assert row["p_perte"] == np.mean(ecart < -1)
        assert row["p_gain"] == np.mean(ecart > 1)


def test_communes_and_holders_add_up(bascule):
    table = bascule.table.loc[bascule.table["indicateur"] == "orientations"]
    whole = table.loc[table["territoire_code"] == "*"].set_index("id_reservataire")
    parts = table.loc[table["territoire_code"] != "*"].groupby("id_reservataire")
    for measure in ("stock_moyen", "flux_moyen", "ecart_moyen"):
        summed = parts[measure].sum().reindex(whole.index).fillna(0.0)
        np.testing.assert_allclose(summed, whole[measure], atol=1e-9)
    places = bascule.communes
    everyone = places.loc[places["groupe"] == "*", "ecart_moyen"].sum()
    assert everyone == pytest.approx(whole["ecart_moyen"].sum())
    assert everyone == pytest.approx(-bascule.retires().mean())
    groups = places.loc[~places["groupe"].isin(["*", "reservataires"])]
    assert groups["ecart_moyen"].sum() == pytest.approx(everyone)


def test_an_unknown_value_in_a_run_is_left_out_of_the_mean_not_of_the_others():
    stock = np.array([[10.0, 1.0], [np.nan, 2.0], [14.0, 3.0]])
    flow = np.array([[11.0, 0.0], [12.0, 0.0], [13.0, 0.0]])
    first, second = measured(stock, flow)[MESURES].to_dict("records")
    assert (first["stock_moyen"], first["flux_moyen"], first["ecart_moyen"]) == (12.0, 12.0, 0.0)
    assert (first["ecart_q05"], first["ecart_q95"]) == (-1.0, 1.0)
    assert second["p_perte"] == pytest.approx(2 / 3)


def test_nothing_known_is_absent_not_zero():
    nothing = measured(np.full((3, 1), np.nan), np.zeros((3, 1)))
    assert nothing.isna().all(axis=None)


def test_quality_is_a_mean_of_the_dwellings_received(bascule):
    rows = bascule.table.set_index(CONTRAT[:3])
    for indicateur, low, high in (("loyer_moyen", 200, 800), ("surface", 30, 110),
                                  ("annee_construction", 1900, 2026)):
        values = rows.xs(indicateur, level="indicateur")[["stock_moyen", "flux_moyen"]].stack().dropna()
        assert len(values)
        assert values.between(low, high).all()
    assert rows.xs("loyer_moyen", level="indicateur")["p_perte"].isna().all()


def test_the_calendar_ends_on_the_means_and_never_goes_down(bascule):
    months = bascule.calendrier.sort_values(["id_reservataire", "regime", "mois"])
    assert (months.groupby(["id_reservataire", "regime"])["moyen"].diff().dropna() >= 0).all()
    last = months.loc[months["mois"] == 12].pivot(index="id_reservataire", columns="regime", values="moyen")
    whole = bascule.table.loc[(bascule.table["territoire_code"] == "*")
                              & (bascule.table["indicateur"] == "orientations")].set_index("id_reservataire")
    np.testing.assert_allclose(last["flux"], whole["flux_moyen"].reindex(last.index))
    ends = months.loc[months["mois"] == 12]
    np.testing.assert_allclose(ends["lineaire"], ends["moyen"])


def test_targets_are_those_of_the_plan_with_their_articles(bascule):
    asked = {(o.objectif, o.porteur) for o in bascule.plan.modele.obligations}
    rows = bascule.objectifs
    assert {*zip(rows["objectif"], rows["porteur"], strict=True)} <= asked
    followed = {"quota", "dalo_prioritaires", "q1_hors_qpv", "autres_qpv", "etat_hors_qpv"}
    assert set(rows["objectif"]) == followed
    assert rows["article"].notna().all()
    known = rows.dropna(subset=["p_atteint"])
    assert known["p_atteint"].between(0, 1).all()
    assert (known.loc[known["p_atteint"] == 1.0, "manque_moyen"] == 0).all()
    assert (known.loc[known["p_atteint"] < 1.0, "manque_moyen"] > 0).all()


def test_the_state_only_houses_priority_households_under_the_flow(bascule):
    rows = bascule.objectifs.set_index(["objectif", "porteur", "regime"])
    row = rows.loc[("dalo_prioritaires", "etat_prioritaires", "flux")]
    assert row["p_atteint"] == 1.0
    assert row["base_moyenne"] == pytest.approx(row["atteint_moyen"])


def test_a_quota_is_met_as_often_as_its_runs_say(bascule):
    rows = bascule.objectifs.set_index(["objectif", "porteur", "regime"])["p_atteint"]
    quota = bascule.quotas.table.set_index("id_reservataire").loc["employeur", "quota"]
    assert not bascule.quotas.livraisons["id_reservataire"].eq("employeur").any()
    _, flow = bascule.runs_of("employeur")
    assert rows.loc[("quota", "employeur", "flux")] == np.mean(flow >= quota)


def test_without_past_leases_targets_under_stock_are_absent_and_it_is_said(ecole):
    rows = ecole.objectifs
    unknown = rows.loc[(rows["regime"] == "stock") & (rows["objectif"] == "dalo_prioritaires")]
    assert len(unknown)
    assert unknown["p_atteint"].isna().all()
    assert rows.loc[rows["regime"] == "flux", "p_atteint"].notna().all()
    assert "faute de baux passés" in str(ecole)


def test_three_sentences_a_commune_from_figures_alone(bascule):
    assert set(bascule.phrases) == set(bascule.axes.communes)
    for code, three in bascule.phrases.items():
        assert len(three) == 3
        for phrase in three:
            assert re.search(r"\d", phrase)
            assert not any(word in phrase.lower() for word in ADJECTIVES), phrase
        assert three[0] in str(bascule.explain(code)).replace("\n", " ")
        assert "au pire des tirages" in three[2]


def test_the_worst_run_is_the_worst(bascule):
    stock, flow = bascule.runs_of("commune_00101")
    said = bascule.phrases["00101"][2].replace("−", "-")
    worst, best = map(int, re.findall(r"au (?:pire des tirages|mieux) ([+-]?\d+)", said))
    assert (worst, best) == ((flow - stock).min(), (flow - stock).max())


def test_the_other_hypothesis_is_what_its_own_simulation_gives(racine, bascule):
    other = flux.simulate(bascule.quotas.dossier, seed=2026, runs=RUNS, mutations_en_stock="retirees")
    stock, flow = other.runs_of("commune_00101")
    mine = bascule.runs_of("commune_00101")
    expected = mine[1] - mine[0] + bascule.retires("commune_00101")
    np.testing.assert_array_equal(flow - stock, expected)
    for rows in (vues.holders, vues.communes, vues.groups):
        for one, reading in ((bascule, other), (other, bascule)):
            keys = [c for c in ("id_reservataire", "commune", "groupe") if c in rows(one)]
            both = rows(one).merge(rows(reading), on=keys, suffixes=("", "_lu"))
            np.testing.assert_allclose(both["ecart_autre"], both["ecart_moyen_lu"], atol=1e-9)


def test_groups_add_up_run_by_run(bascule):
    rows = bascule.groupes.set_index("groupe")
    stock, flow = bascule.runs_of("reservataires")
    assert rows.loc["reservataires", "ecart_q05"] == np.quantile(flow - stock, 0.05, method="inverted_cdf")
    own = rows["ecart_moyen"].drop(["reservataires", rows.index[-1]])
    assert own.sum() == pytest.approx(rows.loc["reservataires", "ecart_moyen"])


def test_many_rows_are_cut_at_both_ends_and_the_title_says_so(bascule, monkeypatch):
    monkeypatch.setattr(vues, "MOST", 2)
    _, holders, communes, targets = bascule.vue().tableaux
    assert len(holders.frame) == len(communes.frame) == 4
    assert "2 écarts les plus bas" in holders.titre
    assert holders.frame["ecart_moyen"].is_monotonic_increasing
    assert "4 moins souvent atteints" in targets.titre
    assert targets.frame["porteur"].isin(["tous", "État"]).any()


def test_what_mutations_take_is_said_only_where_there_are_any(bascule):
    assert any("hors mutations et relogements, il lui reste" in note for note in bascule.hypotheses)


@pytest.mark.parametrize("sample", ["bascule", "ecole"])
def test_means_under_stock_are_what_is_expected_without_a_draw(request, sample):
    lived = request.getfixturevalue(sample)
    cells = lived.decomposition.ensemble.set_index(["id_reservataire", "commune"])
    expected = cells["stock"].to_dict()
    table = lived.table.loc[lived.table["indicateur"] == "orientations"]
    for row in table.to_dict("records"):
        cell = row["id_reservataire"], row["territoire_code"]
        stock, _ = lived.runs_of(*cell)
        # the draws of a cell that is almost always empty have no deviation to speak of
        error = max(stock.std(ddof=1), np.sqrt(expected.get(cell, 0.0)), 0.05) / np.sqrt(RUNS)
        assert abs(row["stock_moyen"] - expected.get(cell, 0.0)) < 4.5 * error, cell


def test_a_commune_is_told_why(bascule):
    told = bascule.explain("00101")
    stock, _ = bascule.runs_of("commune_00101")
    assert float(told.causes.stock) == pytest.approx(stock.mean(), abs=2.5)
    assert sum(told.causes.effets.values()) == told.causes.flux - told.causes.stock
    assert "Mutations et relogements" in str(told)


def test_a_commune_without_holder_speaks_of_all(bascule):
    assert bascule.phrases["00107"][0].startswith("Tous les réservataires dans la commune")


def test_a_commune_by_its_name_or_a_close_one(bascule):
    assert bascule.explain("mire la ville").commune == "00101"
    with pytest.raises(FluxError, match="Mire-la-Ville") as caught:
        bascule.explain("Mire-la-Vile")
    assert caught.value.code == "explication.inconnu"


def test_runs_are_of_whom_one_names(bascule):
    state = sum(bascule.runs_of(r, "00101")[1] for r in ("etat_agents", "etat_prioritaires"))
    np.testing.assert_array_equal(bascule.runs_of("etat", "00101")[1], state)
    everyone = bascule.runs_of("reservataires")[0] + bascule.runs_of("bailleur")[0]
    np.testing.assert_array_equal(bascule.runs_of("*")[0], everyone)
    # in the simulation, and never served there: nothing, not an error
    assert not bascule.runs_of("commune_00101", "00102")[1].any()
    for asked in (("commune_0010",), ("commune_00101", "99999")):
        with pytest.raises(FluxError) as caught:
            bascule.runs_of(*asked)
        assert caught.value.code == "explication.inconnu"


def test_envy_is_of_one_run(ecole):
    mine = ecole.envie(run=3)
    assert mine.table.equals(ecole.envie(run=3).table)
    assert "tirage 3" in str(mine)
    assert not mine.table.equals(ecole.envie(run=3, regime="stock").table)
    with pytest.raises(FluxError) as caught:
        ecole.envie(regime="flot")
    assert caught.value.code == "simulation.regime"


def test_it_shows_itself_in_french(bascule):
    said = str(bascule)
    for words in ("Action Logement", "Mutations et relogements", "non donnés, pris à zéro", "tirages"):
        assert words in said
    assert "<table" in bascule._repr_html_()


def test_json_holds_the_stages_before(bascule):
    answer = json.loads(json.dumps(bascule.to_dict(), allow_nan=False))
    assert answer["commande"] == "simulate"
    assert {"quotas", "plan", "bascule", "regles", "choix", "sources"} <= set(answer)
    assert {"table", "runs", "seed"} <= set(answer["bascule"])
    assert (answer["bascule"]["runs"], answer["bascule"]["seed"]) == (RUNS, 2026)
    rows = answer["bascule"]["table"]
    assert rows == sorted(rows, key=lambda r: (r["id_reservataire"], r["territoire_code"], r["indicateur"]))


@pytest.mark.parametrize("genre", list(ImageBascule))
def test_pictures_say_their_figures(bascule, genre):
    picture = illustrate(bascule, genre)
    assert picture.titre
    assert re.search(r"\d", picture.alternative)
    assert picture.png.startswith(b"\x89PNG")
    assert bascule.plot(genre) is not None


def test_an_unknown_picture_is_refused(bascule):
    with pytest.raises(FluxError) as caught:
        bascule.plot("commune")
    assert caught.value.code == "image.inconnue"


def test_the_guide_runs(racine, monkeypatch):
    guide = (racine / "docs" / "bascule.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", guide, flags=re.DOTALL)
    monkeypatch.chdir(racine)
    names: dict[str, object] = {}
    exec(compile(code.replace("runs=1_000", "runs=20"), "bascule.md", "exec"), names)
    assert isinstance(names["bascule"], Bascule)


def test_the_result_is_not_changed_by_being_read(bascule):
    before = bascule.table.copy()
    str(bascule), bascule.to_dict(), bascule.phrases, bascule.explain("00101")
    assert bascule.table.equals(before)
