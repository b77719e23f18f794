"""What no rule changes: the applicants that there are, and the quotas to be met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import BAILLEUR, PRIORITES, QUARTILES, Cadre, refus
from flux.allocation.obligations.base import Floats, Obligation, Sens, Support
from flux.allocation.obligations.cibles import holders, inside, served_by
from flux.dossier.vocabulaire import Public

if TYPE_CHECKING:
    from flux.conversion import Quotas

Mask = NDArray[np.bool_]
#: Whose dwellings a part of the demand may take; an absent category: anyone's.
FOR = {Public.AGENTS: ("etat_agents",), Public.SALARIES: ("action_logement", "employeur")}


def quotas_of(cadre: Cadre) -> Iterator[Obligation]:
    """Each holder's whole quota; the bailleur's is a floor, since it takes what no one else may receive."""
    for place, (holder, _, code, quota) in enumerate(holders(cadre)):
        yield Obligation(
            objectif="quota", porteur=holder, niveau="quota", article="CCH, art. R. 441-5, I",
            territoire_code=code, part=1.0, compte=np.flatnonzero(cadre.cellules["porteur"] == place),
            support=Support.CELLULES, base_fixe=float(quota),
            sens=Sens.PLANCHER if holder == BAILLEUR else Sens.EGALITE)


def demand_ceilings(quotas: Quotas, cadre: Cadre) -> Iterator[Obligation]:
    """No more dwellings of a size to a public than applicants of that public: a fact, not a rule.

    A territory and a size that a part of the demand cites have no other applicants than those it counts.
    One dwelling takes 1 / (1 - refusal rate) applicants, since some refuse what is offered.
    """
    demande = quotas.dossier.demande
    used = applicants_used(quotas, cadre)
    for public, rows in demande.groupby("public", sort=True):
        support = Support.ESSENTIELS if public == Public.TRAVAILLEURS_ESSENTIELS else Support.PUBLICS
        whose = FOR.get(Public(str(public)))
        mine = np.ones(len(cadre.publics), bool) if whose is None else served_by(cadre, whose)
        # The agents of the State are a public of their own, that only their own demand bounds.
        mine &= np.asarray((cadre.publics["priorite"] == "agent") == (public == Public.AGENTS), bool)
        if mine.any():
            yield from _ceilings(cadre, rows, mine, used, support, str(public))


def _ceilings(cadre: Cadre, demande: pd.DataFrame, mine: Mask, used: Floats, support: Support,
              public: str) -> Iterator[Obligation]:
    publics, agents = cadre.publics, public == Public.AGENTS
    territory, cell = ["territoire_type", "territoire_code"], ["typologie", "priorite", "quartile"]
    counts = demande.groupby([*territory, *cell])["nb"].sum().to_dict()
    sizes: dict[tuple[str, str], set[str]] = {}
    for kind, code, typologie in zip(*(demande[c] for c in [*territory, "typologie"]), strict=True):
        sizes.setdefault((kind, code), set()).add(typologie)
    kinds = {(t, p, q): np.asarray((publics["typologie"] == t) & (publics["quartile"] == q)
                                   & (publics["priorite"].eq("agent" if agents else p)), bool)
             for t in sorted(set(demande["typologie"])) for q in QUARTILES
             for p in (("autre",) if agents else PRIORITES)}
    for (kind, code), cited in sorted(sizes.items()):
        where = inside(cadre, kind, code) & mine
        for (typologie, priorite, quartile), group in kinds.items():
            if typologie not in cited:
                continue
            asked = PRIORITES if agents else (priorite,)
            nb = sum(counts.get((kind, code, typologie, p, quartile), 0) for p in asked)
            compte = np.flatnonzero(where & group)
            yield Obligation(
                objectif="demande", porteur=f"{typologie}, {'agents' if agents else priorite}, {quartile}",
                territoire_code=code, niveau="physique", article="table demande du dossier", part=1.0,
                base_fixe=float(nb), compte=compte, poids=used[compte], support=support, sens=Sens.PLAFOND,
                precision=f"{kind} {typologie} {public}")


def applicants_used(quotas: Quotas, cadre: Cadre) -> Floats:
    """Applicants that one dwelling takes, on each row of `cadre.publics`: 1 / (1 - refusal rate).

    A row of `taux` holds where what it says agrees; the one that says most prevails, then the last read.
    """
    rates = refus(quotas)
    segments = cadre.segments
    rate, said = np.zeros(len(segments)), np.full(len(segments), -1)
    keys = ["commune", "qpv", "typologie"]
    for row in rates.to_dict("records"):
        given = [k for k in keys if pd.notna(row[k])]
        where = np.all([np.ones(len(segments), bool), *(segments[k] == row[k] for k in given)], axis=0)
        better = where & (len(given) >= said)
        rate[better], said[better] = float(row["taux"]), len(given)
    flux = segments["flux"].to_numpy(float)
    nb = len(cadre.groupes)
    refused = np.bincount(segments["groupe"], flux * rate, minlength=nb)
    mean = refused / np.bincount(segments["groupe"], flux, minlength=nb)
    kept = np.maximum(1.0 - mean[cadre.publics["groupe"]], 1e-6)  # a rate of 1 lets nobody in, finitely
    return np.asarray(1.0 / kept, np.float64)
