"""The frontier between two objectives: the best of one for each level of the other, all else held."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flux.allocation.equite import ATTRIBUTS
from flux.allocation.modele import Modele
from flux.allocation.obligations import NIVEAUX, Obligation, Sens, Support
from flux.allocation.tenue import held
from flux.conversion.enveloppe import records
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.solveur import Etape, Floats, Programme
from flux.noyau.solveur.sonde import Sonde
from flux.rendu import glossaire, images
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flux.allocation.plan import Plan

EQUITES = tuple(f"equite_{a}" for a in ATTRIBUTS)
BELOW = len(NIVEAUX)  # the rank of equity, below every level of obligations
FLAT = 1e-6  # dwellings: two points this near are one
SLACK = 1e-7  # of the solver: a level held exactly could leave no plan


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Frontiere(Affichable):
    """What the second objective costs the first, dwelling after dwelling.

    Attributes
    ----------
    objectifs : the two objectives.
    table : `repere` ("frontiere" or "plan"), `premier` and `second` (dwellings, exact), `pente`: what one
        dwelling more of the first costs the second, from the point before. A row a point, a proven optimum,
        the worst of the first objective first; the plan as it is last.
    plan : where it comes from.
    """

    objectifs: tuple[str, str]
    table: pd.DataFrame
    plan: Plan = field(repr=False)

    @property
    def noms(self) -> tuple[str, str]:
        """The two objectives, as people read them."""
        said = (glossaire.format("objectif", o) + ", à échanger" * (o in EQUITES) for o in self.objectifs)
        one, other = (f"{name[0].upper()}{name[1:]}" for name in said)
        return one, other

    def vue(self) -> Vue:
        """The points, and what they are."""
        one, other = self.noms
        points = self.table.loc[self.table["repere"] == "frontiere"]
        said = "Chaque point est un optimum prouvé du programme en parts, avant les logements entiers."
        if len(points) == 1:
            said += " Les deux objectifs sont au mieux ensemble : rien ne s'échange."
        colonnes = (Colonne("repere", "frontiere.repere"), Colonne("premier", "frontiere.valeur", one),
                    Colonne("second", "frontiere.valeur", other), Colonne("pente", "frontiere.pente"))
        return Vue(titre=f"Frontière · {one} · {other}",
                   tableaux=(Tableau(titre="Points", frame=self.table, colonnes=colonnes),),
                   notes=(f"{said} Les niveaux qui passent avant sont tenus.",))

    def plot(self) -> Figure:
        """The frontier, and the plan beside it."""
        points = self.table["repere"] == "frontiere"
        return images.frontiere(self.table.loc[points], self.table.loc[~points].iloc[0], self.noms)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the two objectives and the points."""
        return {"objectifs": list(self.objectifs), "table": records(self.table)}


def frontier(plan: Plan, premier: str, second: str, *, points: int = 11) -> Frontiere:
    """The frontier between two objectives of a plan.

    What passes before both is held as the plan reaches it, other objectives of the level of the least
    important one too; of these two, only what their own levels leave free is exchanged: an objective of the
    law keeps its threshold against equity, two objectives of one CIA give way to each other.

    Parameters
    ----------
    plan : the plan.
    premier, second : objectives of the plan ("q1_hors_qpv", "dalo_prioritaires", "residences_fragiles"…), or
        of equity ("equite_typologie"…): dwellings that count for it, or to be exchanged.
    points : points of the frontier, its two ends included; at least 2.

    Raises
    ------
    FluxError
        "frontiere.inconnu": an objective that the plan does not have; "frontiere.points": fewer than two;
        "frontiere.identiques": twice the same.
    SolverError
        When the solver does not prove an optimum.
    """
    if points < 2:
        raise FluxError("Une frontière a au moins deux points : points=2.", code="frontiere.points")
    if premier == second:
        raise FluxError("Une frontière est entre deux objectifs différents.", code="frontiere.identiques")
    modele = plan.modele
    one, other = _cost(modele, premier), _cost(modele, second)
    programme = _with_rows(_held(plan, premier, second), one, other)
    sonde, rows = Sonde(programme), np.arange(len(programme.names) - 2, len(programme.names))

    def least(costs: Floats, *limits: float) -> Floats:
        """The best of one objective, the first and the second at most at `limits`."""
        sonde.rows(rows, np.full(2, -np.inf), np.array(limits) + SLACK)
        return sonde.minimise(costs, f"frontière entre {premier} et {second}").valeurs

    best = float(one @ least(one, np.inf, np.inf))
    worst = float(one @ least(one, np.inf, float(other @ least(other, np.inf, np.inf))))
    limits = np.linspace(worst, best, points if worst - best > FLAT else 1)
    found = [least(other, limit, np.inf) for limit in limits]
    return Frontiere(objectifs=(premier, second), plan=plan,
                     table=_table([(float(one @ v), float(other @ v)) for v in found],
                                  (float(one @ plan.solution.valeurs), float(other @ plan.solution.valeurs)),
                                  (_sign(modele, premier), _sign(modele, second))))


