"""The ceilings of the guarantees at their bounds: who is bound where, by which, under which name."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fabrique import dossier, reservataire

from flux import regles
from flux.conversion.arrondi import Plafond
from flux.conversion.comptes import Ouverture
from flux.conversion.dus import Dus
from flux.conversion.feuilles import Feuilles
from flux.conversion.garanties import Garanties, _Judge, guarantee_ceilings
from flux.noyau.provenance import Figure

PART = Figure(valeur=Fraction(1, 5), nom="part maximale des garanties", unite="part")


class Du:
    """What is due in one commune: against a guarantee, and the rest."""

    def __init__(self, garantie: str, autre: str = "0") -> None:
        self.parts = {True: Fraction(garantie), False: Fraction(autre)}

    def amount(self, *, garantie: bool | None = None) -> Fraction:
        return sum(self.parts.values(), Fraction(0)) if garantie is None else self.parts[garantie]


def dus(**cells: dict[str, Du]) -> Dus:
    """holder -> commune -> what is due."""
    return Dus(cast(Any, {(r, c): du for r, some in cells.items() for c, du in some.items()}),
               cast(Any, None), PART)


def judge(due: Dus, *, codes: dict[str, str], homes: dict[str, list[str]], **flux: str) -> _Judge:
    """A judge of these dues, each year, without the files that it is usually made from."""
    made = object.__new__(_Judge)
    made.annual, made.part, made.dus = True, PART, due
    made.feuilles = cast(Feuilles, SimpleNamespace(
        flux={c: Figure(valeur=Fraction(v), nom=c) for c, v in flux.items()}, communes=list(flux)))
    made.codes, made.homes = codes, homes
    made.held = {key: cell.amount(garantie=True) for key, cell in sorted(due.cellules.items())
                 if cell.amount(garantie=True)}
    made.ouverture = cast(Ouverture, SimpleNamespace(flux_cumule={}, nb_garantie_cumule={}))
    return made


def test_at_home_only_what_the_ceiling_does_not_look_at_is_tolerated() -> None:
    """Alone on its territory, a guarantor keeps what it is due elsewhere; a guarantee at home stays bound."""
    due = dus(ville={"a": Du("2", "1"), "b": Du("3")})
    held = judge(due, codes={"ville": "a"}, homes={"ville": ["a"]}, a="10", b="10")
    alone = held.ceiling("a", ("a",), ("ville",), home_of="ville")
    together = held.ceiling("a", ("a",), ("ville",))
    assert alone.tolere == {"ville": 4}  # 1 without guarantee at home, 3 elsewhere
    assert together.tolere == {"ville": 1}  # the guarantee elsewhere has a ceiling of its own


def test_one_commune_under_one_dwelling_a_year_makes_the_whole_cumulative() -> None:
    held = judge(dus(epci={"a": Du("1"), "b": Du("1")}), codes={"epci": "e"}, homes={"epci": ["a", "b"]},
                 a="10", b="1")
    parts = [held.ceiling(c, (c,), ()) for c in ("a", "b")]
    assert [p.cumule for p in parts] == [False, True]
    assert held.together("e", parts, ("epci",)).cumule
    assert not held.together("e", parts[:1], ("epci",)).cumule


def test_a_set_of_communes_is_named_after_the_first_of_those_who_guarantee_there() -> None:
    """An EPCI gives its own code; a commune that guarantees elsewhere, the list of the communes."""
    held = judge(dus(), codes={"a_ville": "a", "b_epci": "e", "c_epci": "f"},
                 homes={"a_ville": ["a"], "b_epci": ["a", "b"], "c_epci": ["a", "b", "c"]},
                 a="1", b="1", c="1")
    two, three = frozenset({"a", "b"}), frozenset({"a", "b", "c"})
    named, _ = held.neighbourhoods(
        {"b_epci": two, "a_ville": two, "c_epci": three, "seule": frozenset({"a"})})
    assert named == [("a+b", two), ("f", three)]
    assert held.neighbourhoods({"b_epci": two}) == ([("e", two)], 0)


def test_holders_of_guarantees_alone_are_charged_before_the_mixed_ones() -> None:
    """Of a ceiling of two, `z` (guarantees only) takes its two: nothing is left by guarantee to `a`."""
    ceiling = Plafond("garantie", "a", ("a", "z"), PART, Fraction(10), Fraction(4), cumule=False)
    due = dus(a={"x": Du("2", "0.5")}, z={"x": Du("2")})
    garanties = Garanties((ceiling,), frozenset({("a", "x"), ("z", "x")}), {}, {})
    parts = garanties.split(due, {"a": 3, "z": 2})
    assert parts == {("z", True): 2, ("z", False): 0, ("a", True): 0, ("a", False): 3}


@pytest.mark.parametrize(("own_flow", "kept_out"), [("5", "3"), ("15", "1")])
def test_in_a_pool_a_commune_is_bound_by_the_tighter_of_two_ceilings(
        monkeypatch: pytest.MonkeyPatch, own_flow: str, kept_out: str) -> None:
    """The pool of `e` has 20 % of all its flow; the commune that guarantees beside it, 20 % of its own."""
    due = dus(epci={"a": Du("1"), "b": Du("1")}, ville={"a": Du("4", "3")})
    other = str(Fraction(100) - Fraction(own_flow))
    made = judge(due, codes={"ville": "a", "epci": "e"}, homes={"ville": ["a"], "epci": ["a", "b"]},
                 a=own_flow, b=other)
    monkeypatch.setattr("flux.conversion.garanties._Judge", lambda *_: made)
    choix = SimpleNamespace(garantie_imbriquee="somme")
    chosen: Any = SimpleNamespace(convention=SimpleNamespace(choix=choix))
    found = guarantee_ceilings(chosen, cast(Any, None), made.feuilles, due, made.ouverture,
                               {("epci", "a"): "e", ("epci", "b"): "e"})
    assert found.retenues == {"ville": Fraction(kept_out)}


# ── as the conversion calls it: a dossier, its holders, its communes ──────────────────────────────

VILLE, VOISINE, EPCI = "commune_00001", "commune_00002", "epci_000000001"
A, B, C = "00001", "00002", "00003"
POOL = "000000001 (communes mutualisées)"


def ceilings(due: Dus, flux: dict[str, str], *, comptes: dict[tuple[str, str], str] | None = None,
             ouverture: Ouverture | None = None, **choix: str) -> Garanties:
    """The ceilings of these dues, under these choices, in communes of one EPCI."""
    made = dossier(
        reservataires=[reservataire(i) for i in sorted({r for r, _ in due.cellules})],
        territoires=[{"commune": c, "nom": c, "departement": "00", "epci": "000000001"} for c in (A, B, C)],
        convention={"choix": choix})
    feuilles: Any = SimpleNamespace(
        flux={c: Figure(valeur=Fraction(v), nom=c) for c, v in flux.items()}, communes=list(flux))
    return guarantee_ceilings(made, regles("2026-01-01"), feuilles, due,
                              ouverture or Ouverture({}, {}, {}, {}, {}), comptes or {})


def named(found: Garanties) -> dict[str, Plafond]:
    return {p.territoire_code: p for p in found.plafonds}


def test_a_guarantor_of_several_communes_is_bound_with_those_who_hold_none_elsewhere() -> None:
    found = ceilings(dus(**{VILLE: {A: Du("1")}, EPCI: {A: Du("1"), B: Du("2")}}), {A: "10", B: "10"})
    assert {k: (p.membres, p.nb) for k, p in named(found).items()} == {
        A: ((VILLE,), 2), B: ((), 2), "000000001": ((VILLE, EPCI), 4)}
    assert found.plafonnees == {(VILLE, A), (EPCI, A), (EPCI, B)}
    assert found.lieux == {(VILLE, A): A, (EPCI, A): A, (EPCI, B): B}
    assert found.par_lieu == {A: 2, B: 2}
    assert (found.ensemble, found.retenues, found.perdues) == ({}, {}, {})


def test_only_the_guarantees_of_those_whom_the_convention_names_are_looked_at() -> None:
    due = dus(**{VILLE: {A: Du("0", "3")}, "departement": {A: Du("4")}, EPCI: {A: Du("1")}})
    found = ceilings(due, {A: "10"})
    assert found.plafonnees == {(EPCI, A)}
    assert named(found)[A].exact == 1


@pytest.mark.parametrize(("apprecie", "flow", "cumule"), [
    ("annuel", "9", False), ("annuel", "5", False), ("annuel", "4.9", True), ("cumule", "9", True)])
def test_what_passes_the_ceiling_of_one_commune_is_lost_each_year_or_kept(
        apprecie: str, flow: str, cumule: bool) -> None:
    """Of 1.5 held there, what passes a whole ceiling is kept out; it leaves the account when annual."""
    due = dus(**{EPCI: {A: Du("1.5"), B: Du("1.5"), C: Du("1")}})
    found = ceilings(due, {A: flow, B: flow, C: "10"}, plafond_apprecie=apprecie)
    over = 3 - 2 * int(Fraction(flow) / 5)
    assert found.retenues == {EPCI: over}
    assert found.perdues == ({} if cumule else {EPCI: over})
    assert [named(found)[c].cumule for c in (A, B)] == [cumule] * 2


def test_a_guarantor_of_two_communes_passes_the_ceiling_of_neither() -> None:
    found = ceilings(dus(**{EPCI: {A: Du("3"), B: Du("1")}}), {A: "10", B: "10"})
    assert found.retenues == found.perdues == {EPCI: Fraction(1)}


def test_alone_in_one_commune_a_guarantor_keeps_all_for_the_rounding_to_judge() -> None:
    """Who holds nothing else is bound by the ceiling itself; other rights would carry what passes it."""
    due = dus(**{VILLE: {A: Du("2")}, VOISINE: {A: Du("2", "1")}})
    found = ceilings(due, {A: "10"})
    assert found.retenues == found.perdues == {VOISINE: Fraction(1)}
    assert ceilings(dus(**{VOISINE: {A: Du("2", "1")}}), {A: "10"}).retenues == {}


def test_since_its_account_opened_a_ceiling_counts_all_the_flow_less_what_was_given() -> None:
    """Of two accounts of one commune, the longer flow; the dwellings of both."""
    opened = Ouverture({}, {}, {(VILLE, A): Fraction(40), (EPCI, A): Fraction(15), (EPCI, B): Fraction(5),
                                (VOISINE, A): Fraction(1)},
                       {}, {(VILLE, A): 3, (EPCI, A): 2, (EPCI, B): 4})
    due = dus(**{VILLE: {A: Du("1")}, EPCI: {A: Du("1"), B: Du("1")}, VOISINE: {A: Du("1")}})
    found = named(ceilings(due, {A: "10", B: "10"}, ouverture=opened, plafond_apprecie="cumule"))
    assert (found[A].flux, found[A].nb_ouverture, found[A].nb) == (50, 5, 5)
    assert (found[B].flux, found[B].nb_ouverture, found[B].nb) == (15, 4, 0)


def test_on_a_territory_of_several_communes_a_ceiling_counts_the_account_of_each() -> None:
    opened = Ouverture({}, {}, {(EPCI, A): Fraction(40), (EPCI, B): Fraction(15)}, {}, {})
    due = dus(**{EPCI: {A: Du("1"), B: Du("1")}})
    found = named(ceilings(due, {A: "10", B: "10"}, ouverture=opened, plafond_apprecie="cumule",
                           garantie_imbriquee="separee"))
    assert found["000000001"].flux == 75


def test_of_a_balance_of_the_whole_commune_and_another_in_it_the_longer_flow_counts() -> None:
    """They are two accounts of one place, whether its own commune names it or not."""
    opened = Ouverture({}, {}, {(VILLE, None): Fraction(40), (EPCI, A): Fraction(15)}, {}, {})
    due = dus(**{VILLE: {A: Du("1")}, EPCI: {A: Du("1")}})
    found = named(ceilings(due, {A: "10"}, ouverture=opened, plafond_apprecie="cumule"))
    assert found[A].flux == 50


def test_a_balance_of_the_whole_territory_counts_where_that_is_the_territory_judged() -> None:
    """A commune's in the commune; an EPCI's over its three communes, not in one of them."""
    opened = Ouverture({}, {}, {(VILLE, None): Fraction(40), (EPCI, None): Fraction(90),
                                ("etat_prioritaires", None): Fraction(500)},
                       {}, {(VILLE, None): 3, (EPCI, None): 7, ("etat_prioritaires", None): 9})
    due = dus(**{VILLE: {A: Du("1")}, EPCI: {A: Du("1"), B: Du("1"), C: Du("1")}, "etat_prioritaires": {}})
    flows = {A: "10", B: "10", C: "10"}
    together = named(ceilings(due, flows, ouverture=opened, plafond_apprecie="cumule"))
    assert {c: (together[c].flux, together[c].nb_ouverture) for c in flows} == {
        A: (50, 3), B: (10, 0), C: (10, 0)}
    apart = named(ceilings(due, flows, ouverture=opened, plafond_apprecie="cumule",
                           garantie_imbriquee="separee"))
    assert {c: (p.flux, p.nb_ouverture) for c, p in apart.items()} == {A: (50, 3), "000000001": (120, 7)}


def test_apart_each_guarantor_has_a_fifth_of_the_flow_of_its_own_territory() -> None:
    """A guarantee elsewhere has no ceiling; over its territory, an EPCI is judged whole, not by commune."""
    due = dus(**{VILLE: {A: Du("3", "1"), B: Du("2")}, EPCI: {A: Du("1"), B: Du("1")},
                 VOISINE: {A: Du("1")}})
    found = ceilings(due, {A: "12", B: "4"}, garantie_imbriquee="separee")
    assert {k: (p.membres, p.porteurs, p.exact, p.nb, p.cumule) for k, p in named(found).items()} == {
        A: ((VILLE,), (VILLE,), 3, 2, False), "000000001": ((EPCI,), (EPCI,), 2, 3, False)}
    assert found.plafonnees == {(VILLE, A), (EPCI, A), (EPCI, B)}
    assert found.retenues == found.perdues == {VILLE: Fraction(1)}
    assert (found.lieux, found.par_lieu) == ({}, {})


def test_apart_the_flow_of_a_commune_without_guarantee_counts_with_that_of_the_others() -> None:
    """Of the EPCI's two communes, one carries its guarantees: the ceiling is a fifth of the flow of both."""
    found = ceilings(dus(**{EPCI: {A: Du("1")}}), {A: "10", B: "20"}, garantie_imbriquee="separee")
    assert {k: (p.exact, p.nb) for k, p in named(found).items()} == {"000000001": (1, 6)}


