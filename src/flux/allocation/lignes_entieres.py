"""The rows of the plan when its dwellings are whole, and their distance to the exact plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flux.allocation.libres import flow_rows
from flux.allocation.modele import Modele
from flux.allocation.obligations import Sens, Support
from flux.allocation.seuils import whole_form
from flux.noyau.solveur import Builder, Floats, Ints


def whole_rows(modele: Modele, libres: NDArray[np.bool_] | None = None) -> Builder:
    """The programme with every obligation as tight as whole numbers allow, and whole flows by segment.

    Parameters
    ----------
    libres : rows that bind nothing, left empty, shape (rows,); none by default.
    """
    programme = modele.programme
    free = np.zeros(len(programme.names), bool) if libres is None else libres.copy()
    free[modele.flux] = True  # the segments give out whole numbers instead: `flow_rows`
    scale = np.ones(len(programme.names))
    lo, hi = np.where(free, -np.inf, programme.lo), np.where(free, np.inf, programme.hi)
    for obligation, row in zip(modele.obligations, modele.lignes, strict=True):
        scale[row], lo[row] = whole_form(obligation)
        hi[row] = lo[row] if obligation.sens is Sens.EGALITE else np.inf
    builder = Builder()
    builder.columns(programme.keys, programme.lower, programme.upper)
    builder.rows(programme.names, lo, hi)
    kept = ~free[programme.row]
    row = programme.row[kept]
    builder.entries(row, programme.column[kept], programme.coefficient[kept] * scale[row])
    flow_rows(builder, modele.cadre, modele.cellules, modele.cadre.cellules["segment"])
    return builder


def aims(modele: Modele) -> NDArray[np.bool_]:
    """Rows that only measure a distance: they bind nothing, unless an obligation bounds what they measure."""
    measures: tuple[str, ...] = ("z+", "w+")
    if all(o.support is not Support.ECARTS for o in modele.obligations):
        measures += ("recu|", "equite|", "equite_pire|")
    return np.array([name.startswith(measures) for name in modele.programme.names])


def above_exact(builder: Builder, nom: str, keys: Sequence[str], columns: Ints,
                exact: Floats) -> tuple[Ints, Floats]:
    """What whole columns have above their exact values: columns, and the cost of each.

    From the floor to the ceiling the cost is a straight line: equal on whole numbers, and nothing is gained
    by stopping between them, so that the linear programme is nearly always whole already. Where columns and
    exact values have one sum, half of their distance.
    """
    low = np.floor(exact)
    rest = exact - low
    first = builder.columns([f"{nom}+|{key}" for key in keys], upper=np.ceil(rest))
    beyond = builder.columns([f"{nom}++|{key}" for key in keys])
    row = builder.rows([f"{nom}|{key}" for key in keys], hi=low)
    builder.entries(row, columns)
    builder.entries(row, first, -1.0)
    builder.entries(row, beyond, -1.0)
    return np.concatenate([first, beyond]), np.concatenate([1.0 - rest, np.ones(len(rest))])
