"""Sheet Quotas: from exact dues to whole dwellings, largest remainder unrolled, caps kept.

Each cap has a number, and each réservataire the numbers of the caps it is under, one a column ("niveau"):
caps of one level share no réservataire, narrower ones come first. A cap counts what a member has beyond its
rights without guarantee. Comparisons are on values rounded to 9 decimals, so that the last bit of a sum
decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, TypeVar

from flux.annexe.xlsx.dus import Dus
from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.annexe.xlsx.plafonds import levels, write_caps, write_kept_out
from flux.annexe.xlsx.restes import write_remainders
from flux.dossier.appellations import BAILLEUR, Noms

if TYPE_CHECKING:
    from flux.conversion.arrondi import Plafond

N = TypeVar("N", int, Fraction)


@dataclass(frozen=True)
class Ligne:
    """One réservataire while its quota is rounded.

    niveaux : numbers of its caps, level after level, 0 for none
    tolere : dwellings that its caps do not count
    """

    ident: str
    exact: Fraction
    niveaux: tuple[int, ...]
    tolere: int

    @property
    def plancher(self) -> int:
        """Whole part."""
        return floor(self.exact)

    @property
    def reste(self) -> Fraction:
        """Remainder."""
        return self.exact - self.plancher

    def counted(self, value: N) -> N:
        """What its caps count of an amount."""
        return max(value - self.tolere, value * 0)


def rounded(value: Fraction) -> Fraction:
    """The value that the sheet compares."""
    return Fraction(round(value * 10**9), 10**9)


def write_quotas(feuille: Feuille, plafonds: Feuille, dus: Dus, noms: Noms) -> tuple[Table, Table]:
    """Fill in both sheets; the tables of quotas and of caps.

    Another rounding than the largest remainder is written as values, and said.
    """
    quotas = dus.quotas
    unrolled = str(dus.choice("arrondi")) == "plus_fort_reste" and not dus.choice("minimum_par_reservataire")
    feuille.title(
        "Quotas en logements entiers",
        "Parties entières, ramenées sous les plafonds en proportion des dus ; puis un logement de plus aux "
        "plus forts restes que leurs plafonds permettent ; ce que les plafonds refusent va au bailleur."
        if unrolled
        else "L'arrondi choisi par les parties n'est pas déplié ici : les quotas sont des valeurs.",
        "À reste égal : le plus grand dû, puis l'ordre des identifiants, le bailleur en dernier.",
    )
    caps = list(quotas.preuve.plafonds)
    ranks = levels(caps)
    idents = [str(r) for r in quotas.table["id_reservataire"]]
    table = feuille.table(_champs(max(ranks, default=-1) + 1), len(idents))
    feuille.keep_heading(table, columns=1)
    table.name("soldes", "solde", "Quotas, colonne « Solde reporté »")
    table.name("quotas_exacts", "quota_exact", "Quotas, colonne « Quota exact »")
    table.name("quotas", "quota", "Quotas, colonne « Quota »")
    tolerated = {i: n for cap in caps for i, n in cap.tolere.items()}
    exacts = _exact_columns(table, dus, noms)
    lines = [
        Ligne(ident, rounded(exacts[ident]), _numbers(ident, caps, ranks), tolerated.get(ident, 0))
        for ident in idents
    ]
    for i, line in enumerate(lines):
        for s, number in enumerate(line.niveaux):
            table.put(f"niveau_{s}", i, number)
    block = write_caps(plafonds, table, dus, caps, ranks, noms)
    write_kept_out(dus, table, block, caps)
    if unrolled:
        after = _cuts(table, block, lines, caps, ranks)
        write_remainders(feuille, table, block, dus, lines, caps, after, noms)
    else:
        for i, quota in enumerate(quotas.table["quota"]):
            table.put("quota", i, int(quota))
    for k, cap in enumerate(caps):
        nb = dict(zip(idents, map(int, quotas.table["quota"]), strict=True))
        block.put("quota", k, int(cap.charge(nb)), _charge(table, block, k, ranks[k], "quota"))
    return table, block


def _champs(nb: int) -> dict[str, Champ]:
    champs = {
        "nom": Champ("Réservataire", largeur=44),
        "id": Champ("Identifiant", largeur=22),
        "ordre": Champ("Ordre", "entier"),
        "du": Champ("Dû exact", "exact"),
        "solde": Champ("Solde reporté", "exact", entree=True, signe=True),
        "quota_exact": Champ("Quota exact", "exact"),
        "retenu": Champ("Garanties au-dessus d'un plafond", "exact"),
        "exact": Champ("Quota exact, ramené au flux et aux garanties", "exact"),
        "plancher": Champ("Partie entière", "entier"),
        "reste": Champ("Reste", "exact"),
        "tolere": Champ("Droits sans garantie", "entier"),
    }
    for s in range(nb):
        champs[f"niveau_{s}"] = Champ(f"Plafond de niveau {s + 1}", "entier")
        champs[f"apres_{s}"] = Champ(f"Après plafond de niveau {s + 1}", "entier")
    return champs | {
        "apres": Champ("Après plafonds", "entier"),
        "rang": Champ("Rang du reste", "entier"),
        "gain": Champ("Reste servi", "entier"),
        "quota": Champ("Quota", "entier"),
    }


def _numbers(ident: str, caps: list[Plafond], ranks: list[int]) -> tuple[int, ...]:
    """The number of the cap of each level that an ident is under, 0 for none."""
    own = {ranks[k]: k + 1 for k, cap in enumerate(caps) if ident in cap.membres}
    return tuple(own.get(s, 0) for s in range(max(ranks, default=-1) + 1))


def _exact_columns(table: Table, dus: Dus, noms: Noms) -> dict[str, Fraction]:
    """Dues, balances, and the exact quotas brought back to the flow if they pass it."""
    frame, proof = dus.quotas.table, dus.quotas.preuve
    flow = dus.quotas.exact["flux_a_partager"]
    last = table.nb - 1
    asked = sum((v for r, v in proof.quota_exact.items() if r != BAILLEUR), Fraction(0))
    factor = min(Fraction(1), flow / asked) if asked else Fraction(1)
    others = table.span("quota_exact", 0, last - 1) if last else ""
    total = f"SUM({others})" if others else "0"
    exacts: dict[str, Fraction] = {}
    for i, row in enumerate(frame.to_dict("records")):
        ident = str(row["id_reservataire"])
        own = ident == BAILLEUR
        value = proof.quota_exact[ident]
        over = proof.retenues.get(ident, Fraction(0))
        exacts[ident] = value if own else max(Fraction(0), value * factor - over)
        table.put("ordre", i, i + 1)
        table.put("id", i, ident)
        table.put("nom", i, noms.reservataire(ident))
        mine = f"{dus.table.span('ordre')},{table.at('ordre', i)}"
        table.put("du", i, row["du_exact"], f"SUMIF({mine},{dus.table.span('exact')})")
        table.put("solde", i, row["solde_reporte"], entree=not own)
        formula = (
            f"MAX(0,{dus.flux.total}-{total})"
            if own
            else f"MAX(0,{table.at('du', i)}+{table.at('solde', i)})"
        )
        table.put("quota_exact", i, value, formula)
        table.put("retenu", i, over, f"SUMIF({mine},{dus.table.span('retenu')})")
        scaled = f"{table.at('quota_exact', i)}*MIN(1,{dus.flux.total}/MAX({total},0.000000001))"
        scaled = f"MAX(0,{scaled}-{table.at('retenu', i)})"
        table.put("exact", i, exacts[ident], f"ROUND({table.at('quota_exact', i) if own else scaled},9)")
        table.put("plancher", i, floor(rounded(exacts[ident])), f"INT({table.at('exact', i)})")
        rest = rounded(exacts[ident]) - floor(rounded(exacts[ident]))
        table.put("reste", i, rest, f"ROUND({table.at('exact', i)}-{table.at('plancher', i)},9)")
    return exacts


def _charge(table: Table, block: Table, k: int, s: int, column: str) -> str:
    """Formula of what cap `k`, of level `s`, counts of a column: what each member has beyond its rights."""
    numbers, amounts, apart = (table.span(key) for key in (f"niveau_{s}", column, "tolere"))
    return f"SUMPRODUCT(({numbers}={block.cell('numero', k)})*({amounts}>{apart})*({amounts}-{apart}))"


def _cuts(table: Table, block: Table, lines: list[Ligne], caps: list[Plafond], ranks: list[int]) -> list[int]:
    """Whole parts brought within the caps, level after level, each in proportion to its exact due."""
    now = [line.plancher for line in lines]
    before = "plancher"
    for s in range(len(lines[0].niveaux)):
        whole: dict[int, tuple[int, Fraction]] = {}
        for k in (k for k in range(len(caps)) if ranks[k] == s):
            members = [(n, line) for n, line in zip(now, lines, strict=True) if line.niveaux[s] == k + 1]
            counted = sum(line.counted(n) for n, line in members)
            whole[k] = counted, sum((line.counted(line.exact) for _, line in members), Fraction(0))
            block.put("avant", k, counted, _charge(table, block, k, s, before))
            block.put("exact", k, whole[k][1], _charge(table, block, k, s, "exact"))
        for i, line in enumerate(lines):
            k, kept = line.niveaux[s] - 1, table.at(before, i)
            formula = kept
            if line.niveaux[s]:
                used, exact = whole[k]
                limit, apart = block.cell("limite", k), table.at("tolere", i)
                if used > caps[k].nb:
                    share = floor(rounded(line.counted(line.exact) * caps[k].nb / exact))
                    now[i] = min(now[i], line.tolere + share)
                own = f"MAX(0,{table.at('exact', i)}-{apart})*{limit}/{block.cell('exact', k)}"
                cut = f"MIN({kept},{apart}+INT(ROUND({own},9)))"
                formula = f"IF({block.cell('avant', k)}<={limit},{kept},{cut})"
            table.put(f"apres_{s}", i, now[i], formula)
        before = f"apres_{s}"
    for i in range(len(lines)):
        table.put("apres", i, now[i], table.at(before, i))
    for k in range(len(caps)):
        used = sum(
            line.counted(n) for line, n in zip(lines, now, strict=True) if line.niveaux[ranks[k]] == k + 1
        )
        block.put("apres", k, used, _charge(table, block, k, ranks[k], "apres"))
    return now
