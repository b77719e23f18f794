"""Accounts at their bounds: what opens, what a ceiling takes for good, what it keeps."""

from __future__ import annotations

from fractions import Fraction as F
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from flux.conversion.arrondi import Plafond
from flux.conversion.comptes import Ouverture, _ceiling, after_losses, lost_to_ceilings, opening
from flux.noyau.provenance import Figure

SHARE = Figure(valeur=F(1, 5), nom="part maximale", unite="part")


def row(ident: str, annee: int, commune: str | None, solde: float, ouverture: float | None = None,
        flux: float | None = None, nb: float | None = None, garantie: float | None = None) -> dict[str, Any]:
    return {"id_reservataire": ident, "annee": annee, "commune": commune, "solde": solde,
            "annee_ouverture": ouverture, "flux_cumule": flux, "nb_cumule": nb,
            "nb_garantie_cumule": garantie}


def opened(*rows: dict[str, Any], report: str = "integral", solde_max: F = F(1)) -> Ouverture:
    choix = SimpleNamespace(report_solde=report, solde_max=solde_max)
    dossier: Any = SimpleNamespace(
        soldes=pd.DataFrame(rows), convention=SimpleNamespace(annee=2026, choix=choix))
    return opening(dossier)


def test_only_the_balances_of_last_year_open_it_and_the_star_is_nobody() -> None:
    found = opened(row("r", 2025, "c", 0.4), row("r", 2024, "c", 9.0), row("r", 2026, "c", 9.0),
                   row("*", 2025, None, 0.3))
    assert found.soldes == {("r", "c"): F(2, 5)}


def test_two_rows_of_one_account_add_up_and_the_oldest_opening_prevails() -> None:
    found = opened(row("r", 2025, "c", 0.4, 2023, 2.5, 3, 2), row("r", 2025, "c", 0.25, 2021, 1.5, 2, 1),
                   row("r", 2025, None, -1.0, 2024))
    assert found.soldes == {("r", "c"): F(13, 20), ("r", None): F(-1)}
    assert found.annee_ouverture == {"r": 2021}
    assert found.flux_cumule == {("r", "c"): F(4), ("r", None): F(0)}
    assert found.nb_cumule == {("r", "c"): 5, ("r", None): 0}
    assert found.nb_garantie_cumule == {("r", "c"): 3, ("r", None): 0}
    assert found.flow_since("r") == 4 and found.flow_since("s") == 0
    assert found.of(found.nb_cumule, "r") == 5


def test_balances_not_carried_are_dropped_and_the_rest_of_the_account_stays() -> None:
    found = opened(row("r", 2025, "c", 0.4, 2023, 2.5, 3), report="aucun")
    assert found.soldes == {("r", "c"): F(0)} and found.flux_cumule == {("r", "c"): F(5, 2)}


def test_balances_bounded_are_bounded_together_and_only_above_the_bound() -> None:
    rows = (row("r", 2025, "c", 3.0), row("r", 2025, "d", -1.0), row("s", 2025, "c", -4.0),
            row("t", 2025, "c", 1.5), row("u", 2025, "c", -0.5))
    found = opened(*rows, report="plafonne", solde_max=F(3, 2))
    assert found.soldes == {("r", "c"): F(9, 4), ("r", "d"): F(-3, 4), ("s", "c"): F(-3, 2),
                            ("t", "c"): F(3, 2), ("u", "c"): F(-1, 2)}


# ── annuel or cumule ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("flow", "annual", "cumule"), [
    ("5", True, False),  # one whole dwelling just reached
    ("4.99", True, True),
    ("5", False, True),
])
def test_under_one_dwelling_a_ceiling_is_judged_since_the_opening(
        flow: str, annual: bool, cumule: bool) -> None:
    account = Ouverture({}, {}, {("r", "c"): F(20), ("s", "c"): F(30), ("r", "d"): F(5)},
                        {("r", "c"): 2, ("s", "c"): 3, ("t", "c"): 9}, {})
    found = _ceiling("etat", "00", ["r", "s"], SHARE, F(flow), F(1), annual, account)
    assert found.cumule is cumule
    assert found.nb_ouverture == (5 if cumule else 0)
    assert found.flux == F(flow) + (30 if cumule else 0)
    assert found.membres == found.porteurs == ("r", "s")


