"""The annex as a Word document: our own French layout, the same bytes twice."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from flux.annexe.fichiers import stable_zip
from flux.rendu import nombres

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section
    from flux.rendu.tableau import Cellules
    from flux.rendu.vue import Tableau

FONT = "Arial"
SHORT, LONG, MARGIN = 21.0, 29.7, 1.8  # centimetres
TEXT, CELL, SMALL, LEAST = 10.0, 8.0, 7.2, 5.0  # points: sentences, cells, and how small cells may get
CHARACTER = 0.16  # width of a character of CELL points, in centimetres, its share of capitals counted
PADDING = 0.42  # what a cell adds to its text: margins left and right, and some slack, in centimetres
SHORT_TABLE = 25  # rows: a table as short is never cut by a page
MANY, MANY_TEXTS = 9, 2  # columns, and columns of text among them, that want a lying page
COLOUR, BAND = RGBColor(0x1F, 0x4E, 0x79), "DCE6F1"


def render(annexe: Annexe) -> bytes:
    """The whole document: the summary alone on its page; pages lie from the first wide table to the last."""
    document: Any = Document()
    _prepare(document, annexe)
    document.add_paragraph(annexe.titre, style="Title")
    document.add_paragraph(
        f"{annexe.bailleur}\nDroit applicable au {nombres.date_longue(annexe.date)}", style="Subtitle"
    )
    wide = [i for i, section in enumerate(annexe.sections) if _is_wide(section)]
    lying = False
    for i, section in enumerate(annexe.sections):
        turned = bool(wide) and wide[0] <= i <= wide[-1]
        if turned != lying:
            _turn(document, lying := turned)
        elif i == 1:
            document.add_page_break()
        _write_section(document, section, (LONG if lying else SHORT) - 2 * MARGIN)
    for root in (document.styles.element, document.settings.element):
        for lang in root.iter(qn("w:lang"), qn("w:themeFontLang")):
            lang.set(qn("w:val"), "fr-FR")
    out = io.BytesIO()
    document.save(out)
    return stable_zip(out.getvalue(), annexe.date)


def _prepare(document: Any, annexe: Annexe) -> None:
    """Page, styles, header, footer, and properties that owe nothing to the clock."""
    properties = document.core_properties
    properties.title, properties.author = annexe.titre, annexe.bailleur
    properties.language, properties.comments, properties.keywords = "fr-FR", "", ""
    properties.last_modified_by, properties.revision = annexe.bailleur, 1
    properties.created = properties.modified = dt.datetime.combine(annexe.date, dt.time())
    page = document.sections[0]
    page.page_width, page.page_height = Cm(SHORT), Cm(LONG)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(MARGIN)
    page.header_distance = page.footer_distance = Cm(MARGIN / 2)
    for name, size in (
        ("Normal", TEXT),
        ("Title", 20),
        ("Subtitle", 12),
        ("Heading 1", 14),
        ("Caption", 9),
        ("Header", CELL),
        ("Footer", CELL),
    ):
        style = document.styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        style.font.italic = False
        style.font.color.rgb = COLOUR if name in ("Title", "Heading 1") else RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            del fonts.attrib[attribute]
        for attribute in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(attribute), FONT)
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    document.styles["Caption"].paragraph_format.keep_with_next = True
    document.styles["Caption"].font.bold = True
    _running(document.sections[0], annexe)


def _running(page: Any, annexe: Annexe) -> None:
    """Who and when above, "Page x / y" below."""
    header = page.header.paragraphs[0]
    header.text = f"{annexe.bailleur}, {annexe.titre[0].lower()}{annexe.titre[1:]}"
    rule = {"w:val": "single", "w:sz": "6", "w:space": "3", "w:color": str(COLOUR)}
    _child(_child(header._p.get_or_add_pPr(), "w:pBdr"), "w:bottom", **rule)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    footer.add_run("Page ")
    _field(footer, "PAGE")
    footer.add_run(" / ")
    _field(footer, "NUMPAGES")


def _field(paragraph: Any, code: str) -> None:
    """A field that the word processor fills in; "1" until it does."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _turn(document: Any, lying: bool) -> None:
    """A new page, upright or lying."""
    page = document.add_section()
    page.orientation = WD_ORIENT.LANDSCAPE if lying else WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = (Cm(LONG), Cm(SHORT)) if lying else (Cm(SHORT), Cm(LONG))


