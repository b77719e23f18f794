"""Whole dwellings: all whole plans of small dossiers; sums, caps, refusals, essential workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux.allocation import preuves
from flux.allocation.cadre import make_cadre
from flux.allocation.entiers import Entiers, whole_plan
from flux.allocation.equite import equites
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.melange import reference_mix
from flux.allocation.modele import Modele, formulate
from flux.allocation.obligations import NIVEAUX, Obligation, Repartition, Sens, Support, obligations
from flux.allocation.plan import allocate
from flux.allocation.seuils import missed, whole_form
from flux.noyau.solveur import solve

QuotasOf = Callable[..., Any]
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def solved(quotas: Any) -> tuple[Modele, Repartition, Any]:
    cadre = make_cadre(quotas)
    equity = equites(cadre)
    rows = obligations(quotas, cadre, baux_hors_flux(quotas), equity)
    melange, _ = reference_mix(quotas, cadre)
    modele = formulate(cadre, rows, equity, melange)
    values = solve(modele.programme, modele.etapes, ensemble=len(NIVEAUX)).valeurs
    return modele, modele.repartition(values), melange


def whole(quotas: Any) -> tuple[Modele, Entiers]:
    modele, exact, melange = solved(quotas)
    return modele, whole_plan(quotas, modele, exact, melange)


def every_plan(modele: Modele) -> tuple[np.ndarray, np.ndarray]:
    """All whole plans: dwellings on cells and on publics, a row a plan."""
    cadre = modele.cadre
    nb, flux = int(cadre.porteurs["quota"].sum()), cadre.segments["flux"].to_numpy()
    pairs = [(c, p) for c in cadre.cellules.index
             for p in cadre.publics.index[cadre.publics["part"] == cadre.cellules.at[c, "part"]]]
    chosen = np.array(list(combinations_with_replacement(range(len(pairs)), nb)))
    cell, public = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    rows = np.repeat(np.arange(len(chosen)), nb)
    z = np.zeros((len(chosen), len(cadre.cellules)), int)
    w = np.zeros((len(chosen), len(cadre.publics)), int)
    np.add.at(z, (rows, cell[chosen].ravel()), 1)
    np.add.at(w, (rows, public[chosen].ravel()), 1)
    per_segment = z @ np.eye(len(flux), dtype=int)[cadre.cellules["segment"]]
    sums = [np.eye(len(flux))]
    for keys in (["commune", "qpv"], ["commune"], cadre.groupe, ["typologie"]):
        label = cadre.segments.groupby(keys).ngroup()
        sums.append(np.eye(label.max() + 1)[label].T)
    together = np.vstack(sums)
    expected, found = np.round(together @ flux, 9), per_segment @ together.T
    given = z @ np.eye(len(cadre.porteurs), dtype=int)[cadre.cellules["porteur"]]
    cap = np.where(cadre.porteurs["id_reservataire"] == "bailleur", nb, cadre.porteurs["quota"])
    kept = ((found >= np.floor(expected)) & (found <= np.ceil(expected))).all(1) & (given <= cap).all(1)
    return z[kept], w[kept]


def levels_of(rows: tuple[Obligation, ...], z: np.ndarray, w: np.ndarray) -> np.ndarray:
    """What each plan misses at each level, from the definition of an obligation."""
    out = np.zeros((len(z), len(NIVEAUX)), int)
    for row in rows:
        counts = z if row.support is Support.CELLULES else w
        asked = row.part * (row.base_fixe + counts[:, row.assiette].sum(1))
        gap = asked - row.acquis - (counts[:, row.compte] * row.poids).sum(1)
        gap = np.maximum(0, -gap if row.sens is Sens.PLAFOND else gap)
        short = np.floor(gap + 1e-9) if row.arrondi else np.ceil(gap - 1e-9)
        out[:, next(k for k, level in enumerate(NIVEAUX) if row.niveau in level)] += short.astype(int)
    return out


tiny = st.fixed_dictionaries({
    "share": st.sampled_from([0.25, 0.5, 0.75, 1.2, 1.5, 2.0]),
    "one_size": st.booleans(), "qpv": st.booleans(),
    "other": st.sampled_from(["commune", "etat_prioritaires"]),
    "quota": st.integers(0, 3), "refus": st.sampled_from([None, 0.25, 0.5]),
    "demande": st.lists(st.tuples(
        st.sampled_from(["T2", "T3"]), st.sampled_from(["dalo", "prioritaire", "autre"]),
        st.sampled_from(["q1", "q234"]), st.integers(1, 3)), max_size=5),
    "cia": st.sampled_from([None, 0.4, 0.7]),
})


def tiny_quotas(make: QuotasOf, case: dict[str, Any]) -> Any:
    """Two segments that give out three dwellings, a holder and the bailleur."""
    first, quota = case["share"], case["quota"]
    sizes = ("T2", "T2" if case["one_size"] else "T3")
    kind = ("commune", "72181") if case["other"] == "commune" else ("departement", "72")
    return make(
        [("72181", case["qpv"], sizes[0], "PLUS", first), ("72181", False, sizes[1], "PLAI", 3.0 - first)],
        [("autre", case["other"], *kind, quota), ("bailleur", "bailleur", None, None, 3 - quota)],
        [("72181", "autre", float(quota), quota, 0, quota),
         ("72181", "bailleur", 3.0 - quota, 3 - quota, 0, 3 - quota)],
        demande=[("commune", "72181", t, p, q, "tous", nb) for t, p, q, nb in case["demande"]],
        taux=[] if case["refus"] is None else [("refus", None, None, "T2", None, case["refus"])],
        objectifs=[("q1_hors_qpv", "cia", "247200132", None, case["cia"], "CIA")] if case["cia"] else [],
    )


@few
@given(case=tiny)
def test_no_whole_plan_misses_less(quotas_factory: QuotasOf, case: dict[str, Any]) -> None:
    modele, entiers = whole(tiny_quotas(quotas_factory, case))
    z, w = every_plan(modele)
    least = min(map(tuple, levels_of(modele.obligations, z, w).tolist()))
    assert entiers.preuve.manques == least
    assert all(entiers.preuve.prouves)
    assert entiers.reserves == ()


@few
@given(case=tiny, seed=st.integers(0, 5))
def test_no_greedy_plan_does_better(quotas_factory: QuotasOf, case: dict[str, Any], seed: int) -> None:
    """Any whole plan, taken at random: its levels in order are no better, nor under the bounds."""
    modele, entiers = whole(tiny_quotas(quotas_factory, case))
    z, w = every_plan(modele)
    some = np.random.default_rng(seed).integers(len(z), size=20)
    for found in levels_of(modele.obligations, z[some], w[some]).tolist():
        assert tuple(found) >= entiers.preuve.manques
        first = next((k for k, pair in enumerate(zip(found, entiers.preuve.manques, strict=True))
                      if pair[0] != pair[1]), None)
        assert first is None or found[first] >= entiers.preuve.bornes[first]


@st.composite
def parcs(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Two communes, up to eight segments, four holders, with quotas that their flow can make."""
    flows = {}
    for commune in ("72003", "72181"):
        for qpv in (False, True):
            for size in ("T2", "T3"):
                flows[commune, qpv, size, "PLUS"] = draw(st.integers(0, 30)) / 10
    total = sum(flows.values())
    flows["72181", False, "T3", "PLUS"] += np.ceil(total + 1) - total
    flow = {c: sum(f for key, f in flows.items() if key[0] == c) for c in ("72003", "72181")}
    nb = round(sum(flow.values()))
    parts = {"als": 0.2, "etat": 0.25, "mairie": 0.1 * flow["72181"] / nb}
    quota = {holder: int(part * nb) for holder, part in parts.items()}
    quota["bailleur"] = nb - sum(quota.values())
    rows = []
    for commune in flow:
        for holder in quota:
            where = flow[commune] / nb if holder != "mairie" else float(commune == "72181")
            due = quota[holder] * where
            rows.append((commune, holder, due, round(due), 0, round(due)))
    return {
        "flux": [(*key, f) for key, f in flows.items() if f],
        "holders": [("als", "action_logement", "departement", "72", quota["als"]),
                    ("etat", "etat_prioritaires", "departement", "72", quota["etat"]),
                    ("mairie", "commune", "commune", "72181", quota["mairie"]),
                    ("bailleur", "bailleur", None, None, quota["bailleur"])],
        "communes": rows,
        "demande": [("epci", "247200132", size, p, q, "tous", draw(st.integers(0, 8)))
                    for size in ("T2", "T3") for p in ("dalo", "autre") for q in ("q1", "q234")],
    }


