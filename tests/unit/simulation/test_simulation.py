"""The verb: same seed, same bytes; the runs add up; what cannot be asked is refused."""

from __future__ import annotations

import numpy as np
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.dossier import Dossier
from flux.noyau.errors import FluxError
from flux.simulation import Bascule
from flux.simulation.politiques import Moment, plus_grand_retard
from flux.simulation.tirages import Places
from flux.simulation.vecu import Mutations

RUNS, SEED = 60, 7


@pytest.fixture(scope="module")
def ecole(racine) -> Dossier:
    return flux.read_dossier(racine / "data" / "samples" / "cas-ecole")


@pytest.fixture(scope="module")
def bascule(ecole) -> Bascule:
    return flux.simulate(ecole, seed=SEED, runs=RUNS)


def bytes_of(bascule: Bascule) -> list[bytes]:
    vies = bascule.vies
    comptes = [getattr(c, f) for c in (vies.stock, vies.flux) for f in c.__dataclass_fields__]
    return [a.tobytes() for a in (*comptes, vies.retires, vies.suivi.base, vies.suivi.atteint)]


@pytest.mark.parametrize("lot", [1, 7, 1_000])
def test_the_size_of_batches_changes_nothing(ecole, bascule, lot):
    again = flux.simulate(ecole, seed=SEED, runs=RUNS, lot=lot)
    assert bytes_of(again) == bytes_of(bascule)
    assert again.to_dict() == bascule.to_dict()


def test_more_runs_keep_the_first(ecole, bascule):
    longer = flux.simulate(ecole, seed=SEED, runs=2 * RUNS)
    np.testing.assert_array_equal(longer.vies.flux.cellules[:RUNS], bascule.vies.flux.cellules)


def test_another_seed_is_another_life(ecole, bascule):
    assert bytes_of(flux.simulate(ecole, seed=SEED + 1, runs=RUNS)) != bytes_of(bascule)


def test_what_the_flow_loses_is_what_mutations_take_in_every_run(bascule):
    stock, flow = bascule.runs_of("*")
    np.testing.assert_array_equal(stock - flow, bascule.retires())


def test_mutations_taken_out_of_both_leave_no_difference_in_sum(ecole, bascule):
    alike = flux.simulate(ecole, seed=SEED, runs=RUNS, mutations_en_stock="retirees")
    np.testing.assert_array_equal(*alike.runs_of("*"))
    # the flow does not change, and the stock loses just what mutations take of it
    np.testing.assert_array_equal(alike.vies.flux.cellules, bascule.vies.flux.cellules)
    lost = bascule.vies.stock.cellules - alike.vies.stock.cellules
    np.testing.assert_array_equal(lost, bascule.vies.retires)


def test_months_and_kinds_are_the_same_dwellings(bascule):
    for compte in (bascule.vies.stock, bascule.vies.flux):
        assert compte.mois.sum() == compte.cellules.sum()
        names = bascule.axes.genres
        sizes = [k for k, n in enumerate(names) if n.startswith("T")]
        assert compte.genres[:, :, sizes].sum() == compte.cellules.sum()  # this sample delivers nothing


def test_first_lettings_are_alike_under_both(racine):
    dossier = flux.read_dossier(racine / "data" / "samples" / "val-de-mire")
    given = dossier.livraisons["nb"].sum()
    lived = flux.simulate(dossier, seed=SEED, runs=10)
    for compte in (lived.vies.stock, lived.vies.flux):
        kinds = [k for k, n in enumerate(lived.axes.genres) if n.startswith("T")]
        beside = compte.cellules.sum(axis=1) - compte.genres[:, :, kinds].sum(axis=(1, 2))
        assert (beside == given).all()
    stock, flow = lived.runs_of("*")
    np.testing.assert_array_equal(stock - flow, lived.retires())


def test_several_years_go_on_with_what_is_owed(ecole):
    lived = flux.simulate(ecole, seed=SEED, runs=RUNS, annees=3)
    first = flux.simulate(ecole, seed=SEED, runs=RUNS)
    assert lived.axes.annees == (2026, 2027, 2028)
    assert lived.vies.flux.mois.shape[2] == 36
    np.testing.assert_array_equal(lived.vies.flux.mois[:, :, :12], first.vies.flux.mois)
    np.testing.assert_array_equal(lived.vies.suivi.atteint, first.vies.suivi.atteint)
    # dwellings a year stay dwellings a year
    ratio = lived.runs_of("*")[0].mean() / first.runs_of("*")[0].mean()
    assert 0.8 < ratio < 1.2


