"""Leases outside the flow, in the duties of mixité (CCH, art. L. 441-1, al. 24 to 27)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flux.allocation.hors_flux import baux_hors_flux

HORS_FLUX = [
    ("72181", False, "relogement_ru", 9.0),
    ("72181", False, "mutation", 20.0),
    ("72181", True, "relogement_ru", 4.0),
    ("72181", True, "mutation", 10.0),
]
MOUVEMENTS = [
    ("mutation", "bail", "q1", 3),
    ("mutation", "bail", "q234", 7),
    ("mutation", "bail", "inconnu", 50),
    ("mutation", "proposition", "q1", 99),
    ("relogement_ru", "bail", "q1", 1),
    ("relogement_ru", "bail", "q234", 1),
]
HERE = frozenset({"72181"})


@pytest.fixture
def flow() -> dict[str, Any]:
    return {
        "flux": [("72181", False, "T3", "PLUS", 10.0)],
        "holders": [("bailleur", "bailleur", None, None, 10)],
        "communes": [("72181", "bailleur", 10.0, 10, 0, 10)],
    }


def test_relogements_count_whatever_their_income_and_the_others_at_their_past_share(
    quotas_of: Callable[..., Any], flow: dict[str, Any]
) -> None:
    baux = baux_hors_flux(quotas_of(**flow, hors_flux=HORS_FLUX, mouvements=MOUVEMENTS))
    assert baux.total(HERE, qpv=False) == 29
    assert baux.q1(HERE) == pytest.approx(9 + 0.3 * 20)


def test_in_qpv_a_relogement_counts_only_as_its_quartile(
    quotas_of: Callable[..., Any], flow: dict[str, Any]
) -> None:
    baux = baux_hors_flux(quotas_of(**flow, hors_flux=HORS_FLUX, mouvements=MOUVEMENTS))
    assert baux.others(HERE) == pytest.approx(0.5 * 4 + 0.7 * 10)


def test_without_a_past_they_weigh_in_the_base_and_bring_nothing_which_is_said(
    quotas_of: Callable[..., Any], flow: dict[str, Any]
) -> None:
    baux = baux_hors_flux(quotas_of(**flow, hors_flux=HORS_FLUX))
    assert (baux.total(HERE, qpv=True), baux.others(HERE), baux.q1(HERE)) == (14, 0, 9)
    assert any("quartile non connu" in sentence for sentence in baux.hypotheses)


def test_nothing_outside_the_flow(quotas_of: Callable[..., Any], flow: dict[str, Any]) -> None:
    baux = baux_hors_flux(quotas_of(**flow))
    assert baux.total(HERE, qpv=False) == 0
    assert baux.hypotheses == ()
