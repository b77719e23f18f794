"""Reading, side by side with plain pandas on the same file: seconds, peak memory, ratios.

    python benchmarks/lecture.py                  6,000, 100,000, 1,000,000 rows (csv); xlsx up to 100,000
    python benchmarks/lecture.py --lignes 6000

`pandas` is what a user would otherwise write: every column, types guessed, nothing checked. `read_rpls` reads
the restricted layout (95 columns), `read_dossier` a folder whose table `logements` has the rows. Each reading
has a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flux.dossier.rpls.dictionnaire import dispositions

LIGNES = (6_000, 100_000, 1_000_000)
XLSX_MAX = 100_000
SEED = 2026
COLONNES = ("id_logement", "commune", "qpv", "typologie", "financement", "annee_mise_location", "surface",
            "loyer", "occupation", "programme")
CONVENTION = """[bailleur]
departement = "72"
[convention]
annee = 2026
[hypotheses]
taux_rotation = 0.073
"""


def draw(nb: int) -> Iterator[dict[str, str]]:
    """Dwellings as RPLS writes them."""
    rng = random.Random(SEED)
    for i in range(nb):
        yield {"IDENT_INT": f"L{i:07}", "IDENT_REP": str(1_000_000_000 + i), "IDENT_ORG": "O1",
               "SIRET": "05512345600012", "RS": "BAILLEUR FICTIF", "DROIT": "1", "DEPCOM": "72181",
               "LIBCOM": "LE MANS", "NUMVOIE": str(rng.randint(1, 99)), "TYPVOIE": "RUE",
               "NOMVOIE": "DES LILAS",
               "QPV": rng.choice("122"), "TYPECONST": "C", "NBPIECE": str(rng.randint(1, 5)),
               "SURFHAB": f"{rng.randint(200, 1_200) / 10}".replace(".", ","), "CONSTRUCT": "1975",
               "LOCAT": "1976", "FINAN": rng.choice(("10", "13", "14", "52")), "CONV": "1",
               "CODSEGPATRIM": str(i // 40),
               "MODE": rng.choice("1112"), "BAIL": f"{rng.randint(1, 12):02}/{rng.randint(2010, 2025)}",
               "LOYERPRINC": f"{rng.randint(20_000, 60_000) / 100}".replace(".", ","), "SORTIEPATRIM": "9",
               "CONTRESLOG": rng.choice(("1", "2", "3", "41", "7"))}


def write_rpls(nb: int, path: Path) -> Path:
    """The restricted layout."""
    headers = dispositions()["restreint"].colonnes
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headers, restval="", delimiter=";")
        writer.writeheader()
        writer.writerows(draw(nb))
    return path


def write_dossier(nb: int, folder: Path) -> Path:
    """A folder with `nb` dwellings, one holder, one right."""
    folder.mkdir()
    with (folder / "logements.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(COLONNES)
        for row in draw(nb):
            writer.writerow([row["IDENT_INT"], row["DEPCOM"], "oui" if row["QPV"] == "1" else "non",
                             f"T{row['NBPIECE']}".replace("T5", "T5+"), "PLUS", row["LOCAT"], row["SURFHAB"],
                             row["LOYERPRINC"], row["MODE"], row["CODSEGPATRIM"]])
    (folder / "reservataires.csv").write_text(
        "id_reservataire;nom;categorie;territoire_type;territoire_code\n"
        "prefet;Préfet;etat_prioritaires;departement;72\n", encoding="utf-8")
    (folder / "reservations.csv").write_text(
        "id_reservataire;id_logement\nprefet;L0000000\n", encoding="utf-8")
    (folder / "convention.toml").write_text(CONVENTION, encoding="utf-8")
    return folder


def to_xlsx(source: Path, target: Path) -> Path:
    """The same table in a workbook."""
    import pandas as pd

    table = pd.read_csv(source, sep=";", dtype=str, encoding="utf-8-sig")
    table.to_excel(target, index=False, engine="xlsxwriter")
    return target


def read(who: str, path: Path) -> int:
    """Read once; the rows read."""
    if who == "read_rpls":
        from flux.dossier import read_rpls

        return len(read_rpls(path, annee=2026).logements)
    if who == "read_dossier":
        from flux.dossier import read_dossier

        return len(read_dossier(path).logements)
    import pandas as pd

    table = next(path.glob("logements.*")) if path.is_dir() else path
    if table.suffix == ".csv":
        return len(pd.read_csv(table, sep=";", decimal=","))
    return len(pd.read_excel(table))


def measure(who: str, path: Path) -> dict[str, float]:
    """Seconds and peak memory (MB) of one reading, imports left out of the seconds."""
    command = [sys.executable, __file__, "--mesurer", who, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def child(who: str, path: Path) -> None:
    import pandas as pd  # noqa: F401  (imported before the clock, for both)

    import flux.dossier  # noqa: F401

    start = time.perf_counter()
    nb = read(who, path)
    print(json.dumps({"nb": nb, "secondes": time.perf_counter() - start,
                      "mo": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def compare(who: str, path: Path, nb: int, nature: str) -> None:
    ours, theirs = measure(who, path), measure("pandas", path)
    assert ours["nb"] == theirs["nb"] == nb
    print(f"{who:13} {nature:5} {nb:>9,} rows   flux {ours['secondes']:7.2f} s {ours['mo']:6.0f} MB"
          f"   pandas {theirs['secondes']:7.2f} s {theirs['mo']:6.0f} MB"
          f"   ratio {ours['secondes'] / theirs['secondes']:5.2f} (time)"
          f" {ours['mo'] / theirs['mo']:5.2f} (memory)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lignes", type=int, nargs="+", default=list(LIGNES))
    parser.add_argument("--mesurer", nargs=2, metavar=("QUI", "CHEMIN"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mesurer:
        child(options.mesurer[0], Path(options.mesurer[1]))
        return
    for nb in options.lignes:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            rpls = write_rpls(nb, folder / "rpls.csv")
            compare("read_rpls", rpls, nb, "csv")
            dossier = write_dossier(nb, folder / "dossier")
            compare("read_dossier", dossier, nb, "csv")
            if nb <= XLSX_MAX:
                compare("read_rpls", to_xlsx(rpls, folder / "rpls.xlsx"), nb, "xlsx")
                table = dossier / "logements.csv"
                to_xlsx(table, table.with_suffix(".xlsx"))
                table.unlink()
                compare("read_dossier", dossier, nb, "xlsx")


if __name__ == "__main__":
    main()
