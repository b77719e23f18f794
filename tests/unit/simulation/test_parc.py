"""The arrays of a year say what the quotas say."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest
from closed import moments, trials
from fabrique import Row, dossier, logements, reservataire

import flux
from flux.conversion import Quotas, convert
from flux.simulation.annee import vacancies
from flux.simulation.parc import ATOMES, make_parc
from flux.simulation.tirages import Usage, entiers, indices


def made(*, annee: int = 2026, taux: list[Row] | None = None, **hypotheses: Any) -> Quotas:
    """Two communes, QPV and not, two sizes."""
    stock = [
        row
        for commune in ("00001", "00002")
        for qpv in (True, False)
        for typologie in ("T2", "T3")
        for row in logements(10, commune, f"P{commune}{int(qpv)}{typologie}", qpv=qpv, typologie=typologie)
    ]
    return convert(
        dossier(
            annee=annee,
            logements=stock,
            reservataires=[reservataire("etat_prioritaires"), reservataire("commune_00001")],
            reservations=[
                {"id_reservataire": "commune_00001", "programme": "P000010T2", "commune": "00001", "nb": 5}
            ],
            taux=taux or [],
            convention={
                "hypotheses": {"taux_rotation": 0.1} | hypotheses,
                "stipulations": {"part_etat": "legale"},
            },
        )
    )


def test_each_dwelling_has_its_commune_its_segment_and_its_group(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    assert (parc.commune >= 0).all() and (parc.segment >= 0).all()
    assert (parc.logements["commune"].to_numpy() == np.array(parc.communes)[parc.commune]).all()
    assert (parc.flux["commune"].to_numpy()[parc.segment] == parc.logements["commune"].to_numpy()).all()
    assert np.bincount(parc.segment).tolist() == parc.flux["nb_logements"].tolist()
    assert sorted(parc.membres) == list(range(len(parc.logements))) and parc.debuts[-1] == len(parc.logements)
    assert parc.porteurs[-1] == "bailleur"


def test_vacancies_expected_are_those_of_the_quotas_in_every_segment(quotas: Quotas) -> None:
    for incertitude in (True, False):
        parc = make_parc(quotas, incertitude=incertitude)
        mean = np.bincount(parc.segment, parc.essais * trials(parc).mean(axis=1))
        np.testing.assert_allclose(mean, parc.flux["liberations"].astype(float), rtol=1e-5)


def test_the_law_of_a_group_is_the_binomial_of_each_atom() -> None:
    parc = make_parc(made())
    assert parc.essais == 1 and len(parc.debuts) == 2
    table = parc.seuils[parc.places[0] : parc.places[1]]
    law = np.diff(table.astype(float) / 2.0**53, prepend=0.0)
    binomial = [comb(80, k) * 0.1**k * 0.9 ** (80 - k) for k in range(len(law))]
    np.testing.assert_allclose(law, binomial, atol=2e-12)


def test_an_uncertain_rate_is_a_beta_of_16_values_of_the_same_mean(quotas: Quotas) -> None:
    """Mean and variance of the mixture against those of the beta binomial, from the estimation alone."""
    parc, rotation = make_parc(quotas), quotas.preuve.rotation
    lets, nb = rotation.lets, len(parc.logements)
    chance = trials(parc)
    groups = rotation.groupe.loc[quotas.preuve.classement.dans_assiette].to_numpy(str)
    expected = quotas.flux["liberations"].sum()
    drawn = sum(float(rotation.estimations[g].taux) for g in groups)
    assert chance.shape == (nb, ATOMES)
    for group in np.unique(groups):
        here = int(np.flatnonzero(groups == group)[0])
        estimation = rotation.estimations[group]
        mean = float(estimation.taux) * float(expected) / drawn / lets
        assert chance[here].mean() == pytest.approx(mean, rel=1e-5)
        if mean and np.isfinite(estimation.poids):
            belief, weight = float(estimation.moyenne) / lets, estimation.poids * lets
            relative = np.sqrt((1 - belief) / belief / (weight + 1))
            # 16 atoms at the middle of equal chances leave out the far tails: a spread a little narrower
            assert 0.80 * relative <= chance[here].std() / mean <= 1.02 * relative


def test_shares_of_a_commune_are_those_of_its_exact_dues(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    np.testing.assert_allclose(parc.parts.sum(axis=1), 1.0)
    cells = quotas.communes.assign(exact=quotas.communes["exact"].astype(float).clip(lower=0))
    total = cells.groupby("commune")["exact"].sum()
    for row in cells.itertuples():
        if total[row.commune] > 0:
            share = parc.parts[parc.communes.index(row.commune), parc.porteurs.index(row.id_reservataire)]
            assert share == pytest.approx(row.exact / total[row.commune])


def test_a_commune_without_flow_is_the_bailleur_s() -> None:
    parc = make_parc(made(taux_rotation=0.0))
    assert (parc.parts[:, -1] == 1).all()


@pytest.mark.parametrize(("annee", "jours"), [(2026, 365), (2028, 366)])
def test_months_are_those_of_the_year(annee: int, jours: int) -> None:
    parc = make_parc(made(annee=annee))
    assert parc.jours == jours
    assert np.round(parc.mois * jours).tolist()[:4] == [0, 31, jours - 306, jours - 275]
    np.testing.assert_allclose(parc.saison, parc.mois[1:])
    days = vacancies(parc, 1, np.arange(2_000)).jour
    assert np.unique(days).size == jours


def test_the_most_precise_rate_prevails_whatever_the_order() -> None:
    rows = [
        {"nature": "refus", "taux": 0.1},
        {"nature": "refus", "commune": "00001", "taux": 0.2},
        {"nature": "refus", "commune": "00001", "qpv": True, "taux": 0.3},
        {"nature": "refus", "commune": "00001", "qpv": True, "typologie": "T3", "taux": 0.4},
        {"nature": "echec", "typologie": "T2", "taux": 0.5},
    ]
    for order in (rows, rows[::-1]):
        parc = make_parc(made(taux=order))
        seen = {
            (r.commune, bool(r.qpv), r.typologie): (round(a / 2.0**53, 9), round(b / 2.0**53, 9))
            for r, a, b in zip(parc.flux.itertuples(), parc.refus, parc.echecs, strict=True)
        }
        assert seen == {
            ("00001", True, "T2"): (0.3, 0.5),
            ("00001", True, "T3"): (0.4, 0.0),
            ("00001", False, "T2"): (0.2, 0.5),
            ("00001", False, "T3"): (0.2, 0.0),
            ("00002", True, "T2"): (0.1, 0.5),
            ("00002", True, "T3"): (0.1, 0.0),
            ("00002", False, "T2"): (0.1, 0.5),
            ("00002", False, "T3"): (0.1, 0.0),
        }


def test_a_rate_that_is_not_given_is_zero(quotas: Quotas) -> None:
    parc = make_parc(quotas)
    assert not parc.refus.any() and not parc.echecs.any()


def test_a_forecast_of_the_landlord_scales_every_rate() -> None:
    plain, forecast = make_parc(made()), make_parc(made(liberations_prevues=20))
    assert moments(forecast, np.ones(80))[0] == pytest.approx(20)
    np.testing.assert_allclose(trials(forecast), trials(plain) * 20 / 8)


def _laws(quotas: Quotas) -> list[str]:
    rotation = quotas.preuve.rotation
    groups = rotation.groupe.loc[quotas.preuve.classement.dans_assiette]
    return sorted({rotation.estimations[g].porteur for g in groups})


def test_a_run_keeps_its_rates_when_a_group_appears_before_the_others() -> None:
    """A commune of its own law, the first by name, joins the base: the others' draws do not move."""
    past = [{"annee": a, "nature": "relocation", "commune": c, "typologie": "T3", "nb": 4}
            for a in (2023, 2024, 2025) for c in ("00002", "00003")]  # fmt: skip

    def drawn(*communes: str) -> dict[str, list[int]]:
        quotas = convert(dossier(
            logements=[row for c in communes for row in logements(40, c, f"P{c}")],
            reservataires=[reservataire("etat_prioritaires")], mouvements=past,
            convention={"choix": {"segment_rotation": "commune"}, "stipulations": {"part_etat": "legale"}},
        ))  # fmt: skip
        parc = make_parc(quotas)
        atoms = indices(entiers(5, Usage.TAUX, np.arange(50)[:, None], parc.lois), ATOMES)
        return dict(zip(_laws(quotas), atoms.T.tolist(), strict=True))

    few, more = drawn("00002", "00003"), drawn("00001", "00002", "00003")
    assert len(more) == len(few) + 1
    assert all(more[nom] == few[nom] for nom in few)


def test_years_ahead_have_their_own_parc_and_keep_the_rate_of_the_run(quotas: Quotas) -> None:
    """The draws of a year are its own; a run whose rate is high this year has a high one the next."""
    following = flux.project(quotas.dossier, annees=range(2026, 2028)).quotas
    parcs = [make_parc(q) for q in following]
    assert [p.annee for p in parcs] == [2026, 2027]
    one, two = (vacancies(p, 5, np.arange(9)) for p in parcs)
    assert one.cle[:9].tolist() != two.cle[:9].tolist()
    known = [dict(zip(_laws(q), p.lois.tolist(), strict=True)) for q, p in zip(following, parcs, strict=True)]
    assert all(known[1][nom] == number for nom, number in known[0].items() if nom in known[1])
    assert len(set(known[1].values())) == len(known[1])
    for parc in parcs:
        whole = moments(parc, np.ones(len(parc.logements)))[0]
        assert whole == pytest.approx(parc.flux["liberations"].sum(), rel=1e-5)
