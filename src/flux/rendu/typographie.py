"""French typography, and characters that would deceive the eye: for the faces that lay text out."""

from __future__ import annotations

import re

NO_BREAK = "\u00a0"
# embeddings, overrides and isolates: they turn the text that follows around, beyond the name that holds them
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BEFORE = re.compile(r" (?=[:;!?%»€])")


def soigne(text: str) -> str:
    """`text` with its no-break spaces, and its marks of direction as `code_point` shows them.

    No character is added or taken away: « a : b » keeps its colon at the end of its line.
    """
    held = _BEFORE.sub(NO_BREAK, text).replace("« ", f"«{NO_BREAK}")
    return _DIRECTION.sub(lambda found: code_point(found[0]), held)


def code_point(character: str) -> str:
    """What stands for a character that cannot be shown: U+202E -> "□[U+202E]"."""
    return f"□[U+{ord(character):04X}]"
