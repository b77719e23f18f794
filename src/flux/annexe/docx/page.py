"""Page, styles, header, footer, contents of the Word annex; nothing in it owes anything to the clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from flux.annexe.docx.tableaux import CELL
from flux.annexe.docx.xml import child, escaped, field, legal, parsed

FONT = "Arial"
FOOT = "Pied de tableau"  # the only style that python-docx does not have
SHORT, LONG, MARGIN = 21.0, 29.7, 1.8  # centimetres
MOST = 255  # characters of a property
COLOUR = RGBColor(0x1F, 0x4E, 0x79)
SIZES = {
    "Normal": 10.0,
    "Title": 20.0,
    "Subtitle": 12.0,
    "TOC Heading": 14.0,
    "Heading 1": 14.0,
    "Caption": 9.0,
    FOOT: CELL,
    "Header": CELL,
    "Footer": CELL,
}
COLOURED = ("Title", "TOC Heading", "Heading 1")


def place(lying: bool) -> tuple[float, float]:
    """Width and height between the margins, in centimetres."""
    width, height = (LONG, SHORT) if lying else (SHORT, LONG)
    return width - 2 * MARGIN, height - 2 * MARGIN


def prepare(document: Any, titre: str, bailleur: str, jour: dt.date) -> None:
    """Page, styles, header, footer, and the properties."""
    describe(document, titre, bailleur, jour)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(SHORT), Cm(LONG)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(MARGIN)
    page.header_distance = page.footer_distance = Cm(MARGIN / 2)
    styles = document.styles
    styles.add_style(FOOT, WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
    for name, size in SIZES.items():
        style = styles[name]
        style.font.name, style.font.size, style.font.italic = FONT, Pt(size), False
        style.font.color.rgb = COLOUR if name in COLOURED else RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            del fonts.attrib[attribute]
        for attribute in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(attribute), FONT)
    styles["Normal"].paragraph_format.space_after = Pt(6)
    caption, under = styles["Caption"], styles[FOOT].paragraph_format
    caption.paragraph_format.keep_with_next, caption.font.bold = True, True
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(6), Pt(4)
    under.space_before, under.space_after = Pt(2), Pt(12)
    _running(page, titre, bailleur)


def describe(document: Any, titre: str, bailleur: str, jour: dt.date) -> None:
    """The properties of the file, dated `jour`, each as long as the format allows."""
    properties = document.core_properties
    properties.title, properties.author = legal(titre)[:MOST], legal(bailleur)[:MOST]
    properties.language, properties.comments, properties.keywords = "fr-FR", "", ""
    properties.last_modified_by, properties.revision = legal(bailleur)[:MOST], 1
    properties.created = properties.modified = dt.datetime.combine(jour, dt.time())


def speak_french(document: Any) -> None:
    """The language of every style and of the settings."""
    for root in (document.styles.element, document.settings.element):
        for lang in root.iter(qn("w:lang"), qn("w:themeFontLang")):
            lang.set(qn("w:val"), "fr-FR")


def turn(document: Any, lying: bool) -> None:
    """A new page, upright or lying."""
    page = document.add_section()
    page.orientation = WD_ORIENT.LANDSCAPE if lying else WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = (Cm(LONG), Cm(SHORT)) if lying else (Cm(SHORT), Cm(LONG))


def mark(heading: Any, rank: int) -> None:
    """A bookmark that the contents point to."""
    start = child(heading._p, "w:bookmarkStart", id=str(rank), name=f"_Toc{rank:06d}")
    heading._p.insert(1, start)  # after the properties of the paragraph
    child(heading._p, "w:bookmarkEnd", id=str(rank))


def write_contents(document: Any, titres: Sequence[str], *, apart: bool) -> None:
    """A list of links to the sections, a field that Word makes again on request.

    Without page numbers: only the word processor knows them, and it asks before it counts them. `apart`: on a
    new page.
    """
    heading = document.add_paragraph("Sommaire", style="TOC Heading")
    heading.paragraph_format.page_break_before = apart or None  # "no" would untie it in LibreOffice
    for rank, titre in enumerate(titres, start=1):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(1)
        if rank == 1:
            for kind in ("begin", "code", "separate"):
                paragraph._p.append(_toc(kind))
        paragraph._p.append(
            parsed("w:hyperlink", f'<w:r><w:t xml:space="preserve">{escaped(titre)}</w:t></w:r>')
        )
        link = paragraph._p[-1]
        link.set(qn("w:anchor"), f"_Toc{rank:06d}")
        link.set(qn("w:history"), "1")
        if rank == len(titres):
            paragraph._p.append(_toc("end"))


def _toc(kind: str) -> Any:
    """One run of the field of the contents."""
    code = '<w:instrText xml:space="preserve"> TOC \\o "1-1" \\h \\n </w:instrText>'
    return parsed("w:r", code if kind == "code" else f'<w:fldChar w:fldCharType="{kind}"/>')


def _running(page: Any, titre: str, bailleur: str) -> None:
    """Who and when above, "Page x / y" below."""
    header = page.header.paragraphs[0]
    header.text = legal(f"{bailleur}, {titre[0].lower()}{titre[1:]}")
    rule = {"val": "single", "sz": "6", "space": "3", "color": str(COLOUR)}
    child(child(header._p.get_or_add_pPr(), "w:pBdr"), "w:bottom", **rule)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    footer.add_run("Page ")
    field(footer, "PAGE")
    footer.add_run(" / ")
    field(footer, "NUMPAGES")
