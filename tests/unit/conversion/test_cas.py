"""The conversion, case after case, as a jurist reads it in `tests/cas/conversion`.

A case holds rows of the contract's tables, by their column names. Three shortcuts: `parc` gives lots of
dwellings that are all alike (`nb`, and `relocations` of the year before); `reservataires` may be left
out (a holder's name says its category and territory) or given as names; a right takes its commune from
its programme. A decimal of `attendu` is compared as it is written, to its last digit.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fabrique import dossier, logements, reservataire

import flux
from flux.dossier import Dossier

CAS = Path(__file__).parents[2] / "cas" / "conversion"
TABLES = ("soustractions", "livraisons", "soldes", "territoires", "mouvements")


def cases() -> list[Any]:
    return [
        pytest.param(cas, id=f"{file.stem}: {cas['nom']}")
        for file in sorted(CAS.glob("*.toml"))
        for cas in tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)["cas"]
    ]


@pytest.mark.parametrize("cas", cases())
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


def built(cas: dict[str, Any], annee: int) -> Dossier:
    parc, where = [], {}
    relets: list[dict[str, Any]] = []
    for row in cas["parc"]:
        lot = {"commune": "00001", "programme": "A", **row}
        nb, moved = lot.pop("nb"), lot.pop("relocations", None)
        parc += logements(nb, **lot)
        where[lot["programme"]] = lot["commune"]
        if moved is not None:
            place = {k: lot[k] for k in ("programme", "commune")}
            relets.append({"annee": annee - 1, "nature": "relocation", "nb": moved, **place})
    where |= {row["programme"]: row["commune"] for row in cas.get("livraisons", ())}
    rights = [in_its_commune(row, where) for row in cas.get("reservations", ())]
    named = cas.get("reservataires", list(dict.fromkeys(r["id_reservataire"] for r in rights)))
    tables = {nom: cas.get(nom, []) for nom in TABLES}
    tables["mouvements"] = [*tables["mouvements"], *relets]
    tables = {nom: [numbers(row) for row in rows] for nom, rows in tables.items()}
    sections = {nom: cas[nom] for nom in ("bailleur", "hypotheses", "choix", "stipulations") if nom in cas}
    return dossier(
        annee=annee,
        convention={**sections, "convention": {"date": cas["date"].replace(year=annee)}},
        logements=parc,
        reservataires=[reservataire(r) if isinstance(r, str) else r for r in named],
        reservations=rights,
        **tables,
    )


def in_its_commune(row: dict[str, Any], where: dict[str, str]) -> dict[str, Any]:
    if "id_logement" in row:
        return row
    lot = {"programme": "A", **row}
    return {"commune": where[lot["programme"]], **lot}


def numbers(row: dict[str, Any]) -> dict[str, Any]:
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()}


# ── what a case may expect ────────────────────────────────────────────────────────────────────────


def by_holder(quotas: flux.Quotas, column: str) -> dict[str, Any]:
    """A column of `quotas.table` by holder, and the State as a group where it adds up."""
    table = quotas.table.set_index("id_reservataire")[column]
    values: dict[str, Any] = table.to_dict()
    if table.dtype.kind in "if":
        values["etat"] = table[table.index.str.startswith("etat_")].sum()
    return values


def same(found: Any, written: Any) -> None:
    if isinstance(written, Decimal):
        found = round(Decimal(repr(float(found))), -int(written.as_tuple().exponent))
    assert found == written


def check_column(quotas: flux.Quotas, column: str, expected: dict[str, Any]) -> None:
    found = by_holder(quotas, column)
    for ident, written in expected.items():
        same(found[ident], written)


def check_flow(quotas: flux.Quotas, _: str, expected: int) -> None:
    assert quotas.exact["flux_a_partager"] == expected


def check_communes(quotas: flux.Quotas, cle: str, expected: dict[str, dict[str, Any]]) -> None:
    column = {"communes": "nb", "communes_exact": "exact"}[cle]
    found = quotas.communes.set_index(["commune", "id_reservataire"])[column].to_dict()
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


def check_said(quotas: flux.Quotas, _: str, expected: list[str]) -> None:
    said = re.sub(r"\s", " ", " ".join((*quotas.hypotheses, *quotas.avertissements)))
    assert [words for words in expected if words not in said] == []


CONTROLES = {
    "flux": check_flow,
    "communes": check_communes,
    "communes_exact": check_communes,
    "livraisons": check_livraisons,
    "reductions": check_reductions,
    "assiette": check_assiette,
    "non_imputable": check_non_imputable,
    "flux_net": check_net,
    "soldes": check_balances,
    "plafonds": check_plafonds,
    "dit": check_said,
}
