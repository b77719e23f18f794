"""Rounding: whole cells, as near as possible to exact ones, that keep chosen sums.

Where at most two laminar families of sums hold the cells, the programme is a network, whose vertices
are whole: the linear programme gives whole numbers by itself, which is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
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
    somme, cellule : the cell `cellule[k]` is in the sum `somme[k]`. Shape (entries,).
    bas, haut : bounds of each sum, infinite where there is none. Shape (sums,).
    souple : True where a gap is allowed, at the price of its stage; False where the sum must hold.
    """

    nom: str
    somme: Ints
    cellule: Ints
    bas: Floats
    haut: Floats
    souple: bool = False


def partition(nom: str, label: Ints, bas: Floats, haut: Floats, *, souple: bool = False) -> Famille:
    """The family whose sums share out the cells: `label[i]` is the sum of cell i."""
    return Famille(nom=nom, somme=label, cellule=np.arange(len(label)), bas=bas, haut=haut, souple=souple)


def round_cells(keys: Sequence[str], exact: Floats, most: Floats, familles: Sequence[Famille], *,
                reseau: bool = True) -> Ints:
    """Whole numbers nearest to `exact` (L1) that keep the sums of the families, the first before the next.

    Parameters
    ----------
    keys : canonical name of each cell. Shape (n,).
    exact : what is to be rounded, >= 0. Shape (n,).
    most : the most each cell may hold, whole. Shape (n,).
    familles : the sums; the firm ones must be feasible together.
    reseau : True where the families make a network (nested ones count for one, and two at most);
        False asks the solver for whole numbers.

    Raises
    ------
    SolverError
        "solveur.infaisable" when the firm sums contradict each other; "solveur.non_entier" when the
        families do not make the network they should.
    """
    builder = Builder()
    exact = np.minimum(snap(exact), most)
    low = np.floor(exact)
    part = exact - low
    # The distance to `exact` is convex and broken at the two whole numbers around it: three arcs a cell.
    arcs = [("-", low, np.full(len(exact), -1.0)), ("=", np.ceil(exact) - low, 1 - 2 * part),
            ("+", most - np.ceil(exact), np.ones(len(exact)))]
    column_of = np.full((len(arcs), len(exact)), -1)
    costs, names = [], []
    for k, (mark, room, cost) in enumerate(arcs):
        used = np.flatnonzero(room > 0)
        names += [keys[i] + mark for i in used.tolist()]
        column_of[k, used] = builder.columns(names[-len(used):] if len(used) else [], upper=room[used],
                                             integer=not reseau)
        costs.append(cost[used])
    gaps = [_add(builder, famille, column_of) for famille in familles]
    etapes = [Etape(f.nom, builder.costs((gap, 1.0)))
              for f, gap in zip(familles, gaps, strict=True) if f.souple]
    ensemble, columns = len(etapes), np.arange(len(names))
    etapes += [Etape("proche", builder.costs((columns, np.concatenate(costs)))),
               Etape("unicite", builder.costs((columns, generic_costs(names))))]
    values = solve(builder.build(), etapes, ensemble=ensemble).valeurs
    whole = np.rint(values[columns])
    if np.abs(whole - values[columns]).max(initial=0.0) > 1e-6:
        raise SolverError("Le passage à l'entier n'a pas donné d'entiers.", code="solveur.non_entier")
    by_arc = np.append(whole, 0.0)[column_of]  # column -1, the appended zero: an arc that has no room
    return np.asarray(by_arc.sum(axis=0), np.int64)


def snap(exact: Floats) -> Floats:
    """Exact values, whole where they nearly are."""
    nearest = np.rint(exact)
    return np.where(np.abs(exact - nearest) < EPSILON, nearest, exact)


def _add(builder: Builder, famille: Famille, column_of: Ints) -> Ints:
    """The rows of a family; returns its columns of gaps."""
    names = [f"{famille.nom}|{k:06d}" for k in range(len(famille.bas))]
    rows = builder.rows(names, famille.bas, famille.haut)
    for columns in column_of[:, famille.cellule]:
        builder.entries(rows[famille.somme[columns >= 0]], columns[columns >= 0])
    if not famille.souple:
        return np.zeros(0, np.int64)
    under, over = builder.columns([f"{n}-" for n in names]), builder.columns([f"{n}+" for n in names])
    builder.entries(rows, under)
    builder.entries(rows, over, -1.0)
    return np.concatenate([under, over])


def labels(frame: pd.DataFrame) -> tuple[Ints, pd.MultiIndex]:
    """The group of each row, numbered in canonical order, and the groups."""
    columns = list(frame.columns)
    index = pd.MultiIndex.from_frame(frame.drop_duplicates().sort_values(columns))
    return np.asarray(frame.groupby(columns, sort=True).ngroup(), np.int64), index


def names_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Canonical names, made of what the rows are and never of where they stand."""
    return ["|".join(words) for words in zip(*(frame[c].astype(str) for c in columns), strict=True)]
