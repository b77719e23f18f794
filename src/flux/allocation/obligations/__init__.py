"""The elastic rows of the plan: what is asked, of whom, where, and the article that asks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flux.allocation.cadre import Cadre
from flux.allocation.equite import Equite
from flux.allocation.hors_flux import Baux
from flux.allocation.obligations.base import NIVEAUX, Obligation, Repartition, Sens, Support
from flux.allocation.obligations.demande import demand_ceilings, quotas_of
from flux.allocation.obligations.loi import dalo, etat, mixite
from flux.allocation.obligations.parties import chosen, tolerances

if TYPE_CHECKING:
    from flux.conversion import Quotas

__all__ = ["NIVEAUX", "Obligation", "Repartition", "Sens", "Support", "obligations"]


def obligations(quotas: Quotas, cadre: Cadre, baux: Baux, equites: Sequence[Equite]) -> list[Obligation]:
    """Every elastic row: demand, legal duties, quotas, and what the parties chose beyond the law."""
    rows = [*demand_ceilings(quotas, cadre), *dalo(quotas, cadre), *mixite(quotas, cadre, baux),
            *etat(quotas, cadre), *chosen(quotas, cadre, baux), *quotas_of(cadre),
            *tolerances(quotas, cadre, equites)]
    return sorted(rows, key=lambda o: o.cle)
