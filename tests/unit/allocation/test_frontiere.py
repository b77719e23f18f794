"""The frontier between two objectives: hand-made trades, proven points, what is held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flux.allocation import allocate, frontier
from flux.noyau.errors import FluxError

QuotasOf = Callable[..., Any]


@pytest.fixture(scope="module")
def traded(quotas_factory: QuotasOf) -> Any:
    """20 dwellings; fragile residences take at most a tenth of first quartiles, who are few elsewhere."""
    flow = [("72181", False, "T2", "PLUS", False, 10.0), ("72181", False, "T3", "PLUS", True, 10.0)]
    demand = [
        ("epci", "247200132", t, p, q, "tous", nb)
        for t, p, q, nb in (
            ("T2", "dalo", "q1", 4),
            ("T2", "autre", "q234", 40),
            ("T3", "dalo", "q1", 8),
            ("T3", "autre", "q234", 40),
        )
    ]
    return quotas_factory(
        flow,
        [("bailleur", "bailleur", None, None, 20)],
        [("72181", "bailleur", 20.0, 20, 0, 20)],
        demande=demand,
        objectifs=[("residences_fragiles", "cia", None, None, 0.1, None)],
        finer="fragile",
    )


def test_priority_against_fragile_residences(traded: Any) -> None:
    """A DALO household is of the first quartile: beyond 4, each one more enters a fragile residence."""
    plan = allocate(traded, couts=False)
    found = frontier(plan, "dalo_prioritaires", "residences_fragiles", points=5)
    points = found.table.loc[found.table["repere"] == "frontiere"]
    # the law holds: never under the 5 of the law; the ends are proven optima, the line between is straight
    assert points["premier"].tolist() == pytest.approx([5, 6.75, 8.5, 10.25, 12], abs=1e-5)
    assert points["second"].tolist() == pytest.approx([1, 2.75, 4.5, 6.25, 8], abs=1e-5)
    assert points["pente"].dropna().tolist() == pytest.approx([1] * 4, abs=1e-4)
    actual = found.table.iloc[-1]
    assert actual["repere"] == "plan"
    assert actual["premier"] >= 5 - 1e-6 and actual["second"] >= actual["premier"] - 4 - 1e-6


def test_two_objectives_that_are_best_together_have_one_point(two_communes: Any) -> None:
    found = frontier(allocate(two_communes, couts=False), "q1_hors_qpv", "equite_typologie")
    assert found.table["repere"].tolist() == ["frontiere", "plan"]
    assert found.table["second"].tolist() == [0, 0]
    assert "rien ne s'échange" in repr(found)


def test_faces(traded: Any) -> None:
    found = frontier(allocate(traded, couts=False), "dalo_prioritaires", "residences_fragiles", points=2)
    assert "résidences fragiles" in repr(found) and "<table" in found._repr_html_()
    assert len(found.to_dict()["table"]) == 3
    figure = found.plot()
    assert "logements" in figure.axes[0].get_xlabel()
    assert "plan actuel" in [t.get_text() for t in figure.legends[0].get_texts()]


def test_what_has_no_frontier(traded: Any) -> None:
    plan = allocate(traded, couts=False)
    for names, options, code in (
        (("dalo_prioritaire", "residences_fragiles"), {}, "frontiere.inconnu"),
        (("equite_typologie", "equite_typologie"), {}, "frontiere.identiques"),
        (("dalo_prioritaires", "residences_fragiles"), {"points": 1}, "frontiere.points"),
    ):
        with pytest.raises(FluxError) as error:
            frontier(plan, *names, **options)
        assert error.value.code == code
