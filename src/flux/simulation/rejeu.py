"""The verb, `replay`, and its result: the recorded past years under both regimes.

This is the test of one year that bailleurs ran before signing: the relettings that happened, given again to
the holder of the right under stock, and oriented under the flow with the quotas of that very year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from flux.conversion import convert
from flux.conversion.enveloppe import envelope, records
from flux.conversion.images import named
from flux.dossier import Dossier
from flux.noyau.errors import DataError, FluxError
from flux.rendu import images
from flux.rendu.vue import Affichable, Vue
from flux.simulation import rejeu_vues
from flux.simulation.demandes import check_draw, choice_of, mutations_of, years_of
from flux.simulation.deviations import deviations
from flux.simulation.ecarts import ORIENTATIONS, PARTOUT, QUANTILES
from flux.simulation.envie import PERMUTATIONS, Envie, envie, liste
from flux.simulation.passe import INCONNU, years_told
from flux.simulation.politiques import Orientation, Regle, rule
from flux.simulation.rejouee import Rejouee, in_year, live_again
from flux.simulation.tirages import Reels
from flux.simulation.vecu import PERSONNE, Mutations

RUNS = 100  # of what the record does not say: the order of one day, a day, a dwelling
POLITIQUES = ("reel", "stock", "flux")
CLES = ["id_reservataire", "territoire_code", "indicateur"]
KINDS = ("typologie", "financement")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Rejeu(Affichable):
    """What happened, what the stock would have given, what the flow would have given.

    Attributes
    ----------
    dossier : where the record is.
    annees : the years lived again.
    refus : year -> why its quotas cannot be made.
    seed, runs, orientation, mutations : what was asked: see `replay`.
    """

    dossier: Dossier
    annees: tuple[Rejouee, ...] = field(repr=False)
    refus: Mapping[int, str]
    seed: int
    runs: int
    orientation: str
    mutations: Mutations

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a holder, territory (`*`, or a commune) and indicator, dwellings a year.

        `id_reservataire, territoire_code, indicateur, reel` (on whose account the leases were signed; absent
        where no lease names anybody),
        `stock_moyen, flux_moyen, ecart_moyen, ecart_q05, ecart_q95` (flux − stock).
        """
        rows = self._counted()
        years, runs = len(self.annees), self.runs
        by_run = {p: rows.loc[rows["politique"] == p] for p in POLITIQUES}
        wide = {p: f.pivot_table(index=CLES, columns="run", values="nb", aggfunc="sum", fill_value=0.0)
                for p, f in by_run.items()}
        index = pd.MultiIndex.from_frame(rows[CLES].drop_duplicates())
        reel, stock, flux = (
            wide[p].reindex(index=index, columns=range(runs), fill_value=0.0).fillna(0.0).to_numpy() / years
            for p in POLITIQUES
        )
        if not self.nomme:
            reel = np.full(reel.shape, np.nan)
        low, high = np.quantile(flux - stock, QUANTILES, axis=1, method="inverted_cdf")
        frame = index.to_frame(index=False).assign(
            reel=reel.mean(axis=1), stock_moyen=stock.mean(axis=1), flux_moyen=flux.mean(axis=1),
            ecart_moyen=(flux - stock).mean(axis=1), ecart_q05=low, ecart_q95=high,
        )
        rank = {i: n for n, i in enumerate(self.porteurs)}
        return frame.sort_values(CLES, key=lambda c: c.map(rank) if c.name == CLES[0] else c,
                                 ignore_index=True)

    @property
    def porteurs(self) -> tuple[str, ...]:
        """Holders, the bailleur last."""
        return self.annees[0].annee.parc.porteurs

    @property
    def nomme(self) -> bool:
        """Whether the record names any holder: else nobody knows what happened to whom."""
        return any((y.reel >= 0).any() for y in self.annees)

    def _counted(self) -> pd.DataFrame:
        """Dwellings by policy, run, holder, territory and indicator, all years together."""
        frames = []
        for year in self.annees:
            parc, vacances = year.annee.parc, year.passe.vacances
            dwellings = parc.logements.iloc[vacances.logement]
            for politique in POLITIQUES:
                who = getattr(year, politique)
                kept = np.flatnonzero(who >= 0)
                frames.append(pd.DataFrame({
                    "politique": politique,
                    "run": vacances.rang[kept],
                    "id_reservataire": np.array(parc.porteurs, dtype=object)[who[kept]],
                    "qpv": dwellings["qpv"].to_numpy(bool)[kept],
                    **{c: dwellings[c].to_numpy(object)[kept] for c in ("commune", *KINDS)},
                }))
        events = pd.concat(frames, ignore_index=True)
        views = [events.assign(territoire_code=PARTOUT, indicateur=ORIENTATIONS),
                 events.assign(territoire_code=events["commune"], indicateur=ORIENTATIONS),
                 events.loc[events["qpv"]].assign(territoire_code=PARTOUT, indicateur="qpv"),
                 *(events.assign(territoire_code=PARTOUT, indicateur=events[c]) for c in KINDS)]
        rows = pd.concat(views, ignore_index=True)
        return rows.groupby(["politique", "run", *CLES]).size().astype("float64").rename("nb").reset_index()

    @cached_property
    def par_annee(self) -> pd.DataFrame:
        """`annee, id_reservataire, quota, reel, stock_moyen, flux_moyen`, dwellings."""
        frames = []
        for year in self.annees:
            given = {p: np.bincount(w[w >= 0], minlength=len(self.porteurs)) / self.runs
                     for p, w in ((p, getattr(year, p)) for p in POLITIQUES)}
            quota = year.quotas.table.set_index("id_reservataire")["quota"]
            frames.append(pd.DataFrame({
                "annee": year.annee.parc.annee, "id_reservataire": self.porteurs,
                "quota": quota.reindex(list(self.porteurs)).to_numpy(),
                "reel": given["reel"] if self.nomme else np.nan,
                "stock_moyen": given["stock"], "flux_moyen": given["flux"]}))
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def ecarts(self) -> pd.DataFrame:
        """How far from its due each holder goes, by policy and stratum, the worst of all years.

        `orientation` (a rule; "stock"; "reel" where every lease names its holder), `strate` (`*`, commune,
        typologie, qpv), `ecart_max, ecart_final`: see `deviations`.
        """
        frames = []
        for year in self.annees:
            shared = ~year.passe.pris
            vacances = year.passe.vacances.only(shared)
            named_all = bool((year.reel[shared] != INCONNU).all())
            policies = {**year.regles, "stock": year.stock, **({"reel": year.reel} if named_all else {})}
            frames += [deviations(year.annee, vacances, who[shared]).assign(orientation=nom)
                       for nom, who in policies.items()]
        rows = pd.concat(frames, ignore_index=True)
        return rows.groupby(["orientation", "strate"], sort=False, as_index=False).agg(
            ecart_max=("ecart_max", "max"), ecart_final=("ecart_final", "mean"))

    def evenements(self, run: int = 0) -> pd.DataFrame:
        """The relettings of one run, in order.

        `annee, jour` (0 on 1 January), `id_logement`, what the dwelling is, `mutation` (taken out of the
        flow), then who had it: `reel, stock, flux` (absent: nobody, or nobody known).

        Raises
        ------
        FluxError
            Code "rejeu.run": no such run.
        """
        self._check_run(run)
        frames = []
        for year in self.annees:
            parc, vacances = year.annee.parc, year.passe.vacances
            here = vacances.rang == run
            ids = np.array([*parc.porteurs, None], dtype=object)  # the last one is nobody: −1
            dwellings = parc.logements.iloc[vacances.logement[here]]
            frames.append(dwellings[["id_logement", "commune", "qpv", "typologie", "financement"]].assign(
                annee=parc.annee, jour=vacances.jour[here], mutation=year.passe.pris[here],
                **{p: ids[getattr(year, p)[here]] for p in POLITIQUES}))
        columns = ["annee", "jour", "id_logement", "commune", "qpv", "typologie", "financement", "mutation",
                   *POLITIQUES]
        events: pd.DataFrame = pd.concat(frames, ignore_index=True)
        return events.reindex(columns=columns)

    def _check_run(self, run: int) -> None:
        if not 0 <= run < self.runs:
            raise FluxError(f"Pas de tirage {run} : ils vont de 0 à {self.runs - 1}.", code="rejeu.run")

    def envie(self, politique: str = "flux", *, run: int = 0, poids: Mapping[str, float] | None = None,
              permutations: int = PERMUTATIONS) -> Envie:
        """Who would have preferred whose list: see `flux.simulation.envie`.

        Parameters
        ----------
        politique : "reel", "stock" or "flux". run : the run whose lists are compared.

        Raises
        ------
        FluxError
            Codes "envie.politique", "rejeu.run", "envie.attribut".
        """
        choice_of(politique, POLITIQUES, "une politique", "envie.politique")
        self._check_run(run)
        lists = []
        for year in self.annees:
            here = year.passe.vacances.rang == run
            who = getattr(year, politique)
            lists.append(liste(year.annee, year.passe.vacances, np.where(here, who, PERSONNE)))
        names = named(self.annees[-1].quotas)
        noms = dict(zip(names["id_reservataire"], names["nom"], strict=True))
        return envie(
            pd.concat(lists, ignore_index=True), noms,
            seed=self.seed, poids=poids, permutations=permutations,
            titre=f"Envie entre réservataires, {rejeu_vues.when(self)}, "
            f"{rejeu_vues.POLITIQUES[politique]}",
        )

    @property
    def phrases(self) -> tuple[str, ...]:
        """What the replay says, in figures."""
        return rejeu_vues.sentences(self)

    def vue(self) -> Vue:
        """Holders and communes, then deviations."""
        return rejeu_vues.replay_view(self)

    def plot(self) -> Any:
        """What each holder had, and would have had (a matplotlib figure)."""
        names = named(self.annees[-1].quotas).set_index("id_reservataire")["nom"]
        rows = rejeu_vues.holders(self)
        frame = pd.DataFrame({"nom": rows["id_reservataire"].map(names), "constaté": rows["reel"],
                              "en stock": rows["stock_moyen"], "en flux": rows["flux_moyen"]})
        return images.scenarios(frame, titre=f"Relocations de {rejeu_vues.when(self)}, par an")

    def to_dict(self) -> dict[str, Any]:
        """The stage `replay` of the schema "flux/1"."""
        last = self.annees[-1].quotas
        return envelope(last.dossier, last.regles, "replay", rejeu_vues.hypotheses(self)) | {
            "rejeu": {
                "table": records(self.table), "par_annee": records(self.par_annee),
                "ecarts": records(self.ecarts), "phrases": list(self.phrases), "seed": self.seed,
                "runs": self.runs, "annees": [y.annee.parc.annee for y in self.annees],
                "refus": {str(a): why for a, why in self.refus.items()},
                "orientation": self.orientation, "mutations_en_stock": str(self.mutations)}}


