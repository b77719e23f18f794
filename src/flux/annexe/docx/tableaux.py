"""A table in Word: caption, heading repeated on each page, rows, total, what is said under it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flux.annexe.docx.xml import escaped, legal, parsed
from flux.rendu.tableau import Cellules

if TYPE_CHECKING:
    from flux.annexe.section import Section
    from flux.rendu.tableau import Tableau

CELL, SMALL, LEAST = 8.0, 7.2, 6.0  # points: usual cells, the smallest upright, the smallest of all
CHARACTER = 0.16  # width of a character of CELL points, in centimetres, its share of capitals counted
PADDING = 0.42  # what a cell adds to its text: margins left and right, and some slack, in centimetres
SHORT_TABLE = 30  # lines: a table as short is never cut by a page
WHOLE_LINES = 12  # lines: a row as short is never cut by a page; a taller one must be, or its end is lost
MANY, MANY_TEXTS = 9, 2  # columns, and columns of text among them, that want a lying page
TWIPS = 567  # a centimetre
BAND, RULE, STRONG = "DCE6F1", "BFC7D1", "1F4E79"
BORDERS = (
    f'<w:tblBorders><w:top w:val="single" w:sz="8" w:space="0" w:color="{STRONG}"/><w:left w:val="nil"/>'
    f'<w:bottom w:val="single" w:sz="8" w:space="0" w:color="{STRONG}"/><w:right w:val="nil"/>'
    f'<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{RULE}"/><w:insideV w:val="nil"/>'
    "</w:tblBorders>"
)


def is_wide(section: Section, place: float) -> bool:
    """True when a table of the section does not fit `place` (centimetres) in small cells, or in few lines."""
    tables = [t.cellules() for t in section.tableaux_de_page]
    return any(
        _needed(cells) * SMALL / CELL > place
        or (len(cells.entetes) >= MANY and cells.a_droite.count(False) > MANY_TEXTS)
        for cells in tables
    )


def write_table(document: Any, tableau: Tableau, place: float) -> None:
    """The table `place` centimetres wide, in several of its columns, the first one repeated, if it must."""
    body = document.element.body
    for titre, cells, pied in parts(tableau, place):
        document.add_paragraph(legal(titre), style="Caption")
        # the set-up of the page comes last
        body.insert(len(body) - 1, table_xml(cells, place, titre=titre, pied=pied))
        document.add_paragraph(legal(pied), style="Pied de tableau")


def parts(tableau: Tableau, place: float) -> list[tuple[str, Cellules, str]]:
    """Caption, cells and what is said under, for each table that the columns need."""
    cut = list(_cut(tableau.cellules(), place))
    suites = [f" ({rank} / {len(cut)})" if len(cut) > 1 else "" for rank in range(1, len(cut) + 1)]
    under = [""] * (len(cut) - 1) + [tableau.pied]
    return [(tableau.titre + s, c, p) for s, c, p in zip(suites, cut, under, strict=True)]


def table_xml(cells: Cellules, place: float, *, titre: str, pied: str, style: str | None = None) -> Any:
    """The grid as XML: the objects of python-docx take a minute on the matrix of a large département.

    Parameters
    ----------
    place : width, in centimetres.
    titre, pied : what a screen reader says of it.
    style : identifier of a style of table of the document; ours by default.
    """
    nb = len(cells.entetes)
    size = max(LEAST, CELL * min(1.0, place / _needed(cells)))
    characters = cells.largeurs(int((place - nb * PADDING) / (CHARACTER * size / CELL)))
    scale = place / sum(w + PADDING / CHARACTER for w in characters)
    widths = [round((w + PADDING / CHARACTER) * scale * TWIPS) for w in characters]
    rows = [cells.entetes, *cells.lignes, *([cells.total] if cells.total else [])]
    look = f'<w:tblStyle w:val="{escaped(style)}"/>' if style else ""
    written, lines = [], [_lines(row, characters) for row in rows]
    for i, row in enumerate(rows):
        last = cells.total is not None and i == len(rows) - 1
        # the end of a table stays with what is said under it
        tied = i == 0 or sum(lines) <= SHORT_TABLE or i >= len(rows) - 3
        whole = lines[i] <= WHOLE_LINES
        kind = {"heading": i == 0, "total": last, "tied": tied and whole, "whole": whole, "bare": bool(style)}
        written.append(_row(row, cells.a_droite, widths, size, **kind))
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    return parsed(
        "w:tbl",
        f'<w:tblPr>{look}<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f"{'' if style else BORDERS}"
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="80" w:type="dxa"/>'
        '<w:right w:w="80" w:type="dxa"/></w:tblCellMar>'
        f'<w:tblLook w:val="{"04A0" if cells.total is None else "04E0"}" w:firstRow="1" '
        f'w:lastRow="{int(cells.total is not None)}" w:firstColumn="1" w:lastColumn="0" w:noHBand="0" '
        'w:noVBand="1"/>'
        f'<w:tblCaption w:val="{escaped(titre)}"/><w:tblDescription w:val="{escaped(pied)}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(written)}",
    )


def _row(
    texts: tuple[str, ...],
    right: tuple[bool, ...],
    widths: list[int],
    size: float,
    *,
    heading: bool,
    total: bool,
    tied: bool,
    whole: bool,
    bare: bool,
) -> str:
    """One row: numbers on the right, the heading and the total bold on a band; `bare`, a style does it."""
    bold = (heading or total) and not bare
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{BAND}"/>' if bold else ""
    bottom = '<w:vAlign w:val="bottom"/>' if heading else ""
    look = f"<w:rPr>{'<w:b/>' if bold else ''}<w:sz w:val=\"{round(size * 2)}\"/></w:rPr>"
    layout = f'{"<w:keepNext/>" if tied else ""}<w:spacing w:before="20" w:after="20"/>'
    cells = (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}{bottom}</w:tcPr>'
        f'<w:p><w:pPr>{layout}<w:jc w:val="{"right" if to_right else "left"}"/></w:pPr>'
        f'<w:r>{look}<w:t xml:space="preserve">{escaped(text)}</w:t></w:r></w:p></w:tc>'
        for text, to_right, width in zip(texts, right, widths, strict=True)
    )
    kept = "<w:cantSplit/>" if whole else ""
    repeated = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr>{kept}{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _needed(cells: Cellules) -> float:
    """Least width of a table, in centimetres, at the usual size: its words and its numbers are never cut."""
    return sum(_least(cells))


def _least(cells: Cellules) -> list[float]:
    return [w * CHARACTER + PADDING for w in cells.largeurs(0)]


def _lines(row: tuple[str, ...], characters: tuple[int, ...]) -> int:
    """Lines that a row takes, or nearly."""
    cells = zip(map(len, row), characters, strict=True)
    return max(1 if length <= width else math.ceil(1.15 * length / width) for length, width in cells)


def _cut(cells: Cellules, place: float) -> Iterator[Cellules]:
    """The columns in as few tables as the smallest letters allow, the first one in each."""
    least = [(w - PADDING) * LEAST / CELL + PADDING for w in _least(cells)]
    chosen = [0]
    for column in range(1, len(least)):
        if len(chosen) > 1 and sum(least[i] for i in chosen) + least[column] > place:
            yield _columns(cells, chosen)
            chosen = [0]
        chosen.append(column)
    yield _columns(cells, chosen)


def _columns(cells: Cellules, chosen: list[int]) -> Cellules:
    def pick(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(row[i] for i in chosen)

    return replace(
        cells,
        entetes=pick(cells.entetes),
        lignes=tuple(map(pick, cells.lignes)),
        total=None if cells.total is None else pick(cells.total),
        a_droite=pick(cells.a_droite),
    )
