"""The dictionary as data holds together, and with the contract."""

from __future__ import annotations

import pytest

from flux.dossier import vocabulaire as v
from flux.dossier.rpls.dictionnaire import (
    contingents,
    dispositions,
    nearest,
    recognise,
    variable_of,
    variables,
)
from flux.dossier.schemas import LOGEMENTS


@pytest.mark.parametrize(
    ("disposition", "nb"),
    [
        ("restreint", 95),
        ("dreal_2018", 95),
        ("declaration", 63),
        ("ouvert_dido", 73),
        ("ouvert_2012_2020", 41),
    ],
)
def test_each_layout_has_its_columns_and_is_recognised_by_them(disposition: str, nb: int) -> None:
    headers = dispositions()[disposition].colonnes
    assert len(headers) == len(set(headers)) == nb
    found = recognise(headers)
    assert found is not None
    assert found.nom == disposition


def test_a_declared_record_has_its_fields_where_the_order_puts_them() -> None:
    fields = dispositions()["declaration"].colonnes
    numbered = {"IDENT_REP": 1, "DEPCOM": 4, "QPV": 22, "NBPIECE": 24, "FINAN": 32, "CONTRESLOG": 63}
    assert {name: fields.index(name) + 1 for name in numbered} == numbered


def test_what_a_variable_feeds_is_in_the_contract() -> None:
    columns = {c.nom for c in LOGEMENTS.colonnes}
    assert {x.colonne for x in variables().values() if x.colonne} <= columns
    assert set(variables()["SORTIEPATRIM"].codes.values()) - {""} == {m.value for m in v.MotifSortie}
    assert set(variables()["TYPECONST"].codes.values()) <= {n.value for n in v.NatureLogement}


def test_categories_of_a_contingent_are_in_the_contract() -> None:
    categories = {c for x in contingents().values() for c in x.categories}
    assert categories == {c.value for c in v.Categorie}
    assert len(contingents()) == 15


@pytest.mark.parametrize(
    ("header", "variable"),
    [
        ("bail_red", "BAIL"),
        ("QPV_CODE", "QPV"),
        ("depcom_code", "DEPCOM"),
        ("libcom", "LIBCOM"),
        ("FINAN_LIBELLE", "FINAN_LIBELLE"),
    ],
)
def test_suffixes_are_taken_off(header: str, variable: str) -> None:
    assert variable_of(header) == variable


def test_the_nearest_layout_says_what_is_missing() -> None:
    headers = [h for h in dispositions()["ouvert_2012_2020"].colonnes if h != "FINAN"]
    assert recognise(headers) is None
    best, missing = nearest(headers)
    assert (best.nom, missing) == ("ouvert_2012_2020", ["FINAN"])
