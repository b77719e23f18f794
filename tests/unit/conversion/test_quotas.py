"""The verb `convert` and what surrounds it: inputs, keywords, results, samples."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur


@pytest.fixture(scope="module")
def ecole(racine: Path) -> Dossier:
    return flux.read_dossier(racine / "data" / "samples" / "cas-ecole")


@pytest.fixture(scope="module")
def val_de_mire(racine: Path) -> Dossier:
    return flux.read_dossier(racine / "data" / "samples" / "val-de-mire")


def small(**more: Any) -> Dossier:
    return dossier(
        convention={"hypotheses": {"taux_rotation": 0.1}},
        logements=logements(100, "00001", "A"),
        reservataires=[reservataire("etat_prioritaires"), reservataire("action_logement")],
        reservations=[
            {"id_reservataire": "etat_prioritaires", "programme": "A", "commune": "00001", "nb": 40},
            {"id_reservataire": "action_logement", "programme": "A", "commune": "00001", "nb": 23},
        ],
        **more,
    )


def test_cas_ecole_is_the_worked_example(ecole: Dossier) -> None:
    quotas = flux.convert(ecole)
    table = quotas.table.set_index("id_reservataire")
    assert table["quota"].to_dict() == {
        "action_logement": 19,
        "commune": 8,
        "departement": 1,
        "etat_agents": 2,
        "etat_prioritaires": 13,
        "bailleur": 10,
    }
    state = table.loc[["etat_agents", "etat_prioritaires"]]
    assert state["du_exact"].sum() == pytest.approx(15.9, abs=1e-9)
    assert round(state["quota"].sum() / 53 * 100, 1) == 28.3
    assert quotas.exact["flux_a_partager"] == 53
    assert quotas.explain("etat").figure.valeur == 15


@pytest.mark.parametrize("methode", ["parc", "rotation", "observe"])
def test_val_de_mire_adds_up_under_every_method(val_de_mire: Dossier, methode: str) -> None:
    quotas = flux.convert(val_de_mire, methode=methode)
    assert quotas.table["quota"].sum() == quotas.exact["flux_a_partager"]
    assert quotas.communes["nb"].sum() == quotas.exact["flux_a_partager"]
    assert (quotas.plafonds["nb"] <= quotas.plafonds["plafond"]).all()


def test_a_verb_never_mutates_its_input(val_de_mire: Dossier) -> None:
    before = {nom: frame.copy(deep=True) for nom, frame in val_de_mire.tables.items()}
    communes, convention = val_de_mire.communes.copy(deep=True), val_de_mire.convention
    flux.convert(val_de_mire, methode="rotation")
    for nom, frame in before.items():
        pd.testing.assert_frame_equal(val_de_mire.tables[nom], frame)
    pd.testing.assert_frame_equal(val_de_mire.communes, communes)
    assert val_de_mire.convention == convention


def test_a_keyword_prevails_over_the_file_and_says_so() -> None:
    quotas = flux.convert(small(), depassement="etat_garanti", part_etat=0.2)
    convention = quotas.dossier.convention
    assert quotas.table.set_index("id_reservataire").loc["etat_prioritaires", "quota"] == 2
    assert convention.origines["depassement"] == convention.origines["part_etat"] == "python"
    assert convention.origines["methode"] == "défaut"


def test_an_unknown_keyword_suggests_its_neighbour() -> None:
    with pytest.raises(flux.ConventionError, match="methode") as caught:
        flux.convert(small(), metode="parc")
    assert caught.value.code == "convention.choix_inconnu"


def test_an_unknown_value_of_a_choice_is_refused() -> None:
    with pytest.raises(flux.ConventionError) as caught:
        flux.convert(small(), methode="parcs")
    assert caught.value.code == "convention.valeur_inconnue"


def test_the_law_of_the_convention_s_date_by_default() -> None:
    assert flux.convert(small()).regles.date == date(2026, 1, 1)


def test_a_supposed_law_stamps_the_figures_that_it_touches() -> None:
    law = flux.regles("2026-01-01").suppose(part_max_etat=0.35)
    quotas = flux.convert(small(), regles=law)
    assert quotas.table.set_index("id_reservataire").loc["etat_prioritaires", "du_exact"] == 3.5
    assert any("hypothèse" in sentence for sentence in quotas.hypotheses)
    leaves = [f for _, f in quotas.explain("etat_prioritaires").figure.walk() if not f.entrees]
    assert any(f.couleur is Couleur.HYPOTHESE and f.valeur == law.part("part_max_etat") for f in leaves)


def test_the_tree_of_a_ceiling_can_be_followed_with_a_pencil() -> None:
    account = {"id_reservataire": "etat_prioritaires", "annee": 2025, "commune": "00001", "solde": 0}
    counted = {"annee_ouverture": 2025, "flux_cumule": 10, "nb_cumule": 3}
    quotas = flux.convert(small(soldes=[account | counted]), plafond_apprecie="cumule")
    ceiling = quotas.explain("plafonds", groupe="etat").figure
    exact, given = ceiling.entrees
    part, flow = exact.entrees
    assert (part.valeur, flow.valeur, given.valeur, ceiling.valeur) == (Fraction(3, 10), 20, 3, 3)
    assert part.couleur is Couleur.LOI


def test_balances_above_the_flow_are_seen_reduced_in_the_tree() -> None:
    owed = {"id_reservataire": "action_logement", "annee": 2025, "commune": "00001", "solde": 17.7}
    quotas = flux.convert(small(soldes=[owed]))
    table = quotas.table.set_index("id_reservataire")
    assert table.loc["action_logement", "quota_exact"] == pytest.approx(20)
    served = quotas.explain("action_logement").figure.entrees[0]
    assert float(served.valeur) == pytest.approx(20 * 10 / 23)
    assert quotas.explain("bailleur").figure.entrees[0].valeur == 0


def test_an_explanation_goes_down_to_the_cells_and_the_articles(ecole: Dossier) -> None:
    tree = repr(flux.convert(ecole).explain("etat_prioritaires"))
    assert "reservations.csv" in tree and "logements.csv" in tree and "sha256" in tree
    assert "R. 441-5-2" in tree


def test_nobody_of_that_name_suggests_a_neighbour() -> None:
    with pytest.raises(flux.FluxError, match="action_logement") as caught:
        flux.convert(small()).explain("action_logemen")
    assert caught.value.code == "explication.inconnu"


def test_the_dictionary_is_json_with_counts_as_integers() -> None:
    said = json.loads(json.dumps(flux.convert(small()).to_dict()))
    assert said["schema"] == "flux/1"
    rows = {row["id_reservataire"]: row for row in said["quotas"]["table"]}
    assert rows["action_logement"]["quota"] == 2
    assert rows["action_logement"]["plafond"] is None
    assert said["choix"]["methode"] == {"valeur": "parc", "origine": "défaut"}


def test_an_account_is_ready_to_be_next_year_s_table() -> None:
    first = flux.convert(small())
    balances = first.soldes.astype(object).where(first.soldes.notna(), None).to_dict("records")
    second = flux.convert(small(annee=2027, soldes=balances))
    carried = second.table.set_index("id_reservataire")["solde_reporte"]
    assert carried["action_logement"] == pytest.approx(0.3)
    opened = second.soldes.set_index("id_reservataire")
    assert opened.loc["action_logement", "annee_ouverture"] == 2026
    assert opened.loc["action_logement", "flux_cumule"] == pytest.approx(20)
