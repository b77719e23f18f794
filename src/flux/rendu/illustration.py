"""A picture that goes out: its caption, what is said of it to who does not see it, and its bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from flux.noyau.errors import FluxError, near_misses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

E = TypeVar("E", bound=StrEnum)


def member(enum: type[E], asked: str) -> E:
    """The member of `enum` that has this value, or a `FluxError` (code "image.inconnue") that names them."""
    known = [m.value for m in enum]
    if asked not in known:
        close = near_misses(asked, known)
        hint = f"Vouliez-vous dire « {close[0]} » ?" if close else f"Images possibles : {', '.join(known)}."
        raise FluxError(f"Aucune image « {asked} ». {hint}", code="image.inconnue")
    return enum(asked)


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
        out, figure = io.BytesIO(), self.dessin()
        figure.suptitle("")  # the caption says it
        # matplotlib signs with its version otherwise
        figure.savefig(out, format="png", metadata={"Software": None})
        return out.getvalue()
