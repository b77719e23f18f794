r"""Make the table of communes that the package ships, from the npm package @etalab/decoupage-administratif.

    for v in 6.0.0 5.3.0 4.1.0 3.1.1 2.3.1 1.1.1 0.8.0; do
        npm pack @etalab/decoupage-administratif@$v && mkdir $v && tar xzf *-$v.tgz -C $v
    done
    python scripts/geographie.py src/flux/dossier/geographie/communes_2026.csv.gz \
        2026=6.0.0 2025=5.3.0 2024=4.1.0 2023=3.1.1 2022=2.3.1 2021=1.1.1 2019=0.8.0

The newest gives the communes; the others say in which year a commune merged: the oldest holds the history
until 1 January 2019, and each one after shows which are no more. Same input, same bytes.
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
    "fusion",
)


def rows(vintages: dict[int, Path]) -> list[dict[str, Any]]:
    """One row a commune of today, an arrondissement of Paris, Lyon, Marseille, or a commune merged since.

    `type` is commune, arrondissement or ancienne; `actuelles` gives the communes of today that a code of
    the two last types leads to, separated by a space; `fusion` is the year of the merge.
    """
    newest = vintages[max(vintages)]
    communes, epci, ept = (_read(newest, name) for name in ("communes", "epci", "ept"))
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
    years = merges(vintages)
    out = [_current(c, in_epci.get(c["code"], {}), in_ept.get(c["code"], {})) for c in current.values()]
    out += [
        {"code": c["code"], "type": "arrondissement", "nom": c["nom"], "actuelles": c["commune"]}
        for c in communes
        if c["type"] == "arrondissement-municipal"
    ]
    out += [
        {
            "code": old,
            "type": "ancienne",
            "nom": names.get(old, ""),
            "actuelles": " ".join(sorted(new)),
            "fusion": years.get(old, ""),
        }
        for old, new in leads_to.items()
        if old not in current
    ]
    return sorted(out, key=lambda row: row["code"])


def merges(vintages: dict[int, Path]) -> dict[str, int]:
    """The year in which each code ceased to be a commune: by the history, then from list to list."""
    oldest, *later = sorted(vintages)
    ends = ((c["code"], c["dateFin"]) for c in _read(vintages[oldest], "historique-communes")
            if c["type"] == "COM" and "dateFin" in c)  # fmt: skip
    years = {code: int(end[:4]) for code, end in sorted(ends, key=lambda pair: pair[1])}
    before = _codes(vintages[oldest])
    for year in later:
        now = _codes(vintages[year])
        years |= dict.fromkeys(before - now, year)
        before = now
    return years


def _codes(package: Path) -> set[str]:
    return {c["code"] for c in _read(package, "communes") if c["type"] == "commune-actuelle"}


def _read(package: Path, name: str) -> Any:
    return json.loads((package / "package" / "data" / f"{name}.json").read_text("utf-8"))


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
    target, *packages = sys.argv[1:]
    write(rows({int(p.split("=")[0]): Path(p.split("=")[1]) for p in packages}), Path(target))
