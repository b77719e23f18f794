"""A matplotlib figure that a notebook shows by itself, without pyplot nor `%matplotlib`."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Image(Figure):
    """A `Figure` that is its own PNG."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", metadata={"Software": None})
        return stream.getvalue()