# ── what the ceilings refuse ──────────────────────────────────────────────────────────────────────


def ceiling(*members: str, nb: int, cumule: bool = False) -> Plafond:
    return Plafond("groupe", "00", members, SHARE, F(5 * nb), F(0), cumule)


def test_what_a_ceiling_refuses_is_lost_in_proportion_to_what_each_lacks() -> None:
    lost = lost_to_ceilings({"a": F(5, 2), "b": F(3, 2)}, {"a": 2, "b": 1}, [ceiling("a", "b", nb=3)], {})
    assert lost == {"a": F(1, 2), "b": F(1, 2)}
    lost = lost_to_ceilings({"a": F(11, 4), "b": F(5, 4)}, {"a": 2, "b": 2}, [ceiling("a", "b", nb=3)], {})
    assert lost == {"a": F(3, 4), "b": F(0)}  # at most what it lacks
    dues, nb = {"a": F(5, 2), "b": F(3, 2), "c": F(9, 5)}, {"a": 2, "b": 1, "c": 2}
    lost = lost_to_ceilings(dues, nb, [ceiling("a", "b", "c", nb=5)], {})
    assert lost == {"a": F(2, 5), "b": F(2, 5), "c": F(0)}  # 0.8 is refused: the 0.2 that c has is not


def test_a_ceiling_that_is_not_reached_refuses_nothing() -> None:
    assert lost_to_ceilings({"a": F(7, 2)}, {"a": 2}, [ceiling("a", nb=3)], {}) == {}
    assert lost_to_ceilings({"a": F(3)}, {"a": 3}, [ceiling("a", nb=3)], {}) == {}


def test_a_ceiling_that_rounding_alone_fills_refuses_nothing() -> None:
    """1.5 + 1.2, or 1.5 + 1.5, is not above 3: what a lacks, b has; no ceiling took it."""
    for b in (F(6, 5), F(3, 2)):
        dues, nb = {"a": F(3, 2), "b": b}, {"a": 1, "b": 2}
        assert lost_to_ceilings(dues, nb, [ceiling("a", "b", nb=3)], {}) == {}


def test_in_cumule_what_is_refused_stays_and_the_wider_ceiling_does_not_take_it() -> None:
    dues, nb = {"a": F(5, 2), "b": F(2)}, {"a": 2, "b": 2}
    assert lost_to_ceilings(dues, nb, [ceiling("a", nb=2, cumule=True), ceiling("a", "b", nb=4)], {}) == {}
    assert lost_to_ceilings(dues, nb, [ceiling("a", nb=2), ceiling("a", "b", nb=4)], {}) == {"a": F(1, 2)}


def test_what_was_lost_before_the_rounding_is_not_lost_twice() -> None:
    before = {"a": F(1, 4)}
    lost = lost_to_ceilings({"a": F(5, 2)}, {"a": 2}, [ceiling("a", nb=2)], before)
    assert lost == {"a": F(1, 2)} and before == {"a": F(1, 4)}


def test_losses_end_the_accounts_that_they_exhaust() -> None:
    accounts = {("r", "a"): F(3, 2), ("r", "b"): F(1, 2), ("r", None): F(-1, 2), ("s", "a"): F(1)}
    assert after_losses(accounts, {"r": F(2)}) == {**accounts, ("r", "a"): F(0), ("r", "b"): F(0)}
    assert after_losses(accounts, {"r": F(1)}) == {**accounts, ("r", "a"): F(2, 3), ("r", "b"): F(1, 3)}
    assert after_losses(accounts, {}) == accounts


def test_at_equal_balance_the_first_commune_loses_first() -> None:
    accounts = {("r", "b"): F(2), ("r", "a"): F(2), ("r", None): F(2)}
    assert after_losses(accounts, {"r": F(1)}) == {("r", "b"): F(2), ("r", "a"): F(2), ("r", None): F(1)}
    assert after_losses({k: v for k, v in accounts.items() if k[1]}, {"r": F(1)}) == {
        ("r", "b"): F(2), ("r", "a"): F(1)}
