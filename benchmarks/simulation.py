"""Runs per second of the simulation, beside plain Python loops and simpy that do the same job.

    python benchmarks/simulation.py                      20,000 dwellings, 12 réservataires, then the growth
    python benchmarks/simulation.py --logements 5000 --sans-croissance

One job: which dwellings free themselves and when, what mutations take, who has each under stock, whom the
rule gives each of the others, and the counts by holder and commune under both. `loop` draws one number after
another (`random`): a run is another one if those before it are. `loop, counted` has numbers of its own for
each dwelling and run, as we do: the same runs in any batch. Their means must agree with ours within the
chance of so few runs, and under the bounded sequence nobody be one dwelling ahead. `numba` is the compiled
code of `flux.simulate`, on one thread and on all: its counts must be those of NumPy, run for run, or the
benchmark stops. Then the stock regime alone, which needs no rule. Read ratios of the
processor's time, not seconds: the load says how busy the machine was.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import flux
from flux import samples
from flux.conversion import Quotas
from flux.simulation.annee import vacancies
from flux.simulation.parc import ATOMES, Parc, make_parc
from flux.simulation.politiques import Comptes, Orientation, orient, rule
from flux.simulation.sequence import UNITE, Strates, make_strates
from flux.simulation.tirages import Usage, entiers, sous
from flux.simulation.vecu import GENRES, Annee

SEED, LOT = 2026, 1_000
MASK = 2**64 - 1


def quotas_of(logements: int, communes: int, folder: Path) -> Quotas:
    """A bailleur drawn from a seed: five holders everywhere, and two communes in three."""
    tables = samples.generate_parc(nb_logements=logements, nb_communes=communes, seed=SEED)
    return flux.convert(flux.read_dossier(samples.write(tables, folder)))


def genres(parc: Parc) -> np.ndarray:
    """Kind of dwelling of each segment: in QPV, outside."""
    return parc.flux["qpv"].to_numpy(np.int64)


# ── ours ──────────────────────────────────────────────────────────────────────────────────────────


def vectorised(parcs: list[Parc], runs: np.ndarray, regle: str) -> tuple[np.ndarray, np.ndarray]:
    """Dwellings of each holder × commune in each run under stock and under flux, years together."""
    seen = np.zeros((2, len(runs), parcs[0].parts.size), np.int64)
    retard: Any = 0.0
    for parc in parcs:
        strates, drawn = make_strates(parc.parts), vacancies(parc, SEED, runs)
        communes, holders = parc.parts.shape
        taken = sous(entiers(SEED, Usage.SOUSTRACTION, drawn.cle.view(np.int64)),
                     parc.soustraits[parc.segment[drawn.logement]])
        stock = parc.droits.holder(drawn.logement, drawn.jour, drawn.tirage(SEED, Usage.DROIT), holders - 1)
        genre = genres(parc)
        place = np.zeros(len(parc.flux), np.int64)
        place[parc.segment] = parc.commune
        comptes = Comptes.new(len(runs), strates, holders, GENRES)
        comptes.retard += retard
        left = drawn.only(~taken)
        flow = orient(parc, strates, parc.parts[place], genre, left, comptes, rule(regle), SEED)
        retard = comptes.retard
        for out, v, who in ((seen[0], drawn, stock), (seen[1], left, flow)):
            key = (v.rang * communes + parc.commune[v.logement]) * holders + who
            out += np.bincount(key, minlength=out.size).reshape(out.shape)
    return seen[0], seen[1]


def by_numba(
    annee: Annee, regle: str, threads: int
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """What counts the same by compiled code."""
    from flux.simulation.compiled.compte import Etiquettes, Nombre, Suivis, count_runs
    from flux.simulation.compiled.regles import CODES
    from flux.simulation.compiled.terrain import bare, make_terrain

    parc = annee.parc
    (communes, holders), nb = parc.parts.shape, len(parc.logements)
    none = np.zeros(0, np.int64)
    terrain = make_terrain(annee, SEED)
    etiquettes = bare(Etiquettes(parc.commune, np.arange(parc.parts.size).reshape(communes, holders).T,
                                 np.zeros(parc.jours, np.int64), np.zeros(nb + 1, np.int64), none,
                                 np.zeros((nb, 0))))
    suivis = Suivis(np.uint64(0), none, none, np.zeros((2, 0, 2, 0), np.uint64), none, none)

    def counts(runs: int) -> Nombre:
        cells, months = np.zeros((runs, parc.parts.size), np.int32), np.zeros((runs, holders, 1), np.int32)
        nothing = np.zeros((runs, holders, 0), np.int32)
        return Nombre(cells, nothing, months, np.zeros(nothing.shape), nothing, nothing)

    def one(runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        stock, flow, retard = counts(len(runs)), counts(len(runs)), np.zeros((len(runs), holders + 1))
        count_runs(terrain, etiquettes, suivis, runs.astype(np.uint64), retard, CODES[regle], False, stock,
                   flow, np.zeros_like(stock.cellules))
        return stock.cellules, flow.cellules

    def lived(runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if threads == 1:
            return one(runs)
        with ThreadPoolExecutor(threads) as pool:
            made = list(pool.map(one, np.array_split(runs, 4 * threads)))
        return np.concatenate([a for a, _ in made]), np.concatenate([b for _, b in made])

    return lived


def stock_by_numba(annee: Annee) -> Callable[[np.ndarray], np.ndarray]:
    """The stock regime alone: dwellings of each holder in each run."""
    from flux.simulation.compiled.jit import kept
    from flux.simulation.compiled.libere import drawn, ordered
    from flux.simulation.compiled.terrain import make_terrain
    from flux.simulation.compiled.vie import place_for, under_stock

    def live(t: Any, runs: Any, out: Any) -> None:
        vie = place_for(t)
        stock = vie.stock
        for r in range(len(runs)):
            n = drawn(t.tirage, runs[r], vie.libere)
            ordered(t.tirage, n, vie.libere)
            under_stock(t, n, vie)
            for i in range(n):
                out[r, stock[i]] += 1

    compiled, terrain = kept(live), make_terrain(annee, SEED)

    def lived(runs: np.ndarray) -> np.ndarray:
        out = np.zeros((len(runs), len(annee.parc.porteurs)), np.int64)
        compiled(terrain, runs.astype(np.uint64), out)
        return out

    return lived


def annee_of(parc: Parc, quotas: Quotas) -> Annee:
    """The same year as `vectorised` lives, ready for compiled code."""
    place = np.zeros(len(parc.flux), np.int64)
    place[parc.segment] = parc.commune
    return Annee(quotas, parc, make_strates(parc.parts), parc.parts[place], genres(parc))


# ── what one would otherwise write ────────────────────────────────────────────────────────────────


class Counted:
    """Numbers of [0, 1) of one dwelling in one run: splitmix64 started from both."""

    def at(self, run: int, logement: int) -> None:
        """The first of its numbers comes next."""
        self.state = _mix(_mix(SEED ^ run) + logement & MASK)

    def random(self) -> float:
        """The next of its numbers."""
        self.state = self.state + 0x9E3779B97F4A7C15 & MASK
        return (_mix(self.state) >> 11) * 2.0**-53


def _mix(x: int) -> int:
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


class Plain:
    """The same year in lists: rates, rights and shares of each dwelling, and the accounts of a run."""

    def __init__(self, parc: Parc, regle: str, numbers: Any, both: bool = True) -> None:
        self.both = both  # under both policies, or under stock alone
        strates: Strates = make_strates(parc.parts)
        self.random, self.run = numbers, -1
        self.jours, self.bailleur, self.greedy = parc.jours, len(parc.porteurs) - 1, regle != "suite_bornee"
        self.commune, self.segment = parc.commune.tolist(), parc.segment.tolist()
        self.taken = (parc.soustraits / 2.0**53).tolist()
        self.genre = genres(parc).tolist()
        self.nb_genres = GENRES
        d = parc.droits
        self.droits = [[(p, s, a, b) for p, s, a, b in zip(*row, strict=True) if s > 0] for row in zip(
            d.porteur.tolist(), d.part.tolist(), d.debut.tolist(), d.fin.tolist(), strict=True)]
        self.strate = strates.strate.tolist()
        self.strates = [[(int(h), int(p * UNITE)) for h, p in zip(hs, ps, strict=True) if p > 0]
                        for hs, ps in zip(strates.porteurs, strates.parts, strict=True)]
        self.shares = parc.parts.tolist()
        self.loi = parc.loi.tolist()
        self.nb_lois = parc.nb_lois
        groups = np.empty(len(parc.logements), int)
        groups[parc.membres] = np.repeat(np.arange(len(parc.loi)), np.diff(parc.debuts))
        self.groupe = groups.tolist()
        sizes = np.diff(parc.debuts).tolist()
        tables = [np.diff(table.astype(float) / 2.0**53, prepend=0.0)
                  for table in np.split(parc.seuils, parc.places[1:-1])]
        means = [float(law @ np.arange(len(law))) for law in tables]
        self.chance = [[m / size for m in means[g * ATOMES : (g + 1) * ATOMES]]
                       for g, size in enumerate(sizes)]
        self.shape = len(parc.communes), len(parc.porteurs)

    def start(self) -> None:
        """A new run: no account, and the rates of the run."""
        communes, holders = self.shape
        self.stock = [[0] * holders for _ in range(communes)]
        self.flux = [[0] * holders for _ in range(communes)]
        self.given = [[0] * len(s) for s in self.strates]
        self.rang = [0] * len(self.strates)
        self.retard = [0.0] * holders
        self.ecart = [[0.0] * holders for _ in range(self.nb_genres)]
        self.run += 1
        if isinstance(self.random, Counted):
            self.random.at(self.run, -1)
        atoms = [int(self.random.random() * ATOMES) for _ in range(self.nb_lois)]
        self.rate = [row[atoms[law]] for row, law in zip(self.chance, self.loi, strict=True)]
        self.worst = 0

    def one(self, logement: int, jour: float) -> None:
        """A dwelling frees itself: under both policies."""
        commune, segment = self.commune[logement], self.segment[logement]
        self.stock[commune][self.holder(logement, int(jour))] += 1
        if self.both and self.random.random() >= self.taken[segment]:
            self.flux[commune][self.oriented(commune, self.genre[segment])] += 1

    def holder(self, logement: int, jour: int) -> int:
        """Who has a right on it that day."""
        alive = [(p, s) for p, s, first, last in self.droits[logement] if first <= jour <= last]
        u = self.random.random() * max(1.0, sum(s for _, s in alive))
        for porteur, share in alive:
            u -= share
            if u < 0:
                return porteur
        return self.bailleur

    def oriented(self, commune: int, genre: int) -> int:
        """Who has it in the flux."""
        s, shares, ecart = self.strate[commune], self.shares[commune], self.ecart[genre]
        holders, given, h = self.strates[s], self.given[s], self.rang[s]
        for j, _ in holders:
            self.retard[j] += shares[j]
            ecart[j] += shares[j]
        if self.greedy:
            k = max(range(len(holders)), key=lambda k: self.retard[holders[k][0]])
        else:
            k = self.bounded(holders, given, h, ecart)
        given[k] += 1
        self.rang[s] = h + 1
        self.worst = max(self.worst, abs(given[k] * UNITE - holders[k][1] * (h + 1)))
        who = holders[k][0]
        self.retard[who] -= 1
        ecart[who] -= 1
        return who

    def bounded(self, holders: list[tuple[int, int]], given: list[int], h: int, ecart: list[float]) -> int:
        """The most wanted of those for whom the others can wait."""
        owed = [(-(-(a + 1) * UNITE // p), k)
                for k, ((_, p), a) in enumerate(zip(holders, given, strict=True)) if a * UNITE < p * (h + 1)]

        def wanted(one: tuple[int, int]) -> float:
            return self.retard[holders[one[1]][0]] + ecart[holders[one[1]][0]]

        best = max(owed, key=wanted)
        for g in range(h + 1, best[0]):
            due = 0
            for (_, p), a in zip(holders, given, strict=True):
                late = p * g // UNITE - a
                if late > 0:
                    due += late
            if g - h - due < 1:
                return max((one for one in owed if one[0] <= g), key=wanted)[1]
        return best[1]


def by_loop(plain: Plain) -> None:
    """A loop over dwellings, then over events in order."""
    draw, rate = plain.random.random, plain.rate
    events = [(draw() * plain.jours, d) for d, g in enumerate(plain.groupe) if draw() < rate[g]]
    for jour, logement in sorted(events):
        plain.one(logement, jour)


def by_counted_loop(plain: Plain) -> None:
    """The same, with the numbers of each dwelling in this run."""
    numbers, rate, run, events = plain.random, plain.rate, plain.run, []
    for d, g in enumerate(plain.groupe):
        numbers.at(run, d)
        if numbers.random() < rate[g]:
            events.append((numbers.random() * plain.jours, d, numbers.state))
    for jour, logement, state in sorted(events):
        numbers.state = state
        plain.one(logement, jour)


def by_simpy(plain: Plain) -> None:
    """A process a dwelling."""
    import simpy

    env = simpy.Environment()
    draw = plain.random.random

    def dwelling(logement: int, chance: float) -> Any:
        if draw() < chance:
            yield env.timeout(draw() * plain.jours)
            plain.one(logement, env.now)

    for logement, groupe in enumerate(plain.groupe):
        env.process(dwelling(logement, plain.rate[groupe]))
    env.run()


# ── side by side ──────────────────────────────────────────────────────────────────────────────────


def clocked(
    parcs: list[Parc], runs: int, regle: str = "suite_bornee"
) -> tuple[float, np.ndarray, np.ndarray]:
    """Seconds a run, and the counts."""
    start, found = time.process_time(), []
    for first in range(0, runs, LOT):
        found.append(vectorised(parcs, np.arange(first, min(runs, first + LOT)), regle))
    spent = (time.process_time() - start) / runs
    return spent, np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def compiled_time(
    lived: Callable[[np.ndarray], Any], runs: int, clock: Callable[[], float] = time.process_time
) -> tuple[float, Any]:
    """Seconds a run, compilation apart, the least of five; and what was counted."""
    some, times = np.arange(runs), []
    lived(some[:2])
    for _ in range(5):
        start = clock()
        found = lived(some)
        times.append((clock() - start) / runs)
    return min(times), found


def stock_alone(annee: Annee, runs: int, slow: int) -> None:
    """The stock regime alone, compiled, beside the loop."""
    spent, found = compiled_time(stock_by_numba(annee), runs)
    plain, start = Plain(annee.parc, "", random.Random(SEED), both=False), time.process_time()
    reserved = 0
    for _ in range(slow):
        plain.start()
        by_loop(plain)
        reserved += sum(sum(row[:-1]) for row in plain.stock)
    seconds = (time.process_time() - start) / slow
    print(f"\nstock alone: numba {1 / spent:.0f} runs/s, loop {1 / seconds:.1f}: ratio {seconds / spent:.0f}"
          f"; reserved {found[:, :-1].sum() / runs:.1f}, {reserved / slow:.1f}")


def beside(parc: Parc, annee: Annee, runs: int, slow: int, regle: str) -> None:
    """Ours, the loop, simpy: runs per second, ratio, and whether they say the same."""
    spent, stock, flow = clocked([parc], runs, regle)
    print(f"\n{regle}, load {os.getloadavg()[0]:.1f}\n{'':14} {'runs':>5} {'runs/s':>8} {'ratio':>6} "
          f"{'vacancies':>10} {'reserved, stock':>16} {'reserved, flux':>15} {'worst gap':>10}")

    def said(nom: str, nb: int, seconds: float, a: np.ndarray, b: np.ndarray, worst: str) -> None:
        last = parc.parts.shape[1] - 1
        kept = np.arange(a.shape[1]) % (last + 1) != last
        print(f"{nom:14} {nb:>5} {1 / seconds:>8.1f} {seconds / spent:>6.1f} {a.sum() / nb:>10.1f} "
              f"{a[:, kept].sum() / nb:>16.1f} {b[:, kept].sum() / nb:>15.1f} {worst:>10}")

    said("flux, NumPy", runs, spent, stock, flow, "")
    fast = 0.0
    if find_spec("numba") is None:
        print("numba not installed, left out")
    else:
        fast, counts_of = compiled_time(by_numba(annee, regle, 1), runs)
        assert (counts_of[0] == stock).all() and (counts_of[1] == flow).all(), "not the counts of NumPy"
        said("flux, numba", runs, fast, *counts_of, "")
    ways: dict[str, tuple[Callable[[Plain], None], Any]] = {
        "loop": (by_loop, random.Random(SEED)),
        "loop, counted": (by_counted_loop, Counted()),
        "simpy": (by_simpy, random.Random(SEED)),
    }
    if find_spec("simpy") is None:
        print("simpy not installed, left out")
        del ways["simpy"]
    for nom, (way, numbers) in ways.items():
        plain = Plain(parc, regle, numbers)
        counts: list[list[np.ndarray]] = [[], []]
        seconds, worst = 0.0, 0
        for _ in range(slow):
            start = time.process_time()
            plain.start()
            way(plain)
            seconds += time.process_time() - start
            worst = max(worst, plain.worst)
            for side, made in zip(counts, (plain.stock, plain.flux), strict=True):
                side.append(np.array(made).ravel())
        said(nom, slow, seconds / slow, np.array(counts[0]), np.array(counts[1]), f"{worst / UNITE:.5f}")
        if fast:
            print(f"{'':14} numba is {seconds / slow / fast:.0f} times {nom}")
    if fast:
        cores = os.cpu_count() or 1
        one, many = (compiled_time(by_numba(annee, regle, n), runs, time.perf_counter) for n in (1, cores))
        assert (one[1][1] == many[1][1]).all(), "threads change the counts"
        print(f"{'':14} {cores} threads are {one[0] / many[0]:.2f} times one, on the clock of a machine that "
              f"others use (load {os.getloadavg()[0]:.1f})")


def growth(runs: int) -> None:
    """One thing at a time."""
    print(f"\ngrowth, {runs} runs: ms a run, and us a vacancy\n"
          f"{'dwellings':>10} {'communes':>9} {'holders':>8} {'strates':>8} {'years':>6} {'ms':>8} {'us':>6}")
    cases = [(5_000, 10, 1), (10_000, 10, 1), (20_000, 10, 1), (40_000, 10, 1),
             (20_000, 4, 1), (20_000, 22, 1), (20_000, 46, 1), (20_000, 10, 2), (20_000, 10, 4)]
    for logements, communes, years in cases:
        with tempfile.TemporaryDirectory() as folder:
            quotas = quotas_of(logements, communes, Path(folder) / "parc")
        following = [quotas]
        if years > 1:
            following = list(flux.project(quotas.dossier, annees=range(2026, 2026 + years)).quotas)
        parcs = [make_parc(q) for q in following]
        spent, stock, _ = clocked(parcs, runs)
        strates, holders = len(make_strates(parcs[0].parts).parts), len(parcs[0].porteurs)
        print(f"{logements:>10} {communes:>9} {holders - 1:>8} {strates:>8} {years:>6} {1e3 * spent:>8.2f} "
              f"{1e6 * spent / (stock.sum() / runs):>6.2f}")


def main() -> None:
    """Run what is asked."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logements", type=int, default=20_000)
    parser.add_argument("--communes", type=int, default=10)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--lents", type=int, default=5, help="runs of the loop and of simpy")
    parser.add_argument("--sans-croissance", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        quotas = quotas_of(asked.logements, asked.communes, Path(folder) / "parc")
    start = time.process_time()
    parc = make_parc(quotas)
    print(f"{len(parc.logements)} dwellings of the base, {len(parc.porteurs) - 1} réservataires, "
          f"{len(parc.communes)} communes; arrays in {time.process_time() - start:.2f} s, once")
    annee = annee_of(parc, quotas)
    for regle in (Orientation.SUITE, Orientation.DEFICIT):
        beside(parc, annee, asked.runs, asked.lents, str(regle))
    if find_spec("numba") is not None:
        stock_alone(annee, asked.runs, asked.lents)
    if not asked.sans_croissance:
        growth(asked.runs // 2)


if __name__ == "__main__":
    main()