@few
@given(parc=parcs())
def test_segments_caps_and_sums(quotas_factory: QuotasOf, parc: dict[str, list[Any]]) -> None:
    quotas = quotas_factory(**parc)
    modele, entiers = whole(quotas)
    cadre, plan = modele.cadre, entiers.preuve.plan
    given_out = np.bincount(cadre.cellules["segment"], plan.cellules, minlength=len(cadre.segments))
    both = cadre.segments.assign(nb=given_out)
    for keys in (cadre.segment, ["commune", "qpv"], ["commune"], cadre.groupe, ["typologie"]):
        sums = both.groupby(keys)[["flux", "nb"]].sum().round(9)
        assert (sums["nb"] >= np.floor(sums["flux"])).all() and (sums["nb"] <= np.ceil(sums["flux"])).all()
    received = np.bincount(cadre.cellules["porteur"], plan.cellules, minlength=len(cadre.porteurs))
    quota = cadre.porteurs["quota"].to_numpy()
    others = (cadre.porteurs["id_reservataire"] != "bailleur").to_numpy()
    assert (received[others] <= quota[others]).all() and received.sum() == quota.sum()
    served = np.bincount(cadre.publics["part"], plan.publics, minlength=len(cadre.parts))
    held = np.bincount(cadre.cellules["part"], plan.cellules, minlength=len(cadre.parts))
    assert (served == held).all()
    table = entiers.table
    for name, index, counts in (("segment", cadre.segments.index, given_out),
                                ("public", cadre.publics.index, plan.publics)):
        assert (table.groupby(name)["nb"].sum().reindex(index, fill_value=0) == counts).all()
    assert entiers.preuve.manques == missed(modele.obligations, plan)
    assert all(m >= b for m, b in zip(entiers.preuve.manques, entiers.preuve.bornes, strict=True))


