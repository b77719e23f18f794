"""What makes a segment of the flow: dwellings that the plan and the report need not tell apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flux.dossier import Dossier

SEGMENT = ["commune", "qpv", "typologie", "financement"]
#: Classes of the RPLS tables; the text that asks for the period (R. 441-5-1) sets none.
PERIODES = ((1949, "avant 1949"), (1975, "1949-1974"), (1990, "1975-1989"), (2005, "1990-2004"))
APRES, SANS_ANNEE = "2005 et après", "non renseigné"
FRAGILE_DES = 2  # of 3, in `fragilite`
#: Objectives that tell fragile residences apart.
FRAGILES = ("residences_fragiles", "emmenages_recents")


def segment_columns(dossier: Dossier) -> list[str]:
    """Columns of a segment: finer by period if the parties chose it, by fragility if an objective asks."""
    periode = ["periode"] if dossier.convention.choix.periode_construction else []
    fragile = ["fragile"] if dossier.objectifs["objectif"].isin(FRAGILES).any() else []
    return [*SEGMENT, *periode, *fragile]


def described(rows: pd.DataFrame) -> pd.DataFrame:
    """The same dwellings or deliveries with `periode` and `fragile`."""
    year = rows["annee_construction"].astype("float64")
    names = np.select([year < limit for limit, _ in PERIODES], [name for _, name in PERIODES], APRES)
    fragile = rows["fragilite"].astype("float64") >= FRAGILE_DES
    return rows.assign(periode=np.where(year.isna(), SANS_ANNEE, names), fragile=fragile.to_numpy(bool))
