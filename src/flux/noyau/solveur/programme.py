"""A linear programme as sparse rows, gathered block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """lo <= A x <= hi, lower <= x <= upper; A as coordinates (repeated entries add up).

    Attributes
    ----------
    keys : canonical name of each column, unique. Shape (n,).
    lower, upper : bounds of the columns, infinite where there is none. Shape (n,).
    integer : columns that must be whole. Shape (n,).
    names : canonical name of each row, unique. Shape (m,).
    lo, hi : bounds of the rows, infinite where there is none. Shape (m,).
    row, column, coefficient : the entries of A. Shape (k,).
    """

    keys: tuple[str, ...]
    lower: Floats
    upper: Floats
    names: tuple[str, ...]
    lo: Floats
    hi: Floats
    row: Ints
    column: Ints
    coefficient: Floats
    integer: NDArray[np.bool_]

    @property
    def taille(self) -> dict[str, int]:
        """Variables, rows and entries."""
        return {"variables": len(self.keys), "lignes": len(self.names), "coefficients": len(self.row)}

    def by_row(self) -> tuple[Ints, Ints, Floats]:
        """Where each row starts, its columns in order and their coefficients: no entry twice, no zero.

        Returns
        -------
        starts, columns, coefficients : shapes (m + 1,), (entries,), (entries,).
        """
        return _compressed(self.row, self.column, self.coefficient, len(self.names))

    def by_column(self) -> tuple[Ints, Ints, Floats]:
        """The same by column: where each starts, its rows in order and their coefficients."""
        return _compressed(self.column, self.row, self.coefficient, len(self.keys))

    def sorted(self) -> tuple[Programme, Ints]:
        """The same programme with columns and rows in the order of their names; the old place of each column.

        What a solver returns may depend on the order of what it is given: this one depends on names only.

        Raises
        ------
        ValueError
            Two columns, or two rows, of one name.
        """
        columns, rows = _order("column", self.keys), _order("row", self.names)
        return Programme(
            keys=tuple(self.keys[j] for j in columns), lower=self.lower[columns], upper=self.upper[columns],
            names=tuple(self.names[i] for i in rows), lo=self.lo[rows], hi=self.hi[rows],
            row=_inverse(rows)[self.row], column=_inverse(columns)[self.column],
            coefficient=self.coefficient, integer=self.integer[columns]), columns


class Builder:
    """Gathers columns, rows and entries block by block, then gives the `Programme`."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._names: list[str] = []
        self._bounds: list[tuple[Floats, Floats]] = []
        self._limits: list[tuple[Floats, Floats]] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._integer: list[NDArray[np.bool_]] = []

    def columns(self, keys: Sequence[str], lower: ArrayLike = 0.0, upper: ArrayLike = np.inf, *,
                integer: bool = False) -> Ints:
        """Add columns; returns their indices."""
        start = len(self._keys)
        self._keys += keys
        self._integer.append(np.full(len(keys), integer))
        self._bounds.append((_spread(lower, len(keys)), _spread(upper, len(keys))))
        return np.arange(start, len(self._keys))

    def rows(self, names: Sequence[str], lo: ArrayLike = -np.inf, hi: ArrayLike = np.inf) -> Ints:
        """Add rows, without entries; returns their indices."""
        start = len(self._names)
        self._names += names
        self._limits.append((_spread(lo, len(names)), _spread(hi, len(names))))
        return np.arange(start, len(self._names))

    def entries(self, row: ArrayLike, column: ArrayLike, coefficient: ArrayLike = 1.0) -> None:
        """Add entries: arrays of one length, or scalars that stand for it."""
        i, j, a = np.broadcast_arrays(np.asarray(row, np.int64), np.asarray(column, np.int64),
                                      np.asarray(coefficient, float))
        self._entries.append((i.ravel(), j.ravel(), a.ravel()))

    def costs(self, *blocks: tuple[ArrayLike, ArrayLike]) -> Floats:
        """Cost of every column: zero but on the given (columns, costs)."""
        out = np.zeros(len(self._keys))
        for columns, values in blocks:
            out[np.asarray(columns, np.int64)] = values
        return out

    def build(self) -> Programme:
        """The programme, to be solved."""
        lower, upper = (np.concatenate([np.zeros(0), *(b[i] for b in self._bounds)]) for i in (0, 1))
        lo, hi = (np.concatenate([np.zeros(0), *(b[i] for b in self._limits)]) for i in (0, 1))
        row, column = (np.concatenate([np.zeros(0, np.int64), *(e[i] for e in self._entries)])
                       for i in (0, 1))
        coefficient = np.concatenate([np.zeros(0), *(e[2] for e in self._entries)])
        return Programme(keys=tuple(self._keys), lower=lower, upper=upper, names=tuple(self._names),
                         lo=lo, hi=hi, row=row, column=column, coefficient=coefficient,
                         integer=np.concatenate([np.zeros(0, bool), *self._integer]))


def generic_costs(keys: Sequence[str]) -> Floats:
    """A cost in [0, 1) hashed from each name: generic, so that minimising it leaves one optimum only."""
    digests = (blake2b(key.encode(), digest_size=6).digest() for key in keys)
    return np.array([int.from_bytes(digest) / 2**48 for digest in digests], float)


def _compressed(major: Ints, minor: Ints, values: Floats, nb: int) -> tuple[Ints, Ints, Floats]:
    """Coordinates in the order of (major, minor), those repeated added up, no zero; `nb` majors."""
    cell = major * (int(minor.max(initial=0)) + 1) + minor
    order = np.argsort(cell, kind="stable")
    first = np.flatnonzero(np.diff(cell[order], prepend=-1))
    summed = np.add.reduceat(values[order], first) if len(first) else np.zeros(0)
    kept = order[first][summed != 0]
    starts = np.append(0, np.cumsum(np.bincount(major[kept], minlength=nb)))
    return starts, minor[kept], summed[summed != 0]


def _order(what: str, names: tuple[str, ...]) -> Ints:
    if len(set(names)) != len(names):
        raise ValueError(f"two {what}s of the programme have the same name")
    return np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)


def _inverse(order: Ints) -> Ints:
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def _spread(values: ArrayLike, size: int) -> Floats:
    return np.broadcast_to(np.asarray(values, float), (size,)).astype(float)
