"""Two workbooks compared: inputs that were changed, formulas, values, and what only follows from these."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from flux.annexe.verification.classeur import Adresse, Case, Classeur, Valeur
from flux.annexe.verification.formules import Place, place, reads
from flux.annexe.verification.lieux import Ecart, Lieu, Lieux, Nature
from flux.rendu import nombres
from flux.rendu.vue import Tableau

TOLERANCE = 1e-9  # of one, or of the value: what two spreadsheets may compute differently


def differences(published: Classeur, expected: Classeur, lieux: Lieux) -> Iterator[Ecart]:
    """What differs, cell by cell; what only follows from another difference comes last."""
    changed = {
        where: nature
        for where in dict.fromkeys([*expected.cases, *published.cases])
        if (nature := _nature(published.cases.get(where), expected.cases.get(where))) is not None
    }
    follows = _follows(published, set(changed), {w for w, n in changed.items() if n is Nature.CHIFFRE})
    told = (_Reperes(expected, lieux), _Reperes(published, lieux))
    for where in sorted(changed, key=lambda w: w in follows):
        old, new = published.cases.get(where), expected.cases.get(where)
        nature = Nature.SUITE if where in follows else changed[where]
        formula = nature is Nature.FORMULE
        yield Ecart(
            nature=nature,
            lieu=_lieu(where, told[where not in expected.cases], lieux),
            publie=_said(old, formula),
            refait=_said(new, formula),
        )
    for nom in sorted({*published.noms, *expected.noms}):
        old_zone, new_zone = published.noms.get(nom, ""), expected.noms.get(nom, "")
        if old_zone != new_zone:
            lieu = Lieu(section="Noms du classeur", ligne=nom)
            yield Ecart(nature=Nature.FORMULE, lieu=lieu, publie=old_zone, refait=new_zone)


def uncomputed(published: Classeur, expected: Classeur) -> int:
    """Formulas that have lost their value: some programs save a workbook and do not compute it."""
    found = ((published.cases.get(where), new) for where, new in expected.cases.items() if new.formule)
    return sum(old is not None and old.valeur == "" != new.valeur for old, new in found)


def nb_figures(classeur: Classeur) -> int:
    """Cells that hold a number."""
    return sum(isinstance(c.valeur, float) for c in classeur.cases.values())


def _nature(old: Case | None, new: Case | None) -> Nature | None:
    if old is None or new is None:
        return Nature.ABSENT if old is None else Nature.EN_TROP
    if old.normale != new.normale:
        return Nature.FORMULE
    if _equal(old.valeur, new.valeur) or (new.formule and old.valeur == ""):
        return None
    if new.entree and not new.formule:
        return Nature.DONNEE
    return Nature.TEXTE if isinstance(new.valeur, str) and isinstance(old.valeur, str) else Nature.CHIFFRE


def _equal(a: Valeur, b: Valeur) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= TOLERANCE * max(1.0, abs(b))
    return type(a) is type(b) and a == b


def _follows(published: Classeur, changed: set[Adresse], values: set[Adresse]) -> set[Adresse]:
    """The values of formulas that read, near or far, a cell whose change they follow.

    A value that differs although all that its formula reads is as published was written by hand.
    """
    by_sheet: dict[str, list[Place]] = {}
    for sheet, address in changed:
        by_sheet.setdefault(sheet, []).append(place(address))
    follows = set()
    for where in values:
        formula = published.cases[where].formule
        own = place(where[1])
        if any(
            _inside(p, first, last) and (sheet, p) != (where[0], own)
            for sheet, first, last in reads(formula, where[0])
            for p in by_sheet.get(sheet, ())
        ):
            follows.add(where)
    return follows


def _inside(cell: Place, first: Place, last: Place) -> bool:
    return first[0] <= cell[0] <= last[0] and first[1] <= cell[1] <= last[1]


class _Reperes:
    """What names a cell of a workbook: the first text of its row, the heading above it, the caption."""

    def __init__(self, classeur: Classeur, lieux: Lieux) -> None:
        self.cases = classeur.cases
        self.lieux = lieux

    @cached_property
    def _textes(self) -> dict[str, list[tuple[int, int, str]]]:
        texts: dict[str, list[tuple[int, int, str]]] = {}
        for (sheet, address), case in self.cases.items():
            if isinstance(case.valeur, str) and case.valeur:
                texts.setdefault(sheet, []).append((*place(address), case.valeur))
        return texts

    @cached_property
    def _lignes(self) -> dict[tuple[str, int], str]:
        backwards = ((s, r, t) for s, texts in self._textes.items() for r, _, t in reversed(texts))
        return {(s, r): t for s, r, t in backwards}

    @cached_property
    def _colonnes(self) -> dict[tuple[str, int], list[tuple[int, str]]]:
        columns: dict[tuple[str, int], list[tuple[int, str]]] = {}
        for sheet, texts in self._textes.items():
            for row, column, text in texts:
                columns.setdefault((sheet, column), []).append((row, text))
        return columns

    @cached_property
    def _titres(self) -> dict[str, list[tuple[int, Tableau]]]:
        known = self.lieux.tableaux
        return {s: [(r, known[t]) for r, _, t in texts if t in known] for s, texts in self._textes.items()}

    def label(self, sheet: str, row: int) -> str:
        return self._lignes.get((sheet, row), "")

    def heading(self, sheet: str, row: int, column: int) -> str:
        above = (t for t in self._colonnes.get((sheet, column), ()) if t[0] < row)
        return max(above, default=(0, ""))[1]

    def caption(self, sheet: str, row: int) -> tuple[int, Tableau | None]:
        above = (t for t in self._titres.get(sheet, ()) if t[0] < row)
        return max(above, key=lambda t: t[0], default=(0, None))


def _lieu(where: Adresse, reperes: _Reperes, lieux: Lieux) -> Lieu:
    """The sheet, what names the row, the heading of the column with the address, and where it comes from.

    A table of the annex stands in a sheet under its caption; other cells have their formula.
    """
    sheet, address = where
    row, column = place(address)
    section = f"Feuille {sheet}"
    top, tableau = reperes.caption(sheet, row)
    rang = row - top - 2
    if tableau is not None and column <= len(tableau.specs) and 0 <= rang < _rows(tableau):
        return lieux.cell(section, tableau, rang, column - 1)
    label, heading = reperes.label(sheet, row), reperes.heading(sheet, row, column)
    case = reperes.cases[where]
    known = isinstance(case.valeur, float)
    articles, sources = lieux.result(label, heading, float(case.valeur)) if known else ("", "")
    formula = f"formule {case.formule}" if len(case.formule) > 1 else ""
    return Lieu(
        section=section,
        ligne=label,
        colonne=f"{heading} ({address})" if heading else address,
        articles=articles,
        sources=" ; ".join(s for s in (sources, formula) if s),
    )


def _rows(tableau: Tableau) -> int:
    return len(tableau.frame) + (tableau.totaux is not None)


def _said(case: Case | None, formula: bool) -> str:
    if case is None:
        return ""
    if formula:
        return case.formule or f"la valeur {_said(case, False)}, sans formule"
    return (
        nombres.decimal(case.valeur, 9).rstrip("0").rstrip(",")
        if isinstance(case.valeur, float)
        else str(case.valeur)
    )