def test_the_states_places_are_kept_in_whole_dwellings(quotas_of: QuotasOf) -> None:
    """30 % of ten dwellings outside QPV is three, though the quotas' whole numbers put two there."""
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 10.0), ("72181", True, "T3", "PLUS", 10.0)],
        [("etat", "etat_prioritaires", "departement", "72", 4), ("bailleur", "bailleur", None, None, 16)],
        [("72181", "etat", 4.0, 4, 2, 2), ("72181", "bailleur", 16.0, 16, 8, 8)],
    )
    plan = allocate(quotas)
    state = plan.table.loc[plan.table["id_reservataire"] == "etat"]
    assert state.groupby("qpv")["nb"].sum().to_dict() == {False: 3, True: 1}
    (row,) = plan.objectifs.loc[plan.objectifs["objectif"] == "etat_hors_qpv"].to_dict("records")
    assert (row["manque_entier"], row["prouve"], row["borne"], row["ecart"]) == (0, True, 0.0, 0.0)
    assert plan.manques["motif"].str.startswith("même nombre dans la commune").all()


@pytest.mark.parametrize(("choix", "served", "missing"), [("superieur", 2, 0), ("exact", 1, 0)])
def test_the_ceiling_of_a_quarter_is_a_choice(quotas_of: QuotasOf, choix: str, served: int,
                                              missing: int) -> None:
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 5.0)], [("bailleur", "bailleur", None, None, 5)],
        [("72181", "bailleur", 5.0, 5, 0, 5)], duty=False)
    convention = quotas.dossier.convention
    convention = replace(convention, choix=replace(convention.choix, dalo_arrondi=choix))
    plan = allocate(replace(quotas, dossier=replace(quotas.dossier, convention=convention)))
    priority = plan.table["priorite"].isin(["dalo", "prioritaire"])
    assert plan.table.loc[priority, "nb"].sum() == served
    (row,) = plan.objectifs.loc[plan.objectifs["objectif"] == "dalo_prioritaires"].to_dict("records")
    assert row["manque_entier"] == missing


