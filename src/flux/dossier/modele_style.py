"""How the workbook to fill in looks and resists: formats, drop-down lists, protection, printing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from flux.dossier.modele_contenu import Champ

LAST_ROW = 1_048_575
"""Index of the last line of a sheet."""


class Style:
    """The formats of a workbook, made once."""

    REQUIRED, OPTIONAL, ALERT = "#1F4E79", "#DCE6F1", "#FF9999"
    NOTE: ClassVar[dict[str, Any]] = {"x_scale": 2.4, "y_scale": 1.8, "font_name": "Arial", "font_size": 9}
    FREEDOM: ClassVar[dict[str, bool]] = dict.fromkeys(
        ("format_cells", "format_columns", "format_rows", "insert_rows", "delete_rows", "sort", "autofilter"),
        True,
    )
    """What the protection of the headers leaves free."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.alert = book.add_format({"bg_color": self.ALERT})

    def format(self, **look: Any) -> Any:
        """The format with these properties, made once."""
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"font_name": "Arial", "font_size": 9, **look})
        return self._formats[key]

    def header(self, requis: bool) -> Any:
        """A header: dark when required, pale when optional."""
        look = {"bg_color": self.REQUIRED, "font_color": "#FFFFFF"} if requis else {"bg_color": self.OPTIONAL}
        return self.format(bold=True, border=1, border_color="#BFBFBF", valign="vcenter", **look)

    def free(self, kind: str) -> Any:
        """A cell to fill in, whose number format is `kind`."""
        return self.format(num_format=kind, locked=False)

    def entry(self, kind: str = "@") -> Any:
        """A framed cell to fill in."""
        look = {"border": 1, "border_color": "#BFBFBF", "bg_color": "#FFF2CC", "text_wrap": True}
        return self.format(num_format=kind, locked=False, valign="top", **look)

    def cell(self, **look: Any) -> Any:
        """A framed cell that wraps its text."""
        return self.format(border=1, border_color="#BFBFBF", valign="top", text_wrap=True, **look)


def drop_down(sheet: Any, champ: Champ, first: int, last: int, col: int) -> None:
    """The drop-down list of a column, which refuses other values, or warns where the reader takes more."""
    if not champ.liste:
        return
    allowed = ", ".join(champ.liste)
    sheet.data_validation(
        first,
        col,
        last,
        col,
        {
            "validate": "list",
            "source": list(champ.liste),
            "input_title": _cut(champ.nom, 32),
            "input_message": _cut(champ.sens, 255),
            "error_title": "Valeur inconnue" if champ.stricte else "Valeur hors de la liste",
            "error_message": _cut(
                f"Valeurs possibles : {allowed}."
                if champ.stricte
                else f"Valeurs de la liste : {allowed}. Autres écritures admises : voir la note.",
                255,
            ),
            "error_type": "stop" if champ.stricte else "warning",
        },
    )


def height(texts: Sequence[str], widths: Sequence[int]) -> float:
    """Points that a row of wrapped texts needs, one width a text."""
    lines = max(
        sum(math.ceil(max(len(line), 1) / (width * 1.2)) for line in text.split("\n"))
        for text, width in zip(texts, widths, strict=True)
    )
    return 3 + 12.0 * lines


def page(sheet: Any, nom: str, *, entetes: int | None = None) -> None:
    """A sheet that prints on the width of a page; the row of headers stays in sight."""
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{nom}&RPage &P / &N")
    if entetes is not None:
        sheet.freeze_panes(entetes + 1, 0)
        sheet.repeat_rows(entetes)


def _cut(text: str, most: int) -> str:
    """Excel refuses a longer prompt."""
    return text if len(text) <= most else text[: most - 1] + "…"
