"""Draw a stock: communes hold programmes, programmes hold dwellings."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flux.samples import calibration as cal
from flux.samples.draws import between, pick
from flux.samples.tables import frame, typed

SMALLEST, LARGEST = 10, 80  # dwellings in a programme; a smaller commune is one programme


@dataclass(frozen=True, slots=True, kw_only=True)
class Commune:
    """What is asked of a commune: its size, its QPV, and who guarantees its loans.

    Attributes
    ----------
    nb : dwellings of the programmes to draw in it.
    part_qpv : share of them in QPV, in [0, 1].
    garant : the `id_reservataire` that guarantees its loans, if one does.
    part_garantie : share of each guaranteed programme reserved in return, in [0, 1].
    """

    code: str
    nom: str
    nb: int = 0
    part_qpv: float = 0.0
    garant: str | None = None
    part_garantie: float = cal.PART_GARANTIE
    carencee: bool = False
    zone_tendue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Dwellings of one commune, one QPV status, one year, one or two financings."""

    programme: str
    commune: str
    qpv: bool
    nb: int
    annee: int
    financement: str
    second: str = ""
    part_second: float = 0.0
    nature: str = "ordinaire"


def draw_programmes(rng: np.random.Generator, communes: Iterable[Commune]) -> list[Programme]:
    """Programmes of 10 to 80 dwellings that make up each commune's stock."""
    programmes: list[Programme] = []
    for commune in communes:
        nb_qpv = round(commune.nb * commune.part_qpv)
        halves = ((True, nb_qpv), (False, commune.nb - nb_qpv))
        sizes = [(qpv, size) for qpv, nb in halves for size in _sizes(rng, nb)]
        for rank, (qpv, size) in enumerate(sizes, start=1):
            (first, last), = pick(rng, cal.PERIODES[qpv], 1)
            annee = between(rng, first, last)
            financement, = pick(rng, cal.FINANCEMENTS, 1) if annee >= 1990 else ["PLUS"]
            mixed = annee >= 1990 and financement == "PLUS" and rng.random() < cal.PART_DEUX_FINANCEMENTS
            programmes.append(Programme(
                programme=f"P-{commune.code}-{rank:02d}", commune=commune.code, qpv=qpv, nb=size, annee=annee,
                financement=financement, second="PLAI" if mixed else "",
                part_second=cal.PART_PLAI_MIXTE if mixed else 0.0))
    return programmes


def draw_logements(rng: np.random.Generator, programmes: list[Programme], *, annee: int) -> pd.DataFrame:
    """The table `logements`, one row a dwelling, as on 1 January of `annee`; sales of the three years before.

    Surfaces in m², rents in € per month.
    """
    parc = pd.DataFrame(programmes)
    of = parc.loc[np.repeat(parc.index.to_numpy(), parc["nb"])].reset_index(drop=True)
    size = len(of)
    qpv = of["qpv"].to_numpy()
    in_qpv, outside = pick(rng, cal.TYPOLOGIES[True], size), pick(rng, cal.TYPOLOGIES[False], size)
    typologie = np.where(qpv, in_qpv, outside)
    surface = np.round(np.array([cal.SURFACES[t] for t in typologie]) * (0.85 + 0.3 * rng.random(size)), 1)
    occupation = np.where(of["nature"] == "foyer", 1, pick(rng, cal.OCCUPATIONS, size))
    for_sale = of["annee"].lt(annee - 10) & of["nature"].eq("ordinaire") & ~of["qpv"]
    sold = np.where(for_sale, rng.random(size), 1.0)
    date_sortie = [_day(annee - 3 + int(year / cal.TAUX_VENTE), day) if year < 3 * cal.TAUX_VENTE else None
                   for year, day in zip(sold, rng.random(size), strict=True)]
    return typed(pd.DataFrame({
        "id_logement": [f"L{n:06d}" for n in range(1, size + 1)],
        "commune": of["commune"],
        "qpv": qpv,
        "typologie": typologie,
        "financement": np.where(rng.random(size) < of["part_second"], of["second"], of["financement"]),
        "annee_construction": of["annee"],
        "conventionne": of["nature"] != "pli_lli",
        "annee_mise_location": of["annee"],
        "surface": surface,
        "loyer": np.round(surface * cal.LOYER_M2_EUR * (0.9 + 0.2 * rng.random(size)), 2),
        "occupation": occupation,
        "nature": of["nature"],
        "programme": of["programme"],
        "date_sortie": date_sortie,
        "motif_sortie": [None if date is None else "vente_occupant" for date in date_sortie],
    }))


def in_base(logements: pd.DataFrame) -> pd.Series[bool]:
    """The dwellings that rights can bear on: ordinary, let or to let, not gone."""
    return (logements["nature"].eq("ordinaire") & ~logements["occupation"].isin([3, 4, 5])
            & logements["date_sortie"].isna())


def territoires(communes: Iterable[Commune], *, departement: str, epci: str, epci_nom: str) -> pd.DataFrame:
    """The table `territoires`: every commune in one EPCI under the 25 % duty."""
    return frame(
        ["commune", "nom", "departement", "epci", "epci_nom", "obligation_25", "carencee", "zone_tendue"],
        [(c.code, c.nom, departement, epci, epci_nom, True, c.carencee, c.zone_tendue) for c in communes])


def _sizes(rng: np.random.Generator, nb: int) -> list[int]:
    """Sizes of programmes adding up to `nb`."""
    sizes: list[int] = []
    while nb:
        size = min(between(rng, SMALLEST, LARGEST), nb)
        if 0 < nb - size < SMALLEST:
            size = nb if nb <= LARGEST else nb - SMALLEST
        sizes.append(size)
        nb -= size
    return sizes


def _day(annee: int, draw: float) -> datetime.date:
    return datetime.date(annee, 1, 1) + datetime.timedelta(days=int(365 * draw))
