"""Communes of today, of yesterday, and of nowhere; who is under the 25 % duty."""

from __future__ import annotations

import pandas as pd
import pytest

from flux.dossier import read_dossier
from flux.dossier.communes import cog, territoires_plh

CONVENTION = (
    '[bailleur]\ndepartement = "72"\n[convention]\nannee = 2026\n[hypotheses]\ntaux_rotation = 0.073\n'
)
LOGEMENTS = "id_logement;commune;qpv;typologie;financement\n"
ONE = "id_reservataire;id_logement\nprefet;L1\n"


def read(ecrire, commune: str, *, qpv: str = "non", **tables: str):
    """A dossier of one dwelling, in the département of its commune."""
    return read_dossier(
        ecrire(
            convention=CONVENTION.replace('"72"', f'"{commune[:2]}"'),
            logements=f"{LOGEMENTS}L1;{commune};{qpv};T2;PLUS\n",
            reservations=ONE,
            **tables,
        )
    )


def test_the_shipped_list():
    kinds = cog()["type"].value_counts().to_dict()
    assert kinds == {"commune": 34969, "ancienne": 4240, "arrondissement": 45}
    assert cog().index.is_unique
    today = set(cog().index[cog()["type"] == "commune"])
    targets = {code for codes in cog()["actuelles"].dropna() for code in codes.split()}
    assert targets <= today


@pytest.mark.parametrize(("written", "commune"), [("75112", "75056"), ("69383", "69123"), ("13208", "13055")])
def test_arrondissements_nest_in_their_commune(ecrire, written, commune):
    dossier = read(ecrire, written)
    assert dossier.logements["commune"].tolist() == [commune]
    assert [a.code for a in dossier.reparations] == ["logements.commune.arrondissement"]


def test_a_merged_commune_is_followed_and_said(ecrire):
    dossier = read(ecrire, "01340")
    assert dossier.logements["commune"].tolist() == ["01015"]
    [anomaly] = dossier.reparations
    assert anomaly.code == "logements.commune.fusion"
    assert "01340 devient 01015 Arboys en Bugey (fusion de 2016)" in anomaly.message


@pytest.mark.parametrize(
    ("commune", "obligation", "origine", "territoire"),
    [
        ("72181", True, "presumee_l302_1", "247200132"),  # communauté urbaine
        ("75056", True, "presumee_l302_1", "75056"),  # Paris
        ("93001", True, "presumee_l302_1", "200057867"),  # EPT
        ("69123", True, "presumee_l302_1", "200046977"),  # métropole de Lyon
        ("74042", False, "presumee_l302_1", "200000172"),  # communauté de communes under 30,000 inhabitants
    ],
)
def test_the_presumed_duty(ecrire, commune, obligation, origine, territoire):
    row = read(ecrire, commune).communes.iloc[0]
    assert (
        row["obligation_25"],
        row["obligation_origine"],
        row["obligation_territoire"],
        row["origine"],
    ) == (obligation, origine, territoire, "cog")


def test_a_dwelling_in_qpv_presumes_the_duty(ecrire):
    row = read(ecrire, "74042", qpv="oui").communes.iloc[0]
    assert (row["obligation_25"], row["obligation_origine"]) == (True, "presumee_qpv")


def test_territoires_prevail(ecrire):
    row = read(ecrire, "72181", territoires="commune;obligation_25;carencee\n72181;non;oui\n").communes.iloc[
        0
    ]
    assert (row["obligation_25"], row["obligation_origine"], row["carencee"]) == (False, "territoires", True)
    assert (row["nom"], row["epci"], row["origine"]) == ("Le Mans", "247200132", "territoires")


def test_a_commune_of_nowhere_declared_in_territoires(ecrire):
    territoires = (
        "commune;nom;departement;epci;epci_nom;obligation_25\n72999;Mire;72;999999999;Val de Mire;oui\n"
    )
    dossier = read(ecrire, "72999", territoires=territoires)
    row = dossier.communes.iloc[0]
    assert (row["nom"], row["departement"], row["epci_nom"], row["obligation_25"]) == (
        "Mire",
        "72",
        "Val de Mire",
        True,
    )
    assert dossier.reparations == ()


def test_the_types_of_communes(ecrire):
    frame = read(ecrire, "72181").communes
    assert [str(frame[c].dtype) for c in ("obligation_25", "carencee", "zone_tendue")] == ["boolean"] * 3
    assert frame["ept"].isna().all() and pd.isna(frame.loc[0, "carencee"])


def test_who_must_have_a_programme():
    held = territoires_plh()
    assert "200054781" not in held  # the métropole du Grand Paris: its EPT stand for it
    assert "75056" in held and len(held) == 366
