"""Lists compared: exact laws against enumeration, chances that chance itself respects, words that say all."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import flux
from flux.noyau.errors import FluxError
from flux.rendu import glossaire
from flux.simulation.envie import SCORE, SENS, _holm, envie
from flux.simulation.permutations import Valeur, permutation_test


def enumerated(values: np.ndarray, first: np.ndarray, strate: np.ndarray) -> tuple[float, float]:
    """Every arrangement, one by one."""
    sums = [0.0]
    for s in np.unique(strate):
        mine, taken = values[strate == s], int(first[strate == s].sum())
        sums = [a + sum(c) for a in sums for c in combinations(mine.tolist(), taken)]
    seen = values[first].sum()
    return (np.mean([x >= seen - 1e-9 for x in sums]), np.mean([x <= seen + 1e-9 for x in sums]))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("whole", [True, False])
def test_the_law_is_that_of_the_enumeration(seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 12
    values = rng.integers(0, 5, n).astype(float) if whole else rng.normal(size=n)
    first, strate = rng.random(n) < 0.4, rng.integers(0, 2, n)
    test = permutation_test(values, first, strate, 1, 100_000)
    assert test is not None and test.tires == 0 and test.erreur(test.haut) == 0
    np.testing.assert_allclose((test.haut, test.bas), enumerated(values, first, strate), rtol=1e-9)


def test_drawn_permutations_are_near_the_exact_law_and_the_same_twice() -> None:
    rng = np.random.default_rng(3)
    values, first, strate = rng.normal(size=40), rng.random(40) < 0.5, rng.integers(0, 3, 40)
    drawn = permutation_test(values, first, strate, 5, 2_000)
    again = permutation_test(values, first, strate, 5, 2_000)
    assert drawn is not None and drawn == again and drawn.tires == 2_000
    # nearly the same, counted: whole numbers of hundredths
    exact = permutation_test(np.rint(values * 100), first, strate, 5, 2_000)
    assert exact is not None and exact.tires == 0
    assert abs(drawn.haut - exact.haut) < 5 * drawn.erreur(drawn.haut) + 5e-3


def test_a_lot_is_rarely_found_unfair() -> None:
    """The test keeps its level: among fair lots, at most the share asked is under it."""
    rng = np.random.default_rng(11)
    values, strate = rng.normal(size=24), np.repeat([0, 1], 12)
    under = []
    for _ in range(400):
        first = np.concatenate([rng.permutation(np.arange(12) < 5), rng.permutation(np.arange(12) < 3)])
        test = permutation_test(values, first, strate, 1, 199)
        assert test is not None
        under.append(test.haut <= 0.05)
    assert np.mean(under) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_nothing_to_exchange_is_no_chance_at_all() -> None:
    first, strate = np.array([True, True, False, False]), np.array([0, 0, 1, 1])
    assert permutation_test(np.arange(4.0), first, strate, 1, 99) is None


def test_a_large_count_does_not_overflow() -> None:
    n = 1_000
    first = np.arange(n) < 300
    test = permutation_test((np.arange(n) % 2).astype(float), first, np.zeros(n, int), 1, 99)
    assert isinstance(test, Valeur) and 0.4 < test.haut < 0.6


def lists(**more: object) -> pd.DataFrame:
    """A has the old flats of the district, B the new ones outside."""
    one = {"strate": "s", "loyer_m2": 7.0, "hors_qpv": 0.0, "pieces": 2.0, "annee_construction": 1960.0}
    two = {"strate": "s", "loyer_m2": 5.0, "hors_qpv": 1.0, "pieces": 4.0, "annee_construction": 2010.0}
    rows = [{"id_reservataire": "a", **one}] * 8 + [{"id_reservataire": "b", **two}] * 4
    return pd.DataFrame(rows).assign(**more)


NOMS = {"a": "Commune A", "b": "Bailleur B"}


def test_who_has_the_worst_of_everything_envies() -> None:
    told = envie(lists(), NOMS, seed=1)
    table = told.table.set_index(["id_reservataire", "attribut"])
    assert (table.loc["a", "envie"] > 0).all() and (table.loc["b", "envie"] < 0).all()
    # one arrangement in C(12, 4) is as bad for A
    assert table.loc[("a", "hors_qpv"), "p"] == pytest.approx(1 / 495)
    assert table.loc[("b", "hors_qpv"), "p"] == 1.0
    assert table.loc[("a", "loyer_m2"), "moyenne"] == 7.0 and table.loc[("a", "loyer_m2"), "envie"] == 2.0
    assert table.loc[("a", "hors_qpv"), "envie_quota"] == 8.0
    assert table.loc[("a", SCORE), "moyenne_autre"] > table.loc[("a", SCORE), "moyenne"]
    assert any("Commune A" in said for said in told.phrases)
    assert "Commune A" in repr(told) and told.to_dict()["seed"] == 1


def test_no_weight_is_hidden_and_none_is_invented() -> None:
    told = envie(lists(), NOMS, seed=1, poids={"pieces": 2.0})
    assert dict(told.poids) == {"pieces": 2.0}
    assert any("Pièces par logement 2,0" in said for said in told.hypotheses)
    for poids in ({"soleil": 1.0}, {"loyer_m2": 1.0}):
        with pytest.raises(FluxError) as error:
            envie(lists(loyer_m2=np.nan), NOMS, seed=1, poids=poids)
        assert error.value.code == "envie.attribut"


def test_what_the_dossier_does_not_say_is_left_out() -> None:
    told = envie(lists(loyer_m2=np.nan, annee_construction=np.nan), NOMS, seed=1)
    assert set(told.table["attribut"]) == {"hors_qpv", "pieces", SCORE}


def test_apart_there_is_an_envy_and_no_chance() -> None:
    table = envie(lists(strate=["s"] * 8 + ["t"] * 4), NOMS, seed=1).table
    assert table["p"].isna().all() and table["p_holm"].isna().all() and table["envie"].ne(0).all()


def test_holm() -> None:
    np.testing.assert_allclose(_holm(np.array([0.04, 0.01, np.nan, 0.03])), [0.06, 0.03, np.nan, 0.06])


def test_every_word_is_in_the_glossary() -> None:
    assert {*SENS, SCORE} == set(glossaire.terme("envie.attribut").valeurs)
    for column in envie(lists(), NOMS, seed=1).table:
        assert glossaire.terme(f"envie.{column}").libelle


def test_the_lists_of_one_run_are_what_it_gave(racine: Path) -> None:
    bascule = flux.simulate(flux.read_dossier(racine / "data" / "samples" / "cas-ecole"), seed=3, runs=4)
    for regime, given in (("stock", 0), ("flux", 1)):
        rows = bascule.envie(run=2, regime=regime).table.drop_duplicates("id_reservataire")
        for ident, nb in zip(rows["id_reservataire"], rows["nb"], strict=True):
            assert nb == bascule.runs_of(ident)[given][2]
