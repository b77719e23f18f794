"""What is masked cannot be found again: an attacker with every published margin tries every table."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flux
from flux.annexe.masque import MASQUE, mask

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
PARTS = [["a", "b", "c"]]


def table(rows):
    return pd.DataFrame(rows, columns=["a", "b", "c"]).assign(
        id_reservataire=[f"r{i}" for i in range(len(rows))]
    )


def fillings(rows, columns):
    """Every table of whole numbers that has these sums of rows and of columns."""
    if not rows:
        if not any(columns):
            yield []
        return
    for first in product(*(range(min(rows[0], c) + 1) for c in columns)):
        if sum(first) == rows[0]:
            rest = [c - f for c, f in zip(columns, first, strict=True)]
            yield from ([first, *more] for more in fillings(rows[1:], rest))


@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.integers(0, 4),
)
@settings(max_examples=150, deadline=None)
def test_no_small_count_is_certain(rows, exposed, seuil):
    frame = table(rows)
    found = mask(frame, PARTS, exposed[: len(rows)], seuil)
    masked = [f"r{i}" in found.lignes for i in range(len(rows))]
    counts = np.array(rows)
    for i, row in enumerate(rows):
        if exposed[i] and any(0 < v < seuil for v in row):
            assert masked[i]
    if found.totaux or not any(masked):
        return
    hidden = counts[masked]
    known = np.array(list(fillings(hidden.sum(axis=1).tolist(), hidden.sum(axis=0).tolist())))
    for i, line in enumerate(np.flatnonzero(masked)):
        for j in range(3):
            if exposed[line] and 0 < counts[line, j] < seuil:
                assert len(set(known[:, i, j])) > 1


@pytest.mark.parametrize("seuil", [0, 1])
def test_a_threshold_of_one_masks_nothing(seuil):
    assert not mask(table([(1, 2, 3)]), PARTS, [True], seuil).lignes


def test_a_row_alone_takes_the_smallest_with_it():
    found = mask(table([(1, 2, 0), (30, 20, 10), (6, 7, 8)]), PARTS, [True, False, False], 5)
    assert found.lignes == {"r0", "r2"} and not found.totaux


def test_totals_go_when_nothing_else_protects():
    found = mask(table([(3, 0, 0)]), PARTS, [True], 5)
    assert found.lignes == {"r0"} and found.totaux


def test_a_second_partition_is_protected_too():
    """a, b and c are large; those of the first quartile are few."""
    frame = table([(10, 10, 10), (40, 40, 40)]).assign(q1=[2, 60], rest=[28, 60])
    assert mask(frame, [["a", "b", "c"], ["q1", "rest"]], [True, False], 5).lignes == {"r0", "r1"}


def test_a_bailleur_of_one_commune_masks_its_totals_too():
    annexe = flux.draft_annexe(flux.allocate(flux.convert(flux.read_dossier(SAMPLES / "cas-ecole"))))
    publics = next(t for s in annexe.sections for t in s.tableaux if t.cle == "orientations.publics")
    assert publics.totaux["dalo"] == MASQUE and publics.totaux["ensemble"] == 53
    objectives = next(t for s in annexe.sections for t in s.tableaux if t.cle == "objectifs.objectifs").frame
    few = pd.to_numeric(objectives["atteint"], errors="coerce")
    assert not ((few > 0) & (few < 5) & (objectives["objectif"] == "dalo_prioritaires")).any()


def test_the_summary_does_not_count_an_objective_whose_households_are_masked():
    plan = flux.allocate(flux.convert(flux.read_dossier(SAMPLES / "val-de-mire")), couts=False)
    said = " ".join(flux.draft_annexe(plan, pour="commune_00103").sections[0].paragraphes)
    shown = " ".join(flux.draft_annexe(plan, pour="commune_00103", seuil_masque=1).sections[0].paragraphes)
    assert "2 sur 2 (hors 1 dont l'effectif est masqué)" in said
    assert "3 sur 3." in shown