def test_apart_only_who_has_other_rights_has_its_excess_kept_out_and_in_cumule_nothing_is_lost() -> None:
    due = dus(**{VILLE: {A: Du("3")}, VOISINE: {B: Du("3", "1")}})
    found = ceilings(due, {A: "10", B: "10"}, garantie_imbriquee="separee", plafond_apprecie="cumule")
    assert (found.retenues, found.perdues) == ({VOISINE: Fraction(1)}, {})
    just = ceilings(dus(**{VOISINE: {B: Du("2", "1")}}), {B: "10"}, garantie_imbriquee="separee")
    assert just.retenues == just.perdues == {}


def test_in_a_pool_the_tighter_ceiling_is_that_which_leaves_the_smaller_part() -> None:
    """The pool allows 3 of 12 (a quarter), the commune 2 of 2: of its two, one and a half are kept out."""
    due = dus(**{EPCI: {A: Du("6"), B: Du("4")}, VILLE: {A: Du("2", "3")}})
    comptes = {(EPCI, A): "000000001", (EPCI, B): "000000001"}
    assert ceilings(due, {A: "10", B: "5"}, comptes=comptes).retenues == {VILLE: Fraction(3, 2)}


def test_in_a_pool_all_are_bound_by_the_pool_and_who_does_not_pool_by_its_commune_too() -> None:
    """`C` has an account of its own, and is no part of the pool, whose smallest commune judges it."""
    due = dus(**{EPCI: {A: Du("1"), B: Du("1"), C: Du("2")}, VILLE: {A: Du("1")}})
    found = ceilings(due, {A: "10", B: "20", C: "15"},
                     comptes={(EPCI, A): "000000001", (EPCI, B): "000000001", (EPCI, "99999"): "000000001"})
    assert {k: (p.membres, p.porteurs, p.nb, p.cumule) for k, p in named(found).items()} == {
        A: ((VILLE,), (VILLE,), 2, False), C: ((), (EPCI,), 3, False),
        POOL: ((VILLE,), (VILLE, EPCI), 6, False), "000000001": ((VILLE, EPCI), (VILLE, EPCI), 9, False)}
    assert found.lieux == {(EPCI, A): POOL, (EPCI, B): POOL, (EPCI, C): C, (VILLE, A): A}
    assert found.par_lieu == {POOL: 6, A: 2, C: 3}
    assert found.ensemble == {POOL: (VILLE,)}


