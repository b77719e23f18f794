"""The register of reservations in the year: until when each right lives, and on what it stands."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from flux.conversion.flux import delivered
from flux.dossier import Dossier
from flux.loi import Regles

GARANTS_LEGAUX = ("commune", "epci", "ept", "ville_paris")
#: What a right stands on: a dwelling or programme of the base, a delivery of the year, neither.
BASE, LIVRAISON, AILLEURS = "base", "livraison", "ailleurs"


def effective_end(dossier: Dossier, regles: Regles) -> pd.Series:
    """The day on which each right ends.

    "ces obligations de réservation sont prolongées de cinq ans lorsque l'emprunt contracté par le bailleur
    et garanti par la commune ou l'établissement public de coopération intercommunale est totalement
    remboursé" (CCH, art. L. 441-1, al. 40; R. 441-6): for a commune, an EPCI or an EPT, `date_fin` is then
    ignored.
    """
    repaid = repaid_guarantees(dossier)
    end = dossier.reservations["date_fin"]
    if not repaid.any():
        return end
    years = regles.ans("duree_garantie_apres_remboursement")
    return end.mask(repaid, dossier.reservations["date_remboursement"] + pd.DateOffset(years=years))


def repaid_guarantees(dossier: Dossier) -> pd.Series:
    """Rights of a commune, an EPCI or an EPT against a guarantee whose loan is repaid."""
    reservations = dossier.reservations
    categorie = reservations["id_reservataire"].map(
        dossier.reservataires.set_index("id_reservataire")["categorie"]
    )
    repaid = (
        (reservations["contrepartie"] == "garantie")
        & categorie.isin(GARANTS_LEGAUX)
        & reservations["date_remboursement"].notna()
    )
    return repaid.fillna(False).astype(bool)


def kept_in_stock(dossier: Dossier, regles: Regles) -> pd.Series:
    """Rights kept in stock: only those of the categories that the law of the day excepts from the flow.

    "à l'exception des logements réservés par des services relevant de la défense nationale ou de la sécurité
    intérieure qui sont identifiés précisément" (CCH, art. L. 441-1, al. 39; since 23 February 2022, those of
    the établissements publics de santé too). A right written in stock that the law does not except is a
    right in flow.
    """
    reservations = dossier.reservations
    stock = (reservations["mode"] == "stock").fillna(False).astype(bool)
    if not stock.any():
        return stock
    excepted = regles.liste("categories_exception_stock")
    categorie = reservations["id_reservataire"].map(
        dossier.reservataires.set_index("id_reservataire")["categorie"]
    )
    return stock & categorie.isin(excepted)


def stock_identified(dossier: Dossier, regles: Regles) -> frozenset[str]:
    """Dwellings kept in stock on 1 January: défense, sécurité intérieure, hospitals (L. 441-1, al. 39)."""
    reservations = dossier.reservations
    first = pd.Timestamp(date(dossier.convention.annee, 1, 1))
    alive = ~(reservations["date_debut"] > first) & ~(reservations["date_fin"] < first)
    kept = alive.fillna(True).astype(bool) & kept_in_stock(dossier, regles)
    return frozenset(reservations.loc[kept, "id_logement"].dropna())


def register(dossier: Dossier, regles: Regles, base: pd.DataFrame) -> pd.DataFrame:
    """A row a right, as in `dossier.reservations`, with its end, its days alive and what it stands on.

    Parameters
    ----------
    base : dwellings of the base: id_logement, programme, commune, groupe (rotation).

    Returns
    -------
    `fin` (effective end), `stock` (kept in stock), `garantie`, `debut_jour`, `jours`, `jours_an`, `lieu`
    (`BASE`, `LIVRAISON`, `AILLEURS`); `programme`, `commune` and `groupe` are those of the dwelling, absent
    where it is not in the base.
    """
    annee, regle = dossier.convention.annee, str(dossier.convention.choix.regle_echeance)
    rights = dossier.reservations.copy()
    rights["fin"] = effective_end(dossier, regles)
    rights["stock"] = kept_in_stock(dossier, regles)
    rights["garantie"] = (rights["contrepartie"] == "garantie").fillna(False).astype(bool)
    rights["nb"] = rights["nb"].fillna(1).astype(int)
    rights = rights.assign(**alive_days(rights, annee, regle))

    is_lot = rights["id_logement"].isna()
    dwelling = rights["id_logement"].map(pd.Series(range(len(base)), index=base["id_logement"]))
    found = dwelling.notna()
    place = base.iloc[dwelling[found].astype(int)].set_axis(rights.index[found])
    for column in ("programme", "commune"):
        rights[column] = rights[column].where(is_lot, place[column].reindex(rights.index))
    rights["groupe"] = place["groupe"].reindex(rights.index)
    arriving = delivered(dossier)
    rights["lieu"] = np.select(
        [found | (is_lot & _in(rights, base)), is_lot & _in(rights, arriving)], [BASE, LIVRAISON], AILLEURS
    )
    return rights


def _in(rights: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """Rights whose programme and commune are among those of `known`."""
    keys = pd.MultiIndex.from_frame(known[["programme", "commune"]].dropna())
    asked = pd.MultiIndex.from_frame(rights[["programme", "commune"]])
    return pd.Series(asked.isin(keys), index=rights.index)


def alive_days(rights: pd.DataFrame, annee: int, regle: str) -> dict[str, pd.Series | int]:
    """Days alive in the year over days of the year, under the chosen rule (dossier, "Expiry").

    `debut_jour` is the first of these days, 0 on 1 January.
    """
    first, last = pd.Timestamp(date(annee, 1, 1)), pd.Timestamp(date(annee, 12, 31))
    days = (last - first).days + 1
    jours = overlap(rights["date_debut"].fillna(first), rights["fin"].fillna(last), annee)
    debut = (rights["date_debut"].fillna(first) - first).dt.days.clip(lower=0)
    if regle == "annee_entiere":
        jours = jours.where(jours == days, 0)
    elif regle != "prorata":
        begun, ended = rights["date_debut"] > first, rights["fin"] < first
        jours = pd.Series(np.where(begun.fillna(False) | ended.fillna(False), 0, days), index=rights.index)
    return {"debut_jour": debut.where(jours > 0, 0).astype(int), "jours": jours.astype(int), "jours_an": days}


def overlap(start: pd.Series, end: pd.Series, annee: int) -> pd.Series:
    """Days from `start` to `end`, both included, that fall in the year."""
    first, last = pd.Timestamp(date(annee, 1, 1)), pd.Timestamp(date(annee, 12, 31))
    days = (end.mask(end > last, last) - start.mask(start < first, first)).dt.days + 1
    return days.clip(lower=0)
