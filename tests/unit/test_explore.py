"""`flux.explore`: what the panel shows is what `compare` gives; without widgets, a table."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pytest

import flux
from flux.explore import Exploration
from flux.noyau.errors import FluxError

ECOLE = Path(__file__).parents[2] / "data" / "samples" / "cas-ecole"


@pytest.fixture(scope="module")
def exploration() -> Exploration:
    return flux.explore(flux.read_dossier(ECOLE))


def test_a_trial_is_compared_with_the_dossier_as_it_is(exploration: Exploration) -> None:
    dossier = exploration.depart.dossier
    found = exploration.essai(methode="rotation", part_etat=0.2)
    expected = flux.convert(dossier.with_choix(methode="rotation").with_stipulations(part_etat=0.2))
    assert found.table["quota_dossier"].tolist() == flux.convert(dossier).table["quota"].tolist()
    assert found.table["quota_essai"].tolist() == expected.table["quota"].tolist()


def test_a_tolerance_makes_both_plans(exploration: Exploration) -> None:
    found = exploration.essai(tolerance=0.2)
    assert len(found.objectifs) and all(isinstance(s, flux.Plan) for s in found.scenarios.values())


def test_a_change_in_the_panel_redraws(exploration: Exploration) -> None:
    pytest.importorskip("ipywidgets")
    methode, part, jour, _, sortie = exploration.panneau.children
    before = sortie.value
    part.value = 0.20
    assert sortie.value != before and "Comparaison" in sortie.value
    assert sortie.value == exploration.essai(part_etat=0.20)._repr_html_()
    jour.value = datetime.date(1950, 1, 1)
    assert sortie.value.startswith("<pre>") and "01/01/1950" in sortie.value
    jour.value, part.value = exploration.depart.regles.date, None
    assert methode.value == "parc" and "aucun quota entier ne change" in sortie.value


def test_where_widgets_do_not_run_a_table_is_shown(
    exploration: Exploration, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(exploration._repr_mimebundle_()) >= {"text/html", "text/plain"}
    monkeypatch.setattr(sys.modules["flux.explore"], "find_spec", lambda name: None)
    shown = exploration._repr_mimebundle_()
    assert set(shown) == {"text/html", "text/plain"}
    assert "etat_legale" in shown["text/html"] and "gestion-en-flux[explore]" in shown["text/plain"]
    with pytest.raises(FluxError) as refused:
        _ = exploration.panneau
    assert refused.value.code == "explore.ipywidgets"
