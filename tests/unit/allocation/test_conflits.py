"""Conflicts named exactly: dossiers made for it, and brute force over every subset, written apart."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from flux.allocation import Obligation, allocate
from flux.allocation.cadre import Cadre, make_cadre
from flux.allocation.conflits import conflicts
from flux.allocation.contradictions import contradictions
from flux.allocation.entiers import whole_plan
from flux.allocation.equite import equites
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.melange import reference_mix
from flux.allocation.modele import Modele, formulate
from flux.allocation.obligations import NIVEAUX, Repartition, Sens, Support, obligations
from flux.allocation.phrases import conflict_said
from flux.allocation.recherche import Conflit, Nature
from flux.conversion.noms import Noms
from flux.noyau.solveur import solve

QuotasOf = Callable[..., Any]
AGGLO = "247200132"


def modelled(quotas: Any) -> tuple[Modele, Repartition, Repartition]:
    """The model, its exact plan, its whole plan."""
    cadre, baux = make_cadre(quotas), baux_hors_flux(quotas)
    equity = equites(cadre)
    melange, _ = reference_mix(quotas, cadre)
    modele = formulate(cadre, obligations(quotas, cadre, baux, equity), equity, melange)
    exact = modele.repartition(solve(modele.programme, modele.etapes, ensemble=len(NIVEAUX)).valeurs)
    return modele, exact, whole_plan(quotas, modele, exact, melange).preuve.plan


def found(quotas: Any, **more: Any) -> tuple[Modele, tuple[Conflit, ...]]:
    modele, exact, whole = modelled(quotas)
    return modele, conflicts(modele, exact, whole, **more)


def names(modele: Modele, conflit: Conflit) -> set[tuple[str, str]]:
    """Objective and holder of each duty; demands by their sizes and publics."""
    return {(modele.obligations[i].objectif, modele.obligations[i].porteur) for i in conflit.places}


def duties(modele: Modele, conflit: Conflit) -> set[tuple[str, str]]:
    return {name for name in names(modele, conflit) if name[0] != "demande"}


def demand(**counts: int) -> list[tuple[Any, ...]]:
    """Applicants for T3 on the agglomeration: dalo_q1=3, autre_q234=100…"""
    return [("epci", AGGLO, "T3", *key.split("_"), "tous", nb) for key, nb in counts.items()]


def alone(nb: float, **more: Any) -> dict[str, Any]:
    """The bailleur alone in one commune, outside QPV."""
    return {
        "flux": [("72181", False, "T3", "PLUS", nb)],
        "holders": [("bailleur", "bailleur", None, None, int(nb))],
        "communes": [("72181", "bailleur", nb, int(nb), 0, int(nb))],
        **more,
    }


def with_als(nb: int, als: int, **more: Any) -> dict[str, Any]:
    """Action Logement and the bailleur in one commune, outside QPV."""
    rest = nb - als
    return alone(
        float(nb),
        **{
            "holders": [
                ("als", "action_logement", "departement", "72", als),
                ("bailleur", "bailleur", None, None, rest),
            ],
            "communes": [("72181", "als", als, als, 0, als), ("72181", "bailleur", rest, rest, 0, rest)],
            **more,
        },
    )


# ── dossiers made for it ──────────────────────────────────────────────────────────────────────────


def test_nothing_is_asked_where_everything_holds(two_communes: Any) -> None:
    _, conflits = found(two_communes, questions=0)
    assert conflits == ()


def test_a_demand_that_is_short(quotas_of: QuotasOf) -> None:
    quotas = quotas_of(**alone(20.0, demande=demand(dalo_q1=1, autre_q1=2, autre_q234=100)))
    modele, conflits = found(quotas)
    dalo, q1 = sorted(conflits, key=lambda c: -c.manque)
    assert duties(modele, dalo) == {("dalo_prioritaires", "bailleur")}
    assert names(modele, dalo) - duties(modele, dalo) == {
        ("demande", f"T3, {p}, {q}") for p in ("dalo", "prioritaire") for q in ("q1", "q234")
    }
    assert names(modele, q1) == {
        ("q1_hors_qpv", "*"),
        *(("demande", f"T3, {p}, q1") for p in ("dalo", "prioritaire", "autre")),
    }
    assert [c.manque for c in (dalo, q1)] == pytest.approx([4, 2])
    assert all(c.nature is Nature.PARTS and c.minimal and c.liste_complete for c in conflits)


def test_more_dwellings_than_applicants_is_a_conflict_of_facts(quotas_of: QuotasOf) -> None:
    quotas = quotas_of(**alone(10.0, duty=False, demande=demand(autre_q234=6, dalo_q1=3)))
    modele, conflits = found(quotas)
    assert [duties(modele, c) for c in conflits] == [set()]
    assert conflits[0].manque == pytest.approx(1)
    (sentence,) = allocate(quotas).phrases
    assert "9 candidats en tout" in sentence
    assert "il manque 1 candidat." in sentence


def test_two_legal_targets_that_want_the_same_applicants(quotas_of: QuotasOf) -> None:
    """Four DALO applicants: a quarter of 12 holds, a quarter of 8 holds, both together do not."""
    quotas = quotas_of(**with_als(20, 8, duty=False, demande=demand(dalo_q1=4, autre_q234=99)))
    modele, conflits = found(quotas)
    (conflit,) = conflits
    assert duties(modele, conflit) == {("dalo_prioritaires", "als"), ("dalo_prioritaires", "bailleur")}
    assert conflit.minimal
    assert conflit.liste_complete
    assert conflit.manque == pytest.approx(1)


def test_three_legal_targets(quotas_of: QuotasOf) -> None:
    """A quarter each of 8, 8 and 8 among five DALO applicants: any two hold, not the three."""
    quotas = quotas_of(
        **alone(
            24.0,
            duty=False,
            holders=[
                ("als", "action_logement", "departement", "72", 8),
                ("mairie", "commune", "commune", "72181", 8),
                ("bailleur", "bailleur", None, None, 8),
            ],
            communes=[("72181", h, 8.0, 8, 0, 8) for h in ("als", "mairie", "bailleur")],
            demande=demand(dalo_q1=5, autre_q234=99),
        )
    )
    modele, conflits = found(quotas)
    assert {frozenset(duties(modele, c)) for c in conflits} == {
        frozenset(("dalo_prioritaires", h) for h in ("als", "mairie", "bailleur"))
    }


def test_the_state_and_the_other_quartiles(quotas_of: QuotasOf) -> None:
    """In QPV the State takes 6 of 11 for priority households, all of first quartile: half is out of reach."""
    quotas = quotas_of(
        [("72181", True, "T3", "PLUS", 11.0)],
        [("etat", "etat_prioritaires", "departement", "72", 6), ("bailleur", "bailleur", None, None, 5)],
        [("72181", "etat", 6.0, 6, 6, 0), ("72181", "bailleur", 5.0, 5, 5, 0)],
        demande=demand(dalo_q1=99, autre_q234=99),
    )
    modele, conflits = found(quotas)
    assert {frozenset(duties(modele, c)) for c in conflits} == {
        frozenset({("autres_qpv", "*"), ("quota", "etat")}),
        # The State's 6 less what rounding allows, and a quarter of the bailleur's: above half of 11.
        frozenset({("autres_qpv", "*"), ("etat_par_commune", "etat"), ("dalo_prioritaires", "bailleur")}),
    }


def test_a_commune_without_vacancies(quotas_of: QuotasOf) -> None:
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 4.0), ("72003", False, "T3", "PLUS", 0.0)],
        [("mairie", "commune", "commune", "72003", 1), ("bailleur", "bailleur", None, None, 3)],
        [("72181", "bailleur", 4.0, 3, 0, 3), ("72003", "mairie", 1.0, 1, 0, 1)],
    )
    modele, conflits = found(quotas)
    assert [names(modele, c) for c in conflits] == [{("dalo_prioritaires", "mairie")}, {("quota", "mairie")}]
    assert [c.manque for c in conflits] == pytest.approx([0.25, 1])
    plan = allocate(quotas)
    assert plan.phrases[1:] == (
        "Le quota de « Mairie » (1 logement ; CCH, art. R. 441-5, I) ne peut être tenu : il manque "
        "1 logement, le flux n'en permet aucun.",
    )
    assert plan.phrases[1] in " ".join(repr(plan).split())
    assert plan.explain("mairie")["conflit"].tolist() == list(plan.phrases)


def test_a_gap_under_one_dwelling_is_rounding(quotas_of: QuotasOf) -> None:
    """The State is owed 1.4 in a commune where the plan can give 0.5 only: the gap is rounding."""
    for owed, nb in ((1.4, 0), (1.6, 1)):
        quotas = quotas_of(
            [("72181", False, "T3", "PLUS", 3.0), ("72003", False, "T3", "PLUS", 0.5)],
            [("etat", "etat_prioritaires", "departement", "72", 2), ("bailleur", "bailleur", None, None, 1)],
            [
                ("72181", "etat", 2.0 - owed, 1, 0, 1),
                ("72003", "etat", owed, 1, 0, 1),
                ("72181", "bailleur", 1.0, 1, 0, 1),
            ],
            duty=False,
        )
        modele, exact, _ = modelled(quotas)
        (row,) = [o for o in modele.obligations if o.cle.startswith("etat_par_commune|etat|72003")]
        assert row.manque(exact) == pytest.approx(owed - 0.5)
        conflits = conflicts(modele, exact, exact)
        assert len([c for c in conflits if c.nature is Nature.PARTS]) == nb


def test_the_relaxation_is_what_the_plan_misses(quotas_of: QuotasOf) -> None:
    plan = allocate(quotas_of(**alone(20.0, demande=demand(dalo_q1=1, autre_q1=2, autre_q234=100))))
    rows = plan.conflits.merge(plan.objectifs, on=["objectif", "porteur", "territoire_code"])
    assert len(rows) == len(plan.conflits)
    assert rows["assouplissement"].tolist() == pytest.approx(rows["manque"].tolist())
    assert "Le plan cède sur « premier quartile hors QPV » – Agglo (2 logements)." in " ".join(plan.phrases)
    assert plan.to_dict()["plan"]["phrases"] == list(plan.phrases)


def test_when_the_questions_end_the_list_says_so(quotas_of: QuotasOf) -> None:
    quotas = quotas_of(**alone(20.0, demande=demand(dalo_q1=1, autre_q1=2, autre_q234=100)))
    _, conflits = found(quotas, questions=3)
    assert all(c.liste_complete is False for c in conflits)
    assert not any(c.minimal for c in conflits if len(c.places) > 1)
    modele, _ = found(quotas, questions=3)
    told = {modele.obligations[i].objectif for c in conflits for i in c.places}
    assert {"dalo_prioritaires", "q1_hors_qpv"} <= told


def test_what_only_whole_dwellings_forbid(quotas_of: QuotasOf) -> None:
    """A quarter of 1 and a quarter of 2 are 0.75 DALO applicants, of which there is one: rounded up, two."""
    quotas = quotas_of(
        **with_als(
            3, 1, duty=False, demande=demand(dalo_q1=1, autre_q234=99)
        )
    )
    modele, conflits = found(quotas)
    (conflit,) = conflits
    assert conflit.nature is Nature.ENTIERS
    assert duties(modele, conflit) == {("dalo_prioritaires", "als"), ("dalo_prioritaires", "bailleur")}
    assert conflit.minimal
    assert conflit.liste_complete is None
    (sentence,) = allocate(quotas).phrases
    assert "en logements entiers" in sentence


# ── constants ─────────────────────────────────────────────────────────────────────────────────────


def rows_of(cadre: Cadre, *shares: tuple[float, Sens], base_fixe: float = 0.0) -> list[Obligation]:
    """Objectives on the first quartile of everything."""
    q1 = np.flatnonzero(cadre.publics["quartile"] == "q1")
    return [
        Obligation(
            objectif="q1_hors_qpv", porteur="*", territoire_code="*", niveau="convention", article="",
            part=part, compte=q1, assiette=np.arange(len(cadre.publics)), sens=sens, base_fixe=base_fixe,
        )
        for part, sens in shares
    ]


def test_a_floor_above_the_ceiling_of_the_same_dwellings(two_communes: Any) -> None:
    cadre = make_cadre(two_communes)
    assert contradictions(cadre, rows_of(cadre, (0.6, Sens.PLANCHER), (0.5, Sens.PLAFOND))) == [{0, 1}]
    assert contradictions(cadre, rows_of(cadre, (0.5, Sens.PLANCHER), (0.6, Sens.PLAFOND))) == []
    assert contradictions(cadre, rows_of(cadre, (0.6, Sens.PLANCHER), (0.5, Sens.PLANCHER))) == []


def test_more_than_everything(two_communes: Any) -> None:
    cadre = make_cadre(two_communes)
    assert contradictions(cadre, rows_of(cadre, (1.1, Sens.PLANCHER))) == [{0}]
    assert contradictions(cadre, rows_of(cadre, (0.9, Sens.PLANCHER), base_fixe=5.0)) == [{0}]


def test_a_quota_above_the_flow_of_its_territory(quotas_of: QuotasOf) -> None:
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 4.0), ("72003", False, "T3", "PLUS", 0.4)],
        [("mairie", "commune", "commune", "72003", 1), ("bailleur", "bailleur", None, None, 3)],
        [("72181", "bailleur", 3.6, 3, 0, 3), ("72003", "mairie", 0.4, 1, 0, 1)],
    )
    modele, exact, _ = modelled(quotas)
    (places,) = contradictions(modele.cadre, modele.obligations)
    (place,) = places
    assert modele.obligations[place].cle.startswith("quota|mairie")
    assert modele.obligations[place].manque(exact) == pytest.approx(0.6)


# ── brute force ───────────────────────────────────────────────────────────────────────────────────


class Brute:
    """Dwellings by cell and public, in full: what the model factors. Feasible or not, by scipy."""

    def __init__(self, modele: Modele) -> None:
        self.modele, cadre = modele, modele.cadre
        part = cadre.publics["part"].to_numpy()
        pairs = [(c, p) for c, k in enumerate(cadre.cellules["part"]) for p in np.flatnonzero(part == k)]
        self.cell, self.public = (np.array(side) for side in zip(*pairs, strict=True))
        segment = cadre.cellules["segment"].to_numpy()[self.cell]
        self.flux = cadre.segments["flux"].to_numpy(float)
        self.given = (segment == np.arange(len(self.flux))[:, None]).astype(float)

    def holds(self, places: frozenset[int]) -> bool:
        sides, limits = [], []
        for i, o in enumerate(self.modele.obligations):
            if i not in places and o.sens is not Sens.EGALITE:
                continue
            where = self.cell if o.support is Support.CELLULES else self.public
            weights = np.zeros(1 + max(where.max(), *o.compte, *o.assiette, 0))
            weights[o.compte] += o.poids
            base = np.zeros(len(weights))
            base[o.assiette] = o.part
            row = (weights - base)[where]
            asked = o.part * o.base_fixe - o.acquis
            slack = 1 - 1e-6 if o.arrondi else 1e-7
            if i in places and o.sens is not Sens.PLAFOND:
                sides.append(-row)
                limits.append(slack - asked)
            if o.sens is not Sens.PLANCHER:
                sides.append(row)
                limits.append(slack + asked)
        found = linprog(
            np.zeros(len(self.cell)), A_eq=self.given, b_eq=self.flux,
            A_ub=np.array(sides) if sides else None, b_ub=limits or None,
        )
        assert found.status in (0, 2)
        return found.status == 0

    def minimal(self) -> set[frozenset[int]]:
        """Every minimal set that cannot hold, by size."""
        out: set[frozenset[int]] = set()
        everything = range(len(self.modele.obligations))
        if self.holds(frozenset(everything)):
            return out
        for size in range(1, len(everything) + 1):
            for places in map(frozenset, combinations(everything, size)):
                if not any(known <= places for known in out) and not self.holds(places):
                    out.add(places)
        return out


def test_brute_force_by_hand(quotas_of: QuotasOf) -> None:
    for more in (
        alone(20.0, demande=demand(dalo_q1=1, autre_q1=2, autre_q234=100)),
        with_als(20, 8, duty=False, demande=demand(dalo_q1=4, autre_q234=99)),
    ):
        modele, conflits = found(quotas_of(**more))
        assert {frozenset(c.places) for c in conflits if c.nature is Nature.PARTS} == Brute(modele).minimal()


counts = st.integers(0, 8)
shares = st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9])


@settings(max_examples=8, deadline=None)
@given(als=st.integers(1, 9), qpv=st.sampled_from([0.0, 4.0]), flow=st.sampled_from([8.0, 10.0]),
       mix=st.lists(counts, min_size=6, max_size=6), asked=st.lists(shares, min_size=2, max_size=2))
def test_brute_force(quotas_factory: QuotasOf, als: int, qpv: float, flow: float, mix: list[int],
                     asked: list[float]) -> None:
    """Every minimal set, and no other, over all subsets of at most ten obligations or so."""
    keys = [f"{p}_{q}" for p in ("dalo", "autre") for q in ("q1", "q234")]
    total = int(flow + qpv)
    quotas = quotas_factory(
        [("72181", False, "T3", "PLUS", flow), *([("72181", True, "T3", "PLUS", qpv)] if qpv else [])],
        [("als", "employeur", "departement", "72", min(als, total - 1)),
         ("bailleur", "bailleur", None, None, total - min(als, total - 1))],
        [("72181", "als", als, als, 0, als), ("72181", "bailleur", total - als, total - als, 0, 0)],
        duty=False,
        demande=demand(**dict(zip(keys, mix, strict=False))),
        objectifs=[("q1_hors_qpv", "cia", AGGLO, None, asked[0], "CIA"),
                   ("dalo_prioritaires", "convention", None, "als", asked[1], None)],
    )
    modele, exact, _ = modelled(quotas)
    assert len(modele.obligations) <= 12
    conflits = conflicts(modele, exact, exact)
    parts = [c for c in conflits if c.nature is Nature.PARTS]
    assert {frozenset(c.places) for c in parts} == Brute(modele).minimal()
    assert all(c.minimal and c.liste_complete for c in parts)
    for c in parts:
        assert conflict_said(c, [modele.obligations[i] for i in c.places], [0.0] * len(c.places),
                             Noms(quotas.dossier)).endswith(".")
