"""The verb, `mid_year`, and its result: what is likely on 31 December, from what has happened so far."""

from __future__ import annotations

import datetime as dt
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from flux.allocation import Plan, allocate
from flux.allocation.cadre import TOUS
from flux.conversion import Quotas, convert
from flux.conversion.cellules import BAILLEUR, ETAT
from flux.conversion.enveloppe import envelope, records
from flux.conversion.images import named
from flux.dossier import Dossier
from flux.noyau.errors import FluxError
from flux.rendu import glossaire
from flux.rendu.nombres import date_longue, decimal, entier, part
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue
from flux.simulation.demandes import check_draw, day_of
from flux.simulation.fait import Fait, done, up_to
from flux.simulation.objectifs import CLES, Cibles, follow, make_cibles
from flux.simulation.politiques import Orientation, Regle, rule
from flux.simulation.rejouee import in_year
from flux.simulation.reste import rest_of_year
from flux.simulation.tirages import Reels
from flux.simulation.vecu import Annee, Mutations, make_annee

NIVEAU = 0.8
LOT = 250
CITED = 5
FLUX = 1  # of the two regimes that `follow` counts
QUOTA = "quota"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MiAnnee(Affichable):
    """The year up to a date, and what the rest of it makes likely.

    Attributes
    ----------
    plan : the orientations of the year, with its quotas. annee : the year ready to be lived.
    date : the last day known.
    fait : what happened. cibles : the targets.
    base, atteint : of each target on 31 December in each run, shape (R, O).
    possibles : vacancies to come where each holder may receive some, shape (R, H).
    seed, orientation, niveau : what was asked: see `mid_year`.
    """

    plan: Plan = field(repr=False)
    date: dt.date
    fait: Fait
    annee: Annee = field(repr=False)
    cibles: Cibles = field(repr=False)
    base: Reels = field(repr=False)
    atteint: Reels = field(repr=False)
    possibles: Reels = field(repr=False)
    seed: int
    orientation: str
    niveau: float

    @property
    def quotas(self) -> Quotas:
        """Those of the year."""
        return self.plan.quotas

    @property
    def runs(self) -> int:
        """Ends of year drawn."""
        return len(self.base)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a quota and a target.

        `objectif, porteur, territoire_code, niveau, article`, then dwellings: `fait` (reached on the date),
        `attendu` (on 31 December, on average), `seuil` (asked on 31 December, on average); `p_atteint`, the
        chance to be met, and `erreur`, its standard error; `a_orienter`, how many of the orientations to come
        should go to it beyond the rule for the chance to be `niveau`; `p_max`, the chance if all that may go
        to it did (quotas only).
        """
        holders = self.annee.parc.porteurs
        _, past = self.fait.counted(self.cibles)
        rows = []
        for o, cible in enumerate(self.cibles.cibles):
            base, reached = self.base[:, o], self.atteint[:, o]
            short = cible.missing(base, reached)
            met = float((short == 0).mean())
            most = np.nan
            if cible.obligation.objectif == QUOTA and cible.obligation.porteur in holders:
                h = holders.index(cible.obligation.porteur)
                asked = cible.missing(base, np.full(self.runs, float(past[o])))
                most = float((asked <= self.possibles[:, h]).mean())
            rows.append((
                *(getattr(cible.obligation, c) for c in CLES), float(past[o]), reached.mean(),
                cible.obligation.part * base.mean(), met, np.sqrt(met * (1 - met) / self.runs),
                int(np.quantile(short, self.niveau, method="inverted_cdf")), most,
            ))
        columns = [*CLES, "fait", "attendu", "seuil", "p_atteint", "erreur", "a_orienter", "p_max"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def phrases(self) -> tuple[str, ...]:
        """What happened, what is likely, what would restore it."""
        names = self._names()
        rows = self.table.loc[self.table["objectif"] == QUOTA]
        own = rows.loc[rows["porteur"] != BAILLEUR]
        late = own.loc[own["p_atteint"] < self.niveau]
        said = [
            f"Au {date_longue(self.date)}, logements comptés (étape : "
            f"{glossaire.format('etape', self.fait.etape)}) : {entier(self.fait.nb)} ; libérations à "
            f"partager attendues d'ici au 31 décembre : {decimal(self.possibles[:, -1].mean(), 0)}.",
            f"Quotas : au moins {part(self.niveau, 0)} de chances d'être atteints au 31 décembre pour "
            f"{entier(len(own) - len(late))} sur {entier(len(own))}.",
        ]
        if len(late):
            told = [f"{names[r['porteur']]} {self._missing(r)}" for r in late.to_dict("records")]
            spare = int(rows.loc[rows["porteur"] == BAILLEUR, "attendu"].sum() - self.fait.recus[-1])
            said.append(
                f"Pour {part(self.niveau, 0)}, à orienter en plus de la règle : {' ; '.join(told)}. Ensemble "
                f"{entier(late['a_orienter'].sum())}, à prendre sur les {entier(spare)} que le bailleur "
                "attend d'ici là, ou sur ceux qui sont en avance."
            )
        targets = self.table.loc[self.table["objectif"] != QUOTA]
        weak = targets.loc[targets["p_atteint"] < self.niveau].sort_values("a_orienter", ascending=False)
        if len(weak):
            told = [f"{glossaire.format('objectif', r['objectif'])}, "
                    f"{names.get(r['porteur'], r['porteur'])} {self._missing(r)}"
                    for r in weak.head(CITED).to_dict("records")]
            said.append(
                f"Objectifs : {entier(len(weak))} sur {entier(len(targets))} sous {part(self.niveau, 0)} ; à "
                f"orienter à leurs publics, parmi ceux à venir : {' ; '.join(told)}"
                + (f" ; et {entier(len(weak) - CITED)} autres." if len(weak) > CITED else ".")
            )
        return tuple(said)

    def _missing(self, row: Mapping[Any, Any]) -> str:
        """How many, the chance without them, and whether the year still allows it."""
        beyond = row["p_max"] < self.niveau or row["a_orienter"] > self.possibles.max()
        late = ", hors de portée" if beyond else ""
        return f"{entier(row['a_orienter'])} ({part(row['p_atteint'], 0)} sans cela{late})"

    def _names(self) -> Mapping[str, str]:
        table = named(self.quotas)
        own = dict(zip(table["id_reservataire"], table["nom"], strict=True))
        return {ETAT: "État", TOUS: "tous", **own}

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What is supposed of the rest of the year."""
        rule_name = self.orientation
        called = (glossaire.format("bascule.orientation", rule_name)
                  if rule_name in set(Orientation) else rule_name)
        return (
            "D'ici au 31 décembre : rotation de la conversion, avec son incertitude, que le début de l'année "
            f"ne corrige pas ; {entier(self.runs)} fins d'année, graine {self.seed}.",
            f"Orientation d'ici là : {called}.",
            "Publics des baux à venir : tirés au sort dans la répartition du plan, par réservataire et QPV.",
            *self.fait.hypotheses,
            *(said for said in self.cibles.hypotheses if "stock" not in said),
        )

    def vue(self) -> Vue:
        """Sentences, quotas, then targets."""
        names = self._names()
        table = self.table.assign(nom=self.table["porteur"].map(names).fillna(self.table["porteur"]))
        mine = table["objectif"] == QUOTA
        shown = [Colonne(c, f"mi_annee.{c}") for c in
                 ("fait", "attendu", "seuil", "p_atteint", "erreur", "a_orienter")]
        convention = self.quotas.dossier.convention
        return Vue(
            titre=f"Au {date_longue(self.date)}, {convention.bailleur.nom} : chances au 31 décembre",
            notes=(*self.phrases, *self.hypotheses),
            tableaux=(
                Tableau(titre="Quotas", frame=table.loc[mine],
                        colonnes=["nom", *shown, Colonne("p_max", "mi_annee.p_max")]),
                Tableau(titre="Objectifs", frame=table.loc[~mine],
                        colonnes=["objectif", "nom", "territoire_code", *shown]),
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """The stage `mid_year` of the schema "flux/1"."""
        quotas = self.quotas
        return envelope(quotas.dossier, quotas.regles, "mid_year", self.hypotheses) | {
            "mi_annee": {"date": self.date.isoformat(), "table": records(self.table),
                         "phrases": list(self.phrases), "runs": self.runs, "seed": self.seed,
                         "orientation": self.orientation, "niveau": self.niveau}}


def mid_year(
    dossier: Dossier,
    *,
    date: dt.date | str,
    seed: int,
    runs: int = 1_000,
    orientation: str | Regle = Orientation.DEFICIT,
    niveau: float = NIVEAU,
) -> MiAnnee:
    """How likely each quota and target is on 31 December, and what would restore it.

    Counts what `mouvements` holds of the year up to the date, then draws the rest of the year: vacancies to
    come, oriented by a rule that starts from what each holder is still owed.

    Parameters
    ----------
    date : the last day known; its year is that of the quotas.
    orientation : a rule of `Orientation`, or a function of a `Moment`; by default, to whom waits most: the
        accounts may stand too far from their dues for a sequence to keep its bound.
    niveau : the chance to be restored.

    Raises
    ------
    FluxError
        Codes "mi_annee.sans_mouvement": no movement of that year up to the date that names a holder;
        "mi_annee.niveau": not in ]0, 1[; "simulation.date", "simulation.runs",
        "simulation.graine", "simulation.orientation".
    DataError, RegleError, ConventionError, SolverError
        As `convert` and `allocate`.
    """
    check_draw(seed, runs)
    day, chosen = day_of(date), rule(orientation)
    if not isinstance(niveau, numbers.Real) or not 0 < niveau < 1:
        raise FluxError(f"niveau = {niveau} n'est pas entre 0 et 1.", code="mi_annee.niveau")
    if up_to(dossier.mouvements, day)["id_reservataire"].isna().all():
        raise FluxError(
            f"Aucun mouvement de {day.year}, jusqu'au {date_longue(day)}, qui nomme un réservataire. À faire "
            ": compléter la table « mouvements » (colonnes « annee », « date », « id_reservataire »), ou "
            "demander une autre date.",
            code="mi_annee.sans_mouvement",
        )
    plan = allocate(convert(in_year(dossier, day.year)), couts=False)
    annee = make_annee(plan.quotas, plan.table, incertitude=True)
    cibles = make_cibles(plan, annee, Mutations.RETIREES)
    fait = done(annee, day, seed)
    past = fait.counted(cibles)
    base, reached, possible = [], [], []
    for start in range(0, runs, LOT):
        rest, ahead = rest_of_year(annee, fait, chosen, seed, np.arange(start, min(start + LOT, runs)))
        suivi = follow(cibles, rest, Mutations.RETIREES, seed)
        base.append(suivi.base[FLUX] + past[0])
        reached.append(suivi.atteint[FLUX] + past[1] + fait.premieres(cibles))
        possible.append(ahead)
    return MiAnnee(plan=plan, date=day, fait=fait, annee=annee, cibles=cibles, base=np.concatenate(base),
                   atteint=np.concatenate(reached), possibles=np.concatenate(possible), seed=seed,
                   orientation=str(orientation) if isinstance(orientation, str) else orientation.__name__,
                   niveau=niveau)
