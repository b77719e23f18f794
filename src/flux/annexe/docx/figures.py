"""A picture in Word: its size on the page, its words for who does not see it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm

from flux.annexe.docx.xml import legal

if TYPE_CHECKING:
    from flux.rendu.illustration import Illustration


def write_figure(document: Any, picture: Illustration, width: float, height: float) -> None:
    """The picture within `width` by `height` (centimetres), then its caption, on the same page."""
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.keep_with_next = True
    place_picture(paragraph.add_run(), picture, width, height)
    caption = document.add_paragraph(legal(picture.titre), style="Caption")
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # the caption of a table stays with its table, that of a picture ends its block
    caption.paragraph_format.keep_with_next = False


def place_picture(run: Any, picture: Illustration, width: float, height: float) -> Any:
    """The picture in `run`, as large as `width` by `height` allow; returns the inline shape."""
    shape = run.add_picture(io.BytesIO(picture.png), width=Cm(width))
    if shape.height > Cm(height):
        shape.width, shape.height = round(shape.width * Cm(height) / shape.height), Cm(height)
    described = shape._inline.docPr
    described.set("descr", legal(picture.alternative))
    described.set("title", legal(picture.titre))
    return shape