def test_two_pools_are_two_places() -> None:
    due = dus(**{EPCI: {A: Du("1"), B: Du("1")}, "epci_000000002": {C: Du("1")}})
    comptes = {(EPCI, A): "000000001", (EPCI, B): "000000001", ("epci_000000002", C): "000000002"}
    found = ceilings(due, {A: "10", B: "20", C: "15"}, comptes=comptes)
    assert found.lieux == {(EPCI, A): POOL, (EPCI, B): POOL,
                           ("epci_000000002", C): POOL.replace("1 (", "2 (")}
    assert set(named(found)) == {POOL, POOL.replace("1 (", "2 (")}


def test_a_pool_with_a_commune_under_one_dwelling_a_year_is_judged_since_the_opening() -> None:
    due = dus(**{EPCI: {A: Du("1"), B: Du("1")}})
    comptes = {(EPCI, A): "000000001", (EPCI, B): "000000001"}
    assert named(ceilings(due, {A: "4", B: "20"}, comptes=comptes))[POOL].cumule
    assert not named(ceilings(due, {A: "5", B: "20"}, comptes=comptes))[POOL].cumule


def test_the_account_of_who_pools_does_not_open_the_own_ceiling_of_a_commune() -> None:
    opened = Ouverture({}, {}, {(EPCI, A): Fraction(90), (VILLE, A): Fraction(5)}, {}, {(EPCI, A): 8})
    due = dus(**{EPCI: {A: Du("1"), B: Du("1")}, VILLE: {A: Du("1")}})
    found = named(ceilings(due, {A: "10", B: "10"}, ouverture=opened, plafond_apprecie="cumule",
                           comptes={(EPCI, A): "000000001", (EPCI, B): "000000001"}))
    assert (found[A].flux, found[A].nb_ouverture) == (15, 0)
    assert (found[POOL].flux, found[POOL].nb_ouverture) == (110, 8)


