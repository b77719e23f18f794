"""B5: the targets at the half-year stops, equal to a count by pandas on the files."""

from math import ceil

import pandas as pd
import pytest

from flux import draft_bilan
from flux.annexe.masque import MASQUE

ANNEE = 2025
RELOGES = ["relogement_ru", "relogement_orcod"]


def periods(rows):
    early = rows["date"] <= f"{ANNEE}-06-30"
    return [rows.loc[early], rows.loc[~early], rows]


def rows_of(report, objectif):
    frame = report.tableau("objectifs.mixite").frame
    return frame.loc[frame["objectif"] == objectif]


def test_first_quartile_outside_qpv(bilan, baux):
    mine = baux.loc[(baux["qpv"] == "hors QPV") & (baux["porteur"] != "hors_champ")]
    got = rows_of(bilan, "q1_hors_qpv")
    for (_, row), rows in zip(got.iterrows(), periods(mine), strict=True):
        moved = rows["nature_x"].isin(RELOGES)
        direct = ((rows["quartile"] == "q1") & ~moved).sum()
        reached = direct + moved.sum()
        assert [row["base"], row["atteint_direct"], row["releges"]] == [len(rows), direct, moved.sum()]
        assert row["part_atteinte"] == pytest.approx(reached / len(rows))
        assert row["manque"] == max(0, ceil(0.25 * len(rows) - reached))


def test_other_quartiles_in_qpv(bilan, baux):
    mine = baux.loc[(baux["qpv"] == "en QPV") & (baux["porteur"] != "hors_champ")]
    got = rows_of(bilan, "autres_qpv")
    for (_, row), rows in zip(got.iterrows(), periods(mine), strict=True):
        assert [row["base"], row["atteint_direct"]] == [len(rows), (rows["quartile"] == "q234").sum()]
        assert row["manque"] == max(0, ceil(0.5 * len(rows) - row["atteint_direct"]))


def test_qpv_counts_the_event_of_the_convention(val):
    asked = val.with_choix(qpv_evenement="attribution")
    frame = draft_bilan(asked, annee=ANNEE).tableau("objectifs.mixite").frame
    assert set(frame["objectif"]) == {"q1_hors_qpv"}  # no attribution is written: nothing is counted


def test_dalo_and_priority_by_holder(val, baux):
    report = draft_bilan(val, annee=ANNEE, seuil_masque=1)
    got = report.tableau("objectifs.dalo").frame.set_index("porteur")
    rows = baux.loc[~baux["porteur"].isin(["hors_flux", "hors_champ"])]
    for ident, row in got.iterrows():
        mine = rows.loc[rows["porteur"] == ident]
        counts = mine["priorite"].value_counts()
        assert [row["base"], row["dalo"], row["prioritaire"]] == [
            *(len(mine), counts.get("dalo", 0), counts.get("prioritaire", 0))
        ]
        assert row["base_semestre"] == (mine["date"] <= f"{ANNEE}-06-30").sum()
        asked = 1.0 if ident == "etat_prioritaires" else 0.25
        reached = row["dalo"] + row["prioritaire"]
        assert row["manque"] == max(0, ceil(asked * len(mine)) - reached)
    # the law asks nothing of employers, hospitals, defence, nor of the State's agents
    assert not {"employeur", "hopital", "defense", "etat_agents"} & set(got.index)


def test_small_counts_of_a_commune_are_masked(bilan):
    table = bilan.tableau("objectifs.dalo")
    rows = table.frame.set_index("porteur")
    assert (rows.loc["commune_00104", ["dalo", "prioritaire", "part_atteinte", "manque"]] == MASQUE).all()
    assert rows.loc["commune_00104", "base"] == 5
    assert rows.loc["action_logement", "dalo"] == 2  # its territory is the département
    assert "nombre masqué" in table.note
    own = bilan.pour("commune_00104").tableau("objectifs.dalo").frame
    assert own["dalo"].tolist() == [MASQUE]


def test_attributions_prevail_over_leases(bilan_complet):
    assert "attributions de l'année" in bilan_complet.tableau("objectifs.dalo").note


def test_a_lease_without_a_day_is_in_no_half_year(val, with_table):
    moves = val.mouvements.copy()
    year = moves.index[moves["annee"] == ANNEE]
    moves.loc[year[:100], "date"] = pd.NaT
    report = draft_bilan(with_table(val, "mouvements", moves), annee=ANNEE)
    frame = rows_of(report, "q1_hors_qpv")
    first, second, whole = frame["base"]
    assert first + second < whole
    assert "100 baux sans date" in " ".join(report.sections[4].puces)


def test_years_written_as_dates_are_no_days(val, with_table):
    moves = val.mouvements.assign(date=pd.to_datetime(val.mouvements["annee"].astype(str), format="%Y"))
    report = draft_bilan(with_table(val, "mouvements", moves), annee=ANNEE)
    assert report.tableau("objectifs.mixite").frame["arrete"].nunique() == 1
    assert report.tableau("objectifs.dalo").frame["base_semestre"].isna().all()
    assert "non calculables" in " ".join(report.sections[4].puces)


def test_what_the_parties_ask_beyond_the_law(val, with_table):
    asked = pd.DataFrame(
        [
            ("q1_hors_qpv", "cil", "000000100", None, 0.3, "CIL du 3 mars"),
            ("dalo_prioritaires", "cia", None, "action_logement", 0.4, "CIA 2024"),
            ("dalo_prioritaires", "cia", None, "departement", 0.1, "CIA 2024"),
        ],
        columns=["objectif", "niveau", "territoire_code", "id_reservataire", "part", "source"],
    )
    report = draft_bilan(with_table(val, "objectifs", asked), annee=ANNEE)
    shares = rows_of(report, "q1_hors_qpv")
    assert shares["part_demandee"].tolist() == [0.25] * 3 + [0.3] * 3
    assert shares["manque"].iloc[-1] == ceil(0.3 * 446) - 95
    duties = report.tableau("objectifs.dalo").frame.set_index("porteur")
    assert duties.loc["action_logement", "part_demandee"] == 0.4
    assert duties.loc["departement", "part_demandee"] == 0.25  # never less than the law
    assert "CIA 2024" in report.tableau("objectifs.dalo").article
