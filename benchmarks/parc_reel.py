"""The whole job on a real stock: the dwellings of a département, from RPLS 1 January 2019.

    python benchmarks/parc_reel.py 72 59 --json parc_reel.json
    python benchmarks/parc_reel.py 72 59 --ecrire PARCS      the dossiers only, for other benchmarks

What is real: the number of dwellings by commune, construction year, rooms and QPV (open counts of RPLS), the
communes, EPCI and the duty of 25 % of 2026. The whole département is taken as one bailleur. What the open
data do not hold is drawn from a fixed seed, at the shares of `flux.samples.calibration`:

- financing: PLUS before 1990; then PLUS 60 %, PLAI 25 %, PLS 15 % of the programmes, half of the PLUS
  programmes with 30 % of PLAI;
- occupation: 1.95 % awaiting works, 0.74 % associations, 1.72 % staff;
- rights of a programme: the State 30 % in enough programmes to hold 26 % of the stock; Action Logement
  40 % of 85 % of those less than 65 years old; 20 % to the guarantor while its loan runs and 5 years more;
  the département 3 % of half of those since 1990. The guarantor is the commune from 100 dwellings up, else
  the EPCI;
- leases: 9.3 % of the dwellings a year over 2023-2025, T1 twice T5+, outside QPV 1.15 times QPV;
  27 % of them mutations;
- demand: 5.4 applicants for a vacancy, half in the first quartile.

A programme is made of dwellings of one commune, one QPV status, one year, at most 80. Years before 1900
are read as 1900. A commune that has merged since is replaced by today's; one that was shared between several
is left out, and said.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flux.samples import Tables, write
from flux.samples import calibration as cal
from flux.samples.draws import pick
from flux.samples.leases import draw_demande, draw_mouvements
from flux.samples.parc import LARGEST, Commune, Programme, in_base
from flux.samples.rights import COLUMNS, RESERVATAIRES, departmental, draw_rights
from flux.samples.tables import frame, typed

ANNEE, SEED, PART_ETAT, GARANT_DES = 2026, 2026, 0.26, 100
PARIS = "75056"
TYPOLOGIES = {"1": "T1", "2": "T2", "3": "T3", "4": "T4", "5 et plus": "T5+"}


def read_parc(donnees: Path) -> tuple[pd.DataFrame, pd.Series]:
    """The real counts, in today's communes.

    Returns
    -------
    departement, commune, qpv, annee, typologie, nb: of the commune's département of today. The dwellings left
    out, by code of 2019: those of communes that were shared between several.
    """
    parc = pd.read_parquet(donnees / "rpls_parc_2019.parquet")
    passage = pd.read_csv(donnees / "passage_communes.csv", dtype=str)
    targets = passage.groupby("code_ancien")["code_actuel"].unique()
    today = read_communes(donnees)
    written = parc["DEPCOM"].astype(str)
    current = {code: code if code in today.index else targets[code][0]
               for code in written.unique() if code in today.index or len(targets.get(code, [])) == 1}
    counts = pd.DataFrame({
        "commune": written.map(current), "qpv": parc["qpv"].eq("En QPV"),
        "annee": parc["construct"].clip(lower=1900).astype(int), "nb": parc["n"].astype(int),
        "typologie": parc["nbpiece"].astype(str).map(TYPOLOGIES)})
    left_out = counts.loc[counts["commune"].isna(), "nb"].groupby(written).sum()
    counts["departement"] = counts["commune"].map(today["departement"])
    keys = ["departement", "commune", "qpv", "annee", "typologie"]
    return counts.groupby(keys, as_index=False).agg(nb=("nb", "sum")), left_out


def read_communes(donnees: Path) -> pd.DataFrame:
    """The communes of 2026 by code: nom, departement, region, epci, epci_nom, obligation_25."""
    communes = pd.read_parquet(donnees / "communes_2026.parquet")
    places = communes[communes["type"].eq("commune-actuelle")].set_index("code")
    names = pd.read_csv(donnees / "epci_2026.csv", dtype=str).set_index("code")["nom"]
    quartiles = pd.read_csv(donnees / "quartiles_2024_2026.csv", dtype=str)
    duty = set(quartiles.loc[quartiles["annee"].eq(str(ANNEE)), "epci_siren"])
    of_duty = places["ept"].fillna(places["epci"]).isin(duty) | (places.index == PARIS)
    return places.assign(epci_nom=places["epci"].map(names), obligation_25=of_duty)


def build(counts: pd.DataFrame, communes: pd.DataFrame, *, departement: str, nom: str,
          bailleur: str, seed: int | list[int] = SEED) -> Tables:
    """The dossier of one bailleur in one département.

    Parameters
    ----------
    counts : its dwellings: commune, qpv, annee, typologie, nb.
    communes : see `read_communes`.
    nom, bailleur : names of the dossier and of the landlord.
    """
    rng = np.random.default_rng(seed)
    places = communes.loc[sorted(counts["commune"].unique())]
    logements, programmes = expand(rng, counts)
    sizes = counts.groupby("commune")["nb"].sum()
    alone = places["epci"].isna()  # four islands are in no EPCI
    garants = [Commune(code=code, nom=nom_,
                       garant=f"commune_{code}" if sizes[code] >= GARANT_DES or alone[code]
                       else f"epci_{siren}")
               for code, nom_, siren in zip(places.index, places["nom"], places["epci"], strict=True)]
    free = Counter(logements.loc[in_base(logements), "programme"])
    rights = frame(COLUMNS, draw_rights(rng, programmes, free, garants, part_etat=PART_ETAT, annee=ANNEE))
    mouvements = draw_mouvements(rng, logements, rights, annee=ANNEE, taux_rotation=cal.TAUX_ROTATION)
    vacancies = cal.TAUX_ROTATION * len(logements)
    held = set(rights["id_reservataire"])
    together = places[~alone]
    epci = together.drop_duplicates("epci").set_index("epci")["epci_nom"].sort_index()
    stock_of = Counter(logements["commune"].map(together["epci"]).dropna())
    columns = ["nom", "departement", "epci", "epci_nom", "obligation_25"]
    frames = {
        "logements": logements,
        "reservataires": frame(RESERVATAIRES, [row for row in [
            *departmental(departement),
            *((f"epci_{code}", its, "epci", "epci", code, "deleguee") for code, its in epci.items()),
            *((f"commune_{c.code}", c.nom, "commune", "commune", c.code, "deleguee") for c in garants),
        ] if row[0] in held]),
        "reservations": rights.dropna(axis="columns", how="all"),
        "mouvements": mouvements,
        "soustractions": frame(["annee", "categorie", "etat", "nb"], [
            (ANNEE, categorie, "previsionnel", round(part * vacancies))
            for categorie, part in cal.NATURES[False].items()]),
        "territoires": typed(places[columns].rename_axis("commune").reset_index()),
        "demande": pd.concat([
            draw_demande(code, round(cal.DEMANDES_PAR_ATTRIBUTION * cal.TAUX_ROTATION * nb))
            for code, nb in sorted(stock_of.items())] or [draw_demande("", 0).iloc[:0]], ignore_index=True),
    }
    return Tables(nom=nom, frames=frames, convention={
        "bailleur": {"nom": bailleur, "departement": departement, "famille": "esh"},
        "convention": {"annee": ANNEE, "date": date(ANNEE, 1, 1)},
        "stipulations": {"part_etat": "registre"},
    })


def whole(donnees: Path, departement: str) -> tuple[Tables, list[str]]:
    """The dossier of a département taken as one bailleur, and the communes left out."""
    counts, left_out = read_parc(donnees)
    counts = counts[counts["departement"].eq(departement)]
    tables = build(counts, read_communes(donnees), departement=departement, nom=f"parc-{departement}",
                   bailleur=f"Ensemble des bailleurs ({departement})")
    return tables, [code for code in left_out.index if code.startswith(departement)]


def expand(rng: np.random.Generator, counts: pd.DataFrame) -> tuple[pd.DataFrame, list[Programme]]:
    """One row a dwelling, and the programmes that they make."""
    rows = counts.loc[counts.index.repeat(counts["nb"])].drop(columns="nb").reset_index(drop=True)
    keys = ["commune", "qpv", "annee"]
    rank = rows.groupby(keys).cumcount() // LARGEST
    number = rows.assign(rang=rank).groupby([*keys, "rang"], sort=True).ngroup()
    programmes = []
    for n, first, nb in zip(*np.unique(number, return_index=True, return_counts=True), strict=True):
        commune, qpv, annee = rows.loc[first, keys]
        financement, = pick(rng, cal.FINANCEMENTS, 1) if annee >= 1990 else ["PLUS"]
        mixed = annee >= 1990 and financement == "PLUS" and rng.random() < cal.PART_DEUX_FINANCEMENTS
        programmes.append(Programme(
            programme=f"P-{n:05d}", commune=commune, qpv=bool(qpv), nb=int(nb), annee=int(annee),
            financement=financement, second="PLAI" if mixed else "", part_second=cal.PART_PLAI_MIXTE * mixed))
    of = pd.DataFrame(programmes).loc[number.to_numpy()].reset_index(drop=True)
    logements = typed(pd.DataFrame({
        "id_logement": [f"L{n:07d}" for n in range(len(rows))],
        "commune": rows["commune"], "qpv": rows["qpv"], "typologie": rows["typologie"],
        "financement": np.where(rng.random(len(rows)) < of["part_second"], of["second"], of["financement"]),
        "annee_construction": rows["annee"], "annee_mise_location": rows["annee"],
        "occupation": pick(rng, cal.OCCUPATIONS, len(rows)), "nature": "ordinaire",
        "programme": of["programme"], "date_sortie": None}))
    return logements, programmes


def measure(folder: Path, out: Path) -> dict[str, Any]:
    """Every stage on one dossier, timed; run alone in its process, for the peak of memory to be its own."""
    import flux

    seconds: dict[str, float] = {}

    def timed(stage: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = call()
        seconds[stage] = round(time.perf_counter() - start, 2)
        return result

    dossier = timed("check", lambda: flux.read_dossier(folder))
    quotas = timed("convert", lambda: flux.convert(dossier))
    plan = timed("allocate", lambda: flux.allocate(quotas))
    annexe = timed("draft", lambda: flux.draft_annexe(plan))
    timed("docx", lambda: annexe.save(out / "annexe.docx"))
    timed("xlsx", lambda: annexe.save(out / "annexe.xlsx"))
    kilobytes = 1 if sys.platform != "darwin" else 1024  # ru_maxrss is in bytes on macOS
    return {
        "logements": len(dossier.logements), "communes": len(dossier.communes),
        "reservataires": len(dossier.reservataires), "droits": len(dossier.reservations),
        "mouvements": len(dossier.mouvements), "reparations": len(dossier.reparations),
        "segments": len(quotas.flux), "flux_a_partager": int(quotas.table["quota"].sum()),
        "orientations": len(plan.table), **{f"pl_{key}": value for key, value in plan.taille.items()},
        "secondes": seconds, "total_s": round(sum(seconds.values()), 2),
        "memoire_mo": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / kilobytes / 1024),
    }


def run(donnees: Path, departement: str) -> dict[str, Any]:
    tables, left_out = whole(donnees, departement)
    with tempfile.TemporaryDirectory() as name:
        folder = write(tables, Path(name) / tables.nom)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            measured = pool.submit(measure, folder, Path(name)).result()
    return {"departement": departement, "communes_ecartees": left_out, **measured}


def main() -> None:
    parser = argparse.ArgumentParser(description="The whole job on the real stock of a département.")
    parser.add_argument("departements", nargs="*", default=["72", "59"])
    parser.add_argument("--donnees", type=Path, default=Path("../shared/data"),
                        help="the folder of rpls_parc_2019.parquet, communes_2026.parquet…")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--ecrire", type=Path, help="write the dossiers in this folder, measure nothing")
    options = parser.parse_args()
    if not (options.donnees / "rpls_parc_2019.parquet").exists():
        sys.exit(f"rpls_parc_2019.parquet is not in {options.donnees}: nothing to measure")
    if options.ecrire:
        for departement in options.departements:
            write(whole(options.donnees, departement)[0], options.ecrire / departement)
        return
    results = [run(options.donnees, departement) for departement in options.departements]
    table = pd.json_normalize(results).set_index("departement").T
    print(table.to_string())
    if options.json:
        options.json.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