def test_what_the_others_of_a_pool_receive_is_taken_from_what_it_leaves_to_the_epci() -> None:
    limits = Garanties((), frozenset(), {}, {}, {(EPCI, A): POOL}, {POOL: 3, A: 2}, {POOL: (VILLE, VOISINE)})
    found = limits.limits({(VILLE, True): 1, (VILLE, False): 7, (VOISINE, True): 1, (EPCI, True): 5})
    assert (found.de, found.nb) == ({(EPCI, A): POOL}, {POOL: 1, A: 2})
    assert limits.limits({(VILLE, True): 4}).nb == {POOL: 0, A: 2}
    assert limits.limits({}).nb == {POOL: 3, A: 2}


def test_what_is_kept_out_of_the_rounding_is_no_part_of_what_the_guarantees_carry() -> None:
    """Of 3 held, 2 kept out: a quota of 2 is shared as 1 is to 1; all kept out, none is by guarantee."""
    ceiling = Plafond(
        "garantie", A, (VILLE,), PART, Fraction(50), Fraction(3), cumule=False, tolere={VILLE: 1})
    due = dus(**{VILLE: {A: Du("3", "1")}})

    def split(kept_out: str) -> dict[tuple[str, bool], int]:
        held = Garanties((ceiling,), frozenset({(VILLE, A)}), {VILLE: Fraction(kept_out)}, {})
        return held.split(due, {VILLE: 2})

    assert split("2") == {(VILLE, True): 1, (VILLE, False): 1}
    assert split("3") == split("4") == {(VILLE, True): 0, (VILLE, False): 2}
    assert split("0") == {(VILLE, True): 2, (VILLE, False): 0}


