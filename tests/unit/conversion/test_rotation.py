"""Turnover of a dossier: raw and smoothed, at every grain, with what it says of itself."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from fabrique import Row, dossier, logements, reservataire
from hypothesis import given, settings
from hypothesis import strategies as st

from flux.conversion import Quotas, convert
from flux.conversion.assiette import classify
from flux.conversion.rotation import pooled_turnover
from flux.dossier import Dossier
from flux.loi import regles

COMMUNES = ("00001", "00002", "00003", "00004")
COUNTS = {"00001": (600, 30), "00002": (60, 9), "00003": (30, 1), "00004": (10, 2)}


def relettings(annee: int, commune: str, nb: int, **more: Any) -> Row:
    return {"annee": annee, "nature": "relocation", "commune": commune, "typologie": "T3", "nb": nb, **more}


def parc(moves: list[Row] | None = None, more: list[Row] | None = None, **convention: Any) -> Dossier:
    """Four communes of one programme each; by default the same relettings in 2023, 2024 and 2025."""
    stock = [row for c, (nb, _) in COUNTS.items() for row in logements(nb, c, f"P{c}")]
    past = [relettings(a, c, y) for a in (2023, 2024, 2025) for c, (_, y) in COUNTS.items()]
    return dossier(
        logements=stock + (more or []),
        reservataires=[reservataire("etat_prioritaires"), reservataire("action_logement")],
        reservations=[
            {"id_reservataire": h, "programme": "P00001", "commune": "00001", "nb": 100}
            for h in ("etat_prioritaires", "action_logement")
        ],
        mouvements=past if moves is None else moves,
        convention=convention,
    )


def rates(quotas: Quotas) -> dict[str, float]:
    return dict(zip(quotas.rotation["groupe"], quotas.rotation["taux"], strict=True))


@pytest.mark.parametrize("maille", ["programme", "commune", "commune_typologie"])
def test_raw_rates_are_relettings_over_dwellings(maille: str) -> None:
    moves = None
    if maille == "programme":
        moves = [
            {"annee": a, "nature": "relocation", "programme": f"P{c}", "nb": y}
            for a in (2023, 2024, 2025)
            for c, (_, y) in COUNTS.items()
        ]
    quotas = convert(parc(moves), segment_rotation=maille)
    assert list(rates(quotas).values()) == pytest.approx([0.05, 0.15, 1 / 30, 0.2])
    assert (quotas.rotation["taux_brut"] == quotas.rotation["taux"]).all()
    assert quotas.rotation["taux_bas"].lt(quotas.rotation["taux"]).all()
    assert quotas.rotation["taux_haut"].gt(quotas.rotation["taux"]).all()
    assert "commune" not in quotas.rotation or maille != "programme"


def test_a_small_commune_is_drawn_to_the_others_and_the_sum_is_kept() -> None:
    raw, smooth = (
        convert(parc(), segment_rotation="commune"),
        convert(parc(), segment_rotation="commune", lissage="bayes"),
    )
    assert list(smooth.rotation["taux_brut"]) == list(raw.rotation["taux"])
    before, after = rates(raw), rates(smooth)
    assert before["00003"] < after["00003"] < after["00002"] < before["00002"]
    assert after["00001"] == pytest.approx(before["00001"], abs=0.004)
    given_back = (smooth.rotation["taux"] * smooth.rotation["nb_stock"]).sum()
    assert given_back == pytest.approx(smooth.rotation["nb_relocations"].sum())
    assert (smooth.rotation["effectif_equivalent"] > smooth.rotation["nb_stock"]).all()
    assert any("lissés" in h for h in smooth.hypotheses)


def test_the_rate_retained_is_a_decimal_of_12_digits() -> None:
    smooth = convert(parc(), segment_rotation="commune", lissage="bayes")
    for e in smooth.vacances.rotation.estimations.values():
        assert (e.taux * 10**12).denominator == 1


def test_a_typology_is_drawn_to_the_same_elsewhere() -> None:
    more = [row for c in COMMUNES for row in logements(50, c, f"Q{c}", typologie="T1")]
    moves = [relettings(2025, c, y) for c, (_, y) in COUNTS.items()]
    moves += [relettings(2025, c, y, typologie="T1") for c, y in zip(COMMUNES, (9, 16, 5, 14), strict=True)]
    quotas = convert(parc(moves, more), segment_rotation="commune_typologie", lissage="bayes")
    found = rates(quotas)
    assert all(0.15 < found[f"{c} · T1"] < 0.29 for c in COMMUNES)
    assert found["00003 · T3"] < 0.15


def test_one_rate_for_all_has_nothing_to_smooth() -> None:
    raw, smooth = (convert(parc(), segment_rotation="aucun", lissage=how) for how in ("aucun", "bayes"))
    assert rates(raw) == rates(smooth) == {"ensemble": 42 / 700}
    assert raw.table.equals(smooth.table)
    assert any("sans objet" in h for h in smooth.hypotheses)


@pytest.mark.parametrize("lissage", ["aucun", "bayes"])
def test_no_reletting_at_all_gives_a_rate_of_zero_and_no_certainty(lissage: str) -> None:
    moves = [relettings(2025, c, 0) for c in COMMUNES]
    quotas = convert(parc(moves), segment_rotation="commune", lissage=lissage)
    assert set(rates(quotas).values()) == {0.0}
    assert quotas.rotation["taux_haut"].gt(0).all()
    assert quotas.exact["flux_net"] == 0


@pytest.mark.parametrize("lissage", ["aucun", "bayes"])
def test_more_relettings_than_dwellings_in_a_year(lissage: str) -> None:
    moves = [relettings(2025, c, y) for c, (_, y) in COUNTS.items() if c != "00004"]
    moves.append(relettings(2025, "00004", 13))
    quotas = convert(parc(moves), segment_rotation="commune", lissage=lissage)
    assert any("2 baux par logement" in a for a in quotas.avertissements)
    table = quotas.vacances.table.set_index("commune")
    if lissage == "aucun":
        assert rates(quotas)["00004"] == 1.3
        assert table.loc["00004", "liberations_haut"] > 10
    assert (table["liberations_bas"] <= table["liberations"]).all()


def test_years_left_out_are_left_out_of_the_smoothing_too() -> None:
    wild = [relettings(2024, c, nb // 2) for c, (nb, _) in COUNTS.items()]
    calm = [relettings(a, c, y) for a in (2023, 2025) for c, (_, y) in COUNTS.items()]
    choice = {"segment_rotation": "commune", "lissage": "bayes"}
    kept = convert(parc(calm + wild), annees_exclues=[2024], **choice)
    assert rates(kept) == rates(convert(parc(calm), **choice))
    last = convert(parc(calm + wild), fenetre_rotation=1, **choice)
    assert list(last.rotation["nb_stock"]) == [600, 60, 30, 10]


def test_a_new_programme_takes_the_mean_rate() -> None:
    new = logements(20, "00004", "NEUF", annee_mise_location=2025)
    moves = [
        {"annee": 2025, "nature": "relocation", "programme": f"P{c}", "nb": y} for c, (_, y) in COUNTS.items()
    ]
    quotas = convert(parc(moves, new), segment_rotation="programme", lissage="bayes")
    estimations = quotas.vacances.rotation.estimations
    assert estimations["NEUF"].taux == estimations["P00001"].centre
    assert any("programmes récents" in h and "du parc" in h for h in quotas.hypotheses)


def test_without_movement_there_is_nothing_to_smooth() -> None:
    quotas = convert(parc([], hypotheses={"taux_rotation": 0.07}), lissage="bayes")
    assert quotas.exact["flux_net"] == Fraction(7, 100) * 700
    assert any("pas de taux de rotation à lisser" in a for a in quotas.avertissements)


@pytest.mark.parametrize("lissage", ["aucun", "bayes"])
@pytest.mark.parametrize("maille", ["commune", "commune_typologie", "aucun"])
def test_the_proof_leads_to_the_rate(maille: str, lissage: str) -> None:
    quotas = convert(parc(), segment_rotation=maille, lissage=lissage)
    figures = [f for _, f in quotas.explain("etat_prioritaires").figure.walk()]
    found = {f.nom: f.valeur for f in figures if f.unite == "par an" and f.nom.startswith("taux de rotation")}
    assert set(found.values()) & set(quotas.vacances.rotation.taux.values())
    assert any("lissé" in nom for nom in found) == (lissage == "bayes" and maille != "aucun")
    counts = {f.valeur for f in figures if f.unite == "logements × années" and f.source}
    assert counts & {Fraction(3 * nb) for nb in (600, 700)}


@settings(max_examples=6, deadline=None)
@given(st.permutations(range(12)), st.sampled_from(["programme", "commune"]))
def test_the_order_of_rows_changes_nothing(order: list[int], maille: str) -> None:
    moves = [
        {"annee": a, "nature": "relocation", "programme": f"P{c}", "nb": y}
        for a in (2023, 2024, 2025)
        for c, (_, y) in COUNTS.items()
    ]
    found = []
    for rows in (moves, [moves[k] for k in order]):
        case = parc(rows).with_choix(segment_rotation=maille, lissage="bayes")
        found.append(pooled_turnover(case, classify(case, regles("2026-01-01"), frozenset())).table)
    assert found[0].equals(found[1])
