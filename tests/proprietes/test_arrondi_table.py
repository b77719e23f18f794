"""Two nested families of sums, free rows, no ceiling: whole numbers at floor or ceiling always exist.

A: total ⊃ EPCI ⊃ commune ⊃ groups of holders there. B: total ⊃ State ⊃ holder ⊃ holder × EPCI ⊃ cell.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from fractions import Fraction
from math import ceil, floor
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flux.noyau.arrondi import round_table

MANY = settings(max_examples=6 * settings.default.max_examples)  # 300; 6,000 under HYPOTHESIS_PROFILE=long

Case = tuple[str, bool, str, str]
"""Holder, by guarantee or not, commune, EPCI."""

FAMILLES: dict[str, Callable[[Case], Hashable | None]] = {
    "total": lambda k: "",
    "EPCI": lambda k: k[3],
    "commune": lambda k: k[2],
    "groupe": lambda k: (k[2], "etat" if k[0].startswith("etat") else "garants" if k[1] else "autres"),
    "État": lambda k: "etat" if k[0].startswith("etat") else None,
    "réservataire": lambda k: k[0],
    "réservataire × EPCI": lambda k: (k[0], k[3]),
    "réservataire × commune": lambda k: (k[0], k[2]),
}


def table(chance: Random) -> dict[Case, Fraction]:
    """Exact dues: few or many decimals, many whole numbers and halves, holders absent here and there."""
    epci = [f"e{chance.randint(1, 3)}" for _ in range(chance.randint(1, 5))]
    holders = ["etat_prioritaires", "etat_agents", *(f"r{k}" for k in range(chance.randint(0, 4)))]
    unit = chance.choice([1, 2, 3, 10, 100, 10**6])
    most = chance.choice([1, 3, 10])
    return {
        (r, guaranteed, f"c{k}", e): Fraction(chance.randint(0, most * unit), unit)
        for k, e in enumerate(epci)
        for r in holders
        for guaranteed in ((False, True) if r.startswith("r") else (False,))
        if chance.random() < 0.7
    }


def rounded(cells: dict[Case, Fraction]) -> dict[Case, int]:
    """The table through the kernel."""
    sommes = []
    for nom, of in FAMILLES.items():
        labels = [of(k) for k in cells]
        place = {label: i for i, label in enumerate(sorted({str(x) for x in labels if x is not None}))}
        sommes.append((nom, np.array([-1 if x is None else place[str(x)] for x in labels], np.int64)))
    names = ["|".join(map(str, k)) for k in cells]
    whole = round_table(names, np.array([float(v) for v in cells.values()]), sommes)
    return dict(zip(cells, whole.tolist(), strict=True))


@MANY
@given(st.integers(0, 2**32))
def test_cells_and_every_nested_sum_are_at_their_floor_or_ceiling(seed: int) -> None:
    cells = table(Random(seed))
    nb = rounded(cells)
    for k, exact in cells.items():
        assert floor(exact) <= nb[k] <= ceil(exact)
    for nom, of in FAMILLES.items():
        for label in {of(k) for k in cells} - {None}:
            exact = sum((v for k, v in cells.items() if of(k) == label), Fraction(0))
            assert floor(exact) <= sum(nb[k] for k in cells if of(k) == label) <= ceil(exact), (nom, label)


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_the_order_of_the_cells_decides_nothing(seed: int) -> None:
    chance = Random(seed)
    cells = table(chance)
    mixed = dict(chance.sample(list(cells.items()), len(cells)))
    assert rounded(cells) == rounded(mixed)
