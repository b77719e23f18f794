"""The first sheets of the workbook of the user's tables: every anomaly, and the same grouped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flux.dossier.classeur_places import Onglet, of_anomaly
from flux.dossier.modele_style import height
from flux.noyau.errors import Anomalie, Gravite
from flux.rendu.anomalies import Groupe, bilan, groupes
from flux.rendu.glossaire import terme
from flux.rendu.nombres import entier

LISTED = 60_000
"""Lines of the list; a sheet holds 65,530 links at most."""
_TITLES = ("Code", "Gravité", "Feuille", "Ligne", "Colonne", "Valeur lue", "Constat", "Attendu", "À faire")
_WIDTHS = (34, 12, 16, 9, 22, 24, 60, 40, 60)
_SUMMARY = ("Gravité", "Feuille", "Colonne", "Nombre", "Constat", "Attendu", "À faire")
_SUMMARY_WIDTHS = (12, 16, 24, 10, 60, 46, 60)
_LINE = _TITLES.index("Ligne")
_NUMBER = _SUMMARY.index("Nombre")


@dataclass(frozen=True, slots=True)
class Entree:
    """One line of the list, the grade that colours it, and the cell it leads to."""

    texts: tuple[str, ...]
    gravite: Gravite
    cible: str


def write_list(
    book: Any,
    looks: Mapping[str, Any],
    anomalies: Sequence[Anomalie],
    sheets: Sequence[Onglet],
    notes: Sequence[str],
) -> None:
    """The sheet `anomalies`, one line a place, then the sheet `résumé`, one line a group."""
    found = [groupe for table in groupes(anomalies).values() for groupe in table]
    entries = [entry for groupe in found for entry in _entries(groupe, sheets)]
    hidden = len(entries) - LISTED
    if hidden > 0:
        notes = [
            *notes,
            f"La liste s'arrête à {entier(LISTED)} lignes : {entier(hidden)} de plus sont colorées dans les "
            "feuilles, et comptées dans la feuille résumé.",
        ]
    title = f"Défauts et corrections du dossier : {bilan(anomalies)}"
    sheet, top = _head(book, looks, "anomalies", title, notes, _TITLES, _WIDTHS)
    for row, entry in enumerate(entries[:LISTED], start=top + 1):
        _line(sheet, row, looks, entry, _WIDTHS, grade=1, link=_LINE)
    sheet.autofilter(top, 0, top + max(1, min(len(entries), LISTED)), len(_TITLES) - 1)

    sheet, top = _head(
        book, looks, "résumé", f"Les mêmes, groupés : {bilan(anomalies)}", (), _SUMMARY, _SUMMARY_WIDTHS
    )
    for row, groupe in enumerate(found, start=top + 1):
        _line(sheet, row, looks, _summary(groupe, sheets), _SUMMARY_WIDTHS, grade=0, link=_NUMBER)


def _head(
    book: Any,
    looks: Mapping[str, Any],
    nom: str,
    title: str,
    notes: Sequence[str],
    titles: Sequence[str],
    widths: Sequence[int],
) -> tuple[Any, int]:
    """A sheet with its title, its notes, the legend and the headers; and the row of these."""
    sheet = book.add_worksheet(nom)
    for col, width in enumerate(widths):
        sheet.set_column(col, col, width)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, title, looks["titre"])
    for row, note in enumerate(notes, start=1):
        sheet.write_string(row, 0, note, looks["cellule"])
    row = len(notes) + 1
    for col, grade in enumerate(Gravite):
        sheet.write_string(row, col, _grade(grade), looks[grade.value])
    top = row + 2
    for col, text in enumerate(titles):
        sheet.write_string(top, col, text, looks["entete"])
    sheet.freeze_panes(top + 1, 0)
    sheet.repeat_rows(top)
    return sheet, top


def _line(
    sheet: Any,
    row: int,
    looks: Mapping[str, Any],
    entry: Entree,
    widths: Sequence[int],
    *,
    grade: int,
    link: int,
) -> None:
    sheet.set_row(row, height(entry.texts, widths))
    for col, text in enumerate(entry.texts):
        if col == link and entry.cible:
            sheet.write_url(row, col, f"internal:{entry.cible}", looks["lien"], text or "voir")
        else:
            sheet.write_string(row, col, text, looks[entry.gravite.value if col == grade else "texte"])


def _entries(groupe: Groupe, sheets: Sequence[Onglet]) -> Iterator[Entree]:
    """One line a place: what counts the rest of a column becomes as many lines; a repair stays one."""
    first = groupe.premiere
    sheet = of_anomaly(first, sheets)
    for anomalie in groupe.anomalies:
        rest = anomalie is not first and len(anomalie.lignes) > 0 and sheet is not None
        if not rest or sheet is None:
            yield _entry(anomalie, anomalie.message, anomalie.ligne, anomalie.valeur, sheet)
            continue
        cells = sheet.texte.iloc[:, sheet.column(anomalie)]
        written = dict(zip(sheet.lignes.tolist(), cells.tolist(), strict=True))
        for line in anomalie.lignes:
            value = written.get(int(line))
            yield _entry(anomalie, first.message, int(line), value if isinstance(value, str) else "", sheet)


def _entry(
    anomalie: Anomalie, message: str, line: int | None, value: str | None, sheet: Onglet | None
) -> Entree:
    where = (anomalie.fichier or "") if sheet is None else sheet.nom
    texts = (
        anomalie.code, _grade(anomalie.gravite), where, str(line or ""), anomalie.colonne or "", value or "",
        message, anomalie.attendu, anomalie.correction,
    )  # fmt: skip
    return Entree(texts, anomalie.gravite, _target(anomalie, line, sheet))


def _summary(groupe: Groupe, sheets: Sequence[Onglet]) -> Entree:
    first = groupe.premiere
    sheet = of_anomaly(first, sheets)
    where = (first.fichier or "") if sheet is None else sheet.nom
    texts = (
        _grade(first.gravite), where, first.colonne or "", entier(groupe.nb), first.message, first.attendu,
        groupe.remede or first.correction,
    )  # fmt: skip
    return Entree(texts, first.gravite, _target(first, first.ligne, sheet))


def _target(anomalie: Anomalie, line: int | None, sheet: Onglet | None) -> str:
    if sheet is None:
        return ""
    lines = sheet.lines(anomalie)
    return sheet.address(line or (int(lines[0]) if len(lines) else None), sheet.column(anomalie))


def _grade(gravite: Gravite) -> str:
    return terme("gravite").valeurs[gravite.value]
