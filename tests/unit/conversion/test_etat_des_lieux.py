"""The état des lieux: every right, what it counts for, and why; expiries; stock exceptions."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.conversion.partages import Tenu, share_dwelling
from flux.rendu import glossaire

A = {"programme": "A", "commune": "00001"}


def converted(
    reservations: list[dict[str, Any]], parc: list[dict[str, Any]] | None = None, **more: Any
) -> flux.Quotas:
    """100 dwellings of programme A; the State has its legal share, so that any right may stand alone."""
    choix, law = more.pop("choix", {}), more.pop("law", {})
    holders = more.pop("reservataires", None) or [
        reservataire(i)
        for i in dict.fromkeys(["etat_prioritaires", *(r["id_reservataire"] for r in reservations)])
    ]
    return flux.convert(
        dossier(
            convention={
                "hypotheses": {"taux_rotation": 0.1},
                "stipulations": {"part_etat": "legale"},
                "choix": choix,
                **law,
            },
            logements=parc or logements(100, "00001", "A"),
            reservataires=holders,
            reservations=reservations,
            **more,
        )
    )


def situations(quotas: flux.Quotas) -> list[str]:
    return quotas.etat_des_lieux["situation"].tolist()


# ── it adds up ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("echantillon", ["cas-ecole", "val-de-mire", "val-de-mire-brut"])
@pytest.mark.parametrize("regle", ["vivant_au_1er_janvier", "prorata", "annee_entiere"])
def test_the_rights_counted_are_those_of_the_quotas(racine: Path, echantillon: str, regle: str) -> None:
    quotas = flux.convert(flux.read_dossier(racine / "data" / "samples" / echantillon), regle_echeance=regle)
    rights = quotas.etat_des_lieux
    assert len(rights) == len(quotas.dossier.reservations)
    at_home = rights.loc[~rights["hors_territoire"]].groupby("id_reservataire")
    holders = quotas.table.set_index("id_reservataire").drop("bailleur")
    for mine, theirs in (("nb_compte", "nb_droits"), ("nb_unique", "nb_uniques")):
        counted = at_home[mine].sum().reindex(holders.index, fill_value=0.0)
        assert (counted - holders[theirs]).abs().max() < 1e-9
    for name in ("etat_des_lieux", "echeances", "exceptions_stock", "lectures_garantie", "sur_reservations"):
        assert all(glossaire.terme(f"{name}.{column}").sens for column in getattr(quotas, name))


def test_the_exact_weights_are_those_of_the_rights_shared_out() -> None:
    quotas = converted(
        [
            {"id_reservataire": "employeur", "id_logement": f"A-0000{n}", "part": p}
            for n in (1, 2)
            for p in (0.1, 0.2, 0.7)
        ]
    )
    droits = quotas.inventaire.droits
    assert sum(droits.registre["poids"], Fraction(0)) == sum(droits.suite["nb"], Fraction(0)) == 2


# ── why a right counts or not ─────────────────────────────────────────────────────────────────────


def test_each_right_says_why_it_counts_or_not() -> None:
    parc = [
        *logements(20, "00001", "A"),
        *logements(5, "00001", "F", nature="foyer"),
        *logements(5, "00001", "V", date_sortie="2025-06-30", motif_sortie="vente_occupant"),
        *logements(5, "00001", "N", annee_mise_location=2026),
        *logements(1, "00002", "Z"),
    ]
    one, army = {"id_reservataire": "employeur"}, {"id_reservataire": "defense_securite"}
    rights = [
        (one | A | {"nb": 3}, "compte"),
        (one | A | {"nb": 1, "date_fin": "2025-12-31"}, "termine"),
        (one | A | {"nb": 1, "date_debut": "2026-01-02"}, "pas_commence"),
        (one | {"id_logement": "F-00001"}, "hors_assiette"),
        (one | {"programme": "F", "commune": "00001", "nb": 1}, "hors_assiette"),
        (one | {"id_logement": "V-00001"}, "sorti"),
        (one | {"programme": "V", "commune": "00001", "nb": 1}, "sorti"),
        (one | {"id_logement": "N-00001"}, "pas_en_service"),
        (one | {"programme": "L26", "commune": "00001", "nb": 1}, "premiere_location"),
        (one | {"programme": "L27", "commune": "00001", "nb": 1}, "pas_en_service"),
        (one | A | {"nb": 2, "type_droit": "unique", "annee_prevue": 2026}, "unique"),
        (one | A | {"nb": 2, "type_droit": "unique", "annee_prevue": 2027}, "unique_autre_annee"),
        (army | {"id_logement": "A-00001"}, "exception_stock"),
        (army | {"id_logement": "A-00002", "date_fin": "2025-12-31"}, "termine"),
        ({"id_reservataire": "commune_00002"} | A | {"nb": 1}, "compte"),
    ]  # fmt: skip
    arriving = {"commune": "00001", "nb": 4}
    quotas = converted(
        [row for row, _ in rights],
        parc,
        livraisons=[
            arriving | {"programme": "L26", "date_mise_service": "2026-09-01"},
            arriving | {"programme": "L27", "date_mise_service": "2027-09-01"},
        ],
    )
    table = quotas.etat_des_lieux
    assert situations(quotas) == [situation for _, situation in rights]
    said = table["precision"].tolist()
    assert said[1] == "le 31/12/2025" and said[2] == "le 02/01/2026"
    assert said[5] == "vente à l'occupant le 30/06/2025"
    assert "logement-foyer" in said[3] and said[11] == "prévu en 2027"
    assert table["hors_territoire"].tolist() == [False] * 14 + [True]
    assert table["nb_compte"].sum() == 4 and table["nb_unique"].sum() == 2
    assert table["ligne"].tolist() == list(range(2, 17))
    assert table.loc[3, ["commune", "programme", "typologie"]].tolist() == ["00001", "F", "T3"]


def test_a_lot_says_what_its_dwellings_have_in_common() -> None:
    parc = [
        *logements(4, "00001", "A"),
        {**logements(1, "00001", "A")[0], "id_logement": "x", "typologie": "T1"},
    ]
    row = converted([{"id_reservataire": "employeur"} | A | {"nb": 3}], parc).etat_des_lieux.iloc[0]
    assert row["financement"] == "PLUS" and pd.isna(row["typologie"])


@pytest.mark.parametrize(
    ("regle", "compte", "situation"),
    [
        ("vivant_au_1er_janvier", 10, "compte"),
        ("prorata", 10 * 181 / 365, "compte"),
        ("annee_entiere", 0, "annee_incomplete"),
    ],
)
def test_the_expiry_rule_applies(regle: str, compte: float, situation: str) -> None:
    quotas = converted(
        [{"id_reservataire": "employeur"} | A | {"nb": 10, "date_fin": "2026-06-30"}],
        choix={"regle_echeance": regle},
    )
    row = quotas.etat_des_lieux.iloc[0]
    assert (row["nb_compte"], row["situation"], row["regle_echeance"]) == (
        pytest.approx(compte),
        situation,
        regle,
    )


def test_the_end_of_a_guarantee_and_its_reason() -> None:
    base = A | {"nb": 5, "contrepartie": "garantie", "date_fin": "2040-12-31"}
    quotas = converted(
        [
            {"id_reservataire": "commune_00001"} | base | {"date_remboursement": "2022-03-15"},
            {"id_reservataire": "departement"} | base | {"date_remboursement": "2015-01-01"},
            {"id_reservataire": "employeur"} | A | {"nb": 1},
        ]
    )
    table = quotas.etat_des_lieux
    assert table["motif_fin"].tolist() == ["remboursement", "date_fin", "sans_terme"]
    assert table["fin_effective"].iloc[0] == pd.Timestamp(2027, 3, 15)
    assert table["fin_effective"].isna().tolist() == [False, False, True]


# ── shared dwellings ──────────────────────────────────────────────────────────────────────────────


def shared(choix: dict[str, str], **holders: dict[str, Any]) -> dict[str, float]:
    quotas = converted(
        [{"id_reservataire": i, "id_logement": "A-00001", **row} for i, row in holders.items()], choix=choix
    )
    table = quotas.etat_des_lieux
    return dict(zip(table["id_reservataire"], table["nb_compte"].round(9), strict=True))


FRACTION, PRIORITE = {"logement_partage": "fraction"}, {"logement_partage": "priorite"}
REDUIT = {"sur_reservation": "reduction_proportionnelle"}


def test_three_holders_by_parts() -> None:
    assert shared(FRACTION, employeur={"part": 0.5}, region={"part": 0.3}, departement={"part": 0.2}) == {
        "employeur": 0.5,
        "region": 0.3,
        "departement": 0.2,
    }


def test_three_holders_by_order() -> None:
    rows = {"employeur": {"ordre": 2}, "region": {"ordre": 1}, "departement": {"ordre": 3}}
    assert shared(FRACTION, **rows) == dict.fromkeys(rows, round(1 / 3, 9))
    assert shared(PRIORITE, **rows) == {"employeur": 0, "region": 1, "departement": 0}


def test_those_who_have_an_order_only_share_what_the_parts_leave() -> None:
    rows = {"employeur": {"part": 0.5}, "region": {"ordre": 1}, "departement": {"ordre": 2}}
    assert shared(FRACTION, **rows) == {"employeur": 0.5, "region": 0.25, "departement": 0.25}


def test_under_priority_the_order_prevails_over_the_part() -> None:
    rows = {"employeur": {"part": 0.4, "ordre": 1}, "region": {"part": 0.6, "ordre": 2}}
    assert shared(PRIORITE, **rows) == {"employeur": 1, "region": 0}
    assert shared(FRACTION, **rows) == {"employeur": 0.4, "region": 0.6}


def test_the_next_in_order_when_the_first_has_ended() -> None:
    rows = {"employeur": {"ordre": 1, "date_fin": "2025-12-31"}, "region": {"ordre": 2}}
    assert shared(PRIORITE, **rows) == {"employeur": 0, "region": 1}


@pytest.mark.parametrize("partage", ["fraction", "priorite"])
def test_under_prorata_who_is_left_takes_the_place_from_that_day(partage: str) -> None:
    rows = {"employeur": {"ordre": 1, "date_fin": "2026-06-30"}, "region": {"ordre": 2}}
    found = shared({"logement_partage": partage, "regle_echeance": "prorata"}, **rows)
    first = 181 / 365 / (2 if partage == "fraction" else 1)
    assert found == pytest.approx({"employeur": first, "region": 1 - first})


def test_parts_below_one_leave_the_rest_to_nobody_and_it_is_said() -> None:
    quotas = converted([{"id_reservataire": "employeur", "id_logement": "A-00001", "part": 0.25}])
    assert quotas.etat_des_lieux["nb_compte"].sum() == 0.25
    assert any("ne font pas 1" in note for note in quotas.avertissements)


@pytest.mark.parametrize(
    ("choix", "rows"),
    [
        (FRACTION, [{"part": 0.7}, {"part": 0.7}]),
        (FRACTION, [{"part": 0.7}, {}]),
        (FRACTION, [{}, {}]),
        (PRIORITE, [{"ordre": 1}, {"ordre": 1}]),
        (PRIORITE, [{"ordre": 1}, {"part": 0.5}]),
    ],
)
def test_too_many_rights_on_one_dwelling_are_refused_or_reduced(
    choix: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    holders = dict(zip(("employeur", "region"), rows, strict=True))
    with pytest.raises(flux.DataError) as caught:
        shared(choix, **holders)
    assert caught.value.code == "reservations.sur_reservation.logement"
    assert ("même ordre" in str(caught.value)) == (rows == [{"ordre": 1}, {"ordre": 1}])
    assert sum(shared(choix | REDUIT, **holders).values()) == pytest.approx(1)


def test_on_no_day_may_more_than_a_dwelling_be_asked() -> None:
    rows = {"employeur": {"date_fin": "2026-03-31"}, "region": {"date_debut": "2026-03-31"}}
    with pytest.raises(flux.DataError):  # the last day of one is the first of the other
        shared({"regle_echeance": "prorata"}, **rows)
    rows["region"] = {"date_debut": "2026-04-01"}
    assert sum(shared({"regle_echeance": "prorata"}, **rows).values()) == pytest.approx(1)


def test_weights_never_pass_the_dwelling() -> None:
    three = share_dwelling((Tenu(0, 365), Tenu(0, 100, 0.5), Tenu(50, 365, None, 1)), 365, "fraction")
    assert sum(three.poids) == 1 and three.demande == 2


# ── over-reservation of a programme, overrun of a territory ───────────────────────────────────────


def test_over_reservation_and_overrun_are_told_apart() -> None:
    parc = [*logements(10, "00001", "A"), *logements(90, "00002", "B")]
    rights = [
        {"id_reservataire": "commune_00001"} | A | {"nb": 8, "contrepartie": "foncier"},
        {"id_reservataire": "action_logement"} | A | {"nb": 4},
    ]
    quotas = converted(rights, parc, choix=REDUIT)
    [row] = quotas.sur_reservations.to_dict("records")
    assert (row["programme"], row["nb_droits"], row["nb_logements"]) == ("A", 12.0, 10)
    assert situations(quotas) == ["reduit", "reduit"]
    assert quotas.etat_des_lieux["nb_compte"].tolist() == pytest.approx([80 / 12, 40 / 12])
    assert any("sur-réservations" in note for note in quotas.avertissements)
    assert quotas.reductions.empty  # the flow of 00001 is 1: 0.67 for the commune, 0.3 for the State
    full = [
        {"id_reservataire": "commune_00001"} | A | {"nb": 10, "contrepartie": "foncier"},
        {"id_reservataire": "action_logement", "programme": "B", "commune": "00002", "nb": 4},
    ]
    quotas = converted(full, parc, choix=REDUIT)
    assert quotas.sur_reservations.empty and situations(quotas) == ["compte", "compte"]
    assert set(quotas.reductions["territoire_code"]) == {"00001"}


# ── stock exceptions, by the law of the day ───────────────────────────────────────────────────────


def test_hospitals_are_excepted_since_2022_only() -> None:
    rights = [
        {"id_reservataire": "hopital", "id_logement": "A-00001"},
        {"id_reservataire": "defense_securite", "id_logement": "A-00002"},
    ]
    today = converted(rights)
    assert situations(today) == ["exception_stock"] * 2
    assert today.exact["base"] == 98
    before = converted(rights, law={"convention": {"date": "2021-01-01"}})
    assert situations(before) == ["compte", "exception_stock"]
    assert before.exact["base"] == 99
    assert any("n'excepte pas du flux" in note for note in before.avertissements)


def test_a_dwelling_kept_in_stock_and_sold_owes_another_one() -> None:
    sold = logements(4, "00001", "S", date_sortie="2025-06-30", motif_sortie="vente_occupant")
    sold[1] = sold[1] | {"motif_sortie": "demolition"}
    quotas = converted(
        [
            *({"id_reservataire": "hopital", "id_logement": f"S-0000{n}"} for n in (1, 2)),
            {"id_reservataire": "hopital", "id_logement": "S-00003", "date_fin": "2025-01-01"},
            {"id_reservataire": "hopital", "id_logement": "A-00001"},
        ],
        [*logements(100, "00001", "A"), *sold],
    )
    table = quotas.exceptions_stock
    assert table["remplacement_du"].tolist() == [True, False, False, False]
    assert table["situation"].tolist() == ["sorti", "sorti", "termine", "exception_stock"]


# ── expiries ──────────────────────────────────────────────────────────────────────────────────────


def test_expiries_by_cause_and_what_they_take() -> None:
    parc = [
        *logements(50, "00001", "A"),
        *logements(2, "00001", "V", date_sortie="2027-01-01", motif_sortie="vente_occupant"),
        *logements(2, "00001", "D", date_sortie="2025-03-01", motif_sortie="demolition"),
    ]
    one = {"id_reservataire": "employeur"}
    guaranteed = {"id_reservataire": "commune_00001", "contrepartie": "garantie"}
    quotas = converted(
        [
            one | A | {"nb": 7, "date_fin": "2026-06-30"},
            guaranteed | A | {"nb": 5, "date_remboursement": "2020-05-01"},
            one | {"id_logement": "V-00001", "date_fin": "2030-12-31"},
            one | {"programme": "D", "commune": "00001", "nb": 2},
            one | A | {"nb": 1, "date_fin": "2031-01-01"},
            one | A | {"nb": 1, "date_fin": "2024-12-31"},
            one | A | {"nb": 1, "type_droit": "unique", "annee_prevue": 2027},
            one | A | {"nb": 1, "date_debut": "2026-02-01", "date_fin": "2026-03-01"},
        ],
        parc,
    )  # fmt: skip
    rows = quotas.echeances[["cause", "date", "annee_effet", "effet_droits", "ligne"]]
    assert [tuple(r) for r in rows.itertuples(index=False)] == [
        ("demolition", pd.Timestamp(2025, 3, 1), 2026, -2.0, 5),
        ("remboursement", pd.Timestamp(2025, 5, 1), 2026, -5.0, 3),
        ("contrat", pd.Timestamp(2026, 3, 1), 2027, 0.0, 9),
        ("contrat", pd.Timestamp(2026, 6, 30), 2027, -7.0, 2),
        ("vente", pd.Timestamp(2027, 1, 1), 2027, -1.0, 4),
    ]
    assert quotas.echeances["article"].notna().all()


def test_an_expiry_takes_what_the_next_year_no_longer_counts() -> None:
    rights = [
        {"id_reservataire": "employeur"} | A | {"nb": 7, "date_fin": "2026-06-30"},
        {"id_reservataire": "employeur"} | A | {"nb": 9},
    ]
    now, then = converted(rights), converted(rights, annee=2027)
    lost = now.echeances.loc[now.echeances["annee_effet"] == 2027, "effet_droits"].sum()
    counts = [q.table.set_index("id_reservataire").loc["employeur", "nb_droits"] for q in (now, then)]
    assert counts[0] + lost == counts[1]


# ── speed ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_tables_are_made_once_and_never_touch_the_dossier() -> None:
    quotas = converted([{"id_reservataire": "employeur"} | A | {"nb": 7, "date_fin": dt.date(2026, 6, 30)}])
    before = quotas.dossier.reservations.copy(deep=True)
    assert quotas.etat_des_lieux is quotas.etat_des_lieux
    assert quotas.echeances is quotas.echeances
    pd.testing.assert_frame_equal(quotas.dossier.reservations, before)


def test_thirty_thousand_rights_take_no_minute() -> None:
    parc = logements(30_000, "00001", "A")
    rights = [{"id_reservataire": "employeur", "id_logement": row["id_logement"]} for row in parc]
    quotas = converted(rights, parc)
    start = perf_counter()
    assert quotas.etat_des_lieux["nb_compte"].sum() == 30_000
    assert len(quotas.echeances) == 0
    assert perf_counter() - start < 10
