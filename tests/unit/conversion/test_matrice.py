"""The matrix: rows are quotas, ceilings hold, and every other sum keeps its bounds or is named."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest

from flux.conversion.groupes import Cadre, gaps, neighbours, within_one
from flux.conversion.matrice import Limites, Matrice, round_matrix

NOTHING = Limites({}, {})
SOLDES = pd.DataFrame(columns=["id_reservataire", "commune", "solde"])


def matrix(
    targets: dict[tuple[str, str], str],
    quotas: dict[str, int],
    flows: dict[str, str],
    limites: Limites = NOTHING,
) -> Matrice:
    """Holders whose name starts with `garant` hold guarantees; one EPCI around all communes."""
    return round_matrix(
        {((r, r.startswith("garant")), c): Fraction(v) for (r, c), v in targets.items()},
        {(r, r.startswith("garant")): n for r, n in quotas.items()},
        {(c, False): Fraction(v) for c, v in flows.items()},
        limites,
        Cadre(dict.fromkeys(flows, "epci"), frozenset({"etat"}), {}),
    )


def named(matrice: Matrice) -> list[tuple[str, str, str]]:
    ecarts = gaps(matrice.groupes, matrice.cellules, SOLDES)
    return list(ecarts[["groupe", "territoire_code", "id_reservataire"]].itertuples(index=False, name=None))


def test_every_sum_keeps_its_bounds_where_it_can() -> None:
    made = matrix(
        {("etat", "1"): "0.6", ("etat", "2"): "0.6", ("al", "1"): "0.7", ("al", "2"): "0.5",
         ("bailleur", "1"): "0.9", ("bailleur", "2"): "0.7"},
        {"etat": 1, "al": 1, "bailleur": 2},
        {"1": "2.2", "2": "1.8"},
    )  # fmt: skip
    assert named(made) == []


def test_the_bailleur_takes_what_a_ceiling_refuses_and_the_commune_keeps_its_total() -> None:
    """2.6 under a ceiling of 1: the commune of flow 5 still has 5, the bailleur 4 where it is due 2.4."""
    limit = Limites({("garant", "1"): "1"}, {"1": 1})
    targets = {("garant", "1"): "2.6", ("bailleur", "1"): "2.4"}
    made = matrix(targets, {"garant": 1, "bailleur": 4}, {"1": "5"}, limit)
    assert made.cellules == {(("garant", True), "1"): 1, (("bailleur", False), "1"): 4}
    assert set(named(made)) == {
        ("cellule", "1", "garant"),
        ("groupe", "1", "garants"),
        ("reservataire_epci", "epci", "garant"),
        ("bailleur", "1", "bailleur"),
    }


def test_an_account_stays_within_one_dwelling_before_a_commune_keeps_its_total() -> None:
    """Two for 0.2 + 1.8, and a bailleur with nothing: 0 and 2, though the communes' flows are 1 and 1."""
    made = matrix({("al", "1"): "0.2", ("al", "2"): "2.0"}, {"al": 2}, {"1": "1", "2": "1"})
    assert made.cellules == {(("al", False), "2"): 2}
    assert named(made) == [("commune", "1", ""), ("commune", "2", "")]


@pytest.mark.parametrize(
    ("exact", "expected"),
    [("0.3", (0, 1)), ("2", (1, 3)), ("2.5", (2, 3)), ("0", (0, 1)), ("-0.5", (0, 0)), ("-3", (0, 0))],
)
def test_whole_dwellings_that_close_an_account_within_one(exact: str, expected: tuple[int, int]) -> None:
    assert within_one(Fraction(exact)) == expected


def test_an_estimate_that_misses_a_whole_number_by_its_last_digit_is_that_number() -> None:
    assert neighbours(3 - Fraction(1, 10**12)) == (3, 3)
    assert neighbours(Fraction(5, 2)) == (2, 3)
