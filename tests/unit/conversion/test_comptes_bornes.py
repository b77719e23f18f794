"""Accounts at their bounds: what opens, what a ceiling takes for good, what it keeps."""

from __future__ import annotations

from fractions import Fraction as F
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, reservataire

import flux
from flux.conversion.arrondi import Plafond
from flux.conversion.comptes import (
    Ouverture,
    _ceiling,
    after_losses,
    closing,
    lost_to_ceilings,
    opening,
    state_ceilings,
)
from flux.noyau.provenance import Figure

SHARE = Figure(valeur=F(1, 5), nom="part maximale", unite="part")


def row(ident: str, annee: int, commune: str | None, solde: float, ouverture: float | None = None,
        flux: float | None = None, nb: float | None = None, garantie: float | None = None) -> dict[str, Any]:
    return {"id_reservataire": ident, "annee": annee, "commune": commune, "solde": solde,
            "annee_ouverture": ouverture, "flux_cumule": flux, "nb_cumule": nb,
            "nb_garantie_cumule": garantie}


def opened(*rows: dict[str, Any], report: str = "integral", solde_max: F = F(1)) -> Ouverture:
    choix = SimpleNamespace(report_solde=report, solde_max=solde_max)
    dossier: Any = SimpleNamespace(
        soldes=pd.DataFrame(rows), convention=SimpleNamespace(annee=2026, choix=choix))
    return opening(dossier)


def test_only_the_balances_of_last_year_open_it_and_the_star_is_nobody() -> None:
    found = opened(row("r", 2025, "c", 0.4), row("r", 2024, "c", 9.0), row("r", 2026, "c", 9.0),
                   row("*", 2025, None, 0.3))
    assert found.soldes == {("r", "c"): F(2, 5)}


def test_two_rows_of_one_account_add_up_and_the_oldest_opening_prevails() -> None:
    found = opened(row("r", 2025, "c", 0.4, 2023, 2.5, 3, 2), row("r", 2025, "c", 0.25, 2021, 1.5, 2, 1),
                   row("r", 2025, None, -1.0, 2024))
    assert found.soldes == {("r", "c"): F(13, 20), ("r", None): F(-1)}
    assert found.annee_ouverture == {"r": 2021}
    assert found.flux_cumule == {("r", "c"): F(4), ("r", None): F(0)}
    assert found.nb_cumule == {("r", "c"): 5, ("r", None): 0}
    assert found.nb_garantie_cumule == {("r", "c"): 3, ("r", None): 0}
    assert found.flow_since("r") == 4 and found.flow_since("s") == 0
    assert found.of(found.nb_cumule, "r") == 5


def test_balances_not_carried_are_dropped_and_the_rest_of_the_account_stays() -> None:
    found = opened(row("r", 2025, "c", 0.4, 2023, 2.5, 3), report="aucun")
    assert found.soldes == {("r", "c"): F(0)} and found.flux_cumule == {("r", "c"): F(5, 2)}


def test_balances_bounded_are_bounded_together_and_only_above_the_bound() -> None:
    rows = (row("r", 2025, "c", 3.0), row("r", 2025, "d", -1.0), row("s", 2025, "c", -4.0),
            row("t", 2025, "c", 1.5), row("u", 2025, "c", -0.5))
    found = opened(*rows, report="plafonne", solde_max=F(3, 2))
    assert found.soldes == {("r", "c"): F(9, 4), ("r", "d"): F(-3, 4), ("s", "c"): F(-3, 2),
                            ("t", "c"): F(3, 2), ("u", "c"): F(-1, 2)}


# ── annuel or cumule ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("flow", "annual", "cumule"), [
    ("5", True, False),  # one whole dwelling just reached
    ("4.99", True, True),
    ("5", False, True),
])
def test_under_one_dwelling_a_ceiling_is_judged_since_the_opening(
        flow: str, annual: bool, cumule: bool) -> None:
    account = Ouverture({}, {}, {("r", "c"): F(20), ("s", "c"): F(30), ("r", "d"): F(5)},
                        {("r", "c"): 2, ("s", "c"): 3, ("t", "c"): 9}, {})
    found = _ceiling("etat", "00", ["r", "s"], SHARE, F(flow), F(1), annual, account)
    assert found.cumule is cumule
    assert found.nb_ouverture == (5 if cumule else 0)
    assert found.flux == F(flow) + (30 if cumule else 0)
    assert found.membres == found.porteurs == ("r", "s")


