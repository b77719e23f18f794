"""Blocks set in a document that is not ours: they take its styles where it has them."""

from __future__ import annotations

from typing import Any

from docx.oxml.ns import qn

from flux.annexe.docx.figures import place_picture
from flux.annexe.docx.tableaux import parts, table_xml
from flux.annexe.docx.xml import legal
from flux.annexe.section import Section
from flux.rendu.illustration import Illustration
from flux.rendu.tableau import Tableau
from flux.rendu.typographie import soigne

EMU = 360_000  # a centimetre
PART_OF_PAGE = 0.7  # height of a page that a picture may take
STYLE_TABLEAU = "Tableau annexe"
"""The style of table that a model declares for its tables; without it, they have our look."""


class Poseur:
    """Sets sections, tables and pictures before a paragraph, and takes the paragraph away."""

    def __init__(self, document: Any) -> None:
        self.document = document
        names = {style.name: style for style in document.styles}
        self.heading, self.caption, self.bullet = (
            names.get(name) for name in ("Heading 1", "Caption", "List Bullet")
        )
        self.table = names[STYLE_TABLEAU].style_id if STYLE_TABLEAU in names else None

    def set(self, place: Any, block: Section | Tableau | Illustration | None) -> None:
        """`block` in the place of the paragraph; nothing when the annex does not have it."""
        width, height = self._room(place)
        match block:
            case Section():
                self._section(place, block, width, height)
            case Tableau():
                self._tableau(place, block, width)
            case Illustration():
                self._picture(place, block, width, height)
        element = place._p
        parent = element.getparent()
        if parent.tag == qn("w:tc") and len(parent.findall(qn("w:p"))) == 1:
            for child in list(element):  # a cell holds a paragraph at least
                if child.tag != qn("w:pPr"):
                    element.remove(child)
        else:
            parent.remove(element)

    def _section(self, place: Any, section: Section, width: float, height: float) -> None:
        self._text(place, section.titre, self.heading)
        for sentence in section.paragraphes:
            self._text(place, soigne(sentence))
        for sentence in section.puces:
            self._text(place, soigne(sentence), self.bullet)
        for picture in section.illustrations:
            self._picture(place, picture, width, height)
        for tableau in section.tableaux_de_page:
            self._tableau(place, tableau, width)

    def _tableau(self, place: Any, tableau: Tableau, width: float) -> None:
        for titre, cells, pied in parts(tableau, width):
            self._text(place, titre, self.caption).paragraph_format.keep_with_next = True
            place._p.addprevious(table_xml(cells, width, titre=titre, pied=pied, style=self.table))
            self._text(place, pied)

    def _picture(self, place: Any, picture: Illustration, width: float, height: float) -> None:
        paragraph = self._text(place, "")
        paragraph.paragraph_format.keep_with_next = True
        place_picture(paragraph.add_run(), picture, width, height * PART_OF_PAGE)
        self._text(place, picture.titre, self.caption)

    def _text(self, place: Any, text: str, style: Any = None) -> Any:
        """A paragraph of the model's own look, unless it has the style."""
        return place.insert_paragraph_before(legal(text), style)

    def _room(self, place: Any) -> tuple[float, float]:
        """Width and height that the paragraph has, in centimetres: those of its cell or of its page."""
        page = _section_of(self.document, place._p)
        width = page.page_width - page.left_margin - page.right_margin
        height = page.page_height - page.top_margin - page.bottom_margin
        cell = next(place._p.iterancestors(qn("w:tc")), None)
        if cell is not None and cell.width is not None:
            width = min(width, cell.width)
        return width / EMU, height / EMU


def _section_of(document: Any, element: Any) -> Any:
    """The section of the document in which an element stands."""
    body = document.element.body
    rank = _rank(body, element)
    return next(page for page in document.sections if _rank(body, page._sectPr) >= rank)


def _rank(body: Any, element: Any) -> int:
    """The rank in the body of what holds an element."""
    while element.getparent() is not body:
        element = element.getparent()
    return int(body.index(element))
