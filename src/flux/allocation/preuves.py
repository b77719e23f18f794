"""What a whole plan misses at each level, what none could go under, and a better one where there is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from flux.allocation.libres import PLACE
from flux.allocation.lignes_entieres import whole_rows
from flux.allocation.modele import Modele
from flux.allocation.obligations import NIVEAUX, Repartition
from flux.allocation.places import nested_gaps
from flux.allocation.seuils import LIMITE, TIE, missed
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Etape, Floats, Programme, Solution, generic_costs, solve
from flux.noyau.solveur.etapes import Avancement

if TYPE_CHECKING:
    from flux.conversion import Quotas

WHOLE = 1e-6  # a bound this near to a whole number is that number
MOVES = "deplacements"


@dataclass(frozen=True)
class Preuve:
    """A whole plan, and the proof of its levels.

    manques, bornes : whole dwellings missed at each of `NIVEAUX`, and what no whole plan that misses no
        more at the levels before can go under.
    """

    plan: Repartition
    manques: tuple[int, ...]
    bornes: tuple[int, ...]

    @property
    def prouves(self) -> tuple[bool, ...]:
        """Levels at which no whole plan can miss less."""
        return tuple(m == b for m, b in zip(self.manques, self.bornes, strict=True))


def prove(quotas: Quotas, modele: Modele, cellules: Floats, plan: Repartition, *,
          avancement: Avancement | None = None) -> Preuve:
    """Bound each level, and look for a whole plan that misses less where the bound leaves room.

    The bound of a level is that of the linear programme whose rows whole numbers have tightened; failing
    that, of a search over all whole plans, which stops at a number of nodes. A first search, among the cells
    at the floor or the ceiling of the exact plan, often reaches the bound and ends there. What is found
    is then brought back to the quotas' whole numbers by commune, and as near to `plan` as its levels allow:
    the fewest dwellings change hands.

    Parameters
    ----------
    cellules : the exact plan on `cadre.cellules`, dwellings.
    plan : the whole plan to be proven.
    """
    reached = missed(modele.obligations, plan)
    if not any(reached):
        return Preuve(plan, reached, reached)
    first, search = plan, _Search(quotas, modele, cellules, plan)
    bornes = [0] * len(NIVEAUX)
    for k, level in enumerate(NIVEAUX):
        if not reached[k]:
            continue
        if avancement is not None:
            avancement(f"preuve {'/'.join(level)}", k, len(NIVEAUX))
        bornes[k], values = search.least(k, reached, plan)
        if values is not None and (better := missed(modele.obligations, _whole(modele, values))) < reached:
            plan, reached = _whole(modele, values), better
    if plan is not first and (values := search.nearest(reached)) is not None:
        near = _whole(modele, values)
        plan = near if missed(modele.obligations, near) <= reached else plan
    return Preuve(plan, missed(modele.obligations, plan), tuple(bornes))


class _Search:
    """The programme of the plan in whole numbers, and the dwellings that change hands from a first plan."""

    def __init__(self, quotas: Quotas, modele: Modele, cellules: Floats, plan: Repartition) -> None:
        programme, cadre = modele.programme, modele.cadre
        builder = whole_rows(modele)
        niveaux = np.array([o.niveau for o in modele.obligations], object)
        self.short = [modele.manques[np.isin(niveaux, level)] for level in NIVEAUX]
        self.levels = builder.rows([f"niveau|{'/'.join(level)}" for level in NIVEAUX])
        for row, short in zip(self.levels, self.short, strict=True):
            builder.entries(row, short)
        decided = np.concatenate([modele.cellules, modele.publics])
        names = [programme.keys[j] for j in decided.tolist()]
        # As many dwellings as before are given out: what is above somewhere is missing elsewhere.
        moved = builder.columns([f"{MOVES}|{n}" for n in names])
        kept = builder.rows([f"{MOVES}|{n}" for n in names], hi=np.concatenate([plan.cellules, plan.publics]))
        builder.entries(kept, decided)
        builder.entries(kept, moved, -1.0)
        held = cadre.segments.loc[cadre.cellules["segment"], PLACE].reset_index(drop=True).assign(
            id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]])
        nested = nested_gaps(builder, quotas, cadre, held, modele.cellules)
        self.back = [Etape("commune", builder.costs((nested["commune"], 1.0))),
                     Etape(MOVES, builder.costs((moved, 1.0), (decided, TIE * generic_costs(names))))]
        self.stages = [Etape("/".join(level), builder.costs((short, 1.0)))
                       for level, short in zip(NIVEAUX, self.short, strict=True)]
        programme = builder.build()
        whole = np.zeros(len(programme.keys), bool)
        whole[np.concatenate([decided, modele.essentiels, modele.manques])] = True
        self.programme = replace(programme, integer=whole)
        self.exact, self.cells = cellules, modele.cellules

    def least(self, level: int, reached: tuple[int, ...], plan: Repartition) -> tuple[int, Floats | None]:
        """A proven floor of one level, those before held as `plan` does, and another where room was left."""
        held, stage = self._held(reached[:level]), self.stages[level]
        relaxed = replace(held, integer=np.zeros(len(held.keys), bool))
        borne = math.ceil(solve(relaxed, [stage]).niveaux[0] - WHOLE)
        if borne >= reached[level]:
            return reached[level], None
        lower, upper = held.lower.copy(), held.upper.copy()
        lower[self.cells] = np.minimum(np.floor(self.exact), plan.cellules)
        upper[self.cells] = np.maximum(np.ceil(self.exact), plan.cellules)
        near = _searched(replace(held, lower=lower, upper=upper), [stage])
        if near is not None and near.niveaux[0] < borne + WHOLE:
            return borne, near.valeurs
        found = _searched(held, [stage])
        if found is None:
            return borne, None if near is None else near.valeurs
        best = found if near is None or found.niveaux[0] <= near.niveaux[0] else near
        return max(borne, math.ceil(found.bornes[0] - WHOLE)), best.valeurs

    def nearest(self, reached: tuple[int, ...]) -> Floats | None:
        """The plan of these levels nearest to the quotas by commune, then by the fewest dwellings moved."""
        found = _searched(self._held(reached), self.back)
        return None if found is None else found.valeurs

    def _held(self, reached: tuple[int, ...]) -> Programme:
        hi = self.programme.hi.copy()
        hi[self.levels[:len(reached)]] = reached
        return replace(self.programme, hi=hi)


def _searched(programme: Programme, etapes: list[Etape]) -> Solution | None:
    """What a search of whole numbers found before its limit; None where it found nothing."""
    try:
        return solve(programme, etapes, limite=LIMITE)
    except SolverError as error:
        if error.code != "solveur.echec":
            raise
        return None


def _whole(modele: Modele, values: Floats) -> Repartition:
    return modele.repartition(np.rint(values))
