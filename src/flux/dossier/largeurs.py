"""How many cells each line of a csv file has: a line too long or too short shifts its cells without a word.

pandas fills a short line with absences, and cuts a long one when only some columns are read.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source, line_ranges
from flux.noyau.tables import MOST

Counts = npt.NDArray[np.int32]
_LINE, _QUOTE = ord("\n"), ord('"')
INCONNU = -1
"""Count of a line whose quotes are not in pairs: a cell over several lines, or a stray quote."""


class Compteur:
    """Counts the cells of each line, block of bytes after block of bytes."""

    def __init__(self, separateur: str) -> None:
        self.separator = ord(separateur)
        self.rest = b""
        self.parts: list[Counts] = []
        self.quoted = False

    def add(self, block: bytes) -> None:
        """Take the next bytes of the file."""
        end = block.rfind(b"\n") + 1
        if end:
            self._count(self.rest + block[:end])
            self.rest = block[end:]
        else:
            self.rest += block

    def counts(self) -> Counts:
        """Cells of each line, the first of the file first; 0 for a blank one."""
        if self.rest:
            self._count(self.rest + b"\n")
            self.rest = b""
        return np.concatenate(self.parts) if self.parts else np.empty(0, dtype=np.int32)

    def _count(self, lines: bytes) -> None:
        chars = np.frombuffer(lines, dtype=np.uint8)
        ends = np.flatnonzero(chars == _LINE)
        length = np.diff(ends, prepend=-1)
        separators = chars == self.separator
        odd: npt.NDArray[np.bool_] = np.zeros(len(ends), dtype=bool)
        if b'"' in lines:
            self.quoted = True
            quotes = np.cumsum(chars == _QUOTE)
            before = np.concatenate([[0], quotes[ends[:-1]]])
            odd = (quotes[ends] - before) % 2 == 1
            separators &= (quotes - np.repeat(before, length)) % 2 == 0
        total = np.cumsum(separators)[ends]
        cells = np.diff(total, prepend=0) + 1
        blank = (length == 1) | ((length == 2) & (chars[ends - 1] == ord("\r")))
        self.parts.append(np.where(odd, INCONNU, np.where(blank, 0, cells)).astype(np.int32))


def irregular(cells: Compteur, premiere: int, width: int, source: Source) -> Iterator[Anomalie]:
    """A defect at each line that has not the cells of the header.

    Parameters
    ----------
    premiere : first line of data.
    width : cells of the header. A separator more at the end of nearly every line is accepted.

    Where the file has quotes, a short line may be the middle of a cell: only the last one is a defect.
    """
    counts = cells.counts()
    body = counts[premiere - 1 :]
    known = body[body > 0]
    if not len(known):
        return
    usual = int(np.bincount(known).argmax())
    width = usual if usual == width + 1 else width
    short = (body > 0) & (body < width)
    if cells.quoted:
        short[:-1] = False
    for code, wrong, remedy in (
        ("en_trop", body > width, "Mettre entre guillemets la cellule qui contient le séparateur."),
        ("manquantes", short, "Compléter la ligne, ou refaire l'extraction."),
    ):
        lines = np.flatnonzero(wrong) + premiere
        for line in lines[:MOST].tolist():
            yield Anomalie(
                code=f"fichier.cellules_{code}",
                fichier=source.fichier,
                ligne=line,
                message=f"La ligne a {counts[line - 1]} cellules, l'en-tête en a {width}",
                correction=remedy,
            )
        if len(lines) > MOST:
            yield Anomalie(
                code=f"fichier.cellules_{code}",
                fichier=source.fichier,
                message=f"{len(lines) - MOST} autres lignes sont dans ce cas : "
                f"{line_ranges(lines[MOST:].tolist())}",
                correction=remedy,
            )
