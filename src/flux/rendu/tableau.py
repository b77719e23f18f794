"""A captioned table: the values as computed, and the same as the text that every face lays out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from flux.rendu import glossaire
from flux.rendu.typographie import LONG_WORD

# A line may end after a space or a hyphen, not after a no-break space.
_WORD = re.compile(r"[^ -]+-*|-+")


@dataclass(frozen=True, slots=True)
class Colonne:
    """A column to show: its name in the frame, and the glossary key or the heading when they differ."""

    nom: str
    cle: str = ""
    libelle: str = ""

    @property
    def terme(self) -> glossaire.Terme:
        """Its entry in the glossary."""
        return glossaire.terme(self.cle or self.nom)

    @property
    def unite(self) -> str:
        """Its unit, "" where the value says it (a share is written with its %)."""
        return "" if self.terme.format is glossaire.Format.PART else self.terme.unite

    def write(self, value: Any) -> str:
        """`value` as people read it."""
        return glossaire.format(self.cle or self.nom, value)


@dataclass(frozen=True, slots=True)
class Cellules:
    """A table as text: what every writer lays out."""

    entetes: tuple[str, ...]
    lignes: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None
    a_droite: tuple[bool, ...]

    def largeurs(self, place: int) -> tuple[int, ...]:
        """Characters of each column within `place`, more if its words and its numbers need more.

        Columns of text give way, one character at a time, where it costs the fewest lines; no number is cut,
        nor a word of less than `LONG_WORD`.
        """
        columns = list(zip(*self.lignes, *([self.total] if self.total else []), strict=True))
        least, wide, lengths = [], [], []
        for heading, cells, number in zip(
            self.entetes, columns or [()] * len(self.entetes), self.a_droite, strict=True
        ):
            words = [len(w) for text in set(() if number else cells) for w in _WORD.findall(text)]
            # a heading is bold: its words are a little wider
            words += [len(w) + 1 for w in _WORD.findall(heading)]
            words = [min(n, LONG_WORD) for n in words]
            whole = [len(c) for c in (cells if number else (heading, *cells))]
            # a usual cell takes two lines at most, unless it is as long as a page
            usual = math.sqrt(sum(n**2 for n in whole) / max(len(whole), 1))
            floor = max(whole, default=0) if number else min(math.ceil(usual / 2), LONG_WORD)
            least.append(max([1, floor, *words]))
            wide.append(max(least[-1], min(place, max(whole, default=0))))
            lengths.append(np.array([len(heading), *map(len, cells)]))
        lines = [_lines(n, w) for n, w in zip(lengths, wide, strict=True)]
        while sum(wide) > place:
            loose = [i for i, floor in enumerate(least) if wide[i] > floor]
            if not loose:
                break
            height = np.maximum.reduce(lines)
            narrowed = {i: _lines(lengths[i], wide[i] - 1) for i in loose}
            best = min(loose, key=lambda i: (int(np.maximum(height, narrowed[i]).sum()), -wide[i]))
            wide[best] -= 1
            lines[best] = narrowed[best]
        return tuple(wide)


def _lines(lengths: np.ndarray[Any, np.dtype[np.int64]], width: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Lines that texts of these lengths take in `width`: a line that ends between two words loses some."""
    return np.where(lengths <= width, 1, np.ceil(1.15 * lengths / width)).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Tableau:
    """A captioned table.

    Attributes
    ----------
    cle : stable name in what goes out ("taux.quotas"); "" where nobody refers to it.
    titre : caption.
    frame : the values, as computed.
    colonnes : columns to show, in order: names of the frame, or `Colonne` when the heading differs.
    total : True adds up the columns of counts; a mapping (column -> value) gives the row itself.
    article, note : said under the table, after the unit.
    detail : a row a right, a dwelling or a crossing: where it is long, pages leave it to the workbook.
    """

    cle: str = ""
    titre: str
    frame: pd.DataFrame = field(repr=False)
    colonnes: Sequence[str | Colonne]
    total: bool | Mapping[str, Any] = False
    article: str = ""
    note: str = ""
    detail: bool = False

    @property
    def specs(self) -> tuple[Colonne, ...]:
        """The columns, each as a `Colonne`."""
        return tuple(c if isinstance(c, Colonne) else Colonne(c) for c in self.colonnes)

    @property
    def totaux(self) -> Mapping[str, Any] | None:
        """The value of the total row by column, None without one."""
        if self.total is False:
            return None
        if self.total is not True:
            return self.total
        summed = [c.nom for c in self.specs if c.terme.format.se_somme]
        known = {nom: self.frame[nom].dropna() for nom in summed}
        return {nom: c.sum() if len(c) or self.frame.empty else None for nom, c in known.items()}

    @property
    def unite(self) -> str:
        """The unit that all its columns share, "" when they differ: the headings then say it."""
        unites = {c.unite for c in self.specs if c.unite}
        return unites.pop() if len(unites) == 1 else ""

    @property
    def pied(self) -> str:
        """What is said under the table, in one line."""
        parts = [
            self.unite and f"Unité : {self.unite}.",
            self.article and f"Texte : {self.article}.",
            self.note,
        ]
        return " ".join(p for p in parts if p)

    def cellules(self) -> Cellules:
        """The table as text, written once: every writer and every measure of its width asks for it."""
        return self._cellules

    @cached_property
    def _cellules(self) -> Cellules:
        specs = self.specs
        columns = [[c.write(v) for v in self.frame[c.nom].tolist()] for c in specs]
        totals = self.totaux
        total = None
        if totals is not None:
            total = ("Total", *(c.write(totals[c.nom]) if c.nom in totals else "" for c in specs[1:]))
        return Cellules(
            entetes=tuple(
                f"{label} ({c.unite})" if c.unite and not self.unite else label
                for c in specs
                for label in [c.libelle or c.terme.libelle]
            ),
            lignes=tuple(zip(*columns, strict=True)),
            total=total,
            a_droite=tuple(c.terme.format.est_nombre for c in specs),
        )
