"""A matplotlib figure that a notebook shows by itself, without pyplot nor `%matplotlib`."""

from __future__ import annotations

import io
import warnings
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text


class Image(Figure):
    """A `Figure` that is its own PNG, and takes names as they are."""

    def draw(self, renderer: Any) -> None:
        """Draw; "$" opens no formula, and a letter that the font does not have is a box, not a warning."""
        for text in self.findobj(Text):
            text.set_parse_math(False)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            super().draw(renderer)

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", metadata={"Software": None})
        return stream.getvalue()
