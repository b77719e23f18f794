"""The programme of the plan: build and solve, side by side with the ways one would otherwise write it.

    python benchmarks/orientation.py --segments 200 5000
    python benchmarks/orientation.py --segments 50000 --limite 300
    python benchmarks/orientation.py --dossier PARC...       folders that benchmarks/parc_reel.py made

One programme, that of `flux.allocation`, and one cost (all that the levels miss, plus a little equity) for
every way, so that their optima can be compared:

- `flux`: arrays to HiGHS; `flux pulp`: PuLP from lists of pairs, the other way of the library;
- `pulp lpSum`: PuLP as its documentation writes it; `linopy`, `scipy`: where they are installed;
- `entiere`: arrays to HiGHS, in the full form x[segment, réservataire, public] instead of the factored one.

Each has a process of its own, warmed by a tiny programme, so that its peak memory is its own; its build is
the median of several. A solve that passes the limit is stopped and said. Then the seconds of each stage of
the plan. All are seconds of the processor; read ratios all the same: the load says how busy the machine was.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from flux.noyau.solveur import Builder, Programme
from flux.noyau.solveur.direct import Direct

SEED = 2026
WAYS = ("flux", "flux pulp", "pulp lpSum", "linopy", "scipy", "entiere")
REPEAT = 10.0  # seconds: builds are repeated, up to five times, while they take less


def quotas_of(segments: int, folder: Path) -> Any:
    """Quotas of about this many segments, by period of construction, drawn from a seed."""
    import flux
    from flux import samples

    communes = min(999, max(2, segments // 22))
    parc = samples.generate_parc(nb_logements=18 * segments, nb_communes=communes, seed=SEED)
    return flux.convert(flux.read_dossier(samples.write(parc, folder)), periode_construction=True)


def modele_of(quotas: Any) -> Any:
    """The programme that `flux.allocate` solves."""
    from flux.allocation.cadre import make_cadre
    from flux.allocation.equite import equites
    from flux.allocation.hors_flux import baux_hors_flux
    from flux.allocation.melange import reference_mix
    from flux.allocation.modele import formulate
    from flux.allocation.obligations import obligations

    cadre = make_cadre(quotas)
    equity = equites(cadre)
    rows = obligations(quotas, cadre, baux_hors_flux(quotas), equity)
    return formulate(cadre, rows, equity, reference_mix(quotas, cadre)[0])


def full_form(modele: Any) -> tuple[csr_array, Programme]:
    """x[segment, réservataire, public] instead of z, w and Z: what each stands for, and the programme."""
    programme, cadre = modele.programme, modele.cadre
    cells = cadre.cellules[["part"]].assign(cell=cadre.cellules.index)
    publics = cadre.publics[["part"]].assign(public=cadre.publics.index)
    pairs = cells.merge(publics, on="part")
    nb = len(pairs)
    place = {key: j for j, key in enumerate(programme.keys)}
    together = np.array([j for key, j in place.items() if key.startswith("Z|")])
    kept = np.setdiff1d(np.arange(len(place)), np.concatenate([modele.cellules, modele.publics, together]))
    rows = np.concatenate([modele.cellules[pairs["cell"]], modele.publics[pairs["public"]],
                           together[pairs["part"]], kept])
    columns = np.concatenate([np.arange(nb)] * 3 + [nb + np.arange(len(kept))])
    stands = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(place), nb + len(kept)))
    matrix = coo_array(matrix_of(programme) @ stands)
    return stands, Programme(
        keys=tuple(f"x{k}" for k in range(stands.shape[1])), names=programme.names, lo=programme.lo,
        hi=programme.hi, lower=np.append(np.zeros(nb), programme.lower[kept]),
        upper=np.append(np.full(nb, np.inf), programme.upper[kept]), row=matrix.coords[0].astype(np.int64),
        column=matrix.coords[1].astype(np.int64), coefficient=matrix.data,
        integer=np.zeros(stands.shape[1], bool))


def matrix_of(programme: Programme) -> csr_array:
    """The rows of the programme."""
    shape = (len(programme.names), len(programme.keys))
    return csr_array(coo_array((programme.coefficient, (programme.row, programme.column)), shape=shape))


# ── the ways: a programme and a cost in, something to solve out ───────────────────────────────────


def by_flux(programme: Programme, costs: Any) -> Any:
    """Arrays to HiGHS."""
    direct = Direct(programme)
    return lambda: direct.minimise(costs, "tout", None).borne


def by_flux_pulp(programme: Programme, costs: Any) -> Any:
    """PuLP from lists of pairs."""
    from flux.noyau.solveur.portable import Portable

    portable = Portable(programme, None)
    return lambda: portable.minimise(costs, "tout", None).borne


def by_lp_sum(programme: Programme, costs: Any) -> Any:
    """PuLP as its documentation writes it."""
    import pulp

    problem = pulp.LpProblem("plan", pulp.LpMinimize)
    x = [pulp.LpVariable(f"x{j}", lo if np.isfinite(lo) else None, up if np.isfinite(up) else None)
         for j, (lo, up) in enumerate(zip(programme.lower, programme.upper, strict=True))]
    problem += pulp.lpSum(float(costs[j]) * x[j] for j in np.flatnonzero(costs))
    starts, columns, values = programme.by_row()
    for i, (lo, hi) in enumerate(zip(programme.lo, programme.hi, strict=True)):
        row = pulp.lpSum(float(values[k]) * x[columns[k]] for k in range(starts[i], starts[i + 1]))
        if lo == hi:
            problem += row == float(lo)
        elif np.isfinite(lo):
            problem += row >= float(lo)
        elif np.isfinite(hi):
            problem += row <= float(hi)

    def run() -> float:
        problem.solve(pulp.HiGHS(msg=False))
        return float(pulp.value(problem.objective))

    return run


def by_linopy(programme: Programme, costs: Any) -> Any:
    """Linopy, vectorised: one variable, rows by their matrix."""
    import linopy
    import pandas as pd

    model = linopy.Model()
    index = pd.RangeIndex(len(programme.keys), name="colonne")
    x = model.add_variables(lower=programme.lower, upper=programme.upper, coords=[index], name="x")
    frame = pd.DataFrame({"row": programme.row, "column": programme.column, "value": programme.coefficient})
    frame["rank"] = frame.groupby("row").cumcount()
    for name, rows, sign, side in sides(programme):
        some = frame.loc[frame["row"].isin(rows)]
        places = np.searchsorted(rows, some["row"])
        shape = (len(rows), int(some["rank"].max()) + 1)
        columns, values = np.zeros(shape, int), np.zeros(shape)
        columns[places, some["rank"]], values[places, some["rank"]] = some["column"], some["value"]
        import xarray as xr

        axes = {"ligne": np.arange(shape[0]), "terme": np.arange(shape[1])}
        taken = x.sel(colonne=xr.DataArray(columns, coords=axes, dims=["ligne", "terme"]))
        sums = (xr.DataArray(values, coords=axes, dims=["ligne", "terme"]) * taken).sum("terme")
        model.add_constraints(sums, sign, xr.DataArray(side, coords={"ligne": axes["ligne"]}), name=name)
    import xarray as xr

    model.add_objective((xr.DataArray(costs, coords={"colonne": index}) * x).sum())

    def run() -> float:
        model.solve("highs", io_api="direct", output_flag=False)
        return float(model.objective.value)

    return run


def by_scipy(programme: Programme, costs: Any) -> Any:
    """`linprog`, from a sparse matrix."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    matrix = matrix_of(programme)
    parts = {sign: (matrix[rows], side) for _, rows, sign, side in sides(programme)}
    empty = (csr_array((0, matrix.shape[1])), np.zeros(0))
    (above, top), (under, low), (same, at) = (parts.get(s, empty) for s in ("<=", ">=", "="))
    left, right = vstack([above, -under]), np.append(top, -low)
    bounds = np.column_stack([programme.lower, programme.upper])
    return lambda: float(linprog(costs, left, right, same, at, bounds, method="highs").fun)


