"""Who is under the duties of mixité: the dossier, then the arrêté of the year, then the presumption."""

from __future__ import annotations

import pandas as pd
import pytest

from flux.allocation.territoires import said, with_duty
from flux.loi import regles

COMMUNES = pd.DataFrame(
    {
        "commune": ["72181", "12300", "93001", "75056", "74042"],
        "epci": ["247200132", "200069383", "200054781", "200054781", "200000172"],
        "ept": [None, None, "200057867", None, None],
        "obligation_25": pd.array([True, False, True, True, False], dtype="boolean"),
        "obligation_origine": ["presumee_l302_1"] * 5,
    }
)


def duty(date: str, communes: pd.DataFrame = COMMUNES) -> list[bool]:
    return with_duty(communes, regles(date))["obligation_25"].tolist()


def test_the_duties_are_judged_on_paris_the_ept_or_the_epci() -> None:
    territories = with_duty(COMMUNES, regles("2026-01-01"))["territoire"].tolist()
    assert territories == ["247200132", "200069383", "200057867", "75056", "200000172"]


@pytest.mark.parametrize(
    ("date", "under"),
    [
        ("2023-12-31", [True, False, True, True, False]),  # no list: as presumed
        ("2025-12-31", [True, True, True, True, True]),  # Ouest Aveyron is in the lists of 2024 and 2025
        ("2026-01-01", [True, False, True, True, True]),  # and no longer in that of 2026
        ("2027-01-01", [True, False, True, True, False]),
    ],
)
def test_the_list_of_the_year_then_the_presumption(date: str, under: list[bool]) -> None:
    assert duty(date) == under


def test_the_dossier_prevails() -> None:
    own = COMMUNES.assign(obligation_25=False, obligation_origine="territoires")
    assert duty("2026-01-01", own) == [False] * 5


def test_who_says_so_is_said() -> None:
    law = regles("2026-01-01")
    mixed = COMMUNES.assign(obligation_origine=["territoires", *["presumee_qpv"] * 4])
    (sentence,) = said(with_duty(mixed, law), law)
    assert "3 d'après l'arrêté du 23 avril 2026" in sentence
    assert "1 d'après la table territoires" in sentence
    (sentence,) = said(with_duty(mixed, regles("2023-01-01")), regles("2023-01-01"))
    assert "une présomption (logements en QPV)" in sentence


def test_nothing_is_mutated() -> None:
    before = COMMUNES.copy()
    with_duty(COMMUNES, regles("2026-01-01"))
    pd.testing.assert_frame_equal(before, COMMUNES)
