"""Rules of orientation, lived on the samples: bounds on every step, closed forms, one run at a time."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from closed import Seen, agree, moments

from flux.conversion import Quotas
from flux.noyau.errors import FluxError
from flux.simulation.annee import Vacances, vacancies
from flux.simulation.parc import Parc, make_parc
from flux.simulation.politiques import REGLES, Comptes, Moment, Orientation, Regle, orient, rule
from flux.simulation.sequence import UNITE, Strates, make_strates

Places = npt.NDArray[np.int64]
SEED = 2026


@dataclass
class Vie:
    """What a rule did of the vacancies of some runs."""

    parc: Parc
    strates: Strates
    vacances: Vacances
    comptes: Comptes
    chosen: Places


def lived(parc: Any, vacances: Vacances, regle: str | Regle, plan: Any = None, genre: Any = None) -> Vie:
    strates = make_strates(parc.parts)
    segments, holders = len(parc.flux), parc.parts.shape[1]
    if plan is None:
        plan = np.random.default_rng(1).dirichlet(np.ones(holders), segments)
        plan *= parc.parts[_commune_of(parc)] > 0
    genre = np.arange(segments) % 5 if genre is None else genre
    comptes = Comptes.new(len(vacances.runs), strates, holders, int(genre.max(initial=0)) + 1)
    chosen = orient(parc, strates, plan, genre, vacances, comptes, rule(regle), SEED)
    return Vie(parc, strates, vacances, comptes, chosen)


def _commune_of(parc: Any) -> Places:
    out = np.zeros(len(parc.flux), np.int64)
    out[parc.segment] = parc.commune
    return out


def gaps(vie: Vie) -> tuple[Places, Places]:
    """After each vacancy, what each holder of its strate is ahead there, in `UNITE`, and how many holders.

    Counted from the list of who had what alone: not from the accounts of the rule.
    """
    v, strates = vie.vacances, vie.strates
    strate = strates.strate[vie.parc.commune[v.logement]]
    order = np.lexsort((np.arange(len(v)), strate, v.rang))
    key = (v.rang * (strates.strate.max() + 1) + strate)[order]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    nth = np.arange(len(key)) - np.repeat(start, np.diff([*start, len(key)]))
    had = (strates.porteurs[strate[order]] == vie.chosen[order, None]).astype(np.int64)
    total = np.cumsum(had, axis=0)
    before = np.repeat(total[start] - had[start], np.diff([*start, len(key)]), axis=0)
    parts = (strates.parts[strate[order]] * UNITE).astype(np.int64)
    return (total - before) * UNITE - parts * (nth + 1)[:, None], (parts > 0).sum(axis=1)


@pytest.fixture
def parc(quotas: Quotas) -> Parc:
    return make_parc(quotas)


def test_nobody_is_ever_one_dwelling_ahead_or_behind_in_a_strate(parc: Parc) -> None:
    """Exact, at every step of every run, whatever the plan wants."""
    vacances = vacancies(parc, SEED, np.arange(150))
    for kinds in (1, 5):
        vie = lived(parc, vacances, "suite_bornee", genre=np.arange(len(parc.flux)) % kinds)
        assert (np.abs(gaps(vie)[0]) < UNITE).all()


def test_tijdeman_keeps_its_bound_in_a_strate(parc: Parc) -> None:
    gap, holders = gaps(lived(parc, vacancies(parc, SEED, np.arange(150)), "tijdeman"))
    scale = 2 * np.maximum(holders, 2)[:, None] - 2
    assert (np.abs(gap) * scale <= (scale - 1) * UNITE).all()


def test_the_other_rules_break_it_where_they_may(quotas: Quotas) -> None:
    """So that the test above says something."""
    parc = make_parc(quotas)
    gap, _ = gaps(lived(parc, vacancies(parc, SEED, np.arange(50)), "au_hasard"))
    assert (np.abs(gap) >= UNITE).any()


@pytest.mark.parametrize("regle", list(Orientation))
def test_everybody_has_what_the_list_says_and_nobody_nothing(parc: Parc, regle: Orientation) -> None:
    vie = lived(parc, vacancies(parc, SEED, np.arange(20)), regle)
    v, holders = vie.vacances, len(parc.porteurs)
    assert vie.chosen.min() >= 0 and vie.chosen.max() < holders
    commune = parc.commune[v.logement]
    assert (parc.parts[commune, vie.chosen] > 0).all()
    due = np.zeros((20, holders))
    strates = vie.strates
    shares = np.zeros((len(strates.parts), holders + 1))
    np.put_along_axis(shares, strates.porteurs, strates.parts, axis=1)
    np.add.at(due, v.rang, shares[strates.strate[commune], :-1])
    np.subtract.at(due, (v.rang, vie.chosen), 1.0)
    np.testing.assert_allclose(vie.comptes.retard[:, :-1], due, atol=1e-9)
    np.testing.assert_allclose(vie.comptes.retard[:, -1], 0.0, atol=1e-12)
    assert vie.comptes.recus.sum() == vie.comptes.rang.sum() == len(v)


@pytest.mark.parametrize("regle", list(Orientation))
def test_a_run_is_the_same_alone_or_among_others(parc: Parc, regle: Orientation) -> None:
    whole = lived(parc, vacancies(parc, SEED, np.arange(60)), regle)
    for part in (np.arange(7), np.array([59]), np.arange(20, 43)):
        some = lived(parc, vacancies(parc, SEED, part), regle)
        start, end = whole.vacances.debuts[part[0]], whole.vacances.debuts[part[-1] + 1]
        assert some.chosen.tobytes() == whole.chosen[start:end].tobytes()
        assert some.comptes.retard.tobytes() == whole.comptes.retard[part].tobytes()


def test_by_chance_each_holder_has_a_thinned_count(parc: Parc) -> None:
    """Everywhere and in each commune: the vacancies, each with the chance of its share."""
    vie = lived(parc, vacancies(parc, SEED, np.arange(400)), "au_hasard")
    commune, seen = parc.commune[vie.vacances.logement], []
    for h, nom in enumerate(parc.porteurs):
        had = np.bincount(vie.vacances.rang[vie.chosen == h], minlength=400)
        seen.append(Seen(nom, had, *moments(parc, parc.parts[parc.commune, h])))
        for c, code in enumerate(parc.communes):
            mask = (vie.chosen == h) & (commune == c)
            weight = np.where(parc.commune == c, parc.parts[c, h], 0.0)
            law = moments(parc, weight)
            seen.append(Seen(f"{nom} {code}", np.bincount(vie.vacances.rang[mask], minlength=400), *law))
    agree(seen)


def test_the_sequence_gives_each_holder_its_share_on_average(parc: Parc) -> None:
    """Flux and law of large numbers: within the bound of the strates, whatever the run."""
    vie = lived(parc, vacancies(parc, SEED, np.arange(200)), "suite_bornee")
    mean = np.bincount(vie.chosen, minlength=len(parc.porteurs)) / 200
    for h in range(len(parc.porteurs)):
        expected = moments(parc, parc.parts[parc.commune, h])
        assert abs(mean[h] - expected[0]) < 5 * np.sqrt(expected[1] / 200) + len(vie.strates.parts)


def test_a_holder_of_m_strates_is_never_m_dwellings_ahead_or_behind(parc: Parc) -> None:
    for regle in ("suite_bornee", "tijdeman"):
        vie = lived(parc, vacancies(parc, SEED, np.arange(100)), regle)
        for h in range(len(parc.porteurs)):
            strates = ((vie.strates.porteurs == h) & (vie.strates.parts > 0)).any(axis=1).sum()
            assert (np.abs(vie.comptes.retard[:, h]) < max(int(strates), 1e-9)).all()


def test_largest_deficit_first_holds_the_whole_and_not_the_strates(racine: Any) -> None:
    """The price of each choice, on val-de-mire: measured, not promised."""
    import flux

    parc = make_parc(flux.convert(flux.read_dossier(racine / "data" / "samples" / "val-de-mire")))
    vacances = vacancies(parc, SEED, np.arange(60))
    whole, strate = {}, {}
    for regle in ("suite_bornee", "plus_grand_retard", "au_hasard"):
        vie = lived(parc, vacances, regle, plan=parc.parts[_commune_of(parc)])
        whole[regle], strate[regle] = np.abs(vie.comptes.retard).max(), np.abs(gaps(vie)[0]).max() / UNITE
    assert whole["plus_grand_retard"] < whole["suite_bornee"] < whole["au_hasard"]
    assert strate["suite_bornee"] < 1 < strate["plus_grand_retard"] < strate["au_hasard"]


# ── arrivals that an adversary chooses ────────────────────────────────────────────────────────────


def arrivals(communes: list[int], runs: int = 1) -> Vacances:
    """The same communes free a dwelling in this order, in each run: one dwelling a commune."""
    nb = len(communes)
    return Vacances(
        runs=np.arange(runs),
        debuts=np.arange(runs + 1) * nb,
        rang=np.repeat(np.arange(runs), nb),
        logement=np.tile(communes, runs).astype(np.int64),
        jour=np.tile(np.arange(nb), runs),
        cle=np.arange(runs * nb).astype(np.uint64),
    )


def terrain(parts: Any) -> Any:
    """Communes of these shares, each of one segment and one dwelling."""
    parts = np.asarray(parts, float)
    codes = np.arange(len(parts))
    return SimpleNamespace(parts=parts, flux=codes, segment=codes, commune=codes)


def adversary(parc: Any, regle: str, steps: int) -> Vie:
    """At each step, the commune after which the worst total is the worst: one step ahead, all tried."""
    strates, nb = make_strates(parc.parts), len(parc.parts)
    holders = parc.parts.shape[1]
    plan, genre = parc.parts, np.zeros(nb, np.int64)
    comptes, order, chosen = Comptes.new(1, strates, holders, 1), [], []
    for _ in range(steps):
        kept = comptes.recus, comptes.rang, comptes.retard, comptes.ecart
        tried = Comptes(*(np.repeat(c, nb, axis=0) for c in kept))
        every = np.arange(nb)
        each = Vacances(every, np.arange(nb + 1), every, every, every * 0, np.full(nb, len(order), np.uint64))
        who = orient(parc, strates, plan, genre, each, tried, rule(regle), SEED)
        best = int(np.argmax(np.abs(tried.retard).max(axis=1)))
        comptes = Comptes(*(c[[best]] for c in (tried.recus, tried.rang, tried.retard, tried.ecart)))
        order.append(best)
        chosen.append(int(who[best]))
    return Vie(parc, strates, arrivals(order), comptes, np.array(chosen))


@pytest.mark.parametrize("m", [3, 6])
def test_a_greedy_adversary_never_breaks_a_strate_nor_the_sum(m: int) -> None:
    """Common holders everywhere, one of its own in each commune."""
    rng = np.random.default_rng(m)
    parts = np.zeros((m, 3 + m))
    for c in range(m):
        parts[c, [0, 1, 2, 3 + c]] = rng.dirichlet(np.ones(4))
    vie = adversary(terrain(parts), "suite_bornee", 150)
    assert (np.abs(gaps(vie)[0]) < UNITE).all()
    assert np.abs(vie.comptes.retard).max() < m


def test_no_rule_that_keeps_the_strates_can_promise_less_than_a_quarter_of_m() -> None:
    """m communes of two holders of one half, one of them common to all: docs/simulation.md, lower bound."""
    m = 16
    parts = np.zeros((m, 1 + m))
    parts[:, 0] = 0.5
    parts[np.arange(m), 1 + np.arange(m)] = 0.5
    parc = terrain(parts)
    opened = lived(parc, arrivals(list(range(m))), "suite_bornee", plan=parts)
    common = opened.chosen == 0
    closed = np.flatnonzero(common if common.sum() <= m / 2 else ~common)
    vie = lived(parc, arrivals([*range(m), *closed.tolist()]), "suite_bornee", plan=parts)
    assert m / 4 <= abs(vie.comptes.retard[0, 0]) <= m / 2


@pytest.mark.parametrize("m", [4, 9, 16])
def test_between_equal_pairs_the_preference_is_the_best_to_half_a_dwelling(m: int) -> None:
    """At most (m + 1)/4 for the holder common to m pairs, whatever the arrivals (docs/simulation.md)."""
    parts = np.zeros((m, 1 + m))
    parts[:, 0] = 0.5
    parts[np.arange(m), 1 + np.arange(m)] = 0.5
    parc, rng = terrain(parts), np.random.default_rng(m)
    orders = [rng.integers(0, m, 400).tolist() for _ in range(10)]
    orders += [[*range(m), *np.flatnonzero(lived(parc, arrivals(list(range(m))), "suite_bornee", plan=parts)
                                           .chosen == holder).tolist()] for holder in (0, 1)]  # fmt: skip
    for order in orders:
        for stop in {len(order), m, m + m // 2, 3 * m}:
            vie = lived(parc, arrivals(order[:stop]), "suite_bornee", plan=parts)
            assert abs(vie.comptes.retard[0, 0]) <= (m + 1) / 4
    assert abs(adversary(parc, "suite_bornee", 4 * m).comptes.retard[0, 0]) <= (m + 1) / 4


def test_largest_deficit_first_may_be_more_than_one_out_in_a_single_strate() -> None:
    shares = [[0.664, 0.216, 0.072, 0.027, 0.008, 0.005, 0.003, 0.002, 0.001, 0.001, 0.001]]
    worst = {}
    for regle in ("plus_grand_retard", "suite_bornee"):
        vie = lived(terrain(shares), arrivals([0] * 2_000), regle, plan=np.array(shares))
        worst[regle] = np.abs(gaps(vie)[0]).max() / UNITE
    assert worst["suite_bornee"] < 1 < worst["plus_grand_retard"]


# ── limits, and a user's own rule ─────────────────────────────────────────────────────────────────


def test_one_holder_has_everything() -> None:
    vie = lived(terrain([[1.0], [1.0]]), arrivals([0, 1, 1, 0]), "suite_bornee", plan=np.ones((2, 1)))
    assert vie.chosen.tolist() == [0] * 4
    assert not vie.comptes.retard.any()


@pytest.mark.parametrize("regle", list(Orientation))
def test_no_vacancy_at_all(regle: Orientation) -> None:
    vie = lived(terrain([[0.5, 0.5]]), arrivals([]), regle, plan=np.full((1, 2), 0.5))
    assert len(vie.chosen) == 0 and not vie.comptes.rang.any()


def test_equal_shares_take_turns() -> None:
    vie = lived(terrain([[0.25] * 4]), arrivals([0] * 12), "suite_bornee", plan=np.full((1, 4), 0.25))
    assert [sorted(turn) for turn in vie.chosen.reshape(3, 4)] == [[0, 1, 2, 3]] * 3


def test_the_plan_is_followed_where_shares_leave_a_choice() -> None:
    """Two kinds of dwellings, two holders of one half: each gets the kind that the plan gives it."""
    parc = SimpleNamespace(parts=np.array([[0.5, 0.5]]), flux=np.arange(2), segment=np.array([0, 1]),
                           commune=np.array([0, 0]))  # fmt: skip
    order = [int(c) for c in "0110100110010110"]
    for regle in ("suite_bornee", "plan"):
        vie = lived(parc, arrivals(order), regle, plan=np.eye(2), genre=np.arange(2))
        assert (vie.chosen == order).mean() >= 0.75


def test_accounts_go_on_from_where_they_stood(parc: Parc) -> None:
    vacances = vacancies(parc, SEED, np.arange(5))
    whole = lived(parc, vacances, "suite_bornee")
    strates, holders, segments = whole.strates, len(parc.porteurs), len(parc.flux)
    plan = np.random.default_rng(1).dirichlet(np.ones(holders), segments)
    plan *= parc.parts[_commune_of(parc)] > 0
    comptes = Comptes.new(5, strates, holders, 5)
    halves = []
    for half in (vacances.jour < 180, vacances.jour >= 180):
        out = orient(parc, strates, plan, np.arange(segments) % 5, vacances.only(half), comptes,
                     rule("suite_bornee"), SEED)  # fmt: skip
        halves.append((half, out))
    together = np.empty_like(whole.chosen)
    for half, out in halves:
        together[half] = out
    assert (together == whole.chosen).all()
    assert comptes.recus.tobytes() == whole.comptes.recus.tobytes()


def test_accounts_may_be_kept_in_any_layout(parc: Parc) -> None:
    """A view of a larger table is written too."""
    vacances = vacancies(parc, SEED, np.arange(5))
    whole = lived(parc, vacances, "plus_grand_retard")
    comptes = Comptes.new(5, whole.strates, len(parc.porteurs), 5)
    comptes.retard = np.asfortranarray(comptes.retard)
    orient(parc, whole.strates, np.zeros((len(parc.flux), len(parc.porteurs))), np.arange(len(parc.flux)) % 5,
           vacances, comptes, rule("plus_grand_retard"), SEED)  # fmt: skip
    assert (comptes.retard == whole.comptes.retard).all()


def test_a_user_s_own_rule_is_a_function(parc: Parc) -> None:
    seen = []

    def the_smallest_share(moment: Moment) -> Places:
        seen.append(moment)
        return np.argmin(np.where(moment.parts > 0, moment.parts, 2.0), axis=1)

    vie = lived(parc, vacancies(parc, SEED, np.arange(3)), the_smallest_share)
    commune = parc.commune[vie.vacances.logement]
    smallest = np.where(parc.parts > 0, parc.parts, 2).min(axis=1)
    np.testing.assert_allclose(parc.parts[commune, vie.chosen], smallest[commune], atol=1e-8)
    assert {len(m.tirage) for m in seen} <= {1, 2, 3}


@pytest.mark.parametrize(
    "answer",
    [
        lambda m: np.full(len(m.rang), m.parts.shape[1]),
        lambda m: np.full(len(m.rang), -1),
        lambda m: np.argmin(m.parts, axis=1),  # nobody's column, of no share
        lambda m: np.zeros(len(m.rang)),
        lambda m: 0,
    ],
)
def test_a_user_s_own_rule_that_designates_nobody_is_refused(answer: Regle) -> None:
    parts = [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]
    with pytest.raises(FluxError) as error:
        lived(terrain(parts), arrivals([0, 1]), answer, plan=np.array(parts))
    assert error.value.code == "simulation.regle"


def test_every_name_has_a_rule_and_a_wrong_one_is_refused_with_those_near_it() -> None:
    assert set(REGLES) == set(Orientation)
    assert rule("suite_bornee") is REGLES[Orientation.SUITE]
    with pytest.raises(FluxError, match="suite_bornee") as error:
        rule("suite_borne")
    assert error.value.code == "simulation.orientation"
