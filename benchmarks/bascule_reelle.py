"""The switch on real stocks: who gains, who loses, how surely, and whether the causes add up.

    python benchmarks/parc_reel.py 72 59 --ecrire PARCS
    python benchmarks/bascule_reelle.py PARCS/72 PARCS/59 --runs 1000 --images IMAGES

Dwellings are real, rights and movements drawn (`parc_reel.py` says how). Each folder has a process of its
own, so that its peak memory is its own. Printed of each: groups of réservataires, the largest communes, how
many communes gain or lose, the targets, the causes; then two controls of the causes. *residual*: what they
leave of flow − stock, in exact numbers, the worst case of all (holder, commune). *z*: the mean difference of
the runs against the expected one (less whole dwellings and balances, that runs do not have), in standard
errors, over the holders.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flux.simulation import Bascule

SEED, LARGEST = 2026, 10
PICTURES = ("communes", "eventail", "objectifs")
NOT_LIVED = ("solde", "arrondi")
QUANTILES = 0.05, 0.95


def measured(stock: np.ndarray, flux: np.ndarray) -> dict[str, float]:
    """Means of some runs, and of their difference: interval, chances to lose or gain more than a dwelling."""
    gap = flux - stock
    low, high = np.quantile(gap, QUANTILES, method="inverted_cdf")
    return {"stock": stock.mean(), "flux": flux.mean(), "ecart": gap.mean(), "q05": low, "q95": high,
            "p_perte": (gap < -1).mean(), "p_gain": (gap > 1).mean()}


def by_category(bascule: Bascule) -> pd.DataFrame:
    """Each category of réservataires, all its holders together."""
    table = bascule.quotas.table
    rows = {}
    for categorie, ids in table.groupby("categorie", sort=False)["id_reservataire"]:
        stock, flux = np.sum([bascule.runs_of(str(i)) for i in ids], axis=0)
        taken = np.sum([bascule.retires(str(i)) for i in ids], axis=0)
        rows[categorie] = {"nb": len(ids)} | measured(stock, flux) | {
            "ecart, retirees": (flux - stock + taken).mean()}
    return pd.DataFrame.from_dict(rows, orient="index")


def largest_communes(bascule: Bascule) -> pd.DataFrame:
    """The communes that have most dwellings: all réservataires there, and the commune's own quota."""
    sizes = bascule.quotas.flux.groupby("commune")["nb_logements"].sum().nlargest(LARGEST)
    names = bascule.quotas.dossier.communes.set_index("commune")["nom"]
    rows = bascule.communes.loc[bascule.communes["groupe"] == "reservataires"].set_index("commune")
    kept = ["stock_moyen", "flux_moyen", "ecart_moyen", "ecart_q05", "ecart_q95", "p_perte", "p_gain"]
    return rows.loc[sizes.index, kept].assign(nb_logements=sizes, nom=names).set_index("nom")


def spread(bascule: Bascule) -> pd.Series:
    """How many communes lose or gain, and how surely, all réservataires together."""
    rows = bascule.communes.loc[bascule.communes["groupe"] == "reservataires"]
    return pd.Series({
        "communes": len(rows),
        "lose more than one dwelling in 95 % of the runs": (rows["p_perte"] >= QUANTILES[1]).sum(),
        "in 50 %": (rows["p_perte"] >= 1 / 2).sum(),
        "mean within half a dwelling": (rows["ecart_moyen"].abs() <= 1 / 2).sum(),
        "gain more than one in 50 %": (rows["p_gain"] >= 1 / 2).sum(),
        "in 95 %": (rows["p_gain"] >= QUANTILES[1]).sum(),
    })


def targets(bascule: Bascule) -> pd.DataFrame:
    """Targets by kind and regime: how many, chances from the least to the most met."""
    rows = bascule.objectifs.dropna(subset=["p_atteint"])
    return rows.groupby(["objectif", "regime"], sort=False)["p_atteint"].agg(
        nb="size", moins="min", moyenne="mean", plus="max", sous_80=lambda p: (p < 4 / 5).sum())


def causes(bascule: Bascule) -> pd.DataFrame:
    """Dwellings a year that each cause moves, by category."""
    rows = bascule.decomposition.table.loc[lambda t: t["commune"] == "*"]
    category = bascule.quotas.table.set_index("id_reservataire")["categorie"]
    rows = rows.assign(categorie=rows["id_reservataire"].map(category))
    wide = rows.pivot_table(index="categorie", columns="cause", values="logements", aggfunc="sum")
    return wide.reindex(index=category.unique(), columns=rows["cause"].unique()).fillna(0.0)


