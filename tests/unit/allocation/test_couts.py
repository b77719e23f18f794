"""Marginal costs: against the plan solved again from nothing, against duals, by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux.allocation import allocate
from flux.allocation.cadre import make_cadre
from flux.allocation.couts import FLUX, RANG, marginal_costs
from flux.allocation.equite import equites
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.melange import reference_mix
from flux.allocation.modele import UNICITE, Modele, formulate
from flux.allocation.obligations import NIVEAUX, obligations
from flux.allocation.phrases import cost_said
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, solve
from flux.noyau.solveur.sonde import Sonde

QuotasOf = Callable[..., Any]
AGGLO = "247200132"


def modelled(quotas: Any) -> Modele:
    cadre, baux = make_cadre(quotas), baux_hors_flux(quotas)
    equity = equites(cadre)
    melange, _ = reference_mix(quotas, cadre)
    return formulate(cadre, obligations(quotas, cadre, baux, equity), equity, melange)


def levels(modele: Modele) -> tuple[Any, tuple[float, ...]]:
    found = solve(modele.programme, modele.etapes, ensemble=len(NIVEAUX))
    return modele.repartition(found.valeurs), found.niveaux


def again(modele: Modele, place: int, by: float = 1.0) -> tuple[int, float]:
    """The first stage that the raised threshold makes worse, and by how much, solved from nothing."""
    (_, before), (_, after) = levels(modele), levels(modele.raised(place, by))
    for rank, (b, a) in enumerate(zip(before, after, strict=True)):
        if modele.etapes[rank].nom != UNICITE and a > b + 1e-5:
            return rank, a - b
    return len(before), 0.0


def agree(quotas: Any) -> None:
    """Every objective of a dossier, raised in the race and solved from nothing."""
    modele = modelled(quotas)
    plan, _ = levels(modele)
    places = [i for i, o in enumerate(modele.obligations) if o.niveau != "physique"]
    costs = marginal_costs(modele, plan, places)
    for place in places:
        rank, more = again(modele, place)
        cost = costs[place]
        if rank == RANG[modele.obligations[place].niveau]:
            assert np.isnan(cost.valeur), modele.obligations[place].cle
            assert cost.objectif
        else:
            assert cost.valeur == pytest.approx(more, abs=2e-5), modele.obligations[place].cle
            assert bool(cost.objectif) == (more > 0)


def test_by_hand(two_communes: Any) -> None:
    agree(two_communes)


def applicants(**counts: int) -> list[tuple[Any, ...]]:
    """Applicants for T3 on the agglomeration: dalo_q1=3, autre_q234=100…"""
    return [("epci", AGGLO, "T3", *key.split("_"), "tous", nb) for key, nb in counts.items()]


demand = st.lists(st.integers(0, 12), min_size=4, max_size=4)


@settings(max_examples=8, deadline=None)
@given(counts=demand, part=st.sampled_from([0.2, 0.4, 0.6]), als=st.integers(1, 5))
def test_against_solving_again(quotas_factory: QuotasOf, counts: list[int], part: float, als: int) -> None:
    keys = [f"{p}_{q}" for p in ("dalo", "autre") for q in ("q1", "q234")]
    agree(
        quotas_factory(
            [
                ("72181", False, "T2", "PLUS", 4.0),
                ("72181", True, "T3", "PLUS", 3.0),
                ("72003", False, "T3", "PLAI", 3.0),
            ],
            [
                ("etat", "etat_prioritaires", "departement", "72", 3),
                ("als", "action_logement", "departement", "72", als),
                ("bailleur", "bailleur", None, None, 7 - als),
            ],
            [
                ("72181", "etat", 2.1, 2, 1, 1),
                ("72003", "etat", 0.9, 1, 0, 1),
                ("72181", "als", als * 0.7, als, 0, als),
                ("72003", "als", als * 0.3, 0, 0, 0),
                ("72181", "bailleur", 4.9 - als * 0.7, 4, 1, 3),
                ("72003", "bailleur", 2.1 - als * 0.3, 2, 0, 2),
            ],
            demande=applicants(**dict(zip(keys, counts, strict=True))),
            objectifs=[("q1_hors_qpv", "convention", AGGLO, None, part, None)],
        )
    )


def test_against_the_dual_where_it_is_unique(quotas_of: QuotasOf) -> None:
    """Where one dwelling less gains as much as one more costs, the dual is unique, and is the cost."""
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 30.0)],
        [("als", "action_logement", "departement", "72", 12), ("bailleur", "bailleur", None, None, 18)],
        [("72181", "als", 12.0, 12, 0, 12), ("72181", "bailleur", 18.0, 18, 0, 18)],
        demande=applicants(dalo_q1=30, autre_q1=200, autre_q234=700),
    )
    modele = modelled(quotas)
    plan, before = levels(modele)
    places = [i for i, o in enumerate(modele.obligations) if o.objectif == "dalo_prioritaires"]
    costs = marginal_costs(modele, plan, places)
    compared = 0
    for place in places:
        rank, more = again(modele, place)
        _, less = levels(modele.raised(place, -1.0))
        if not RANG[modele.obligations[place].niveau] < rank < len(before) - 1:
            continue
        assert less[:rank] == pytest.approx(before[:rank], abs=1e-6)
        if before[rank] - less[rank] != pytest.approx(more):
            continue
        sonde = Sonde(modele.programme)
        for etape, level in zip(modele.etapes[:rank], before, strict=False):
            sonde.cap(etape.couts, level + 1e-9, etape.nom)
        dual = sonde.minimise(modele.etapes[rank].couts, "dual").duals[modele.lignes[place]]
        assert costs[place].valeur == pytest.approx(dual, abs=1e-5)
        compared += 1
    assert compared


def test_what_blocks_is_named(quotas_of: QuotasOf) -> None:
    """One DALO applicant for twenty dwellings: the demand stops the duty, the flow stops the quota."""
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 20.0)],
        [("bailleur", "bailleur", None, None, 20)],
        [("72181", "bailleur", 20.0, 20, 0, 20)],
        demande=applicants(dalo_q1=1, autre_q234=99),
    )
    plan = allocate(quotas)
    rows = plan.objectifs.loc[plan.objectifs["objectif"].isin(["dalo_prioritaires", "quota"])]
    assert rows["cout_marginal"].isna().all()
    blocks = dict(zip(rows["objectif"], rows["cout_objectif"], strict=True))
    assert blocks == {"dalo_prioritaires": "demande", "quota": FLUX}
    told = plan.explain("dalo_prioritaires")["cout"].tolist()
    assert told == ["exiger un logement de plus est impossible : « demande connue » s'y oppose"]


def test_a_threshold_already_passed_costs_nothing(quotas_of: QuotasOf) -> None:
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 20.0)],
        [("bailleur", "bailleur", None, None, 20)],
        [("72181", "bailleur", 20.0, 20, 0, 20)],
        demande=applicants(dalo_q1=99),
    )
    plan = allocate(quotas)
    row = plan.objectifs.loc[plan.objectifs["objectif"] == "q1_hors_qpv"].iloc[0]
    assert row["cout_marginal"] == 0
    assert row["cout_objectif"] is None or row[["cout_objectif"]].isna().all()


def test_on_request_only(two_communes: Any) -> None:
    plan = allocate(two_communes, couts=False)
    assert plan.objectifs["cout_marginal"].isna().all()
    assert any("couts=True" in sentence for sentence in plan.hypotheses)
    assert allocate(two_communes, couts=True).objectifs["cout_objectif"].notna().any()


def test_said() -> None:
    assert cost_said(0.4, "equite_typologie") == (
        "exiger un logement de plus coûte 0,4 logement à l'objectif « équité de typologie »"
    )
    assert cost_said(2.0, "quota").endswith("2 logements à l'objectif « quota du réservataire »")
    assert cost_said(0.001, "quota").split("coûte ")[1].startswith("moins de 0,01 logement")
    told = "1,2\u202f% de son quota au réservataire le moins bien servi"
    assert cost_said(0.012, "equite_pire").endswith(told)
    assert cost_said(np.nan, None) == ""


# ── the probe ─────────────────────────────────────────────────────────────────────────────────────


def test_a_probe_answers_in_the_order_of_its_programme() -> None:
    builder = Builder()
    b, a = builder.columns(["b", "a"], upper=5.0)
    builder.entries(builder.rows(["z"], 3.0)[0], [a, b])
    builder.entries(builder.rows(["y"], hi=4.0)[0], a)
    sonde = Sonde(builder.build())
    costs = builder.costs(([b, a], [2.0, 1.0]))
    found = sonde.minimise(costs, "essai")
    assert found.valeurs.tolist() == [0, 3]
    assert found.duals.tolist() == [1, 0]
    sonde.mark()
    sonde.rows(np.array([0]), np.array([7.0]), np.array([np.inf]))
    assert sonde.minimise(costs, "essai").valeurs.tolist() == [3, 4]
    sonde.columns(np.array([b]), np.array([0.0]), np.array([1.0]))
    with pytest.raises(SolverError) as error:
        sonde.minimise(costs, "essai")
    assert error.value.code == "solveur.infaisable"
    sonde.restore(np.array([0]), np.array([b]))
    sonde.back()
    sonde.cap(builder.costs((a, 1.0)), 1.0, "essai")
    assert sonde.minimise(costs, "essai").valeurs.tolist() == [2, 1]
    assert sonde.nb_solves == 4
