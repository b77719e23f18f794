"""The workbook to fill in: one sheet a table, drop-down lists, notes, and what is needed to understand it.

The example lines are on a sheet of their own: in the tables, where the reader takes every line as data,
an example forgotten there would become a dwelling.
"""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import xlsxwriter

from flux.dossier import modele_feuilles
from flux.dossier.modele_contenu import Champ, champs
from flux.dossier.modele_style import LAST_ROW, Style, drop_down, page
from flux.dossier.schemas import TABLES
from flux.noyau.fichiers import write_new
from flux.noyau.tables import TEXTE

FREE_COLUMNS = 16_384
_WIDTH = {"id_logement": 16, "id_reservataire": 20, "nom": 34, "programme": 24, "adresse": 34, "source": 30}


def template(path: str | Path, *, ecraser: bool = False) -> Path:
    """Write the empty workbook of a dossier, ready to be filled in and read by `read_dossier`.

    Parameters
    ----------
    path : the `.xlsx` to write.
    ecraser : replace the file if it exists.

    Raises
    ------
    FluxError
        Codes "fichier.format_inconnu", "fichier.existe", "fichier.repertoire_absent".
    """
    return write_new(Path(path), render(), suffixes=[".xlsx"], ecraser=ecraser)


def render() -> bytes:
    """The bytes of the workbook: the same at every call, no clock inside."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": "Dossier de gestion en flux", "created": dt.datetime(2026, 1, 1)})
        style = Style(book)
        modele_feuilles.lisez_moi(style)
        for nom in TABLES:
            _table(style, nom)
        modele_feuilles.convention(style)
        modele_feuilles.controles(style)
        modele_feuilles.exemples(style)
    return out.getvalue()


def _table(style: Style, nom: str) -> None:
    """An empty table: headers locked with their notes, every other cell free."""
    columns = champs(nom)
    sheet = style.book.add_worksheet(nom)
    sheet.set_tab_color(style.REQUIRED if TABLES[nom].requise else style.OPTIONAL)
    sheet.set_column(0, FREE_COLUMNS - 1, None, style.free("General"))
    for col, champ in enumerate(columns):
        sheet.set_column(
            col, col, _WIDTH.get(champ.nom, max(12, len(champ.nom) + 2)), style.free(_kind(nom, champ))
        )
        sheet.write_string(0, col, champ.nom, style.header(champ.requis))
        sheet.write_comment(0, col, champ.note, style.NOTE)
        drop_down(sheet, champ, 1, LAST_ROW, col)
        if champ.requis:
            sheet.conditional_format(1, col, LAST_ROW, col, _missing(style, col, len(columns)))
    sheet.set_row(0, 24)
    sheet.ignore_errors({"number_stored_as_text": f"A2:XFD{LAST_ROW + 1}"})
    sheet.protect("", style.FREEDOM)
    page(sheet, nom, entetes=0)


def _kind(table: str, champ: Champ) -> str:
    """The number format of a column: text keeps the zeros of a code, dates read as in French."""
    dtype = TABLES[table][champ.nom].type.dtype
    if dtype == "datetime64[s]":
        return "dd/mm/yyyy"
    return "@" if dtype == TEXTE else "General"


def _missing(style: Style, col: int, nb: int) -> dict[str, Any]:
    """Red where a line that is begun lacks a required cell."""
    here = xlsxwriter.utility.xl_rowcol_to_cell(1, col, col_abs=True)
    last = xlsxwriter.utility.xl_col_to_name(nb - 1)
    return {
        "type": "formula",
        "criteria": f'=AND({here}="",COUNTA($A2:${last}2)>0)',
        "format": style.alert,
    }
