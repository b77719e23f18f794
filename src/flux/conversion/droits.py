"""Legacy reservations as live rights: who holds what on 1 January, until when, in return for what.

Works on whole columns; a `Fraction` is made only once the rights are grouped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.exact import group_exact, of
from flux.conversion.flux import delivered
from flux.conversion.sur_reservation import reduce_excess, refuse_excess
from flux.dossier import Dossier
from flux.loi import Regles

HELD = ["id_reservataire", "commune", "groupe", "garantie", "poids", "_ligne"]
GARANTS_LEGAUX = ("commune", "epci", "ept", "ville_paris")


@dataclass(frozen=True)
class Droits:
    """Rights of the year, by use.

    suite : id_reservataire, commune, groupe, garantie, nb      recurring rights on dwellings of the base
    uniques : id_reservataire, commune, garantie, nb            single-use rights due in the year
    livraisons : id_reservataire, programme, commune, garantie, nb    rights of programmes first let this year
    lignes : (id_reservataire, commune) -> lines of the file that hold its recurring rights
    """

    suite: pd.DataFrame
    uniques: pd.DataFrame
    livraisons: pd.DataFrame
    lignes: pd.Series
    avertissements: tuple[str, ...]


def effective_end(dossier: Dossier, regles: Regles) -> pd.Series:
    """The day on which each right ends.

    "les droits de réservation attachés à cette garantie sont prolongés de cinq ans à compter du
    dernier paiement" (CCH, art. R. 441-6): for a commune, an EPCI or an EPT, `date_fin` is then ignored.
    """
    reservations = dossier.reservations
    end = reservations["date_fin"]
    categorie = reservations["id_reservataire"].map(
        dossier.reservataires.set_index("id_reservataire")["categorie"]
    )
    repaid = (
        (
            (reservations["contrepartie"] == "garantie")
            & categorie.isin(GARANTS_LEGAUX)
            & reservations["date_remboursement"].notna()
        )
        .fillna(False)
        .astype(bool)
    )
    if not repaid.any():
        return end
    years = regles.ans("duree_garantie_apres_remboursement")
    return end.mask(repaid, reservations["date_remboursement"] + pd.DateOffset(years=years))


def stock_identified(dossier: Dossier) -> frozenset[str]:
    """Dwellings kept in stock on 1 January: défense, sécurité intérieure, hospitals (L. 441-1, al. 39)."""
    reservations = dossier.reservations
    first = pd.Timestamp(date(dossier.convention.annee, 1, 1))
    alive = ~(reservations["date_debut"] > first) & ~(reservations["date_fin"] < first)
    kept = alive.fillna(True).astype(bool) & (reservations["mode"] == "stock")
    return frozenset(reservations.loc[kept, "id_logement"].dropna())


def live_rights(dossier: Dossier, regles: Regles, classement: Classement, groupe: pd.Series) -> Droits:
    """Every right that acts this year.

    Parameters
    ----------
    groupe : rotation group of each dwelling, aligned on `dossier.logements`.

    Raises
    ------
    DataError
        More rights than dwellings on a dwelling or in a programme, under `sur_reservation = "erreur"`.
    """
    annee, choix = dossier.convention.annee, dossier.convention.choix
    rights = dossier.reservations.loc[dossier.reservations["mode"] != "stock"].copy()
    rights["fin"] = effective_end(dossier, regles).loc[rights.index]
    rights["garantie"] = (rights["contrepartie"] == "garantie").fillna(False).astype(bool)
    rights["nb"] = rights["nb"].fillna(1).astype(int)

    base = dossier.logements.loc[classement.dans_assiette, ["id_logement", "programme", "commune"]]
    base = base.assign(groupe=groupe.loc[base.index])
    nb_base = base.groupby(["programme", "commune"]).size()
    arriving = delivered(dossier)
    of_year = set(zip(arriving["programme"], arriving["commune"], strict=True))
    lot_keys = list(zip(rights["programme"], rights["commune"], strict=True))
    is_lot = rights["id_logement"].isna()
    in_base = pd.Series([k in nb_base.index for k in lot_keys], index=rights.index, dtype=bool)
    in_delivery = pd.Series([k in of_year for k in lot_keys], index=rights.index, dtype=bool)
    first_letting = is_lot & ~in_base & in_delivery

    unique = rights["type_droit"] == "unique"
    rights = rights.assign(**_alive(rights, annee, str(choix.regle_echeance)))
    suite = rights.loc[~unique & ~first_letting & (rights["jours"] > 0)]
    avertissements: list[str] = []
    if prolonged := int((rights["date_fin"].notna() & (rights["fin"] != rights["date_fin"])).sum()):
        avertissements.append(
            f"{prolonged} réservation(s) contre garantie d'un emprunt remboursé : la date de fin écrite ne "
            f"compte pas, le droit dure {regles.ans('duree_garantie_apres_remboursement')} ans après le "
            "remboursement (CCH, art. R. 441-6)."
        )

    one = _on_dwellings(suite, base, str(choix.logement_partage))
    lots = suite.loc[is_lot & in_base]
    nowhere = (is_lot & ~in_base & ~in_delivery & ~unique) | (
        ~is_lot & ~rights["id_logement"].isin(base["id_logement"])
    )
    if gone := int((nowhere & (rights["jours"] > 0)).sum()):
        avertissements.append(f"{gone} réservation(s) sur des logements hors de l'assiette : sans effet.")
    refuse_excess(dossier, one, lots, nb_base, str(choix.sur_reservation))
    one, lots = reduce_excess(one, lots, nb_base)

    held = pd.concat([one[HELD], _spread_lots(lots, base, nb_base)])
    if late := int(rights.loc[unique & (rights["annee_prevue"] < annee).fillna(False), "nb"].sum()):
        avertissements.append(
            f"{late} droit(s) unique(s) prévus avant {annee} ne comptent pas cette année : s'ils n'ont pas "
            "été servis, corriger « annee_prevue » ou les porter dans les soldes."
        )
    return Droits(
        suite=group_exact(held, ["id_reservataire", "commune", "groupe", "garantie"], "poids", "nb"),
        uniques=_uniques(rights.loc[unique], base, annee),
        livraisons=_deliveries(rights.loc[first_letting & ~unique], annee),
        lignes=held.groupby(["id_reservataire", "commune"])["_ligne"].agg(lambda x: sorted(set(map(int, x)))),
        avertissements=tuple(avertissements),
    )


def _alive(rights: pd.DataFrame, annee: int, regle: str) -> dict[str, pd.Series]:
    """Days alive in the year over days of the year, under the chosen rule (dossier, "Expiry")."""
    first, last = pd.Timestamp(date(annee, 1, 1)), pd.Timestamp(date(annee, 12, 31))
    days = (last - first).days + 1
    alive = _overlap(rights["date_debut"].fillna(first), rights["fin"].fillna(last), annee)
    if regle == "prorata":
        jours = alive
    elif regle == "annee_entiere":
        jours = alive.where(alive == days, 0)
    else:
        begun, ended = rights["date_debut"] > first, rights["fin"] < first
        jours = pd.Series(np.where(begun.fillna(False) | ended.fillna(False), 0, days), index=rights.index)
    return {"jours": jours.astype(int), "jours_an": pd.Series(days, index=rights.index)}


def _overlap(start: pd.Series, end: pd.Series, annee: int) -> pd.Series:
    """Days from `start` to `end`, both included, that fall in the year."""
    first, last = pd.Timestamp(date(annee, 1, 1)), pd.Timestamp(date(annee, 12, 31))
    days = (end.mask(end > last, last) - start.mask(start < first, first)).dt.days + 1
    return days.clip(lower=0)


def _on_dwellings(suite: pd.DataFrame, base: pd.DataFrame, partage: str) -> pd.DataFrame:
    """Rights on identified dwellings of the base; a shared dwelling is shared as the parties chose."""
    one = suite.loc[suite["id_logement"].notna()].drop(columns=["programme", "commune"])
    one = one.merge(base, on="id_logement", how="inner")
    ranked = one["ordre"].notna() & one["part"].isna()
    holders = one.loc[ranked].groupby("id_logement")["id_logement"].transform("size")
    part = pd.Series(
        [Fraction(1) if pd.isna(p) else of(p) for p in one["part"]], index=one.index, dtype=object
    )
    if partage == "priorite":
        first = one.loc[ranked].groupby("id_logement")["ordre"].transform("min") == one.loc[ranked, "ordre"]
        part = part.mask(first.reindex(part.index) == False, Fraction(0))  # noqa: E712
    else:
        part.loc[holders.index] = [Fraction(1, int(n)) for n in holders]
    one["poids"] = [
        p * Fraction(int(j), int(a)) for p, j, a in zip(part, one["jours"], one["jours_an"], strict=True)
    ]
    return one


def _spread_lots(lots: pd.DataFrame, base: pd.DataFrame, nb_base: pd.Series) -> pd.DataFrame:
    """A lot of rights on a programme weighs alike on each of its dwellings of the base."""
    shares = base.groupby(["programme", "commune", "groupe"]).size().rename("nb_groupe").reset_index()
    spread = lots[["id_reservataire", "programme", "commune", "garantie", "poids", "_ligne"]].merge(
        shares, on=["programme", "commune"], how="inner"
    )
    spread["poids"] = [
        p * Fraction(int(n), int(nb_base[g, c]))
        for p, n, g, c in zip(
            spread["poids"], spread["nb_groupe"], spread["programme"], spread["commune"], strict=True
        )
    ]
    return spread[HELD]


def _uniques(rights: pd.DataFrame, base: pd.DataFrame, annee: int) -> pd.DataFrame:
    """Single-use rights due this year: the planned year, or an even spread from start to end."""
    where = rights["id_logement"].map(base.set_index("id_logement")["commune"])
    commune = where.where(rights["id_logement"].notna(), rights["commune"])
    span = (rights["date_fin"] - rights["date_debut"]).dt.days + 1
    overlap = _overlap(rights["date_debut"], rights["date_fin"], annee)
    poids = [
        Fraction(int(nb))
        * (Fraction(int(planned == annee)) if pd.notna(planned) else Fraction(int(o), int(s)))
        for nb, planned, o, s in zip(rights["nb"], rights["annee_prevue"], overlap, span, strict=True)
    ]
    frame = pd.DataFrame(
        {
            "id_reservataire": rights["id_reservataire"],
            "commune": commune,
            "garantie": rights["garantie"],
            "poids": pd.Series(poids, index=rights.index, dtype=object),
        }
    )
    frame = frame.loc[frame["commune"].notna() & (frame["poids"] != 0)]
    return group_exact(frame, ["id_reservataire", "commune", "garantie"], "poids", "nb")


def _deliveries(rights: pd.DataFrame, annee: int) -> pd.DataFrame:
    """Rights of programmes delivered in the year: they act at first letting only."""
    ended = (rights["fin"] < pd.Timestamp(date(annee, 1, 1))).fillna(False).astype(bool)
    frame = rights.loc[~ended, ["id_reservataire", "programme", "commune", "garantie", "nb"]]
    frame = frame.assign(poids=frame["nb"].map(lambda n: Fraction(int(n)))).drop(columns="nb")
    return group_exact(frame, ["id_reservataire", "programme", "commune", "garantie"], "poids", "nb")
