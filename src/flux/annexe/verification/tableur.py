"""Two workbooks compared: inputs that were changed, formulas, values, and what only follows from these."""

from __future__ import annotations

from collections.abc import Iterator

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
    for where in sorted(changed, key=lambda w: w in follows):
        old, new = published.cases.get(where), expected.cases.get(where)
        nature = Nature.SUITE if where in follows else changed[where]
        formula = nature is Nature.FORMULE
        yield Ecart(
            nature=nature,
            lieu=_lieu(where, expected, published, lieux),
            publie=_said(old, formula),
            refait=_said(new, formula),
        )
    for nom in sorted({*published.noms, *expected.noms}):
        old_zone, new_zone = published.noms.get(nom, ""), expected.noms.get(nom, "")
        if old_zone != new_zone:
            lieu = Lieu(section="Noms du classeur", ligne=nom)
            yield Ecart(nature=Nature.FORMULE, lieu=lieu, publie=old_zone, refait=new_zone)


def nb_figures(classeur: Classeur) -> int:
    """Cells that hold a number."""
    return sum(isinstance(c.valeur, float) for c in classeur.cases.values())


def _nature(old: Case | None, new: Case | None) -> Nature | None:
    if old is None or new is None:
        return Nature.ABSENT if old is None else Nature.EN_TROP
    if old.normale != new.normale:
        return Nature.FORMULE
    if _equal(old.valeur, new.valeur):
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


def _lieu(where: Adresse, expected: Classeur, published: Classeur, lieux: Lieux) -> Lieu:
    """The sheet, what names the row, the heading of the column with the address, and where it comes from.

    A table of the annex stands in a sheet under its caption; other cells have their formula.
    """
    sheet, address = where
    cases = expected.cases if where in expected.cases else published.cases
    row, column = place(address)
    texts = [
        (*place(a), str(c.valeur))
        for (s, a), c in cases.items()
        if s == sheet and isinstance(c.valeur, str) and c.valeur
    ]
    section = f"Feuille {sheet}"
    captions = [(r, lieux.tableaux[t]) for r, _, t in texts if r < row and t in lieux.tableaux]
    top, tableau = max(captions, key=lambda c: c[0], default=(0, None))
    rang = row - top - 2
    if tableau is not None and column <= len(tableau.specs) and 0 <= rang < _rows(tableau):
        return lieux.cell(section, tableau, rang, column - 1)
    label = next((text for r, _, text in texts if r == row), "")
    heading = max(((r, text) for r, c, text in texts if c == column and r < row), default=(0, ""))[1]
    case = cases[where]
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
