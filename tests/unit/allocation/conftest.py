"""Hand-made quotas: small enough to know the best plan with a pencil."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flux.loi import Regles, regles

sys.path.insert(0, str(Path(__file__).parents[1] / "conversion"))  # `lecture_cas`: cases as dossiers
sys.path.insert(0, str(Path(__file__).parent))  # `hasard`: dossiers drawn at random; `modele_independant`

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Choix:
    dalo_arrondi: str = "superieur"
    fenetre_rotation: int = 3


@dataclass(frozen=True)
class Stipulations:
    etat_uniforme_par_commune: bool = True
    plancher_etat_hors_qpv: Fraction = Fraction(3, 10)
    tolerance_equite: Fraction | None = None


@dataclass(frozen=True)
class Bailleur:
    departement: str = "72"
    nom: str = "Habitat"


@dataclass(frozen=True)
class Convention:
    choix: Choix = field(default_factory=Choix)
    stipulations: Stipulations = field(default_factory=Stipulations)
    bailleur: Bailleur = field(default_factory=Bailleur)
    annee: int = 2026


@dataclass(frozen=True)
class Dossier:
    nom: str
    communes: pd.DataFrame
    reservataires: pd.DataFrame
    demande: pd.DataFrame
    objectifs: pd.DataFrame
    mouvements: pd.DataFrame
    taux: pd.DataFrame
    logements: pd.DataFrame
    convention: Convention


@dataclass(frozen=True)
class Quotas:
    flux: pd.DataFrame
    table: pd.DataFrame
    communes: pd.DataFrame
    hors_flux: pd.DataFrame
    regles: Regles
    dossier: Dossier
    hypotheses: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"hypotheses": list(self.hypotheses)}


def frame(rows: list[Row], columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def make_quotas(
    flux: list[Row],
    holders: list[Row],
    communes: list[Row],
    *,
    duty: bool = True,
    hors_flux: list[Row] | None = None,
    demande: list[Row] | None = None,
    objectifs: list[Row] | None = None,
    mouvements: list[Row] | None = None,
    law: Regles | None = None,
    choix: Choix | None = None,
    stipulations: dict[str, Any] | None = None,
    taux: list[Row] | None = None,
    logements: list[Row] | None = None,
    finer: str = "",
) -> Quotas:
    """Quotas from rows.

    flux : commune, qpv, typologie, financement, then the columns of `finer`, dwellings
    holders : id, categorie, territoire_type, territoire_code, quota (the bailleur included)
    communes : commune, id, exact, nb, nb_qpv, nb_hors_qpv
    """
    names = sorted({row[0] for row in flux})
    dossier = Dossier(
        nom="essai",
        communes=frame(
            [(c, f"Commune {c}", "72", "52", "247200132", "Agglo", None, duty, "territoires") for c in names],
            "commune nom departement region epci epci_nom ept obligation_25 obligation_origine",
        ).astype({"obligation_25": "boolean"}),
        reservataires=frame(
            [(*h[:4], h[0].capitalize()) for h in holders if h[0] != "bailleur"],
            "id_reservataire categorie territoire_type territoire_code nom",
        ),
        demande=frame(demande or [], "territoire_type territoire_code typologie priorite quartile public nb"),
        objectifs=frame(objectifs or [], "objectif niveau territoire_code id_reservataire part source"),
        mouvements=frame(
            [(*row, *(2025, None)[len(row) - 4 :]) for row in mouvements or []],
            "nature etape quartile nb annee id_logement",
        ),
        taux=frame(taux or [], "nature commune qpv typologie mois taux"),
        logements=frame(logements or [], "id_logement commune fragilite").astype({"fragilite": "float64"}),
        convention=Convention(choix or Choix(), Stipulations(**(stipulations or {}))),
    )
    return Quotas(
        flux=frame(flux, f"commune qpv typologie financement {finer} flux_a_partager"),
        table=frame(
            [(h[0], h[1], h[3], h[4]) for h in holders], "id_reservataire categorie territoire_code quota"
        ),
        communes=frame(communes, "commune id_reservataire exact nb nb_qpv nb_hors_qpv"),
        hors_flux=frame(hors_flux or [], "commune qpv categorie nb"),
        regles=law or regles("2026-01-01"),
        dossier=dossier,
    )


@pytest.fixture
def quotas_of() -> Callable[..., Quotas]:
    return make_quotas


@pytest.fixture
def two_communes() -> Quotas:
    """20 dwellings in two communes: State 6, Action Logement 6, commune A 2, the bailleur 6."""
    return make_quotas(
        flux=[
            ("72181", False, "T2", "PLUS", 6.0),
            ("72181", False, "T3", "PLAI", 2.5),
            ("72181", True, "T3", "PLUS", 3.5),
            ("72003", False, "T3", "PLUS", 5.0),
            ("72003", False, "T3", "PLAI", 3.0),
        ],
        holders=[
            ("etat", "etat_prioritaires", "departement", "72", 6),
            ("als", "action_logement", "departement", "72", 6),
            ("mairie", "commune", "commune", "72181", 2),
            ("bailleur", "bailleur", None, None, 6),
        ],
        communes=[
            ("72181", "etat", 3.6, 4, 1, 3),
            ("72181", "als", 3.6, 3, 1, 2),
            ("72181", "mairie", 2.0, 2, 1, 1),
            ("72181", "bailleur", 2.8, 3, 1, 2),
            ("72003", "etat", 2.4, 2, 0, 2),
            ("72003", "als", 2.4, 3, 0, 3),
            ("72003", "bailleur", 3.2, 3, 0, 3),
        ],
    )


@pytest.fixture(scope="session")
def quotas_factory() -> Callable[..., Quotas]:
    return make_quotas
