"""Objectives, case after case, as a jurist reads them in `tests/cas/orientation` and `tests/cas/quartile`.

How a case becomes a dossier: see `lecture_cas`; its plan is that of `flux.allocate(flux.convert(dossier))`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from lecture_cas import built, cases, same

import flux
from flux.loi.mixite import est_premier_quartile


@pytest.mark.parametrize("cas", cases("orientation"))
def test_the_plan_gives(cas: dict[str, Any]) -> None:
    plan = flux.allocate(flux.convert(built(cas, cas["date"].year)))
    for cle, valeurs in cas["attendu"].items():
        CONTROLES[cle](plan, valeurs)


@pytest.mark.parametrize("cas", cases("quartile"))
def test_the_first_quartile_is(cas: dict[str, Any]) -> None:
    said = est_premier_quartile(cas["ressources_eur"], cas["territoire"], flux.regles(cas["date"]))
    assert said is cas["attendu"]


def rows(plan: flux.Plan, key: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of `plan.objectifs` that a case names; of the law unless it says otherwise."""
    named = {"niveau": "loi"} | {k: key[k] for k in ("objectif", "porteur", "niveau") if k in key}
    table = plan.objectifs
    return table.loc[(table[list(named)] == pd.Series(named)).all(axis=1)]


def check_objectifs(plan: flux.Plan, expected: list[dict[str, Any]]) -> None:
    for row in expected:
        (found,) = rows(plan, row).to_dict("records")
        for column, written in row.items():
            same(found[column], written)


def check_absents(plan: flux.Plan, expected: list[dict[str, Any]]) -> None:
    assert [row for row in expected if len(rows(plan, row))] == []


def check_void(plan: flux.Plan, expected: list[str]) -> None:
    """An objective on nothing: no threshold, nothing missing."""
    for objectif in expected:
        (found,) = rows(plan, {"objectif": objectif}).to_dict("records")
        assert found["base"] == 0
        assert pd.isna([found[k] for k in ("seuil", "atteint", "manque", "manque_entier")]).all()


def check_priority(plan: flux.Plan, expected: dict[str, int]) -> None:
    """Whole dwellings that a holder gives to DALO or priority households."""
    served = plan.table.loc[plan.table["priorite"].isin(["dalo", "prioritaire"])]
    found = served.groupby("id_reservataire")["nb"].sum()
    assert {ident: int(found.get(ident, 0)) for ident in expected} == expected


def check_quotas(plan: flux.Plan, expected: dict[str, int]) -> None:
    found = plan.quotas.table.set_index("id_reservataire")["quota"]
    assert {ident: int(found[ident]) for ident in expected} == expected


def check_flow(plan: flux.Plan, expected: int) -> None:
    assert plan.table["nb"].sum() == plan.quotas.exact["flux_a_partager"] == expected


def check_said(plan: flux.Plan, expected: list[str]) -> None:
    said = re.sub(r"\s", " ", " ".join(plan.hypotheses))
    assert [words for words in expected if words not in said] == []


CONTROLES = {
    "objectifs": check_objectifs,
    "absents": check_absents,
    "sans_objet": check_void,
    "prioritaires": check_priority,
    "quota": check_quotas,
    "flux": check_flow,
    "dit": check_said,
}
