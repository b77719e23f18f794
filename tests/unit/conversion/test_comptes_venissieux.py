"""Vénissieux: 236 communal rights on 13,438 dwellings of 15 bailleurs, less than one dwelling a year each.

Figures: Ville de Vénissieux, conseil municipal of 18 December 2023 and bilan of the PPGID 2018-2023 (236
rights, 13,438 dwellings on 1 January 2023, 15 bailleurs, 768 attributions in 2023). What they do not give
is assumed, and said in docs/venissieux.md: three sizes of bailleurs, a turnover of 4 % (768 ÷ 13,438, 30 %
of mutations off), guarantees of the métropole on 18 % of the stock, and as many dwellings in a
neighbouring commune. The page holds the table that this test makes again.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fabrique import _texte, dossier, logements, reservataire

import flux
from flux.dossier import Dossier
from flux.dossier.schemas import TABLES
from flux.noyau.provenance import Source
from flux.noyau.tables import check

VENISSIEUX, VOISINE, METROPOLE = "00001", "00002", "epci_000000001"
COMMUNE, ANNEES = f"commune_{VENISSIEUX}", range(2024, 2034)
PAGE = Path(__file__).parents[3] / "docs" / "venissieux.md"


@dataclass(frozen=True)
class Bailleurs:
    """Bailleurs alike: how many, dwellings of each in Vénissieux, rights of the commune there."""

    combien: int
    logements: int
    droits: int


SIZES = {
    "grand": (Bailleurs(5, 2000, 35),),
    "moyen": (Bailleurs(3, 600, 11), Bailleurs(2, 600, 10)),
    "petit": (Bailleurs(3, 88, 2), Bailleurs(2, 87, 1)),
}
READINGS = {  # plafond_apprecie, garantie_imbriquee, comptes_epci: those that differ
    "grand": [("annuel", "somme", "commune"), ("cumule", "separee", "mutualises")],
    "moyen": list(product(("annuel", "cumule"), ("somme", "separee"), ("commune",))),
    "petit": list(product(("annuel", "cumule"), ("somme", "separee"), ("commune", "mutualises"))),
}


def test_the_classes_add_up_to_the_published_figures() -> None:
    every = [b for some in SIZES.values() for b in some]
    assert sum(b.combien for b in every) == 15
    assert sum(b.combien * b.logements for b in every) == 13_438
    assert sum(b.combien * b.droits for b in every) == 236


@cache
def first_year(bailleur: Bailleurs) -> Dossier:
    both = (VENISSIEUX, VOISINE)
    return dossier(
        annee=ANNEES[0],
        convention={"hypotheses": {"taux_rotation": 0.04}, "stipulations": {"part_etat": "legale"}},
        logements=[row for c in both for row in logements(bailleur.logements, c, f"P{c}")],
        reservataires=[reservataire(r) for r in ("etat_prioritaires", COMMUNE, METROPOLE)],
        reservations=[
            right(COMMUNE, VENISSIEUX, bailleur.droits),
            *(right(METROPOLE, c, round(0.18 * bailleur.logements)) for c in both),
        ],
    )


def right(ident: str, commune: str, nb: int) -> dict[str, Any]:
    place = {"programme": f"P{commune}", "commune": commune}
    return {"id_reservataire": ident, "nb": nb, "contrepartie": "garantie", **place}


def ten_years(bailleur: Bailleurs, apprecie: str, imbriquee: str, comptes: str) -> list[int]:
    """What the commune receives in Vénissieux, year by year, each year's accounts opening the next."""
    start = first_year(bailleur).with_choix(
        plafond_apprecie=apprecie, garantie_imbriquee=imbriquee, comptes_epci=comptes
    )
    soldes: pd.DataFrame | None = None
    received = []
    for annee in ANNEES:
        tables = start.tables if soldes is None else {**start.tables, "soldes": soldes}
        convention = replace(start.convention, annee=annee, date=dt.date(annee, 1, 1))
        quotas = flux.convert(replace(start, convention=convention, tables=tables))
        received.append(int(quotas.table.set_index("id_reservataire")["quota"][COMMUNE]))
        soldes = typed(quotas.soldes)
    return received


def typed(soldes: pd.DataFrame) -> pd.DataFrame:
    rows = [{k: None if pd.isna(v) else v for k, v in row.items()} for row in soldes.to_dict("records")]
    frame, defects = check(_texte(rows), TABLES["soldes"], Source(fichier="soldes.csv"))
    assert not defects
    return frame


@pytest.mark.parametrize("taille", SIZES)
def test_the_page_shows_what_ten_years_give(taille: str) -> None:
    """One row a reading: the years of the bailleurs of one size together, and their sum."""
    page = PAGE.read_text(encoding="utf-8")
    for reading in READINGS[taille]:
        each = [(b.combien, ten_years(b, *reading)) for b in SIZES[taille]]
        years = [sum(n * one[k] for n, one in each) for k in range(len(ANNEES))]
        cells = [taille, *(f"`{word}`" for word in reading), *map(str, years), str(sum(years))]
        assert f"| {' | '.join(cells)} |" in re.sub(r" +", " ", page)
