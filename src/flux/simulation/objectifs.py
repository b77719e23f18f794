"""Which targets of the plan each run meets on 31 December, and by how much it misses the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.allocation import Plan
from flux.allocation.cadre import TOUS, type_of, within
from flux.allocation.hors_flux import Baux, baux_hors_flux
from flux.allocation.obligations import Obligation
from flux.conversion.cellules import ETAT, ETAT_CATEGORIES
from flux.conversion.noms import Noms
from flux.dossier.vocabulaire import NatureMouvement
from flux.rendu import glossaire
from flux.rendu.nombres import entier
from flux.simulation.publics import PUBLICS, Melange, past_mix, planned_mix
from flux.simulation.tirages import Places, Reels, Usage
from flux.simulation.vecu import Annee, Mutations, Vecu

Faux = npt.NDArray[np.bool_]
MIXITE = {"q1_hors_qpv": (False, "q1"), "autres_qpv": (True, "q234")}
SUIVIS = ("quota", "dalo_prioritaires", *MIXITE, "etat_hors_qpv")
CLES = ["objectif", "porteur", "territoire_code", "niveau", "article"]
EPSILON = 1e-9
REGIMES = ("stock", "flux")
TOUS_PUBLICS = np.ones(len(PUBLICS), bool)
QUANTILES = 0.5, 0.95
NOMMES = 10  # holders named one by one; a count beyond


@dataclass(frozen=True, eq=False)
class Cible:
    """One target, as it is judged on dwellings already received.

    porteurs : whose dwellings make the base, shape (H,). comptes : whose count, among these. logements : on
        which dwellings, shape (D,). publics : which publics count (`publics.PUBLICS`).
    fixe, acquis : dwellings of the base beside those of the vacancies, those of them that count, under stock
        and under the flow. seul : whether they are all of the base.
    su : whether the past leases tell the publics of those concerned.
    """

    obligation: Obligation
    porteurs: Faux
    comptes: Faux
    logements: Faux
    publics: Faux
    fixe: tuple[float, float]
    acquis: tuple[float, float]
    seul: bool
    su: bool

    def missing(self, base: Reels, reached: Reels) -> Reels:
        """Whole dwellings short of the target in each run."""
        gap = self.obligation.part * base - reached
        whole = np.floor(gap + EPSILON) if self.obligation.arrondi else np.ceil(gap - EPSILON)
        return np.asarray(np.maximum(whole, 0.0))


@dataclass(frozen=True, eq=False)
class Cibles:
    """The targets followed, the mixes from which publics are drawn, and what is not followed."""

    cibles: tuple[Cible, ...]
    plan: Melange
    passe: Melange
    hypotheses: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Suivi:
    """Base and dwellings reached of each target in each run, by regime, shape (2, R, O)."""

    base: Reels
    atteint: Reels


def make_cibles(plan: Plan, annee: Annee, mutations: Mutations) -> Cibles:
    """The targets of the plan that orientations decide: quotas, DALO, mixité, the State outside QPV."""
    ids = annee.parc.porteurs
    # leases outside the flow are in the base of mixité; where the bailleur makes its mutations on its own
    # dwellings, these are already among the vacancies of the stock regime, and only first lettings are not
    baux = baux_hors_flux(plan.quotas)
    if mutations is Mutations.AUX_TITULAIRES:
        first = baux.table["categorie"] == NatureMouvement.PREMIERE_LOCATION
        baux = replace(baux, table=baux.table.loc[first])
    passe = past_mix(plan.quotas.dossier, ids)
    rows = [o for o in plan.modele.obligations if o.objectif in SUIVIS]
    others = sorted({o.objectif for o in plan.modele.obligations} - {*SUIVIS, "demande", "etat_par_commune"})
    cibles = tuple(_cible(plan, annee, passe, baux, o) for o in rows)
    return Cibles(cibles, planned_mix(plan, ids), passe, _said(cibles, others, Noms(plan.quotas.dossier)))


def _cible(plan: Plan, annee: Annee, passe: Melange, baux: Baux, row: Obligation) -> Cible:
    parc, cadre = annee.parc, plan.modele.cadre
    ids, table = pd.Index(parc.porteurs), plan.quotas.table
    qpv = parc.logements["qpv"].to_numpy(bool)
    state = np.asarray(table["categorie"].isin(ETAT_CATEGORIES), bool)
    everyone = np.ones(len(ids), bool)
    mine = {TOUS: everyone, ETAT: state}.get(row.porteur, np.asarray(ids == row.porteur))
    communes = cadre.communes
    if row.objectif in MIXITE and row.niveau == "loi":
        inside = (communes["territoire"] == row.territoire_code) & communes["obligation_25"]
    elif row.porteur != TOUS or row.territoire_code == TOUS:
        inside = pd.Series(True, index=communes.index)  # wherever its holder receives something
    else:
        inside = pd.Series(within(communes, type_of(communes, row.territoire_code), row.territoire_code))
    dwellings = np.asarray(parc.logements["commune"].isin(communes.loc[inside, "commune"]), bool)
    publics = np.ones(len(PUBLICS), bool)
    fixe, acquis = (0.0, 0.0), (0.0, 0.0)
    if row.objectif in MIXITE:
        in_qpv, quartile = MIXITE[row.objectif]
        # one holder's objective has no lease outside the flow, that are nobody's in particular
        places = frozenset(communes.loc[inside, "commune"]) if row.porteur == TOUS else frozenset()
        fixe = baux.total(places, qpv=in_qpv), row.base_fixe
        acquis = (baux.others if in_qpv else baux.q1)(places), row.acquis
        dwellings = dwellings & (qpv == in_qpv)
        publics = np.array([q == quartile for _, q in PUBLICS])
    elif row.objectif == "dalo_prioritaires":
        publics = np.array([p in ("dalo", "prioritaire") for p, _ in PUBLICS])
    elif row.objectif == "etat_hors_qpv":
        dwellings = dwellings & ~qpv
    elif row.objectif == "quota":
        fixe = row.base_fixe, row.base_fixe
    return Cible(
        obligation=row,
        porteurs=everyone if row.objectif == "etat_hors_qpv" else mine,
        comptes=mine,
        logements=dwellings,
        publics=publics,
        fixe=fixe,
        acquis=acquis,
        seul=row.objectif == "quota",
        su=bool(publics.all() or (passe.connu[mine].all() if row.porteur != TOUS else passe.connu.any())),
    )


def follow(cibles: Cibles, vecu: Vecu, mutations: Mutations, seed: int) -> Suivi:
    """Base and dwellings reached of each target, in each run of a year, under both regimes."""
    vacances = vecu.vacances
    draw = vacances.tirage(seed, Usage.PUBLIC)
    qpv = vecu.annee.parc.logements["qpv"].to_numpy(np.int64)[vacances.logement]
    housed = []
    for who, mix in ((vecu.en_stock(mutations), cibles.passe), (vecu.flux, cibles.plan)):
        kept = np.flatnonzero((who >= 0) & vecu.bail)
        housed.append(_Loges(
            len(vacances.runs), len(mix.connu), vacances.rang[kept], who[kept], vacances.logement[kept],
            mix.drawn(who[kept], qpv[kept], draw[kept]),
        ))
    return judged(cibles, len(vacances.runs), [h.by_holder for h in housed])


Compteur = Callable[[Faux, Faux], Places]
"""Households of each holder in each run, on some dwellings, of some publics, shape (R, H)."""


def judged(cibles: Cibles, runs: int, compteurs: Sequence[Compteur]) -> Suivi:
    """Base and dwellings reached of each target, from the households counted under each of `REGIMES`."""
    shape = len(REGIMES), runs, len(cibles.cibles)
    base, reached = np.zeros(shape), np.zeros(shape)
    for regime, counted in enumerate(compteurs):
        for o, cible in enumerate(cibles.cibles):
            base[regime, :, o] = cible.fixe[regime]
            if not cible.seul:
                base[regime, :, o] += counted(cible.logements, TOUS_PUBLICS) @ cible.porteurs
            counts = counted(cible.logements, cible.publics) @ (cible.porteurs & cible.comptes)
            reached[regime, :, o] = counts + cible.acquis[regime]
    return Suivi(base, reached)


@dataclass(eq=False)
class _Loges:
    """Households of some runs: run, holder, dwelling, public, shape (n,). Targets that look at the same
    dwellings and publics are counted together.
    """

    runs: int
    porteurs: int
    rang: Places
    porteur: Places
    logement: Places
    public: Places
    _counts: dict[tuple[bytes, bytes], Places] = field(default_factory=dict)

    def by_holder(self, logements: Faux, publics: Faux) -> Places:
        """How many of each holder in each run, shape (R, H)."""
        key = logements.tobytes(), publics.tobytes()
        if key not in self._counts:
            kept = logements[self.logement] & publics[self.public]
            place = self.rang[kept] * self.porteurs + self.porteur[kept]
            counts = np.bincount(place, minlength=self.runs * self.porteurs)
            self._counts[key] = counts.reshape(self.runs, self.porteurs)
        return self._counts[key]


def targets_table(cibles: Cibles, suivi: Suivi) -> pd.DataFrame:
    """`bascule.objectifs`: a row a target and regime.

    Returns
    -------
    Columns `CLES`, `regime`, `base_moyenne, atteint_moyen` (dwellings), `p_atteint` (share of the runs that
    meet it) and its standard error `erreur`, `manque_moyen, manque_q50, manque_q95` (whole dwellings short,
    0 in the runs that meet it). All absent where no run has a base, or where the past leases do not tell the
    publics.
    """
    records = []
    for o, cible in enumerate(cibles.cibles):
        for regime, nom in enumerate(REGIMES):
            base, reached = suivi.base[regime, :, o], suivi.atteint[regime, :, o]
            values: tuple[float, ...] = (np.nan,) * 7
            if base.any() and (nom == "flux" or cible.su):
                short = cible.missing(base, reached)
                met = float((short == 0).mean())
                low, high = np.quantile(short, QUANTILES, method="inverted_cdf")
                values = (base.mean(), reached.mean(), met, np.sqrt(met * (1 - met) / len(short)),
                          short.mean(), low, high)
            records.append((*(getattr(cible.obligation, c) for c in CLES), nom, *values))
    columns = [*CLES, "regime", "base_moyenne", "atteint_moyen", "p_atteint", "erreur", "manque_moyen",
               "manque_q50", "manque_q95"]
    return pd.DataFrame(records, columns=columns)


def _said(cibles: Sequence[Cible], others: Sequence[str], noms: Noms) -> tuple[str, ...]:
    said = ["Publics : en flux, tirés au sort dans la répartition du plan, par réservataire et QPV ; en "
            "stock, dans les baux passés des mouvements. Personne ne corrige en cours d'année : là où le "
            "plan s'en tient au seuil, un tirage passe dessous environ une fois sur deux."]
    unknown = list(dict.fromkeys(
        c.obligation.porteur for c in cibles if not c.su and c.obligation.porteur != TOUS
    ))
    if unknown:
        whose = ", ".join("l’État" if p == ETAT else noms.de(p) for p in unknown)
        if len(unknown) > NOMMES:
            whose = f"{entier(len(unknown))} réservataires"
        said.append("Objectifs en stock non calculés, faute de baux passés de priorité et de quartile "
                    f"connus : {whose}.")
    if any(not c.su and c.obligation.porteur == TOUS for c in cibles):
        said.append("Objectifs de mixité en stock non calculés : aucun bail passé de quartile connu.")
    if others:
        said.append("Objectifs non suivis dans la simulation : "
                    f"{', '.join(glossaire.format('objectif', o) for o in others)}.")
    return tuple(said)
