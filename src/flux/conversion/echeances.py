"""Rights that end: in the year that has passed, and in the five that come.

"la convention de réservation est actualisée annuellement pour adapter le calcul des réservations […] en
fonction […] de l'échéance des droits de réservation" (CCH, art. R. 441-5, I, al. 12).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from flux.conversion.assiette import classify
from flux.conversion.droits import live_rights
from flux.conversion.etat_des_lieux import VENTES
from flux.conversion.registre import effective_end, repaid_guarantees, stock_identified
from flux.conversion.rotation import TOUT
from flux.dossier import Dossier
from flux.loi import Regles

ANNEES_A_VENIR = 5
COLUMNS = [
    *("id_reservataire", "id_logement", "programme", "commune", "nb", "contrepartie", "cause", "date"),
    *("annee_effet", "effet_droits", "article", "ligne"),
]
ARTICLES = {
    "contrat": "CCH, art. R. 441-5, I, al. 12",
    "remboursement": "CCH, art. R. 441-6",
    "vente": "CCH, art. L. 443-9 et L. 443-11",
    "demolition": "CCH, art. R. 441-5, I, al. 12",
    "sortie": "CCH, art. R. 441-5, I, al. 12",
}


def expiries(dossier: Dossier, regles: Regles) -> pd.DataFrame:
    """`quotas.echeances`: rights in flow that end between 1 January of last year and in five years.

    Returns
    -------
    A row a right, by date. `cause`: "contrat" (`date_fin`), "remboursement" (five years after it, R. 441-6),
    "vente", "demolition", "sortie" (of the dwelling, or of every dwelling of the programme), whichever comes
    first. `annee_effet`: first year in which it is not counted on 1 January. `effet_droits`: what this takes
    from the holder's rights, in dwellings, negative: what the right counted for on the 1 January before, 0
    when it was already out of the base.
    """
    annee = dossier.convention.annee
    rights = dossier.reservations
    repaid = repaid_guarantees(dossier)
    end, out = effective_end(dossier, regles), _exits(dossier)
    left = out["date_sortie"].notna() & ~(end < out["date_sortie"])
    cause = np.select([left, repaid], [out["cause"], "remboursement"], "contrat")
    day = end.mask(left, out["date_sortie"])
    first_day = left & (day.dt.month == 1) & (day.dt.day == 1)  # gone on 1 January, it no longer counts then
    effect = day.dt.year.astype("Int64") + 1 - first_day.astype("Int64")
    window = (day >= pd.Timestamp(date(annee - 1, 1, 1))) & (
        day < pd.Timestamp(date(annee + ANNEES_A_VENIR, 1, 1))
    )
    kept = window.fillna(False).astype(bool) & (rights["mode"] == "flux") & (rights["type_droit"] == "suite")
    place = rights["id_logement"].map(dossier.logements.set_index("id_logement")["commune"])
    table = rights.assign(
        commune=rights["commune"].where(rights["commune"].notna(), place),
        nb=rights["nb"].fillna(1),
        cause=cause,
        date=day,
        annee_effet=effect,
        article=pd.Series(cause, index=rights.index).map(ARTICLES),
        ligne=rights["_ligne"],
    ).loc[kept]
    table["effet_droits"] = -_worth(dossier, regles, table["annee_effet"])
    return table.sort_values(["date", "id_reservataire", "ligne"])[COLUMNS].reset_index(drop=True)


def _exits(dossier: Dossier) -> pd.DataFrame:
    """When what each right stands on leaves the stock, and how; a programme, with its last dwelling."""
    rights, logements = dossier.reservations, dossier.logements
    motif = logements["motif_sortie"]
    cause = np.select(
        [motif.isin(VENTES), motif == "demolition"],
        ["vente", "demolition"],
        "sortie",
    )
    exits = logements[["id_logement", "programme", "commune", "date_sortie"]].assign(cause=cause)
    one = exits.set_index("id_logement")[["date_sortie", "cause"]].reindex(rights["id_logement"])
    grouped = exits.sort_values("date_sortie").groupby(["programme", "commune"])
    emptied = grouped[["date_sortie", "cause"]].last()
    emptied = emptied.loc[grouped["date_sortie"].count() == grouped.size()]
    lots = emptied.reindex(pd.MultiIndex.from_frame(rights[["programme", "commune"]]))
    is_lot = rights["id_logement"].isna()
    return one.set_axis(rights.index).where(~is_lot, lots.set_axis(rights.index))


def _worth(dossier: Dossier, regles: Regles, annees: pd.Series) -> pd.Series:
    """What each right counted for on the 1 January before its year of effect, in dwellings.

    Only the rights that share with those are weighed again: on the same dwelling or, where rights were given
    by lot, in the same programme.
    """
    whole = dossier.with_choix(
        regle_echeance="vivant_au_1er_janvier", sur_reservation="reduction_proportionnelle"
    )
    rights = dossier.reservations
    is_lot = rights["id_logement"].isna()
    programme = rights["id_logement"].map(dossier.logements.set_index("id_logement")["programme"])
    programme = programme.where(~is_lot, rights["programme"])
    by_lot = programme.isin(programme.loc[is_lot])
    place = programme.where(by_lot, rights["id_logement"])
    groupe = pd.Series(TOUT, index=dossier.logements.index)
    worth = []
    for annee, ending in annees.groupby(annees):
        near = rights.loc[place.isin(place.loc[ending.index])]
        then = replace(
            whole,
            tables={**whole.tables, "reservations": near},
            convention=replace(whole.convention, annee=int(str(annee)) - 1),
        )
        classement = classify(then, regles, stock_identified(then, regles))
        registre = live_rights(then, regles, classement, groupe).registre
        worth.append(registre.loc[ending.index, "poids"].astype(float))
    return pd.concat(worth) if worth else pd.Series(dtype=float)
