"""What is said beside the figures, and the derogation of the préfet."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from fabrique import dossier, logements, reservataire

from flux.conversion import Quotas, convert
from flux.dossier import Dossier
from flux.noyau.errors import DataError

COMMUNE = "00001"


def parc(stipulations: dict[str, Any] | None = None, **rows: Any) -> Dossier:
    """100 dwellings of one commune, turnover 20 %, the State holds 40 of them."""
    return dossier(
        convention={"hypotheses": {"taux_rotation": 0.2}, "stipulations": stipulations or {}},
        logements=logements(100, COMMUNE, "P"),
        reservataires=[
            reservataire("etat_prioritaires"),
            reservataire(f"commune_{COMMUNE}"),
            reservataire("commune_00002"),
        ],
        reservations=[
            {"id_reservataire": "etat_prioritaires", "programme": "P", "commune": COMMUNE, "nb": 40},
            *rows.pop("reservations", ()),
        ],
        territoires=[
            {"commune": c, "nom": c, "departement": "00", "epci": "000000001"} for c in (COMMUNE, "00002")
        ],
        **rows,
    )


def quota(quotas: Quotas, ident: str) -> int:
    return int(quotas.table.set_index("id_reservataire").loc[ident, "quota"])


def said(quotas: Quotas, *words: str) -> bool:
    return any(all(w in note for w in words) for note in quotas.avertissements)


def test_a_derogation_raises_the_ceiling() -> None:
    day = dt.date(2026, 12, 31)
    assert quota(convert(parc()), "etat_prioritaires") == 6
    assert (
        quota(convert(parc({"derogation_prefectorale": {"part": 0.35, "fin": day}})), "etat_prioritaires")
        == 7
    )


def test_a_derogation_never_lowers_it() -> None:
    quotas = convert(parc({"derogation_prefectorale": {"part": 0.1, "fin": dt.date(2026, 12, 31)}}))
    assert quota(quotas, "etat_prioritaires") == 6
    assert said(quotas, "dérogation", "ne change rien")


def test_an_ended_derogation_is_said() -> None:
    quotas = convert(parc({"derogation_prefectorale": {"part": 0.35, "fin": dt.date(2025, 12, 31)}}))
    assert quota(quotas, "etat_prioritaires") == 6
    assert said(quotas, "dérogation", "31/12/2025")


def test_a_derogation_of_more_than_a_year_is_refused() -> None:
    with pytest.raises(DataError) as refused:
        convert(parc({"derogation_prefectorale": {"part": 0.35, "fin": dt.date(2030, 12, 31)}}))
    assert [a.code for a in refused.value.anomalies] == ["convention.derogation.duree"]


def test_a_minimum_that_is_not_reached_is_said() -> None:
    assert said(convert(parc(), minimum_par_reservataire=100), "Minimum de 100", "Etat prioritaires")


def test_a_minimum_is_not_missed_where_nothing_is_due() -> None:
    quotas = convert(parc(), minimum_par_reservataire=100)
    idle = quotas.table.loc[quotas.table["quota_exact"] == 0, "id_reservataire"]
    assert not any(i in note for note in quotas.avertissements if note.startswith("Minimum") for i in idle)


def test_a_floor_above_the_law_is_judged_as_stipulated() -> None:
    assert said(convert(parc(), plancher_etat_hors_qpv=0.5), "50,0", "stipuler")
    assert not said(convert(parc()), "stipuler")


def test_a_single_use_right_of_a_past_year_is_said() -> None:
    late = {
        "id_reservataire": "etat_prioritaires",
        "programme": "P",
        "commune": COMMUNE,
        "nb": 3,
        "type_droit": "unique",
        "annee_prevue": 2024,
    }
    assert said(convert(parc(reservations=[late])), "3 droit(s) unique(s)", "avant 2026")


def test_rights_outside_the_territory_are_said() -> None:
    away = {"id_reservataire": "commune_00002", "programme": "P", "commune": COMMUNE, "nb": 10}
    quotas = convert(parc(reservations=[away]))
    assert said(quotas, "Commune 00002", "hors de son territoire", COMMUNE)
    row = quotas.table.set_index("id_reservataire").loc["commune_00002"]
    assert (row["nb_droits"], row["du_exact"], row["quota"]) == (0, 2.0, 2)
