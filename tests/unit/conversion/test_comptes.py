"""Accounts by réservataire and commune: what closes, what is named, what an EPCI pools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.conversion.comptes import after_losses
from flux.dossier import Dossier

EPCI, COMMUNES = "epci_000000001", [f"0000{k}" for k in range(1, 5)]


def petites_communes(
    annee: int, soldes: list[dict[str, Any]], *, epci: int = 20, commune: int = 0, **choix: str
) -> Dossier:
    """Four communes of 100 dwellings and two relettings, an EPCI that guarantees loans in each."""
    holders = ["etat_prioritaires", EPCI, *(["commune_00001"] if commune else [])]
    rights = [(EPCI, c, epci) for c in COMMUNES] + ([("commune_00001", "00001", commune)] if commune else [])
    return dossier(
        annee=annee,
        convention={
            "choix": {"segment_rotation": "commune", **choix},
            "stipulations": {"part_etat": "legale"},
        },
        logements=[row for c in COMMUNES for row in logements(100, c, f"P{c}")],
        reservataires=[reservataire(r) for r in holders],
        reservations=[
            {
                "id_reservataire": r,
                "programme": f"P{c}",
                "commune": c,
                "nb": nb,
                "contrepartie": "garantie",
            }
            for r, c, nb in rights
        ],
        mouvements=[
            {"annee": annee - 1, "nature": "relocation", "nb": 2, "programme": f"P{c}", "commune": c}
            for c in COMMUNES
        ],
        soldes=soldes,
    )


def years(nb: int, **options: Any) -> Iterator[flux.Quotas]:
    """Year after year, each opened by the accounts of the one before."""
    soldes: list[dict[str, Any]] = []
    for annee in range(2026, 2026 + nb):
        quotas = flux.convert(petites_communes(annee, soldes, **options))
        soldes = [
            {k: None if pd.isna(v) else v for k, v in row.items()} for row in quotas.soldes.to_dict("records")
        ]
        yield quotas


def received(quotas: flux.Quotas, ident: str = EPCI) -> dict[str, int]:
    rows = quotas.communes.loc[quotas.communes["id_reservataire"] == ident]
    return dict(zip(rows["commune"], rows["nb"].astype(int), strict=True))


def test_by_commune_an_epci_waits_for_each_commune_to_reach_one_dwelling() -> None:
    """20 % of 2 = 0.4 a year: nothing, nothing, then one in each of the four communes."""
    assert [sum(received(q).values()) for q in years(5)] == [0, 0, 4, 0, 4]


def test_pooled_it_receives_one_in_one_of_them_when_the_pool_reaches_one_in_turn() -> None:
    """20 % of 8 = 1.6 a year, in cumul because each commune alone is under one: 1, 3, 4, 6, 8."""
    made = list(years(5, comptes_epci="mutualises"))
    assert [sum(received(q).values()) for q in made] == [1, 2, 1, 2, 2]
    places = [sum(received(q)[c] for q in made) for c in COMMUNES]
    assert places == [2, 2, 2, 2]


def test_a_pooled_account_is_a_row_without_commune() -> None:
    """0.6 after the first year; flow and dwellings since the opening stay by commune."""
    first = next(years(1, comptes_epci="mutualises"))
    rows = first.soldes.loc[first.soldes["id_reservataire"] == EPCI]
    pooled, local = rows.loc[rows["commune"].isna()], rows.loc[rows["commune"].notna()]
    assert pooled["solde"].tolist() == [pytest.approx(0.6)]
    assert local["solde"].tolist() == [0.0] * 4
    assert local["flux_cumule"].tolist() == [2.0] * 4
    assert local["nb_garantie_cumule"].sum() == 1


def test_the_choice_can_be_left_without_losing_a_balance() -> None:
    first = next(years(1, comptes_epci="mutualises"))
    soldes = [
        {k: None if pd.isna(v) else v for k, v in row.items()} for row in first.soldes.to_dict("records")
    ]
    second = flux.convert(petites_communes(2027, soldes))
    table = second.table.set_index("id_reservataire").loc[EPCI]
    kept = second.soldes.loc[second.soldes["id_reservataire"] == EPCI]
    assert table["solde_reporte"] == pytest.approx(0.6)
    assert kept["solde"].sum() == pytest.approx(0.6 + 1.6 - table["quota"])
    assert kept["commune"].notna().all()


def test_every_ceiling_holds_where_a_commune_guarantees_inside_the_pool() -> None:
    given = 0
    for rank, quotas in enumerate(years(8, commune=10, comptes_epci="mutualises"), start=1):
        assert (quotas.plafonds["nb"] <= quotas.plafonds["plafond"]).all()
        given += sum(received(quotas).values()) + received(quotas, "commune_00001").get("00001", 0)
        assert given <= Fraction(2, 10) * 8 * rank
    alone = [received(q, "commune_00001")["00001"] for q in years(8, commune=10, comptes_epci="mutualises")]
    assert sum(alone) == 1  # 0.13 a year, beside 0.4 of the EPCI: one in eight years, and not none


def test_an_epci_due_a_dwelling_a_year_keeps_an_account_there() -> None:
    """10 relettings a commune: due 2 a year in each, nothing to pool."""
    big = petites_communes(2026, [], epci=20, comptes_epci="mutualises")
    moved = big.tables["mouvements"].assign(nb=10)
    quotas = flux.convert(replace(big, tables={**big.tables, "mouvements": moved}))
    rows = quotas.soldes.loc[quotas.soldes["id_reservataire"] == EPCI]
    assert rows["commune"].notna().all()


def test_an_account_beyond_one_dwelling_is_named() -> None:
    """It opens at −7, is due 1.6: nothing is given, it closes at −5.4 all communes together."""
    soldes = [{"id_reservataire": EPCI, "annee": 2025, "commune": "00001", "solde": -7.0}]
    quotas = flux.convert(petites_communes(2026, soldes, plafond_apprecie="cumule"))
    (named,) = quotas.ecarts.loc[quotas.ecarts["groupe"] == "compte"].to_dict("records")
    assert (named["id_reservataire"], named["territoire_code"], named["limite"]) == (EPCI, "00001", -1)
    assert named["exact"] == pytest.approx(-6.6)
    assert any("plus d'un logement" in note for note in quotas.avertissements)


def test_a_loss_brings_back_first_the_account_nearest_to_one_dwelling() -> None:
    half = Fraction(1, 2)
    accounts = {("r", "a"): 1 + half, ("r", "b"): 2 + half, ("r", "c"): half, ("s", "a"): Fraction(2)}
    after = after_losses(accounts, {"r": half})
    assert after == {**accounts, ("r", "a"): Fraction(1)}
    after = after_losses(accounts, {"r": Fraction(13, 4)})
    assert after["s", "a"] == 2 and sum(v for k, v in after.items() if k[0] == "r") == Fraction(5, 4)
    assert {after["r", "a"], after["r", "b"]} == {half} and after["r", "c"] == Fraction(1, 4)
