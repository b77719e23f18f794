"""The conversion, case after case, as a jurist reads it in `tests/cas/conversion`.

How a case becomes a dossier: see `lecture_cas`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from lecture_cas import built, cases, same

import flux


@pytest.mark.parametrize("cas", cases("conversion"))
def test_the_conversion_gives(cas: dict[str, Any]) -> None:
    attendu = cas["attendu"]
    if "erreur" in attendu:
        with pytest.raises(flux.FluxError) as caught:
            flux.convert(built(cas, cas["date"].year))
        assert caught.value.code == attendu["erreur"]
        return
    if "annees" in cas:
        check_years(cas)
        return
    quotas = flux.convert(built(cas, cas["date"].year))
    assert quotas.table["quota"].sum() == quotas.exact["flux_a_partager"]
    for cle, valeurs in attendu.items():
        CONTROLES.get(cle, check_column)(quotas, cle, valeurs)


def check_years(cas: dict[str, Any]) -> None:
    """Year after year, the balances of one being the `soldes` of the next."""
    soldes: list[dict[str, Any]] = []
    received: dict[str, list[int]] = {ident: [] for ident in cas["attendu"]["quota"]}
    for annee in range(cas["date"].year, cas["date"].year + cas["annees"]):
        quotas = flux.convert(built({**cas, "soldes": soldes}, annee))
        soldes = [
            {k: None if pd.isna(v) else v for k, v in row.items()} for row in quotas.soldes.to_dict("records")
        ]
        for ident, years in received.items():
            years.append(int(by_holder(quotas, "quota")[ident]))
    assert received == cas["attendu"]["quota"]


# ── what a case may expect ────────────────────────────────────────────────────────────────────────


def by_holder(quotas: flux.Quotas, column: str) -> dict[str, Any]:
    """A column of `quotas.table` by holder, and the State as a group where it adds up."""
    table = quotas.table.set_index("id_reservataire")[column]
    values: dict[str, Any] = table.to_dict()
    if table.dtype.kind in "if":
        values["etat"] = table[table.index.str.startswith("etat_")].sum()
    return values


def check_column(quotas: flux.Quotas, column: str, expected: dict[str, Any]) -> None:
    found = by_holder(quotas, column)
    for ident, written in expected.items():
        same(found[ident], written)


def check_flow(quotas: flux.Quotas, _: str, expected: int) -> None:
    assert quotas.exact["flux_a_partager"] == expected


def check_communes(quotas: flux.Quotas, cle: str, expected: dict[str, dict[str, Any]]) -> None:
    """By commune and holder: whole dwellings, exact ones with their balances (`communes_exact`), dues."""
    column = {"communes": "nb", "communes_exact": "exact", "dus": "exact"}[cle]
    table = quotas.dus if cle == "dus" else quotas.communes
    found = table.set_index(["commune", "id_reservataire"])[column].to_dict()
    for commune, holders in expected.items():
        for ident, written in holders.items():
            same(found.get((commune, ident), 0), written)


def check_livraisons(quotas: flux.Quotas, _: str, expected: dict[str, dict[str, int]]) -> None:
    found = quotas.livraisons.set_index(["programme", "id_reservataire"])["nb"].to_dict()
    assert found == {(p, r): nb for p, holders in expected.items() for r, nb in holders.items()}


def check_reductions(quotas: flux.Quotas, _: str, expected: list[str]) -> None:
    assert set(quotas.reductions["id_reservataire"]) == set(expected)


def check_assiette(quotas: flux.Quotas, _: str, expected: dict[str, int]) -> None:
    found = quotas.assiette.set_index("etape")["nb_logements"]
    assert {etape: found[etape] for etape in expected} == expected


def check_non_imputable(quotas: flux.Quotas, _: str, expected: Any) -> None:
    same(quotas.soustractions["non_imputable"].sum(), Decimal(expected))


def check_net(quotas: flux.Quotas, _: str, expected: str) -> None:
    same(quotas.exact["flux_net"], Decimal(expected))


def check_balances(quotas: flux.Quotas, _: str, expected: dict[str, Any]) -> None:
    found = quotas.soldes.groupby("id_reservataire")["solde"].sum()
    for ident, written in expected.items():
        same(found[ident], written)


def check_plafonds(quotas: flux.Quotas, _: str, expected: list[dict[str, Any]]) -> None:
    """Each row expected is in `quotas.plafonds`, in the columns that it gives."""
    for row in expected:
        key = (quotas.plafonds["groupe"] == row["groupe"]) & (
            quotas.plafonds["territoire_code"] == row.get("territoire_code", "00")
        )
        (found,) = quotas.plafonds.loc[key].to_dict("records")
        for column, written in row.items():
            same(found[column], written)


def check_exceptions(quotas: flux.Quotas, _: str, expected: list[dict[str, Any]]) -> None:
    """Every dwelling kept in stock, in the columns that the case gives."""
    columns = list(expected[0]) if expected else []
    assert quotas.exceptions_stock[columns].to_dict("records") == expected


def check_turnover(quotas: flux.Quotas, _: str, expected: dict[str, Any]) -> None:
    """Turnover of a rotation group (`taux_brut`, as observed)."""
    found = quotas.rotation.set_index("groupe")["taux_brut"]
    for groupe, written in expected.items():
        same(found[groupe], written)


def check_said(quotas: flux.Quotas, cle: str, expected: list[str]) -> None:
    said = re.sub(r"\s", " ", " ".join((*quotas.hypotheses, *quotas.avertissements)))
    assert [words for words in expected if (words in said) is (cle == "pas_dit")] == []


CONTROLES = {
    "flux": check_flow,
    "communes": check_communes,
    "communes_exact": check_communes,
    "dus": check_communes,
    "livraisons": check_livraisons,
    "reductions": check_reductions,
    "assiette": check_assiette,
    "non_imputable": check_non_imputable,
    "flux_net": check_net,
    "soldes": check_balances,
    "plafonds": check_plafonds,
    "exceptions_stock": check_exceptions,
    "taux_rotation": check_turnover,
    "dit": check_said,
    "pas_dit": check_said,
}
