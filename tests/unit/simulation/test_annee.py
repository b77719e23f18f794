"""The vacancies of the year: how many, where, when; the same however they are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from closed import Seen, agree, held, moments, trials
from fabrique import dossier, logements, reservataire

from flux.conversion import Quotas, convert
from flux.dossier.vocabulaire import Issue
from flux.simulation.annee import Vacances, outcomes, vacancies
from flux.simulation.parc import ISSUES, Parc, make_parc
from flux.simulation.tirages import Usage, entiers, sous

SEED, RUNS = 2026, np.arange(400)


def petit(taux_rotation: float = 0.1, nb: int = 40, qpv: bool = False, **tables: Any) -> Parc:
    """One commune, one programme, and the State."""
    convention = {"hypotheses": {"taux_rotation": taux_rotation}, "choix": tables.pop("choix", {}),
                  "stipulations": {"part_etat": "legale"}}  # fmt: skip
    return make_parc(
        convert(
            dossier(
                logements=logements(nb, "00001", "P", qpv=qpv),
                reservataires=[reservataire("etat_prioritaires")],
                convention=convention,
                **tables,
            )
        )
    )


def by_run(vacances: Vacances, mask: Any = None) -> Any:
    kept = vacances.rang if mask is None else vacances.rang[mask]
    return np.bincount(kept, minlength=len(vacances.runs))


def test_counts_have_the_mean_and_the_variance_of_their_law(quotas: Quotas) -> None:
    """Of the whole, of each commune and of each segment."""
    parc = make_parc(quotas)
    drawn = vacancies(parc, SEED, RUNS)
    whole = np.ones(len(parc.logements))
    seen = [Seen("*", by_run(drawn), *moments(parc, whole))]
    for index, places in ((parc.commune, parc.communes), (parc.segment, range(len(parc.flux)))):
        for place, nom in enumerate(places):
            here = index == place
            seen.append(Seen(str(nom), by_run(drawn, here[drawn.logement]), *moments(parc, whole * here)))
    agree(seen)
    assert moments(parc, whole)[0] == pytest.approx(quotas.flux["liberations"].sum(), rel=1e-6)


def test_a_known_rate_gives_a_binomial(quotas: Quotas) -> None:
    """Without the uncertainty of the rates: the variance is n p (1 − p) in each group, and it is seen."""
    parc = make_parc(quotas, incertitude=False)
    assert np.ptp(trials(parc), axis=1).max() == 0
    mean, variance = moments(parc, np.ones(len(parc.logements)))
    chance = trials(parc)[:, 0]
    assert variance == pytest.approx(parc.essais * (chance * (1 - chance)).sum())
    agree([Seen("*", by_run(vacancies(parc, SEED, RUNS)), mean, variance)])
    assert moments(make_parc(quotas), np.ones(len(parc.logements)))[1] > variance


def test_under_stock_each_holder_has_a_poisson_binomial(quotas: Quotas) -> None:
    """Everywhere, and in each commune."""
    parc = make_parc(quotas)
    drawn = vacancies(parc, SEED, RUNS)
    holder = parc.droits.holder(
        drawn.logement, drawn.jour, drawn.tirage(SEED, Usage.DROIT), len(parc.porteurs) - 1
    )
    chances = held(parc)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    seen = []
    for h, nom in enumerate(parc.porteurs):
        seen.append(Seen(nom, by_run(drawn, holder == h), *moments(parc, chances[:, h])))
        for c, commune in enumerate(parc.communes):
            mask = (holder == h) & (parc.commune[drawn.logement] == c)
            law = moments(parc, chances[:, h] * (parc.commune == c))
            seen.append(Seen(f"{nom} {commune}", by_run(drawn, mask), *law))
    agree(seen)
    assert len(seen) == len(parc.porteurs) * (1 + len(parc.communes))


def test_what_mutations_take_is_a_thinning(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    drawn = vacancies(parc, SEED, RUNS)
    draw = entiers(SEED, Usage.SOUSTRACTION, drawn.cle.view(np.int64))
    taken = sous(draw, parc.soustraits[parc.segment[drawn.logement]])
    part = (parc.soustraits / 2.0**53)[parc.segment]
    agree([Seen("*", by_run(drawn, taken), *moments(parc, part))])
    assert moments(parc, part)[0] == pytest.approx(quotas.flux["soustraits"].sum(), rel=1e-6)


def test_a_run_is_the_same_alone_or_among_others(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    whole = vacancies(parc, SEED, np.arange(100))
    for part in (np.arange(10), np.arange(37, 61), np.array([99]), np.array([5, 3])):
        some = vacancies(parc, SEED, part)
        for place, run in enumerate(part):
            here, there = (slice(*v.debuts[k : k + 2]) for v, k in ((some, place), (whole, run)))
            for nom in ("logement", "jour", "cle"):
                assert getattr(some, nom)[here].tobytes() == getattr(whole, nom)[there].tobytes()
            assert outcomes(parc, some, SEED)[here].tobytes() == outcomes(parc, whole, SEED)[there].tobytes()


def test_runs_years_and_seeds_differ_and_their_rates_are_those_of_the_run(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    one, other = vacancies(parc, SEED, RUNS[:50]), vacancies(parc, SEED + 1, RUNS[:50])
    assert not np.array_equal(one.logement[:50], other.logement[:50])
    assert not np.array_equal(*(one.logement[one.debuts[r] : one.debuts[r] + 5] for r in (0, 1)))


def test_events_come_in_the_order_of_their_days(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    drawn = vacancies(parc, SEED, RUNS[:100])
    assert (np.diff(drawn.jour) >= 0)[np.diff(drawn.rang) == 0].all()
    assert drawn.jour.min() >= 0 and drawn.jour.max() < parc.jours
    assert (drawn.rang == np.repeat(np.arange(100), np.diff(drawn.debuts))).all()
    some = drawn.only(drawn.jour < 100)
    assert (some.jour < 100).all() and len(some) == (drawn.jour < 100).sum()
    assert (some.rang == np.repeat(np.arange(100), np.diff(some.debuts))).all()


def test_days_are_uniform_over_the_year(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    drawn = vacancies(parc, SEED, RUNS)
    days = np.bincount(drawn.jour, minlength=parc.jours)
    expected = len(drawn) / 365
    assert (np.abs(days - expected) < 5 * np.sqrt(expected)).all()


def test_a_season_moves_the_days_and_neither_the_order_nor_the_number() -> None:
    taux = [{"nature": "saison", "mois": m, "taux": t} for m, t in ((7, 0.5), (8, 0.25), (9, 0.25))]
    plain, summer = petit(), petit(taux=taux)
    a, b = vacancies(plain, SEED, RUNS), vacancies(summer, SEED, RUNS)
    assert (a.logement == b.logement).all() and (a.debuts == b.debuts).all()
    assert b.jour.min() >= 181 and b.jour.max() < 273
    july = (b.jour < 212).mean()
    assert abs(july - 0.5) < 4.5 * np.sqrt(0.25 / len(b))


def test_months_that_are_told_twice_add_up_and_those_that_are_not_are_empty() -> None:
    parc = petit(taux=[{"nature": "saison", "mois": 1, "taux": 0.2}] * 2 + [
        {"nature": "saison", "mois": 12, "taux": 0.4}])  # fmt: skip
    np.testing.assert_allclose(parc.saison, [0.5] * 11 + [1.0])
    days = vacancies(parc, SEED, RUNS).jour
    assert ((days < 31) | (days >= 334)).all()
    assert days.max() == 364


@pytest.mark.parametrize(("natures", "expected"), [
    ({}, (1.0, 0.0, 0.0)),
    ({"refus": 0.3}, (0.7, 0.0, 0.3)),
    ({"echec": 0.2}, (0.8, 0.2, 0.0)),
    ({"refus": 0.5, "echec": 0.4}, (0.3, 0.4, 0.3)),
    ({"refus": 1.0, "echec": 1.0}, (0.0, 1.0, 0.0)),
])  # fmt: skip
def test_refusals_and_missing_candidates_come_at_their_rates(
    natures: dict[str, float], expected: tuple[float, ...]
) -> None:
    parc = petit(taux=[{"nature": nature, "taux": taux} for nature, taux in natures.items()])
    found = outcomes(parc, vacancies(parc, SEED, RUNS), SEED)
    for part, seen in zip(expected, np.bincount(found, minlength=3) / len(found), strict=True):
        assert abs(seen - part) <= 4.5 * np.sqrt(part * (1 - part) / len(found))
    assert ISSUES == (Issue.AUCUNE, Issue.SANS_CANDIDAT, Issue.REFUS_CANDIDAT)


@pytest.mark.parametrize("sans", [True, False])
@pytest.mark.parametrize("refus", [True, False])
def test_what_counts_follows_the_convention(sans: bool, refus: bool) -> None:
    parc = petit(choix={"compte_sans_candidat": sans, "compte_refus_candidat": refus})
    assert parc.comptees.tolist() == [True, sans, refus]


def test_zero_rotation_frees_nothing() -> None:
    drawn = vacancies(petit(0.0), SEED, RUNS)
    assert len(drawn) == 0 and drawn.debuts.tolist() == [0] * (len(RUNS) + 1)
    assert len(drawn.only(drawn.jour > 0)) == 0
    assert len(outcomes(petit(0.0), drawn, SEED)) == 0


def test_rotation_one() -> None:
    """Just under one, each dwelling frees itself once; at one, a dwelling has two trials."""
    agree([Seen("*", by_run(vacancies(petit(1.0), SEED, RUNS)), 40.0, 80 * 0.25)])
    parc = petit(1 - 1e-9)
    drawn = vacancies(parc, SEED, RUNS[:20])
    assert (np.sort(drawn.logement.reshape(20, -1), axis=1) == np.arange(40)).all()


def test_one_dwelling() -> None:
    parc = petit(0.3, nb=1)
    agree([Seen("*", by_run(vacancies(parc, SEED, RUNS)), 0.3, 0.21)])


def test_no_lot_of_a_draw_twice_but_a_dwelling_may_free_itself_again() -> None:
    """More relettings than dwellings: two trials each, and each trial once."""
    past = [{"annee": a, "nature": "relocation", "commune": "00001", "typologie": "T3", "nb": 48}
            for a in (2023, 2024, 2025)]  # fmt: skip
    parc = make_parc(convert(dossier(
        logements=logements(40, "00001", "P"), reservataires=[reservataire("etat_prioritaires")],
        mouvements=past, convention={"stipulations": {"part_etat": "legale"}})))  # fmt: skip
    assert parc.essais == 2
    drawn = vacancies(parc, SEED, RUNS)
    agree([Seen("*", by_run(drawn), *moments(parc, np.ones(40)))])
    assert moments(parc, np.ones(40))[0] == pytest.approx(48)
    times = np.bincount(drawn.rang * 40 + drawn.logement)
    assert times.max() == 2
    assert len(np.unique(drawn.cle)) == len(drawn)


def test_all_in_qpv() -> None:
    parc = petit(0.2, qpv=True)
    drawn = vacancies(parc, SEED, RUNS)
    assert parc.flux["qpv"].astype(bool).all() and len(parc.flux) == 1
    agree([Seen("*", by_run(drawn), 8.0, 40 * 0.2 * 0.8)])
