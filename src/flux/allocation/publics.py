"""Publics in whole dwellings, once each holder's dwellings are whole in each group.

Three roundings. How many DALO or prioritaires each holder serves in each group; then how many of each
public in each group; then who serves whom. The applicants that exist come first, the thresholds of
the law and of the parties next, the exact plan last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import PUBLIC, TOUS, Cadre
from flux.allocation.obligations import NIVEAUX, Obligation, Repartition, Sens, Support
from flux.allocation.obligations.cibles import is_priority
from flux.noyau.arrondi import EPSILON, Famille, labels, names_of, partition, round_cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Somme:
    """Cells to be counted together, and between which whole numbers."""

    niveau: str
    cells: Ints
    bas: float
    haut: float


def whole_publics(cadre: Cadre, nb_part: Ints, share: Floats, rows: Sequence[Obligation],
                  dalo: Callable[[float], int]) -> Ints:
    """Whole dwellings of each row of `cadre.publics`.

    Parameters
    ----------
    nb_part : whole dwellings of each group × holder (`cadre.parts`).
    share : share of each public in its group × holder, to stay near.
    rows : the obligations.
    dalo : how a threshold of DALO and prioritaires becomes whole.
    """
    publics = cadre.publics
    rows = [o for o in rows if o.support is Support.PUBLICS]
    part = publics["part"].to_numpy()
    near = nb_part[part] * share
    served = _priority(cadre, nb_part, near, rows, dalo)
    classe = publics["priorite"].replace({"dalo": "prioritaire"})
    room = np.select([classe == "agent", classe == "prioritaire"], [nb_part[part], served[part]],
                     nb_part[part] - served[part])
    publics = publics.assign(near=near, room=room, classe=classe)
    by_group = _by_group(cadre.groupe, publics, rows)
    return _by_holder(cadre.groupe, publics, by_group,
                      [o for o in rows if o.porteur != TOUS and _is_mixite(o)])


def _priority(cadre: Cadre, nb_part: Ints, near: Floats, rows: Iterable[Obligation],
              dalo: Callable[[float], int]) -> Ints:
    """DALO and prioritaires served by each holder in each group; the State serves no one else."""
    publics, parts = cadre.publics, cadre.parts.join(cadre.groupes, on="groupe")
    part, nb = publics["part"].to_numpy(), len(parts)
    priority = is_priority(cadre)
    others = np.asarray(publics["priorite"] == "autre", bool)
    can_serve, can_choose = np.zeros(nb, bool), np.zeros(nb, bool)
    can_serve[part[priority]] = True
    can_choose[part[others]] = True
    served = np.where(can_serve & ~can_choose, nb_part, 0)

    sums: list[_Somme] = []
    ceilings: dict[tuple[str, str], list[Obligation]] = {}
    for row in rows:
        if row.objectif == "demande":
            ceilings.setdefault((row.territoire_code, row.precision), []).append(row)
        elif row.objectif == "dalo_prioritaires":
            cells = np.unique(part[row.compte])
            sums.append(_Somme(row.niveau, cells, dalo(row.seuil(_plan(near))) - served[cells].sum(), np.inf))
    for asked in ceilings.values():
        first, rest = (sum(_most(o) for o in asked if mask[o.compte].any()) for mask in (priority, others))
        cells = np.unique(part[np.concatenate([o.compte for o in asked])])
        total = nb_part[cells[can_choose[cells]]].sum()
        sums += [_Somme("physique", cells, total - rest, np.inf),
                 _Somme("physique", cells, -np.inf, first - served[cells].sum())]

    some = np.flatnonzero(can_choose & (nb_part > 0))
    exact = _sums(part, np.where(priority, near, 0.0), nb)[some]
    ids = cadre.porteurs["id_reservataire"].to_numpy()[parts["porteur"]]
    names = names_of(parts.assign(id_reservataire=ids).iloc[some], [*cadre.groupe, "id_reservataire"])
    room = nb_part[some].astype(float)
    served[some] = round_cells(names, exact, room, _levels(sums, some, nb), reseau=False)
    return np.asarray(served, np.int64)


def _by_group(groupe: list[str], publics: pd.DataFrame, rows: Iterable[Obligation]) -> pd.Series:
    """Dwellings of each public in each group, by `groupe` and `PUBLIC`."""
    keys = ["groupe", *groupe, "classe", *PUBLIC]
    label, index = labels(publics[keys])
    cells = index.to_frame(index=False)
    near, room = (_sums(label, publics[column].to_numpy(float), len(cells)) for column in ("near", "room"))
    totals, _ = labels(cells[["groupe", "classe"]])
    sums = []
    for row in rows:
        inside = np.unique(label[row.compte])
        if row.sens is Sens.PLAFOND:
            most = _most(row) if row.objectif == "demande" else floor(
                row.seuil(_plan(publics["near"].to_numpy(float))) - row.acquis)
            sums.append(_Somme(row.niveau, inside, -np.inf, most))
        elif row.porteur == TOUS and _is_mixite(row):
            threshold = row.seuil(_plan(publics["near"].to_numpy(float))) - row.acquis
            sums.append(_Somme(row.niveau, inside, ceil(threshold), np.inf))
    # Every public of a class has the room of the whole class: its first cell gives the sum.
    whole = np.asarray(pd.Series(room).groupby(totals).first(), np.float64)
    familles = [partition("classes", totals, whole, whole), *_levels(sums, np.arange(len(cells)), len(cells))]
    nb = round_cells(names_of(cells, keys[1:]), near, room, familles, reseau=False)
    return pd.Series(nb, index=pd.MultiIndex.from_frame(cells[["groupe", *PUBLIC]]))


def _by_holder(groupe: list[str], publics: pd.DataFrame, by_group: pd.Series,
               rows: Sequence[Obligation]) -> Ints:
    """Who serves whom: the dwellings of a class at a holder, and of a public in a group, both given."""
    some = np.flatnonzero(publics["room"] > 0)
    cells = publics.iloc[some]
    room = cells["room"].to_numpy(float)
    held, _ = labels(cells[["part", "classe"]])
    given = np.asarray(pd.Series(room).groupby(held).first(), np.float64)
    public, index = labels(cells[["groupe", *PUBLIC]])
    wanted = by_group.reindex(index).to_numpy(float)
    near = _plan(publics["near"].to_numpy(float))
    sums = [_Somme(o.niveau, o.compte, ceil(o.seuil(near) - o.acquis), np.inf) for o in rows]
    out = np.zeros(len(publics), np.int64)
    out[some] = round_cells(
        names_of(cells, [*groupe, "id_reservataire", *PUBLIC]), cells["near"].to_numpy(float), room,
        [partition("porteurs", held, given, given), partition("publics", public, wanted, wanted),
         *_levels(sums, some, len(publics))], reseau=not sums)
    return out


def _levels(sums: Sequence[_Somme], some: Ints, nb: int) -> list[Famille]:
    """The sums as families of the cells `some` among `nb`, one a level, the most important first."""
    out = []
    place = np.full(nb, -1)
    place[some] = np.arange(len(some))
    for level in NIVEAUX:
        here = [(s, place[s.cells]) for s in sums if s.niveau in level]
        here = [(s, cells[cells >= 0]) for s, cells in here if (cells >= 0).any()]
        if here:
            out.append(Famille(
                nom="/".join(level), souple=True,
                somme=np.repeat(np.arange(len(here)), [len(cells) for _, cells in here]),
                cellule=np.concatenate([cells for _, cells in here]),
                bas=np.array([s.bas for s, _ in here]), haut=np.array([s.haut for s, _ in here])))
    return out


def _plan(publics: Floats) -> Repartition:
    """A plan of which only the publics are looked at."""
    none = np.zeros(0)
    return Repartition(cellules=none, publics=publics, essentiels=0.0 * publics, ecarts=none)


def _most(row: Obligation) -> float:
    """Dwellings that the applicants of a demand allow, some of whom refuse."""
    return float(row.base_fixe / np.mean(row.poids)) if len(row.compte) else row.base_fixe


def _sums(label: Ints, values: Floats, nb: int) -> Floats:
    return np.asarray(np.bincount(label, values, minlength=nb), float)


def _is_mixite(row: Obligation) -> bool:
    return row.objectif in ("q1_hors_qpv", "autres_qpv")


def ceil(value: float) -> int:
    """The least whole number that reaches a threshold."""
    return math.ceil(value - EPSILON)


def floor(value: float) -> int:
    """The greatest whole number that does not pass it."""
    return math.floor(value + EPSILON)