def sides(programme: Programme) -> list[tuple[str, Any, str, Any]]:
    """Rows by the sign they have: name, places, sign, right side."""
    same = programme.lo == programme.hi
    kinds = (("egal", same, "=", programme.lo),
             ("haut", np.isfinite(programme.hi) & ~same, "<=", programme.hi),
             ("bas", np.isfinite(programme.lo) & ~same, ">=", programme.lo))
    return [(name, np.flatnonzero(mask), sign, side[mask]) for name, mask, sign, side in kinds if mask.any()]


BY = {"flux": by_flux, "flux pulp": by_flux_pulp, "pulp lpSum": by_lp_sum, "linopy": by_linopy,
      "scipy": by_scipy, "entiere": by_flux}


def one(way: str, path: Path, limit: float) -> None:
    """Build, then solve: what each took is printed at once, so that a solve that is stopped loses nothing."""
    programme, costs = pickle.loads(path.read_bytes())  # written by this very script a moment ago
    builder = Builder()
    column = builder.columns(["a", "b"], upper=[np.inf, 2.0])
    for name, lo, hi in (("egal", 1.0, 1.0), ("bas", 0.5, np.inf), ("haut", -np.inf, 9.0)):
        builder.entries(builder.rows([name], lo, hi), column)
    BY[way](builder.build(), np.ones(2))()
    builds: list[float] = []
    while len(builds) < 5 and sum(builds) < REPEAT:
        start = time.process_time()
        run = BY[way](programme, costs)
        builds.append(time.process_time() - start)
    print(json.dumps({"ecriture": statistics.median(builds), "memoire": peak(),
                      "variables": len(programme.keys), "lignes": len(programme.names)}), flush=True)
    start = time.process_time()
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(start + limit), hard))
    optimum = run()
    print(json.dumps({"resolution": time.process_time() - start, "optimum": optimum, "memoire": peak()}))


