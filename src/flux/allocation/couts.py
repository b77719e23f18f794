"""What one dwelling more would cost: the plan solved again until a lower goal worsens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flux.allocation.equite import ATTRIBUTS
from flux.allocation.modele import EQUITE, EQUITE_PIRE, PROPORTIONNEL, UNICITE, Modele
from flux.allocation.obligations import NIVEAUX, Obligation, Repartition, Sens
from flux.noyau.solveur import Etape
from flux.noyau.solveur.etapes import Avancement
from flux.noyau.solveur.moteur import Optimum
from flux.noyau.solveur.sonde import Sonde

FLUX = "flux"  # what blocks where no other obligation does: the dwellings that there are
COLONNES = 10_000  # beyond, marginal costs are computed on request only
WEIGHS = 1e-7  # a smaller dual weighs nothing
ROOM = 1e-6  # dwellings, above what the tolerance of the solver moves
RANG = {niveau: rank for rank, level in enumerate(NIVEAUX) for niveau in level}
NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Cout:
    """What one dwelling more asked by an objective does to the plan.

    Attributes
    ----------
    valeur : what the first goal to worsen loses, in its unit; NaN where the objective cannot have one more.
    objectif : that goal, or what blocks; empty where nothing worsens.
    """

    valeur: float
    objectif: str


def marginal_costs(modele: Modele, plan: Repartition, places: Sequence[int], *,
                   avancement: Avancement | None = None) -> Mapping[int, Cout]:
    """Solve the plan again with each threshold one dwelling higher (lower, for a ceiling).

    Stage by stage, as the plan itself: at each, the goals before held at their level, every objective still
    in the race is raised in turn, from the basis of the stage. It leaves the race at the first stage that
    gets worse: at its own level it is impossible, at a lower one that is its cost. Where the plan passes
    the threshold by one dwelling already, nothing is solved: the same plan still holds.

    Parameters
    ----------
    plan : the exact plan.
    places : the obligations to raise, as indices of `modele.obligations`.

    Returns
    -------
    A `Cout` an obligation: of a level of obligations, the dwellings that it misses more; of equity, those to
    be exchanged more; of the proportional plan, those that leave it; of the worst served holder, the share
    of its quota to be exchanged more.

    Raises
    ------
    SolverError
        When the solver does not prove an optimum.
    """
    race = [i for i in places if _margin(modele.obligations[i], plan) < 1.0]
    out = {i: Cout(0.0, "") for i in places}
    sonde = Sonde(modele.programme)
    stages = [(k, e) for k, e in enumerate(modele.etapes) if e.couts.any() and e.nom != UNICITE]
    for rank, etape in stages:
        if not race:
            break
        if avancement is not None:
            avancement(f"coûts marginaux : {etape.nom}", rank, len(modele.etapes))
        base = sonde.minimise(etape.couts, etape.nom)
        sonde.mark()
        held = base.borne + etape.tolerance * max(1.0, abs(base.borne))
        # An objective may always miss one more itself: nothing above its own level can get worse.
        for place in [i for i in race if RANG[modele.obligations[i].niveau] <= rank]:
            raised = _raised(sonde, modele, place, etape)
            if raised.borne > held:
                out[place] = _cost(sonde, modele, place, rank, base, raised)
                race.remove(place)
        sonde.back()
        sonde.cap(etape.couts, held, etape.nom)
    return out


def _margin(row: Obligation, plan: Repartition) -> float:
    """Dwellings by which the plan passes the threshold."""
    gap = row.atteint(plan) - row.seuil(plan)
    return -gap if row.sens is Sens.PLAFOND else gap


def _raised(sonde: Sonde, modele: Modele, place: int, etape: Etape) -> Optimum:
    """The stage with one threshold higher, from the basis of the stage."""
    rows = modele.lignes[[place]]
    sonde.back()
    sonde.rows(rows, modele.programme.lo[rows] + 1.0, modele.programme.hi[rows] + 1.0)
    found = sonde.minimise(etape.couts, etape.nom)
    sonde.restore(rows, NOTHING)
    return found


def _cost(sonde: Sonde, modele: Modele, place: int, rank: int, base: Optimum, raised: Optimum) -> Cout:
    """What worsens at this stage, from `base` to `raised`, and its name."""
    nom, more = modele.etapes[rank].nom, float(raised.borne - base.borne)
    if nom in (EQUITE_PIRE, PROPORTIONNEL):
        return Cout(more, nom)
    if rank == RANG[modele.obligations[place].niveau]:
        return Cout(np.nan, _blocker(sonde, modele, place, base))
    before, after = modele.repartition(base.valeurs), modele.repartition(raised.valeurs)
    if nom == EQUITE:
        of = [ATTRIBUTS.index(e.attribut) for e in modele.equites]
        worse = np.bincount(of, after.ecarts - before.ecarts, minlength=len(ATTRIBUTS))
        return Cout(more, f"equite_{ATTRIBUTS[int(np.argmax(np.round(worse, 7)))]}")
    level = [o for o in modele.obligations if RANG[o.niveau] == rank]
    return Cout(more, max(level, key=lambda o: round(o.manque(after) - o.manque(before), 7)).objectif)


def _blocker(sonde: Sonde, modele: Modele, place: int, base: Optimum) -> str:
    """The obligation, at its level or above, that holds the raised one back: the demand if it does.

    The raised one alone misses as little as it can, the others missing no more than in `base`: it is held
    back by the obligations whose rows weigh on that.
    """
    own = RANG[modele.obligations[place].niveau]
    above = np.array([i for i, o in enumerate(modele.obligations) if RANG[o.niveau] <= own and i != place],
                     np.int64)
    rows, columns = modele.lignes[[place]], modele.manques[above]
    alone = np.zeros(len(modele.programme.keys))
    alone[modele.manques[place]] = 1.0
    sonde.back()
    sonde.rows(rows, modele.programme.lo[rows] + 1.0, modele.programme.hi[rows] + 1.0)
    sonde.columns(columns, np.zeros(len(columns)), base.valeurs[columns] + ROOM)
    weights = np.abs(sonde.minimise(alone, "ce qui bloque").duals[modele.lignes])
    sonde.restore(rows, columns)
    holding = [i for i in above.tolist() if weights[i] > WEIGHS]
    if not holding:
        return FLUX
    facts = [i for i in holding if not RANG[modele.obligations[i].niveau]]
    # Of duties that weigh together, the least important is the one that could give way.
    first = facts[0] if facts else max(holding, key=lambda i: (RANG[modele.obligations[i].niveau], -i))
    return str(modele.obligations[first].objectif)
