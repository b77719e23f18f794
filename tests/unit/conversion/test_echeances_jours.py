"""Expiry to the day: the first and last days of the year, of a right, of the five years after repayment."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.conversion.droits import (
    _deliveries,
    _due_once,
    _late,
    _not_excepted,
    _prolonged,
    _reduced,
    _shared,
)
from flux.conversion.registre import alive_days, effective_end, overlap, repaid_guarantees, stock_identified

REGLES = flux.regles("2026-01-01")


def days(*written: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(written))).astype("datetime64[s]")


def rights(debut: str | None, fin: str | None) -> pd.DataFrame:
    return pd.DataFrame({"date_debut": days(debut), "fin": days(fin)})


PERIODES = [
    #  start, end, days alive in 2026: vivant_au_1er_janvier, prorata, annee_entiere; first of these days
    (None, None, 365, 365, 365, 0),
    ("2026-01-01", "2026-12-31", 365, 365, 365, 0),
    ("2026-01-02", "2026-12-31", 0, 364, 0, 1),
    ("2026-01-01", "2026-12-30", 365, 364, 0, 0),
    (None, "2026-01-01", 365, 1, 0, 0),
    (None, "2025-12-31", 0, 0, 0, 0),
    ("2026-12-31", None, 0, 1, 0, 364),
    ("2027-01-01", None, 0, 0, 0, 0),
    ("2025-06-30", "2027-06-30", 365, 365, 365, 0),
    ("2026-03-01", "2026-03-01", 0, 1, 0, 59),
]


@pytest.mark.parametrize(("debut", "fin", "vivant", "prorata", "entiere", "premier"), PERIODES)
def test_days_alive_in_the_year(
        debut: str | None, fin: str | None, vivant: int, prorata: int, entiere: int, premier: int) -> None:
    for regle, jours in (("vivant_au_1er_janvier", vivant), ("prorata", prorata), ("annee_entiere", entiere)):
        found = alive_days(rights(debut, fin), 2026, regle)
        assert found["jours_an"] == 365
        assert found["jours"].tolist() == [jours]
        assert found["debut_jour"].tolist() == [premier if jours else 0]


def test_a_leap_year_has_366_days() -> None:
    found = alive_days(rights(None, None), 2028, "annee_entiere")
    assert (found["jours_an"], found["jours"].tolist()) == (366, [366])


def test_overlap_counts_both_ends_and_nothing_outside_the_year() -> None:
    start = days("2025-12-31", "2026-12-31", "2026-06-01", "2024-01-01", "2027-01-01", "2024-01-01")
    end = days("2026-01-01", "2027-01-01", "2026-06-30", "2025-12-31", "2027-02-01", "2025-06-30")
    assert overlap(start, end, 2026).tolist() == [1, 1, 30, 0, 0, 0]


def register(**columns: Any) -> Any:
    """One right, of a commune, against a guarantee repaid in 2022, written until 2040, but for `columns`."""
    row = {"id_reservataire": "r", "contrepartie": "garantie", "date_fin": "2040-12-31",
           "date_remboursement": "2022-03-31", "date_debut": None, "mode": "flux", "id_logement": "L1",
           **columns}
    categorie = row.pop("categorie", "commune")
    table = pd.DataFrame([row])
    for column in ("date_debut", "date_fin", "date_remboursement"):
        table[column] = days(row[column])
    return SimpleNamespace(
        reservations=table, convention=SimpleNamespace(annee=2026),
        reservataires=pd.DataFrame({"id_reservataire": ["r"], "categorie": [categorie]}))


@pytest.mark.parametrize(("columns", "fin"), [
    ({}, "2027-03-31"),
    ({"categorie": "epci"}, "2027-03-31"),
    ({"categorie": "ept"}, "2027-03-31"),
    ({"categorie": "ville_paris"}, "2027-03-31"),
    ({"categorie": "departement"}, "2040-12-31"),
    ({"contrepartie": "foncier"}, "2040-12-31"),
    ({"contrepartie": None}, "2040-12-31"),
    ({"date_remboursement": None}, "2040-12-31"),
    ({"date_fin": "2023-01-01"}, "2027-03-31"),
])
def test_a_guarantee_lives_five_years_after_the_loan_is_repaid(columns: dict[str, Any], fin: str) -> None:
    dossier = register(**columns)
    assert effective_end(dossier, REGLES).tolist() == [pd.Timestamp(fin)]
    assert repaid_guarantees(dossier).tolist() == [fin == "2027-03-31"]


@pytest.mark.parametrize(("columns", "kept"), [
    ({}, True),
    ({"date_debut": "2026-01-01"}, True),
    ({"date_debut": "2026-01-02"}, False),
    ({"date_fin": "2026-01-01"}, True),
    ({"date_fin": "2025-12-31"}, False),
    ({"date_fin": None}, True),
    ({"mode": "flux"}, False),
    ({"mode": None}, False),
    ({"categorie": "commune"}, False),
    ({"id_logement": None}, False),
])
def test_a_dwelling_is_in_stock_while_a_right_in_stock_lives(columns: dict[str, Any], kept: bool) -> None:
    dossier = register(**{"categorie": "defense_securite", "mode": "stock", **columns})
    assert stock_identified(dossier, REGLES) == (frozenset({"L1"}) if kept else frozenset())


# ── single-use rights, and what is said ───────────────────────────────────────────────────────────


def uniques(*rows: tuple[int, int | None, str | None]) -> pd.DataFrame:
    """Rights by (nb, annee_prevue, commune), spread over 2026 and 2027 where no year is planned."""
    table = pd.DataFrame(rows, columns=["nb", "annee_prevue", "commune"]).astype({"annee_prevue": "Int64"})
    spread = {"date_debut": days(*["2026-01-01"] * len(rows)), "date_fin": days(*["2027-12-31"] * len(rows))}
    return table.assign(**spread)


def test_a_single_use_right_is_due_in_its_year_or_day_by_day_and_never_on_nothing() -> None:
    rights = uniques((3, 2026, "c"), (3, 2027, "c"), (4, None, "c"), (3, 2026, None), (4, None, None))
    assert _due_once(rights, 2026).tolist() == [3, 0, 2, 0, 0]


def test_a_single_use_right_is_late_after_its_year() -> None:
    assert _late(uniques((3, 2026, "c"), (3, 2027, "c"), (4, None, "c")), 2026) == []
    (note,) = _late(uniques((3, 2025, "c"), (2, 2024, "c"), (1, 2026, "c")), 2026)
    assert note.startswith("5 droit(s) unique(s)")


def test_only_a_right_written_in_stock_can_be_said_not_to_be() -> None:
    rights = pd.DataFrame({"mode": ["stock", "stock", "flux"], "stock": [True, False, False]})
    dossier: Any = None
    (note,) = _not_excepted(dossier, REGLES, rights)
    assert note.startswith("1 réservation(s)")
    assert _not_excepted(dossier, REGLES, rights.drop(index=1)) == []


def test_a_right_is_said_prolonged_where_a_written_end_no_longer_counts() -> None:
    rights = pd.DataFrame({"date_fin": days("2026-06-30", "2026-06-30", None, None),
                           "fin": days("2026-06-30", "2030-06-30", "2030-06-30", None)})
    dossier: Any = None
    (note,) = _prolonged(dossier, REGLES, rights)
    assert note.startswith("1 réservation(s)")
    assert _prolonged(dossier, REGLES, rights.drop(index=1)) == []


def test_a_right_on_a_delivery_acts_unless_it_ended_before_the_year() -> None:
    rights = pd.DataFrame({
        "id_reservataire": ["a", "b", "c"], "programme": "P", "commune": "c", "garantie": False,
        "nb": [1, 2, 3],
        "fin": days("2025-12-31", "2026-01-01", None)})
    found = _deliveries(rights, 2026)
    assert dict(zip(found["id_reservataire"], found["nb"], strict=True)) == {"b": 2, "c": 3}


def test_only_the_programme_that_carries_too_much_is_brought_back() -> None:
    rights = pd.DataFrame({"programme": ["P", "Q"], "commune": "c", "poids": [Fraction(4), Fraction(3)]})
    found = _reduced(rights, {("P", "c"): Fraction(4)}, {("P", "c"): 2, ("Q", "c"): 9})
    assert found["poids"].tolist() == [2, 3]


def test_dwellings_and_programmes_that_carry_too_much_are_counted_apart() -> None:
    none, exces = pd.DataFrame({"part": [], "id_logement": [], "demande": []}), ["L1", None, None]
    (note,) = _shared(none, pd.DataFrame({"id_logement": exces}))
    assert "1 logement(s) et 2 programme(s)" in note
    parts = pd.DataFrame({"part": [0.5, None, 1.0], "id_logement": ["L1", "L2", "L3"],
                          "demande": [Fraction(1, 2), Fraction(1, 2), Fraction(1)]})
    (note,) = _shared(parts, pd.DataFrame({"id_logement": []}))
    assert note.startswith("1 logement(s)")


# ── in a whole conversion ─────────────────────────────────────────────────────────────────────────


def rights_counted(*rights: dict[str, Any], **choix: str) -> list[float]:
    """What the rights of the State count for, on a programme of 60 T2 and 40 T4, two rotation groups."""
    dwellings = logements(100, "00001", "P")
    sized = [{**row, "typologie": "T2" if k < 60 else "T4"} for k, row in enumerate(dwellings)]
    relettings = [{"annee": 2025, "nature": "relocation", "commune": "00001", "typologie": t, "nb": 5}
                  for t in ("T2", "T4")]
    quotas = flux.convert(dossier(
        convention={"choix": {"segment_rotation": "commune_typologie", **choix}}, logements=sized,
        reservataires=[reservataire("etat_prioritaires")], mouvements=relettings,
        reservations=[{"id_reservataire": "etat_prioritaires", **right} for right in rights]))
    return list(map(float, quotas.droits["nb"]))


LOT = {"programme": "P", "commune": "00001", "nb": 10}


def test_a_lot_weighs_what_it_weighs_over_all_the_groups_of_its_programme() -> None:
    assert rights_counted(LOT) == [10]


def test_one_day_counts_for_one_day() -> None:
    (nb,) = rights_counted({**LOT, "date_fin": "2026-01-01"}, regle_echeance="prorata")
    assert nb == pytest.approx(10 / 365)


def test_a_single_right_on_a_single_dwelling_counts_for_one() -> None:
    assert rights_counted({"id_logement": "P-00001"}) == [1]


def test_one_single_use_right_is_one() -> None:
    dwellings = logements(100, "00001", "P")
    quotas = flux.convert(dossier(
        convention={"hypotheses": {"liberations_prevues": 20}}, logements=dwellings,
        reservataires=[reservataire("etat_prioritaires")],
        reservations=[{"id_reservataire": "etat_prioritaires", **LOT},
                      {"id_reservataire": "etat_prioritaires", **LOT, "nb": 1, "type_droit": "unique",
                       "annee_prevue": 2026}]))
    assert quotas.table.set_index("id_reservataire").loc["etat_prioritaires", "nb_uniques"] == 1
