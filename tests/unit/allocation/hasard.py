"""Quotas drawn at random: 2 to 4 communes, 3 to 7 holders, and every kind of row that a plan may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

EPCI = ("247200132", "247200999")
COMMUNES = ("72003", "72100", "72181", "72200")
HOLDERS = [
    ("etat", "etat_prioritaires", "departement", "72"),
    ("agents", "etat_agents", "departement", "72"),
    ("als", "action_logement", "departement", "72"),
    ("mairie", "commune", "commune", "72181"),
    ("agglo", "epci", "epci", EPCI[0]),
    ("hopital", "hopital", "departement", "72"),
    ("conseil", "departement", "departement", "72"),
]
SHARED = (
    "q1_hors_qpv",
    "autres_qpv",
    "dalo_prioritaires",
    "travailleurs_essentiels",
    "residences_fragiles",
    "emmenages_recents",
)


def draw_quotas(make_quotas: Callable[..., Any], seed: int) -> Any:
    """Quotas whose rows bind, or do not, or contradict each other: most plans miss something."""
    chance = np.random.default_rng(seed)

    def one_in(n: int) -> bool:
        return bool(chance.integers(n) == 0)

    communes = sorted(chance.choice(COMMUNES, chance.integers(2, 5), replace=False).tolist())
    objectives = _objectives(chance, communes) if not one_in(4) else []
    finer = [
        c
        for c, kept in (("periode", one_in(4)), ("fragile", any(o[0] in SHARED[4:] for o in objectives)))
        if kept
    ]
    holders = [h for h in HOLDERS if h[0] != "mairie" or "72181" in communes]
    kept = sorted(chance.choice(len(holders), chance.integers(2, min(6, len(holders)) + 1), replace=False))
    holders = [holders[k] for k in kept]
    towns = {c: EPCI[int(one_in(3))] for c in communes}
    flow = _flow(chance, communes, finer)
    dues = _dues(chance, communes, flow, holders, towns)
    quota = _quotas(chance, dues, holders, round(sum(row[-1] for row in flow)))
    moves = [
        ("relocation", "bail", q, int(chance.integers(1, 9)), 2025, f"L{k}")
        for k, q in enumerate(("q1", "q234"))
    ]
    moves += [("mutation", "bail", q, int(chance.integers(1, 9))) for q in ("q1", "q234")]
    quotas = make_quotas(
        flow,
        [*((*h, quota[h[0]]) for h in holders), ("bailleur", "bailleur", None, None, quota["bailleur"])],
        [(c, r, due, round(due), 0, 0) for (c, r), due in sorted(dues.items())],
        hors_flux=[
            (c, one_in(3), k, float(chance.integers(1, 6)))
            for c in communes
            for k in ("mutation", "relogement_ru", "relogement_lhi")
            if one_in(3)
        ],
        demande=_demand(chance, communes, towns) if not one_in(4) else [],
        objectifs=objectives,
        mouvements=moves if one_in(2) else [],
        logements=[("L0", communes[0], 3.0), ("L1", communes[-1], 2.0)],
        taux=[
            ("refus", *where, None, float(chance.integers(1, 6)) / 10)
            for where in ((communes[0], None, None), (None, None, "T3"))
            if one_in(3)
        ],
        stipulations={
            "etat_uniforme_par_commune": not one_in(4),
            "plancher_etat_hors_qpv": Fraction(3, 10) if not one_in(4) else Fraction(1, 5),
            "tolerance_equite": Fraction(1, 20) if one_in(3) else None,
        },
        finer=" ".join(finer),
    )
    known = quotas.dossier.communes
    known = known.assign(
        epci=known["commune"].map(towns),
        obligation_25=known["commune"].map({c: not one_in(4) for c in communes}).astype("boolean"),
    )
    # The duty is the territory's: its communes agree.
    duty = known.groupby("epci")["obligation_25"].transform("first").astype("boolean")
    return replace(quotas, dossier=replace(quotas.dossier, communes=known.assign(obligation_25=duty)))


def _flow(chance: np.random.Generator, communes: list[str], finer: list[str]) -> list[tuple[Any, ...]]:
    """Segments with a flow in quarters of dwellings, whole in all."""
    kinds = [
        (c, qpv, t, f)
        for c in communes
        for qpv in (False, True)
        for t in ("T2", "T3")
        for f in ("PLUS", "PLAI")
    ]
    kept = chance.choice(len(kinds), chance.integers(len(communes), 10), replace=False)
    rows = {k: int(chance.integers(1, 30)) for k in sorted({*kept.tolist(), *range(0, len(kinds), 8)})}
    first = min(rows)
    rows[first] += -sum(rows.values()) % 4
    values = {"periode": ("avant 1949", "2005 et après"), "fragile": (False, True)}
    return [
        (*kinds[k], *(values[c][int(chance.integers(2))] for c in finer), nb / 4) for k, nb in rows.items()
    ]


def _dues(
    chance: np.random.Generator,
    communes: list[str],
    flow: list[tuple[Any, ...]],
    holders: list[tuple[Any, ...]],
    towns: dict[str, str],
) -> dict[tuple[str, str], float]:
    """Exact dues by commune and holder, the bailleur with what is left."""
    dues = {}
    for c in communes:
        left = total = sum(row[-1] for row in flow if row[0] == c)
        for holder, _, kind, code in holders:
            here = {"departement": True, "commune": code == c, "epci": towns[c] == code}[kind]
            if here or chance.integers(8) == 0:  # a right outside its territory
                due = round(min(left, total * float(chance.integers(0, 40)) / 100), 6)
                dues[c, holder] = due
                left -= due
        dues[c, "bailleur"] = round(left, 6)
    return dues


def _quotas(
    chance: np.random.Generator,
    dues: dict[tuple[str, str], float],
    holders: list[tuple[Any, ...]],
    total: int,
) -> dict[str, int]:
    """Whole quotas, some a little beside the dues; what is left is the bailleur's."""
    quota, left = {}, total
    for holder, *_ in holders:
        due = sum(nb for (_, r), nb in dues.items() if r == holder)
        quota[holder] = max(
            0, min(left, round(due) + int(chance.integers(5) == 0) * int(chance.integers(1, 9)))
        )
        left -= quota[holder]
    return {**quota, "bailleur": left}


