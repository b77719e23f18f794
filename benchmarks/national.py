"""A national RPLS file: cut once, then aggregated and read by landlord, beside pandas on the csv.

    python benchmarks/national.py                          5,089,834 rows of 25 columns, in a temporary folder
    python benchmarks/national.py --departements 72 53     smaller

The rows are the real dwellings of 2019 (commune, year, rooms, QPV), the landlords are those of `france`, the
rest is drawn. Each contender has a process of its own, imports left out of the seconds; `pandas` is what a
user would otherwise write: every column of the csv by the C reader.

- `aggregate`: dwellings by landlord, commune, QPV, rooms, financing, year and contingent. DuckDB and polars
  read the folder that `partition_rpls` made, pandas the csv.
- `one landlord`: `read_rpls` of a landlord in a département, from the folder and from the csv: same value.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

CLES = ("IDENT_ORG", "DEPCOM", "QPV", "NBPIECE", "FINAN", "CONSTRUCT", "CONTRESLOG")
TEXTES = ("DEPCOM", "SIRET", "IDENT_REP", "IDENT_INT", "IDENT_ORG")
ROOMS = {"T1": "1", "T2": "2", "T3": "3", "T4": "4", "T5+": "5"}


def rows(donnees: Path, departement: str) -> Iterator[pd.DataFrame]:
    """The file of each landlord of a département, as text, 25 columns."""
    import numpy as np
    import pandas as pd
    from france import SEED, shares_of

    before = 0  # IDENT_REP is unique, whoever the landlord
    for code, nom, counts in shares_of(donnees, departement):
        rng = np.random.default_rng([SEED, len(counts), int(departement, 36)])
        of = counts.loc[counts.index.repeat(counts["nb"])].reset_index(drop=True)
        nb = len(of)
        rank, year = np.arange(nb), of["annee"].astype(str)
        siren = f"{int(code.replace('-', ''), 36) % 10**9:09d}"

        def drawn(words: str, rng: Any = rng, nb: int = nb) -> Any:
            return rng.choice(words.split(), nb)

        rents = (rng.random(nb) * 40_000 + 20_000).astype(int)
        areas = (rng.random(nb) * 1_000 + 200).astype(int)
        yield pd.DataFrame({
            "IDENT_REP": [f"{departement:>3}{before + i:07}".replace(" ", "0") for i in rank],
            "IDENT_INT": [f"L{i:06}" for i in rank], "IDENT_ORG": code, "SIRET": f"{siren}00012", "RS": nom,
            "DEPCOM": of["commune"], "LIBCOM": "COMMUNE", "NUMVOIE": rng.integers(1, 200, nb).astype(str),
            "TYPVOIE": drawn("RUE AV ALL"), "NOMVOIE": drawn("LILAS VOLTAIRE HUGO ERABLES GARE"),
            "QPV": np.where(of["qpv"], "1", "2"), "TYPECONST": drawn("C C C I"),
            "NBPIECE": of["typologie"].map(ROOMS), "SURFHAB": [f"{a // 10},{a % 10}" for a in areas],
            "CONSTRUCT": year, "LOCAT": year, "FINAN": drawn("13 12 10 52 14"), "CONV": "1",
            "CODSEGPATRIM": (rank // 40).astype(str), "MODE": drawn("1 1 1 1 2"),
            "BAIL": drawn("03/2017 11/2018 06/2005"),
            "LOYERPRINC": [f"{r // 100},{r % 100:02}" for r in rents], "SORTIEPATRIM": "9",
            "CONTRESLOG": drawn("1 2 3 41 7"), "DPEENERGIE": drawn("C D E")})
        before += nb


def write_csv(donnees: Path, departements: list[str], path: Path) -> int:
    """The national file; the number of its rows."""
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    nb = 0
    with path.open("wb") as stream:
        for departement in departements:
            for frame in rows(donnees, departement):
                options = pa_csv.WriteOptions(include_header=not nb, delimiter=";", quoting_style="none",
                                              quoting_header="none")
                pa_csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), stream, options)
                nb += len(frame)
    return nb


def aggregate_pandas(csv: str) -> tuple[int, int]:
    import pandas as pd

    frame = pd.read_csv(csv, sep=";", decimal=",", dtype=dict.fromkeys(TEXTES, str))
    counts = frame.groupby(list(CLES), dropna=False).size()
    return len(counts), int(counts.sum())


def aggregate_duckdb(folder: str) -> tuple[int, int]:
    import duckdb

    counts = duckdb.sql(
        f"SELECT {', '.join(CLES)}, count(*) AS nb FROM read_parquet('{folder}/lignes/**/*.parquet') "
        f"GROUP BY {', '.join(CLES)}").fetch_arrow_table()
    return counts.num_rows, int(sum(counts.column("nb").to_pylist()))


def aggregate_polars(folder: str) -> tuple[int, int]:
    import polars

    counts = (polars.scan_parquet(f"{folder}/lignes/**/*.parquet", hive_partitioning=False)
              .group_by(CLES).len().collect(engine="streaming"))
    return len(counts), int(counts["len"].sum())


def partition(csv: str, folder: str) -> int:
    from flux.dossier import partition_rpls

    return int(partition_rpls(csv, folder).table["nb_lignes"].sum())


def one_landlord(path: str, bailleur: str, departement: str) -> tuple[int, str]:
    import pandas as pd

    from flux.dossier import read_rpls

    parc = read_rpls(path, bailleur=bailleur, departement=departement, annee=2019)
    return len(parc.logements), str(pd.util.hash_pandas_object(parc.logements).sum())


CONTENDERS = {
    "aggregate_pandas": (aggregate_pandas, ("pandas",)),
    "aggregate_duckdb": (aggregate_duckdb, ("duckdb", "pyarrow")),
    "aggregate_polars": (aggregate_polars, ("polars",)),
    "partition": (partition, ("flux.dossier", "duckdb", "pyarrow.parquet")),
    "one_landlord": (one_landlord, ("flux.dossier", "pyarrow.parquet")),
}
"""What is measured, and what it imports before the clock."""


def child(name: str, arguments: list[str]) -> None:
    """One contender: seconds, peak memory, what it found."""
    contender, libraries = CONTENDERS[name]
    for library in libraries:
        import_module(library)
    start, cpu = time.perf_counter(), time.process_time()
    found = contender(*arguments)
    print(json.dumps({"found": found, "s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu,
                      "mo": peak()}))


def peak() -> float:
    """Peak memory of this process, MB; `ru_maxrss` would count what its parent held when it was forked."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024


