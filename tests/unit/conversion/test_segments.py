"""Finer segments: the construction period where chosen, fragile residences where an objective asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import flux
from flux.conversion.segments import described

SAMPLE = Path(__file__).parents[3] / "data" / "samples" / "cas-ecole"
KEY = ["commune", "qpv", "typologie", "financement"]


def test_the_period_splits_segments_and_changes_no_sum() -> None:
    dossier = flux.read_dossier(SAMPLE)
    plain, finer = flux.convert(dossier), flux.convert(dossier, periode_construction=True)
    assert "periode" not in plain.flux
    columns = ["nb_logements", "liberations", "flux_a_partager"]
    summed = finer.flux.groupby(KEY)[columns].sum()
    assert summed["nb_logements"].tolist() == plain.flux.set_index(KEY)["nb_logements"].tolist()
    assert finer.flux["flux_a_partager"].sum() == pytest.approx(plain.flux["flux_a_partager"].sum())
    assert finer.table["quota"].tolist() == plain.table["quota"].tolist()
    plan = flux.allocate(finer)
    assert list(plan.table.columns[:4]) == KEY
    assert "equite_periode" in set(plan.objectifs["objectif"])


@pytest.mark.parametrize(("annee", "periode"), [
    (1948, "avant 1949"), (1949, "1949-1974"), (1974, "1949-1974"), (1975, "1975-1989"), (1990, "1990-2004"),
    (2005, "2005 et après"), (None, "non renseigné")])
def test_the_periods(annee: int | None, periode: str) -> None:
    years, none = pd.array([annee], "Int64"), pd.array([None], "Int64")
    rows = pd.DataFrame({"annee_construction": years, "fragilite": none})
    assert described(rows)[["periode", "fragile"]].values.tolist() == [[periode, False]]


def test_fragile_residences_are_told_apart_where_an_objective_asks() -> None:
    dossier = flux.read_dossier(SAMPLE)
    logements = dossier.logements.assign(fragilite=pd.array([3] * len(dossier.logements), "Int64"))
    columns = ["objectif", "niveau", "territoire_code", "id_reservataire", "part", "source"]
    asked = pd.DataFrame([("residences_fragiles", "cia", None, None, 0.2, "CIA")], columns=columns)
    fragile = replace(dossier, tables={**dossier.tables, "logements": logements, "objectifs": asked})
    plan = flux.allocate(flux.convert(fragile))
    (row,) = plan.objectifs.loc[plan.objectifs["objectif"] == "residences_fragiles"].to_dict("records")
    assert row["seuil"] == pytest.approx(0.2 * row["base"])
    assert row["base"] > 0
