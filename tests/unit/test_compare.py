"""Scenarios side by side: who gains, who loses, what makes them differ."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import flux
from flux.dossier import Dossier


@pytest.fixture(scope="module")
def dossier(racine: Path) -> Dossier:
    return flux.read_dossier(racine / "data" / "samples" / "val-de-mire")


@pytest.fixture(scope="module")
def parc(dossier: Dossier) -> flux.Quotas:
    return flux.convert(dossier)


@pytest.fixture(scope="module")
def methodes(dossier: Dossier, parc: flux.Quotas) -> flux.Comparaison:
    others = {m: flux.convert(dossier, methode=m) for m in ("rotation", "observe")}
    return flux.compare(parc=parc, **others)


def test_methods_side_by_side(methodes: flux.Comparaison, parc: flux.Quotas) -> None:
    table = methodes.table
    assert methodes.noms == ("parc", "rotation", "observe")
    assert table["id_reservataire"].tolist() == parc.table["id_reservataire"].tolist()
    assert table["quota_parc"].tolist() == parc.table["quota"].tolist()
    for name in ("rotation", "observe"):
        assert (table[f"ecart_{name}"] == table[f"quota_{name}"] - table["quota_parc"]).all()
        assert table[f"ecart_{name}"].sum() == 0  # the same flow, shared otherwise
        assert methodes.communes[f"ecart_{name}"].sum() == 0
        exact = table[f"ecart_exact_{name}"]
        assert exact.tolist() == pytest.approx((table[f"exact_{name}"] - table["exact_parc"]).tolist())
    assert methodes.differences["objet"].tolist() == ["Méthode de conversion du stock en flux"]


def test_who_gains_and_who_loses_in_a_sentence_each(methodes: flux.Comparaison) -> None:
    table = methodes.table
    for name in ("rotation", "observe"):
        head = f"De « parc » à « {name} »"
        gain = next(p for p in methodes.phrases if p.startswith(f"{head}, gagnent"))
        loss = next(p for p in methodes.phrases if p.startswith(f"{head}, perdent"))
        for nom, ecart in table[["nom", f"ecart_{name}"]].itertuples(index=False):
            sign = f"({'+' if ecart > 0 else '−'}{abs(ecart)})"
            assert (f"{nom} {sign}" in gain) == (ecart > 0)
            assert (f"{nom} {sign}" in loss) == (ecart < 0)
        assert any(p.startswith(head) and "communes sur 14 changent" in p for p in methodes.phrases)


def test_the_faces_of_a_comparison(methodes: flux.Comparaison) -> None:
    assert "observe − parc" in " ".join(repr(methodes).split())
    assert "<table" in methodes._repr_html_()
    said = json.loads(json.dumps(methodes.to_dict()))
    assert said["commande"] == "compare" and said["scenarios"] == ["parc", "rotation", "observe"]
    assert said["table"][0]["quota_parc"] == 109
    figure = methodes.plot()
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["parc", "rotation", "observe"]


def test_scenarios_are_named_after_what_differs(dossier: Dossier, parc: flux.Quotas) -> None:
    assert flux.compare(parc, flux.convert(dossier, arrondi="sainte_lague")).noms == (
        "plus_fort_reste",
        "sainte_lague",
    )
    before = flux.convert(dossier, regles=flux.regles("2021-01-01"))
    assert flux.compare(before, parc).noms == ("2021-01-01", "2026-01-01")
    assert flux.compare(parc, parc).noms == ("scénario 1", "scénario 2")
    assert flux.compare(parc, apres=before).noms == ("scénario 1", "apres")


def test_two_dates_of_law(dossier: Dossier, parc: flux.Quotas) -> None:
    both = flux.compare(flux.convert(dossier, regles=flux.regles("2021-01-01")), parc)
    law = both.differences.set_index("objet")
    assert set(law["nature"]) >= {"loi"}
    hospitals = law.loc["Réservataires dont les droits peuvent rester en stock"]
    assert "santé" in hospitals["valeur_2026-01-01"] and "santé" not in hospitals["valeur_2021-01-01"]
    assert any("perdent" in p and "Centre hospitalier" in p for p in both.phrases)


def test_a_bill_and_a_hypothesis_are_seen_as_such(dossier: Dossier, parc: flux.Quotas) -> None:
    bill = flux.convert(dossier, regles=flux.regles("2026-02-01", projets=True))
    assert {"loi", "hypotheses"} <= set(flux.compare(parc, projet=bill).differences["nature"])
    supposed = flux.convert(dossier, regles=flux.regles("2026-01-01").suppose(part_max_etat=0.35))
    rows = flux.compare(loi=parc, supposee=supposed).differences
    [shown] = rows.loc[rows["nature"] == "loi", "valeur_supposee"]
    assert "(hypothèse)" in shown


def test_choices_stipulations_and_data_that_differ(dossier: Dossier, parc: flux.Quotas) -> None:
    fewer = replace(
        dossier, tables={**dossier.tables, "reservations": dossier.reservations.iloc[:-5]}
    ).with_stipulations(part_etat="legale")
    rows = flux.compare(avant=parc, apres=flux.convert(fewer)).differences.set_index("nature")
    assert rows.loc["stipulations", "valeur_apres"] == "La part maximale prévue par le texte."
    assert rows.loc["donnees", "objet"] == "table « reservations »"
    assert rows.loc["donnees", "valeur_apres"].endswith("471 lignes")


def test_no_whole_quota_changes_but_the_exact_ones_do(dossier: Dossier, parc: flux.Quotas) -> None:
    same = flux.compare(parc, parc)
    assert same.phrases == ("De « scénario 1 » à « scénario 2 », aucun quota entier ne change.",)
    assert same.differences.empty


def test_plans_and_their_objectives(dossier: Dossier, parc: flux.Quotas) -> None:
    plans = {
        "parc": flux.allocate(parc),
        "rotation": flux.allocate(flux.convert(dossier, methode="rotation")),
    }
    both = flux.compare(**plans)
    assert both.table["quota_parc"].sum() == 386
    assert {"seuil_parc", "atteint_rotation", "manque_rotation"} <= set(both.objectifs)
    assert any("objectifs atteints sur" in p for p in both.phrases)
    assert "Objectifs : ce qui manque" in repr(both)
    rows = both.orientations
    assert rows["nb_parc"].sum() == rows["nb_rotation"].sum() == 386
    moved = rows["ecart_rotation"].clip(lower=0).sum()
    assert f"De « parc » à « rotation », {moved} logements du plan changent" in " ".join(both.phrases)


def test_plans_of_the_same_quotas_differ_by_their_objectives(racine: Path) -> None:
    dossier = flux.read_dossier(racine / "data" / "samples" / "cas-ecole")
    parc = flux.convert(dossier)
    asked = dossier.objectifs.reindex([0]).assign(objectif="dalo_prioritaires", niveau="souhait", part=0.99)
    other = replace(dossier, tables={**dossier.tables, "objectifs": asked})
    both = flux.compare(
        signe=flux.allocate(parc, couts=False), durci=flux.allocate(flux.convert(other), couts=False)
    )
    assert both.differences["objet"].tolist() == ["table « objectifs »"]
    assert (both.table["ecart_durci"] == 0).all()
    assert any(p.startswith("De « signe » à « durci », moins bien atteints") for p in both.phrases)
    assert json.loads(json.dumps(both.to_dict()))["orientations"]


def test_what_cannot_be_compared(racine: Path, parc: flux.Quotas) -> None:
    school = flux.convert(flux.read_dossier(racine / "data" / "samples" / "cas-ecole"))
    plan = flux.allocate(school)
    for results, code in (
        ((parc, school), "comparaison.bailleur"),
        ((parc,), "comparaison.nombre"),
        ((school, plan), "comparaison.nature"),
        ((parc, parc.dossier), "comparaison.nature"),
    ):
        with pytest.raises(flux.FluxError) as caught:
            flux.compare(*results)  # type: ignore[call-overload]
        assert caught.value.code == code
    with pytest.raises(flux.FluxError) as caught:
        flux.compare(parc, parc, **{"scénario 1": parc})
    assert caught.value.code == "comparaison.nombre"
