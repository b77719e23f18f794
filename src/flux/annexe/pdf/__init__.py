"""The annex as a PDF for everyone: tagged (PDF/UA-1), French, its fonts inside, the same bytes twice.

The texts go to typst as data, in a JSON file that the template reads: none is ever taken for markup.
"""

from __future__ import annotations

import json
import struct
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typst

from flux.annexe.pdf import mise_en_page
from flux.annexe.pdf.polices import FAMILIES, fonts, shown
from flux.rendu import nombres
from flux.rendu.images import DPI
from flux.rendu.typographie import NAMED, NAMED_NOTE

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section
    from flux.rendu.illustration import Illustration

MANY_SECTIONS = 6  # a document of more sections has a table of contents
PICTURE_SCALE = 0.8 * 72 / DPI  # points a pixel: letters of 10 points come out as 8
SUMMARY_PICTURE = 260.0  # points: the height that lets the summary hold on one page
RUNNING = 110  # characters of the line above each page


def render(annexe: Annexe) -> bytes:
    """The whole document: the summary alone on its page; pages lie from the first wide table to the last."""
    template = (files("flux.annexe.pdf") / "annexe.typ").read_bytes()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "annexe.typ").write_bytes(template)
        data = json.dumps(_data(annexe, root), ensure_ascii=False)
        (root / "annexe.json").write_text(data, encoding="utf-8")
        return typst.compile(
            str(root / "annexe.typ"),
            root=str(root),
            font_paths=fonts(),
            ignore_system_fonts=True,
            sys_inputs={"note": NAMED_NOTE if NAMED in data else ""},
            pdf_standards=["ua-1"],
        )


def _data(annexe: Annexe, root: Path) -> dict[str, Any]:
    """What the template lays out; the pictures are written beside it, in `root`."""
    wide = [i for i, section in enumerate(annexe.sections) if mise_en_page.is_wide(section)]
    turned = [bool(wide) and wide[0] <= i <= wide[-1] for i in range(len(annexe.sections))]
    running = f"{annexe.bailleur}, {annexe.titre[0].lower()}{annexe.titre[1:]}"
    return {
        "titre": shown(annexe.titre),
        "bailleur": shown(annexe.bailleur),
        "droit": shown(f"Droit applicable au {nombres.date_longue(annexe.date)}"),
        "courant": shown(running if len(running) <= RUNNING else running[: RUNNING - 1] + "…"),
        "date": [annexe.date.year, annexe.date.month, annexe.date.day],
        "polices": list(FAMILIES),
        "marge": mise_en_page.MARGIN,
        "sommaire": len(annexe.sections) > MANY_SECTIONS,
        "pages": [
            {"couchee": lying, "sections": [_section(annexe.sections[i], lying, root, i == 0) for i in ranks]}
            for lying, ranks in groupby(range(len(turned)), key=turned.__getitem__)
        ],
    }


def _section(section: Section, lying: bool, root: Path, summary: bool) -> dict[str, Any]:
    width = mise_en_page.place(lying)
    height = SUMMARY_PICTURE if summary else 0.75 * mise_en_page.place(not lying)
    return {
        "titre": shown(section.titre),
        "paragraphes": list(map(shown, section.paragraphes)),
        "puces": list(map(shown, section.puces)),
        "illustrations": [_picture(p, width, height, root) for p in section.illustrations],
        "tableaux": [b for t in section.tableaux_de_page for b in mise_en_page.laid_out(t, width)],
    }


def _picture(picture: Illustration, width: float, height: float, root: Path) -> dict[str, Any]:
    """A picture as large as its letters want, within `width` and `height` (points)."""
    name = f"{len(list(root.iterdir()))}.png"
    (root / name).write_bytes(picture.png)
    across, down = struct.unpack(">II", picture.png[16:24])  # pixels, in the first chunk of a PNG
    return {
        "fichier": name,
        "titre": shown(picture.titre),
        "alternative": shown(picture.alternative),
        "largeur": min(width, height * across / down, PICTURE_SCALE * across),
    }
