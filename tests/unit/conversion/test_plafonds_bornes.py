"""Ceilings at their bounds: each test holds one comparison, one bound or one order that nothing else saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.conversion.arrondi import Plafond, apportion
from flux.conversion.plafonnement import state_ceiling
from flux.dossier import Dossier
from flux.noyau.provenance import Figure

BAILLEUR = "bailleur"


def plafond(*membres: str, nb: str, **more: Any) -> Plafond:
    part = Figure(valeur=Fraction(1), nom="part maximale", unite="part", article=more.pop("article", None))
    return Plafond("groupe", "00", membres, part, Fraction(nb), Fraction(0), cumule=False, **more)


def exacts(**values: str) -> dict[str, Fraction]:
    return {k: Fraction(v) for k, v in values.items()}


def test_a_ceiling_says_its_text_or_nothing() -> None:
    assert plafond("a", nb="1", article="CCH, art. R. 441-5-3").article == "CCH, art. R. 441-5-3"
    assert plafond("a", nb="1").article == ""


def test_with_its_account_a_ceiling_counts_all_that_flowed_less_all_that_was_given() -> None:
    opened = plafond("a", nb="2.5").with_account(Fraction(4), 3)
    assert (opened.flux, opened.nb_ouverture, opened.cumule, opened.nb) == (Fraction(13, 2), 3, True, 3)


def test_a_ceiling_over_several_communes_is_the_sum_of_theirs_and_no_floor_of_the_sum() -> None:
    parts = (plafond("a", nb="1.9"), plafond("b", nb="2.9"))
    assert plafond("a", "b", nb="4.8", parties=parts).nb == 3


def test_what_a_member_holds_without_guarantee_takes_nothing_from_the_others() -> None:
    held = plafond("a", "b", nb="2", tolere={"a": 3})
    assert held.charge({"a": 1, "b": 1}) == 1
    assert held.charge({"a": 4, "b": 1}) == 2
    assert (held.limite, held.of("a"), held.of("b")) == (5, 5, 2)
    assert held.allows({"a": 4, "b": 0, "c": 9}, "b")
    assert not held.allows({"a": 4, "b": 1, "c": 9}, "b")
    assert held.allows({"a": 4, "b": 1, "c": 9}, "c")


def test_nobody_is_refused_where_the_ceiling_is_just_what_is_due() -> None:
    rounded = apportion(
        exacts(a="0.5", b="0.5", bailleur="0"), 1, [plafond("a", "b", nb="1")], reste=BAILLEUR)
    assert rounded.nb == {"a": 1, "b": 0, "bailleur": 0}
    assert rounded.refuses == frozenset()


def test_whole_parts_above_a_ceiling_are_cut_in_proportion_of_the_exact_dues() -> None:
    """Cut to the floors of 3.25 and 1.75; of two equal remainders, the larger due has the next dwelling."""
    rounded = apportion(
        exacts(a="6.5", b="3.5", c="0.5", bailleur="1.5"), 12, [plafond("a", "b", nb="5")], reste=BAILLEUR)
    assert rounded.nb == {"a": 4, "b": 1, "c": 1, "bailleur": 6}
    assert rounded.refuses == {"a", "b"}


def test_whole_parts_just_at_a_ceiling_are_not_cut() -> None:
    """6 and 1 fill a ceiling of 7; in proportion of the dues, 6 × 7 ÷ 7.9 would have been 5."""
    rounded = apportion(
        exacts(a="6", b="1.9", bailleur="1.1"), 9, [plafond("a", "b", nb="7")], reste=BAILLEUR)
    assert rounded.nb == {"a": 6, "b": 1, "bailleur": 2}
    assert rounded.refuses == {"b"}


def test_who_is_due_nothing_is_refused_nothing() -> None:
    rounded = apportion(exacts(a="3", b="0", bailleur="0"), 3, [plafond("a", "b", nb="2")], reste=BAILLEUR)
    assert rounded.nb == {"a": 2, "b": 0, "bailleur": 1} and rounded.refuses == {"a"}


def test_what_ceilings_refuse_goes_to_the_bailleur_and_to_nobody_whose_due_is_whole() -> None:
    ceilings = [plafond("b", nb="1"), plafond("c", nb="1")]
    rounded = apportion(exacts(a="2", b="1.6", c="1.7", bailleur="0.7"), 6, ceilings, reste=BAILLEUR)
    assert rounded.nb == {"a": 2, "b": 1, "c": 1, "bailleur": 2}


def test_what_is_tolerated_is_not_cut() -> None:
    rounded = apportion(exacts(a="6", b="4", bailleur="0"), 10,
                        [plafond("a", "b", nb="4", tolere={"a": 2})], reste=BAILLEUR)
    assert rounded.nb == {"a": 4, "b": 2, "bailleur": 4}


def test_a_minimum_that_is_tolerated_is_not_cut_with_the_others() -> None:
    rounded = apportion(exacts(a="0.5", b="5", bailleur="0.5"), 6,
                        [plafond("a", "b", nb="2", tolere={"a": 1})], reste=BAILLEUR, minimum=1)
    assert rounded.nb == {"a": 1, "b": 2, "bailleur": 3} and rounded.refuses == {"b"}


def test_a_holder_refused_lets_the_next_one_pass() -> None:
    ceilings = [plafond("a", nb="1"), plafond("b", nb="0")]
    rounded = apportion(exacts(a="1.9", b="0.8", c="0.7", bailleur="0.6"), 4, ceilings, reste=BAILLEUR)
    assert rounded.nb == {"a": 1, "b": 0, "c": 1, "bailleur": 2}
    assert rounded.refuses == {"a", "b"}


def test_the_bailleur_is_never_told_refused() -> None:
    rounded = apportion(exacts(a="0.4", bailleur="1.6"), 2, [plafond(BAILLEUR, nb="1")], reste=BAILLEUR)
    assert BAILLEUR not in rounded.refuses and sum(rounded.nb.values()) == 2


def test_a_holder_refused_and_not_looked_at_is_told_too() -> None:
    """b, last in the order, was not reached: its ceiling, which its due passes, would not have let it."""
    rounded = apportion(
        exacts(a="0.9", b="1.2", bailleur="0.9"), 3, [plafond("b", nb="1")], reste=BAILLEUR)
    assert rounded.nb == {"a": 1, "b": 1, "bailleur": 1}
    assert rounded.refuses == {"b"}


def test_three_equals_are_told_each_time_one_of_them_is_served() -> None:
    rounded = apportion(exacts(c="0.5", a="0.5", b="0.5", bailleur="0.5"), 2, [], reste=BAILLEUR)
    assert rounded.nb == {"c": 0, "a": 1, "b": 1, "bailleur": 0}
    assert [t.split(" :")[0] for t in rounded.egalites] == ["a avant b, c, bailleur", "b avant c, bailleur"]


def test_an_equal_remainder_of_another_due_is_no_tie() -> None:
    rounded = apportion(exacts(a="0.5", b="1.5", bailleur="0"), 2, [], reste=BAILLEUR)
    assert rounded.nb == {"a": 0, "b": 2, "bailleur": 0}
    assert rounded.egalites == ()


def test_a_minimum_is_for_who_is_due_something_and_never_for_the_bailleur() -> None:
    rounded = apportion(
        exacts(a="0.1", b="0", c="2.4", bailleur="0.5"), 3, [], reste=BAILLEUR, minimum=1)
    assert rounded.nb == {"a": 1, "b": 0, "c": 2, "bailleur": 0}


def test_a_minimum_stops_at_the_ceiling_of_the_due() -> None:
    rounded = apportion(exacts(a="0.1", bailleur="2.9"), 3, [], reste=BAILLEUR, minimum=2)
    assert rounded.nb == {"a": 1, "bailleur": 2}


def test_too_many_minimums_give_way_from_the_smallest_due_then_the_first_name() -> None:
    dues = exacts(c="0.2", b="0.1", a="0.1", bailleur="0.6")
    assert apportion(dues, 1, [], reste=BAILLEUR, minimum=1).nb == {"c": 1, "b": 0, "a": 0, "bailleur": 0}
    assert apportion(dues | exacts(bailleur="1.6"), 2, [], reste=BAILLEUR, minimum=1).nb == {
        "c": 1, "b": 1, "a": 0, "bailleur": 0}


def test_sainte_lague_divides_by_twice_what_one_has_plus_one() -> None:
    """1.9 ÷ 3 is less than 0.65, more than 0.6."""
    for small, nb in (("0.65", {"a": 1, "b": 1}), ("0.6", {"a": 2, "b": 0})):
        dues = exacts(a="1.9", b=small, bailleur="0")
        found = apportion(dues, 2, [], reste=BAILLEUR, methode="sainte_lague").nb
        assert found == {**nb, "bailleur": 0}


# ── the préfet's derogation ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("part", "fin", "expected"), [
    ("0.35", date(2026, 1, 1), "0.35"),  # the last day still counts
    ("0.35", date(2025, 12, 31), "0.3"),
    ("0.3", date(2026, 12, 31), "0.3"),
    ("0.25", date(2026, 12, 31), "0.3"),
    (None, None, "0.3"),
])
def test_a_derogation_raises_the_ceiling_of_the_state_while_it_runs(
        part: str | None, fin: date | None, expected: str) -> None:
    derogation = None if part is None else SimpleNamespace(part=Fraction(part), fin=fin)
    stipulations = SimpleNamespace(derogation_prefectorale=derogation)
    stated: Any = SimpleNamespace(
        convention=SimpleNamespace(stipulations=stipulations, date=date(2026, 1, 1)))
    found = state_ceiling(stated, flux.regles("2026-01-01"))
    assert found.valeur == Fraction(expected)
    assert found.nom.startswith("dérogation") == (expected == "0.35")


# ── in a whole conversion ─────────────────────────────────────────────────────────────────────────


EPCI = "epci_000000001"


def two_communes(
    rights: int, *, flow: int = 40, other: int = 0, plafond: str = "annuel",
    lecture: str = "separee", soldes: Sequence[dict[str, Any]] = (), **more: Any) -> Dossier:
    """Two communes of 100 dwellings, an EPCI that guarantees `rights` in each, has `other` besides."""
    communes = ("00001", "00002")
    held = [(c, kind, nb) for c in communes for kind, nb in (("garantie", rights), ("foncier", other)) if nb]
    return dossier(
        convention={
            "choix": {"depassement": "erreur", "garantie_imbriquee": lecture, "plafond_apprecie": plafond},
            "stipulations": {"part_etat": "legale"},
            "hypotheses": {"liberations_prevues": flow},
        },
        logements=[row for c in communes for row in logements(100, c, f"P{c}")],
        reservataires=[reservataire("etat_prioritaires"), reservataire(EPCI)],
        reservations=[
            {"id_reservataire": EPCI, "programme": f"P{c}", "commune": c, "nb": nb, "contrepartie": kind,
             **more}
            for c, kind, nb in held],
        soldes=soldes)


def account(quotas: flux.Quotas) -> pd.DataFrame:
    return quotas.soldes.loc[quotas.soldes["id_reservataire"] == EPCI]


def test_alone_on_its_territory_a_guarantor_has_a_fifth_of_the_flow_of_all_its_communes() -> None:
    """60 of 200 dwellings would be 12 of 40; a fifth is 8. Nothing passes the flow: nothing is refused."""
    table = flux.convert(two_communes(30)).table.set_index("id_reservataire")
    assert table.loc[EPCI, ["du_exact", "quota"]].tolist() == [8, 8]


@pytest.mark.parametrize(("flow", "plafond", "quota", "kept"), [
    (41, "annuel", 8, 0.0),  # 8.2: what the ceiling refuses is lost
    (41, "cumule", 8, 0.2),
    (9, "annuel", 1, 0.0),  # 1.8 is above one dwelling: judged each year
    (4, "annuel", 0, 0.8),  # below one dwelling, it stays
])
def test_what_the_ceiling_of_one_guarantor_refuses_is_lost_or_kept(
        flow: int, plafond: str, quota: int, kept: float) -> None:
    quotas = flux.convert(two_communes(30, flow=flow, plafond=plafond))
    assert quotas.table.set_index("id_reservataire").loc[EPCI, "quota"] == quota
    assert account(quotas)["solde"].sum() == pytest.approx(kept)


@pytest.mark.parametrize("lecture", ["separee", "somme"])
@pytest.mark.parametrize(("plafond", "kept"), [("annuel", 0.05), ("cumule", 0.25)])
def test_other_rights_neither_open_the_ceiling_of_the_guarantees_nor_pay_for_it(
        lecture: str, plafond: str, kept: float) -> None:
    """8.2 by guarantee, of which 8; 2.05 besides: ten, of which eight are counted as guaranteed."""
    quotas = flux.convert(two_communes(30, flow=41, other=5, plafond=plafond, lecture=lecture))
    table, rows = quotas.table.set_index("id_reservataire"), account(quotas)
    assert table.loc[EPCI, ["du_exact", "quota"]].tolist() == [10.25, 10]
    assert (rows["nb_cumule"].sum(), rows["nb_garantie_cumule"].sum()) == (10, 8)
    assert rows["solde"].sum() == pytest.approx(kept)


def test_under_its_ceiling_a_mixed_holder_receives_by_guarantee_in_proportion() -> None:
    rows = account(flux.convert(two_communes(10, other=10)))
    assert (rows["nb_cumule"].sum(), rows["nb_garantie_cumule"].sum()) == (8, 4)


def test_an_account_without_commune_stays_while_it_has_counted_anything() -> None:
    opened = {"id_reservataire": EPCI, "annee": 2025, "solde": 0, "nb_cumule": 3}
    rows = account(flux.convert(two_communes(30, soldes=[opened])))
    (row,) = rows.loc[rows["commune"].isna()].to_dict("records")
    assert (row["solde"], row["nb_cumule"], row["nb_garantie_cumule"]) == (0, 3, 0)


def test_a_right_that_ended_is_not_said_without_effect() -> None:
    ended = {"programme": None, "nb": None, "date_fin": "2025-12-31"}
    gone = two_communes(30, **ended, id_logement="P-absent")
    assert not any("hors de l'assiette" in note for note in flux.convert(gone).avertissements)


def test_two_guarantors_whose_communes_cross_keep_the_ceiling_of_all_three_or_it_is_said(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """One dwelling a commune; two communes that guarantee in a third, between them, could have two each."""
    communes, first, other = ("00001", "00002", "00003"), "commune_00001", "commune_00003"
    crossing = dossier(
        convention={"choix": {"plafond_apprecie": "annuel"}, "stipulations": {"part_etat": "legale"},
                    "hypotheses": {"liberations_prevues": 15}},
        logements=[row for c in communes for row in logements(100, c, f"P{c}")],
        reservataires=[reservataire(i) for i in ("etat_prioritaires", first, other)],
        reservations=[
            {"id_reservataire": i, "programme": f"P{c}", "commune": c, "nb": 20, "contrepartie": "garantie"}
            for i, c in ((first, "00001"), (first, "00002"), (other, "00002"), (other, "00003"))],
        soldes=[{"id_reservataire": i, "annee": 2025, "commune": c, "solde": 0.5}
                for i, c in ((first, "00001"), (other, "00003"))])

    def given() -> tuple[int, bool, bool]:
        quotas = flux.convert(crossing)
        held = quotas.plafonds.loc[quotas.plafonds["territoire_code"].isin(communes)]
        passed = bool((held["nb"] > held["plafond"]).any())
        return held["nb"].sum(), passed, any("sans plafond commun" in note for note in quotas.avertissements)

    assert given() == (3, False, False)
    monkeypatch.setattr("flux.conversion.garanties.UNIONS", 0)
    assert given() == (4, True, True)
