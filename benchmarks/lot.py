"""Fan-out: the same dossiers one after the other, then by each executor: bytes, speed-up, cost of a task.

    python benchmarks/lot.py                       copies of the sample val-de-mire, 2 workers
    python benchmarks/lot.py --dossiers DOSSIERS --etapes allocate,simulate --executeurs processus,dask
    python benchmarks/lot.py --croissance 4,8,16,32

Ratios inside one run; the second call of each executor, that finds all done, is what a task costs when there
is nothing to do.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import flux

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "samples" / "val-de-mire"


def digest(sortie: Path) -> str:
    """Of every file but the times."""
    out = hashlib.sha256()
    for path in sorted(p for p in sortie.rglob("*") if p.is_file() and p.name != "mesures.json"):
        out.update(str(path.relative_to(sortie)).encode() + path.read_bytes())
    return out.hexdigest()


def timed(dossiers: dict[str, Path], sortie: Path, executeur: str, options: argparse.Namespace) -> float:
    start = time.perf_counter()
    flux.lot(dossiers, sortie, executeur=executeur, travailleurs=options.travailleurs, couts=False,
             etapes=options.etapes.split(","), seed=2026, runs=options.runs)
    return time.perf_counter() - start


def copies(path: Path | None, nb: int, folder: Path) -> dict[str, Path]:
    """The dossiers of a folder, or as many copies of the sample."""
    if path is not None:
        return {p.name: p for p in sorted(path.iterdir()) if p.is_dir()}
    return {f"d{i:03}": Path(shutil.copytree(SAMPLE, folder / f"d{i:03}")) for i in range(nb)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--dossiers", type=Path, help="a folder of dossiers instead of copies of the sample")
    parser.add_argument("--nb", type=int, default=16)
    parser.add_argument("--etapes", default="allocate,simulate")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--travailleurs", type=int, default=2)
    parser.add_argument("--executeurs", default="processus,joblib,dask")
    parser.add_argument("--croissance", default="", help="numbers of copies, processes only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flux-lot-") as made:
        folder = Path(made)
        if options.croissance:
            print(f"{'dossiers':>9} {'s':>8} {'s/dossier':>10}")
            for nb in map(int, options.croissance.split(",")):
                took = timed(copies(None, nb, folder / f"c{nb}"), folder / f"s{nb}", "processus", options)
                print(f"{nb:>9} {took:>8.1f} {took / nb:>10.2f}", flush=True)
            return
        dossiers = copies(options.dossiers, options.nb, folder / "dossiers")
        print(f"{len(dossiers)} dossiers, {options.etapes}, {options.travailleurs} workers, "
              f"load {os.getloadavg()[0]:.1f}")
        serial = timed(dossiers, folder / "serie", "serie", options)
        expected = digest(folder / "serie")
        print(f"{'executor':<10} {'s':>8} {'speed-up':>9} {'again, ms a task':>17}  same bytes")
        print(f"{'serie':<10} {serial:>8.1f} {1:>9.2f}")
        for executeur in options.executeurs.split(","):
            took = timed(dossiers, folder / executeur, executeur, options)
            again = timed(dossiers, folder / executeur, executeur, options)
            same = digest(folder / executeur) == expected
            print(f"{executeur:<10} {took:>8.1f} {serial / took:>9.2f} "
                  f"{1e3 * again / len(dossiers):>17.0f}  {same}", flush=True)


if __name__ == "__main__":
    main()