def state(*idents: str, quotas: dict[str, F], apprecie: str = "annuel", flow: str = "40",
          account: Ouverture | None = None) -> list[Plafond]:
    """The ceilings of the State where these are the holders, and these the exact quotas."""
    made = dossier(reservataires=[reservataire(i) for i in idents],
                   convention={"choix": {"plafond_apprecie": apprecie}})
    feuilles: Any = SimpleNamespace(flux_total=Figure(valeur=F(flow), nom="flux"))
    dus: Any = SimpleNamespace(plafond_etat=Figure(valeur=F(3, 10), nom="part maximale de l'État"))
    return state_ceilings(made, flux.regles("2026-01-01"), feuilles, dus, quotas,
                          account or Ouverture({}, {}, {}, {}, {}))


def test_the_agents_of_the_state_have_a_ceiling_of_theirs_inside_that_of_the_state() -> None:
    quotas = {"etat_agents": F(3), "etat_prioritaires": F(10), "departement": F(2)}
    found = state("etat_prioritaires", "etat_agents", "departement", quotas=quotas)
    assert [(p.groupe, p.territoire_code, p.membres, p.exact, p.nb, p.cumule) for p in found] == [
        ("etat_agents", "00", ("etat_agents",), 3, 2, False),
        ("etat", "00", ("etat_agents", "etat_prioritaires"), 13, 12, False)]


def test_a_state_without_agents_or_without_quota_has_no_ceiling_for_them() -> None:
    assert [p.groupe for p in state("etat_prioritaires", quotas={"etat_prioritaires": F(1)})] == ["etat"]
    assert state("etat_prioritaires", "departement", quotas={"departement": F(1)}) == []


def test_the_ceiling_of_the_state_is_judged_as_the_parties_chose() -> None:
    account = Ouverture({}, {}, {("etat_prioritaires", "00001"): F(10)}, {}, {})
    for apprecie, flow in (("annuel", 40), ("cumule", 50)):
        (found,) = state("etat_prioritaires", quotas={"etat_prioritaires": F(1)}, apprecie=apprecie,
                         account=account)
        assert (found.flux, found.cumule) == (flow, apprecie == "cumule")


# ── what the ceilings refuse ──────────────────────────────────────────────────────────────────────


def ceiling(*members: str, nb: int, cumule: bool = False) -> Plafond:
    return Plafond("groupe", "00", members, SHARE, F(5 * nb), F(0), cumule)


def test_what_a_ceiling_refuses_is_lost_in_proportion_to_what_each_lacks() -> None:
    lost = lost_to_ceilings({"a": F(5, 2), "b": F(3, 2)}, {"a": 2, "b": 1}, [ceiling("a", "b", nb=3)], {})
    assert lost == {"a": F(1, 2), "b": F(1, 2)}
    lost = lost_to_ceilings({"a": F(11, 4), "b": F(5, 4)}, {"a": 2, "b": 2}, [ceiling("a", "b", nb=3)], {})
    assert lost == {"a": F(3, 4), "b": F(0)}  # at most what it lacks
    dues, nb = {"a": F(5, 2), "b": F(3, 2), "c": F(9, 5)}, {"a": 2, "b": 1, "c": 2}
    lost = lost_to_ceilings(dues, nb, [ceiling("a", "b", "c", nb=5)], {})
    assert lost == {"a": F(2, 5), "b": F(2, 5), "c": F(0)}  # 0.8 is refused: the 0.2 that c has is not


def test_a_ceiling_that_is_not_reached_refuses_nothing() -> None:
    assert lost_to_ceilings({"a": F(7, 2)}, {"a": 2}, [ceiling("a", nb=3)], {}) == {}
    assert lost_to_ceilings({"a": F(3)}, {"a": 3}, [ceiling("a", nb=3)], {}) == {}


