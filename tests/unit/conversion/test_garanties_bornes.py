"""The ceilings of the guarantees at their bounds: who is bound where, by which, under which name."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

import pytest

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
    named = held.neighbourhoods({"b_epci": two, "a_ville": two, "c_epci": three, "seule": frozenset({"a"})})
    assert named == [("a+b", two), ("f", three)]
    assert held.neighbourhoods({"b_epci": two}) == [("e", two)]


def test_holders_of_guarantees_alone_are_charged_before_the_mixed_ones() -> None:
    """Of a ceiling of two, `z` (guarantees only) takes its two: nothing is left by guarantee to `a`."""
    ceiling = Plafond("garantie", "a", ("a", "z"), PART, Fraction(10), Fraction(4), cumule=False)
    due = dus(a={"x": Du("2", "2")}, z={"x": Du("2")})
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
    dossier: Any = SimpleNamespace(convention=SimpleNamespace(choix=choix))
    found = guarantee_ceilings(dossier, cast(Any, None), made.feuilles, due, made.ouverture,
                               {("epci", "a"): "e", ("epci", "b"): "e"})
    assert found.retenues == {"ville": Fraction(kept_out)}
