"""The rows of the plan when its dwellings are whole, and their distance to the exact plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flux.allocation.cadre import Cadre
from flux.allocation.libres import flow_rows
from flux.allocation.modele import Modele
from flux.allocation.obligations import Sens, Support
from flux.allocation.seuils import whole_form
from flux.noyau.solveur import Builder, Floats, Ints, Programme


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


def merged_segments(cadre: Cadre, programme: Programme) -> tuple[Programme, NDArray[np.bool_]]:
    """The same, where segments whose cells are in the same rows, but for the segment's own, are one.

    No row tells their cells apart, and any split of the sums among the segments can be made: what can be
    missed, level by level, is the same, with a third to a half fewer cells.

    Parameters
    ----------
    programme : as `whole_rows` makes it.

    Returns
    -------
    The programme, and the columns that are left: each stands for those that were as it is.
    """
    own_rows = f"libres {'×'.join(cadre.segment)}|"  # as `flow_rows` names them
    rows = np.array([name.startswith(own_rows) for name in programme.names])
    own = rows[programme.row]
    cells, segment = programme.column[own], programme.row[own]
    order = np.lexsort((programme.row, programme.column))
    order = order[~own[order]]
    column, entries = programme.column[order], np.column_stack((programme.row[order],
                                                                programme.coefficient[order]))
    ends = np.searchsorted(column, np.stack((cells, cells + 1)))
    kinds = [entries[start:end].tobytes() for start, end in ends.T.tolist()]
    alike: dict[int, set[bytes]] = {}
    for k, kind in zip(segment.tolist(), kinds, strict=True):
        alike.setdefault(k, set()).add(kind)
    families: dict[frozenset[bytes], int] = {}
    stands, row_stands = np.arange(len(programme.keys)), np.arange(len(programme.names))
    for k in sorted(alike):
        row_stands[k] = families.setdefault(frozenset(alike[k]), k)
    first: dict[tuple[int, bytes], int] = {}
    for cell, k, kind in zip(cells.tolist(), row_stands[segment].tolist(), kinds, strict=True):
        stands[cell] = first.setdefault((k, kind), cell)
    lo, hi = programme.lo.copy(), programme.hi.copy()
    gone = np.flatnonzero(row_stands != np.arange(len(row_stands)))
    for side, summed in ((programme.lo, lo), (programme.hi, hi)):
        np.add.at(summed, row_stands[gone], side[gone])
    lo[gone], hi[gone] = -np.inf, np.inf
    kept = stands == np.arange(len(stands))
    place, among = np.cumsum(kept) - 1, kept[programme.column]
    return replace(
        programme, keys=tuple(programme.keys[j] for j in np.flatnonzero(kept).tolist()),
        lower=programme.lower[kept], upper=programme.upper[kept], integer=programme.integer[kept],
        lo=lo, hi=hi, row=row_stands[programme.row[among]], column=place[programme.column[among]],
        coefficient=programme.coefficient[among]), kept


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
