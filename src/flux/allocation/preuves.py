"""What a whole plan misses at each level, what none could go under, and a better one where there is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from flux.allocation.libres import PLACE
from flux.allocation.lignes_entieres import aims, merged_segments, whole_rows
from flux.allocation.modele import Modele
from flux.allocation.obligations import NIVEAUX, Repartition
from flux.allocation.places import quota_gaps
from flux.allocation.seuils import LIMITE, TIE, missed
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Etape, Floats, Ints, Programme, Solution, generic_costs, solve
from flux.noyau.solveur.etapes import Avancement

if TYPE_CHECKING:
    from flux.conversion import Quotas

WHOLE = 1e-6  # a bound this near to a whole number is that number
MOVES = "deplacements"
WEIGHT = 10.0  # of a dwelling of a level, in dwellings of the next


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

    The bounds are those of the linear programme whose rows whole numbers have tightened. First a plan at all
    of them is looked for: found, it proves every level at once. Failing that, level after level: among the
    cells at the floor or the ceiling of the exact plan, then among all whole plans, each search stopped at a
    number of nodes. What is found is the nearest to the quotas' whole numbers by commune, then to `plan`:
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
    bornes, tried = list(reached), reached
    for k, level in enumerate(NIVEAUX):
        if avancement is not None:
            avancement(f"preuve {'/'.join(level)}", k, len(NIVEAUX))
        floors = search.floors(reached[:k])
        if floors != tried and (found := search.at(floors)) is not None:
            plan, reached = found, floors
        if floors == reached:
            return Preuve(plan, reached, reached)
        tried, bornes[k] = floors, floors[k]
        if floors[k] < reached[k]:
            bornes[k], values = search.least(k, reached, plan, floors[k])
            found = plan if values is None else _whole(modele, values)
            if (better := missed(modele.obligations, found)) < reached:
                plan, reached = found, better
    if plan is not first:
        plan = search.at(reached) or plan
    return Preuve(plan, missed(modele.obligations, plan), tuple(bornes))


class _Search:
    """The programme of the plan in whole numbers, and the dwellings that change hands from a first plan."""

    def __init__(self, quotas: Quotas, modele: Modele, cellules: Floats, plan: Repartition) -> None:
        cadre = modele.cadre
        builder = whole_rows(modele, aims(modele))
        niveaux = np.array([o.niveau for o in modele.obligations], object)
        held = cadre.segments.loc[cadre.cellules["segment"], PLACE].reset_index(drop=True).assign(
            id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]])
        sums = {"/".join(level): modele.manques[np.isin(niveaux, level)] for level in NIVEAUX}
        sums["commune"] = quota_gaps(builder, "commune", quotas, cadre, held, modele.cellules)
        self.levels = builder.rows([f"niveau|{nom}" for nom in sums])
        for row, columns in zip(self.levels, sums.values(), strict=True):
            builder.entries(row, columns)
        self.stages = [Etape(nom, builder.costs((columns, 1.0))) for nom, columns in sums.items()]
        decided = np.concatenate([modele.cellules, modele.publics])
        whole = np.concatenate([decided, modele.essentiels, modele.manques])
        self.programme = _integers(builder.build(), whole)
        self.merged, self.kept = merged_segments(cadre, self.programme)
        # As many dwellings as before are given out: what is above somewhere is missing elsewhere.
        names = [modele.programme.keys[j] for j in decided.tolist()]
        moved = builder.columns([f"{MOVES}|{n}" for n in names])
        kept = builder.rows([f"{MOVES}|{n}" for n in names], hi=np.concatenate([plan.cellules, plan.publics]))
        builder.entries(kept, decided)
        builder.entries(kept, moved, -1.0)
        self.moves = Etape(MOVES, builder.costs((moved, 1.0), (decided, TIE * generic_costs(names))))
        self.moving = _integers(builder.build(), whole)
        self.modele, self.exact = modele, cellules

    def floors(self, held: tuple[int, ...]) -> tuple[int, ...]:
        """What no whole plan can go under at each level, those before at their own; the first ones `held`."""
        relaxed = replace(self.merged, integer=np.zeros(len(self.merged.keys), bool))
        for stage in self.stages[len(held):len(NIVEAUX)]:
            asked = self._merged(stage)
            least = solve(self._held(relaxed, held), [asked]).niveaux[0] if asked.couts.any() else 0.0
            held = *held, math.ceil(least - WHOLE)
        return held

    def at(self, levels: tuple[int, ...]) -> Repartition | None:
        """The plan of these levels nearest to the quotas by commune, then by the fewest moves; None if none.

        Where segments alike are one, it is soon known how near to the quotas; the moves need each segment.
        """
        gap = self._gap(levels)
        if gap is None:
            return None
        found = _searched(self._held(self.moving, (*levels, gap)), self.moves)
        if found is None:
            found = _searched(self._held(self.programme, levels), self.stages[-1])
        plan = None if found is None else _whole(self.modele, found.valeurs)
        return plan if plan is not None and missed(self.modele.obligations, plan) <= levels else None

    def _gap(self, levels: tuple[int, ...]) -> int | None:
        """How near to the quotas by commune a plan of these levels can be; None where none was found.

        First with levels weighed, not held: whole numbers are then soon found, and where their levels are
        these, no other plan of these levels is nearer.
        """
        *niveaux, commune = (self._merged(stage) for stage in self.stages)
        asked = [stage.couts for stage in niveaux if stage.couts.any()]
        weighed = sum((WEIGHT**rank * costs for rank, costs in enumerate(reversed(asked), 1)), commune.couts)
        found = _searched(self.merged, Etape("niveaux", weighed))
        if found is None or any(stage.couts @ found.valeurs > level + WHOLE
                                for stage, level in zip(niveaux, levels, strict=True)):
            found = _searched(self._held(self.merged, levels), commune)
        return None if found is None else round(float(commune.couts @ found.valeurs))

    def least(self, level: int, reached: tuple[int, ...], plan: Repartition,
              borne: int) -> tuple[int, Floats | None]:
        """A proven floor of one level, those before held as `plan` does, and a plan that was found."""
        held, stage = self._held(self.programme, reached[:level]), self.stages[level]
        cells = self.modele.cellules
        lower, upper = held.lower.copy(), held.upper.copy()
        lower[cells] = np.minimum(np.floor(self.exact), plan.cellules)
        upper[cells] = np.maximum(np.ceil(self.exact), plan.cellules)
        near = _searched(replace(held, lower=lower, upper=upper), stage)
        if near is not None and near.niveaux[0] < borne + WHOLE:
            return borne, near.valeurs
        found = _searched(held, stage)
        if found is None:
            return borne, None if near is None else near.valeurs
        best = found if near is None or found.niveaux[0] <= near.niveaux[0] else near
        return max(borne, math.ceil(found.bornes[0] - WHOLE)), best.valeurs

    def _merged(self, stage: Etape) -> Etape:
        return replace(stage, couts=stage.couts[self.kept])

    def _held(self, programme: Programme, levels: tuple[int, ...]) -> Programme:
        hi = programme.hi.copy()
        hi[self.levels[:len(levels)]] = levels
        return replace(programme, hi=hi)


def _integers(programme: Programme, columns: Ints) -> Programme:
    whole = np.zeros(len(programme.keys), bool)
    whole[columns] = True
    return replace(programme, integer=whole)


def _searched(programme: Programme, etape: Etape) -> Solution | None:
    """What a search of whole numbers found before its limit; None where it found nothing."""
    try:
        return solve(programme, [etape], limite=LIMITE)
    except SolverError as error:
        if error.code not in ("solveur.echec", "solveur.infaisable"):
            raise
        return None


def _whole(modele: Modele, values: Floats) -> Repartition:
    return modele.repartition(np.rint(values))
