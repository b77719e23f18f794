"""The matrix by commune in whole dwellings: holders × (commune, in or out of QPV).

A two-way rounding: every row adds up to the holder's quota, every column is the floor or the ceiling of
its flow as far as the rows allow, every cell is as near its exact due as that permits. Rows nest
(holder > commune > QPV) and so do columns (commune > QPV): it is a network, whose optima are whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, generic_costs, solve

Cellule = tuple[str, str]
Case = tuple[str, str, bool]
K = TypeVar("K", bound=Hashable)


@dataclass
class _Pieces:
    """A whole number near `target`, as its floor plus what is added or taken: convex, so a linear programme.

    haut : from the floor to the ceiling; plus, moins : beyond.
    """

    floor: int
    haut: int
    plus: int
    moins: int
    fraction: float

    def terms(self, sign: float) -> list[tuple[int, float]]:
        return [(self.haut, sign), (self.plus, sign), (self.moins, -sign)]


def round_matrix(
    targets: Mapping[Cellule, Fraction], quotas: Mapping[str, int], flows: Mapping[tuple[str, bool], Fraction]
) -> dict[Case, int]:
    """Whole dwellings of each holder in each (commune, QPV).

    Parameters
    ----------
    targets : (holder, commune) -> exact due, balances included; the only cells that may be served.
    quotas : holder -> whole dwellings; each row adds up to it.
    flows : (commune, qpv) -> exact flow to share.

    Raises
    ------
    SolverError
        A solution that is not whole ("solveur.echec").
    """
    build = Builder()
    by_commune: dict[str, dict[bool, Fraction]] = {}
    for (commune, qpv), value in flows.items():
        by_commune.setdefault(commune, {})[qpv] = value
    for _, commune in targets:
        by_commune.setdefault(commune, {False: Fraction(0)})
    cells = {(r, c): max(Fraction(0), t) for (r, c), t in sorted(targets.items()) if quotas.get(r)}
    cases = {(r, c, q): t * part for (r, c), t in cells.items() for q, part in _parts(by_commune[c]).items()}
    columns = {(c, q): v for c, qs in sorted(by_commune.items()) for q, v in sorted(qs.items())}
    communes = {c: sum(qs.values(), Fraction(0)) for c, qs in sorted(by_commune.items())}
    y, x = _add(build, "y", cells), _add(build, "x", cases)
    n, m = _add(build, "n", columns), _add(build, "m", communes)
    rows: dict[str, tuple[float, list[tuple[int, float]]]] = {}

    def balance(name: str, rhs: float, terms: list[tuple[_Pieces, float]]) -> None:
        constant = sum(sign * p.floor for p, sign in terms)
        old_rhs, old = rows.get(name, (rhs, []))
        rows[name] = (old_rhs - constant, [*old, *(t for p, sign in terms for t in p.terms(sign))])

    for (r, c), piece in y.items():
        balance(f"quota {r}", quotas[r], [(piece, 1.0)])
        balance(f"cellule {r} {c}", 0.0, [(piece, -1.0)])
    for (r, c, q), piece in x.items():
        balance(f"cellule {r} {c}", 0.0, [(piece, 1.0)])
        balance(f"colonne {c} {q}", 0.0, [(piece, 1.0)])
    for (c, q), piece in n.items():
        balance(f"colonne {c} {q}", 0.0, [(piece, -1.0)])
        balance(f"commune {c}", 0.0, [(piece, 1.0)])
    for c, piece in m.items():
        balance(f"commune {c}", 0.0, [(piece, -1.0)])
    names = sorted(rows)
    index = build.rows(names, [rows[k][0] for k in names], [rows[k][0] for k in names])
    for i, name in zip(index, names, strict=True):
        for column, sign in rows[name][1]:
            build.entries(i, column, sign)
    programme = build.build()
    beyond = [c for block in (n, m) for p in block.values() for c in (p.plus, p.moins)]
    solution = solve(
        programme,
        [
            Etape("colonnes à l'entier voisin", build.costs((beyond, 1.0))),
            Etape("cellules proches du dû exact", _distance(build, y)),
            Etape("colonnes proches du flux", _distance(build, m) + _distance(build, n)),
            Etape("parts en QPV proches du flux", _distance(build, x)),
            Etape("unicité", generic_costs(programme.keys)),
        ],
    )
    out: dict[Case, int] = {}
    for key, p in x.items():
        value = p.floor + solution.valeurs[p.haut] + solution.valeurs[p.plus] - solution.valeurs[p.moins]
        if abs(value - round(value)) > 1e-6:
            raise SolverError("L'arrondi par commune n'est pas entier.", code="solveur.echec")
        if round(value):
            out[key] = round(value)
    return out


def _parts(flows: Mapping[bool, Fraction]) -> dict[bool, Fraction]:
    """In and out of QPV, as the commune's flow; alike where it has none."""
    whole = sum(flows.values(), Fraction(0))
    return {q: v / whole if whole else Fraction(1, len(flows)) for q, v in sorted(flows.items())}


def _add(build: Builder, kind: str, targets: Mapping[K, Fraction]) -> dict[K, _Pieces]:
    """The three columns of every number, named after its key."""
    keys = list(targets)
    named = [f"{kind} {' '.join(map(str, k)) if isinstance(k, tuple) else k}" for k in keys]
    floors = [floor(v) for v in targets.values()]
    haut = build.columns([f"{k} haut" for k in named], 0.0, 1.0)
    plus = build.columns([f"{k} plus" for k in named])
    moins = build.columns([f"{k} moins" for k in named], 0.0, np.array(floors, dtype=float))
    return {
        k: _Pieces(f, int(h), int(p), int(m), float(v - f))
        for k, f, h, p, m, v in zip(keys, floors, haut, plus, moins, targets.values(), strict=True)
    }


def _distance(build: Builder, block: Mapping[K, _Pieces]) -> NDArray[np.float64]:
    """Cost of |whole − target|, up to a constant: going up costs 1 − 2·fraction, then 1; going down 1."""
    pieces = list(block.values())
    return build.costs(
        ([p.haut for p in pieces], [1 - 2 * p.fraction for p in pieces]),
        ([p.plus for p in pieces], 1.0),
        ([p.moins for p in pieces], 1.0),
    )
