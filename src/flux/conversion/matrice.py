"""The matrix by commune in whole dwellings: holders × (commune, in or out of QPV).

A two-way rounding, made twice: holders × communes, then each cell in and out of QPV. Every row adds up to
the holder's quota and no ceiling of the guarantees is passed. As far as these allow, every account, cell,
commune, EPCI and group (see `groupes`) keeps its bounds; where they do not, the fewest leave them, and
the bailleur's cells take what the ceilings refuse.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from flux.conversion.groupes import Bornes, Cadre, Cellule, Etiquette, Groupe, Porteur, groups
from flux.noyau.arrondi import Famille, partition, round_cells, round_fewest, snap

L = TypeVar("L", bound=Hashable)
Case = tuple[Porteur, str, bool]


@dataclass(frozen=True)
class Matrice:
    """Whole dwellings, by (holder, commune) and by (holder, commune, qpv); zeros are left out.

    groupes : the sums that were to be kept
    non_prouves : kinds of sums of which fewer might leave their bounds (too many to count)
    """

    cellules: dict[Cellule, int]
    cases: dict[Case, int]
    groupes: list[Groupe]
    non_prouves: tuple[str, ...]


@dataclass(frozen=True)
class Limites:
    """Ceilings in the matrix: (holder, commune) held by guarantee -> its place -> most dwellings there."""

    de: Mapping[tuple[str, str], str]
    nb: Mapping[str, int]


def round_matrix(
    targets: Mapping[Cellule, Fraction],
    quotas: Mapping[Porteur, int],
    flows: Mapping[tuple[str, bool], Fraction],
    limites: Limites,
    cadre: Cadre,
) -> Matrice:
    """Whole dwellings of each holder in each (commune, QPV).

    Parameters
    ----------
    targets : (holder, commune) -> exact due, balances included; the only cells that may be served.
    quotas : holder -> whole dwellings; each row adds up to it.
    flows : (commune, qpv) -> exact flow to share.
    limites : what the guarantees may not pass.
    cadre : what the cells are summed by.

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
    communes = {c: sum(qs.values(), Fraction(0)) for c, qs in sorted(by_commune.items())}
    groupes = groups(targets, communes, cadre)
    cells = {k: max(Fraction(0), t) for k, t in sorted(targets.items()) if quotas.get(k[0])}
    holders = sorted({r for r, _ in cells})
    totals = [float(quotas[r]) for r in holders]
    values, non_prouves = round_fewest(
        _names(cells),
        np.array([float(v) for v in cells.values()]),
        np.array([float(quotas[r]) for r, _ in cells]),
        [
            _sums("quotas", [r for r, _ in cells], holders, totals, totals),
            _at_most(cells, limites),
            *_kept(groupes, list(cells)),
        ],
    )
    nb = {k: int(n) for k, n in zip(cells, values, strict=True) if n}
    return Matrice(nb, _in_and_out_of_qpv(nb, by_commune), groupes, non_prouves)


def _in_and_out_of_qpv(
    nb: Mapping[Cellule, int], by_commune: Mapping[str, Mapping[bool, Fraction]]
) -> dict[Case, int]:
    """Each cell shared between its commune's flows, whose sums are at floor or ceiling if they can."""
    cases = {(r, c, q): n * part for (r, c), n in nb.items() for q, part in _parts(by_commune[c]).items()}
    rows = [float(n) for n in nb.values()]
    columns = {(c, q): v for c, qs in sorted(by_commune.items()) for q, v in sorted(qs.items())}
    flows = snap(np.array([float(v) for v in columns.values()]))
    values = np.array([float(v) for v in cases.values()])
    whole = round_cells(
        _names(cases),
        values,
        np.full(len(values), np.inf),
        [
            _sums("cellules", [(r, c) for r, c, _ in cases], list(nb), rows, rows),
            _sums(
                "colonnes",
                [(c, q) for _, c, q in cases],
                list(columns),
                np.floor(flows),
                np.ceil(flows),
                souple=True,
            ),
        ],
    )
    return {k: int(n) for k, n in zip(cases, whole, strict=True) if n}


def _names(cells: Mapping[L, Fraction]) -> list[str]:
    return ["|".join(map(str, key)) for key in cells]  # type: ignore[call-overload]


def _kept(groupes: Sequence[Groupe], cells: Sequence[Cellule]) -> Iterator[Famille]:
    """A family a kind, of the sums that a cell is in and that no kind before holds to the same bounds."""
    held: set[tuple[frozenset[int], Bornes]] = set()
    for groupe in groupes:
        members: dict[Etiquette, list[int]] = {}
        for i, cell in enumerate(cells):
            label = groupe.de(cell)
            if label is not None:
                members.setdefault(label, []).append(i)
        bounds = {label: groupe.bornes(groupe.exact[label]) for label in members}
        sums = {label: (frozenset(some), bounds[label]) for label, some in members.items()}
        new = {label for label, held_as in sums.items() if held_as not in held}
        held |= set(sums.values())
        labels = [label if (label := groupe.de(cell)) in new else None for cell in cells]
        yield _some(groupe.nom, labels, bounds)


def _at_most(cells: Mapping[Cellule, Fraction], limites: Limites) -> Famille:
    """The ceilings of the guarantees; each is part of a column or of a row: the programme stays a network."""
    labels = [limites.de.get((r, c)) if guaranteed else None for (r, guaranteed), c in cells]
    return _some("garanties", labels, {code: (-np.inf, n) for code, n in limites.nb.items()})


def _some(nom: str, labels: Sequence[L | None], bounds: Mapping[L, tuple[float, float]]) -> Famille:
    """Elastic sums of the cells that have a label."""
    groups = sorted({label for label in labels if label is not None})  # type: ignore[type-var]
    place = {group: i for i, group in enumerate(groups)}
    inside = [i for i, label in enumerate(labels) if label is not None]
    low, high = (np.array([bounds[group][side] for group in groups], float) for side in (0, 1))
    return Famille(
        nom=nom,
        somme=np.array([place[labels[i]] for i in inside], np.int64),  # type: ignore[index]
        cellule=np.array(inside, np.int64),
        bas=low,
        haut=high,
        souple=True,
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
