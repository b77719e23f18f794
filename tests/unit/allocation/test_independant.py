"""The plan against the same rules written apart, in another form and for another door to the solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hasard import draw_quotas
from hypothesis import given, settings
from hypothesis import strategies as st
from modele_independant import STAGES, Independant

from flux.allocation.cadre import make_cadre
from flux.allocation.equite import equites
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.melange import reference_mix
from flux.allocation.modele import formulate
from flux.allocation.obligations import NIVEAUX, obligations
from flux.noyau.solveur import solve


def levels(quotas: Any) -> list[float]:
    """The level of each stage of the library, but the last one, which only makes the plan unique."""
    cadre = make_cadre(quotas)
    equity = equites(cadre)
    rows = obligations(quotas, cadre, baux_hors_flux(quotas), equity)
    modele = formulate(cadre, rows, equity, reference_mix(quotas, cadre)[0])
    return list(solve(modele.programme, modele.etapes, ensemble=len(NIVEAUX)).niveaux[:-1])


# A few dozen dossiers on every run, hundreds with HYPOTHESIS_PROFILE=long.
@settings(max_examples=settings.default.max_examples // 2)
@given(seed=st.integers(0, 1_000_000))
def test_every_level_is_that_of_an_independent_model(quotas_factory: Callable[..., Any], seed: int) -> None:
    quotas = draw_quotas(quotas_factory, seed)
    expected = Independant(quotas).levels()
    assert dict(zip(STAGES, levels(quotas), strict=True)) == pytest.approx(expected, abs=1e-6)
