"""A picture that goes out: its caption, what is said of it to who does not see it, and its bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Illustration:
    """One picture.

    Attributes
    ----------
    cle : stable name.
    titre : caption.
    alternative : the same in words, figures included.
    dessin : draws it, on demand.
    """

    cle: str
    titre: str
    alternative: str
    dessin: Callable[[], Figure] = field(repr=False, compare=False)

    @property
    def png(self) -> bytes:
        """The picture as PNG, the same bytes twice."""
        return self._png

    @cached_property
    def _png(self) -> bytes:
        out = io.BytesIO()
        # matplotlib signs with its version otherwise
        self.dessin().savefig(out, format="png", metadata={"Software": None})
        return out.getvalue()
