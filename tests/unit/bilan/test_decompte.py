"""B4: what was due, what is counted, what is carried over, under each choice of the convention."""

import pandas as pd
import pytest

from flux import convert, draft_bilan
from flux.bilan.decompte import declared_quotas, realised

ANNEE = 2025


def accounts(report):
    return report.faits.comptes.set_index("porteur")


def test_the_balance_adds_up_to_that_of_the_conversion(bilan, val):
    """Were every quota served exactly, the closing balance would be that of the conversion."""
    quotas = convert(val.with_annee(ANNEE))
    rows = accounts(bilan).drop(index="bailleur")
    served = rows["solde_cloture"].astype(float) + rows["compte"].astype(float) - rows["quota"].astype(float)
    theory = quotas.soldes.groupby("id_reservataire")["solde"].sum().reindex(served.index).fillna(0)
    pd.testing.assert_series_equal(served, theory, check_names=False, atol=1e-9)


def test_counted_are_the_leases_of_the_flow_when_nothing_else_is_known(bilan, baux, val):
    stock = val.reservations.loc[val.reservations["mode"] == "stock", "id_logement"].dropna()
    mine = baux.loc[
        (baux["nature_x"] == "relocation")
        & ~baux["porteur"].isin(["hors_flux", "hors_champ"])
        & ~baux["id_logement"].isin(stock)
    ]
    wanted = mine.groupby("porteur")["nb"].sum()
    got = accounts(bilan)["compte"].astype(int)
    assert got.loc[got > 0].to_dict() == wanted.to_dict()
    assert "les baux en tiennent lieu" in " ".join(bilan.sections[3].puces)


def test_first_lettings_are_apart_or_counted(val):
    apart = draft_bilan(val, annee=ANNEE).faits.comptes["compte"].sum()
    inside = draft_bilan(val.with_choix(premieres_locations="dans_le_flux"), annee=ANNEE)
    moves = val.mouvements
    first = ((moves["annee"] == ANNEE) & (moves["nature"] == "premiere_location")).sum()
    assert inside.faits.comptes["compte"].sum() == apart + first


def test_orientations_are_counted_less_what_the_convention_excuses(bilan_complet):
    rows = accounts(bilan_complet)
    assert rows[["sans_candidat", "refus_candidat", "refus_caleol"]].sum().tolist() == [8, 8, 8]
    assert rows[["remis_bailleur", "remis_maire"]].sum().tolist() == [8, 8]
    assert rows["nb_orientes"].sum() == rows["nb_baux"].sum() + 40
    assert rows["non_comptes"].sum() == 8  # by default, only what the CALEOL refused
    assert (rows["compte"] == rows["nb_orientes"] - rows["non_comptes"]).all()


@pytest.mark.parametrize(
    ("choix", "excused"),
    [
        ({"compte_refus_caleol": True}, 0),
        ({"compte_sans_candidat": False}, 16),
        ({"compte_sans_candidat": False, "compte_refus_candidat": False}, 24),
    ],
)
def test_each_choice_excuses_its_failures(complet, choix, excused):
    rows = draft_bilan(complet.with_choix(**choix), annee=ANNEE).faits.comptes
    assert rows["non_comptes"].sum() == excused
    assert rows["compte"].sum() == rows["nb_orientes"].sum() - excused


@pytest.mark.parametrize(("event", "column"), [("attribution", "nb_attribues"), ("bail", "nb_baux")])
def test_another_event_counts_its_own_rows(complet, event, column):
    rows = draft_bilan(complet.with_choix(evenement_decompte=event), annee=ANNEE).faits.comptes
    assert (rows["compte"] == rows[column]).all()


def test_a_failure_written_at_two_stages_counts_once_and_not_at_all_once_leased(val, with_table):
    moves = val.mouvements
    lease = moves.loc[(moves["annee"] == ANNEE) & (moves["nature"] == "relocation")].head(2)
    oriented = lease.assign(etape="orientation")
    refused = [lease.head(1).assign(etape=e, issue="refus_caleol") for e in ("proposition", "attribution")]
    other = lease.tail(1).assign(etape="proposition", issue="refus_caleol")
    dossier = with_table(val, "mouvements", pd.concat([lease.head(1), oriented, *refused, other]))
    rows = realised(dossier, draft_bilan(dossier, annee=ANNEE).faits.journal)
    assert rows["refus_caleol"].sum() == 2
    assert rows["non_comptes"].sum() == 1  # the first dwelling was leased in the end
    assert rows["compte"].sum() == 1


def test_balances_are_ready_for_the_next_year(bilan):
    rows = accounts(bilan).drop(index="bailleur")
    sums = bilan.soldes.groupby("id_reservataire")["solde"].sum()
    for ident, closing in rows["solde_cloture"].astype(float).items():
        assert sums.get(ident, 0.0) == pytest.approx(closing, abs=1e-9)
    assert set(bilan.soldes["annee"]) == {ANNEE}
    assert "bailleur" not in set(bilan.soldes["id_reservataire"])


def test_the_next_conversion_takes_the_closing_balances(bilan, val, with_table):
    following = convert(with_table(val, "soldes", bilan.soldes))
    carried = following.table.set_index("id_reservataire")["solde_reporte"]
    closing = accounts(bilan)["solde_cloture"].astype(float)
    assert carried["action_logement"] == pytest.approx(closing["action_logement"], abs=1e-9)


def test_quotas_of_the_accounts_prevail(val, with_table):
    rows = pd.DataFrame(
        [
            ("action_logement", ANNEE, "00101", 0.0, ANNEE, 99.0),
            ("epci", ANNEE - 1, "00101", 0.0, 2024, 4.0),
            ("epci", ANNEE, "00101", 0.0, 2024, 9.0),
            ("departement", ANNEE, "00101", 0.0, 2024, 9.0),
        ],
        columns=["id_reservataire", "annee", "commune", "solde", "annee_ouverture", "nb_cumule"],
    )
    dossier = with_table(val, "soldes", rows)
    assert declared_quotas(dossier.with_annee(ANNEE)).to_dict() == {"action_logement": 99, "epci": 5}
    report = draft_bilan(dossier, annee=ANNEE)
    assert accounts(report).loc["action_logement", "quota"] == 99
    assert "lus dans les comptes" in " ".join(report.sections[3].puces)