def controls(bascule: Bascule) -> dict[str, float]:
    """Whether the causes add up, and agree with the runs."""
    exact, plain = bascule.decomposition.exact, bascule.decomposition
    cases = {*exact.flux, *exact.stock}
    left = [exact.flux.get(case, 0) - exact.stock.get(case, 0)
            - sum(effet.get(case, 0) for effet in exact.effets.values()) for case in cases]
    table = plain.table.loc[(plain.table["commune"] == "*") & ~plain.table["cause"].isin(NOT_LIVED)]
    expected = table.groupby("id_reservataire")["logements"].sum()
    lived = bascule.table.loc[lambda t: (t["territoire_code"] == "*") & (t["indicateur"] == "orientations")]
    lived = lived.set_index("id_reservataire").loc[lambda t: t["erreur"] > 0]
    gap = lived["ecart_moyen"] - expected.reindex(lived.index).fillna(0.0)
    z = gap / lived["erreur"]
    return {"cases": len(left), "residual": float(max(map(abs, left))), "z_sd": float(z.std()),
            "z_max": float(z.abs().max()), "largest_gap": float(gap.abs().max())}


def report(bascule: Bascule) -> dict[str, Any]:
    """Print all of it, and give what a program would keep."""
    frames = {"by category": by_category(bascule), "largest communes": largest_communes(bascule),
              "communes": spread(bascule), "targets": targets(bascule), "causes": causes(bascule),
              "controls": pd.Series(controls(bascule))}
    with pd.option_context("display.width", 200, "display.float_format", "{:.2f}".format):
        for title, frame in frames.items():
            print(f"\n{title}\n{frame.to_string()}")
    return {title: json.loads(frame.to_json()) for title, frame in frames.items()}


def draw(bascule: Bascule, folder: Path) -> None:
    """Every picture of the switch, as the notebook would show it."""
    folder.mkdir(parents=True, exist_ok=True)
    for genre in PICTURES:
        bascule.plot(genre).savefig(folder / f"{genre}.png")
    bascule.decomposition.plot().savefig(folder / "causes.png")


def run(folder: Path, runs: int, images: Path | None) -> dict[str, Any]:
    """One dossier, timed by the processor's time."""
    import flux
    from flux.simulation.bascule import Options
    from flux.simulation.simulation import switch
    from flux.simulation.vecu import Mutations

    seconds: dict[str, float] = {}

    def timed(stage: str, call: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = call()
        seconds[stage] = round(time.process_time() - start, 1)
        return result

    quotas = timed("convert", lambda: flux.convert(flux.read_dossier(folder)))
    plan = timed("allocate", lambda: flux.allocate(quotas, couts=False))
    options = Options(SEED, "suite_bornee", True, Mutations.AUX_TITULAIRES)
    bascule = timed("runs", lambda: switch((quotas,), plan, options, runs=runs, avancement=lambda *_: None))
    timed("table", lambda: (bascule.table, bascule.communes, bascule.objectifs))
    timed("sentences", lambda: bascule.phrases)
    timed("causes", lambda: bascule.decomposition.table)
    told = report(bascule)
    if images:
        draw(bascule, images / folder.name)
    kilobytes = 1 if sys.platform != "darwin" else 1024  # ru_maxrss is in bytes on macOS
    size = {"logements": len(quotas.dossier.logements), "reservataires": len(quotas.table) - 1,
            "communes": quotas.flux["commune"].nunique(), "runs": runs, "orientations": len(plan.table)}
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / kilobytes / 1024)
    print(f"\n{size}\nprocessor's seconds: {seconds}, peak {peak} MB", flush=True)
    return told | size | {"secondes": seconds, "memoire_mo": peak}


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The switch on the dossiers of benchmarks/parc_reel.py.")
    parser.add_argument("dossiers", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--images", type=Path, help="also draw the pictures in this folder")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments if arguments is None else list(arguments))
    told = {}
    for folder in options.dossiers:
        print(f"\n=== {folder.name}", flush=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            told[folder.name] = pool.submit(run, folder, options.runs, options.images).result()
    if options.json:
        options.json.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
