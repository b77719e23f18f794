"""What a page says, whatever its format: sentences and grids of text, in order."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Grille = tuple[tuple[str, ...], ...]
Bloc = str | Grille
"""A sentence (title, caption, paragraph, item of a list, words of a picture), or the rows of a table."""


@dataclass(frozen=True, slots=True)
class Page:
    """A document read back.

    `identite` is what it says of itself to programs, None when it says nothing.
    """

    identite: dict[str, Any] | None
    blocs: tuple[Bloc, ...]


def plain(text: str) -> str:
    """Text without what a word processor may change: kinds and numbers of spaces."""
    return " ".join(text.split())


def aligned(published: Sequence[Any], expected: Sequence[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Ranks that face each other, None where one side has nothing."""
    if len(published) == len(expected):
        yield from ((k, k) for k in range(len(expected)))
        return
    matcher = difflib.SequenceMatcher(None, published, expected)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        for k in range(max(i_end - i, j_end - j)):
            yield (i + k if i + k < i_end else None, j + k if j + k < j_end else None)
