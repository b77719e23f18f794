"""The fonts of the PDF, shipped: no font of the machine is used, no character disappears."""

from __future__ import annotations

import functools
from importlib.resources import files
from pathlib import Path

import typst

from flux.rendu import images_polices
from flux.rendu.typographie import code_point, pieces, soigne

FAMILIES = ("Liberation Sans", "DejaVu Sans")
BREAK = "\u200b"  # a line may end there
# ours, narrow enough for tables; matplotlib's, for the other scripts
_OURS, _THEIRS = Path(str(files("flux.annexe.pdf") / "fonts")), images_polices.dejavu()


@functools.cache
def fonts() -> typst.Fonts:
    """The fonts for the compiler, read once."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_OURS, _THEIRS])


@functools.cache
def _known() -> frozenset[int]:
    """The code points that are drawn, in bold as in regular."""
    regular = images_polices.drawn(_OURS / "LiberationSans-Regular.ttf")
    bold = images_polices.drawn(_OURS / "LiberationSans-Bold.ttf")
    regular_too = images_polices.drawn(_THEIRS / "DejaVuSans.ttf")
    bold_too = images_polices.drawn(_THEIRS / "DejaVuSans-Bold.ttf")
    return (regular | regular_too) & (bold | bold_too)


def shown(text: str) -> str:
    """`text` as the PDF holds it: what no font draws is written "□[U+1F984]", a long word may break."""
    known = _known()
    drawn = "".join(c if ord(c) in known or c in "\n\t" else code_point(c) for c in soigne(text))
    return " ".join(BREAK.join(pieces(word)) for word in drawn.split(" "))
