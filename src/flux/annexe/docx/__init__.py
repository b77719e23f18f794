"""The annex as a Word document: our own French layout, the same bytes twice."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from docx import Document

from flux.annexe.docx.figures import write_figure
from flux.annexe.docx.page import mark, place, prepare, speak_french, turn, write_contents
from flux.annexe.docx.tableaux import is_wide, write_table
from flux.annexe.docx.xml import legal
from flux.annexe.fichiers import stable_zip
from flux.annexe.identite import signed
from flux.rendu import nombres
from flux.rendu.typographie import soigne

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section

MANY_SECTIONS = 8  # more sections want a table of contents
SUMMARY_PICTURE = 8.2  # centimetres: the summary holds on its page
WIDEST = 17.4  # centimetres: wider, the letters of a picture would pass those of the text
INTRODUCTION = 900  # characters
PART_OF_PAGE = 0.75  # height of a page that a picture may take


def render(annexe: Annexe) -> bytes:
    """The whole document: the summary alone on its page; pages lie from the first wide table to the last."""
    document: Any = Document()
    prepare(document, annexe.titre, annexe.bailleur, annexe.date)
    document.add_paragraph(legal(annexe.titre), style="Title")
    document.add_paragraph(
        legal(f"{annexe.bailleur}\nDroit applicable au {nombres.date_longue(annexe.date)}"), style="Subtitle"
    )
    upright, _ = place(False)
    wide = [i for i, section in enumerate(annexe.sections) if is_wide(section, upright)]
    lying = False
    for i, section in enumerate(annexe.sections):
        turned = bool(wide) and wide[0] <= i <= wide[-1]
        # the summary is alone on its page; a page that turns is a new one already
        apart = i == 1 and turned == lying
        if turned != lying:
            turn(document, lying := turned)
        if i == 1 and len(annexe.sections) > MANY_SECTIONS:
            write_contents(document, [s.titre for s in annexe.sections], apart=apart)
            apart = False
        _write_section(document, section, i, lying=lying, apart=apart)
    speak_french(document)
    out = io.BytesIO()
    document.save(out)
    return stable_zip(signed(out.getvalue(), annexe), annexe.date)


def _write_section(document: Any, section: Section, rank: int, *, lying: bool, apart: bool) -> None:
    width, height = place(lying)
    heading = document.add_heading(legal(section.titre), level=1)
    heading.paragraph_format.page_break_before = apart or None  # "no" would untie it in LibreOffice
    mark(heading, rank + 1)
    tables = section.tableaux_de_page
    # sentences that introduce a table or a picture stay with it, as long as they leave it room
    tied = bool(tables or section.illustrations) and not section.puces
    tied = tied and sum(map(len, section.paragraphes)) <= INTRODUCTION
    for sentence in section.paragraphes:
        document.add_paragraph(legal(soigne(sentence))).paragraph_format.keep_with_next = tied
    for sentence in section.puces:
        document.add_paragraph(legal(soigne(sentence)), style="List Bullet")
    tallest = SUMMARY_PICTURE if rank == 0 else height * PART_OF_PAGE
    for picture in section.illustrations:
        write_figure(document, picture, min(width, WIDEST), tallest)
    for tableau in tables:
        write_table(document, tableau, width)
