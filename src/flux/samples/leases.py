"""Draw the leases of the past years, the subtractions that follow from them, and the demand."""

from __future__ import annotations

import datetime
from itertools import accumulate, product

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.samples import calibration as cal
from flux.samples.draws import pick, split
from flux.samples.tables import frame, typed

Mask = npt.NDArray[np.bool_]

HORS_FLUX = ("mutation", "relogement_ru", "relogement_orcod", "relogement_lhi", "relogement_vente")


def draw_mouvements(rng: np.random.Generator, logements: pd.DataFrame, reservations: pd.DataFrame, *,
                    annee: int, taux_rotation: float, nb_annees: int = 3) -> pd.DataFrame:
    """The table `mouvements`: leases signed in the `nb_annees` years before `annee`, one row each.

    Dwellings in service before a year are relet at `taux_rotation` on average, more or less by typology and
    QPV; those that enter service in it are let for the first time.
    """
    factors = logements["typologie"].map(cal.ROTATION_TYPOLOGIE).to_numpy(dtype=float)
    factors = factors * np.where(logements["qpv"].to_numpy(dtype=bool), 1.0, cal.ROTATION_HORS_QPV)
    rates = taux_rotation * factors / (factors.sum() / len(factors))
    let = ~logements["occupation"].isin([3, 4, 5]).to_numpy() & logements["nature"].ne("foyer").to_numpy()
    entered = logements["annee_mise_location"].to_numpy(dtype=int)
    left = logements["date_sortie"].dt.year.fillna(9999).to_numpy(dtype=int)
    years = [
        _leases_of_year(rng, logements, year,
                        relet=(rng.random(len(logements)) < rates) & let & (entered < year) & (left > year),
                        first=let & (entered == year))
        for year in range(annee - nb_annees, annee)]
    leases = pd.concat(years, ignore_index=True)
    leases["id_reservataire"] = _holders(rng, leases, logements, reservations)
    etat = leases["id_reservataire"].eq("etat_prioritaires").to_numpy()
    in_qpv = leases.pop("qpv").to_numpy(dtype=bool)
    size = len(leases)
    leases["priorite"] = np.where(etat, pick(rng, cal.PRIORITES["etat_prioritaires"], size),
                                  pick(rng, cal.PRIORITES["autres"], size))
    leases["quartile"] = np.where(in_qpv, pick(rng, cal.QUARTILES[True], size),
                                  pick(rng, cal.QUARTILES[False], size))
    return typed(leases)


def draw_suivi(rng: np.random.Generator, mouvements: pd.DataFrame, *, annee: int) -> pd.DataFrame:
    """What came before the leases of `annee`: orientations, propositions and attributions, a row each.

    Only dwellings of the flow are oriented. Some come back before they are let: without candidate, refused
    by the candidate or by the CALEOL; the same dwelling is then oriented once more.
    """
    leases = mouvements.loc[mouvements["annee"].eq(annee) & ~mouvements["nature"].isin(HORS_FLUX)]
    fates = pick(rng, cal.ISSUES, len(leases))
    rows: list[tuple[object, ...]] = []
    for lease, fate in zip(leases.to_dict("records"), fates, strict=True):
        days = [datetime.date(annee, 1, 1) + datetime.timedelta(days=max(0, (
            lease["date"].date() - datetime.date(annee, 1, 1)).days - before)) for before in cal.DELAIS]
        tried = [] if fate == "aucune" else [("orientation", days[0], fate)]
        if fate in ("refus_candidat", "refus_caleol"):
            tried.append(("proposition", days[1], fate))
        steps = [("orientation", days[1], "aucune"), ("proposition", days[2], "aucune"),
                 ("attribution", days[3], "aucune")]
        for etape, day, issue in (*tried, *steps):
            house = ("priorite", "quartile") if etape == "attribution" else ()
            rows.append((annee, etape, lease["id_logement"], lease["nature"], day, lease["id_reservataire"],
                         *(lease[c] if c in house else None for c in ("priorite", "quartile")), issue))
    columns = ["annee", "etape", "id_logement", "nature", "date", "id_reservataire", "priorite", "quartile",
               "issue"]
    return frame(columns, sorted(rows, key=lambda row: (row[4], str(row[2]), str(row[1]))))


def draw_demande(territoire_code: str, nb: int) -> pd.DataFrame:
    """The table `demande` of one EPCI: `nb` applicants by typology, priority and quartile, without chance."""
    weights = {(typologie, priorite, quartile): cal.DEMANDE_TYPOLOGIES[typologie]
               * cal.DEMANDE_PRIORITES[priorite] * cal.DEMANDE_QUARTILES[quartile]
               for typologie, priorite, quartile in product(cal.DEMANDE_TYPOLOGIES, cal.DEMANDE_PRIORITES,
                                                            cal.DEMANDE_QUARTILES)}
    return frame(["territoire_type", "territoire_code", "typologie", "priorite", "quartile", "nb"],
                 [("epci", territoire_code, *key, count) for key, count in split(nb, weights).items()])


def _leases_of_year(rng: np.random.Generator, logements: pd.DataFrame, year: int, *,
                    relet: Mask, first: Mask) -> pd.DataFrame:
    """The leases of one year, in the order of their dates, not yet on anybody's account."""
    of = logements.loc[relet | first, ["id_logement", "qpv"]].reset_index(drop=True)
    size = len(of)
    in_qpv = of["qpv"].to_numpy(dtype=bool)
    inside, outside = (pick(rng, cal.NATURES[q] | {"relocation": 1 - sum(cal.NATURES[q].values())}, size)
                       for q in (True, False))
    days = (365 * rng.random(size)).astype(int)
    of["nature"] = np.where(first[relet | first], "premiere_location", np.where(in_qpv, inside, outside))
    of["date"] = [datetime.date(year, 1, 1) + datetime.timedelta(days=int(day)) for day in days]
    of.insert(0, "annee", year)
    of.insert(1, "etape", "bail")
    return of.sort_values(["date", "id_logement"], ignore_index=True)


def _holders(rng: np.random.Generator, leases: pd.DataFrame, logements: pd.DataFrame,
             reservations: pd.DataFrame) -> list[str]:
    """On whose account each lease is: drawn among the rights of its programme, the bailleur for the rest."""
    programme = dict(zip(logements["id_logement"], logements["programme"], strict=True))
    sizes = logements["programme"].value_counts()
    shares: dict[str, list[tuple[str, float]]] = {}
    counted = reservations.dropna(subset=["programme", "nb"])
    for holder, name, nb in zip(counted["id_reservataire"], counted["programme"], counted["nb"], strict=True):
        shares.setdefault(name, []).append((holder, int(nb) / int(sizes.get(name, nb))))
    identified = reservations.dropna(subset=["id_logement"])
    by_dwelling = dict(zip(identified["id_logement"], identified["id_reservataire"], strict=True))
    draws = rng.random(len(leases))
    return [
        "bailleur" if nature in HORS_FLUX
        else by_dwelling.get(dwelling) or _holder(shares.get(programme[dwelling], []), draw)
        for dwelling, nature, draw in zip(leases["id_logement"], leases["nature"], draws, strict=True)]


def _holder(shares: list[tuple[str, float]], draw: float) -> str:
    """The holder in whose interval of [0, 1) the draw falls; the bailleur's is what the others leave."""
    for (holder, _), reached in zip(shares, accumulate(share for _, share in shares), strict=True):
        if draw < reached:
            return holder
    return "bailleur"
