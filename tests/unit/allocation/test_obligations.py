"""The rows of the plan beyond DALO and mixité: the State's places, rates, publics of a holder, equity."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

from flux.allocation import allocate

QuotasOf = Callable[..., Any]
STATE = ("etat", "etat_prioritaires", "departement", "72")


def row_of(plan: Any, objectif: str, porteur: str | None = None) -> pd.Series:
    rows = plan.objectifs.loc[plan.objectifs["objectif"] == objectif]
    if porteur is not None:
        rows = rows.loc[rows["porteur"] == porteur]
    (place,) = rows.index
    return rows.loc[place]


def with_qpv(state: int, exact: float, **more: Any) -> dict[str, Any]:
    """One commune of 10 dwellings outside QPV and 10 in QPV, the State and the bailleur."""
    return {
        "flux": [("72181", False, "T3", "PLUS", 10.0), ("72181", True, "T3", "PLUS", 10.0)],
        "holders": [(*STATE, state), ("bailleur", "bailleur", None, None, 20 - state)],
        "communes": [
            ("72181", "etat", exact, state, 0, 0),
            ("72181", "bailleur", 20 - exact, 20 - state, 0, 0),
        ],
        "duty": False,
        **more,
    }


def test_the_state_has_30_per_cent_outside_qpv(quotas_of: QuotasOf) -> None:
    row = row_of(allocate(quotas_of(**with_qpv(6, 6.0))), "etat_hors_qpv")
    assert (row["base"], row["seuil"], row["atteint"], row["manque"]) == (10, 3, 3, 0)
    assert row["article"].startswith("CCH, art. R. 441-5-2, II")


def test_a_quota_under_30_per_cent_is_its_own_threshold(quotas_of: QuotasOf) -> None:
    row = row_of(allocate(quotas_of(**with_qpv(2, 2.0))), "etat_hors_qpv")
    assert (row["seuil"], row["atteint"]) == (2, 2)


def test_a_stipulated_floor_is_the_parties_and_not_the_law_s(quotas_of: QuotasOf) -> None:
    stipulated = {"plancher_etat_hors_qpv": Fraction(1, 10)}
    row = row_of(allocate(quotas_of(**with_qpv(6, 6.0), stipulations=stipulated)), "etat_hors_qpv")
    assert (row["niveau"], row["seuil"]) == ("convention", 1)
    none = {"plancher_etat_hors_qpv": Fraction(0)}
    assert "etat_hors_qpv" not in set(
        allocate(quotas_of(**with_qpv(6, 6.0), stipulations=none)).objectifs["objectif"])


def two_communes_and_a_town(quotas_of: QuotasOf, **more: Any) -> Any:
    """The town's quota is all of its commune's flow: the State's share there gives way to no quota."""
    return quotas_of(
        [("72003", False, "T3", "PLUS", 4.0), ("72181", False, "T3", "PLUS", 16.0)],
        [(*STATE, 6), ("mairie", "commune", "commune", "72003", 4), ("bailleur", "bailleur", None, None, 10)],
        [("72003", "etat", 1.2, 1, 0, 1), ("72181", "etat", 4.8, 5, 0, 5), ("72003", "mairie", 2.8, 4, 0, 4),
         ("72181", "bailleur", 11.2, 10, 0, 10)],
        duty=False, **more)


def test_the_state_is_uniform_by_commune_before_the_quotas(quotas_of: QuotasOf) -> None:
    plan = allocate(two_communes_and_a_town(quotas_of))
    placed = plan.table.loc[plan.table["id_reservataire"] == "etat"].groupby("commune")["nb_exact"].sum()
    assert placed.to_dict() == pytest.approx({"72003": 1.2, "72181": 4.8})
    assert row_of(plan, "quota", "mairie")["manque"] == pytest.approx(1.2)


def test_unless_the_parties_stipulate_otherwise(quotas_of: QuotasOf) -> None:
    free = {"etat_uniforme_par_commune": False}
    plan = allocate(two_communes_and_a_town(quotas_of, stipulations=free))
    assert row_of(plan, "quota", "mairie")["manque"] == 0


