"""The reference mix of publics: that of the demand, failing that the legal shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import PUBLIC, Cadre, within

if TYPE_CHECKING:
    from flux.conversion import Quotas


def reference_mix(quotas: Quotas, cadre: Cadre) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Share of each public of `cadre.publics` in its group × holder, and what was supposed.

    A group takes the mix of the smallest territory whose demand cites its size, cut to the publics that
    the holder may serve. Without demand: the shares of the law (25 % DALO; 25 % of first quartile
    outside QPV, 50 % in QPV), a hypothesis.
    """
    legal = _legal(quotas, cadre)
    asked = _asked(quotas, cadre)
    total = asked.groupby(cadre.publics["part"]).transform("sum")
    known = total > 0
    mix = asked.where(known, legal)
    mix = mix / mix.groupby(cadre.publics["part"]).transform("sum")
    hypotheses: tuple[str, ...] = ()
    if quotas.dossier.demande.empty:
        hypotheses = ("Aucune demande dans le dossier : aucun plafond de candidats, et répartition de "
                      "référence entre les publics aux parts de la loi.",)
    elif not known.all():
        hypotheses = ("Demande non renseignée pour une partie des territoires et typologies : répartition de "
                      "référence entre les publics aux parts de la loi.",)
    return mix.to_numpy(float), hypotheses


def _legal(quotas: Quotas, cadre: Cadre) -> pd.Series:
    law = quotas.regles.figure
    dalo = float(law("part_min_dalo_prioritaires").valeur)
    outside, inside = float(law("part_min_q1_hors_qpv").valeur), 1 - float(law("part_min_autres_qpv").valeur)
    publics = cadre.publics
    q1 = np.where(publics["qpv"], inside, outside)
    priority = publics["priorite"].map({"dalo": dalo, "prioritaire": 0.0, "autre": 1 - dalo, "agent": 1.0})
    return priority.astype(float) * np.where(publics["quartile"] == "q1", q1, 1 - q1)


def _asked(quotas: Quotas, cadre: Cadre) -> pd.Series:
    """Applicants behind each public; the State's agents follow the quartiles of all applicants."""
    demande = quotas.dossier.demande
    demande = demande.loc[demande["public"] == "tous"].assign(nb=lambda d: d["nb"].astype(float))
    territory = ["territoire_type", "territoire_code"]
    sizes = {key: int(within(cadre.communes, *key).sum())
             for key in zip(*(demande[c] for c in territory), strict=True)}
    source = pd.Series("", index=cadre.groupes.index)
    for kind, code in sorted(sizes, key=lambda t: (-sizes[t], t)):  # the smallest comes last and prevails
        mine = (demande["territoire_type"] == kind) & (demande["territoire_code"] == code)
        cited = demande.loc[mine, "typologie"]
        here = cadre.groupes["zone"].isin(cadre.zones(kind, code)) & cadre.groupes["typologie"].isin(cited)
        source.loc[here] = f"{kind} {code}"
    counts = pd.concat([demande, demande.assign(priorite="agent")])
    counts = counts.assign(source=counts["territoire_type"] + " " + counts["territoire_code"])
    keys = ["source", "typologie", *PUBLIC]
    publics = cadre.publics.assign(source=source.loc[cadre.publics["groupe"]].to_numpy())
    asked = publics.merge(counts.groupby(keys, as_index=False)[["nb"]].sum(), on=keys, how="left")["nb"]
    return asked.fillna(0.0).set_axis(publics.index)
