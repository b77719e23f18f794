"""What holds of every conversion, on small dossiers drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, combinations
from math import ceil, floor
from typing import Any

import pandas as pd
import pytest
from fabrique import EPCI, dossier, logements, reservataire
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import flux
from flux.dossier import Dossier

FEW = settings(max_examples=max(5, settings.default.max_examples // 3))
TABLES = ("table", "communes", "plafonds", "flux", "soldes", "dus", "droits", "assiette")
WIDE = ("etat_agents", "etat_prioritaires", "action_logement", "departement")
BAILLEUR = "bailleur"


@dataclass(frozen=True)
class Lot:
    """A programme: its dwellings, its relettings of the year before, and who holds how many of them."""

    programme: str
    commune: str
    qpv: bool
    nb: int
    relocations: int
    droits: dict[str, int]

    @property
    def libres(self) -> int:
        return self.nb - sum(self.droits.values())


@dataclass(frozen=True)
class Essai:
    """A small dossier before it is made: lots, what the communes gave, choices of the parties, accounts."""

    lots: tuple[Lot, ...]
    contreparties: dict[str, str]
    choix: dict[str, str]
    soldes: tuple[dict[str, Any], ...] = ()

    def dossier(self) -> Dossier:
        holders = sorted({r for lot in self.lots for r in lot.droits} | {"etat_prioritaires"})
        return dossier(
            convention={"choix": self.choix, "stipulations": {"part_etat": "legale"}},
            logements=chain(*(logements(x.nb, x.commune, x.programme, qpv=x.qpv) for x in self.lots)),
            reservataires=[reservataire(r) for r in holders],
            reservations=[
                {
                    "id_reservataire": r,
                    "programme": lot.programme,
                    "commune": lot.commune,
                    "nb": nb,
                    "contrepartie": self.contreparties.get(r, "autre"),
                }
                for lot in self.lots
                for r, nb in lot.droits.items()
                if nb
            ],
            mouvements=[
                {
                    "annee": 2025,
                    "nature": "relocation",
                    "nb": lot.relocations,
                    "programme": lot.programme,
                    "commune": lot.commune,
                }
                for lot in self.lots
            ],
            soldes=self.soldes,
        )


@st.composite
def essais(draw: st.DrawFn, **fixed: str) -> Essai:
    lots = []
    communes = [f"0000{n}" for n in range(1, draw(st.integers(1, 3)) + 1)]
    for commune in communes:
        for rang in range(draw(st.integers(1, 2))):
            left = nb = draw(st.integers(1, 40))
            droits = {}
            for r in (*WIDE, f"commune_{commune}", f"epci_{EPCI}"):
                droits[r] = draw(st.integers(0, left))
                left -= droits[r]
            relocations = draw(st.integers(0, nb))
            lots.append(Lot(f"P{commune}{rang}", commune, draw(st.booleans()), nb, relocations, droits))
    given_for = st.sampled_from(["garantie", "foncier"])
    contreparties = {r: draw(given_for) for r in (*(f"commune_{c}" for c in communes), f"epci_{EPCI}")}
    choix = {
        "segment_rotation": "programme",
        "methode": draw(st.sampled_from(["parc", "rotation"])),
        "depassement": draw(st.sampled_from(["reduction_proportionnelle", "etat_garanti"])),
        "repartition_epci": draw(st.sampled_from(["flux", "droits"])),
        "garantie_imbriquee": draw(st.sampled_from(["somme", "separee"])),
        "plafond_apprecie": draw(st.sampled_from(["annuel", "cumule"])),
        "arrondi": draw(st.sampled_from(["plus_fort_reste", "sainte_lague"])),
    }
    return Essai(tuple(lots), contreparties, choix | fixed)


@st.composite
def comptes(draw: st.DrawFn, **fixed: str) -> Essai:
    """The same with the accounts of last year, by commune or not."""
    essai = draw(essais(**fixed))
    holders = sorted({r for lot in essai.lots for r in lot.droits})
    places = st.sampled_from([None, *sorted({lot.commune for lot in essai.lots})])
    soldes = tuple(
        {
            "id_reservataire": r,
            "annee": 2025,
            "commune": draw(places),
            "solde": draw(st.integers(-300, 300)) / 100,
            "annee_ouverture": 2024,
            "flux_cumule": draw(st.integers(0, 40)),
            "nb_cumule": draw(st.integers(0, 10)),
            "nb_garantie_cumule": draw(st.integers(0, 5)),
        }
        for r in draw(st.lists(st.sampled_from(holders), unique=True, max_size=4))
    )
    return replace(essai, soldes=soldes)


def column(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    values: dict[str, Any] = frame.set_index("id_reservataire")[name].to_dict()
    return values


def flow_by_commune(quotas: flux.Quotas) -> dict[str, float]:
    flows: dict[str, float] = quotas.flux.groupby("commune")["flux_a_partager"].sum().to_dict()
    return flows


@FEW
@given(comptes())
def test_everything_adds_up_to_the_flow(essai: Essai) -> None:
    quotas = flux.convert(essai.dossier())
    entier = quotas.exact["flux_a_partager"]
    assert quotas.table["quota"].sum() == entier
    others = quotas.table.loc[quotas.table["id_reservataire"] != BAILLEUR, "quota_exact"].sum()
    assert quotas.table["quota_exact"].sum() == pytest.approx(max(float(entier), others))
    assert (quotas.communes["nb"] == quotas.communes["nb_qpv"] + quotas.communes["nb_hors_qpv"]).all()
    by_holder = quotas.communes.groupby("id_reservataire")["nb"].sum()
    assert {r: q for r, q in column(quotas.table, "quota").items() if q} == {
        r: n for r, n in by_holder.items() if n
    }
    exact = quotas.communes.groupby("commune")["exact"].sum()
    for commune, flow in flow_by_commune(quotas).items():
        assert exact.get(commune, 0.0) == pytest.approx(flow, abs=1e-9)


@FEW
@given(essais())
def test_a_due_can_be_made_again_from_its_row(essai: Essai) -> None:
    """The formula of `quotas.dus`, for whoever recomputes it (the annex's workbook does)."""
    dus = flux.convert(essai.dossier()).dus
    local = dus[dus["etage"].isin(["territoire", "etat"])]
    guaranteed = local["part_garantie"] * local["flux"] + local["ajouts_garantie"]
    other = local["part_autre"] * local["flux"] + local["ajouts_autre"]
    made = guaranteed * local["coef_garantie"] + other
    made *= local["coef_agents"] * local["coef_etat"] * local["coef_reduction"]
    pd.testing.assert_series_equal(made, local["exact"], check_names=False)
    wide = dus[dus["etage"] == "departement"]
    parts = wide["part_garantie"] * wide["coef_garantie"] + wide["part_autre"]
    made = (wide["ajouts_garantie"] + wide["ajouts_autre"]) * wide["coef_reduction"]
    made += parts * wide["flux"] * wide["coef_reste"]
    pd.testing.assert_series_equal(made, wide["exact"], check_names=False)


@FEW
@given(essais())
def test_columns_are_floor_or_ceiling_unless_the_rows_force_them(essai: Essai) -> None:
    quotas = flux.convert(essai.dossier())
    flows = {c: whole_if_near(v) for c, v in flow_by_commune(quotas).items()}
    if not rows_allow_neighbours(quotas, flows):
        return
    served = quotas.communes.groupby("commune")[["nb", "nb_qpv", "nb_hors_qpv"]].sum()
    for commune, flow in flows.items():
        assert floor(flow) <= served["nb"].get(commune, 0) <= ceil(flow)
    by_qpv = quotas.flux.groupby(["commune", "qpv"])["flux_a_partager"].sum()
    for (commune, qpv), flow in by_qpv.items():
        nb = served["nb_qpv" if qpv else "nb_hors_qpv"].get(commune, 0)
        assert floor(whole_if_near(flow)) <= nb <= ceil(whole_if_near(flow))


def whole_if_near(flow: float) -> Fraction:
    """Sums of floats that miss a whole number by their last digit are that number."""
    return Fraction(repr(flow)).limit_denominator(10**9)


def rows_allow_neighbours(quotas: flux.Quotas, flows: dict[str, Fraction]) -> bool:
    """Hoffman's condition: every set of communes can hold the rows confined to it, and be filled."""
    places: dict[str, set[str]] = {}
    for r, c in zip(quotas.dus["id_reservataire"], quotas.dus["commune"], strict=True):
        places.setdefault(r, set()).add(c)
    quota = column(quotas.table, "quota")
    for some in chain.from_iterable(combinations(flows, n) for n in range(1, len(flows) + 1)):
        confined = sum(q for r, q in quota.items() if places.get(r, set()) <= set(some))
        reaching = sum(q for r, q in quota.items() if places.get(r, set()) & set(some))
        if confined > sum(ceil(flows[c]) for c in some) or reaching < sum(floor(flows[c]) for c in some):
            return False
    return True


@FEW
@given(comptes())
def test_an_account_keeps_what_is_owed_and_not_given(essai: Essai) -> None:
    """due + balance − quota, less what a yearly ceiling refused for good."""
    quotas = flux.convert(essai.dossier())
    table = quotas.table.set_index("id_reservataire").drop(BAILLEUR)
    owed = table["du_exact"] + table["solde_reporte"] - table["quota"]
    kept = quotas.soldes.groupby("id_reservataire")["solde"].sum().drop("*").reindex(owed.index, fill_value=0)
    if essai.choix["plafond_apprecie"] == "cumule":
        pd.testing.assert_series_equal(kept, owed, check_names=False, atol=1e-9)
    assert (kept <= owed + 1e-9).all()
    assert (kept >= owed.clip(upper=0) - 1e-9).all()


@FEW
@given(comptes())
def test_no_ceiling_is_broken_after_rounding(essai: Essai) -> None:
    quotas = flux.convert(essai.dossier())
    assert (quotas.plafonds["nb"] <= quotas.plafonds["plafond"]).all()
    capped = quotas.table.dropna(subset="plafond")
    assert (capped["quota"] <= capped["plafond"]).all()
    by_commune = quotas.communes.groupby("commune")["nb_garantie"].sum()
    judged = quotas.plafonds.loc[quotas.plafonds["groupe"] == "garantie"].set_index("territoire_code")[
        "plafond"
    ]
    both = judged.index.intersection(by_commune.index)
    assert (by_commune[both] <= judged[both]).all()  # the matrix, too, keeps every guarantor of a commune in


@FEW
@given(essais(arrondi="plus_fort_reste"))
def test_rounding_moves_an_uncapped_holder_by_less_than_one(essai: Essai) -> None:
    table = flux.convert(essai.dossier()).table
    free = table[(table["plafond_atteint"] == "non") & (table["id_reservataire"] != BAILLEUR)]
    assert ((free["quota"] - free["quota_exact"]).abs() < 1).all()


@FEW
@given(essais(arrondi="plus_fort_reste"), st.data())
def test_more_rights_never_make_an_uncapped_quota_fall(essai: Essai, data: st.DataObject) -> None:
    able = [
        (k, r)
        for k, lot in enumerate(essai.lots)
        if lot.libres
        for r in lot.droits
        if not r.startswith("etat")
    ]
    assume(able)
    k, ident = data.draw(st.sampled_from(able))
    lot = essai.lots[k]
    more = lot.droits[ident] + data.draw(st.integers(1, lot.libres))
    lots = [*essai.lots]
    lots[k] = replace(lot, droits={**lot.droits, ident: more})
    before, after = (flux.convert(x.dossier()).table for x in (essai, replace(essai, lots=tuple(lots))))
    assume(column(before, "plafond_atteint")[ident] == "non")
    assert column(after, "quota")[ident] >= column(before, "quota")[ident]


@FEW
@given(comptes(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_decides_nothing(essai: Essai, random: Any) -> None:
    straight = essai.dossier()
    tables = {
        nom: frame.iloc[random.sample(range(len(frame)), len(frame))].reset_index(drop=True)
        for nom, frame in straight.tables.items()
    }
    first, second = flux.convert(straight), flux.convert(replace(straight, tables=tables))
    for nom in TABLES:
        pd.testing.assert_frame_equal(getattr(first, nom), getattr(second, nom))
    assert first.egalites == second.egalites


@FEW
@given(comptes())
def test_the_explanation_is_the_quota(essai: Essai) -> None:
    quotas = flux.convert(essai.dossier())
    exact = column(quotas.table, "quota_exact")
    asked = sum(v for r, v in exact.items() if r != BAILLEUR)
    fitted = min(1.0, float(quotas.exact["flux_a_partager"]) / asked) if asked else 1.0
    for ident, quota in column(quotas.table, "quota").items():
        figure = quotas.explain(ident).figure
        assert figure.valeur == quota
        kept_out = float(quotas.preuve.retenues.get(ident, 0))
        expected = max(0.0, exact[ident] * (1 if ident == BAILLEUR else fitted) - kept_out)
        assert float(figure.entrees[0].valeur) == pytest.approx(expected, abs=1e-9)
    state = quotas.explain("etat").figure
    assert state.valeur == sum(q for r, q in column(quotas.table, "quota").items() if r.startswith("etat_"))
