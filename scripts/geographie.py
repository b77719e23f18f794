"""Make the table of communes that the package ships, from the npm package @etalab/decoupage-administratif.

    npm pack @etalab/decoupage-administratif@6.0.0 && tar xzf *.tgz
    python scripts/geographie.py package src/flux/dossier/geographie/communes_2026.csv.gz

Same input, same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

COLUMNS = (
    "code",
    "type",
    "nom",
    "departement",
    "region",
    "population",
    "epci",
    "epci_nom",
    "epci_type",
    "epci_population",
    "ept",
    "ept_nom",
    "actuelles",
)


def rows(data: Path) -> list[dict[str, Any]]:
    """One row a commune of today, an arrondissement of Paris, Lyon, Marseille, or a commune merged since.

    `type` is commune, arrondissement or ancienne; `actuelles` gives the communes of today that a code of
    the two last types leads to, separated by a space.
    """
    communes, epci, ept = (
        json.loads((data / f"{name}.json").read_text("utf-8")) for name in ("communes", "epci", "ept")
    )
    in_epci = {m["code"]: e for e in epci for m in e["membres"]}
    in_ept = {m["code"]: e for e in ept for m in e["membres"]}
    current = {c["code"]: c for c in communes if c["type"] == "commune-actuelle"}
    leads_to: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for commune in communes:
        if commune["type"] == "commune-actuelle":
            for old in commune.get("anciensCodes", ()):
                leads_to[old].add(commune["code"])
        elif commune["type"] in ("commune-deleguee", "commune-associee"):
            leads_to[commune["code"]].add(commune["chefLieu"])
            names[commune["code"]] = commune["nom"]
    out = [_current(c, in_epci.get(c["code"], {}), in_ept.get(c["code"], {})) for c in current.values()]
    out += [
        {"code": c["code"], "type": "arrondissement", "nom": c["nom"], "actuelles": c["commune"]}
        for c in communes
        if c["type"] == "arrondissement-municipal"
    ]
    out += [
        {"code": old, "type": "ancienne", "nom": names.get(old, ""), "actuelles": " ".join(sorted(new))}
        for old, new in leads_to.items()
        if old not in current
    ]
    return sorted(out, key=lambda row: row["code"])


def _current(commune: dict[str, Any], epci: dict[str, Any], ept: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": commune["code"],
        "type": "commune",
        "nom": commune["nom"],
        "departement": commune["departement"],
        "region": commune["region"],
        "population": commune.get("population", ""),
        "epci": epci.get("code", ""),
        "epci_nom": epci.get("nom", ""),
        "epci_type": epci.get("type", ""),
        "epci_population": epci.get("populationMunicipale", ""),
        "ept": ept.get("code", ""),
        "ept_nom": ept.get("nom", ""),
    }


def write(table: list[dict[str, Any]], target: Path) -> None:
    """Gzip without date nor name, so that the same table makes the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=";", restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    with target.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
        packed.write(text.getvalue().encode())


if __name__ == "__main__":
    package, target = Path(sys.argv[1]), Path(sys.argv[2])
    write(rows(package / "data"), target)
