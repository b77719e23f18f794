"""The register against CONTRESLOG: what agrees, what contradicts, what nobody can tell."""

from __future__ import annotations

from collections import Counter
from datetime import date
from io import StringIO

import pandas as pd
import pytest

from flux.dossier.rpls.contingents import ACCORD, CONTRADICTION, INCONNU, recouper
from flux.dossier.schemas import TABLES
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, check


def table(nom: str, text: str) -> pd.DataFrame:
    raw = pd.read_csv(StringIO(text), sep=";", dtype=str)
    raw[LIGNE] = pd.Series(range(2, len(raw) + 2), dtype="Int64")
    frame, found = check(raw, TABLES[nom], Source(fichier=nom))
    assert not [a for a in found if a.gravite == "bloquant"]
    return frame


RESERVATAIRES = table(
    "reservataires",
    "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
    "prefet;P;etat_prioritaires;departement;72\nals;A;action_logement;departement;72\n"
    "ville;V;commune;commune;72181\n",
)
DROITS = "id_reservataire;id_logement;programme;commune;nb;type_droit;date_fin\n"


def logements(*codes: str) -> pd.DataFrame:
    rows = "".join(f"L{i};72181;non;T3;PLUS;P1;{code}\n" for i, code in enumerate(codes))
    return table("logements", "id_logement;commune;qpv;typologie;financement;programme;contingent\n" + rows)


def constats(stock: pd.DataFrame, droits: str, au: date | None = None) -> dict[str, int]:
    found = recouper(stock, table("reservations", DROITS + droits), RESERVATAIRES, au=au)
    return dict(Counter({c: int(n) for c, n in found.groupby("constat")["nb"].sum().items()}))


@pytest.mark.parametrize(
    ("code", "holder", "constat"),
    [
        ("2", "prefet", ACCORD),
        ("3", "als", ACCORD),
        ("41", "ville", ACCORD),
        ("4", "ville", ACCORD),
        ("42", "ville", CONTRADICTION),
        ("7", "ville", CONTRADICTION),
        ("8", "ville", INCONNU),
        ("0", "als", INCONNU),
    ],
)
def test_a_dwelling_that_the_register_names(code: str, holder: str, constat: str) -> None:
    assert constats(logements(code), f"{holder};L0;;;;;\n") == {constat: 1}


def test_a_dwelling_that_nobody_reserves() -> None:
    assert constats(logements("7", "7", "2", "8"), "") == {ACCORD: 2, CONTRADICTION: 1, INCONNU: 1}


def test_rights_on_a_programme_are_compared_by_number() -> None:
    assert constats(logements("2", "2", "7", "3"), "prefet;;P1;72181;2;;\nals;;P1;72181;1;;\n") == {ACCORD: 4}
    # the State's rights that name no dwelling may lie under code 7; the commune's may not
    assert constats(logements("7", "7"), "prefet;;P1;72181;1;;\n") == {ACCORD: 1, INCONNU: 1}
    assert constats(logements("7", "7"), "ville;;P1;72181;1;;\n") == {ACCORD: 2, CONTRADICTION: 1}
    # after the switch, nothing contradicts
    assert constats(logements("8", "8"), "ville;;P1;72181;1;;\n") == {INCONNU: 2}


def test_rights_that_ended_and_single_rights_are_left_out() -> None:
    ended = "ville;L0;;;;;31/12/2025\n"
    assert constats(logements("7"), ended, au=date(2026, 1, 1)) == {ACCORD: 1}
    assert constats(logements("7"), ended, au=date(2025, 1, 1)) == {CONTRADICTION: 1}
    assert constats(logements("7"), "ville;L0;;;;unique;\n") == {ACCORD: 1}


@pytest.mark.parametrize(
    ("holder", "contrepartie", "remboursement", "constat"),
    [
        ("ville", "garantie", "01/01/2021", CONTRADICTION),  # alive until the day itself: code 7 is wrong
        ("ville", "garantie", "31/12/2020", ACCORD),
        ("ville", "garantie", "", ACCORD),  # no repayment: its written end
        ("ville", "foncier", "01/01/2024", ACCORD),
        ("als", "garantie", "01/01/2024", ACCORD),  # no extension for other guarantors
    ],
)
def test_a_guarantee_lives_five_years_after_the_loan(holder, contrepartie, remboursement, constat) -> None:
    rights = table(
        "reservations",
        "id_reservataire;id_logement;contrepartie;date_fin;date_remboursement\n"
        f"{holder};L0;{contrepartie};31/12/2022;{remboursement}\n",
    )
    found = recouper(logements("7"), rights, RESERVATAIRES, au=date(2026, 1, 1))
    assert found["constat"].tolist() == [constat]


def test_a_dwelling_gone_is_left_out() -> None:
    stock = logements("3", "3", "3")
    stock = stock.assign(
        date_sortie=pd.to_datetime(["2025-12-31", "2026-06-30", None]).astype("datetime64[s]"),
        motif_sortie=[None, None, "demolition"],
    )
    found = recouper(stock, table("reservations", DROITS + "als;L0;;;;;\nals;L1;;;;;\nals;L2;;;;;\n"),
                     RESERVATAIRES, au=date(2026, 1, 1))  # fmt: skip
    assert found["id_logement"].tolist() == ["L1"]


def test_each_dwelling_declared_is_counted_once() -> None:
    stock = logements(*"0123456789", "41", "42")
    droits = "prefet;L2;;;;;\nville;;P1;72181;1;;\n"
    found = recouper(stock, table("reservations", DROITS + droits), RESERVATAIRES)
    lone = found["motif"].eq("droit au registre, autre contingent ou aucun au RPLS") & found["contingent"].eq(
        "aucun"
    )
    assert found.loc[~lone, "nb"].sum() == len(stock)


def test_nothing_declared_nothing_compared() -> None:
    assert recouper(logements(""), table("reservations", DROITS), RESERVATAIRES).empty
