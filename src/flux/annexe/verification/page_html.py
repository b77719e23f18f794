"""An HTML page read back: what a browser shows of it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from flux.annexe.identite import NOM
from flux.annexe.verification.blocs import Bloc, Page, plain

_INLINE = {"a", "abbr", "b", "code", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u", "wbr"}
_HIDDEN = {"script", "style", "template"}


def read(content: bytes) -> Page:
    """Its sentences, the words of its pictures, its tables."""
    reader = _Reader()
    reader.feed(content.decode("utf-8", errors="replace"))
    reader.close()
    reader.flush()
    return Page(reader.identite, tuple(reader.blocs))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.identite: dict[str, Any] | None = None
        self.blocs: list[Bloc] = []
        self.text: list[str] = []
        self.rows: list[list[str]] | None = None
        self.cell = False
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "meta" and said.get("name") == NOM:
            self.identite = json.loads(said.get("content") or "null")
        if tag in _HIDDEN:
            self.hidden += 1
        if tag == "img":
            self.flush()
            self.text.append(said.get("alt") or "")
        if tag not in _INLINE:
            self.flush()
        if tag == "table":
            self.rows = []
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self.hidden -= 1
        if tag not in _INLINE:
            self.flush()
        if tag in ("td", "th"):
            self.cell = False
        elif tag == "table" and self.rows is not None:
            self.blocs.append(tuple(map(tuple, self.rows)))
            self.rows = None

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text.append(data)

    def flush(self) -> None:
        """What was read until here is a sentence, or belongs to the cell."""
        said = plain("".join(self.text))
        self.text = []
        if said and self.cell and self.rows:
            self.rows[-1][-1] = plain(f"{self.rows[-1][-1]} {said}")
        elif said:
            self.blocs.append(said)
