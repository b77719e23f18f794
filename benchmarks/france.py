"""All of France: 5,089,834 real dwellings in some 650 landlords, a dossier for each in each département.

    python benchmarks/france.py --ecrire FRANCE                        the dossiers; again: those missing
    python benchmarks/france.py --ecrire FRANCE --departements 72 53   these only
    python benchmarks/france.py --ecrire FRANCE --mesurer 10           times of ten dossiers, and of them all
    python benchmarks/france.py --ecrire FRANCE --etapes convert allocate simulate --sortie RESULTATS
                               flux.lot on every dossier (again: what is missing), then the national tables

What is real and what is drawn: see `parc_reel`. Whose each dwelling is, the open data do not say, and no
published distribution of sizes was found; it is drawn from a fixed seed:

- a département has a landlord of its own, and one more for 10,000 dwellings; a region has one for 60,000,
  which is present in each of its départements;
- in a département they weigh 1, 1/2, 1/3… (its own) and 1/2, 1/4, 1/6… (the region's): the largest has from a
  quarter to a half of the stock;
- a commune likes some and not others: each weight is multiplied there by the square of a draw in [0, 1);
- lots of at most 80 dwellings of one commune, one QPV status, one year go to one landlord.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from parc_reel import SEED, build, read_communes, read_parc

from flux.samples import write
from flux.samples.draws import pick
from flux.samples.parc import LARGEST

TOTAL = 5_089_834
PAR_BAILLEUR, PAR_BAILLEUR_REGIONAL = 10_000, 60_000
POIDS_REGIONAL = 0.5
FAIT = ".departements"
"""Folder of one file a département whose dossiers are all written."""


@cache
def read(donnees: Path) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Counts, dwellings left out, communes: read once a process."""
    return *read_parc(donnees), read_communes(donnees)


