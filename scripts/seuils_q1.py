"""Make the table of first-quartile thresholds that the package ships, from the annexes of the yearly arrêtés.

    python scripts/seuils_q1.py quartiles.csv src/flux/loi/seuils_q1.csv

`quartiles.csv` holds the annexes one below the other: `annee, epci_siren, epci_nom, Région, obligation, q1`.
A territory over several départements is there once a département; here once. Paris has its COG code, as in a
dossier. In Île-de-France the threshold is the region's. Same input, same bytes.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

COLUMNS = ("annee", "territoire", "nom", "echelle", "seuil_eur")
PARIS = {"217500016": "75056"}


def rows(source: Path) -> list[tuple[str, ...]]:
    """One row a year and territory, in order; a territory with two thresholds the same year is refused."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    with source.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            if line["obligation"] != "oui":
                continue
            code = PARIS.get(line["epci_siren"], line["epci_siren"])
            scale = "region" if line["Région"] == "Île-de-France" else "territoire"
            name = " ".join(line["epci_nom"].replace('"', "").split())
            row = (line["annee"], code, name, scale, line["q1"])
            if found.setdefault(row[:2], row)[3:] != row[3:]:
                raise ValueError(f"{row[:2]}: two thresholds")
    return [found[key] for key in sorted(found)]


def write(table: list[tuple[str, ...]], target: Path) -> None:
    """`;`, UTF-8, LF."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table)


if __name__ == "__main__":
    write(rows(Path(sys.argv[1])), Path(sys.argv[2]))
