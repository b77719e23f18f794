"""Compiled code gives the bytes of NumPy, on every rule; without numba, NumPy answers."""

from __future__ import annotations

import sys

import pytest
from fabrique import dossier, logements, reservataire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flux
from flux.allocation import Plan
from flux.dossier import Dossier
from flux.noyau.errors import FluxError
from flux.simulation import Bascule
from flux.simulation.bascule import Options
from flux.simulation.compiled.moteur import ASSEZ, Moteur, engine
from flux.simulation.politiques import REGLES, Orientation, plus_grand_retard
from flux.simulation.simulation import switch
from flux.simulation.vecu import Mutations

pytest.importorskip("numba", reason="the extra [fast] is not installed")
SAMPLES = ("cas-ecole", "val-de-mire")
SEED = 11


def bytes_of(bascule: Bascule) -> list[tuple[str, bytes]]:
    vies = bascule.vies
    comptes = [getattr(c, f) for c in (vies.stock, vies.flux) for f in c.__dataclass_fields__]
    arrays = [*comptes, vies.retires, vies.suivi.base, vies.suivi.atteint]
    return [(str(a.dtype), a.tobytes()) for a in arrays]


@pytest.fixture(scope="module")
def plans(racine) -> dict[str, Plan]:
    """The plan of each sample, made once: engines differ after it."""
    read = {s: flux.read_dossier(racine / "data" / "samples" / s) for s in SAMPLES}
    return {sample: flux.allocate(flux.convert(d), couts=False) for sample, d in read.items()}


def both(
    plan: Plan,
    orientation: str = Orientation.SUITE,
    *,
    annees: int = 1,
    incertitude: bool = True,
    mutations: Mutations = Mutations.AUX_TITULAIRES,
    seed: int = SEED,
    runs: int = 12,
    lot: int | None = None,
) -> tuple[Bascule, Bascule]:
    first = plan.quotas.dossier.convention.annee
    years = [plan.quotas]
    if annees > 1:
        years = list(flux.project(plan.quotas.dossier, annees=range(first, first + annees)).quotas)
    options = Options(seed, orientation, incertitude, mutations)
    plain, fast = (
        switch(years, plan, options, runs=runs, lot=lot, avancement=lambda *said: None, moteur=m)
        for m in (Moteur.NUMPY, Moteur.NUMBA)
    )
    return plain, fast


@pytest.mark.parametrize("orientation", REGLES)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_same_bytes_under_every_rule(plans, sample, orientation):
    plain, fast = both(plans[sample], orientation)
    assert bytes_of(fast) == bytes_of(plain)
    assert fast.table.to_csv() == plain.table.to_csv()


@pytest.mark.parametrize("options", [
    {"annees": 3}, {"mutations": Mutations.RETIREES}, {"incertitude": False}, {"lot": 5}, {"lot": 1},
], ids=str)
def test_the_same_bytes_under_every_option(plans, options):
    plain, fast = both(plans["val-de-mire"], **options)
    assert bytes_of(fast) == bytes_of(plain)
    assert fast.to_dict() == plain.to_dict()


def parc(nb: int, rights: list[int], *, qpv: bool, taux: float) -> Dossier:
    holders = ["etat_prioritaires", *(f"employeur_{i}" for i in range(1, len(rights)))]
    return dossier(
        logements=logements(nb, "00001", "P1", qpv=qpv),
        reservataires=[reservataire(r, r.split("_")[0] if i else None) for i, r in enumerate(holders)],
        reservations=[
            {"id_reservataire": r, "programme": "P1", "commune": "00001", "nb": n}
            for r, n in zip(holders, rights, strict=True)
        ],
        convention={"hypotheses": {"taux_rotation": taux}},
    )


def same_under_every_rule(drawn: Dossier, seed: int = SEED, runs: int = 8) -> None:
    """Both engines, from one plan."""
    plan = flux.allocate(flux.convert(drawn), couts=False)
    for orientation in REGLES:
        plain, fast = both(plan, orientation, seed=seed, runs=runs)
        assert bytes_of(fast) == bytes_of(plain), orientation


@pytest.mark.parametrize(("nb", "rights", "qpv", "taux"), [
    (10, [5], False, 0.0),
    (10, [5], False, 1.0),
    (10, [10], True, 0.5),
    (1, [1], False, 1.0),
    (200, [2] * 46, False, 0.4),
], ids=["none freed", "all freed", "all in QPV", "one dwelling", "46 holders"])
def test_odd_parcs(nb, rights, qpv, taux):
    same_under_every_rule(parc(nb, rights, qpv=qpv, taux=taux))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rights=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    free=st.integers(0, 30),
    taux=st.sampled_from([0.05, 0.3, 1.0]),
    seed=st.integers(0, 2**64 - 1),
)
def test_parcs_at_random(rights, free, taux, seed):
    same_under_every_rule(parc(sum(rights) + free, rights, qpv=False, taux=taux), seed, runs=5)


def test_threads_change_nothing(plans, monkeypatch):
    monkeypatch.setattr("flux.simulation.compiled.jit.threads", lambda: 3)
    plain, fast = both(plans["cas-ecole"], runs=20)
    assert bytes_of(fast) == bytes_of(plain)


def test_where_no_folder_can_be_written_code_is_compiled_all_the_same(tmp_path, monkeypatch):
    from flux.simulation.compiled import jit

    (tmp_path / "file").touch()
    monkeypatch.setattr(jit._CONFIG, "CACHE_DIR", str(tmp_path / "file"))
    twice = jit.kept(lambda x: 2 * x)
    assert twice(21) == 42
    assert jit.is_ready(twice)
    assert str(tmp_path / "file") == jit._CONFIG.CACHE_DIR  # as it was asked


def test_auto_compiles_where_the_work_is_worth_it_and_never_a_rule_of_one_s_own():
    assert engine("auto", "plan", ASSEZ) is Moteur.NUMBA
    assert engine("auto", "plan", ASSEZ - 1) is Moteur.NUMPY
    assert engine("numba", plus_grand_retard, ASSEZ) is Moteur.NUMPY


def test_without_numba_numpy_answers(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    assert engine("auto", "plan", ASSEZ) is Moteur.NUMPY
    with pytest.raises(FluxError, match=r"gestion-en-flux\[fast\]") as caught:
        engine("numba", "plan", ASSEZ)
    assert caught.value.code == "simulation.moteur"


def test_an_unknown_engine_is_refused():
    with pytest.raises(FluxError, match="numba") as caught:
        engine("nunba", "plan", 0.0)
    assert caught.value.code == "simulation.moteur"
