"""The result of `simulate`: what each réservataire and each commune has under stock and under the flow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flux.allocation import Plan
from flux.conversion import Quotas
from flux.conversion.cellules import BAILLEUR, ETAT, ETAT_CATEGORIES
from flux.conversion.images import named
from flux.conversion.noms import Noms
from flux.noyau.errors import FluxError, near_misses
from flux.rendu.vue import Affichable, Vue
from flux.simulation import ecarts, vues
from flux.simulation.decomposition import Decomposition, decomposition
from flux.simulation.ecarts import ORIENTATIONS, PARTOUT, TOUS_RESERVES
from flux.simulation.envie import Envie, envie, lived_lists
from flux.simulation.images import ImageBascule, illustrate
from flux.simulation.mesures import Axes, Nombres
from flux.simulation.objectifs import REGIMES, Cibles, targets_table
from flux.simulation.phrases import CommuneExpliquee, explain, sentences
from flux.simulation.politiques import Regle, rule
from flux.simulation.tirages import Reels
from flux.simulation.vecu import Annee, Mutations
from flux.simulation.vies import Vies

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Options:
    """What was asked of the simulation: see `simulate`."""

    seed: int
    orientation: str | Regle
    incertitude: bool
    mutations_en_stock: Mutations

    @property
    def regle(self) -> str:
        """The name of the rule: that of the function, where it is the user's own."""
        if isinstance(self.orientation, str):
            return str(self.orientation)
        return getattr(self.orientation, "__name__", type(self.orientation).__name__)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Bascule(Affichable):
    """The same vacancies under two regimes.

    Attributes
    ----------
    axes, vies : what each run gave to each holder, commune, kind and month, and reached of each target.
    cibles : the targets.
    annees : the years, ready to be lived again.
    plan : the orientations of the first year, with its quotas and its dossier.
    options : seed and choices.
    """

    axes: Axes = field(repr=False)
    vies: Vies = field(repr=False)
    cibles: Cibles = field(repr=False)
    annees: tuple[Annee, ...] = field(repr=False)
    plan: Plan = field(repr=False)
    options: Options

    @property
    def quotas(self) -> Quotas:
        """The quotas of the first year."""
        return self.plan.quotas

    @property
    def seed(self) -> int:
        """Where all the numbers come from."""
        return self.options.seed

    @property
    def runs(self) -> int:
        """Lives lived."""
        return len(self.vies)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a holder, territory (`*`, or a commune) and indicator, dwellings a year.

        `id_reservataire, territoire_code, indicateur, stock_moyen, flux_moyen, ecart_moyen, ecart_q05,
        ecart_q95` (dossier.md), then `erreur` (standard error of `ecart_moyen`), `p_perte, p_gain` (share of
        the runs where the holder loses, or gains, more than one dwelling).
        """
        return ecarts.table(self.axes, self.vies.stock, self.vies.flux)

    @cached_property
    def communes(self) -> pd.DataFrame:
        """Gains and losses of each commune by group of holders: see `ecarts.by_commune`."""
        categories = self.quotas.table["categorie"]
        return ecarts.by_commune(self.axes, categories, self.vies.stock, self.vies.flux)

    @cached_property
    def groupes(self) -> pd.DataFrame:
        """Gains and losses of each group of holders: see `ecarts.by_group`."""
        return ecarts.by_group(self.axes, self.quotas.table["categorie"], self.vies.stock, self.vies.flux)

    @cached_property
    def calendrier(self) -> pd.DataFrame:
        """Dwellings since the start of the first year, at the end of each month: see `ecarts.monthly`."""
        return ecarts.monthly(self.axes, self.vies.stock, self.vies.flux)

    @cached_property
    def objectifs(self) -> pd.DataFrame:
        """Chance that each target of the plan is met on 31 December: see `targets_table`."""
        return targets_table(self.cibles, self.vies.suivi)

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What is supposed here; what the conversion and the plan suppose is in theirs."""
        return vues.hypotheses(self)

    @property
    def erreur(self) -> float:
        """The largest standard error of a holder's mean difference, dwellings a year."""
        rows = self.table.loc[lambda t: (t["indicateur"] == ORIENTATIONS) & (t["territoire_code"] == PARTOUT)]
        return float(rows["erreur"].max())

    def runs_for(self, precision: float) -> int:
        """How many runs would bring `erreur` down to `precision` (dwellings a year)."""
        return max(math.ceil(self.runs * (self.erreur / precision) ** 2), 2)

    def runs_of(self, porteur: str, territoire: str = PARTOUT) -> tuple[Reels, Reels]:
        """Dwellings a year of a holder in each run, under stock and under the flow, shapes (R,).

        Parameters
        ----------
        porteur : an `id_reservataire`, "bailleur", "etat" (priority and agents together), "reservataires"
            (all but the bailleur), or `*`.
        territoire : `*`, or the code of a commune.

        Raises
        ------
        FluxError
            Code "explication.inconnu": nobody, or no commune, of that name; near-misses suggested.
        """
        return (self._a_year(self.vies.stock.cellules, porteur, territoire),
                self._a_year(self.vies.flux.cellules, porteur, territoire))

    def libres(self, territoire: str = PARTOUT) -> Reels:
        """Vacancies a year that no right takes under stock, in each run, first lettings apart, shape (R,)."""
        first = pd.concat([a.quotas.livraisons for a in self.annees])
        here = first["commune"].eq(territoire) | (territoire == PARTOUT)
        mine = first.loc[here & first["id_reservataire"].eq(BAILLEUR), "nb"].sum()
        return self.runs_of(BAILLEUR, territoire)[0] - mine / len(self.axes.annees)

    def retires(self, porteur: str = PARTOUT, territoire: str = PARTOUT) -> Reels:
        """Dwellings a year that mutations and relogements take out of the flow, in each run, shape (R,).

        Parameters
        ----------
        porteur : who has them under stock, as in `runs_of`; `*`: everyone.
        """
        return self._a_year(self.vies.retires, porteur, territoire)

    def _a_year(self, cellules: Nombres, porteur: str, territoire: str) -> Reels:
        axes, table = self.axes, self.quotas.table
        state = table.loc[table["categorie"].isin(ETAT_CATEGORIES), "id_reservataire"]
        groups = {PARTOUT: axes.porteurs, TOUS_RESERVES: axes.porteurs[:-1], ETAT: tuple(state)}
        who = groups.get(porteur, (porteur,))
        where = axes.communes if territoire == PARTOUT else (territoire,)
        for asked, known in ((who, (*axes.porteurs, *groups)), (where, axes.communes)):
            if unknown := [a for a in asked if a not in known]:
                close = ", ".join(near_misses(unknown[0], known)) or "aucun nom proche"
                raise FluxError(f"« {unknown[0]} » n'est pas dans la simulation. Proches : {close}.",
                                code="explication.inconnu")
        mine = np.isin(np.array(axes.porteurs)[axes.porteur], who)
        mine &= np.isin(np.array(axes.communes)[axes.commune], where)
        return np.asarray(cellules[:, mine].sum(axis=1) / len(axes.annees))

    @cached_property
    def decomposition(self) -> Decomposition:
        """Why the first year's flow gives each holder, in each commune, more or less: see `decomposition`."""
        return decomposition(self.quotas, mutations_en_stock=self.options.mutations_en_stock)

    def envie(self, *, run: int = 0, regime: str = "flux") -> Envie:
        """Whether a holder would have preferred the list of another, in one run: see `envie`.

        Parameters
        ----------
        run : its number, from 0.
        regime : "stock" or "flux".

        Raises
        ------
        FluxError
            Code "simulation.regime" or "envie.attribut".
        """
        if regime not in REGIMES:
            raise FluxError(f"« {regime} » n'est pas un régime : {' ou '.join(REGIMES)}.",
                            code="simulation.regime")
        lists = lived_lists(self.annees, self.seed, run, rule(self.options.orientation))
        holders = named(self.quotas)
        names = dict(zip(holders["id_reservataire"], holders["nom"], strict=True))
        titre = f"Envie entre réservataires, en {regime}, tirage {run}, {self.axes.periode}"
        return envie(lists[regime], names, seed=self.seed, titre=titre)

    @cached_property
    def phrases(self) -> Mapping[str, tuple[str, str, str]]:
        """Three sentences a commune, by its code: see `phrases.sentences`."""
        noms = Noms(self.quotas.dossier)
        return {code: sentences(self, code, noms) for code in self.axes.communes}

    def explain(self, commune: str) -> CommuneExpliquee:
        """Did the flow take dwellings away from this commune? Sentences, causes, holders.

        Parameters
        ----------
        commune : code or name.

        Raises
        ------
        FluxError
            Code "explication.inconnu": no such commune; near-misses suggested.
        """
        return explain(self, commune)

    def vue(self) -> Vue:
        """What a notebook or a terminal shows."""
        return vues.bascule_view(self)

    def plot(self, genre: str = ImageBascule.COMMUNES) -> Figure:
        """A picture: "communes", "eventail" or "objectifs", see `illustrate`."""
        return illustrate(self, genre).dessin()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the stages before, and the differences (dossier.md, "flux/1")."""
        return vues.bascule_dict(self)