def _demand(chance: np.random.Generator, communes: list[str], towns: dict[str, str]) -> list[tuple[Any, ...]]:
    """Applicants of one EPCI, of one commune, of one part of the public."""
    where = [
        ("epci", towns[communes[0]], "tous"),
        ("commune", communes[-1], "tous"),
        ("departement", "72", "tous"),
        ("departement", "72", "agents"),
        ("departement", "72", "salaries"),
        ("departement", "72", "travailleurs_essentiels"),
    ]
    most = int(chance.integers(2, 25))
    return [
        (kind, code, t, p, q, public, int(chance.integers(0, most)))
        for kind, code, public in where
        if chance.integers(2)
        for t in ("T2", "T3")
        if chance.integers(4)
        for p in ("dalo", "prioritaire", "autre")
        for q in ("q1", "q234")
        if chance.integers(8)
    ]


def _objectives(chance: np.random.Generator, communes: list[str]) -> list[tuple[Any, ...]]:
    rows = []
    for _ in range(int(chance.integers(1, 4))):
        objectif = SHARED[int(chance.integers(len(SHARED)))]
        code = [None, EPCI[0], communes[0], "72"][int(chance.integers(4))]
        holder = [None, None, "bailleur"][int(chance.integers(3))]
        rows.append(
            (
                objectif,
                ["cia", "cil", "convention", "souhait"][int(chance.integers(4))],
                code,
                holder,
                float(chance.integers(1, 8)) / 10,
                None,
            )
        )
    return list({row[:4]: row for row in rows}.values())


def permuted(frame: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """The same rows in another order."""
    return frame.iloc[chance.permutation(len(frame))].reset_index(drop=True)