def test_a_gap_of_less_than_one_dwelling_is_a_matter_of_rounding(quotas_of: QuotasOf) -> None:
    """2.7 dwellings outside QPV in the exact plan, 2 in the whole one: no conflict."""
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 2.0), ("72181", True, "T3", "PLUS", 2.0)],
        [(*STATE, 1), ("bailleur", "bailleur", None, None, 3)],
        [("72181", "etat", 1.2, 1, 1, 0), ("72181", "bailleur", 2.8, 3, 1, 2)], duty=False)
    plan = allocate(quotas)
    assert row_of(plan, "etat_hors_qpv")["manque_entier"] == 0
    assert plan.conflits.empty


def alone(**more: Any) -> dict[str, Any]:
    return {
        "flux": [("72181", False, "T3", "PLUS", 10.0)],
        "holders": [
            ("als", "action_logement", "departement", "72", 5),
            ("bailleur", "bailleur", None, None, 5),
        ],
        "communes": [("72181", "als", 5.0, 5, 0, 5), ("72181", "bailleur", 5.0, 5, 0, 5)],
        "duty": False,
        **more,
    }


def everybody(nb: int, public: str = "tous") -> list[tuple[Any, ...]]:
    return [("commune", "72181", "T3", p, q, public, nb)
            for p in ("dalo", "prioritaire", "autre") for q in ("q1", "q234")]


def test_refusals_use_more_applicants(quotas_of: QuotasOf) -> None:
    """6 × 2 applicants of whom half refuse: 6 dwellings; the 4 others find none, and 8 applicants miss."""
    quotas = quotas_of(**alone(demande=everybody(2), taux=[("refus", "72181", None, None, None, 0.5)]))
    short = allocate(quotas).objectifs.query("niveau == 'physique'")
    assert short["manque"].sum() == pytest.approx(8)
    assert quotas_of(**alone(demande=everybody(2))) is not None
    free = allocate(quotas_of(**alone(demande=everybody(2)))).objectifs.query("niveau == 'physique'")
    assert free["manque"].sum() == 0


def test_a_rate_of_one_size_prevails_over_the_commune_s(quotas_of: QuotasOf) -> None:
    rates = [("refus", "72181", None, None, None, 0.5), ("refus", "72181", None, "T3", None, 0.0)]
    plan = allocate(quotas_of(**alone(demande=everybody(2), taux=rates)))
    assert plan.objectifs.query("niveau == 'physique'")["manque"].sum() == 0


def test_action_logement_serves_the_employees_that_there_are(quotas_of: QuotasOf) -> None:
    salaries = [("commune", "72181", "T3", "dalo", "q1", "salaries", 3)]
    plan = allocate(quotas_of(**alone(demande=everybody(9) + salaries)))
    served = plan.table.loc[plan.table["id_reservataire"] == "als"]
    assert served["nb_exact"].tolist() == [pytest.approx(3.0)]
    assert row_of(plan, "quota", "als")["manque"] == pytest.approx(2)  # a fact comes before a quota


def test_the_agents_of_the_state_that_there_are(quotas_of: QuotasOf) -> None:
    agents = [
        ("commune", "72181", "T3", "autre", "q1", "agents", 1),
        ("commune", "72181", "T3", "dalo", "q234", "agents", 1),
    ]
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 10.0)],
        [("agents", "etat_agents", "departement", "72", 3), ("bailleur", "bailleur", None, None, 7)],
        [("72181", "agents", 3.0, 3, 0, 3), ("72181", "bailleur", 7.0, 7, 0, 7)],
        demande=everybody(9) + agents, duty=False)
    plan = allocate(quotas)
    assert row_of(plan, "quota", "agents")["manque"] == pytest.approx(1)
    served = plan.table.loc[plan.table["id_reservataire"] == "agents"]
    assert served[["quartile", "nb_exact"]].values.tolist() == [["q1", 1.0], ["q234", 1.0]]


def test_essential_workers_are_some_of_each_public(quotas_of: QuotasOf) -> None:
    essential = [("commune", "72181", "T3", "autre", "q234", "travailleurs_essentiels", 2)]
    plan = allocate(quotas_of(**alone(
        demande=everybody(9) + essential,
        objectifs=[("travailleurs_essentiels", "cia", None, None, 0.3, "CIA")])))
    row = row_of(plan, "travailleurs_essentiels")
    assert (row["base"], row["seuil"], row["atteint"], row["manque"]) == pytest.approx((10, 3, 2, 1))
    assert row["manque_entier"] == 1
    plenty = allocate(quotas_of(**alone(
        demande=everybody(9), objectifs=[("travailleurs_essentiels", "cia", None, None, 0.3, "CIA")])))
    assert row_of(plenty, "travailleurs_essentiels")["manque_entier"] == 0
    assert any("aucune demande connue" in said for said in plenty.hypotheses)