def test_a_mixed_holder_receives_by_guarantee_in_proportion_of_what_is_due() -> None:
    ceiling = Plafond("garantie", A, (VILLE,), PART, Fraction(50), Fraction(1), cumule=False)
    held = Garanties((ceiling,), frozenset({(VILLE, A)}), {}, {})
    assert held.split(dus(**{VILLE: {A: Du("1", "3")}}), {VILLE: 4}) == {
        (VILLE, True): 1, (VILLE, False): 3}


def test_what_the_other_rights_cannot_carry_is_held_by_guarantee() -> None:
    """0.9 by guarantee and 1.2 otherwise: of 3, two at most are due without guarantee."""
    ceiling = Plafond("garantie", A, (VILLE,), PART, Fraction(50), Fraction(1), cumule=False)
    held = Garanties((ceiling,), frozenset({(VILLE, A)}), {}, {})
    assert held.split(dus(**{VILLE: {A: Du("0.1", "1.2")}}), {VILLE: 3}) == {
        (VILLE, True): 1, (VILLE, False): 2}
    full = Garanties((Plafond("garantie", A, (VILLE,), PART, Fraction(4), Fraction(1), cumule=False),),
                     frozenset({(VILLE, A)}), {}, {})
    assert full.split(dus(**{VILLE: {A: Du("1", "1")}}), {VILLE: 2}) == {
        (VILLE, True): 0, (VILLE, False): 2}


