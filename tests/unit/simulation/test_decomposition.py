"""Causes that add up exactly, that leave nothing, and that say what each rule does."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from closed import held, trials
from fabrique import Row, dossier, logements, reservataire

import flux
from flux import samples
from flux.conversion import Quotas, convert
from flux.conversion.cellules import BAILLEUR, GARANTIE
from flux.conversion.exact import total
from flux.dossier import Dossier
from flux.noyau.errors import FluxError
from flux.rendu import glossaire
from flux.simulation.attendus import expected_stock
from flux.simulation.causes import ORDRE, added, causes, states
from flux.simulation.decomposition import decomposition
from flux.simulation.parc import make_parc
from flux.simulation.partage import Partage, by_case
from flux.simulation.vecu import Mutations

CHOIX: list[dict[str, Any]] = [
    {"methode": "rotation"},
    {"premieres_locations": "dans_le_flux", "droits_uniques": "sur_part_bailleur"},
    {"repartition_epci": "droits", "regle_echeance": "prorata"},
    {"part_etat": "legale", "plafond_apprecie": "cumule"},
    {"etat_uniforme_par_commune": False, "garantie_imbriquee": "separee"},
]


def parcs(racine: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dossier]:
    named = {s: flux.read_dossier(racine / "data" / "samples" / s) for s in ("cas-ecole", "val-de-mire")}
    for seed, (nb, communes) in enumerate([(300, 1), (500, 9), (900, 20)]):
        tables = samples.generate_parc(nb_logements=nb, nb_communes=communes, seed=seed, taux_rotation=0.12)
        folder = tmp_path_factory.mktemp("parc") / str(seed)
        named[f"tiré {seed}"] = flux.read_dossier(samples.write(tables, folder))
    return named


@pytest.fixture(scope="module")
def dossiers(racine: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dossier]:
    return parcs(racine, tmp_path_factory)


@pytest.fixture(scope="module")
def every(dossiers: dict[str, Dossier]) -> list[Quotas]:
    """Each dossier as it is, and under other choices; only a sample has deliveries and single-use rights."""
    some = [dossiers[s] for s in ("tiré 1", "val-de-mire", "tiré 2", "tiré 1", "tiré 2")]
    return [*map(convert, dossiers.values()),
            *(convert(d, **c) for d, c in zip(some, CHOIX, strict=True))]  # fmt: skip


@pytest.mark.parametrize("mutations", list(Mutations))
def test_the_causes_add_up_exactly(every: list[Quotas], mutations: Mutations) -> None:
    for quotas in every if mutations is Mutations.AUX_TITULAIRES else every[1:4]:
        ecart = causes(quotas, mutations)
        cases = {*ecart.stock, *ecart.flux}
        assert tuple(ecart.effets) == ORDRE
        for case in cases:
            moved = total([effet.get(case, Fraction(0)) for effet in ecart.effets.values()])
            assert moved == ecart.flux.get(case, 0) - ecart.stock.get(case, 0), case


def test_both_ends_are_what_they_are_elsewhere(every: list[Quotas]) -> None:
    for quotas in every:
        ecart = causes(quotas, Mutations.AUX_TITULAIRES)
        inside = quotas.dossier.convention.choix.premieres_locations == "dans_le_flux"
        first = quotas.livraisons.groupby("id_reservataire")["nb"].sum()
        for ident, quota in zip(quotas.table["id_reservataire"], quotas.table["quota"], strict=True):
            whole = total([v for (r, _), v in ecart.flux.items() if r == ident])
            assert whole == quota + (0 if inside else int(first.get(ident, 0)))
        everything = float(quotas.flux["liberations"].sum()) + float(quotas.livraisons["exact"].sum())
        assert float(total(ecart.stock)) == pytest.approx(everything)


def test_nothing_is_left_once_ceilings_and_reductions_are_applied(every: list[Quotas]) -> None:
    for quotas in every:
        nothing_left(quotas)


def nothing_left(quotas: Quotas) -> None:
    """The last state before ceilings, with the factors that the conversion keeps, is its dues exactly."""
    preuve, partage = quotas.preuve, Partage(quotas)
    before = dict(states(quotas, Mutations.AUX_TITULAIRES))["etat"].dus
    inside = quotas.dossier.convention.choix.premieres_locations == "dans_le_flux"
    beside: dict[tuple[str, str], Fraction] = {}
    if not inside:
        for r, c, v in zip(*(quotas.livraisons[k] for k in ("id_reservataire", "commune", "exact")),
                           strict=True):  # fmt: skip
            beside[r, c] = beside.get((r, c), Fraction(0)) + Fraction(repr(v))
    cells = {k: cell for k, cell in preuve.dus.cellules.items() if k[0] != BAILLEUR}
    wide = set(partage.larges)
    for key, cell in cells.items():
        gross = before.get(key, Fraction(0)) - beside.get(key, Fraction(0))
        if key[0] not in wide:
            flow = cell.flux.valeur if cell.flux else Fraction(0)
            reached = total([
                (cell.parts.get(g, Fraction(0)) * flow + cell.added[g]) * factor(cell, g)
                for g in (False, True)
            ])  # fmt: skip
            assert gross == total(cell.parts) * flow + total(cell.added)
            assert reached == cell.amount()
    kept = {k: cell.amount() for k, cell in cells.items() if k[0] not in wide}
    ajouts = by_case(preuve.droits.uniques)
    if inside:
        ajouts = added(ajouts, by_case(preuve.droits.livraisons))
    mine = {k: v for k, v in ajouts.items() if k[0] in wide}
    owed = {k: v - beside.get(k, Fraction(0)) - mine.get(k, Fraction(0))
            for k, v in before.items() if k[0] in wide}
    fluxes = {c: f.valeur for c, f in preuve.feuilles.flux.items()}
    turn = partage.in_turn({**kept, **owed}, mine, fluxes, [*partage.locaux, *partage.etat])
    for key, cell in cells.items():
        if key[0] in wide and not cell.coefficients:
            assert turn.get(key, Fraction(0)) + mine.get(key, Fraction(0)) == cell.amount(), key


def factor(cell: Any, garantie: bool) -> Fraction:
    out = Fraction(1)
    for motif, figure in cell.coefficients.items():
        if motif != GARANTIE or garantie:
            out *= figure.valeur
    return out


def test_where_nothing_is_reduced_ceilings_do_nothing(dossiers: dict[str, Dossier]) -> None:
    seen = 0
    for one in dossiers.values():
        quotas = convert(one)
        if any(cell.coefficients for cell in quotas.preuve.dus.cellules.values()):
            continue
        seen += 1
        assert not any(causes(quotas, Mutations.AUX_TITULAIRES).effets["plafonds"].values())
    assert seen


def test_the_stock_is_what_its_closed_form_says(every: list[Quotas]) -> None:
    for quotas in every[:4]:
        parc = make_parc(quotas, incertitude=False)
        stock = expected_stock(quotas, parc, Mutations.AUX_TITULAIRES)
        chances = held(parc) * (parc.essais * trials(parc).mean(axis=1))[:, None]
        for h, ident in enumerate(parc.porteurs[:-1]):
            mine = float(total([v for (r, _), v in stock.items() if r == ident]))
            assert chances[:, h].sum() == pytest.approx(mine, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("sample", ["cas-ecole", "val-de-mire"])
@pytest.mark.parametrize("mutations", ["aux_titulaires", "retirees"])
def test_the_simulation_converges_to_the_causes_less_balances_and_rounding(
    dossiers: dict[str, Dossier], sample: str, mutations: str
) -> None:
    asked: dict[str, Any] = {"incertitude": False, "mutations_en_stock": mutations}
    bascule = flux.simulate(dossiers[sample], seed=7, runs=150, **asked)
    ecart = causes(bascule.quotas, Mutations(mutations))
    for ident in bascule.axes.porteurs:
        stock, flow = bascule.runs_of(ident)
        expected = total([v for cause, effet in ecart.effets.items() if cause not in ("solde", "arrondi")
                          for (r, _), v in effet.items() if r == ident])  # fmt: skip
        gap = flow - stock
        error = gap.std(ddof=1) / np.sqrt(len(gap))
        # the bound of a sequence adds up to a dwelling; single-use rights are served out of the flow
        assert abs(gap.mean() - float(expected)) < 4.5 * error + 1.0, ident


@pytest.mark.parametrize("seed", range(12))
def test_random_dossiers_leave_nothing_either(seed: int) -> None:
    """Shared dwellings, lots, dates, guarantees, rights outside a territory, single-use rights, choices."""
    quotas = drawn(np.random.default_rng(seed))
    nothing_left(quotas)
    for mutations in Mutations:
        ecart = causes(quotas, mutations)
        for case in {*ecart.stock, *ecart.flux}:
            moved = total([effet.get(case, Fraction(0)) for effet in ecart.effets.values()])
            assert moved == ecart.flux.get(case, 0) - ecart.stock.get(case, 0)
    parc = make_parc(quotas, incertitude=False)
    chances = held(parc) * (parc.essais * trials(parc).mean(axis=1))[:, None]
    stock = expected_stock(quotas, parc, Mutations.AUX_TITULAIRES)
    for h, ident in enumerate(parc.porteurs[:-1]):
        mine = float(total([v for (r, _), v in stock.items() if r == ident]))
        assert chances[:, h].sum() == pytest.approx(mine, rel=1e-6, abs=1e-9)


def drawn(rng: np.random.Generator) -> Quotas:
    """A dossier of three communes and seven holders."""
    communes = ("00001", "00002", "00003")
    who = ["action_logement", "departement", "etat_prioritaires", "epci_000000001"]
    who += [f"commune_{c}" for c in communes]
    kinds = {"typologie": ("T2", "T3"), "qpv": (True, False)}
    places: list[Row] = []
    for n, c in enumerate(communes):
        for k in range(2):
            more = {nom: values[rng.integers(len(values))] for nom, values in kinds.items()}
            places += logements(int(rng.integers(20, 60)), c, f"{'PQR'[n]}{k}", **more)
    rights: list[Row] = []
    for holder in who:
        for _ in range(int(rng.integers(1, 4))):
            place = places[rng.integers(len(places))]
            against = str(rng.choice(["garantie", "autre"]))
            one: dict[str, Any] = {"id_reservataire": holder, "contrepartie": against}
            if rng.random() < 0.5:
                one |= {k: place[k] for k in ("programme", "commune")} | {"nb": int(rng.integers(1, 9))}
            else:
                one |= {"id_logement": place["id_logement"], "part": 0.25}
            if rng.random() < 0.5:
                one["date_fin"] = dt.date(2026, int(rng.integers(1, 13)), 15)
            if rng.random() < 0.2:
                one |= {"type_droit": "unique", "annee_prevue": 2026, "date_fin": None}
            rights.append({k: v for k, v in one.items() if v is not None})
    relet = {"annee": 2025, "nature": "relocation"}
    moves = [{**relet, "commune": c, "typologie": t, "nb": int(rng.integers(1, 9))}
             for c in communes for t in ("T2", "T3")]  # fmt: skip
    choix = {
        "methode": str(rng.choice(["parc", "rotation"])),
        "segment_rotation": str(rng.choice(["commune", "commune_typologie", "aucun"])),
        "regle_echeance": str(rng.choice(["vivant_au_1er_janvier", "prorata", "annee_entiere"])),
        "repartition_epci": str(rng.choice(["flux", "droits"])),
        "droits_uniques": str(rng.choice(["reserves_d_abord", "sur_part_bailleur"])),
        "sur_reservation": "reduction_proportionnelle",
    }
    return convert(dossier(
        logements=places, reservataires=[reservataire(h) for h in who], reservations=rights, mouvements=moves,
        soustractions=[{"annee": 2026, "categorie": "mutation", "etat": "previsionnel", "nb": 3}],
        convention={"choix": choix, "stipulations": {"part_etat": [0, 0.2, "legale"][rng.integers(3)]}},
    ))  # fmt: skip


HOLDERS = ("action_logement", "departement", "etat_prioritaires", "commune_00001", "commune_00002")


def small(*rights: Row, places: list[Row] | None = None, **convention: Any) -> Quotas:
    """Two communes of 100 dwellings, a rate of 10 %, and these rights."""
    sections: dict[str, Any] = {"hypotheses": {"taux_rotation": 0.1}, "stipulations": {"part_etat": 0}}
    return convert(dossier(
        logements=[*logements(100, "00001", "P"), *logements(100, "00002", "Q"), *(places or [])],
        reservataires=[reservataire(h) for h in HOLDERS],
        reservations=rights,
        convention=sections | convention,
    ))  # fmt: skip


def lot(holder: str, programme: str, nb: int, **more: Any) -> Row:
    commune = {"P": "00001", "Q": "00002"}[programme]
    return {"id_reservataire": holder, "programme": programme, "commune": commune, "nb": nb, **more}


def effects(quotas: Quotas, ident: str, commune: str = "*") -> dict[str, float]:
    told = decomposition(quotas).explain(ident, commune).effets
    return {c: round(float(v), 6) for c, v in told.items() if c != "arrondi" and round(v, 6)}


def test_same_rate_everywhere_and_no_subtraction_is_no_change() -> None:
    assert effects(small(lot("commune_00001", "P", 40)), "commune_00001") == {}


def test_a_right_that_ends_in_the_year_counts_whole() -> None:
    ends = small(lot("commune_00001", "P", 40, date_fin=dt.date(2026, 6, 30)))
    assert effects(ends, "commune_00001") == {"comptage": round(4 * (365 - 181) / 365, 6)}


def test_rights_of_the_departement_are_spread_and_add_up_to_what_they_were() -> None:
    quotas = small(lot("action_logement", "P", 40))
    assert effects(quotas, "action_logement", "00001") == {"territoire": -2.0}
    assert effects(quotas, "action_logement", "00002") == {"territoire": 2.0}
    assert effects(quotas, "action_logement") == {}


def test_communes_served_first_push_the_others_elsewhere() -> None:
    quotas = small(lot("action_logement", "P", 20), lot("action_logement", "Q", 20),
                   lot("commune_00001", "P", 50))  # fmt: skip
    here, there = (effects(quotas, "action_logement", c) for c in ("00001", "00002"))
    # 5 of the 10 of the first commune are its own: 5 and 10 are left, of 15
    assert here == {"priorite_locale": round(4 * 5 / 15 - 2, 6)}
    assert there == {"priorite_locale": round(4 * 10 / 15 - 2, 6)}


def test_the_stipulated_part_of_the_state_is_its_own_cause() -> None:
    quotas = small(lot("etat_prioritaires", "P", 20), stipulations={"part_etat": 0.3})
    # 20 rights of 200 at 10 % are 2 of the 20 vacancies; 30 % are 6
    assert effects(quotas, "etat_prioritaires") == {"etat": 4.0}
    assert effects(quotas, "bailleur") == {"etat": -4.0}


def test_reserved_dwellings_that_turn_over_less_gain_by_the_flow() -> None:
    moves = [{"annee": 2025, "nature": "relocation", "commune": "00001", "typologie": t, "nb": nb}
             for t, nb in (("T3", 4), ("T5+", 16))]  # fmt: skip
    quotas = convert(dossier(
        logements=[*logements(100, "00001", "P"), *logements(100, "00001", "Q", typologie="T5+")],
        reservataires=[reservataire("commune_00001"), reservataire("etat_prioritaires")],
        reservations=[lot("commune_00001", "P", 100)],
        mouvements=moves,
        convention={"choix": {"segment_rotation": "commune_typologie"}, "stipulations": {"part_etat": 0}},
    ))  # fmt: skip
    # 100 dwellings at 4 % give 4; half of the 20 vacancies are 10
    assert effects(quotas, "commune_00001") == {"rotation": 6.0}
    weighed = convert(quotas.dossier, methode="rotation")
    assert effects(weighed, "commune_00001") == {"rotation": 6.0, "methode": -6.0}


def test_mutations_weigh_on_the_reserved_only_where_the_stock_left_them_to_their_holders() -> None:
    quotas = small(lot("commune_00001", "P", 50), lot("commune_00002", "Q", 50))
    out = convert(dossier(
        logements=[*logements(100, "00001", "P")],
        reservataires=[reservataire("commune_00001"), reservataire("etat_prioritaires")],
        reservations=[lot("commune_00001", "P", 50)],
        soustractions=[{"annee": 2026, "categorie": "mutation", "etat": "previsionnel", "nb": 4}],
        convention={"hypotheses": {"taux_rotation": 0.1}, "stipulations": {"part_etat": 0}},
    ))  # fmt: skip
    assert effects(quotas, "commune_00001") == {}
    assert effects(out, "commune_00001") == {"soustractions": -2.0}
    retired = decomposition(out, mutations_en_stock="retirees").explain("commune_00001")
    assert retired.stock == 3 and not retired.effets["soustractions"]


def test_tables_sentences_and_picture(dossiers: dict[str, Dossier]) -> None:
    told = decomposition(convert(dossiers["val-de-mire"]))
    assert list(told.table) == ["id_reservataire", "commune", "cause", "logements"]
    sums = told.table.groupby(["id_reservataire", "commune"])["logements"].sum()
    ends = told.ensemble.set_index(["id_reservataire", "commune"])["ecart"]
    np.testing.assert_allclose(sums.reindex(ends.index).fillna(0.0), ends, atol=1e-7)
    named = glossaire.terme("decomposition.cause").valeurs
    assert set(named) == set(ORDRE)
    for who, where in (("etat", "*"), ("reservataires", "00108"), ("*", "Mire-la-Ville"), (BAILLEUR, "*")):
        cascade = told.explain(who, where)
        assert total(cascade.effets) == cascade.flux - cascade.stock
        assert len(cascade.phrases) == 2 and cascade.titre in cascade.phrases[0]
    assert told.plot("action_logement").axes
    json.dumps(told.to_dict(), allow_nan=False)
    assert "Mutations et relogements" in repr(told) and "<table" in told._repr_html_()


def test_who_is_unknown_is_said(dossiers: dict[str, Dossier]) -> None:
    told = decomposition(convert(dossiers["cas-ecole"]))
    for asked in (("action_logemant", "*"), ("commune", "Bourg")):
        with pytest.raises(FluxError) as error:
            told.explain(*asked)
        assert error.value.code == "explication.inconnu"
    with pytest.raises(FluxError) as error:
        decomposition(told.quotas, mutations_en_stock="retiree")
    assert error.value.code == "simulation.mutations" and "retirees" in str(error.value)
