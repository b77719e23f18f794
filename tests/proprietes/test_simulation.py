"""The kernel of the simulation, drawn at random: no bound breaks, no byte moves."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flux
from flux import samples
from flux.simulation.annee import Vacances, vacancies
from flux.simulation.parc import Parc, make_parc
from flux.simulation.politiques import Comptes, Orientation, orient, rule
from flux.simulation.sequence import UNITE, make_strates

few = settings(max_examples=settings.default.max_examples // 2)


@st.composite
def terrains(draw: st.DrawFn) -> Any:
    """Communes where some holders have shares, others none; a commune may look like another."""
    communes, holders = draw(st.integers(1, 6)), draw(st.integers(1, 20))
    weights = st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 10, 999]), min_size=holders, max_size=holders)
    parts = np.array([draw(weights) for _ in range(communes)], float)
    parts[parts.sum(axis=1) == 0, -1] = 1.0
    codes = np.arange(communes)
    return SimpleNamespace(parts=parts / parts.sum(axis=1, keepdims=True), flux=codes, segment=codes,
                           commune=codes)  # fmt: skip


def lived(parc: Any, communes: np.ndarray, regle: str, seed: int) -> tuple[Any, Comptes, list[np.ndarray]]:
    """A run a row of `communes`; the accounts after each vacancy, in exact `UNITE`."""
    runs, nb = communes.shape
    strates, holders = make_strates(parc.parts), parc.parts.shape[1]
    plan = np.random.default_rng(seed).dirichlet(np.ones(holders), len(parc.parts)) * (parc.parts > 0)
    comptes, gaps = Comptes.new(runs, strates, holders, 1), []
    parts = (strates.parts * UNITE).astype(np.int64)
    for k in range(nb):
        every, cle = np.arange(runs), np.arange(k * runs, (k + 1) * runs).astype(np.uint64)
        each = Vacances(every, np.arange(runs + 1), every, communes[:, k], np.full(runs, k), cle)
        orient(parc, strates, plan, np.zeros(len(parc.parts), np.int64), each, comptes, rule(regle), seed)
        gaps.append(comptes.recus * UNITE - parts * comptes.rang[:, :, None])
    return strates, comptes, gaps


@few
@given(terrains(), st.integers(0, 2**32), st.sampled_from(["suite_bornee", "tijdeman"]))
def test_the_bound_holds_in_every_strate_and_the_sum_outside(parc: Any, seed: int, regle: str) -> None:
    communes = np.random.default_rng(seed).integers(0, len(parc.parts), (4, 60))
    strates, comptes, gaps = lived(parc, communes, regle, seed)
    assert all((np.abs(gap) < UNITE).all() for gap in gaps)
    nb = np.zeros(parc.parts.shape[1] + 1, int)
    np.add.at(nb, strates.porteurs, strates.parts > 0)
    assert (np.abs(comptes.retard) <= nb - 1e-9 * (nb > 0)).all()


@few
@given(terrains(), st.integers(0, 2**32), st.sampled_from(list(Orientation)))
def test_every_vacancy_goes_to_somebody_of_its_commune(parc: Any, seed: int, regle: str) -> None:
    communes = np.random.default_rng(seed).integers(0, len(parc.parts), (3, 30))
    strates, comptes, _ = lived(parc, communes, regle, seed)
    assert (comptes.recus.sum(axis=2) == comptes.rang).all() and comptes.rang.sum() == communes.size
    assert not comptes.recus[:, strates.parts == 0].any()
    np.testing.assert_allclose(comptes.retard.sum(axis=1), 0.0, atol=1e-9)


@pytest.fixture(scope="module")
def parcs(tmp_path_factory: pytest.TempPathFactory) -> list[Parc]:
    """Two years of a small bailleur drawn from a seed."""
    tables = samples.generate_parc(nb_logements=400, nb_communes=6, seed=8)
    dossier = flux.read_dossier(Path(samples.write(tables, tmp_path_factory.mktemp("parc") / "parc")))
    years = flux.project(dossier, annees=range(2026, 2028)).quotas
    return [make_parc(quotas) for quotas in years]


@few
@given(seed=st.integers(0, 2**64 - 1), first=st.integers(0, 10**6), nb=st.integers(1, 12))
def test_runs_are_the_same_in_one_batch_or_in_many(parcs: list[Parc], seed: int, first: int, nb: int) -> None:
    """Two years, with what is owed carried from one to the next."""
    runs = np.arange(first, first + nb)
    one = _years(parcs, seed, runs)
    cut = nb // 2
    two = [_years(parcs, seed, part) for part in (runs[:cut], runs[cut:]) if len(part)]
    assert one == [b"".join(pieces) for pieces in zip(*two, strict=True)]


def _years(parcs: list[Parc], seed: int, runs: np.ndarray) -> list[bytes]:
    out, retard = [], None
    for parc in parcs:
        strates, vacances = make_strates(parc.parts), vacancies(parc, seed, runs)
        comptes = Comptes.new(len(runs), strates, len(parc.porteurs), 1)
        if retard is not None:
            comptes.retard = retard
        plan = np.zeros((len(parc.flux), len(parc.porteurs)))
        genre = np.zeros(len(parc.flux), np.int64)
        chosen = orient(parc, strates, plan, genre, vacances, comptes, rule("suite_bornee"), seed)
        retard = comptes.retard
        for array in (vacances.logement, vacances.jour, vacances.cle, chosen, retard):
            out.append(array.tobytes())
    return out
