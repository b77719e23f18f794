"""Obligations in whole dwellings: rows whose shortfall is whole, as tight as whole numbers allow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from flux.allocation.obligations import NIVEAUX, Obligation, Repartition, Sens, Support
from flux.allocation.obligations.base import EPSILON
from flux.noyau.solveur import Builder, Etape, Floats, Ints, Limite

LARGEST_SCALE = 1000  # shares of the law and of the parties: 1/4, 0.35, 0.125
LIMITE = Limite(noeuds=200)  # beyond, a level is said not to be proven
TIE = 1e-5  # far less than the distances that it separates, far more than the tolerance of the solver


def whole_form(obligation: Obligation) -> tuple[int, float]:
    """What the row of an obligation becomes for its `manque_entier` to be its least whole shortfall m.

    The row is side × (Σ poids x - part Σ base) + m >= known, its side -1 for a ceiling. Multiplied by the
    denominator of `part` it has whole coefficients, and its known part can be raised to a whole number: no
    tolerance of a solver then takes a quarter of five dwellings for one.

    Returns
    -------
    scale : what the row is multiplied by, m included.
    lo : the known part, once multiplied and made whole; as it is where the coefficients are not whole.
    """
    known = side_of(obligation) * (obligation.part * obligation.base_fixe - obligation.acquis)
    share = Fraction(obligation.part).limit_denominator(LARGEST_SCALE) if len(obligation.assiette) else None
    counted = obligation.support is not Support.ECARTS and np.all(np.asarray(obligation.poids) == 1.0)
    if not counted or (share is not None and abs(share - Fraction(obligation.part)) > EPSILON):
        return 1, known - (1.0 - 1e3 * EPSILON) * obligation.arrondi
    scale = 1 if share is None else share.denominator
    slack = scale * EPSILON
    if obligation.arrondi:
        return scale, math.floor(scale * known + slack) - scale + 1.0
    return scale, float(math.ceil(scale * known - slack))


def side_of(obligation: Obligation) -> float:
    """1 for a floor, -1 for a ceiling."""
    return -1.0 if obligation.sens is Sens.PLAFOND else 1.0


def whole_rows(builder: Builder, obligations: Sequence[Obligation],
               columns_of: Mapping[Support, Ints]) -> Ints:
    """One row an obligation; returns the columns of the whole dwellings that each misses. Shape (n,)."""
    short = builder.columns([f"manque|{o.cle}" for o in obligations], integer=True)
    for obligation, column in zip(obligations, short, strict=True):
        scale, lo = whole_form(obligation)
        side = scale * side_of(obligation)
        row = builder.rows([obligation.cle], lo, lo if obligation.sens is Sens.EGALITE else np.inf)[0]
        counted = columns_of[obligation.support]
        base = columns_of[Support.PUBLICS] if obligation.support is Support.ESSENTIELS else counted
        builder.entries(row, counted[obligation.compte], side * np.asarray(obligation.poids))
        builder.entries(row, base[obligation.assiette], -side * obligation.part)
        builder.entries(row, column, float(scale))
    return short


def level_stages(builder: Builder, obligations: Sequence[Obligation], short: Ints) -> list[Etape]:
    """One stage a level, the most important first: the whole dwellings that it misses."""
    niveaux = np.array([o.niveau for o in obligations], object)
    return [Etape("/".join(level), builder.costs((short[np.isin(niveaux, level)], 1.0))) for level in NIVEAUX]


def gaps(builder: Builder, nom: str, label: Ints, columns: Ints, bas: Floats, haut: Floats) -> Ints:
    """Columns of what the sums of `columns` have above `haut` and under `bas`; `label` is the sum of each."""
    names = [f"{nom}|{k:06d}" for k in range(len(bas))]
    rows = builder.rows(names, bas, haut)
    builder.entries(rows[label], columns)
    above, under = (builder.columns([n + mark for n in names]) for mark in "+-")
    builder.entries(rows, above, -1.0)
    builder.entries(rows, under)
    return np.concatenate([above, under])


def missed(obligations: Sequence[Obligation], plan: Repartition) -> tuple[int, ...]:
    """Whole dwellings that a plan misses at each level."""
    short = [(o.niveau, o.manque_entier(plan)) for o in obligations]
    return tuple(sum(nb for niveau, nb in short if niveau in level) for level in NIVEAUX)
