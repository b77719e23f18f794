"""The rules of the plan written again, from dossier.md and the articles, for scipy's `linprog`.

The full form: one variable a segment × holder × public, and rows as dictionaries. Nothing of the library is
imported; what is compared is the level of each stage.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array

Row = dict[Any, float]
LEVELS = ("physique", "loi", "cia", "quota", "convention", "souhait")
STAGES = (*LEVELS, "equite_pire", "equite", "proportionnel")
PRIORITY, QUARTILES = ("dalo", "prioritaire", "autre"), ("q1", "q234")
RELOGES = ("relogement_ru", "relogement_orcod")  # L. 441-1, al. 26: whatever their income
STATE = ("etat_prioritaires", "etat_agents")
DALO = {
    "commune": 0.25,
    "epci": 0.25,
    "departement": 0.25,
    "action_logement": 0.25,
    "bailleur": 0.25,
    "etat_prioritaires": 1.0,
}  # L. 441-1, al. 39, 41, 43; L. 313-26-2


class Independant:
    """The programme of some quotas."""

    def __init__(self, quotas: Any) -> None:
        self.dossier = quotas.dossier
        self.finer = [c for c in ("periode", "fragile") if c in quotas.flux]
        keys = ["commune", "qpv", "typologie", "financement", *self.finer]
        flow = quotas.flux.groupby(keys)["flux_a_partager"].sum()
        self.flow: dict[Any, float] = {k: float(v) for k, v in flow.items() if v > 0}
        self.place = {k: i for i, k in enumerate(keys)}
        known = self.dossier.communes.set_index("commune")
        self.epci = known["epci"].to_dict()
        self.duty = {c for c, d in known["obligation_25"].items() if d}
        rows = quotas.table.to_dict("records")
        self.quota = {
            r["id_reservataire"]: int(r["quota"])
            for r in rows
            if r["quota"] > 0 or r["id_reservataire"] == "bailleur"
        }
        self.kind = {r["id_reservataire"]: r["categorie"] for r in rows}
        self.dues(quotas)
        self.refused = {s: self.refusal(s) for s in self.flow}
        self.received = {(s, r) for s in self.flow for r in self.quota if self.may(s, r)}
        self.x = [
            (s, r, p, q)
            for s in self.flow
            for r in self.quota
            if (s, r) in self.received
            for p in self.publics(r)
            for q in QUARTILES
        ]
        self.costs: dict[str, Row] = {stage: {} for stage in STAGES}
        self.equal: list[tuple[Row, float]] = []
        self.below: list[tuple[Row, float]] = []
        self.write(quotas)

    # ── who may receive what, and what proportion gives ───────────────────────────────────────────

    def dues(self, quotas: Any) -> None:
        """The share of each holder in each commune: its exact due, scaled to its whole quota."""
        self.due: dict[tuple[str, str], float] = defaultdict(float)
        whole: dict[tuple[str, str], float] = defaultdict(float)
        for row in quotas.communes.to_dict("records"):
            if row["id_reservataire"] in self.quota:
                key = row["commune"], row["id_reservataire"]
                self.due[key] += max(0.0, float(row["exact"]))
                whole[key] += row["nb"]
        self.open = {k for k in {*self.due, *whole} if self.due[k] > 0 or whole[k] > 0}
        total = {r: sum(v for (_, h), v in self.due.items() if h == r) for r in self.quota}
        self.weight = {
            (c, r): self.due[c, r] * self.quota[r] / total[r] if total[r] else whole[c, r]
            for c in self.epci
            for r in self.quota
        }

    def may(self, segment: Any, holder: str) -> bool:
        """Its territory, or a commune where something is due to it; the bailleur everywhere."""
        commune = segment[0]
        if holder == "bailleur" or (commune, holder) in self.open:
            return True
        table = self.dossier.reservataires.set_index("id_reservataire").loc[holder]
        return self.inside(commune, table["territoire_type"], table["territoire_code"])

    def inside(self, commune: str, kind: str, code: str) -> bool:
        return {"departement": code == "72", "commune": code == commune, "epci": code == self.epci[commune]}[
            kind
        ]

    def publics(self, holder: str) -> tuple[str, ...]:
        return {"etat_agents": ("agent",), "etat_prioritaires": ("dalo", "prioritaire")}.get(
            self.kind[holder], PRIORITY
        )

    def reference(self, segment: Any, holder: str) -> float:
        total = sum(self.weight[segment[0], r] for r in self.quota if (segment, r) in self.received)
        return self.flow[segment] * self.weight[segment[0], holder] / total if total else 0.0

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────

    def write(self, quotas: Any) -> None:
        for s, nb in self.flow.items():
            self.equal.append(({x: 1.0 for x in self.x if x[0] == s}, nb))
        self.below += [({("e", x): 1.0, x: -1.0}, 0.0) for x in self.x]  # the essential workers among them
        self.demand()
        self.duties(quotas)
        self.state()
        self.chosen(quotas)
        for r, nb in self.quota.items():
            received = {x: 1.0 for x in self.x if x[1] == r}
            self.floor("quota", ("quota", r), received, float(nb))
            if r != "bailleur":
                self.below.append((received, float(nb)))
        self.equity()
        self.proportion(quotas)

    def floor(self, level: str, name: Any, row: Row, threshold: float) -> None:
        """row + what is missing >= threshold."""
        short = ("manque", level, name, len(self.below))
        self.below.append(({**{k: -v for k, v in row.items()}, short: -1.0}, -threshold))
        self.costs["cia" if level == "cil" else level][short] = 1.0

    def ceiling(self, level: str, name: Any, row: Row, threshold: float) -> None:
        self.floor(level, name, {k: -v for k, v in row.items()}, -threshold)

    def share(
        self,
        level: str,
        name: Any,
        counted: Row,
        base: list[Any],
        part: float,
        *,
        outside: float = 0.0,
        already: float = 0.0,
        at_most: bool = False,
    ) -> None:
        """already + counted >= part × (outside + base), or at most."""
        row = defaultdict(float, counted)
        for x in base:
            row[x] -= part
        (self.ceiling if at_most else self.floor)(level, name, dict(row), part * outside - already)

    def demand(self) -> None:
        """No more dwellings than applicants, each dwelling taking 1 / (1 - refusal) of them."""
        demande = self.dossier.demande
        for (public, kind, code), rows in demande.groupby(["public", "territoire_type", "territoire_code"]):
            for typologie in sorted(set(rows["typologie"])):
                here = [
                    x
                    for x in self.x
                    if x[0][2] == typologie
                    and self.inside(x[0][0], kind, code)
                    and (x[2] == "agent") == (public == "agents")
                    and (public != "salaries" or self.kind[x[1]] in ("action_logement", "employeur"))
                ]
                for q in QUARTILES:
                    for p in ("agent",) if public == "agents" else PRIORITY:
                        nb = rows.loc[
                            (rows["typologie"] == typologie)
                            & (rows["quartile"] == q)
                            & ((rows["priorite"] == p) | (public == "agents")),
                            "nb",
                        ].sum()
                        key = (lambda x: ("e", x)) if public == "travailleurs_essentiels" else (lambda x: x)
                        used = {key(x): 1 / (1 - self.refused[x[0]]) for x in here if x[2:] == (p, q)}
                        self.ceiling("physique", (public, kind, code, typologie, p, q), used, float(nb))

    def refusal(self, segment: Any) -> float:
        """The row that says most prevails, then the last."""
        rate, said = 0.0, -1
        for row in self.dossier.taux.to_dict("records"):
            given = {c: row[c] for c in ("commune", "qpv", "typologie") if pd.notna(row[c])}
            if len(given) >= said and all(segment[self.place[c]] == v for c, v in given.items()):
                rate, said = float(row["taux"]), len(given)
        return rate

    def outside(self, quotas: Any, communes: set[str], qpv: bool) -> tuple[float, float]:
        """Leases outside the flow, and those that count: first quartile outside QPV, the others inside."""
        moves = self.dossier.mouvements
        moves = moves.loc[moves["etape"] == "bail"]
        base = counted = 0.0
        for row in quotas.hors_flux.to_dict("records"):
            if row["commune"] in communes and row["qpv"] == qpv:
                past = moves.loc[moves["nature"] == row["categorie"]].groupby("quartile")["nb"].sum()
                q1 = past.get("q1", 0) / past.sum() if past.sum() else None
                base += row["nb"]
                if not qpv and row["categorie"] in RELOGES:
                    counted += row["nb"]
                elif q1 is not None:
                    counted += row["nb"] * (1 - q1 if qpv else q1)
        return base, counted

    def mixite(
        self,
        quotas: Any,
        level: str,
        name: Any,
        objectif: str,
        where: list[Any],
        communes: set[str],
        part: float,
    ) -> None:
        qpv = objectif == "autres_qpv"
        base = [x for x in where if x[0][1] == qpv]
        counted = {x: 1.0 for x in base if (x[3] == "q1") != qpv}
        outside, already = self.outside(quotas, communes, qpv)
        self.share(level, name, counted, base, part, outside=outside, already=already)

    def duties(self, quotas: Any) -> None:
        """A quarter of the quota (dossier.md); of all they receive for those who take what is left."""
        for r, quota in self.quota.items():
            if part := DALO.get(self.kind[r]):
                mine = [x for x in self.x if x[1] == r]
                counted = {x: 1.0 for x in mine if x[2] in ("dalo", "prioritaire")}
                if self.kind[r] in ("bailleur", "etat_prioritaires"):
                    self.share("loi", ("dalo", r), counted, mine, part)
                else:
                    self.share("loi", ("dalo", r), counted, [], part, outside=float(quota))
        for epci in sorted({self.epci[c] for c in self.duty}):
            communes = {c for c in self.duty if self.epci[c] == epci}
            where = [x for x in self.x if x[0][0] in communes]
            for objectif, part in (("q1_hors_qpv", 0.25), ("autres_qpv", 0.5)):
                self.mixite(quotas, "loi", (objectif, epci), objectif, where, communes, part)

    def state(self) -> None:
        """R. 441-5-2, II: at least 30 % outside QPV (its quota where that is less), the same everywhere."""
        stipulations = self.dossier.convention.stipulations
        holders = [r for r in self.quota if self.kind[r] in STATE]
        quota = sum(self.quota[r] for r in holders)
        outside = sum(nb for s, nb in self.flow.items() if not s[1])
        asked = float(stipulations.plancher_etat_hors_qpv)
        if quota and outside and asked:
            self.floor(
                "loi" if asked == 0.3 else "convention",
                "etat_hors_qpv",
                {x: 1.0 for x in self.x if x[1] in holders and not x[0][1]},
                min(asked * outside, float(quota)),
            )
        if not stipulations.etat_uniforme_par_commune:
            return
        owed = {c: sum(self.due[c, r] for r in holders) for c in self.epci}
        total = sum(owed.values())
        for c in sorted({s[0] for s in self.flow}):
            if quota and total and owed[c]:
                self.floor(
                    "loi",
                    ("etat_par_commune", c),
                    {x: 1.0 for x in self.x if x[1] in holders and x[0][0] == c},
                    owed[c] * quota / total,
                )

    def chosen(self, quotas: Any) -> None:
        names = ["objectif", "niveau", "territoire_code", "id_reservataire"]
        for row in self.dossier.objectifs.to_dict("records"):
            name, part, level = tuple(row[c] for c in names), float(row["part"]), row["niveau"]
            code, holder = row["territoire_code"], row["id_reservataire"]
            communes = set(self.epci)
            if pd.notna(code):
                communes = {c for c in self.epci if code in (c, self.epci[c], "72")}
            where = [x for x in self.x if x[0][0] in communes]
            if pd.notna(holder):
                where, communes = [x for x in where if x[1] == holder], set()
            objectif = row["objectif"]
            if objectif in ("q1_hors_qpv", "autres_qpv"):
                self.mixite(quotas, level, name, objectif, where, communes, part)
            elif objectif == "travailleurs_essentiels":
                self.share(level, name, {("e", x): 1.0 for x in where}, where, part)
            elif objectif == "dalo_prioritaires":
                self.share(
                    level, name, {x: 1.0 for x in where if x[2] in ("dalo", "prioritaire")}, where, part
                )
            else:
                base = [x for x in where if x[0][self.place["fragile"]]]
                known = self.recent(communes) if objectif == "emmenages_recents" else (0.0, 0.0)
                self.share(
                    level,
                    name,
                    {x: 1.0 for x in base if x[3] == "q1"},
                    base,
                    part,
                    outside=known[0],
                    already=known[1],
                    at_most=True,
                )

    def recent(self, communes: set[str]) -> tuple[float, float]:
        """Leases of the window in fragile dwellings, and those of the first quartile."""
        homes = self.dossier.logements.loc[self.dossier.logements["fragilite"] >= 2]
        homes = homes.set_index("id_logement")["commune"].to_dict()
        moves = [
            m
            for m in self.dossier.mouvements.to_dict("records")
            if m["etape"] == "bail" and m["annee"] >= 2023 and homes.get(m["id_logement"]) in communes
        ]
        return float(sum(m["nb"] for m in moves)), float(sum(m["nb"] for m in moves if m["quartile"] == "q1"))

    # ── fairness ──────────────────────────────────────────────────────────────────────────────────

    def equity(self) -> None:
        """Half the L1 distance between what a holder receives of each kind and its proportional share."""
        tolerance = self.dossier.convention.stipulations.tolerance_equite
        self.costs["equite_pire"]["pire"] = 1.0
        for r, quota in self.quota.items():
            segments = [s for s in self.flow if (s, r) in self.received]
            given = {s: self.reference(s, r) for s in segments}
            for attribut in ("typologie", "financement", "qpv", "commune", "periode"):
                if attribut not in self.place or not sum(given.values()):
                    continue
                kinds = sorted({s[self.place[attribut]] for s in segments}, key=str)
                if len(kinds) < 2:
                    continue
                half: Row = {}
                for v in kinds:
                    share = sum(nb for s, nb in given.items() if s[self.place[attribut]] == v) / sum(
                        given.values()
                    )
                    row = {x: float(x[0][self.place[attribut]] == v) - share for x in self.x if x[1] == r}
                    gap = ("ecart", r, attribut, v)
                    self.below += [
                        ({**row, gap: -1.0}, 0.0),
                        ({**{k: -a for k, a in row.items()}, gap: -1.0}, 0.0),
                    ]
                    half[gap] = 0.5
                self.costs["equite"] |= half
                self.below.append(({**half, "pire": -float(quota or 1)}, 0.0))
                if tolerance is not None:
                    self.ceiling("convention", ("equite", attribut, r), half, float(tolerance) * quota)

    def proportion(self, quotas: Any) -> None:
        """Half the L1 distance to the proportional share of each segment, and to the mix of the publics.

        Publics are counted by kind of dwelling on the communes that no row tells apart.
        """
        for s, r in sorted(self.received, key=str):
            self.above({x: 1.0 for x in self.x if x[:2] == (s, r)}, self.reference(s, r))
        kinds = defaultdict(list)
        for x in self.x:
            kinds[
                self.zone(x[0][0]),
                x[0][1:3],
                x[0][self.place["fragile"]] if "fragile" in self.place else 0,
                x[1],
            ].append(x)
        for (_, (qpv, typologie), _, holder), inside in kinds.items():
            for (p, q), share in self.mix(inside[0][0][0], qpv, typologie, holder).items():
                self.above({x: float(x[2:] == (p, q)) - share for x in inside}, 0.0)

    def above(self, row: Row, reference: float) -> None:
        over = ("loin", len(self.below))
        self.below.append(({**row, over: -1.0}, reference))
        self.costs["proportionnel"][over] = 1.0

    def zone(self, commune: str) -> Any:
        named = {
            (r["territoire_type"], r["territoire_code"]) for r in self.dossier.demande.to_dict("records")
        }
        codes = {c for c in self.dossier.objectifs["territoire_code"] if pd.notna(c)}
        codes |= {c for c in self.dossier.taux["commune"] if pd.notna(c)}
        return (
            self.epci[commune],
            commune in self.duty,
            frozenset(n for n in named if self.inside(commune, *n)),
            frozenset(c for c in codes if c in (commune, self.epci[commune])),
        )

    def mix(self, commune: str, qpv: bool, typologie: str, holder: str) -> dict[tuple[str, str], float]:
        """Of the smallest territory whose demand cites the size; failing that, the shares of the law."""
        demande = self.dossier.demande.loc[lambda d: d["public"] == "tous"]
        sizes = {
            (k, c): sum(self.inside(town, k, c) for town in self.epci)
            for k, c in zip(demande["territoire_type"], demande["territoire_code"], strict=True)
        }
        publics = [(p, q) for p in self.publics(holder) for q in QUARTILES]
        q1 = 0.5 if qpv else 0.25
        law = {"dalo": 0.25, "prioritaire": 0.0, "autre": 0.75, "agent": 1.0}
        legal = {(p, q): law[p] * (q1 if q == "q1" else 1 - q1) for p, q in publics}
        asked: dict[tuple[str, str], float] = {}
        for kind, code in sorted(sizes, key=lambda t: (-sizes[t], t)):
            rows = demande.loc[
                (demande["territoire_type"] == kind)
                & (demande["territoire_code"] == code)
                & (demande["typologie"] == typologie)
            ]
            if self.inside(commune, kind, code) and len(rows):
                asked = {
                    (p, q): float(
                        rows.loc[
                            (rows["quartile"] == q) & ((rows["priorite"] == p) | (p == "agent")), "nb"
                        ].sum()
                    )
                    for p, q in publics
                }
        chosen = asked if sum(asked.values()) else legal
        return {k: v / sum(chosen.values()) for k, v in chosen.items()}

    # ── the chain ─────────────────────────────────────────────────────────────────────────────────

    def levels(self) -> dict[str, float]:
        """The level of each stage, those before held."""
        names = list(
            dict.fromkeys(
                [
                    *self.x,
                    *(k for row, _ in (*self.equal, *self.below) for k in row),
                    *(k for cost in self.costs.values() for k in cost),
                ]
            )
        )
        column = {k: j for j, k in enumerate(names)}
        equal, right_equal = self.matrix(self.equal, column)
        below = list(self.below)
        out = {}
        for stage in STAGES:
            if self.costs[stage]:
                left, right = self.matrix(below, column)
                cost = np.zeros(len(names))
                cost[[column[k] for k in self.costs[stage]]] = list(self.costs[stage].values())
                found = linprog(
                    cost,
                    left,
                    right,
                    equal,
                    right_equal,
                    method="highs-ds",
                    options={"primal_feasibility_tolerance": 1e-10},
                )
                assert found.status == 0, found.message
                below.append((self.costs[stage], float(found.fun) + 1e-9))
                out[stage] = float(found.fun)
            else:
                out[stage] = 0.0
        return out

    @staticmethod
    def matrix(rows: list[tuple[Row, float]], column: dict[Any, int]) -> tuple[csr_array, Any]:
        places = [(i, column[k], v) for i, (row, _) in enumerate(rows) for k, v in row.items()]
        i, j, v = zip(*places, strict=True)
        return csr_array((v, (i, j)), shape=(len(rows), len(column))), np.array([b for _, b in rows])
