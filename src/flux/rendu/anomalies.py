"""The defects and repairs of a dossier, grouped: what many cells have in common is said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.provenance import line_ranges
from flux.rendu import nombres
from flux.rendu.glossaire import clean, terme

SHOWN = 3
"""Places shown for a group that reads the same everywhere."""
DISTINCTS = 8
"""Different values shown for a group: who has not seen one cannot correct it."""
LONGEST = 80
# Singular and plural of what a grade counts.
NOMS = {
    Gravite.BLOQUANT: ("défaut bloquant", "défauts bloquants"),
    Gravite.A_VERIFIER: ("point à vérifier", "points à vérifier"),
    Gravite.INFORMATION: ("information", "informations"),
}
TEINTES = {Gravite.BLOQUANT: "#FF9999", Gravite.A_VERIFIER: "#FFD966", Gravite.INFORMATION: "#BDD7EE"}
"""Background of each grade, in a notebook and in a workbook."""
_ANSI = {Gravite.BLOQUANT: 31, Gravite.A_VERIFIER: 33, Gravite.INFORMATION: 34}


@dataclass(frozen=True, slots=True)
class Groupe:
    """Anomalies of one grade, one code and one column of one table, by line; the first speaks for all."""

    anomalies: tuple[Anomalie, ...]

    @property
    def premiere(self) -> Anomalie:
        """The first one, whose message and remedy are shown."""
        return self.anomalies[0]

    @property
    def nb(self) -> int:
        """Number of places."""
        return sum(places(a) for a in self.anomalies)

    @property
    def remede(self) -> str:
        """What to do, when it is the same everywhere."""
        alone = [a for a in self.anomalies if not len(a.lignes)] or self.anomalies
        remedies = {a.correction for a in alone}
        return clean(remedies.pop()) if len(remedies) == 1 else ""

    @property
    def lieux(self) -> list[str]:
        """The first place of each value, with what was read and what to do; then the lines of the others."""
        alone = [a for a in self.anomalies if not len(a.lignes)]
        shown, others = _shown(alone)
        out = [_place(a, "" if self.remede else a.correction) for a in shown]
        lines = [int(x) for a in self.anomalies for x in a.lignes] + [a.ligne for a in others if a.ligne]
        more = len(lines) + sum(not a.ligne for a in others)
        if more and alone:
            where = f" : ligne{'s' if len(lines) > 1 else ''} {line_ranges(lines)}" if lines else ""
            out.append(f"… et {nombres.entier(more)} autre{'s' if more > 1 else ''}{where}")
        return [text for text in out if text]


def _shown(alone: Sequence[Anomalie]) -> tuple[list[Anomalie], list[Anomalie]]:
    """The places to show and the others, in the order of their lines; a single other is shown too."""
    first: dict[str | None, int] = {}
    for at, a in enumerate(alone):
        first.setdefault(a.valeur, at)
    kept = set(list(first.values())[:DISTINCTS])
    for at in range(len(alone)):
        if len(kept) >= SHOWN:
            break
        kept.add(at)
    if len(alone) - len(kept) == 1:
        kept = set(range(len(alone)))
    places = list(enumerate(alone))
    return [a for at, a in places if at in kept], [a for at, a in places if at not in kept]


def places(anomalie: Anomalie) -> int:
    """How many cells an anomaly stands for, one at least."""
    return max(1, len(anomalie.lignes))


def groupes(anomalies: Iterable[Anomalie]) -> dict[str, list[Groupe]]:
    """The groups of each table, gravest first; tables in the order in which they are read."""
    gathered: dict[tuple[str | None, ...], list[Anomalie]] = {}
    for a in anomalies:
        gathered.setdefault((a.fichier, a.feuille, a.gravite, a.code, a.colonne), []).append(a)
    grades = list(Gravite)
    tables: dict[str, list[Groupe]] = {}
    for found in sorted(gathered.values(), key=lambda g: grades.index(g[0].gravite)):
        in_order = sorted(found, key=lambda a: (a.ligne is None, a.ligne or 0))
        tables.setdefault(_table(found[0]), []).append(Groupe(tuple(in_order)))
    return tables


def bilan(anomalies: Iterable[Anomalie]) -> str:
    """How many of each grade: "3 défauts bloquants, 1 information"."""
    counts = dict.fromkeys(Gravite, 0)
    for a in anomalies:
        counts[a.gravite] += places(a)
    said = [f"{nombres.entier(nb)} {NOMS[g][nb > 1]}" for g, nb in counts.items() if nb]
    return ", ".join(said) or "aucun défaut, aucune correction"


def texte(anomalies: Sequence[Anomalie], *, couleur: bool = False) -> str:
    """The groups for a terminal; `couleur` paints the grades."""
    lines: list[str] = []
    for table, found in groupes(anomalies).items():
        lines.append(table)
        for groupe in found:
            first = groupe.premiere
            count = f" ({nombres.entier(groupe.nb)} fois)" if groupe.nb > 1 and groupe.lieux else ""
            column = f"{clean(first.repere)} : " if first.repere else ""
            lines.append(f"  {_grade(first.gravite, couleur)} {column}{clean(first.message)}{count}")
            lines += [f"      {place}" for place in groupe.lieux]
            lines += [f"      Attendu : {clean(first.attendu)}"] if first.attendu else []
            lines += [f"      À faire : {groupe.remede}"] if groupe.remede else []
        lines.append("")
    return "\n".join(lines)


def html(anomalies: Sequence[Anomalie]) -> str:
    """The groups as a fragment of HTML that stands alone, even in an untrusted notebook."""
    cell = "padding:2px 8px;border-bottom:1px solid #ddd;text-align:left;vertical-align:top;"
    heads = ("Gravité", "Nombre", "Colonne", "Constat", "Attendu", "Où, et que faire")
    head = "".join(f'<th scope="col" style="{cell}">{h}</th>' for h in heads)
    out = [f'<p style="font-size:120%;font-weight:bold;">{escape(bilan(anomalies).capitalize())}</p>']
    for table, found in groupes(anomalies).items():
        rows = []
        for groupe in found:
            first = groupe.premiere
            where = [*groupe.lieux, *([groupe.remede] if groupe.remede else [])]
            shade = f"{cell}background:{TEINTES[first.gravite]};color:#000;white-space:nowrap;"
            said = [clean(text or "") for text in (first.colonne, first.message, first.attendu)]
            cells = (nombres.entier(groupe.nb), *said)
            rows.append(
                f'<tr><td style="{shade}">{_said(first.gravite)}</td>'
                + "".join(f'<td style="{cell}">{escape(text)}</td>' for text in cells)
                + f'<td style="{cell}">{"<br>".join(map(escape, where))}</td></tr>'
            )
        caption = f'<caption style="{cell}font-weight:bold;border:0;">{escape(table)}</caption>'
        out.append(
            f'<table style="border-collapse:collapse;">{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
    return f'<div class="flux" lang="fr">{"".join(out)}</div>'


def _said(gravite: Gravite) -> str:
    return terme("gravite").valeurs[gravite.value]


def _grade(gravite: Gravite, couleur: bool) -> str:
    said = f"[{_said(gravite)}]"
    return f"\033[{_ANSI[gravite]}m{said}\033[0m" if couleur else said


def _table(anomalie: Anomalie) -> str:
    sheet = f", feuille « {clean(anomalie.feuille)} »" if anomalie.feuille else ""
    return clean(anomalie.fichier or "dossier") + sheet


def _place(anomalie: Anomalie, remede: str) -> str:
    """One place: its line, what was read there, and its own remedy."""
    line = f"ligne {anomalie.ligne}" if anomalie.ligne else ""
    text = clean(anomalie.valeur or "")
    read = f"lu « {text[:LONGEST]}{'…' if len(text) > LONGEST else ''} »" if text else ""
    where = ", ".join(part for part in (line, read) if part)
    return " : ".join(part for part in (where, clean(remede)) if part)


DataError.html = staticmethod(html)