def landlords(counts: pd.DataFrame, communes: pd.DataFrame) -> pd.DataFrame:
    """Who is in each département: departement, bailleur, nom, poids (of its part of the stock there)."""
    stock = counts.groupby("departement")["nb"].sum()
    region = communes.drop_duplicates("departement").set_index("departement")["region"]
    by_region = stock.groupby(region.reindex(stock.index)).sum()
    rows = []
    for departement, nb in stock.items():
        rows += [(departement, f"{departement}-{rank:02}", f"Bailleur {rank} du département {departement}",
                  1 / rank) for rank in range(1, 2 + nb // PAR_BAILLEUR)]
        code = region[departement]
        rows += [(departement, f"R{code}-{rank:02}", f"Bailleur {rank} de la région {code}",
                  POIDS_REGIONAL / rank) for rank in range(1, 2 + by_region[code] // PAR_BAILLEUR_REGIONAL)]
    return pd.DataFrame(rows, columns=["departement", "bailleur", "nom", "poids"])


def share(counts: pd.DataFrame, poids: pd.Series, seed: list[int]) -> pd.DataFrame:
    """The counts of a département, with whose they are: commune, qpv, annee, typologie, nb, bailleur.

    Parameters
    ----------
    poids : weight of each landlord of the département, by its code.
    """
    rng = np.random.default_rng(seed)
    keys = ["commune", "qpv", "annee"]
    rows = counts.loc[counts.index.repeat(counts["nb"]), [*keys, "typologie"]].reset_index(drop=True)
    rows["lot"] = rows.groupby(keys).cumcount() // LARGEST
    lots = rows[[*keys, "lot"]].drop_duplicates().sort_values([*keys, "lot"], ignore_index=True)
    whose: list[str] = []
    for _, nb in lots.groupby("commune").size().items():
        liked = poids * rng.random(len(poids)) ** 2
        whose += pick(rng, liked.to_dict(), nb)
    held = rows.merge(lots.assign(bailleur=whose), on=[*keys, "lot"])
    return held.groupby([*keys, "typologie", "bailleur"]).size().rename("nb").reset_index()


def shares_of(donnees: Path, departement: str) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Code, name and counts of each landlord that has dwellings in the département."""
    counts, _, communes = read(donnees)
    there = landlords(counts, communes).query("departement == @departement").set_index("bailleur")
    held = share(counts[counts["departement"].eq(departement)], there["poids"], seed_of(departement))
    for code, own in held.groupby("bailleur"):
        yield str(code), str(there.at[code, "nom"]), own.drop(columns="bailleur").reset_index(drop=True)


def seed_of(*words: str) -> list[int]:
    """A seed of its own for each département, each dossier."""
    return [SEED, *(int(word.replace("-", ""), 36) for word in words)]


def write_departement(donnees: Path, departement: str, folder: Path) -> dict[str, int]:
    """Write what is missing of a département, each dossier whole or not at all; dwellings by dossier."""
    done = folder / FAIT / f"{departement}.json"
    if done.exists():
        return json.loads(done.read_text())
    _, _, communes = read(donnees)
    sizes = {}
    for code, nom, counts in shares_of(donnees, departement):
        dossier = f"{departement}_{code}"
        sizes[dossier] = int(counts["nb"].sum())
        if (folder / dossier).exists():
            continue
        aside = folder / FAIT / dossier
        shutil.rmtree(aside, ignore_errors=True)
        write(build(counts, communes, departement=departement, nom=dossier, bailleur=nom,
                    seed=seed_of(departement, code)), aside)
        aside.rename(folder / dossier)
    done.write_text(json.dumps(sizes))
    return sizes


def write_france(donnees: Path, folder: Path, departements: Iterable[str], workers: int) -> dict[str, int]:
    """Dwellings by dossier; what is already there is kept."""
    (folder / FAIT).mkdir(parents=True, exist_ok=True)
    sizes: dict[str, int] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        asked = {pool.submit(write_departement, donnees, d, folder): d for d in departements}
        for rank, answer in enumerate(as_completed(asked), start=1):
            sizes |= answer.result()
            print(f"\r{rank}/{len(asked)} départements, {len(sizes)} dossiers", end="", file=sys.stderr)
    print(file=sys.stderr)
    return dict(sorted(sizes.items()))


def say(sizes: dict[str, int], folder: Path, left_out: pd.Series, seconds: float, *, whole: bool) -> None:
    nb = pd.Series(sizes)
    weight = sum(f.stat().st_size for name in sizes for f in (folder / name).iterdir())
    print(f"{len(nb):,} dossiers, {nb.index.str.split('_').str[1].nunique():,} landlords, "
          f"{nb.sum():,} dwellings (median {nb.median():,.0f}, smallest {nb.min():,}, largest {nb.max():,})")
    print(f"{weight / 1e6:,.0f} MB, written or found in {seconds:,.0f} s")
    if whole:
        kept = int(nb.sum() + left_out.sum())
        print(f"left out: {int(left_out.sum()):,} dwellings of communes shared between several of today "
              f"({', '.join(left_out.index) or 'none'}); {kept:,} of {TOTAL:,} accounted for")
        assert kept == TOTAL


def run_stages(folder: Path, sizes: dict[str, int], sortie: Path, etapes: list[str], workers: int,
               executeur: str) -> None:
    """`flux.lot` on every dossier; time and memory of each stage, national tables."""
    import flux

    start = time.perf_counter()
    lot = flux.lot({name: folder / name for name in sizes}, sortie, etapes=etapes, travailleurs=workers,
                   executeur=executeur, seed=SEED, runs=1_000, couts=False,
                   avancement=lambda nom, done, total: print(f"\r{done}/{total}", end="", file=sys.stderr))
    print(f"\n{len(lot.faits):,} dossiers in {time.perf_counter() - start:,.0f} s: "
          f"{lot.table['statut'].value_counts().to_dict()}")
    told = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(sortie.glob("*/mesures.json"))]
    seconds = pd.DataFrame([one["secondes"] for one in told])
    print(pd.DataFrame({"total_s": seconds.sum(), "median_s": seconds.median(), "max_s": seconds.max()})
          .round(2).to_string())
    print(f"peak memory of a worker: {max(one['memoire_mo'] for one in told):,} MB")
    print(lot.agreger("pays"))
    print(published(folder, sizes, lot.objectifs).to_string(index=False))


def published(folder: Path, sizes: dict[str, int], objectifs: pd.DataFrame) -> pd.DataFrame:
    """What the dossiers and the plans say, in per cent, beside what was published."""
    leases = [pd.read_csv(folder / name / "mouvements.csv", sep=";", encoding="utf-8-sig",
                          usecols=["id_logement", "nature", "priorite", "quartile"])
              .merge(pd.read_csv(folder / name / "logements.csv", sep=";", encoding="utf-8-sig",
                                 usecols=["id_logement", "qpv"]), on="id_logement") for name in sizes]
    rows = pd.concat(leases, ignore_index=True)
    relet = rows[rows["nature"].ne("premiere_location")]
    outside = rows[rows["qpv"].eq("non")]
    reached = objectifs.groupby("objectif")[["base", "seuil", "atteint"]].sum() if len(objectifs) else None

    def part(frame: pd.DataFrame, column: str, word: str) -> float:
        return 100 * float(frame[column].eq(word).mean())

    def plan(objectif: str) -> float:
        if reached is None or objectif not in reached.index:
            return float("nan")
        return 100 * float(reached.at[objectif, "atteint"] / reached.at[objectif, "base"])

    years = 3
    return pd.DataFrame([
        ("relettings / dwellings, a year", 9.3, 100 * len(relet) / years / sum(sizes.values()), float("nan"),
         "SDES 2018; dwellings awaiting works, of associations and of staff are not relet"),
        ("mutations / leases", 27.0, part(rows, "nature", "mutation"), float("nan"), "ANCOLS 2022"),
        ("Q1 / leases outside QPV", 18.0, part(outside, "quartile", "q1"), plan("q1_hors_qpv"),
         "URH Hauts-de-France 2021; the plan aims at 25 %"),
        ("DALO / leases", 5.6, part(rows, "priorite", "dalo"), float("nan"),
         "HCDL 2022; drawn: 22 % of the State's leases, 1 % of the others"),
        ("DALO and priority / leases", 30.1, 100 - part(rows, "priorite", "autre"),
         plan("dalo_prioritaires"), "DRIHL, Hauts-de-Seine 2023; the plan aims at 25 % of each holder's"),
    ], columns=["share", "published", "dossiers 2023-2025", "plan 2026", "source and reason of a difference"]
    ).round(1)


def measure(folder: Path) -> dict[str, Any]:
    """CPU seconds of each stage on one dossier, and its peak memory; alone in its process.

    What one dwelling more would cost each objective is not asked for; `simuler` makes its own plan.
    """
    import flux

    seconds: dict[str, float] = {}

    def timed(stage: str, call: Any) -> Any:
        start = time.process_time()
        result = call()
        seconds[stage] = time.process_time() - start
        return result

    dossier = timed("lire", lambda: flux.read_dossier(folder))
    quotas = timed("convertir", lambda: flux.convert(dossier))
    timed("orienter", lambda: flux.allocate(quotas, couts=False))
    timed("simuler", lambda: flux.simulate(dossier, seed=SEED, runs=1_000))
    return {"dossier": folder.name, "nb": len(dossier.logements), "communes": len(dossier.communes),
            "holders": len(dossier.reservataires), **seconds,
            "mo": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def sample(sizes: dict[str, int], folder: Path, how_many: int) -> None:
    """Times of dossiers evenly spread from the smallest to the largest, and what all of them would take."""
    ordered = sorted(sizes, key=lambda name: sizes[name])
    chosen = [ordered[round(i * (len(ordered) - 1) / (how_many - 1))] for i in range(how_many)]
    rows = []
    for name in chosen:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            rows.append(alone.submit(measure, folder / name).result())
        print(rows[-1], file=sys.stderr)
    table = pd.DataFrame(rows).sort_values("nb")
    print(table.round(2).to_string(index=False))
    every = np.array(sorted(sizes.values()))
    for stage in ("lire", "convertir", "orienter", "simuler"):
        total = np.interp(every, table["nb"], table[stage]).sum()
        print(f"{stage:10} all dossiers: about {total / 60:7.1f} CPU min, {total / 120:7.1f} min on two "
              f"cores (between sizes measured, in a straight line)")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--donnees", type=Path, default=Path("../shared/data"))
    parser.add_argument("--ecrire", type=Path, required=True, help="the folder of the dossiers")
    parser.add_argument("--departements", nargs="+", help="default: all that have dwellings")
    parser.add_argument("--travailleurs", type=int, default=2)
    parser.add_argument("--mesurer", type=int, metavar="N", help="time N dossiers, at least two")
    parser.add_argument("--etapes", nargs="+", help="convert allocate annexe simulate")
    parser.add_argument("--sortie", type=Path, help="the folder of the results of --etapes")
    parser.add_argument("--executeur", default="processus", help="processus, serie, joblib, dask, tcp://…")
    options = parser.parse_args()
    if options.etapes and not options.sortie:
        parser.error("--etapes needs --sortie")
    if not (options.donnees / "rpls_parc_2019.parquet").exists():
        sys.exit(f"rpls_parc_2019.parquet is not in {options.donnees}: nothing to split")
    counts, left_out, _ = read(options.donnees)
    every = sorted(counts["departement"].unique())
    start = time.perf_counter()
    sizes = write_france(options.donnees, options.ecrire, options.departements or every, options.travailleurs)
    say(sizes, options.ecrire, left_out, time.perf_counter() - start, whole=not options.departements)
    if options.mesurer:
        sample(sizes, options.ecrire, options.mesurer)
    if options.etapes:
        run_stages(options.ecrire, sizes, options.sortie, options.etapes, options.travailleurs,
                   options.executeur)


if __name__ == "__main__":
    main()
