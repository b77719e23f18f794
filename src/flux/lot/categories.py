"""Categories of réservataires as they are added up over dossiers, and where things are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from flux.conversion.cellules import BAILLEUR, ETAT, ETAT_CATEGORIES
from flux.dossier.vocabulaire import Categorie
from flux.lot.disque import Fait, read_tables
from flux.noyau.tables import TEXTE
from flux.simulation.ecarts import PARTOUT

#: The State is one holder with two publics (CCH, art. R. 441-5-2).
GROUPE = {c.value: ETAT if c.value in ETAT_CATEGORIES else c.value for c in Categorie} | {BAILLEUR: BAILLEUR}
ORDRE = tuple(dict.fromkeys(GROUPE.values()))
INCONNU = "-"  # where nothing says in which EPCI or region it is
PAYS = "FR"


class Niveau(StrEnum):
    """What dossiers are added up by."""

    EPCI = "epci"
    DEPARTEMENT = "departement"
    REGION = "region"
    PAYS = "pays"


@cache
def departements() -> pd.DataFrame:
    """Code -> nom, region, region_nom: see dossier/geographie/README.md. Never changed in place."""
    path = files("flux.dossier").joinpath("geographie/departements_2026.csv")
    with path.open(encoding="utf-8") as content:
        return pd.read_csv(content, sep=";", dtype=TEXTE, keep_default_na=False).set_index("code")


def places(sortie: Path, faits: Sequence[Fait]) -> pd.DataFrame:
    """Where each commune of each dossier is.

    Returns
    -------
    Columns dossier, commune, and the code of its territory at each `Niveau`. The département is that of the
    convention: dwellings elsewhere are of another.
    """
    table = read_tables(sortie, faits, "territoires")
    of = {f.nom: f.departement for f in faits}
    departement = table["dossier"].map(of)
    region = departement.map(departements()["region"]).fillna(INCONNU)
    return pd.DataFrame({"dossier": table["dossier"], "commune": table["commune"],
                         Niveau.EPCI.value: table["epci"].fillna(INCONNU),
                         Niveau.DEPARTEMENT.value: departement, Niveau.REGION.value: region,
                         Niveau.PAYS.value: PAYS, "ept": table["ept"], "epci_nom": table["epci_nom"],
                         "commune_nom": table["nom"]})


def names(niveau: Niveau, where: pd.DataFrame) -> dict[str, str]:
    """What each territory of a level is called."""
    known = departements()
    match niveau:
        case Niveau.EPCI:
            named = where.dropna(subset="epci_nom").drop_duplicates("epci")
            own = dict(zip(named["epci"], named["epci_nom"], strict=True))
            return {INCONNU: "Hors EPCI", PARTOUT: "Tout le département", **own}
        case Niveau.DEPARTEMENT:
            codes = where["departement"].unique()
            return {c: str(known["nom"].get(c, f"Département {c}")) for c in codes}
        case Niveau.REGION:
            own = dict(zip(known["region"], known["region_nom"], strict=True))
            return {INCONNU: "Région inconnue", **own}
    return {PAYS: "Ensemble des dossiers"}


def grouped(categories: pd.Series) -> pd.Series:
    """The group of each category."""
    return categories.map(GROUPE)


def in_order(groups: Iterable[str]) -> list[str]:
    """Groups in the order in which they are always shown."""
    present = set(groups)
    return [g for g in ORDRE if g in present]
