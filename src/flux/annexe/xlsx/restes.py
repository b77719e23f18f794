"""The remainders, on the sheet Quotas: who is served, in order, up to its ceiling and as its caps allow."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from flux.annexe.xlsx.dus import Dus
from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.dossier.appellations import BAILLEUR, Noms

if TYPE_CHECKING:
    from flux.annexe.xlsx.quotas import Ligne
    from flux.conversion.arrondi import Plafond


def write_remainders(
    feuille: Feuille,
    table: Table,
    block: Table,
    dus: Dus,
    lines: list[Ligne],
    caps: list[Plafond],
    after: list[int],
    noms: Noms,
) -> None:
    """What is left, to the largest remainders; a réservataire whose whole part was cut may get more than one.

    Parameters
    ----------
    table, block : the quotas and the caps.
    after : whole parts after the caps, in the order of `lines`.
    """
    depth = range(len(lines[0].niveaux))
    queue = feuille.table(
        _champs(len(depth)), len(lines), titre="Attribution des restes, du plus fort au plus faible"
    )
    room = _Room(lines, caps, after)
    left = int(dus.quotas.exact["flux_a_partager"]) - sum(after)
    given = [0] * len(lines)
    order = sorted(range(len(lines)), key=lambda i: (-lines[i].reste, -lines[i].exact, i))
    for k, i in enumerate(order):
        table.put("rang", i, k + 1, f"1+SUMPRODUCT({_earlier(table, i)})")
        place = queue.at("place", k)

        def pick(key: str, place: str = place) -> str:
            return f"INDEX({table.span(key)},{place})"

        queue.put("rang", k, k + 1)
        queue.put("place", k, i + 1, f"MATCH({queue.at('rang', k)},{table.span('rang')},0)")
        queue.put("nom", k, noms.reservataire(lines[i].ident), pick("nom"))
        queue.put("apres", k, after[i], pick("apres"))
        queue.put("tolere", k, lines[i].tolere, pick("tolere"))
        calls = ceil(lines[i].exact) - after[i]
        queue.put("appelle", k, calls, f"{pick('plancher')}+({pick('reste')}>0)-{pick('apres')}")
        for s in depth:
            queue.put(f"niveau_{s}", k, lines[i].niveaux[s], pick(f"niveau_{s}"))
        served = f"SUM({queue.span('donne', -1, k - 1)})"
        queue.put("libre", k, left, f"{dus.flux.total}-SUM({table.span('apres')})-{served}")
        given[i] = room.take(i, min(calls, left))
        limits = [queue.at("appelle", k), queue.at("libre", k), *(_room(queue, block, s, k) for s in depth)]
        queue.put("donne", k, given[i], f"MAX(0,MIN({','.join(limits)}))")
        had, apart = queue.at("apres", k), queue.at("tolere", k)
        counted = f"MAX(0,{had}+{queue.at('donne', k)}-{apart})-MAX(0,{had}-{apart})"
        more = lines[i].counted(after[i] + given[i]) - lines[i].counted(after[i])
        queue.put("compte", k, more, counted)
        left -= given[i]
    quotas = dus.quotas.table["quota"].tolist()
    for i, line in enumerate(lines):
        table.put("gain", i, given[i], f"INDEX({queue.span('donne')},{table.at('rang', i)})")
        remainder = f"+{dus.flux.total}-SUM({table.span('apres')})-SUM({queue.span('donne')})"
        own = remainder if line.ident == BAILLEUR else ""
        table.put("quota", i, quotas[i], f"{table.at('apres', i)}+{table.at('gain', i)}{own}")


class _Room:
    """What the caps still allow, while remainders are given."""

    def __init__(self, lines: list[Ligne], caps: list[Plafond], after: list[int]) -> None:
        self.lines, self.after = lines, after
        self.left = {
            k + 1: cap.nb
            - sum(line.counted(n) for line, n in zip(lines, after, strict=True) if k + 1 in line.niveaux)
            for k, cap in enumerate(caps)
        }

    def take(self, i: int, wanted: int) -> int:
        """As much of `wanted` as the caps of a line allow, which is then theirs no more."""
        line, had = self.lines[i], self.after[i]
        numbers = [n for n in line.niveaux if n]
        free = max(0, line.tolere - had)
        gain = max(0, min(wanted, *(self.left[n] + free for n in numbers))) if numbers else max(0, wanted)
        for n in numbers:
            self.left[n] -= line.counted(had + gain) - line.counted(had)
        return gain


def _champs(depth: int) -> dict[str, Champ]:
    return {
        "nom": Champ("Réservataire", largeur=44),
        "rang": Champ("Rang", "entier", largeur=22),
        "place": Champ("Ligne", "entier"),
        "apres": Champ("Après plafonds", "entier"),
        "tolere": Champ("Droits sans garantie", "entier"),
        "appelle": Champ("Manque à son arrondi supérieur", "entier"),
        **{f"niveau_{s}": Champ(f"Plafond de niveau {s + 1}", "entier") for s in range(depth)},
        "libre": Champ("Encore à servir", "entier"),
        "donne": Champ("Servi", "entier"),
        "compte": Champ("Servi et compté aux plafonds", "entier"),
    }


def _earlier(table: Table, i: int) -> str:
    """1 for each row that is served before row `i`: larger remainder, then larger exact due, then order."""
    (rests, rest), (exacts, exact), (orders, order) = (
        (table.span(key), table.at(key, i)) for key in ("reste", "exact", "ordre")
    )
    tied = f"({rests}={rest})"
    return f"(({rests}>{rest})+{tied}*({exacts}>{exact})+{tied}*({exacts}={exact})*({orders}<{order}))"


def _room(queue: Table, block: Table, s: int, k: int) -> str:
    """What the cap of level `s` of the row still allows, its own rights that the cap does not count aside."""
    number = queue.at(f"niveau_{s}", k)
    row = f"MAX(1,{number})"
    given = f"SUMIF({queue.span(f'niveau_{s}', -1, k - 1)},{number},{queue.span('compte', -1, k - 1)})"
    left = f"INDEX({block.span('limite')},{row})-INDEX({block.span('apres')},{row})-{given}"
    free = f"MAX(0,{queue.at('tolere', k)}-{queue.at('apres', k)})"
    return f"IF({number}=0,{queue.at('libre', k)},{left}+{free})"
