"""What the flow alone forbids, seen before anything is solved.

A quota above the flow of its territory, a share of dwellings that no one can give, a floor above the ceiling
of the same dwellings: no plan can change it, so no solver is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from flux.allocation.cadre import Cadre
from flux.allocation.obligations import Obligation, Sens, Support
from flux.allocation.seuils import side_of
from flux.noyau.solveur import Floats

PERCEPTIBLE = 1e-6  # dwellings: what is short by less is not short
ROUNDING = 1.0 - PERCEPTIBLE  # what a row may miss where a gap under one dwelling is a matter of rounding


def required(obligation: Obligation) -> float:
    """What its row must reach for it to hold: side × (part × fixed base - what counts already)."""
    known = side_of(obligation) * (obligation.part * obligation.base_fixe - obligation.acquis)
    return known - ROUNDING * obligation.arrondi


def contradictions(cadre: Cadre, obligations: Sequence[Obligation]) -> list[frozenset[int]]:
    """Obligations that cannot hold whatever the plan, alone, or against another on the same dwellings.

    Each segment gives out exactly its flow: the most that a row can reach is the flow of each segment at the
    best coefficient that the row has there. Where that is short of what is required, no plan holds it.

    Returns
    -------
    Sets of one or two indices of `obligations`; no set holds another.
    """
    rows = {i: _row(cadre, o) for i, o in enumerate(obligations) if o.support is not Support.ECARTS}
    asked = [required(o) for o in obligations]
    alone = {i for i, row in rows.items() if _most(cadre, obligations[i], row) < asked[i] - PERCEPTIBLE}
    same: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i in rows.keys() - alone:
        o = obligations[i]
        same[o.support, o.compte.tobytes(), o.assiette.tobytes()].append(i)
    pairs = [frozenset((i, j)) for group in same.values() for i in group for j in group
             if obligations[i].sens is not Sens.PLAFOND and obligations[j].sens is Sens.PLAFOND
             and _most(cadre, obligations[i], rows[i] + rows[j]) < asked[i] + asked[j] - PERCEPTIBLE]
    return [*(frozenset((i,)) for i in sorted(alone)), *sorted(pairs, key=sorted)]


def _row(cadre: Cadre, obligation: Obligation) -> Floats:
    """What a dwelling in each place brings to what is counted, and to the base. Shape (2, n)."""
    row = np.zeros((2, len(cadre.cellules if obligation.support is Support.CELLULES else cadre.publics)))
    row[0, obligation.compte] = obligation.poids
    row[1, obligation.assiette] = -obligation.part
    return row * side_of(obligation)


def _most(cadre: Cadre, obligation: Obligation, row: Floats) -> float:
    """The most that a row can reach when each segment gives out its flow."""
    flux, place = cadre.segments["flux"].to_numpy(float), cadre.cellules["segment"]
    counts, base = row
    if obligation.support is not Support.CELLULES:
        flux, place = np.bincount(cadre.segments["groupe"], flux), cadre.publics["groupe"]
    if obligation.support is Support.ESSENTIELS:
        counts = np.maximum(counts, 0.0)  # nobody has to be an essential worker
    best = np.full(len(flux), -np.inf)
    np.maximum.at(best, place.to_numpy(), counts + base)
    return float(best @ flux)