def test_fragile_residences_take_few_households_of_the_first_quartile(quotas_of: QuotasOf) -> None:
    """6 fragile dwellings of 10: at most a tenth to the first quartile there, the whole demand elsewhere."""
    past = [("relocation", "bail", "q1", 3, 2025, "a"), ("relocation", "bail", "q234", 1, 2024, "a"),
            ("relocation", "bail", "q1", 5, 2019, "a"), ("relocation", "bail", "q1", 5, 2025, "b")]
    quotas = quotas_of(**alone(
        flux=[("72181", False, "T3", "PLUS", True, 6.0), ("72181", False, "T3", "PLUS", False, 4.0)],
        finer="fragile", demande=everybody(5), mouvements=past,
        logements=[("a", "72181", 2.0), ("b", "72181", 1.0)],
        objectifs=[("residences_fragiles", "cia", None, None, 0.1, "CIA"),
                   ("emmenages_recents", "souhait", None, None, 0.35, None)]))
    plan = allocate(quotas)
    row, recent = row_of(plan, "residences_fragiles"), row_of(plan, "emmenages_recents")
    assert (row["base"], row["seuil"]) == pytest.approx((6, 0.6))
    assert row["manque"] == 0 and row["atteint"] <= 0.6 + 1e-9
    # of 4 recent move-ins 3 were of the first quartile: with 0.5 of 6 more, 3.5 of 10
    assert (recent["base"], recent["seuil"], recent["atteint"]) == pytest.approx((10, 3.5, 3.5))
    assert list(plan.table.columns[:4]) == ["commune", "qpv", "typologie", "financement"]
    assert "fragile" not in plan.table


def unfair(quotas_of: QuotasOf, **more: Any) -> Any:
    """Action Logement and the bailleur share T2 and T4, but one employee only asks for a T4."""
    return quotas_of(
        [("72181", False, "T2", "PLUS", 5.0), ("72181", False, "T4", "PLAI", 5.0)],
        [("als", "action_logement", "departement", "72", 5), ("bailleur", "bailleur", None, None, 5)],
        [("72181", "als", 5.0, 5, 0, 5), ("72181", "bailleur", 5.0, 5, 0, 5)],
        demande=[("commune", "72181", t, p, q, public, nb) for t, p, q, public, nb in (
            ("T2", "dalo", "q1", "tous", 9),
            ("T2", "autre", "q1", "tous", 9),
            ("T4", "dalo", "q1", "tous", 9),
            ("T4", "autre", "q1", "tous", 9),
            ("T2", "dalo", "q1", "salaries", 9),
            ("T4", "dalo", "q1", "salaries", 1))],
        duty=False, **more)


def test_equity_is_the_dwellings_to_be_exchanged(quotas_of: QuotasOf) -> None:
    """One T4 only finds an employee: Action Logement takes 4 T2 and 1 T4 instead of 2.5 of each."""
    plan = allocate(unfair(quotas_of))
    rows = plan.objectifs.loc[plan.objectifs["niveau"] == "equite"].set_index("objectif")["atteint"]
    assert rows.to_dict() == pytest.approx({"equite_typologie": 3.0, "equite_financement": 3.0})


def test_a_tolerance_is_a_stipulation(quotas_of: QuotasOf) -> None:
    plan = allocate(unfair(quotas_of, stipulations={"tolerance_equite": Fraction(1, 10)}))
    rows = plan.objectifs.loc[(plan.objectifs["niveau"] == "convention")].set_index(["objectif", "porteur"])
    assert rows.loc[("equite_typologie", "als"), ["seuil", "atteint", "manque"]].tolist() == [0.5, 1.5, 1.0]
    assert rows.loc[("equite_typologie", "als"), "manque_entier"] == 1
    assert "tolerance_equite" in rows.loc[("equite_typologie", "als"), "article"]
