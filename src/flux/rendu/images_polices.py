"""The fonts that come with matplotlib, and what a font draws."""

from __future__ import annotations

from pathlib import Path


def dejavu() -> Path:
    """The folder that holds DejaVu Sans: Latin, Greek, Cyrillic, Hebrew, Arabic, some pictograms."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def drawn(font: Path) -> frozenset[int]:
    """The code points that the font of a file draws."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font)).get_charmap())
