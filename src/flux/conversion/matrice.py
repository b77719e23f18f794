"""The matrix by commune in whole dwellings: holders × (commune, in or out of QPV).

A two-way rounding, made twice: holders × communes, then each cell in and out of QPV. Every row adds up to
the holder's quota, every column is the floor or the ceiling of its flow as far as the rows allow, every
cell is as near its exact due as that permits.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from flux.noyau.arrondi import Famille, partition, round_cells, snap

K = TypeVar("K", bound=tuple[object, ...])
L = TypeVar("L", bound=Hashable)
Porteur = tuple[str, bool]
"""A holder, and whether in return for loan guarantees: the law caps these by commune."""
Cellule = tuple[Porteur, str]
Case = tuple[Porteur, str, bool]


def round_matrix(
    targets: Mapping[Cellule, Fraction],
    quotas: Mapping[Porteur, int],
    flows: Mapping[tuple[str, bool], Fraction],
    garanties: Mapping[str, int],
) -> dict[Case, int]:
    """Whole dwellings of each holder in each (commune, QPV).

    Parameters
    ----------
    targets : (holder, commune) -> exact due, balances included; the only cells that may be served.
    quotas : holder -> whole dwellings; each row adds up to it.
    flows : (commune, qpv) -> exact flow to share.
    garanties : commune -> whole dwellings that the guarantors may receive there, all together.

    Raises
    ------
    SolverError
        A solution that is not whole ("solveur.non_entier").
    """
    by_commune: dict[str, dict[bool, Fraction]] = {}
    for (commune, qpv), value in flows.items():
        by_commune.setdefault(commune, {})[qpv] = value
    for _, commune in targets:
        by_commune.setdefault(commune, {False: Fraction(0)})
    cells = {k: max(Fraction(0), t) for k, t in sorted(targets.items()) if quotas.get(k[0])}
    holders = sorted({r for r, _ in cells})
    totals = [float(quotas[r]) for r in holders]
    communes = {c: sum(qs.values(), Fraction(0)) for c, qs in sorted(by_commune.items())}
    nb = _round(
        cells,
        [
            _sums("quotas", [r for r, _ in cells], holders, totals, totals),
            _at_most("garanties", cells, garanties),
            _between("communes", [c for _, c in cells], communes),
        ],
    )
    served = [k for k, n in nb.items() if n]
    cases = {(r, c, q): nb[r, c] * part for r, c in served for q, part in _parts(by_commune[c]).items()}
    rows = [float(nb[k]) for k in served]
    columns = {(c, q): v for c, qs in sorted(by_commune.items()) for q, v in sorted(qs.items())}
    whole = _round(
        cases,
        [
            _sums("cellules", [(r, c) for r, c, _ in cases], served, rows, rows),
            _between("colonnes", [(c, q) for _, c, q in cases], columns),
        ],
    )
    return {k: n for k, n in whole.items() if n}


def _round(exact: Mapping[K, Fraction], familles: Sequence[Famille]) -> dict[K, int]:
    """Whole numbers nearest to `exact` that keep the sums."""
    names = ["|".join(map(str, key)) for key in exact]
    values = np.array([float(v) for v in exact.values()])
    whole = round_cells(names, values, np.full(len(values), np.inf), familles)
    return {key: int(n) for key, n in zip(exact, whole, strict=True)}


def _between(nom: str, labels: Sequence[L], flows: Mapping[L, Fraction]) -> Famille:
    """Sums that should be the floor or the ceiling of a flow."""
    values = snap(np.array([float(v) for v in flows.values()]))
    return _sums(nom, labels, list(flows), np.floor(values), np.ceil(values), souple=True)


def _at_most(nom: str, cells: Mapping[Cellule, Fraction], garanties: Mapping[str, int]) -> Famille:
    """The ceiling of the guarantees in each commune: part of its column, so the programme stays a network."""
    place = {c: i for i, c in enumerate(garanties)}
    bound = [(i, place[c]) for i, ((_, garantie), c) in enumerate(cells) if garantie and c in place]
    cellule, somme = np.array(bound, np.int64).reshape(-1, 2).T
    haut = np.array(list(garanties.values()), float)
    return Famille(
        nom=nom, somme=somme, cellule=cellule, bas=np.full(len(haut), -np.inf), haut=haut, souple=True
    )


def _sums(
    nom: str,
    labels: Sequence[L],
    groups: Sequence[L],
    low: ArrayLike,
    high: ArrayLike,
    *,
    souple: bool = False,
) -> Famille:
    """One sum a group."""
    place = {group: i for i, group in enumerate(groups)}
    where = np.array([place[label] for label in labels], np.int64)
    return partition(nom, where, np.asarray(low, float), np.asarray(high, float), souple=souple)


def _parts(flows: Mapping[bool, Fraction]) -> dict[bool, Fraction]:
    """In and out of QPV, as the commune's flow; out of it where it has none."""
    whole = sum(flows.values(), Fraction(0))
    return {q: v / whole for q, v in sorted(flows.items())} if whole else {min(flows): Fraction(1)}
