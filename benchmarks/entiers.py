"""Whole dwellings of the plan: what each way of rounding loses over the bound of the linear programme.

    python benchmarks/entiers.py --demande 1 0.15 --most 600
    python benchmarks/entiers.py --dossier data/samples/val-de-mire --demande 1

Every way starts from the same exact plan, and gives out each segment, and each sum of segments by commune,
QPV, group and typologie, at the floor or the ceiling of its flow:

- `plus fort reste`: in each segment, the floors of the exact cells, then the largest remainders;
- `reseau`: the nearest cells that keep the quotas, then the sums by holder × commune at the floor or the
  ceiling of the exact ones: a minimum cost flow;
- `milp restreint`: each cell the floor or the ceiling of the exact one, publics whole, the loss itself
  minimised, for as long as flux took; with the segments nearest to their flow, as the ways above, then with
  those that flux chose (`segments de flux`);
- `milp entier`: any whole cells and publics, for ten times as long as flux took, `--most` seconds at most;
- `flux, avant preuve` and `flux`: `flux.allocation.entiers.whole_plan`, its first plan and its last.

The loss: dwellings missed at each level of the obligations (100 for the law, 30 for CIA and CIL, 10 for
a quota, 3 for a convention, 1 for a wish; 300 beyond the demand), and 1 for each dwelling that a holder has
more or less in a commune than the whole numbers of its quota there. It is measured with the cells fixed, for
the best whole publics, so that it judges the cells alone; the bound leaves cells and publics continuous.
The full programme minimises this very loss, flux the levels in their order: the two may differ by a trade of
several dwellings of a level for one of a higher level.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import flux
from flux.allocation.cadre import Cadre, make_cadre
from flux.allocation.entiers import first_plan, on_grid, whole_plan
from flux.allocation.equite import equites
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.libres import flow_rows
from flux.allocation.lignes_entieres import above_exact
from flux.allocation.melange import reference_mix
from flux.allocation.modele import Modele, formulate
from flux.allocation.obligations import NIVEAUX, Support, obligations
from flux.allocation.places import wanted_places
from flux.allocation.seuils import gaps, whole_rows
from flux.noyau.arrondi import labels, names_of, partition, round_cells
from flux.noyau.errors import SolverError
from flux.noyau.solveur import Builder, Etape, Floats, Limite, Programme, solve
from flux.samples import generate_parc, write

TAILLES = {"small": (2_000, 8), "bd": (6_000, 25), "dept": (22_000, 100)}
SEED = 2026
POIDS = {"physique": 300.0, "loi": 100.0, "cia": 30.0, "cil": 30.0, "quota": 10.0, "convention": 3.0,
         "souhait": 1.0}


class Perte:
    """The loss of whole cells, as a programme: cells, publics, what is missed, gaps by holder × commune."""

    def __init__(self, quotas: Any, modele: Modele) -> None:
        cadre, builder = modele.cadre, Builder()
        segment, part = cadre.cellules["segment"].to_numpy(), cadre.cellules["part"].to_numpy()
        self.frame = cadre.segments[cadre.segment].iloc[segment].reset_index(drop=True).assign(
            id_reservataire=cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]])
        self.z = builder.columns(names_of(self.frame, list(self.frame.columns)))
        self.segments = builder.rows([f"s{k}" for k in range(len(cadre.segments))])
        builder.entries(self.segments[segment], self.z)
        flow_rows(builder, cadre, self.z, segment)
        w = builder.columns([f"w{k}" for k in range(len(cadre.publics))])
        meet = builder.rows([f"p{k}" for k in range(len(cadre.parts))], 0.0, 0.0)
        builder.entries(meet[part], self.z)
        builder.entries(meet[cadre.publics["part"]], w, -1.0)
        asked = [o for o in modele.obligations if o.support in (Support.CELLULES, Support.PUBLICS)]
        short = whole_rows(builder, asked, {Support.CELLULES: self.z, Support.PUBLICS: w})
        held = ["id_reservataire", "commune"]
        label, index = labels(self.frame[held])
        wanted = wanted_places(quotas).groupby(held).sum().reindex(index).fillna(0.0).to_numpy(float)
        gap = gaps(builder, "commune", label, self.z, wanted, wanted)
        self.etape = Etape("perte", builder.costs((short, [POIDS[o.niveau] for o in asked]), (gap, 1.0)))
        self.programme = builder.build()
        self.integer = np.zeros(len(self.programme.keys), bool)
        self.integer[np.concatenate([self.z, w, short])] = True

    def of(self, cells: Floats | None) -> float:
        """The loss of whole cells; the bound, without any."""
        lower, upper = self.programme.lower.copy(), self.programme.upper.copy()
        integer = self.integer & (cells is not None)
        if cells is not None:
            lower[self.z] = upper[self.z] = cells
        programme = replace(self.programme, lower=lower, upper=upper, integer=integer)
        try:
            return solve(programme, [self.etape], limite=Limite(1_000)).niveaux[0]
        except SolverError:
            return np.nan  # a holder above its quota

    def restricted(self, exact: Floats, libres: Floats, seconds: float) -> Floats | None:
        """The cells of least loss among the floors and the ceilings of the exact ones."""
        lower, upper, lo, hi = (side.copy() for side in (self.programme.lower, self.programme.upper,
                                                         self.programme.lo, self.programme.hi))
        lower[self.z], upper[self.z] = np.floor(exact), np.ceil(exact)
        lo[self.segments] = hi[self.segments] = libres
        return self.searched(replace(self.programme, lower=lower, upper=upper, lo=lo, hi=hi), seconds)[0]

    def searched(self, programme: Programme, seconds: float) -> tuple[Floats | None, float]:
        """The whole cells of least loss found in this time, and the loss that none can go under."""
        try:
            found = solve(replace(programme, integer=self.integer), [self.etape],
                          limite=Limite(2**31 - 1, seconds))
        except SolverError:
            return None, np.nan
        return np.rint(found.valeurs[self.z]), found.bornes[0]


def largest_remainder(modele: Modele, exact: Floats, libres: Floats) -> Floats:
    """The floors, then one more to the largest remainders of each segment."""
    segment, low = modele.cadre.cellules["segment"].to_numpy(), np.floor(exact)
    rest = pd.Series(exact - low).groupby(segment).rank(method="first", ascending=False).to_numpy()
    left = libres - np.bincount(segment, low, minlength=len(libres))
    return np.asarray(low + (rest <= left[segment]), float)


def network(perte: Perte, modele: Modele, exact: Floats, libres: Floats) -> Floats:
    """Segments and quotas kept, sums by holder × commune at floor or ceiling if possible: a network flow."""
    segment, porteur = (modele.cadre.cellules[c].to_numpy() for c in ("segment", "porteur"))
    commune, _ = labels(perte.frame[["id_reservataire", "commune"]])
    sums = np.round(np.bincount(commune, exact), 6)
    quota = modele.cadre.porteurs["quota"].to_numpy(float)
    return np.asarray(round_cells(
        names_of(perte.frame, list(perte.frame.columns)), exact, libres[segment],
        [partition("segments", segment, libres, libres),
         partition("quotas", porteur, quota, quota, souple=True),
         partition("communes", commune, np.floor(sums), np.ceil(sums), souple=True)]), float)


def nearest_segments(cadre: Cadre) -> Floats:
    """Whole dwellings of the segments nearest to their flow, their sums at the floor or the ceiling too."""
    builder, names = Builder(), names_of(cadre.segments, cadre.segment)
    columns = builder.columns(names, integer=True)
    flow_rows(builder, cadre, columns, cadre.segments.index)
    near = above_exact(builder, "proche", names, columns, cadre.segments["flux"].to_numpy(float))
    values = solve(builder.build(), [Etape("proche", builder.costs(near))]).valeurs
    return np.asarray(np.rint(values[columns]), float)


def measure(nom: str, dossier: Any, demande: float, most: float) -> list[dict[str, Any]]:
    """One dossier, its demand multiplied, rounded in every way."""
    tables = dict(dossier.tables)
    tables["demande"] = tables["demande"].assign(nb=lambda d: (d["nb"].astype(float) * demande).round())
    quotas = flux.convert(replace(dossier, tables=tables))
    cadre = make_cadre(quotas)
    equity = equites(cadre)
    rows = obligations(quotas, cadre, baux_hors_flux(quotas), equity)
    melange, _ = reference_mix(quotas, cadre)
    modele = formulate(cadre, rows, equity, melange)
    optimum = modele.repartition(solve(modele.programme, modele.etapes, ensemble=len(NIVEAUX)).valeurs)
    exact = on_grid(optimum)

    start = time.perf_counter()
    first = first_plan(quotas, modele, optimum, melange)
    first_s = time.perf_counter() - start
    start = time.perf_counter()
    entiers = whole_plan(quotas, modele, optimum, melange)
    ours_s = time.perf_counter() - start
    ours = entiers.preuve.plan.cellules
    segment = cadre.cellules["segment"].to_numpy()
    chosen = np.bincount(segment, ours, minlength=len(cadre.segments)).astype(float)
    libres = nearest_segments(cadre)
    perte = Perte(quotas, modele)
    bound = perte.of(None)
    out = []

    def say(way: str, cells: Floats | None, seconds: float) -> None:
        loss = np.nan if cells is None else perte.of(cells)
        away = np.nan if cells is None else sum(e.ecart(cells) for e in equity)
        out.append({"dossier": nom, "demande": demande, "segments": len(libres), "cellules": len(exact),
                    "borne": round(bound, 2), "voie": way, "secondes": round(seconds, 2),
                    "perte": round(loss, 2), "au_dessus": round(loss - bound, 2),
                    "au_dessus_%": round(100 * (loss / bound - 1), 1) if bound > 1e-6 else np.nan,
                    "equite": round(away, 1)})

    def timed(way: str, call: Callable[[], Floats | None]) -> None:
        start = time.perf_counter()
        cells = call()
        say(way, cells, time.perf_counter() - start)

    timed("plus fort reste", lambda: largest_remainder(modele, exact, libres))
    timed("reseau", lambda: network(perte, modele, exact, libres))
    timed("milp restreint", lambda: perte.restricted(exact, libres, ours_s))
    timed("milp restreint, segments de flux", lambda: perte.restricted(exact, chosen, ours_s))
    longer = min(most, 10 * ours_s)
    start = time.perf_counter()
    full, full_bound = perte.searched(perte.programme, longer)
    say("milp entier", full, time.perf_counter() - start)
    say("flux, avant preuve", first.cellules, first_s)
    say("flux", ours, ours_s)
    print(f"{nom}, demande × {demande}: milp entier, {longer:.0f} s accordées, borne {full_bound:.2f}")
    proven = "/".join("oui" if p else "non" for p in entiers.preuve.prouves)
    print(f"{nom}, demande × {demande}: manques {entiers.preuve.manques}, bornes {entiers.preuve.bornes}, "
          f"prouvés {proven}", flush=True)
    return out


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="What whole dwellings lose over the linear programme.")
    parser.add_argument("tailles", nargs="*", default=list(TAILLES), help=f"among {', '.join(TAILLES)}")
    parser.add_argument("--dossier", type=Path, nargs="*", default=[], help="folders, instead of sizes")
    parser.add_argument("--demande", type=float, nargs="*", default=[1.0, 0.15],
                        help="what the demand is multiplied by: under a fifth, targets conflict")
    parser.add_argument("--most", type=float, default=600.0, help="seconds left to the full MILP at most")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(argv)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        paths = options.dossier or [
            write(generate_parc(nb_logements=TAILLES[t][0], nb_communes=TAILLES[t][1], seed=SEED),
                  Path(folder) / t) for t in options.tailles]
        for path in paths:
            dossier = flux.read_dossier(path)
            for demande in options.demande:
                results += measure(path.name, dossier, demande, options.most)
    print(pd.DataFrame(results).to_string(index=False))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