def test_a_ceiling_that_rounding_alone_fills_refuses_nothing() -> None:
    """1.5 + 1.2, or 1.5 + 1.5, is not above 3: what a lacks, b has; no ceiling took it."""
    for b in (F(6, 5), F(3, 2)):
        dues, nb = {"a": F(3, 2), "b": b}, {"a": 1, "b": 2}
        assert lost_to_ceilings(dues, nb, [ceiling("a", "b", nb=3)], {}) == {}


def test_in_cumule_what_is_refused_stays_and_the_wider_ceiling_does_not_take_it() -> None:
    dues, nb = {"a": F(5, 2), "b": F(2)}, {"a": 2, "b": 2}
    assert lost_to_ceilings(dues, nb, [ceiling("a", nb=2, cumule=True), ceiling("a", "b", nb=4)], {}) == {}
    assert lost_to_ceilings(dues, nb, [ceiling("a", nb=2), ceiling("a", "b", nb=4)], {}) == {"a": F(1, 2)}


def test_what_was_lost_before_the_rounding_is_not_lost_twice() -> None:
    before = {"a": F(1, 4)}
    lost = lost_to_ceilings({"a": F(5, 2)}, {"a": 2}, [ceiling("a", nb=2)], before)
    assert lost == {"a": F(1, 2)} and before == {"a": F(1, 4)}


def test_losses_end_the_accounts_that_they_exhaust() -> None:
    accounts = {("r", "a"): F(3, 2), ("r", "b"): F(1, 2), ("r", None): F(-1, 2), ("s", "a"): F(1)}
    assert after_losses(accounts, {"r": F(2)}) == {**accounts, ("r", "a"): F(0), ("r", "b"): F(0)}
    assert after_losses(accounts, {"r": F(1)}) == {**accounts, ("r", "a"): F(2, 3), ("r", "b"): F(1, 3)}
    assert after_losses(accounts, {}) == accounts


def test_at_equal_balance_the_first_commune_loses_first() -> None:
    accounts = {("r", "b"): F(2), ("r", "a"): F(2), ("r", None): F(2)}
    assert after_losses(accounts, {"r": F(1)}) == {("r", "b"): F(2), ("r", "a"): F(2), ("r", None): F(1)}
    assert after_losses({k: v for k, v in accounts.items() if k[1]}, {"r": F(1)}) == {
        ("r", "b"): F(2), ("r", "a"): F(1)}


# ── what closes ───────────────────────────────────────────────────────────────────────────────────

VILLE, EPCI = "commune_00001", "epci_000000001"
A, B, C = "00001", "00002", "00003"
COLUMNS = ["id_reservataire", "commune", "solde", "annee_ouverture", "flux_cumule", "nb_cumule",
           "nb_garantie_cumule"]


def closed(targets: dict[tuple[str, bool, str], str], communes: dict[tuple[str, str], tuple[int, int]], *,
           idents: tuple[str, ...] = (VILLE, EPCI), pooled: tuple[str, ...] = (),
           account: Ouverture | None = None, lost: dict[str, F] | None = None) -> list[tuple[Any, ...]]:
    """The rows of the accounts, absent values as None; communes A and B have a flow of 10 and 2.5."""
    made = dossier(
        reservataires=[reservataire(i) for i in idents],
        territoires=[{"commune": c, "nom": c, "departement": "00", "epci": "000000001"} for c in (A, B, C)])
    feuilles: Any = SimpleNamespace(flux={A: Figure(valeur=F(10), nom=A), B: Figure(valeur=F(5, 2), nom=B)})
    found = closing(made, feuilles, {((r, g), c): F(v) for (r, g, c), v in targets.items()},
                    {(EPCI, c): "000000001" for c in pooled}, communes,
                    account or Ouverture({}, {}, {}, {}, {}), lost or {}, F(1, 4))
    assert set(found["annee"]) == {2026}
    rows = found[COLUMNS].astype(object)
    return list(rows.where(rows.notna(), None).itertuples(index=False, name=None))


