"""One hundred thousand small totals, most of them with ties: the rounding ends, and ends well.

A published library once looped for ever on such tables.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux.conversion.arrondi import Plafond, apportion
from flux.noyau.provenance import Figure

BAILLEUR = "bailleur"
UN = Figure(valeur=Fraction(1), nom="part maximale", unite="part")


class Essai(NamedTuple):
    """One small table."""

    exacts: dict[str, Fraction]
    total: int
    plafonds: list[Plafond]
    minimum: int


def essai(chance: Random) -> Essai:
    """A few holders at tenths, thirds or halves, one to two overlapping ceilings, a minimum or none."""
    holders = [f"r{k}" for k in range(chance.randint(1, 4))]
    unit = chance.choice([1, 2, 3, 4, 10])
    exacts = {r: Fraction(chance.randint(0, 3 * unit), unit) for r in holders}
    total = ceil(sum(exacts.values())) + chance.randint(0, 1)
    exacts[BAILLEUR] = total - sum(exacts.values(), Fraction(0))
    plafonds = [
        Plafond(
            "groupe", "00", tuple(holders[:width]), UN, Fraction(chance.randint(0, 4)), Fraction(0), False
        )
        for width in range(1, len(holders) + 1)
        if chance.random() < 0.3
    ]
    return Essai(exacts, total, plafonds, chance.choice([0, 0, 0, 1]))


@pytest.mark.parametrize("methode", ["plus_fort_reste", "sainte_lague"])
def test_a_hundred_thousand_small_totals_with_ties_end(methode: str) -> None:
    """Half of them by each method. Sums and ceilings hold; nobody but the bailleur passes its ceiling of a
    due; whoever no ceiling binds is within one of its due, minimum apart."""
    chance = Random(20260101)
    ties = 0
    for _ in range(50_000):
        exacts, total, plafonds, minimum = essai(chance)
        made = apportion(exacts, total, plafonds, reste=BAILLEUR, methode=methode, minimum=minimum)
        nb = made.nb
        ties += bool(made.egalites)
        assert sum(nb.values()) == total and min(nb.values()) >= 0
        assert all(sum(nb[i] for i in p.membres) <= p.nb for p in plafonds)
        bound = {i for p in plafonds for i in p.membres}
        for i, exact in exacts.items():
            if i != BAILLEUR:
                assert nb[i] <= ceil(exact)
                assert i in bound or minimum or nb[i] >= floor(exact)
    assert ties > 5_000


@given(st.integers(0, 2**32), st.sampled_from(["plus_fort_reste", "sainte_lague"]), st.integers(1, 30))
def test_an_uncapped_quota_never_falls_when_only_its_own_due_rises(
    seed: int, methode: str, more: int
) -> None:
    """What the holder gains, the bailleur has less of; one year's total does not move."""
    exacts, total, plafonds, _ = essai(Random(seed))
    gain = min(Fraction(more, 10), exacts[BAILLEUR])
    free = [i for i in exacts if i != BAILLEUR and not any(i in p.membres for p in plafonds)]
    for i in free:
        after = {**exacts, i: exacts[i] + gain, BAILLEUR: exacts[BAILLEUR] - gain}
        first, second = (
            apportion(e, total, plafonds, reste=BAILLEUR, methode=methode).nb[i] for e in (exacts, after)
        )
        assert second >= first