def peak() -> float:
    """Megabytes of this process alone: `getrusage` would count what its parent held before it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def measure(nom: str, quotas: Any, ways: list[str], limit: float, stages: bool) -> None:
    """Every way on one dossier."""
    from flux.noyau.solveur import solve

    start = time.process_time()
    modele = modele_of(quotas)
    made = time.process_time() - start
    cadre, nb = modele.cadre, len(modele.cadre.segments)
    logements = quotas.dossier.logements
    kinds = logements[["commune", "qpv", "typologie", "financement", "programme"]].drop_duplicates()
    print(f"\n{nom}: {len(logements)} dwellings, {len(kinds)} kinds by programme, {nb} segments (merge "
          f"{len(kinds) / nb:.1f}), {len(cadre.groupes)} groups, {len(cadre.porteurs)} holders; frames and "
          f"programme {made:.2f} s; load {os.getloadavg()[0]:.1f}")
    equity = next(e.couts for e in modele.etapes if e.nom == "equite")
    costs = sum(e.couts for e in modele.etapes[:6]) + 0.01 * equity
    stands, full = full_form(modele)
    programmes = {"entiere": (full, costs @ stands)}
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "programme"
        for way in ways:
            needed = way.split()[-1 if way == "flux pulp" else 0]
            if needed in ("linopy", "pulp", "scipy") and find_spec(needed) is None:
                print(f"{way:12} not installed, left out")
            else:
                path.write_bytes(pickle.dumps(programmes.get(way, (modele.programme, costs))))
                done = subprocess.run([sys.executable, __file__, "--une", way, str(path), "--limite",
                                       str(limit)], capture_output=True, text=True)
                lines = [line for line in done.stdout.splitlines() if line.startswith("{")]  # solvers talk
                if not lines:
                    sys.exit(done.stderr)
                found[way] = {key: value for line in lines for key, value in json.loads(line).items()}
    base = found["flux"]
    print(f"{'':12} {'variables':>9} {'rows':>7} {'build s':>8} {'ratio':>6} {'solve s':>8} {'ratio':>6} "
          f"{'MB':>6} {'gap':>8}")
    for way, row in found.items():
        line = (f"{way:12} {row['variables']:>9} {row['lignes']:>7} {row['ecriture']:>8.3f} "
                f"{row['ecriture'] / base['ecriture']:>6.1f} ")
        solved, ratio, gap = f"> {limit:.0f}", "", ""
        if "resolution" in row:
            solved = f"{row['resolution']:.2f}"
        if "resolution" in row and "resolution" in base:
            ratio = f"{row['resolution'] / base['resolution']:.1f}"
            gap = f"{abs(row['optimum'] - base['optimum']) / max(1.0, abs(base['optimum'])):.0e}"
        print(f"{line}{solved:>8} {ratio:>6} {row['memoire']:>6.0f} {gap:>8}", flush=True)
    if not stages:
        return
    clock = [time.process_time()]
    solve(modele.programme, modele.etapes, ensemble=6,
          avancement=lambda *_: clock.append(time.process_time()))
    clock.append(time.process_time())
    names = ["levels together", *(e.nom for e in modele.etapes)]
    spent = zip(names, clock, clock[1:], strict=False)
    print("stages:", ", ".join(f"{name} {end - start:.2f} s" for name, start, end in spent))


def main() -> None:
    """Run what is asked."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, nargs="*", default=[])
    parser.add_argument("--dossier", type=Path, nargs="*", default=[])
    parser.add_argument("--voies", nargs="*", default=list(WAYS), choices=WAYS)
    parser.add_argument("--limite", type=float, default=600.0, help="seconds of the processor, for a solve")
    parser.add_argument("--sans-etapes", action="store_true", help="leave out the stages of the plan")
    parser.add_argument("--une", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.une:
        one(asked.une[0], Path(asked.une[1]), asked.limite)
        return
    import flux

    for path in asked.dossier:
        measure(path.name, flux.convert(flux.read_dossier(path)), asked.voies, asked.limite,
                not asked.sans_etapes)
    for nb in asked.segments or ([] if asked.dossier else [200]):
        with tempfile.TemporaryDirectory() as folder:
            measure(f"about {nb}", quotas_of(nb, Path(folder) / "parc"), asked.voies, asked.limite,
                    not asked.sans_etapes)


if __name__ == "__main__":
    main()