def _write_section(document: Any, section: Section, place: float) -> None:
    document.add_heading(section.titre, level=1)
    for sentence in section.paragraphes:
        document.add_paragraph(sentence).paragraph_format.keep_with_next = bool(section.tableaux)
    for sentence in section.puces:
        document.add_paragraph(sentence, style="List Bullet")
    for tableau in section.tableaux:
        _write_table(document, tableau, place)


def _is_wide(section: Section) -> bool:
    """True when a table of the section does not fit an upright page in small cells, or not in few lines."""
    tables = [t.cellules() for t in section.tableaux]
    return any(
        _needed(cells) * SMALL / CELL > SHORT - 2 * MARGIN
        or (len(cells.entetes) >= MANY and cells.a_droite.count(False) > MANY_TEXTS)
        for cells in tables
    )


def _needed(cells: Cellules) -> float:
    """Least width of a table, in centimetres, at the usual size: its words and its numbers are never cut."""
    widths = cells.largeurs(0)
    return sum(widths) * CHARACTER + len(widths) * PADDING


def _write_table(document: Any, tableau: Tableau, place: float) -> None:
    """Caption, heading repeated on each page, rows, total, and what is said under it."""
    cells = tableau.cellules()
    document.add_paragraph(tableau.titre, style="Caption")
    nb = len(cells.entetes)
    size = max(LEAST, CELL * min(1.0, place / _needed(cells)))
    characters = (place - nb * PADDING) / (CHARACTER * size / CELL)
    widths = cells.largeurs(int(characters))
    scale = place / sum(w + PADDING / CHARACTER for w in widths)
    rows = [cells.entetes, *cells.lignes, *([cells.total] if cells.total else [])]
    table = document.add_table(rows=0, cols=nb)
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm((width + PADDING / CHARACTER) * scale)
    sizes = [column.width for column in table.columns]
    body = table._tbl
    margins = _child(body.tblPr, "w:tblCellMar")
    for side in ("left", "right"):
        _child(margins, f"w:{side}", **{"w:w": "57", "w:type": "dxa"})
    written = []
    for i, row in enumerate(rows):
        heading, last = i == 0, cells.total is not None and i == len(rows) - 1
        # the end of a table stays with what is said under it
        tied = heading or len(rows) <= SHORT_TABLE or i >= len(rows) - 3
        written.append(
            _row(row, cells.a_droite, sizes, size, bold=heading or last, heading=heading, tied=tied)
        )
    body.extend(parse_xml(f"<w:tbl {nsdecls('w')}>{''.join(written)}</w:tbl>").tr_lst)
    under = document.add_paragraph(tableau.pied)
    under.paragraph_format.space_before, under.paragraph_format.space_after = Pt(2), Pt(12)
    for run in under.runs:
        run.font.size = Pt(CELL)


def _row(
    texts: tuple[str, ...],
    right: tuple[bool, ...],
    widths: list[Any],
    size: float,
    *,
    bold: bool,
    heading: bool,
    tied: bool,
) -> str:
    """One row as XML: the objects of python-docx take a minute on the matrix of a large département."""
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{BAND}"/>' if bold else ""
    look = f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="{round(size * 2)}"/></w:rPr>'
    layout = f'{"<w:keepNext/>" if tied else ""}<w:spacing w:before="20" w:after="20"/>'
    cells = (
        f'<w:tc><w:tcPr><w:tcW w:w="{round(width / 635)}" w:type="dxa"/>{shade}</w:tcPr>'
        f'<w:p><w:pPr>{layout}<w:jc w:val="{"right" if to_right else "left"}"/></w:pPr>'
        f'<w:r>{look}<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'
        for text, to_right, width in zip(texts, right, widths, strict=True)
    )
    repeated = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _child(parent: Any, name: str, **attributes: str) -> Any:
    child = OxmlElement(name)
    for key, value in attributes.items():
        child.set(qn(key), value)
    parent.append(child)
    return child
