"""The sample that tells every stage: what is counted once, what is absent, what reads as French."""

import re

import pandas as pd
import pytest

from flux import draft_bilan
from flux.bilan.decompte import realised

ANNEE = 2025


@pytest.fixture(scope="module")
def report(echantillon):
    return draft_bilan(echantillon, annee=ANNEE)


@pytest.fixture(scope="module")
def moves(echantillon):
    rows = echantillon.mouvements
    return rows.loc[(rows["annee"] == ANNEE) & (rows["nature"] == "relocation")]


def test_a_dwelling_oriented_anew_after_a_refusal_of_the_caleol_counts_once(report, moves):
    rows = report.faits.comptes
    oriented = moves.loc[moves["etape"] == "orientation"]
    assert rows["refus_caleol"].sum() == (oriented["issue"] == "refus_caleol").sum() > 0
    assert rows["non_comptes"].sum() == rows["refus_caleol"].sum()
    assert (rows["compte"] == rows["nb_orientes"] - rows["non_comptes"]).all()


def test_nothing_is_excused_below_what_was_leased(echantillon, with_table, moves):
    """Two refusals, one orientation beyond that of the lease: only one of them was counted in excess."""
    whose = moves.loc[moves["etape"] == "bail"].iloc[[0]].assign(etape="orientation", issue="aucune")
    own = moves["id_logement"] == whose["id_logement"].iloc[0]
    failed = [whose.assign(issue=i) for i in ("refus_caleol", "sans_candidat")]
    rows = pd.concat([moves.loc[~own | (moves["etape"] == "bail")], *failed])
    dossier = with_table(echantillon, "mouvements", rows).with_choix(compte_sans_candidat=False)
    journal = draft_bilan(dossier, annee=ANNEE).faits.journal
    got = realised(dossier, journal).groupby("porteur")["non_comptes"].sum()
    without = with_table(echantillon, "mouvements", moves.loc[~own]).with_choix(compte_sans_candidat=False)
    told = realised(without, draft_bilan(without, annee=ANNEE).faits.journal)
    holder = whose["id_reservataire"].iloc[0]
    assert got[holder] - told.groupby("porteur")["non_comptes"].sum()[holder] == 1


def test_stages_that_mutations_do_not_tell_are_absent_not_zero(report):
    rows = report.table.set_index("porteur")
    assert rows.loc["hors_flux", ["nb_proposes", "nb_attribues"]].isna().all()
    assert rows.drop(index="hors_flux").notna().all(axis=None)
    frame = report.tableau("relogements.categories").frame
    assert frame["nb_attribues"].isna().all()
    section = next(s for s in report.sections if s.cle == "relogements")
    assert any(p.startswith("Attribués : non calculable") for p in section.puces)


def test_a_difference_with_what_was_declared_names_what_is_out_of_scope(report):
    section = next(s for s in report.sections if s.cle == "relogements")
    assert section.puces[0].endswith("144 baux dans « mouvements », et 2 hors du champ de la convention.")


def test_no_plural_is_left_to_the_reader(report):
    said = [t for s in report.sections for t in (*s.paragraphes, *s.puces)]
    assert not [t for t in said if re.search(r"\((s|x|baux)\)", t)]


def test_what_is_unknown_is_counted_on_the_base_of_the_table(report):
    section = next(s for s in report.sections if s.cle == "objectifs")
    whole = report.tableau("objectifs.mixite").frame.query("arrete.str.contains('douze')")
    assert f" sur {whole['base'].sum()} ;" in section.puces[0]


def test_no_table_is_laid_out_empty(val, with_table):
    """Leases that name nobody, a register without the State: no account can be told."""
    moves = val.mouvements.assign(id_reservataire=None)
    dossier = with_table(val, "mouvements", moves)
    rights = val.reservations.loc[~val.reservations["id_reservataire"].str.startswith("etat")]
    report = draft_bilan(with_table(dossier, "reservations", rights), annee=ANNEE)
    assert report.quotas is None
    assert not [t.cle for s in report.sections for t in s.tableaux if t.frame.empty]
    assert all(p.endswith(".") for s in report.sections for p in s.paragraphes)
