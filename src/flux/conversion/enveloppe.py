"""The JSON face of results (dossier.md, section 3): records, and what every command says of its inputs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from flux.dossier import Dossier
from flux.loi import Regles

SCHEMA = "flux/1"


def jsonable(value: Any) -> Any:
    """One value for JSON: 9 decimals, ISO dates, absent as null, counts as integers."""
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, bool) or pd.api.types.is_bool(value):
        return bool(value)
    if isinstance(value, date):
        return value.isoformat()[:10]
    if pd.api.types.is_integer(value):
        return int(value)
    if isinstance(value, Fraction) or pd.api.types.is_float(value):
        return round(float(value), 9)
    return str(value)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as a list of records; a count (`nb…`) that is whole is an integer."""
    rows = [{str(k): jsonable(v) for k, v in row.items()} for row in frame.to_dict("records")]
    for row in rows:
        for key, value in row.items():
            if key.startswith("nb") and isinstance(value, float) and value.is_integer():
                row[key] = int(value)
    return rows


def envelope(dossier: Dossier, regles: Regles, commande: str, hypotheses: Iterable[str]) -> dict[str, Any]:
    """What a result says of its law, choices, stipulations, hypotheses, sources and repairs."""
    convention = dossier.convention
    origine = convention.origines
    section = {
        name: {
            k: {"valeur": jsonable(v), "origine": origine.get(k)}
            for k, v in dict(getattr(convention, name)).items()
            if not hasattr(v, "model_dump")
        }
        for name in ("choix", "stipulations")
    }
    return {
        "schema": SCHEMA,
        "commande": commande,
        "version": library_version(),
        "regles": regles.to_dict(),
        **section,
        "hypotheses": list(hypotheses),
        "sources": [
            {k: getattr(s, k) for k in ("fichier", "feuille", "nb_lignes", "sha256")} for s in dossier.sources
        ],
        "reparations": [str(a) for a in dossier.reparations],
    }


def library_version() -> str:
    """Version of the distribution, "0" in a tree that was never installed."""
    try:
        return version("gestion-en-flux")
    except PackageNotFoundError:
        return "0"
