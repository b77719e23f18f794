"""What must hold for every plan: more demand, other orders and names, split segments, another scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hasard import draw_quotas, permuted
from hypothesis import given, settings
from hypothesis import strategies as st

from flux.allocation.cadre import make_cadre
from flux.allocation.equite import equites
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.melange import reference_mix
from flux.allocation.modele import EQUITE_PIRE, formulate
from flux.allocation.obligations import NIVEAUX, obligations
from flux.noyau.solveur import solve

QuotasOf = Callable[..., Any]
IN_QUOTAS = ("flux", "table", "communes", "hors_flux")
IN_DOSSIER = ("communes", "reservataires", "demande", "objectifs", "mouvements", "logements")
FEW = settings(max_examples=max(8, settings.default.max_examples // 5))
SEEDS = st.integers(0, 1_000_000)


def solved(quotas: Any) -> tuple[dict[str, float], dict[str, float]]:
    """The level of each stage but the last, and the value of each column."""
    cadre = make_cadre(quotas)
    equity = equites(cadre)
    rows = obligations(quotas, cadre, baux_hors_flux(quotas), equity)
    modele = formulate(cadre, rows, equity, reference_mix(quotas, cadre)[0])
    found = solve(modele.programme, modele.etapes, ensemble=len(NIVEAUX))
    names = [e.nom for e in modele.etapes]
    return (
        dict(zip(names[:-1], found.niveaux[:-1], strict=True)),
        dict(zip(modele.programme.keys, found.valeurs, strict=True)),
    )


def changed(quotas: Any, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Any:
    """The same with every frame changed."""
    dossier = replace(quotas.dossier, **{n: change(getattr(quotas.dossier, n)) for n in IN_DOSSIER})
    return replace(quotas, **{n: change(getattr(quotas, n)) for n in IN_QUOTAS}, dossier=dossier)


@FEW
@given(seed=SEEDS)
def test_more_demand_never_makes_the_levels_worse(quotas_factory: QuotasOf, seed: int) -> None:
    quotas, chance = draw_quotas(quotas_factory, seed), np.random.default_rng(seed)
    demande = quotas.dossier.demande
    more = demande.assign(nb=demande["nb"] + chance.integers(0, 5, len(demande)))
    before, _ = solved(quotas)
    after, _ = solved(replace(quotas, dossier=replace(quotas.dossier, demande=more)))
    levels = list(before)[: len(NIVEAUX)]
    # lexicographic, each level compared to 1e-6
    gap = next((after[k] - before[k] for k in levels if abs(after[k] - before[k]) > 1e-6), 0.0)
    assert gap <= 0


@FEW
@given(seed=SEEDS)
def test_the_order_of_the_rows_changes_nothing(quotas_factory: QuotasOf, seed: int) -> None:
    quotas, chance = draw_quotas(quotas_factory, seed), np.random.default_rng(seed)
    assert solved(changed(quotas, lambda f: permuted(f, chance))) == solved(quotas)


@FEW
@given(seed=SEEDS)
def test_other_names_in_the_same_order_change_no_level(quotas_factory: QuotasOf, seed: int) -> None:
    quotas = draw_quotas(quotas_factory, seed)
    names = {"72003": "72011", "72100": "72101", "72181": "72190", "72200": "72299", "247200132": "247200001"}
    names |= {h: f"p_{h}" for h in quotas.dossier.reservataires["id_reservataire"]}
    only = {c: names for c in ("commune", "epci", "territoire_code", "id_reservataire")}
    renamed = changed(quotas, lambda f: f.replace({c: only[c] for c in only if c in f}))
    taux = quotas.dossier.taux.replace({"commune": names})
    renamed = replace(renamed, dossier=replace(renamed.dossier, taux=taux))
    assert solved(renamed)[0] == pytest.approx(solved(quotas)[0], abs=1e-6)


@FEW
@given(seed=SEEDS)
def test_a_segment_in_two_rows_changes_nothing(quotas_factory: QuotasOf, seed: int) -> None:
    quotas = draw_quotas(quotas_factory, seed)
    half = quotas.flux.assign(flux_a_partager=quotas.flux["flux_a_partager"] / 2)
    assert solved(replace(quotas, flux=pd.concat([half, half], ignore_index=True))) == solved(quotas)


@FEW
@given(seed=SEEDS)
def test_three_times_everything_is_three_times_the_levels(quotas_factory: QuotasOf, seed: int) -> None:
    quotas = draw_quotas(quotas_factory, seed)
    counts = ("flux_a_partager", "quota", "exact", "nb")
    tripled = changed(quotas, lambda f: f.assign(**{c: f[c] * 3 for c in counts if c in f}))
    levels, _ = solved(quotas)
    expected = {k: v if k == EQUITE_PIRE else 3 * v for k, v in levels.items()}
    assert solved(tripled)[0] == pytest.approx(expected, abs=1e-5)
