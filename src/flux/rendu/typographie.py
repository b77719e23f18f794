"""French typography, and characters that would deceive the eye: for the faces that lay text out."""

from __future__ import annotations

import re

from flux.rendu.tableau import LONG_WORD

NO_BREAK = "\u00a0"
PIECE = 20  # characters: what a word too long for a line is cut into
# before a double sign, inside quotes, inside the number of an article or of one of its paragraphs
_HELD = re.compile(r" (?=[:;!?%»€])|(?<=«) |(?<=\bart\.) |(?<=\b[DLR]\.) (?=\d)|(?<=\bal\.) (?=\d)")
# embeddings, overrides and isolates: they turn the text that follows around, beyond the name that holds them
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def soigne(text: str) -> str:
    """`text` with no-break spaces where French holds words together, its marks of direction made visible."""
    return _DIRECTION.sub(lambda found: code_point(found[0]), _HELD.sub(NO_BREAK, text))


def code_point(character: str) -> str:
    """What stands for a character that cannot be shown: U+202E -> "□[U+202E]"."""
    return f"□[U+{ord(character):04X}]"


def pieces(word: str) -> list[str]:
    """The word, or what it is cut into when no line would hold it."""
    step = PIECE if len(word) > LONG_WORD else max(len(word), 1)
    return [word[i : i + step] for i in range(0, len(word), step)]
