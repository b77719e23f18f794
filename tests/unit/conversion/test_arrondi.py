"""The one rounding: largest remainders within ceilings, ties told."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.conversion.arrondi import Plafond, apportion
from flux.noyau.provenance import Figure

BAILLEUR = "bailleur"


def plafond(*membres: str, nb: str, **more: int) -> Plafond:
    """A ceiling of `nb` dwellings (a decimal) on a group."""
    return Plafond("groupe", "00", membres, share("1"), Fraction(nb), Fraction(0), False, **more)


def share(part: str) -> Figure:
    return Figure(valeur=Fraction(part), nom="part maximale", unite="part")


def exacts(**values: str) -> dict[str, Fraction]:
    return {k: Fraction(v) for k, v in values.items()}


ECOLE = exacts(
    agents="2.65",
    prioritaires="13.25",
    action_logement="18.55",
    commune="7.95",
    departement="1.06",
    bailleur="9.54",
)


def test_plain_largest_remainders_would_break_the_ceilings_of_the_state() -> None:
    """3/13/19/8/1/9: the State has 16 of 53, above floor(15.9), its agents 3, above floor(2.65)."""
    nb = apportion(ECOLE, 53, [], reste=BAILLEUR).nb
    assert list(nb.values()) == [3, 13, 19, 8, 1, 9]


def test_ceilings_hold_after_rounding_and_the_bailleur_takes_the_rest() -> None:
    ceilings = [plafond("agents", nb="2.65"), plafond("agents", "prioritaires", nb="15.9")]
    rounded = apportion(ECOLE, 53, ceilings, reste=BAILLEUR)
    assert list(rounded.nb.values()) == [2, 13, 19, 8, 1, 10]
    assert rounded.refuses == {"agents", "prioritaires"}


def test_ties_go_to_the_larger_due_then_to_the_first_name_and_are_told() -> None:
    rounded = apportion(exacts(b="1.5", a="1.5", c="2.5", bailleur="0.5"), 6, [], reste=BAILLEUR)
    assert rounded.nb == {"b": 1, "a": 2, "c": 3, "bailleur": 0}
    (told,) = rounded.egalites
    assert told.startswith("a avant b")


def test_at_equal_due_the_bailleur_comes_last() -> None:
    assert apportion(exacts(z="0.5", bailleur="0.5"), 1, [], reste=BAILLEUR).nb == {"z": 1, "bailleur": 0}


def test_a_cumulative_ceiling_counts_what_was_already_given() -> None:
    assert plafond("a", nb="2.25", nb_ouverture=1).nb == 1
    assert plafond("a", nb="2.25", nb_ouverture=3).nb == 0


def test_rights_without_guarantee_are_tolerated_above_the_ceiling() -> None:
    ceiling = Plafond("garantie", "1", ("a",), share("0.2"), Fraction(10), Fraction(2), False, 0, {"a": 1})
    assert (ceiling.nb, ceiling.limite, ceiling.of("a")) == (2, 3, 3)
    assert apportion(exacts(a="2.9", bailleur="7.1"), 10, [ceiling], reste=BAILLEUR).nb["a"] == 3


@pytest.mark.parametrize(("methode", "a"), [("plus_fort_reste", 2), ("sainte_lague", 1)])
def test_sainte_lague_favours_small_dues(methode: str, a: int) -> None:
    rounded = apportion(exacts(a="1.6", b="0.55", bailleur="0.85"), 3, [], reste=BAILLEUR, methode=methode)
    assert rounded.nb == {"a": a, "b": 2 - a, "bailleur": 1}


def test_minimums_that_ask_too_much_give_way_the_bailleur_first() -> None:
    rounded = apportion(exacts(a="0.2", b="0.3", bailleur="0.5"), 1, [], reste=BAILLEUR, minimum=1)
    assert rounded.nb == {"a": 0, "b": 1, "bailleur": 0}


@given(st.lists(st.integers(0, 500), min_size=1, max_size=6), st.integers(0, 4), st.integers(0, 6))
def test_sums_ceilings_and_neighbours(hundredths: list[int], width: int, limit: int) -> None:
    values = {f"r{k}": Fraction(n, 100) for k, n in enumerate(hundredths)}
    total = ceil(sum(values.values()))
    members = tuple(list(values)[:width])
    values[BAILLEUR] = total - sum(values.values(), Fraction(0))
    ceilings = [plafond(*members, nb=str(limit))] if members else []
    nb = apportion(values, total, ceilings, reste=BAILLEUR).nb
    assert sum(nb.values()) == total
    assert sum(nb[i] for i in members) <= limit or not members
    free = [i for i in values if i not in members and i != BAILLEUR]
    assert all(floor(values[i]) <= nb[i] <= ceil(values[i]) for i in free)
    assert all(nb[i] <= ceil(values[i]) for i in members)