REPORT = ("*", None, 0.25, None, None, None, None)


def test_a_commune_keeps_what_was_due_less_what_was_given_and_counts_flow_and_dwellings() -> None:
    """Due by guarantee or not, it is one account; the bailleur has none."""
    targets = {(VILLE, True, A): "1.5", (VILLE, False, A): "0.75", (EPCI, False, B): "2",
               ("bailleur", False, A): "3.5"}
    given = {(VILLE, A): (2, 1), (EPCI, B): (3, 0), ("bailleur", A): (3, 0)}
    account = Ouverture({(VILLE, A): F(1, 2)}, {VILLE: 2024}, {(VILLE, A): F(20)}, {(VILLE, A): 5},
                        {(VILLE, A): 2})
    assert closed(targets, given, account=account) == [
        (VILLE, A, 0.25, 2024, 30.0, 7, 3),
        (EPCI, A, 0.0, 2026, 10.0, 0, 0),
        (EPCI, B, -1.0, 2026, 2.5, 3, 0),
        REPORT]


def test_out_of_its_territory_a_holder_has_an_account_and_no_flow() -> None:
    """The flow of an account is that of the territory of its holder: elsewhere none is counted."""
    rows = closed({(VILLE, True, B): "0.5"}, {}, idents=(VILLE,),
                  account=Ouverture({}, {}, {(VILLE, B): F(7)}, {}, {}))
    assert rows == [(VILLE, A, 0.0, 2026, 10.0, 0, 0), (VILLE, B, 0.5, 2026, None, 0, 0), REPORT]


def test_a_pooled_account_is_one_row_without_commune_and_flow_stays_by_commune() -> None:
    targets = {(EPCI, True, A): "0.5", (EPCI, True, B): "0.75", (VILLE, False, A): "1"}
    given = {(EPCI, B): (1, 1), (VILLE, A): (1, 0)}
    assert closed(targets, given, pooled=(A, B)) == [
        (VILLE, A, 0.0, 2026, 10.0, 1, 0),
        (EPCI, A, 0.0, 2026, 10.0, 0, 0),
        (EPCI, B, 0.0, 2026, 2.5, 1, 1),
        (EPCI, None, 0.25, 2026, 0.0, 0, 0),
        REPORT]


@pytest.mark.parametrize(("solde", "flow", "nb", "kept"), [
    ("0", "0", 0, False), ("0.5", "0", 0, True), ("0", "20", 0, True), ("0", "0", 3, True)])
def test_an_account_without_commune_stays_while_it_has_something_to_say(
        solde: str, flow: str, nb: int, kept: bool) -> None:
    """Its balance went to the communes that it served; what it counted since the opening has no other row."""
    whole = (EPCI, None)
    account = Ouverture({whole: F(1)}, {}, {whole: F(flow)}, {whole: nb}, {})
    rows = closed({(EPCI, False, A): solde}, {}, idents=(EPCI,), pooled=(A,), account=account)
    assert [row for row in rows if row[1] is None] == [
        *([(EPCI, None, float(solde), 2026, float(flow), nb, 0)] if kept else []), REPORT]


def test_accounts_come_by_holder_and_commune_then_those_without_commune() -> None:
    codes = [f"0000{n}" for n in range(1, 9)]
    targets = {(r, False, c): "1" for r in ("b", "a") for c in reversed(codes)}
    account = Ouverture({("b", None): F(1), ("a", None): F(1)}, {}, {("b", None): F(1), ("a", None): F(1)},
                        {}, {})
    rows = closed(targets, {}, idents=(), account=account)
    assert [row[:2] for row in rows] == [
        *((r, c) for r in ("a", "b") for c in codes), ("a", None), ("b", None), ("*", None)]


def test_what_the_ceilings_took_for_good_leaves_the_account() -> None:
    rows = closed({(VILLE, True, A): "1.75"}, {(VILLE, A): (1, 1)}, idents=(VILLE,), lost={VILLE: F(1, 2)})
    assert rows == [(VILLE, A, 0.25, 2026, 10.0, 1, 1), REPORT]