def test_those_who_refuse_are_counted_in_whole_dwellings(quotas_of: QuotasOf) -> None:
    """Nine applicants of whom a third refuse take six dwellings, not nine."""
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 12.0)], [("bailleur", "bailleur", None, None, 12)],
        [("72181", "bailleur", 12.0, 12, 0, 12)], duty=False,
        demande=[("commune", "72181", "T3", "dalo", "q1", "tous", 9),
                 ("commune", "72181", "T3", "autre", "q234", "tous", 90)],
        taux=[("refus", None, None, "T3", None, 1 / 3)],
        objectifs=[("dalo_prioritaires", "souhait", None, None, 1.0, "souhait")])
    plan = allocate(quotas)
    assert plan.table.loc[plan.table["priorite"] == "dalo", "nb"].sum() == 6
    assert plan.objectifs.query("niveau == 'physique'")["manque_entier"].sum() == 0


def test_essential_workers_are_among_the_publics(quotas_of: QuotasOf) -> None:
    quotas = quotas_of(
        [("72181", False, "T3", "PLUS", 10.0)], [("bailleur", "bailleur", None, None, 10)],
        [("72181", "bailleur", 10.0, 10, 0, 10)],
        objectifs=[("travailleurs_essentiels", "cil", "247200132", None, 0.25, "CIL")])
    _, entiers = whole(quotas)
    plan = entiers.preuve.plan
    assert plan.essentiels.sum() == 3
    assert (plan.essentiels <= plan.publics).all()
    assert entiers.preuve.manques == (0,) * len(NIVEAUX)


def test_what_a_limit_left_open_is_said() -> None:
    preuve = preuves.Preuve(None, (0, 3, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0))  # type: ignore[arg-type]
    (sentence,) = Entiers(pd.DataFrame(), pd.DataFrame(), preuve).reserves
    assert "arrêtée sur limite" in sentence and "loi" in sentence
    assert preuve.prouves == (True, False, True, True, True, True)


def test_ctrl_c_goes_through(two_communes: Any) -> None:
    def stop(stage: str, rank: int, count: int) -> None:
        if stage == "qualite":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        allocate(two_communes, avancement=stop)


def test_the_way_to_the_solver_changes_no_whole_number(two_communes: Any) -> None:
    assert allocate(two_communes).table.equals(allocate(two_communes, voie="pulp").table)


@pytest.mark.parametrize(("row", "asked"), [
    (dict(part=0.25), (4, 0.0)),
    (dict(part=0.25, acquis=1.0), (4, -4.0)),
    (dict(part=0.3, base_fixe=5.0), (10, 15.0)),
    (dict(part=0.3, base_fixe=5.0, arrondi=True), (10, 6.0)),
    (dict(part=0.25, base_fixe=5.3, assiette=np.zeros(0, np.int64)), (1, 2.0)),
    (dict(part=1.0, base_fixe=7.0, sens=Sens.PLAFOND, assiette=np.zeros(0, np.int64)), (1, -7.0)),
    (dict(part=1.0, base_fixe=7.0, poids=np.array([1.5]), assiette=np.zeros(0, np.int64)), (1, 7.0)),
])
def test_rows_have_whole_coefficients(row: dict[str, Any], asked: tuple[int, float]) -> None:
    row = dict(assiette=np.array([0]), compte=np.array([0])) | row
    scale, lo = whole_form(Obligation(objectif="q1_hors_qpv", porteur="*", territoire_code="*", niveau="loi",
                                      article="", **row))
    assert (scale, lo) == asked
