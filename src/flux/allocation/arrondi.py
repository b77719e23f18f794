"""Rounding as a network: whole cells, as near as possible to exact ones, that keep chosen sums.

Cells held by at most two laminar families of sums make a network, and the vertices of a network are
whole: the linear programme gives whole numbers by itself, which is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, generic_costs, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EPSILON = 1e-9  # an exact value this near to a whole number is that number


@dataclass(frozen=True, kw_only=True)
class Famille:
    """Sums of cells that should lie between two whole numbers.

    Attributes
    ----------
    nom : canonical name.
    label : index of the sum each cell belongs to, -1 for none. Shape (cells,).
    bas, haut : bounds of each sum, infinite where there is none. Shape (sums,).
    souple : True where a gap is allowed, at the price of its stage; False where the sum must hold.
    """

    nom: str
    label: Ints
    bas: Floats
    haut: Floats
    souple: bool = False


def round_cells(keys: Sequence[str], exact: Floats, most: Floats, familles: Sequence[Famille]) -> Ints:
    """Whole numbers nearest to `exact` (L1) that keep the sums of the families, the first before the next.

    Parameters
    ----------
    keys : canonical name of each cell. Shape (n,).
    exact : what is to be rounded, >= 0. Shape (n,).
    most : the most each cell may hold, whole. Shape (n,).
    familles : at most two laminar families (nested ones count for one), the firm ones feasible.

    Raises
    ------
    SolverError
        "solveur.infaisable" when the firm sums contradict each other; "solveur.non_entier" when the
        families do not make a network.
    """
    builder = Builder()
    nearest = np.rint(exact)
    exact = np.minimum(np.where(np.abs(exact - nearest) < EPSILON, nearest, exact), most)
    low = np.floor(exact)
    part = exact - low
    # The distance to `exact` is convex and broken at the two whole numbers around it: three arcs a cell.
    arcs = [("-", low, np.full(len(exact), -1.0)), ("=", np.ceil(exact) - low, 1 - 2 * part),
            ("+", most - np.ceil(exact), np.ones(len(exact)))]
    cells, columns, costs, generic = [], [], [], []
    for mark, room, cost in arcs:
        used = np.flatnonzero(room > 0)
        names = [keys[i] + mark for i in used.tolist()]
        cells.append(used)
        columns.append(builder.columns(names, upper=room[used]))
        costs.append(cost[used])
        generic.append(generic_costs(names))
    cell, column = np.concatenate(cells), np.concatenate(columns)
    gaps = [_add(builder, famille, cell, column) for famille in familles]
    etapes = [Etape(f.nom, builder.costs((gap, 1.0)))
              for f, gap in zip(familles, gaps, strict=True) if f.souple]
    etapes += [Etape("proche", builder.costs((column, np.concatenate(costs)))),
               Etape("unicite", builder.costs((column, np.concatenate(generic))))]
    values = solve(builder.build(), etapes).valeurs[column]
    whole = np.rint(values)
    if np.abs(whole - values).max(initial=0.0) > 1e-6:
        raise SolverError("Le passage à l'entier n'a pas donné d'entiers.", code="solveur.non_entier")
    return np.bincount(cell, whole, minlength=len(exact)).astype(np.int64)


def _add(builder: Builder, famille: Famille, cell: Ints, column: Ints) -> Ints:
    """The rows of a family; returns its columns of gaps."""
    label = famille.label[cell]
    names = [f"{famille.nom}|{k}" for k in range(len(famille.bas))]
    rows = builder.rows(names, famille.bas, famille.haut)
    builder.entries(rows[label[label >= 0]], column[label >= 0])
    if not famille.souple:
        return np.zeros(0, np.int64)
    under, over = builder.columns([f"{n}-" for n in names]), builder.columns([f"{n}+" for n in names])
    builder.entries(rows, under)
    builder.entries(rows, over, -1.0)
    return np.concatenate([under, over])
