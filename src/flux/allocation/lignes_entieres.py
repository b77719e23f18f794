"""The rows of the plan when its dwellings are whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flux.allocation.libres import flow_rows
from flux.allocation.modele import Modele
from flux.allocation.obligations import Sens
from flux.allocation.seuils import whole_form
from flux.noyau.solveur import Builder


def whole_rows(modele: Modele, libres: NDArray[np.bool_] | None = None) -> Builder:
    """The programme with every obligation as tight as whole numbers allow, and whole flows by segment.

    Parameters
    ----------
    libres : rows that bind nothing, shape (rows,); none by default.
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
    builder.entries(programme.row, programme.column, programme.coefficient * scale[programme.row])
    flow_rows(builder, modele.cadre, modele.cellules, modele.cadre.cellules["segment"])
    return builder
