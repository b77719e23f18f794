"""Vacancies as chances: closed forms on small dossiers, what is said of them, and what they rest on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import unescape
from math import comb
from pathlib import Path
from typing import Any

import pytest
from fabrique import Row, dossier, logements, reservataire

from flux.conversion import Quotas, convert
from flux.dossier import read_dossier
from flux.noyau.errors import FluxError

A, B = "00001", "00002"


def parc(nb: dict[str, int], moves: Iterable[Row] = (), choix: Any = None, **more: Any) -> Quotas:
    return convert(
        dossier(
            logements=[row for c, n in nb.items() for row in logements(n, c, f"P{c}")],
            reservataires=[reservataire("etat_prioritaires")],
            reservations=[
                {"id_reservataire": "etat_prioritaires", "programme": f"P{A}", "commune": A, "nb": 1}
            ],
            mouvements=moves,
            convention=more.pop("convention", {}),
            **more,
        ),
        **(choix or {}),
    )


def binomial(nb: int, chance: float) -> list[float]:
    return [comb(nb, k) * chance**k * (1 - chance) ** (nb - k) for k in range(nb + 1)]


def bounds(chances: list[float]) -> tuple[int, int]:
    low = next(k for k in range(len(chances)) if sum(chances[: k + 1]) >= 0.05)
    return low, next(k for k in range(len(chances)) if sum(chances[: k + 1]) >= 0.95)


def row(quotas: Quotas, commune: str) -> Any:
    return quotas.vacances.table.set_index("commune").loc[commune]


def test_one_segment_under_an_assumed_rate_is_a_binomial() -> None:
    quotas = parc({A: 20}, convention={"hypotheses": {"taux_rotation": 0.06}})
    law = binomial(20, 0.06)
    found = row(quotas, A)
    assert found["liberations"] == pytest.approx(1.2)
    assert found["chances_liberations"] == pytest.approx(1 - law[0])
    assert (found["liberations_bas"], found["liberations_haut"]) == bounds(law)
    assert any("tenu pour certain" in h for h in quotas.vacances.hypotheses)


def test_under_an_assumed_rate_communes_add_up_as_one() -> None:
    quotas = parc({A: 20, B: 30}, convention={"hypotheses": {"taux_rotation": 0.06}})
    found = quotas.vacances.ensemble.iloc[0]
    law = binomial(50, 0.06)
    assert found["chances_liberations"] == pytest.approx(1 - law[0])
    assert (found["liberations_bas"], found["liberations_haut"]) == bounds(law)


def test_the_landlords_forecast_is_a_mean_shared_out() -> None:
    quotas = parc({A: 20, B: 30}, convention={"hypotheses": {"liberations_prevues": 5}})
    assert row(quotas, A)["chances_liberations"] == pytest.approx(1 - binomial(20, 0.1)[0])
    assert row(quotas, B)["chances_liberations"] == pytest.approx(1 - binomial(30, 0.1)[0])
    assert any("prévu par le bailleur" in h for h in quotas.vacances.hypotheses)


def test_a_forecast_above_the_dwellings_still_has_a_law() -> None:
    found = row(parc({A: 4}, convention={"hypotheses": {"liberations_prevues": 6}}), A)
    assert found["liberations_bas"] <= 6 <= found["liberations_haut"]


def test_what_is_subtracted_thins_the_vacancies() -> None:
    quotas = parc(
        {A: 40},
        convention={"hypotheses": {"taux_rotation": 0.1}},
        soustractions=[{"annee": 2026, "categorie": "mutation", "etat": "previsionnel", "nb": 1}],
    )
    law = binomial(40, 0.1 * 3 / 4)
    found = row(quotas, A)
    assert found["flux_net"] == pytest.approx(3)
    assert found["chances_flux_net"] == pytest.approx(1 - law[0])
    assert (found["flux_net_bas"], found["flux_net_haut"]) == bounds(law)


def moves(counts: dict[str, int]) -> list[Row]:
    return [
        {"annee": a, "nature": "relocation", "commune": c, "typologie": "T3", "nb": n}
        for a in (2023, 2024, 2025)
        for c, n in counts.items()
    ]


def test_a_rate_that_is_shared_is_drawn_once() -> None:
    """The whole is more uncertain than the sum of independent communes would be."""
    past = moves({A: 1, B: 1})
    shared = parc({A: 40, B: 40}, past, {"segment_rotation": "aucun"}).vacances
    apart = parc({A: 40, B: 40}, past, {"segment_rotation": "commune"}).vacances
    wide = [
        v.ensemble.iloc[0]["liberations_haut"] - v.ensemble.iloc[0]["liberations_bas"]
        for v in (shared, apart)
    ]
    assert wide[0] >= wide[1]
    a, b = 6.5, 240 - 6 + 0.5  # Jeffreys on 6 relettings in 240 dwelling-years

    def none(nb: int) -> float:
        out = 1.0
        for i in range(nb):
            out *= (b + i) / (a + b + i)
        return out

    assert row(parc({A: 40, B: 40}, past, {"segment_rotation": "aucun"}), A)[
        "chances_liberations"
    ] == pytest.approx(1 - none(40))
    assert shared.ensemble.iloc[0]["chances_liberations"] == pytest.approx(1 - none(80))


def test_a_commune_where_nothing_moved_keeps_a_chance() -> None:
    quotas = parc({A: 400, B: 10}, moves({A: 30, B: 0}), {"segment_rotation": "commune"})
    assert row(quotas, B)["liberations"] == 0
    assert 0 < row(quotas, B)["chances_liberations"] < 0.3
    smooth = parc({A: 400, B: 10}, moves({A: 30, B: 0}), {"segment_rotation": "commune", "lissage": "bayes"})
    assert row(smooth, B)["liberations"] > 0
    assert any("demi-relocation" in h for h in quotas.vacances.hypotheses)
    assert not any("demi-relocation" in h for h in smooth.vacances.hypotheses)


def test_no_vacancy_at_all() -> None:
    quotas = parc({A: 10}, convention={"hypotheses": {"taux_rotation": 0}})
    found = row(quotas, A)
    assert (found["chances_liberations"], found["liberations_haut"], found["flux_net_haut"]) == (0, 0, 0)


def test_segments_and_communes_tell_one_story(val_de_mire: Quotas) -> None:
    vacances = val_de_mire.vacances
    expected = vacances.segments.groupby("commune")[["nb_logements", "liberations", "flux_net"]].sum()
    table = vacances.table.set_index("commune")[list(expected)]
    assert (table - expected).abs().max(axis=None) < 1e-9
    flux = val_de_mire.flux
    assert vacances.ensemble["liberations"].iloc[0] == pytest.approx(flux["liberations"].sum())
    assert vacances.ensemble["flux_net"].iloc[0] == pytest.approx(flux["flux_net"].sum())
    for what in ("liberations", "flux_net"):
        assert (vacances.table[f"{what}_bas"] <= vacances.table[what]).all()
        assert (vacances.table[f"{what}_haut"] >= vacances.table[what]).all()
        assert vacances.segments[f"chances_{what}"].between(0, 1).all()


def test_a_mayor_reads_a_sentence(val_de_mire: Quotas) -> None:
    said = val_de_mire.vacances.phrase("Vaux-Sainte-Croix")
    assert said.startswith(
        "Vaux-Sainte-Croix : 2,3 logements attendus, 90\u202f% de chances d'au moins un, de 0 à 5"
    )
    assert "après logements soustraits" in said
    code = val_de_mire.vacances.table.set_index("nom").loc["Vaux-Sainte-Croix", "commune"]
    assert val_de_mire.vacances.phrase(code) == said


def test_a_commune_that_is_not_there_suggests_its_neighbours(val_de_mire: Quotas) -> None:
    with pytest.raises(FluxError, match="Vaux-Sainte-Croix") as caught:
        val_de_mire.vacances.phrase("Vaux-Ste-Croix")
    assert caught.value.code == "vacances.commune_inconnue"


def test_its_faces(val_de_mire: Quotas) -> None:
    vacances = val_de_mire.vacances
    assert "Neuf fois" in repr(vacances)
    assert vacances.resume in unescape(vacances._repr_html_())
    assert vacances.resume in repr(val_de_mire)
    made = json.loads(json.dumps(vacances.to_dict()))
    assert [r["nom"] for r in made["vacances"]["table"]] == list(vacances.table["nom"])
    assert len(vacances.plot().axes[0].get_yticks()) == len(vacances.table)


@pytest.fixture(scope="module")
def val_de_mire() -> Quotas:
    return convert(read_dossier(Path(__file__).parents[3] / "data" / "samples" / "val-de-mire"))