def test_guarantors_whose_communes_cross_are_bound_together() -> None:
    """In a chain of four, every stretch; those that do not touch, not together."""
    chain = {"r": frozenset("ab"), "s": frozenset("bc"), "t": frozenset("cd"), "u": frozenset("ef")}
    held = judge(dus(), codes=dict.fromkeys(chain, "a"), homes={}, a="1")
    found, left_out = held.neighbourhoods(chain)
    assert [code for code, _ in found] == ["a+b", "b+c", "c+d", "e+f", "a+b+c", "b+c+d", "a+b+c+d"]
    assert left_out == 0


def test_sets_of_as_many_communes_come_by_name() -> None:
    """Whoever holds them: these ceilings are tried, and shown, in one order."""
    where = {"r": frozenset("cd"), "s": frozenset("ab")}
    found, _ = judge(dus(), codes=dict.fromkeys(where, "a"), homes={}, a="1").neighbourhoods(where)
    assert [code for code, _ in found] == ["a+b", "c+d"]


def test_the_unions_of_those_that_cross_are_not_without_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Around one commune, ten guarantors of two make a thousand unions: the smallest come first.

    Left out: of the 120 of four communes, all but the five found; of five communes, the 25 that one of
    these five and one guarantor more make.
    """
    monkeypatch.setattr("flux.conversion.garanties.UNIONS", 50)
    star = {f"r{i}": frozenset({"a", f"b{i}"}) for i in range(10)}
    found, left_out = judge(dus(), codes=dict.fromkeys(star, "a"), homes={}, a="1").neighbourhoods(star)
    assert [len(places) for _, places in found] == [2] * 10 + [3] * 45 + [4] * 5
    assert left_out == 115 + 25


def test_unions_left_out_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    due = dus(**{EPCI: {A: Du("1"), B: Du("1")}, VILLE: {B: Du("1"), C: Du("1")}})
    assert ceilings(due, {A: "10", B: "10", C: "10"}).avertissements == ()
    monkeypatch.setattr("flux.conversion.garanties.UNIONS", 0)
    (said,) = ceilings(due, {A: "10", B: "10", C: "10"}).avertissements
    assert "au-delà des 0 premières : au moins 1." in said
