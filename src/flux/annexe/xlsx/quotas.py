"""Sheets Quotas and Plafonds: from exact dues to whole dwellings, largest remainder unrolled, caps kept.

Each cap has a number, and each réservataire the numbers of the caps it is under, one a column ("niveau"):
caps of one level share no réservataire, narrower ones come first. Comparisons are on values rounded to
9 decimals, so that the last bit of a sum decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from flux.annexe.noms import BAILLEUR, Noms
from flux.annexe.xlsx.dus import Dus
from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion.arrondi import Plafond

PLAFONDS = {
    "groupe": Champ("Groupe", largeur=44),
    "numero": Champ("Numéro", "entier"),
    "territoire": Champ("Territoire", largeur=30),
    "taux": Champ("Part maximale", "taux"),
    "flux": Champ("Flux", "exact"),
    "ouverture": Champ("Déjà servis depuis l'ouverture", "entier", entree=True),
    "tolere": Champ("Droits sans garantie", "entier"),
    "limite": Champ("Plafond en logements", "entier"),
    "avant": Champ("Parties entières", "entier"),
    "exact": Champ("Quotas exacts du groupe", "exact"),
    "apres": Champ("Après coupe", "entier"),
    "quota": Champ("Quotas du groupe", "entier"),
}


@dataclass(frozen=True)
class Ligne:
    """One réservataire while its quota is rounded; `niveaux` are the numbers of its caps, 0 for none."""

    ident: str
    exact: Fraction
    niveaux: tuple[int, ...]

    @property
    def plancher(self) -> int:
        """Whole part."""
        return floor(self.exact)

    @property
    def reste(self) -> Fraction:
        """Remainder."""
        return self.exact - self.plancher


def rounded(value: Fraction) -> Fraction:
    """The value that the sheet compares."""
    return Fraction(round(value * 10**9), 10**9)


def levels(plafonds: list[Plafond]) -> list[int]:
    """Level of each cap: one more than that of any earlier cap that shares a réservataire with it."""
    out: list[int] = []
    for k, cap in enumerate(plafonds):
        shared = [out[j] for j in range(k) if set(plafonds[j].membres) & set(cap.membres)]
        out.append(1 + max(shared, default=-1))
    return out


def write_quotas(feuille: Feuille, plafonds: Feuille, dus: Dus, noms: Noms) -> Table:
    """Fill in both sheets. Another rounding than the largest remainder is written as values, and said."""
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
    nb = max(ranks, default=-1) + 1
    champs = {
        "nom": Champ("Réservataire", largeur=44),
        "id": Champ("Identifiant", largeur=22),
        "ordre": Champ("Ordre", "entier"),
        "du": Champ("Dû exact", "exact"),
        "solde": Champ("Solde reporté", "exact", entree=True),
        "quota_exact": Champ("Quota exact", "exact"),
        "retenu": Champ("Garanties au-dessus d'un plafond", "exact", entree=True),
        "exact": Champ("Quota exact, ramené au flux et aux garanties", "exact"),
        "plancher": Champ("Partie entière", "entier"),
        "reste": Champ("Reste", "exact"),
        "tolere": Champ("Droits sans garantie", "entier"),
    }
    for s in range(nb):
        champs[f"niveau_{s}"] = Champ(f"Plafond de niveau {s + 1}", "entier")
        champs[f"apres_{s}"] = Champ(f"Après plafond de niveau {s + 1}", "entier")
    champs |= {
        "apres": Champ("Après plafonds", "entier"),
        "rang": Champ("Rang du reste", "entier"),
        "gain": Champ("Reste servi", "entier"),
        "quota": Champ("Quota", "entier"),
    }
    idents = [str(r) for r in quotas.table["id_reservataire"]]
    table = feuille.table(champs, len(idents))
    exacts = _exact_columns(table, dus, noms)
    if not unrolled:
        for i, quota in enumerate(quotas.table["quota"]):
            table.put("quota", i, int(quota))
        return table
    lines = [
        Ligne(
            ident,
            rounded(exacts[ident]),
            tuple(
                next((k + 1 for k, cap in enumerate(caps) if ranks[k] == s and ident in cap.membres), 0)
                for s in range(nb)
            ),
        )
        for ident in idents
    ]
    block = _caps(plafonds, table, dus, caps, ranks, noms)
    after = _cuts(table, block, lines, caps, ranks)
    _remainders(feuille, table, block, dus, lines, caps, after, noms)
    for k, cap in enumerate(caps):
        members = sum(int(q) for r, q in zip(idents, quotas.table["quota"], strict=True) if r in cap.membres)
        group = f"{table.span(f'niveau_{ranks[k]}')},{block.at('numero', k)}"
        block.put("quota", k, members, f"SUMIF({group},{table.span('quota')})")
    return table


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
        spans = f"{dus.table.span('ordre')},{table.at('ordre', i)},{dus.table.span('exact')}"
        table.put("du", i, row["du_exact"], f"SUMIF({spans})")
        table.put("solde", i, row["solde_reporte"])
        formula = (
            f"MAX(0,{dus.flux.total}-{total})"
            if own
            else f"MAX(0,{table.at('du', i)}+{table.at('solde', i)})"
        )
        table.put("quota_exact", i, value, formula)
        table.put("retenu", i, over)
        scaled = f"{table.at('quota_exact', i)}*MIN(1,{dus.flux.total}/MAX({total},0.000000001))"
        scaled = f"MAX(0,{scaled}-{table.at('retenu', i)})"
        table.put("exact", i, exacts[ident], f"ROUND({table.at('quota_exact', i) if own else scaled},9)")
        table.put("plancher", i, floor(rounded(exacts[ident])), f"INT({table.at('exact', i)})")
        rest = rounded(exacts[ident]) - floor(rounded(exacts[ident]))
        table.put("reste", i, rest, f"ROUND({table.at('exact', i)}-{table.at('plancher', i)},9)")
    return exacts


def _caps(
    feuille: Feuille, table: Table, dus: Dus, caps: list[Plafond], ranks: list[int], noms: Noms
) -> Table:
    """The caps in whole dwellings, and what rights without guarantee add to those of the guarantees."""
    rates = {"etat_agents": dus.taux.agents, "etat": dus.taux.etat}
    tolerated = {i: n for cap in caps for i, n in cap.tolere.items()}
    for i, ident in enumerate(dus.quotas.table["id_reservataire"]):
        spans = f"{dus.table.span('ordre')},{table.at('ordre', i)},{dus.table.span('exact_autre')}"
        if ident in tolerated:
            table.put("tolere", i, tolerated[ident], f"-INT(-ROUND(SUMIF({spans}),9))")
        else:
            table.put("tolere", i, 0)
    block = feuille.table(PLAFONDS, len(caps), titre="Plafonds en logements entiers")
    for k, cap in enumerate(caps):
        state = cap.groupe in rates
        parts = [caps.index(p) for p in cap.parties]
        communes = dus.flux.codes if state else [c for c in cap.communes if c in dus.flux.flux_of]
        now = sum(dus.flux.flux_of[c] for c in communes)
        since = float(cap.flux) - now if cap.cumule else 0.0
        group = f"{table.span(f'niveau_{ranks[k]}')},{block.at('numero', k)}"
        block.put("numero", k, k + 1)
        block.put("groupe", k, glossaire.format("groupe", cap.groupe))
        block.put("territoire", k, noms.territoire(cap.territoire_code))
        block.put("taux", k, cap.taux, rates.get(cap.groupe, dus.taux.garantie))
        flow = f"{dus.flux.sum('flux', communes)}+{since!r}"
        if parts:
            flow = "+".join(block.at("flux", p) for p in parts)
        block.put("flux", k, cap.flux, flow)
        block.put("ouverture", k, cap.nb_ouverture)
        tolere = "" if state else f"SUMIF({group},{table.span('tolere')})"
        block.put("tolere", k, sum(cap.tolere.values()), tolere)
        whole = f"INT(ROUND({block.at('taux', k)}*{block.at('flux', k)},9))-{block.at('ouverture', k)}"
        allowed = f"MAX(0,{whole})"
        if parts:  # holders of several communes: the sum of the whole ceilings there
            allowed = "+".join(f"{block.at('limite', p)}-{block.at('tolere', p)}" for p in parts)
        block.put("limite", k, cap.limite, f"{allowed}+{block.at('tolere', k)}")
    return block


def _earlier(table: Table, i: int) -> str:
    """1 for each row that is served before row `i`: larger remainder, then larger exact due, then order."""
    (rests, rest), (exacts, exact), (orders, order) = (
        (table.span(key), table.at(key, i)) for key in ("reste", "exact", "ordre")
    )
    tied = f"({rests}={rest})"
    return f"(({rests}>{rest})+{tied}*({exacts}>{exact})+{tied}*({exacts}={exact})*({orders}<{order}))"


def _cuts(table: Table, block: Table, lines: list[Ligne], caps: list[Plafond], ranks: list[int]) -> list[int]:
    """Whole parts brought within the caps, level after level, each in proportion to its exact due."""
    now = [line.plancher for line in lines]
    before = "plancher"
    for s in range(len(lines[0].niveaux)):
        after = f"apres_{s}"
        whole: dict[int, tuple[int, Fraction]] = {}
        for k in {line.niveaux[s] - 1 for line in lines if line.niveaux[s]}:
            members = [i for i, line in enumerate(lines) if line.niveaux[s] == k + 1]
            whole[k] = sum(now[i] for i in members), sum((lines[i].exact for i in members), Fraction(0))
            group = f"{table.span(f'niveau_{s}')},{block.at('numero', k)}"
            block.put("avant", k, whole[k][0], f"SUMIF({group},{table.span(before)})")
            block.put("exact", k, whole[k][1], f"SUMIF({group},{table.span('exact')})")
        for i, line in enumerate(lines):
            k, kept = line.niveaux[s] - 1, table.at(before, i)
            formula = kept
            if line.niveaux[s]:
                used, exact = whole[k]
                if used > caps[k].limite:
                    now[i] = min(now[i], floor(rounded(line.exact * caps[k].limite / exact)))
                limit = block.cell("limite", k)
                share = f"INT(ROUND({table.at('exact', i)}*{limit}/{block.cell('exact', k)},9))"
                formula = f"IF({block.cell('avant', k)}<={limit},{kept},MIN({kept},{share}))"
            table.put(f"niveau_{s}", i, line.niveaux[s])
            table.put(after, i, now[i], formula)
        before = after
    for i in range(len(lines)):
        table.put("apres", i, now[i], table.at(before, i))
    for k in range(len(caps)):
        s = ranks[k]
        used = sum(n for line, n in zip(lines, now, strict=True) if line.niveaux[s] == k + 1)
        group = f"{table.span(f'niveau_{s}')},{block.at('numero', k)}"
        block.put("apres", k, used, f"SUMIF({group},{table.span('apres')})")
    return now


def _remainders(
    feuille: Feuille,
    table: Table,
    block: Table,
    dus: Dus,
    lines: list[Ligne],
    caps: list[Plafond],
    after: list[int],
    noms: Noms,
) -> None:
    """What is left, to the largest remainders in order, up to their ceilings and as their caps allow.

    A réservataire whose whole part was cut may be given back more than one.
    """
    depth = range(len(lines[0].niveaux))
    flow = int(dus.quotas.exact["flux_a_partager"])
    order = sorted(range(len(lines)), key=lambda i: (-lines[i].reste, -lines[i].exact, i))
    champs = {
        "nom": Champ("Réservataire", largeur=44),
        "rang": Champ("Rang", "entier", largeur=22),
        "place": Champ("Ligne", "entier"),
        "appelle": Champ("Manque à son arrondi supérieur", "entier"),
        **{f"niveau_{s}": Champ(f"Plafond de niveau {s + 1}", "entier") for s in depth},
        "libre": Champ("Encore à servir", "entier"),
        "donne": Champ("Servi", "entier"),
    }
    queue = feuille.table(champs, len(lines), titre="Attribution des restes, du plus fort au plus faible")
    used = {
        k: sum(n for line, n in zip(lines, after, strict=True) if k in line.niveaux)
        for k in range(1, len(caps) + 1)
    }
    left = flow - sum(after)
    given = [0] * len(lines)
    for k, i in enumerate(order):
        line = lines[i]
        table.put("rang", i, k + 1, f"1+SUMPRODUCT({_earlier(table, i)})")
        place = queue.at("place", k)

        def pick(key: str, place: str = place) -> str:
            return f"INDEX({table.span(key)},{place})"

        queue.put("rang", k, k + 1)
        queue.put("place", k, i + 1, f"MATCH({queue.at('rang', k)},{table.span('rang')},0)")
        queue.put("nom", k, noms.reservataire(line.ident), pick("nom"))
        calls = ceil(line.exact) - after[i]
        queue.put("appelle", k, calls, f"{pick('plancher')}+({pick('reste')}>0)-{pick('apres')}")
        for s in depth:
            queue.put(f"niveau_{s}", k, line.niveaux[s], pick(f"niveau_{s}"))
        served = f"SUM({queue.span('donne', -1, k - 1)})"
        queue.put("libre", k, left, f"{dus.flux.total}-SUM({table.span('apres')})-{served}")
        numbers = [n for n in line.niveaux if n]
        gain = max(0, min(calls, left, *(caps[n - 1].limite - used[n] for n in numbers)))
        limits = [queue.at("appelle", k), queue.at("libre", k), *(_room(queue, block, s, k) for s in depth)]
        queue.put("donne", k, gain, f"MAX(0,MIN({','.join(limits)}))")
        for n in numbers:
            used[n] += gain
        left -= gain
        given[i] = gain
    quotas = dus.quotas.table["quota"].tolist()
    for i, line in enumerate(lines):
        table.put("gain", i, given[i], f"INDEX({queue.span('donne')},{table.at('rang', i)})")
        remainder = f"+{dus.flux.total}-SUM({table.span('apres')})-SUM({queue.span('donne')})"
        own = remainder if line.ident == BAILLEUR else ""
        table.put("quota", i, quotas[i], f"{table.at('apres', i)}+{table.at('gain', i)}{own}")


def _room(queue: Table, block: Table, s: int, k: int) -> str:
    """What the cap of level `s` of the row still allows."""
    number = queue.at(f"niveau_{s}", k)
    row = f"MAX(1,{number})"
    given = f"SUMIF({queue.span(f'niveau_{s}', -1, k - 1)},{number},{queue.span('donne', -1, k - 1)})"
    left = f"INDEX({block.span('limite')},{row})-INDEX({block.span('apres')},{row})-{given}"
    return f"IF({number}=0,{queue.at('libre', k)},{left})"
