"""Cases that a jurist reads in `tests/cas`, made dossiers.

A case holds rows of the contract's tables, by their column names. Three shortcuts: `parc` gives lots of
dwellings that are all alike (`nb`, and `relocations` of the year before); `reservataires` may be left
out (a holder's name says its category and territory) or given as names; a right takes its commune from
its programme. A decimal of `attendu` is compared as it is written, to its last digit.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fabrique import dossier, logements, reservataire

from flux.dossier import Dossier

CAS = Path(__file__).parents[2] / "cas"
TABLES = ("soustractions", "livraisons", "soldes", "territoires", "mouvements", "demande", "objectifs")


def cases(dossier_de_cas: str) -> list[Any]:
    """The cases of one folder of `tests/cas`, named by their file and their name.

    `a_corriger` says what the library does not give yet: the day it does, the test asks to take it away.
    """
    return [
        pytest.param(
            cas,
            id=f"{file.stem}: {cas['nom']}",
            marks=[pytest.mark.xfail(reason=cas["a_corriger"])] if "a_corriger" in cas else [],
        )
        for file in sorted((CAS / dossier_de_cas).glob("*.toml"))
        for cas in tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)["cas"]
    ]


def built(cas: dict[str, Any], annee: int) -> Dossier:
    """The dossier of a case, for one year."""
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


def same(found: Any, written: Any) -> None:
    """Equal, to the last digit written."""
    if isinstance(written, Decimal):
        found = round(Decimal(repr(float(found))), -int(written.as_tuple().exponent))
    assert found == written
