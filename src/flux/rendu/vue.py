"""One view, two faces: text for a terminal, HTML for a notebook.

The HTML is our own: great_tables writes some ten kilobytes of style a table and a random identifier,
and an untrusted notebook drops `<style>`. Here what matters (alignment, rules) is inline.
"""

from __future__ import annotations

import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from flux.rendu.export import Exportable, declared
from flux.rendu.tableau import Cellules, Colonne, Tableau

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Affichable", "Colonne", "Tableau", "Vue", "html", "html_tableau", "texte"]

LINES_SHOWN = 60
WIDTH_WITHOUT_TERMINAL = 120


@dataclass(frozen=True, kw_only=True)
class Vue:
    """What a result shows: a title, sentences, tables."""

    titre: str
    tableaux: tuple[Tableau, ...] = ()
    notes: tuple[str, ...] = ()


def _shown(cells: Cellules, lignes: int | None) -> tuple[tuple[tuple[str, ...], ...], int]:
    """The rows that are shown, and the number of those that are not."""
    if lignes is None or len(cells.lignes) <= lignes:
        return cells.lignes, 0
    return cells.lignes[:lignes], len(cells.lignes) - lignes


def _hidden_note(nb: int) -> str:
    """The sentence that says what is not shown."""
    return (
        f"… et {nb} ligne{'s' if nb > 1 else ''} de plus : le tableau entier est dans le résultat."
        if nb
        else ""
    )


def texte(vue: Vue, *, lignes: int | None = LINES_SHOWN, largeur: int | None = None) -> str:
    """The view as plain text: no colour, no cut cell.

    Parameters
    ----------
    lignes : rows shown by table; None shows them all.
    largeur : columns of text; the terminal's by default, 120 outside one. A table that needs more takes it.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    inside = sys.stdout is not None and sys.stdout.isatty()
    width = largeur or (shutil.get_terminal_size().columns if inside else WIDTH_WITHOUT_TERMINAL)
    stream = StringIO()
    console = Console(
        file=stream,
        width=width,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,  # rich would print into the notebook instead of the stream
        legacy_windows=False,
    )
    console.print(Text(vue.titre))
    for note in vue.notes:
        console.print(Text(note))
    for tableau in vue.tableaux:
        cells = tableau.cellules()
        rows, hidden = _shown(cells, lignes)
        # rich cuts what does not fit, so the widths are ours
        frame = 3 * len(cells.entetes) + 1
        widths = cells.largeurs(width - frame)
        table = Table(title=Text(tableau.titre), title_justify="left", box=SIMPLE_HEAD)
        for heading, right, chars in zip(cells.entetes, cells.a_droite, widths, strict=True):
            table.add_column(
                Text(heading), justify="right" if right else "left", width=chars, overflow="fold"
            )
        for row in rows:
            table.add_row(*map(Text, row))
        if cells.total is not None:
            table.add_section()
            table.add_row(*map(Text, cells.total))
        console.width = max(width, sum(widths) + frame)
        console.print(table)
        console.width = width
        for line in (_hidden_note(hidden), tableau.pied):
            if line:
                console.print(Text(line))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


_CELL = "padding:2px 8px;border-bottom:1px solid #ddd;"
_ALIGN = {True: "text-align:right;", False: "text-align:left;"}


def _html_row(cells: Sequence[str], right: Sequence[bool], *, tag: str = "td", style: str = "") -> str:
    """One row; the first cell names the row."""
    out = []
    for i, (cell, to_right) in enumerate(zip(cells, right, strict=True)):
        name = "th" if tag == "th" or i == 0 else "td"
        scope = ' scope="col"' if tag == "th" else (' scope="row"' if i == 0 else "")
        weight = "font-weight:normal;" if name == "th" and tag != "th" and not style else ""
        out.append(f'<{name}{scope} style="{_CELL}{_ALIGN[to_right]}{weight}{style}">{escape(cell)}</{name}>')
    return "<tr>" + "".join(out) + "</tr>"


def html_tableau(tableau: Tableau, *, lignes: int | None = None) -> str:
    """One table as HTML: caption, headings with their scope, all text escaped, no script, no style sheet."""
    cells = tableau.cellules()
    rows, hidden = _shown(cells, lignes)
    head = _html_row(cells.entetes, cells.a_droite, tag="th", style="border-bottom:2px solid #555;")
    body = "".join(_html_row(row, cells.a_droite) for row in rows)
    foot = ""
    if cells.total is not None:
        last = _html_row(cells.total, cells.a_droite, style="font-weight:bold;border-top:2px solid #555;")
        foot = f"<tfoot>{last}</tfoot>"
    under = " ".join(line for line in (_hidden_note(hidden), tableau.pied) if line)
    caption = (
        f'<caption style="text-align:left;font-weight:bold;padding:8px 0;">{escape(tableau.titre)}</caption>'
    )
    note = f'<p style="font-size:90%;margin:2px 0 12px;">{escape(under)}</p>' if under else ""
    inside = f"{caption}<thead>{head}</thead><tbody>{body}</tbody>{foot}"
    return f'<table style="border-collapse:collapse;">{inside}</table>{note}'


def html(vue: Vue, *, lignes: int | None = LINES_SHOWN) -> str:
    """The view as a fragment of HTML that stands alone, even in an untrusted notebook."""
    notes = "".join(f"<p>{escape(note)}</p>" for note in vue.notes)
    tables = "".join(html_tableau(t, lignes=lignes) for t in vue.tableaux)
    title = f'<p style="font-size:120%;font-weight:bold;">{escape(vue.titre)}</p>'
    return f'<div class="flux" lang="fr">{title}{notes}{tables}</div>'


class Affichable(Exportable, ABC):
    """What can be looked at: a class says its view and declares its frames, the faces and files follow."""

    @abstractmethod
    def vue(self) -> Vue:
        """What it shows."""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table of the result by the name of its attribute, the main one (`table`) first."""
        return {name: getattr(self, name) for name in declared(self)}

    def __repr__(self) -> str:
        return texte(self.vue())

    def __str__(self) -> str:
        return texte(self.vue())

    def _repr_html_(self) -> str:
        return html(self.vue())
