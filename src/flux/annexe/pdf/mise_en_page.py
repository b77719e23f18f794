"""How a table fits a page: size of letters, widths of columns, blocks of columns where it is too wide."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flux.annexe.pdf.polices import shown
from flux.rendu.tableau import Cellules

if TYPE_CHECKING:
    from flux.annexe.section import Section
    from flux.rendu.tableau import Tableau

SHORT, LONG, MARGIN = 595.28, 841.89, 51.0  # A4 and its margins, in points
CELL, SMALL, LEAST = 8.0, 7.2, 6.4  # points: usual cells, the smallest upright, the smallest of all
CHARACTER = 0.567  # width of a character, in letters' size, its share of capitals counted
PADDING = 9.0  # what a cell adds to its text, in points
MANY, MANY_TEXTS = 9, 2  # columns, and columns of text among them, that want a lying page
WHOLE_LINES = 12  # a row of more lines may run over two pages


def place(couchee: bool) -> float:
    """Width between the margins, in points."""
    return (LONG if couchee else SHORT) - 2 * MARGIN


def is_wide(section: Section) -> bool:
    """True when a table of the section does not fit an upright page, or not in few lines."""
    tables = [_shown(t.cellules()) for t in section.tableaux_de_page]
    return any(
        _needed(cells, SMALL) > place(False)
        or (len(cells.entetes) >= MANY and cells.a_droite.count(False) > MANY_TEXTS)
        for cells in tables
    )


def laid_out(tableau: Tableau, width: float) -> list[dict[str, Any]]:
    """The table as the template takes it: one block, or several that repeat the first column.

    Parameters
    ----------
    width : place on the page, in points.
    """
    blocks = list(_blocks(_shown(tableau.cellules()), width))
    return [
        {
            "titre": shown(tableau.titre + (f" ({i} / {len(blocks)})" if len(blocks) > 1 else "")),
            "pied": shown(tableau.pied) if i == len(blocks) else "",
            **_block(block, width),
        }
        for i, block in enumerate(blocks, start=1)
    ]


def _shown(cells: Cellules) -> Cellules:
    """The same table with its texts as the page shows them."""
    return Cellules(
        entetes=tuple(map(shown, cells.entetes)),
        lignes=tuple(tuple(map(shown, row)) for row in cells.lignes),
        total=None if cells.total is None else tuple(map(shown, cells.total)),
        a_droite=cells.a_droite,
    )


def _needed(cells: Cellules, size: float) -> float:
    """Least width of a table, in points: its words and its numbers are never cut."""
    widths = cells.largeurs(0)
    return sum(widths) * CHARACTER * size + len(widths) * PADDING


def _blocks(cells: Cellules, width: float) -> Iterator[Cellules]:
    """The columns in as few blocks as the smallest letters allow, the first one in each."""
    least = [w * CHARACTER * LEAST + PADDING for w in cells.largeurs(0)]
    chosen: list[int] = []
    for column, need in enumerate(least[1:], start=1):
        if chosen and least[0] + sum(least[i] for i in chosen) + need > width:
            yield _columns(cells, [0, *chosen])
            chosen = []
        chosen.append(column)
    yield _columns(cells, [0, *chosen])


def _columns(cells: Cellules, chosen: list[int]) -> Cellules:
    def pick(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(row[i] for i in chosen)

    return Cellules(
        entetes=pick(cells.entetes),
        lignes=tuple(map(pick, cells.lignes)),
        total=None if cells.total is None else pick(cells.total),
        a_droite=pick(cells.a_droite),
    )


def _block(cells: Cellules, width: float) -> dict[str, Any]:
    nb = len(cells.entetes)
    size = max(LEAST, CELL * min(1.0, width / _needed(cells, CELL)))
    characters = cells.largeurs(int((width - nb * PADDING) / (CHARACTER * size)))
    return {
        "taille": size,
        "largeurs": [w + PADDING / (CHARACTER * size) for w in characters],
        "droite": cells.a_droite,
        "entetes": cells.entetes,
        "lignes": [
            {"cellules": row, "entiere": _lines(row, characters) <= WHOLE_LINES} for row in cells.lignes
        ],
        "total": cells.total,
    }


def _lines(row: tuple[str, ...], characters: tuple[int, ...]) -> int:
    """Lines that a row takes, or nearly."""
    return max(math.ceil(1.15 * len(text) / width) for text, width in zip(row, characters, strict=True))