def replay(
    dossier: Dossier,
    *,
    seed: int,
    annees: int | Iterable[int] | None = None,
    runs: int = RUNS,
    orientation: str | Regle = Orientation.SUITE,
    mutations_en_stock: str = Mutations.RETIREES,
) -> Rejeu:
    """Give the relettings of the past years again, under stock and under the flow.

    Each year has the quotas of its own 1 January, made from what was known then. Under stock, each reletting
    goes to the holder of the right on that day; under the flow, it is oriented in the order of the days by a
    rule. Mutations and relogements are left on the dwellings where they were made.

    Parameters
    ----------
    seed : for what the record does not say (a day, a dwelling, the order of one day, a shared right).
    annees : years of `mouvements`; by default all those whose quotas can be made.
    runs : draws of what is not said; where everything is, they differ by the order of one day only.
    orientation : a rule of `Orientation`, or a function of a `Moment`.
    mutations_en_stock : see `Mutations`.

    Raises
    ------
    FluxError
        Codes "rejeu.annees": no reletting in a year asked, or no year whose quotas can be made, and why;
        "simulation.annees", "simulation.runs", "simulation.graine", "simulation.orientation",
        "simulation.mutations".
    """
    check_draw(seed, runs)
    chosen, mutations = rule(orientation), mutations_of(mutations_en_stock)
    told = years_told(dossier.mouvements)
    wanted = told if annees is None else years_of(annees)
    absent = [a for a in wanted if a not in told]
    refused: dict[int, str] = {a: "aucune relocation dans « mouvements »" for a in absent}
    played: list[Rejouee] = []
    owed: Reels | None = None
    for annee in (a for a in wanted if a in told):
        try:
            quotas = convert(in_year(dossier, annee))
        except FluxError as error:
            refused[annee] = _why(error)
            continue
        one, owed = live_again(quotas, dossier, seed, runs, chosen, mutations, owed)
        played.append(one)
    if not played or (annees is not None and refused):
        why = " ".join(f"{a} : {text}" for a, text in refused.items()) or "aucune année dans « mouvements »"
        raise FluxError(f"Rejeu impossible. {why}", code="rejeu.annees")
    called = str(orientation) if isinstance(orientation, str) else orientation.__name__
    return Rejeu(dossier=dossier, annees=tuple(played), refus=refused, seed=seed, runs=runs,
                 orientation=called, mutations=mutations)


def _why(error: FluxError) -> str:
    """The defect in a sentence."""
    return " ".join(a.message for a in error.anomalies) if isinstance(error, DataError) else str(error)
