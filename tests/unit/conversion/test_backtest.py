"""Hidden years: what is refused, what is said, and that the better estimator is found where there is one."""

from __future__ import annotations

import json
from html import escape
from math import comb, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fabrique import Row, dossier, logements, reservataire

from flux.conversion import Backtest, backtest
from flux.dossier import Dossier, read_dossier
from flux.noyau.errors import FluxError

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


def parc(sizes: dict[str, int], moves: list[Row], **choix: Any) -> Dossier:
    return dossier(
        logements=[
            row for k, (p, nb) in enumerate(sizes.items()) for row in logements(nb, f"{k // 3 + 1:05d}", p)
        ],
        reservataires=[reservataire("etat_prioritaires")],
        mouvements=moves,
        convention={"choix": choix},
    )


def drawn(rates: np.ndarray, size: int, seed: int, annees: int = 5) -> Dossier:
    """Programmes of `size` dwellings, three a commune, let again at their own rate, year after year."""
    rng = np.random.default_rng(seed)
    sizes = {f"P{k:03d}": size for k in range(len(rates))}
    moves: list[Row] = []
    for annee in range(2026 - annees, 2026):
        for programme, rate in zip(sizes, rates, strict=True):
            moves += [
                {"annee": annee, "nature": "relocation", "id_logement": f"{programme}-{n:05d}"}
                for n in np.flatnonzero(rng.random(size) < rate) + 1
            ]
    return parc(sizes, moves)


@pytest.fixture(scope="module")
def val_de_mire() -> Backtest:
    return backtest(read_dossier(SAMPLES / "val-de-mire"))


def test_one_year_cannot_be_hidden() -> None:
    moves = [{"annee": 2025, "nature": "relocation", "commune": "00001", "nb": 3}]
    with pytest.raises(FluxError, match="2025") as caught:
        backtest(parc({"P": 50}, moves))
    assert caught.value.code == "backtest.annees"


def test_relettings_without_place_cannot_be_compared() -> None:
    moves = [{"annee": a, "nature": "relocation", "typologie": "T3", "nb": 3} for a in (2024, 2025)]
    with pytest.raises(FluxError) as caught:
        backtest(parc({"P": 50}, moves))
    assert caught.value.code == "backtest.communes"


def test_a_single_year_before_is_said_and_excluded_years_are_left_out() -> None:
    moves = [{"annee": a, "nature": "relocation", "commune": "00001", "nb": 3} for a in range(2021, 2026)]
    found = backtest(parc({"P": 50}, moves, annees_exclues=[2022]))
    assert sorted(found.previsions["annee"].unique()) == [2023, 2024, 2025]
    assert found.avertissements == ("2023 est prévue par une seule année, 2021.",)


def test_errors_are_those_of_a_plain_computation() -> None:
    counts = {2024: 4, 2025: 7}
    moves = [{"annee": a, "nature": "relocation", "commune": "00001", "nb": n} for a, n in counts.items()]
    found = backtest(parc({"P": 50}, moves))
    one = found.previsions.loc[found.previsions["estimateur"] == "un seul taux"].iloc[0]
    assert (one["annee"], one["observees"], one["attendues"]) == (2025, 7, pytest.approx(4))
    a, b = 4.5, 46.5  # Jeffreys on 4 in 50

    def rising(x: float, n: int) -> float:
        return float(np.prod([x + i for i in range(n)]))

    chance = comb(50, 7) * rising(a, 7) * rising(b, 43) / rising(a + b, 50)
    assert one["perte"] == pytest.approx(-log(chance))
    assert "ne suffisent pas" in found.phrase


def test_unlike_programmes_are_better_told_apart_and_smoothed() -> None:
    """Small programmes with rates of their own: one rate for all loses, and raw rates lose too."""
    rates = np.random.default_rng(1).beta(4, 46, 60)
    found = backtest(drawn(rates, 12, 101)).table.set_index("estimateur")["perte"]
    assert "lissé" in found.index[0]
    assert found["un taux par programme, lissé"] < found["un taux par programme, brut"]
    assert found["un taux par commune, lissé"] < found["un taux par commune, brut"]
    assert found["un taux par programme, lissé"] < found["un seul taux"]


def test_alike_programmes_are_better_pooled() -> None:
    found = backtest(drawn(np.full(36, 0.09), 40, 7)).table.set_index("estimateur")["perte"]
    assert found["un seul taux"] < found["un taux par programme, brut"]
    assert found["un taux par programme, lissé"] == pytest.approx(found["un seul taux"], abs=0.02)


def test_on_the_sample_smoothing_predicts_better(val_de_mire: Backtest) -> None:
    table = val_de_mire.table.set_index("estimateur")
    assert table.index[0] == "un taux par commune et typologie, lissé"
    kept = table.index[table["retenu"]]
    assert list(kept) == ["un taux par commune et typologie, brut"]
    for maille in ("programme", "commune", "commune et typologie"):
        smooth, raw = (table.loc[f"un taux par {maille}, {how}"] for how in ("lissé", "brut"))
        assert smooth["perte"] < raw["perte"]
        assert smooth["erreur_moyenne"] < raw["erreur_moyenne"]
        assert smooth["couverture"] >= 0.9
    assert set(table["nb_previsions"]) == {28}
    assert "c'est net" in val_de_mire.phrase


def test_nothing_can_be_told_from_two_forecasts() -> None:
    found = backtest(read_dossier(SAMPLES / "cas-ecole"))
    assert "2 prévisions ne suffisent pas à conclure" in found.phrase


def test_its_faces(val_de_mire: Backtest) -> None:
    assert escape(val_de_mire.phrase) in val_de_mire._repr_html_()
    assert "Erreur" in repr(val_de_mire)
    made = json.loads(json.dumps(val_de_mire.to_dict()))
    assert len(made["backtest"]["previsions"]) == 28 * 7
    assert len(val_de_mire.plot().axes[0].get_yticks()) == 14