def measure(name: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--mesurer", name, *arguments]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{name:17} {told['s']:8.2f} s  {told['cpu_s']:8.2f} s CPU  {told['mo']:7.0f} MB   "
          f"{told['found']}", flush=True)
    return told


def compare(what: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours["found"] == theirs["found"], f"{what}: not the same result"
    print(f"{what}: {theirs['s'] / ours['s']:.1f} times faster, "
          f"{theirs['mo'] / ours['mo']:.1f} times less memory, the same result", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--donnees", type=Path, default=Path("../shared/data"))
    parser.add_argument("--departements", nargs="+", help="default: all that have dwellings")
    parser.add_argument("--mesurer", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mesurer:
        child(options.mesurer[0], options.mesurer[1:])
        return
    if not (options.donnees / "rpls_parc_2019.parquet").exists():
        sys.exit(f"rpls_parc_2019.parquet is not in {options.donnees}: nothing to measure")
    from france import read

    departements = options.departements or sorted(read(options.donnees)[0]["departement"].unique())
    with tempfile.TemporaryDirectory() as name:
        csv, folder = Path(name) / "rpls.csv", Path(name) / "rpls"
        nb = write_csv(options.donnees, departements, csv)
        print(f"{nb:,} rows, csv of {csv.stat().st_size / 1e6:,.0f} MB", flush=True)
        measure("partition", str(csv), str(folder))
        files = list(folder.rglob("*.parquet"))
        print(f"folder of {sum(f.stat().st_size for f in files) / 1e6:,.0f} MB, {len(files):,} files")
        theirs = measure("aggregate_pandas", str(csv))
        compare("aggregate, DuckDB on the folder", measure("aggregate_duckdb", str(folder)), theirs)
        if find_spec("polars"):
            compare("aggregate, polars on the folder", measure("aggregate_polars", str(folder)), theirs)
        who = departements[0]
        asked = (f"{who}-01", who)
        compare("one landlord, folder against csv", measure("one_landlord", str(folder), *asked),
                measure("one_landlord", str(csv), *asked))


if __name__ == "__main__":
    main()