def test_rates_retained_vary_less_than_rates_drawn(ecole, bascule):
    fixed = flux.simulate(ecole, seed=SEED, runs=RUNS, incertitude=False)
    assert fixed.runs_of("*")[0].std() < bascule.runs_of("*")[0].std()


def test_a_rule_of_one_s_own(ecole):
    def mine(moment: Moment) -> Places:
        return plus_grand_retard(moment)

    own = flux.simulate(ecole, seed=SEED, runs=RUNS, orientation=mine)
    known = flux.simulate(ecole, seed=SEED, runs=RUNS, orientation="plus_grand_retard")
    assert bytes_of(own) == bytes_of(known)
    assert own.to_dict()["bascule"]["orientation"] == "mine"


def test_runs_are_doubled_until_the_error_is_small_enough(ecole, bascule):
    asked = bascule.erreur / 1.9
    precise = flux.simulate(ecole, seed=SEED, runs=RUNS, precision=asked)
    assert precise.erreur <= asked
    assert precise.runs in {RUNS * 2**k for k in range(1, 6)}
    plain = flux.simulate(ecole, seed=SEED, runs=precise.runs)
    assert bytes_of(plain) == bytes_of(precise)
    # four times the runs, half the error
    assert bascule.runs_for(bascule.erreur / 2) == 4 * RUNS


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"runs": 1}, "simulation.runs"),
        ({"runs": 10**9}, "simulation.runs"),
        ({"lot": 0}, "simulation.runs"),
        ({"annees": 0}, "simulation.annees"),
        ({"seed": -1}, "simulation.graine"),
        ({"seed": 2**64}, "simulation.graine"),
        ({"orientation": "suite_borne"}, "simulation.orientation"),
        ({"mutations_en_stock": "retirée"}, "simulation.mutations"),
        ({"precision": 0.0}, "simulation.precision"),
        ({"precision": float("nan")}, "simulation.precision"),
        ({"precision": 1e-9}, "simulation.precision"),
    ],
)
def test_what_cannot_be_asked_is_refused(ecole, options, code):
    with pytest.raises(FluxError) as caught:
        flux.simulate(ecole, **{"seed": SEED, "runs": 4, **options})
    assert caught.value.code == code


def test_progress_is_told_and_an_interruption_passes(ecole):
    seen = []

    def told(step: str, done: int, total: int) -> None:
        seen.append((step, done, total))
        if len(seen) > 1 and step == "Années vécues":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flux.simulate(ecole, seed=SEED, runs=20, lot=5, avancement=told)
    assert ("Années vécues", 0, 20) in seen
    assert len(flux.simulate(ecole, seed=SEED, runs=4).table) > 0


@pytest.mark.parametrize("taux", [0.3, 1.0])
@pytest.mark.parametrize("qpv", [False, True])
@pytest.mark.parametrize("mutations", list(Mutations))
def test_limits_one_holder_beside_the_state_all_in_qpv_every_dwelling_freed(taux, qpv, mutations):
    rights = {"commune_00001": 5, "etat_prioritaires": 3}
    small = dossier(
        logements=logements(10, "00001", "P1", qpv=qpv),
        reservataires=[reservataire(r) for r in rights],
        reservations=[
            {"id_reservataire": r, "programme": "P1", "commune": "00001", "nb": nb}
            for r, nb in rights.items()
        ],
        convention={"hypotheses": {"taux_rotation": taux}},
    )
    lived = flux.simulate(small, seed=SEED, runs=400, mutations_en_stock=mutations)
    stock, flow = lived.runs_of("*")
    np.testing.assert_array_equal(stock, flow)  # nothing says that anybody moves
    # half of the dwellings are the commune's: on average under stock, in each run to less than one under flow
    stock, flow = lived.runs_of("commune_00001")
    assert abs(stock.mean() - 5 * taux) < 4.5 * stock.std(ddof=1) / np.sqrt(lived.runs)
    assert (abs(flow - lived.runs_of("*")[1] / 2) < 1).all()
    places = lived.objectifs.loc[lived.objectifs["objectif"] == "q1_hors_qpv", "p_atteint"]
    assert places.isna().all() or not qpv
    assert "00001" in lived.phrases
