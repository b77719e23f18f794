"""Reading and converting, side by side with the pandas an analyst would write: seconds, peak memory, growth.

    python benchmarks/conversion.py                     20,000, 100,000, 1,000,000 dwellings (csv)
    python benchmarks/conversion.py --logements 2000

`pandas` reads the same folder and makes the simple part: base, turnover by programme, shares of the stock,
flow, largest remainders. It checks no cell, keeps no proof, no ceiling, no account and no matrix by commune.
Both must agree on the base and on every exact due that no ceiling reduces; the dues reduced and the whole
quotas that differ are counted. Each has a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

LOGEMENTS = (20_000, 100_000, 1_000_000)
SEED = 2026
RESIDENCES = ["foyer", "residence_etudiante", "pli_lli"]


def write_parc(nb: int, folder: Path) -> None:
    """A folder of `nb` dwellings drawn from a seed, one commune for 500 of them up to 300 communes."""
    from flux import samples

    parc = samples.generate_parc(nb_logements=nb, nb_communes=max(2, min(300, nb // 500)), seed=SEED)
    samples.write(parc, folder)


# ── what is measured ──────────────────────────────────────────────────────────────────────────────


def by_flux(folder: Path) -> dict[str, Any]:
    """Every check, proof, ceiling and account."""
    import flux

    start = time.perf_counter()
    dossier = flux.read_dossier(folder)
    read = time.perf_counter()
    quotas = flux.convert(dossier)
    end = time.perf_counter()
    table = quotas.table.set_index("id_reservataire")
    return {"lecture": read - start, "conversion": end - read, "base": int(quotas.exact["base"]),
            "reduits": sorted({*quotas.reductions["id_reservataire"], "bailleur"}),
            "dus": table["du_exact"].astype(float).to_dict(), "quotas": table["quota"].astype(int).to_dict()}


def by_pandas(folder: Path) -> dict[str, Any]:
    """What an analyst who knows the law would write for this bailleur."""
    import pandas as pd

    start = time.perf_counter()
    codes = {"commune": str, "territoire_code": str, "epci": str}
    names = ("logements", "reservataires", "reservations", "mouvements", "soustractions", "territoires")
    logements, holders, rights, moves, less, places = (
        pd.read_csv(folder / f"{name}.csv", sep=";", decimal=",", dtype=codes) for name in names)
    read = time.perf_counter()

    annee = tomllib.loads((folder / "convention.toml").read_text("utf-8"))["convention"]["annee"]
    first = pd.Timestamp(annee, 1, 1)
    out = pd.to_datetime(logements["date_sortie"], format="mixed", dayfirst=True)
    base = logements[~(out <= first) & (logements["annee_mise_location"] < annee)
                     & ~logements["nature"].isin(RESIDENCES) & (logements["financement"] != "PLI")
                     & ~logements["occupation"].isin([3, 4, 5])]
    # Turnover by programme, three years pooled: the dwellings of the base, and those gone since, while there.
    once = logements[~logements["nature"].isin(RESIDENCES) & ~logements["occupation"].isin([3, 4, 5])]
    left = out.loc[once.index]
    years = range(annee - 3, annee)
    stock = sum(once[(once["annee_mise_location"] < a) & ~(left <= pd.Timestamp(a, 1, 1))]
                .groupby("programme").size().reindex(once["programme"].unique(), fill_value=0) for a in years)
    relet = moves[(moves["nature"] != "premiere_location") & moves["annee"].isin(years)]
    relet = relet.merge(once[["id_logement", "programme"]], on="id_logement").groupby("programme").size()
    rate = (relet.reindex(stock.index, fill_value=0) / stock).fillna(0)
    vacancies = base["programme"].map(rate).groupby(base["commune"]).sum()
    forecast = less.loc[(less["annee"] == annee) & (less["etat"] == "previsionnel"), "nb"].sum()
    net = vacancies * (1 - forecast / vacancies.sum())
    flow = int(net.sum() + 0.5)
    net = net * flow / net.sum()

    repaid = pd.to_datetime(rights["date_remboursement"], format="mixed", dayfirst=True)
    end = pd.to_datetime(rights["date_fin"], format="mixed", dayfirst=True)
    end = end.mask((rights["contrepartie"] == "garantie") & repaid.notna(), repaid + pd.DateOffset(years=5))
    begin = pd.to_datetime(rights["date_debut"], format="mixed", dayfirst=True)
    live = rights[~(begin > first) & ~(end < first) & rights["programme"].isin(base["programme"])]
    held = live.groupby("id_reservataire")["nb"].sum()
    sizes, home = base.groupby("commune").size(), places.set_index("commune")["epci"]
    dues = {}
    for ident, kind, code in zip(holders["id_reservataire"], holders["territoire_type"],
                                 holders["territoire_code"], strict=True):
        mine = {"commune": net.index == code, "epci": net.index.map(home) == code}.get(kind, net.index != "")
        dues[ident] = held.get(ident, 0) / sizes[mine].sum() * net[mine].sum()
    dues["bailleur"] = flow - sum(dues.values())
    exact = pd.Series(dues)
    quotas = exact.astype(int)
    largest = (exact - quotas).sort_values(ascending=False).index[:flow - quotas.sum()]
    quotas[largest] += 1
    end_time = time.perf_counter()
    return {"lecture": read - start, "conversion": end_time - read, "base": len(base),
            "dus": dues, "quotas": quotas.to_dict()}


# ── how it is measured ────────────────────────────────────────────────────────────────────────────


def measure(who: str, folder: Path) -> dict[str, Any]:
    """What one of them found, its seconds (imports left out) and its peak memory (MB)."""
    return dict(json.loads(apart("--mesurer", who, str(folder))))


def apart(*arguments: str) -> str:
    """What this script prints in a process of its own.

    A process starts with the peak memory of the one it comes from: nothing large is done in this one.
    """
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def child(who: str, folder: Path) -> None:
    import pandas  # noqa: F401  (imported before the clock, for both)

    if who == "flux":
        import flux  # noqa: F401

    found = {"flux": by_flux, "pandas": by_pandas}[who](folder)
    found["mo"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found, default=float))


def compare(nb: int, folder: Path, before: dict[str, float]) -> dict[str, float]:
    """One line a size, and the seconds of each."""
    ours, theirs = measure("flux", folder), measure("pandas", folder)
    assert ours["base"] == theirs["base"], (ours["base"], theirs["base"])
    gaps = {k: (v, theirs["dus"].get(k)) for k, v in ours["dus"].items()
            if k not in ours["reduits"] and abs(v - theirs["dus"].get(k, 0)) > 1e-6}
    assert not gaps, f"exact dues that differ (flux, pandas): {gaps}"
    differ = sum(n != theirs["quotas"].get(k, 0) for k, n in ours["quotas"].items())
    seconds = {"flux": ours["lecture"] + ours["conversion"],
               "pandas": theirs["lecture"] + theirs["conversion"]}
    print(f"{nb:>9,} dwellings, {len(ours['dus'])} holders, {len(ours['reduits']) - 1} reduced by a ceiling,"
          f" {differ} whole quotas differ")
    for who, found in (("flux", ours), ("pandas", theirs)):
        grown = f"   x{seconds[who] / before[who]:.1f} since the size before" if before else ""
        print(f"    {who:7} read {found['lecture']:7.2f} s   convert {found['conversion']:7.2f} s"
              f"   peak {found['mo']:6.0f} MB{grown}")
    print(f"    ratio   {seconds['flux'] / seconds['pandas']:.2f} (time)"
          f"   {ours['mo'] / theirs['mo']:.2f} (memory)", flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logements", type=int, nargs="+", default=list(LOGEMENTS))
    parser.add_argument("--mesurer", nargs=2, metavar=("QUI", "DOSSIER"), help=argparse.SUPPRESS)
    parser.add_argument("--ecrire", nargs=2, metavar=("NB", "DOSSIER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ecrire:
        write_parc(int(options.ecrire[0]), Path(options.ecrire[1]))
        return
    if options.mesurer:
        child(options.mesurer[0], Path(options.mesurer[1]))
        return
    before: dict[str, float] = {}
    for nb in options.logements:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "parc"
            apart("--ecrire", str(nb), str(folder))
            before = compare(nb, folder, before)


if __name__ == "__main__":
    main()
