"""The user's own tables in a workbook, faulty cells coloured and commented; it is itself a dossier.

Every cell is a string: what was read is shown as it was read, and a formula in a name stays a text.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from flux.dossier.classeur_liste import write_list
from flux.dossier.classeur_places import Onglet, onglets, place
from flux.dossier.lecture import Examen
from flux.noyau import fichiers
from flux.noyau.errors import Anomalie, FluxError, Gravite
from flux.rendu.anomalies import TEINTES
from flux.rendu.nombres import entier

COMMENTS = 300
"""Cells of a sheet that carry a comment; beyond, a spreadsheet becomes slow, and the list says the rest."""
LAST_LINE = 1_048_576
LONGEST_TEXT = 32_767


def write_classeur(
    path: str | Path, examen: Examen, anomalies: Sequence[Anomalie], *, ecraser: bool = False
) -> Path:
    """Write the tables of `examen` and the list of `anomalies` to a workbook that `read_dossier` reads.

    Parameters
    ----------
    path : the `.xlsx` to write.
    examen : the tables, as text.
    anomalies : what to colour, comment and list; those of `examen`, and more when the law found some.
    ecraser : replace the file if it exists.

    Raises
    ------
    FluxError
        Codes "fichier.format_inconnu", "fichier.existe", "fichier.repertoire_absent", "classeur.trop_long".
    """
    path = Path(path)
    fichiers.refuse(path, suffixes=[".xlsx"], ecraser=ecraser)
    return fichiers.write_new(path, render(examen, anomalies), suffixes=[".xlsx"], ecraser=ecraser)


def render(examen: Examen, anomalies: Sequence[Anomalie]) -> bytes:
    """The bytes of the workbook: the same at every call, no clock inside."""
    sheets = onglets(examen.inventaire) if examen.inventaire else []
    for sheet in sheets:
        if len(sheet.lignes) and sheet.lignes[-1] > LAST_LINE:
            raise FluxError(
                f"La table « {sheet.nom} » a plus de {entier(LAST_LINE)} lignes : elle ne tient pas dans un "
                "classeur. À faire : lire la liste de flux check sans --classeur.",
                code="classeur.trop_long",
            )
    placed = place(anomalies, sheets, COMMENTS)
    out = io.BytesIO()
    # constant memory: a row is written once and forgotten
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        book.set_properties({"title": "Défauts du dossier", "created": dt.datetime(2026, 1, 1)})
        looks = _looks(book)
        write_list(book, looks, anomalies, sheets, _notes(sheets))
        for sheet in sheets:
            _table(book, looks, sheet, placed[sheet.nom])
    return out.getvalue()


def _notes(sheets: Sequence[Onglet]) -> list[str]:
    notes = [
        f"Les {COMMENTS} premières cellules fautives de chaque feuille portent un commentaire ; toutes sont "
        "colorées, et décrites ci-dessous. Ce classeur est un dossier : corrigé et enregistré, "
        "il se relit par flux check."
    ]
    emptied = [f"{sheet.nom} « {header} »" for sheet in sheets for header in sheet.videes]
    if emptied:
        notes.append(
            "Colonnes laissées vides ici, car elles semblent porter sur des personnes : "
            f"{', '.join(emptied)}. Le dossier n'en a pas besoin."
        )
    return notes


def _looks(book: Any) -> Mapping[str, Any]:
    """The formats: of a cell, of a header, and of each grade."""
    base = {"font_name": "Arial", "font_size": 9, "num_format": "@"}
    framed = {**base, "border": 1, "border_color": "#BFBFBF", "valign": "top"}
    shades = {grade.value: book.add_format({**framed, "bg_color": TEINTES[grade]}) for grade in Gravite}
    return {
        **shades,
        "cellule": book.add_format(base),
        "entete": book.add_format({**framed, "bold": True, "bg_color": "#DCE6F1"}),
        "titre": book.add_format({**base, "bold": True, "font_size": 14}),
        "texte": book.add_format({**framed, "text_wrap": True}),
        "lien": book.add_format({**framed, "font_color": "#0563C1", "underline": 1}),
    }


def _table(book: Any, looks: Mapping[str, Any], onglet: Onglet, placed: Any) -> None:
    """The table as it was read, each line where it was."""
    sheet = book.add_worksheet(onglet.nom)
    # first: in constant memory, a row already written takes no comment
    for (row, col), texts in placed.comments.items():
        sheet.write_comment(row, col, "\n".join(texts), {"x_scale": 2.4, "y_scale": 1.5, "font_size": 9})
    for col, header in enumerate(onglet.texte.columns):
        sheet.set_column(col, col, max(12, min(40, len(header) + 2)), looks["cellule"])
    for col, header in enumerate(onglet.texte.columns):
        _text(sheet, 0, col, header, looks[placed.headers.get(col, "entete")])
    grades = list(Gravite)
    columns = [
        (col, onglet.texte.iloc[:, col].tolist(), placed.shades.get(col))
        for col in range(onglet.texte.shape[1])
    ]
    for position, line in enumerate(onglet.lignes.tolist()):
        for col, cells, shades in columns:
            value = cells[position]
            shade = (
                looks[grades[shades[position] - 1].value] if shades is not None and shades[position] else None
            )
            if isinstance(value, str):
                _text(sheet, line - 1, col, value, shade or looks["cellule"])
            elif shade:
                sheet.write_blank(line - 1, col, None, shade)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{LAST_LINE}"})
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _text(sheet: Any, row: int, col: int, text: str, look: Any) -> None:
    sheet.write_string(row, col, text[:LONGEST_TEXT], look)
