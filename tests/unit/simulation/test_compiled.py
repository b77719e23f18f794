"""Compiled code gives the bytes of NumPy, on every rule; without numba, NumPy answers."""

from __future__ import annotations

import sys

import pytest
from fabrique import dossier, logements, reservataire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flux
from flux.dossier import Dossier
from flux.noyau.errors import FluxError
from flux.simulation import Bascule
from flux.simulation.bascule import Options
from flux.simulation.compiled.moteur import ASSEZ, Moteur, engine
from flux.simulation.politiques import REGLES, plus_grand_retard
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


def both(lived: Dossier, **options) -> tuple[Bascule, Bascule]:
    options = {"seed": SEED, "runs": 12, **options}
    plain, fast = (flux.simulate(lived, moteur=m, **options) for m in (Moteur.NUMPY, Moteur.NUMBA))
    return plain, fast


@pytest.mark.parametrize("orientation", REGLES)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_same_bytes_under_every_rule(racine, sample, orientation):
    plain, fast = both(flux.read_dossier(racine / "data" / "samples" / sample), orientation=orientation)
    assert bytes_of(fast) == bytes_of(plain)
    assert fast.table.to_csv() == plain.table.to_csv()


@pytest.mark.parametrize("options", [
    {"annees": 3}, {"mutations_en_stock": "retirees"}, {"incertitude": False}, {"lot": 5}, {"lot": 1},
], ids=str)
def test_the_same_bytes_under_every_option(racine, options):
    plain, fast = both(flux.read_dossier(racine / "data" / "samples" / "val-de-mire"), **options)
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
        options = Options(seed, orientation, True, Mutations.AUX_TITULAIRES)
        plain, fast = (
            switch([plan.quotas], plan, options, runs=runs, avancement=lambda *said: None, moteur=m)
            for m in (Moteur.NUMPY, Moteur.NUMBA)
        )
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


def test_threads_change_nothing(racine, monkeypatch):
    monkeypatch.setattr("flux.simulation.compiled.jit.threads", lambda: 3)
    plain, fast = both(flux.read_dossier(racine / "data" / "samples" / "cas-ecole"), runs=20)
    assert bytes_of(fast) == bytes_of(plain)


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