def _table(points: list[tuple[float, float]], plan: tuple[float, float],
           signs: tuple[float, float]) -> pd.DataFrame:
    values = np.round(np.array([*points, plan]) * np.array(signs), 6) + 0.0
    table = pd.DataFrame(values, columns=["premier", "second"])
    table.insert(0, "repere", ["frontiere"] * len(points) + ["plan"])
    step = table.loc[table["repere"] == "frontiere", ["premier", "second"]].diff()
    return table.assign(pente=(step["second"].abs() / step["premier"].abs()).reindex(table.index))


def _rows(modele: Modele, objectif: str) -> list[Obligation]:
    """The obligations of an objective."""
    rows = [o for o in modele.obligations if o.objectif == objectif and o.support is not Support.ECARTS]
    known = sorted({o.objectif for o in modele.obligations if o.niveau not in ("physique", "quota")}
                   | {f"equite_{e.attribut}" for e in modele.equites})
    if objectif not in known:
        close = near_misses(objectif, known)
        hint = f"Vouliez-vous dire : {', '.join(close)} ?" if close else f"Connus : {', '.join(known)}."
        raise FluxError(f"Aucun objectif « {objectif} » dans le plan. {hint}", code="frontiere.inconnu")
    return rows


def _sign(modele: Modele, objectif: str) -> float:
    """-1 where more is better: costs are minimised."""
    if objectif in EQUITES:
        return 1.0
    return 1.0 if _rows(modele, objectif)[0].sens is Sens.PLAFOND else -1.0


def _cost(modele: Modele, objectif: str) -> Floats:
    """What is minimised: dwellings to be exchanged; or those that count, once each, as a gain or a cost."""
    costs = np.zeros(len(modele.programme.keys))
    rows = _rows(modele, objectif)
    if objectif in EQUITES:
        start = f"equite|{objectif.removeprefix('equite_')}|"
        costs[[j for j, key in enumerate(modele.programme.keys) if key.startswith(start)]] = 1.0
        return costs
    columns = {Support.CELLULES: modele.cellules, Support.PUBLICS: modele.publics,
               Support.ESSENTIELS: modele.essentiels}
    for o in rows:
        costs[columns[o.support][o.compte]] = _sign(modele, objectif)
    return costs


def _held(plan: Plan, premier: str, second: str) -> Programme:
    """The programme, what passes before the exchange held as the plan reaches it."""
    modele, values = plan.modele, plan.solution.valeurs
    level = {niveau: k for k, names in enumerate(NIVEAUX) for niveau in names}
    ranks = [min((level[o.niveau] for o in _rows(modele, name)), default=BELOW) for name in (premier, second)]
    last = max(ranks)
    etapes: list[Etape] = list(modele.etapes[:min(last + 1, BELOW)])
    if last < BELOW:
        free = [i for i, o in enumerate(modele.obligations)
                if o.objectif in (premier, second) and level[o.niveau] == last]
        costs = etapes[last].couts.copy()
        costs[modele.manques[free]] = 0.0
        etapes[last] = replace(etapes[last], couts=costs)
    return held(modele.programme, etapes, [float(e.couts @ values) for e in etapes])


def _with_rows(programme: Programme, *costs: Floats) -> Programme:
    """The programme with free rows, last, that measure each cost."""
    return held(programme, [Etape(f"frontiere {k}", c) for k, c in enumerate(costs)], [np.inf] * len(costs))
