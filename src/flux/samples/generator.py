"""`generate_parc`: a dossier of any size, from a handful of numbers and a seed."""

from __future__ import annotations

import datetime
from collections import Counter

import numpy as np
import pandas as pd

from flux.samples import calibration as cal
from flux.samples.draws import split
from flux.samples.leases import draw_demande, draw_mouvements
from flux.samples.parc import Commune, draw_logements, draw_programmes, in_base, territoires
from flux.samples.rights import COLUMNS, RESERVATAIRES, departmental, draw_rights
from flux.samples.tables import Tables, frame

DEPARTEMENT, EPCI, EPCI_NOM, ANNEE = "00", "000000009", "Communauté d'agglomération", 2026


def generate_parc(*, nb_logements: int, nb_communes: int, seed: int, part_qpv: float = cal.PART_QPV,
                  part_etat: float = cal.PART_ETAT, taux_rotation: float = cal.TAUX_ROTATION) -> Tables:
    """Draw a fictitious bailleur of one EPCI.

    Communes decrease in size as 1, 1/2, 1/3…; those of the largest third hold the QPV; two in three guarantee
    the loans of their programmes, the EPCI guarantees the others.

    Parameters
    ----------
    nb_logements : dwellings, at least ten a commune.
    nb_communes : from 1 to 999.
    seed : the same seed gives the same dossier, on every version of NumPy.
    part_qpv, part_etat : shares of the stock in QPV, and reserved by the State (at most 0.30), in [0, 1].
    taux_rotation : share of the dwellings relet in a year.

    Raises
    ------
    ValueError : a size or a share is out of range.
    """
    if not 1 <= nb_communes <= 999 or nb_logements < 10 * nb_communes:
        raise ValueError("nb_communes goes from 1 to 999, and nb_logements is at least ten a commune")
    if not 0 <= part_qpv <= 1 or not 0 <= part_etat <= 0.30 or not 0 < taux_rotation < 0.4:
        raise ValueError("part_qpv is in [0, 1], part_etat in [0, 0.30], taux_rotation in ]0, 0.4[")
    rng = np.random.default_rng(seed)
    communes = _communes(nb_logements, nb_communes, part_qpv)
    programmes = draw_programmes(rng, communes)
    logements = draw_logements(rng, programmes, annee=ANNEE)
    free = Counter(logements.loc[in_base(logements), "programme"])
    rights = draw_rights(rng, programmes, free, communes, part_etat=part_etat, annee=ANNEE)
    reservations = frame(COLUMNS, rights)
    mouvements = draw_mouvements(rng, logements, reservations, annee=ANNEE, taux_rotation=taux_rotation)
    nb_vacancies = round(taux_rotation * nb_logements)
    frames = {
        "logements": logements,
        "reservataires": _reservataires(communes),
        "reservations": reservations.dropna(axis="columns", how="all"),
        "mouvements": mouvements,
        "soustractions": frame(["annee", "categorie", "etat", "nb"], [
            (ANNEE, categorie, "previsionnel", round(part * nb_vacancies))
            for categorie, part in cal.NATURES[False].items()]),
        "territoires": territoires(communes, departement=DEPARTEMENT, epci=EPCI, epci_nom=EPCI_NOM),
        "demande": draw_demande(EPCI, round(cal.DEMANDES_PAR_ATTRIBUTION * nb_vacancies)),
    }
    return Tables(nom="parc", frames=frames, convention={
        "bailleur": {"nom": "Habitat tiré au sort", "siren": "000000000", "departement": DEPARTEMENT,
                     "famille": "esh"},
        "convention": {"annee": ANNEE, "date": datetime.date(ANNEE, 1, 1)},
        "stipulations": {"part_etat": "registre"},
    })


def _communes(nb_logements: int, nb_communes: int, part_qpv: float) -> list[Commune]:
    extra = split(nb_logements - 10 * nb_communes, {rank: 1 / rank for rank in range(1, nb_communes + 1)})
    sizes = {rank: 10 + nb for rank, nb in extra.items()}
    in_qpv = range(1, nb_communes // 3 + 2)
    part = min(1.0, part_qpv * nb_logements / sum(sizes[rank] for rank in in_qpv if rank in sizes))
    return [Commune(code=f"00{rank:03d}", nom=f"Commune n° {rank}", nb=nb,
                    part_qpv=part if rank in in_qpv else 0.0,
                    garant="epci" if rank % 3 == 0 else f"commune_00{rank:03d}")
            for rank, nb in sizes.items()]


def _reservataires(communes: list[Commune]) -> pd.DataFrame:
    return frame(RESERVATAIRES, [
        *departmental(DEPARTEMENT),
        ("epci", EPCI_NOM, "epci", "epci", EPCI, "deleguee"),
        *((c.garant, c.nom, "commune", "commune", c.code, "deleguee")
          for c in communes if c.garant != "epci"),
    ])
