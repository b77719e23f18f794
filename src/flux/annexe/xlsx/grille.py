"""Sheets and tables of a workbook, addressed by column and row; each formula goes with its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import quote_sheetname, xl_rowcol_to_cell

from flux.rendu import nombres
from flux.rendu.glossaire import Format, clean

if TYPE_CHECKING:
    from flux.rendu.vue import Tableau

NUMBER_FORMATS = {
    "texte": "@",
    "phrase": "@",
    "entier": "#,##0",
    "annee": "0",
    "decimal": "#,##0.00",
    "exact": "#,##0.0000",
    "part": "0.0%",
    "taux": "0.00%",
    "date": "dd/mm/yyyy",
}
TEXTES = ("texte", "phrase")
INPUT, HEADING, CHECK = "#FFF2CC", "#DCE6F1", "#FF7C80"
NARROW, PAGE, LARGE_PAGE = 12, 170, 280  # characters: a column of numbers, a lying page of A4, of A3
LINE = 150  # characters of a line of a sentence: a longer one would be cut at the edge of the page
# what a protected sheet still allows
PROTECTION = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}
A4, A3 = 9, 8  # paper, as Excel numbers it
LINE_HEIGHT = 13  # points

_clean = lru_cache(maxsize=10_000)(clean)
"""Names and codes come again in every row."""


@dataclass(frozen=True, slots=True)
class Champ:
    """A column: heading, kind of value (a key of NUMBER_FORMATS), whether a person may change it.

    `signe`: what a person enters may be negative.
    """

    titre: str
    genre: str = "texte"
    entree: bool = False
    largeur: int = NARROW
    signe: bool = False

    @property
    def est_texte(self) -> bool:
        """True for words, written from the left."""
        return self.genre in TEXTES

    @property
    def saisie(self) -> dict[str, Any]:
        """What a spreadsheet accepts in a cell that a person may change."""
        if self.genre == "taux":
            limits = {"criteria": "between", "minimum": 0, "maximum": 1}
            said = "Un taux se saisit entre 0 % et 100 %."
        elif self.signe:
            limits = {"criteria": "between", "minimum": -(10**9), "maximum": 10**9}
            said = "Un nombre est attendu, positif ou négatif."
        else:
            limits = {"criteria": ">=", "value": 0}
            said = "Un nombre est attendu, zéro au moins."
        return {"validate": "decimal", "error_title": "Valeur refusée", "error_message": said, **limits}


class Classeur:
    """A workbook, its sheets, its cell formats, and the names of its ranges: name -> what it is, address."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.feuilles: list[Feuille] = []
        self.noms: dict[str, tuple[str, str]] = {}
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._looks: dict[tuple[str, bool, bool], Any] = {}

    def name(self, nom: str, sens: str, address: str) -> None:
        """Give a name to a range, absolute address with its sheet."""
        self.noms[nom] = sens, address
        self.book.define_name(nom, f"={address}")

    def format(self, **properties: Any) -> Any:
        """The format with these properties, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"font_name": "Arial", "font_size": 9, **properties})
        return self._formats[key]

    def cell_format(self, champ: Champ, *, entree: bool = False, gras: bool = False) -> Any:
        """How a cell of a column looks; what a person may change is yellow, and not protected."""
        key = champ.genre, entree, gras
        if key not in self._looks:
            self._looks[key] = self.format(**self._look(*key))
        return self._looks[key]

    @staticmethod
    def _look(genre: str, entree: bool, gras: bool) -> dict[str, Any]:
        look: dict[str, Any] = {
            "num_format": NUMBER_FORMATS[genre],
            "valign": "top",
            "border": 1,
            "border_color": "#BFBFBF",
        }
        # words stand off the numbers of the column before them
        look |= {"align": "left", "indent": 1} if genre in TEXTES else {"align": "right"}
        if entree:
            look |= {"bg_color": INPUT, "locked": False}
        if genre == "phrase":
            look["text_wrap"] = True
        if gras:
            look |= {"bold": True, "top": 2}
        return look

    def link_format(self) -> Any:
        """How a link to another sheet looks."""
        return self.format(font_color="#0563C1", underline=1, indent=1, border=1, border_color="#BFBFBF")


class Feuille:
    """One sheet: a title, sentences, named cells, tables; as many pages wide as it takes to read it."""

    def __init__(self, classeur: Classeur, nom: str, onglet: str = "") -> None:
        self.classeur, self.nom = classeur, nom
        self.sheet = classeur.book.add_worksheet(nom)
        classeur.feuilles.append(self)
        if onglet:
            self.sheet.set_tab_color(onglet)
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&L&A&RPage &P / &N")
        self.ligne = 0
        self._widths: dict[int, int] = {}
        self._inputs: dict[Champ, list[tuple[int, int]]] = {}

    def widen(self, column: int, width: int) -> None:
        """Tables of one sheet share its columns: the widest decides."""
        self._widths[column] = max(width, self._widths.get(column, 0))
        self.sheet.set_column(column, column, self._widths[column])
        whole = sum(self._widths.values())
        self.sheet.set_paper(A4 if whole <= PAGE else A3)
        self.sheet.fit_to_pages(max(1, ceil(whole / LARGE_PAGE)), 0)

    def title(self, titre: str, *phrases: str) -> None:
        """The title of the sheet, and what must be known to read it."""
        self.sheet.write_string(0, 0, clean(titre), self.classeur.format(bold=True, font_size=14))
        self.ligne = 1
        self.sentences(*phrases)

    def sentences(self, *phrases: str) -> None:
        """One sentence after the other; a long one takes several lines."""
        for line in (line for phrase in phrases for line in wrap(clean(phrase), LINE)):
            self.sheet.write_string(self.ligne, 0, line, self.classeur.format())
            self.ligne += 1
        self.ligne += 1

    def scalar(self, champ: Champ, valeur: Any, formule: str = "", *, nom: str) -> str:
        """A value on one line, with its name in the workbook; returns its absolute address."""
        self.sheet.write_string(self.ligne, 0, champ.titre, self.classeur.format(bold=True))
        self._write(self.ligne, 1, champ, valeur, formule)
        address = self.address(self.ligne, 1)
        self.classeur.name(nom, champ.titre, address)
        self.ligne += 1
        return address

    def turns_red(self, first_row: int, first_col: int, last_row: int, last_col: int) -> None:
        """Cells that must be zero."""
        alert = self.classeur.book.add_format({"bg_color": CHECK, "bold": True})
        rule = {"type": "cell", "criteria": "!=", "value": 0, "format": alert}
        self.sheet.conditional_format(first_row, first_col, last_row, last_col, rule)

    def address(self, row: int, col: int) -> str:
        """Absolute address of a cell, sheet included."""
        return f"{quote_sheetname(self.nom)}!{xl_rowcol_to_cell(row, col, row_abs=True, col_abs=True)}"

    def protect(self) -> None:
        """Protect all but the inputs, without password, and say what these accept."""
        self.sheet.protect("", PROTECTION)
        for champ, cells in self._inputs.items():
            (row, col), *others = cells
            self.sheet.data_validation(
                row, col, row, col, {**champ.saisie, "other_cells": [(*c, *c) for c in others]}
            )

    def keep_heading(self, table: Table, columns: int = 0) -> None:
        """The heading and the first columns of the table stay in sight, on the screen and on each page."""
        self.sheet.freeze_panes(table.top + 1, columns)
        self.sheet.repeat_rows(table.top)
        if columns:
            self.sheet.repeat_columns(0, columns - 1)

    def table(self, champs: Mapping[str, Champ], nb: int, *, titre: str = "") -> Table:
        """A table of `nb` rows below what is already there."""
        if titre:
            self.sheet.write_string(
                self.ligne, 0, clean(titre), self.classeur.format(bold=True, font_size=11)
            )
            self.ligne += 1
        table = Table(self, self.ligne, champs, nb)
        self.ligne += nb + 2
        return table

    def tableau(self, tableau: Tableau) -> Table:
        """A table of the annex as it is: numbers as numbers, the rest as text, what is said under it."""
        genres = {Format.PART: "taux", Format.POINTS: "taux", Format.ANNEE: "annee"}
        specs, cells = tableau.specs, tableau.cellules()
        widths = [max(NARROW, w + 2) for w in cells.largeurs(PAGE)]
        champs = {}
        for c, heading, width in zip(specs, cells.entetes, widths, strict=True):
            kind = c.terme.format
            genre = genres.get(kind, str(kind)) if kind.est_nombre else "phrase"
            champs[c.nom] = Champ(heading, genre, largeur=width)
        table = self.table(champs, len(tableau.frame) + (tableau.totaux is not None), titre=tableau.titre)
        for i, row in enumerate(cells.lignes):
            lines = max(
                max(1, ceil(len(text) / (width - 2))) for text, width in zip(row, widths, strict=True)
            )
            self.sheet.set_row(table.top + 1 + i, LINE_HEIGHT * lines)
        for c in specs:
            number = c.terme.format.est_nombre
            for i, value in enumerate(tableau.frame[c.nom].tolist()):
                raw = number and not isinstance(value, str) and not nombres.absent(value)
                table.put(c.nom, i, value if raw else c.write(value))
        if (totals := tableau.totaux) is not None:
            table.put(specs[0].nom, table.nb - 1, "Total", gras=True)
            for nom, value in totals.items():
                table.put(nom, table.nb - 1, value, gras=True)
        if tableau.pied:
            self.ligne -= 1
            self.sentences(tableau.pied)
        return table

    def _write(
        self,
        row: int,
        col: int,
        champ: Champ,
        valeur: Any,
        formule: str = "",
        *,
        entree: bool | None = None,
        gras: bool = False,
    ) -> None:
        """`entree`: whether a person may change this cell, where it is not as the whole column."""
        opened = not formule and (champ.entree if entree is None else entree)
        look = self.classeur.cell_format(champ, entree=opened, gras=gras)
        if opened:
            self._inputs.setdefault(champ, []).append((row, col))
        value = float(valeur) if isinstance(valeur, Fraction) else valeur
        if formule:
            self.sheet.write_formula(row, col, "=" + formule, look, value)
        elif nombres.absent(value):
            self.sheet.write_blank(row, col, None, look)
        elif isinstance(value, str):
            self.sheet.write_string(row, col, _clean(value), look)
        elif champ.genre == "date":
            self.sheet.write_datetime(row, col, value, look)
        else:
            self.sheet.write_number(row, col, value, look)


class Table:
    """A table of a sheet: cells are named by their column and their row."""

    def __init__(self, feuille: Feuille, top: int, champs: Mapping[str, Champ], nb: int) -> None:
        self.feuille, self.top, self.nb = feuille, top, nb
        self.champs, self.cols = champs, {key: i for i, key in enumerate(champs)}
        look = {"bold": True, "text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
        for key, champ in champs.items():
            side = {"align": "left", "indent": 1} if champ.est_texte else {"align": "right"}
            heading = feuille.classeur.format(bg_color=HEADING, **side, **look)
            feuille.sheet.write_string(top, self.cols[key], clean(champ.titre), heading)
            feuille.widen(self.cols[key], champ.largeur)
        lines = max((len(wrap(c.titre, c.largeur + 1)) for c in champs.values()), default=1)
        feuille.sheet.set_row(top, LINE_HEIGHT * lines)

    def put(
        self,
        key: str,
        i: int,
        valeur: Any,
        formule: str = "",
        *,
        entree: bool | None = None,
        gras: bool = False,
    ) -> None:
        """Write one cell: a value, or a formula (without "=") and its value; a formula is never an input."""
        where = self.top + 1 + i, self.cols[key], self.champs[key]
        self.feuille._write(*where, valeur, formule, entree=entree, gras=gras)

    def link(self, key: str, i: int, feuille: str) -> None:
        """The name of another sheet, to go to."""
        target = "internal:'" + feuille.replace("'", "''") + "'!A1"
        where = self.top + 1 + i, self.cols[key]
        self.feuille.sheet.write_url(*where, target, self.feuille.classeur.link_format(), feuille)

    def name(self, nom: str, key: str, sens: str = "") -> None:
        """Give a name to a whole column."""
        self.feuille.classeur.name(nom, sens or self.champs[key].titre, self.span(key))

    def autofilter(self, nb: int) -> None:
        """The first `nb` rows can be filtered by any column."""
        self.feuille.sheet.autofilter(self.top, 0, self.top + nb, len(self.champs) - 1)

    def at(self, key: str, i: int) -> str:
        """Address inside the sheet, column fixed: "$E15"."""
        return str(xl_rowcol_to_cell(self.top + 1 + i, self.cols[key], col_abs=True))

    def cell(self, key: str, i: int) -> str:
        """Absolute address, sheet included: "Segments!$E$15"."""
        return self.feuille.address(self.top + 1 + i, self.cols[key])

    def span(self, key: str, first: int = 0, last: int | None = None) -> str:
        """Rows `first` to `last` of a column (all by default), absolute, with its sheet; -1: the heading."""
        end = max(self.nb - 1, 0) if last is None else last
        corners = (
            xl_rowcol_to_cell(self.top + 1 + i, self.cols[key], row_abs=True, col_abs=True)
            for i in (first, end)
        )
        return f"{quote_sheetname(self.feuille.nom)}!{':'.join(corners)}"

    def across(self, first: str, last: str, i: int) -> str:
        """Columns `first` to `last` of a row, absolute, with its sheet."""
        corners = (
            xl_rowcol_to_cell(self.top + 1 + i, self.cols[key], row_abs=True, col_abs=True)
            for key in (first, last)
        )
        return f"{quote_sheetname(self.feuille.nom)}!{':'.join(corners)}"
