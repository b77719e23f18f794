"""Which communes are under the duties of mixité, and who says so."""

from __future__ import annotations

import pandas as pd

from flux.loi import Regles
from flux.rendu import glossaire, nombres

ARRETE = "arrete"
PARIS = "75056"


def with_duty(communes: pd.DataFrame, regles: Regles) -> pd.DataFrame:
    """The communes with the territory on which their duties are judged, and whether it is under them.

    CCH, art. L. 441-1: "Sur le territoire des établissements publics de coopération intercommunale […], de la
    commune de Paris et des établissements publics territoriaux de la métropole du Grand Paris, au moins 25 %
    des attributions annuelles […]". The table `territoires` of the dossier prevails, then the list of the
    arrêté of the year, then, for a year whose list is not known, what the dossier presumes.

    Parameters
    ----------
    communes : `commune, epci, ept, obligation_25, obligation_origine`.

    Returns
    -------
    The same with `territoire`; `obligation_25` without absence; `obligation_origine` "territoires", "arrete",
    "presumee_l302_1" or "presumee_qpv".
    """
    place = communes["ept"].fillna(communes["epci"]).fillna(communes["commune"])
    place = place.mask(communes["commune"] == PARIS, PARIS)
    duty = communes["obligation_25"].fillna(False).astype(bool)
    origin = communes["obligation_origine"]
    if (listed := regles.territoires_25) is not None:
        told = origin == "territoires"
        duty, origin = duty.where(told, place.isin(listed)), origin.where(told, ARRETE)
    return communes.assign(territoire=place, obligation_25=duty, obligation_origine=origin)


def said(communes: pd.DataFrame, regles: Regles) -> tuple[str, ...]:
    """One French sentence: on how many territories the duties are judged, and who says so."""
    sources = []
    for origin, some in communes.groupby("obligation_origine", sort=True):
        name = glossaire.format("obligation_origine", origin)
        if origin == ARRETE and regles.arrete:
            name = f"l'{regles.arrete.titre[0].lower()}{regles.arrete.titre[1:]}"
        nb = some.loc[some["obligation_25"], "territoire"].nunique()
        sources.append(f"{nombres.entier(nb)} d'après {name}")
    return (f"Territoires tenus aux objectifs de mixité (CCH, art. L. 441-1) : {', '.join(sources)}.",)
