"""French typography, and characters that would deceive the eye: for the faces that lay text out."""

from __future__ import annotations

import re

LONG_WORD = 40  # characters: every face cuts a longer word
PIECE = 20  # characters: what such a word is cut into
NO_BREAK = "\u00a0"
NAMED = "□[U+"
NAMED_NOTE = (
    f"« {NAMED}…] » tient la place d'un caractère qui ne peut pas être montré ou qui retournerait le texte ; "
    "ce qui suit « U+ » est son numéro dans Unicode."
)
# before a double sign, inside quotes, inside the number of an article or of one of its paragraphs
_HELD = re.compile(r" (?=[:;!?%»€])|(?<=«) |(?<=\bart\.) |(?<=\b[DLR]\.) (?=\d)|(?<=\bal\.) (?=\d)")
# embeddings, overrides and isolates: they turn the text that follows around, beyond the name that holds them
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def upright(text: str) -> str:
    """`text` with its marks of direction named: U+202E -> "□[U+202E]"."""
    return _DIRECTION.sub(lambda found: code_point(found[0]), text)


def code_point(character: str) -> str:
    """What stands for a character that cannot be shown: U+202E -> "□[U+202E]"."""
    return f"{NAMED}{ord(character):04X}]"


def soigne(text: str) -> str:
    """`text` with no-break spaces where French holds words together, and its marks of direction named."""
    return _HELD.sub(NO_BREAK, upright(text))


def pieces(word: str) -> list[str]:
    """The word, or what it is cut into when no line would hold it."""
    step = PIECE if len(word) > LONG_WORD else max(len(word), 1)
    return [word[i : i + step] for i in range(0, len(word), step)]
