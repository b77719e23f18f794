"""How a column of text is read: a function of one cell, called once for each distinct text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flux.noyau.errors import Gravite

_ZEROS = re.compile(r"(?<=\d)[.,]0+$")


@dataclass(frozen=True, slots=True)
class Repair:
    """A reading that is not what was written: stable code, what was done, in French, and its grade."""

    code: str
    phrase: str
    gravite: Gravite = Gravite.INFORMATION


ABSENCE = Repair("absence", "Valeur qui dit une absence (sans objet, non renseigné), lue comme telle")


@dataclass(frozen=True, slots=True)
class Lu:
    """One cell read: its value, and the repair it took, if it did."""

    valeur: Any
    repair: Repair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """How a cell is read. `lire` raises `ValueError` on what it cannot read; None: text, kept as it is.

    `suspect`: the texts that `lire` has to look at, the others being kept as they are; None: all of them.
    `absents`: texts, in upper case, that say that nothing is known.
    `contraires`: texts that cannot stand in one column (0 is no beside 1, and unknown beside 2).
    `remede`: from a text that `lire` refused, what is wrong with it and what to write; "" when not known.
    `vide`: what to do with an empty cell of a required column.
    """

    dtype: Any
    attendu: str
    lire: Callable[[str], Lu] | None = None
    proches: tuple[str, ...] = ()
    suspect: re.Pattern[str] | None = None
    contraires: frozenset[str] = frozenset()
    absents: frozenset[str] = frozenset()
    remede: Callable[[str], str] | None = None
    vide: str = "Compléter la cellule."


def read_column(
    written: pd.Series, type_: Type
) -> tuple[pd.Series, pd.Series, list[tuple[Repair, pd.Series]]]:
    """Values, mask of what could not be read, and a mask for each kind of repair."""
    if type_.lire is None:
        return written.astype(type_.dtype), pd.Series(False, index=written.index), []
    if type_.suspect is not None and not written.dropna().str.contains(type_.suspect).any():
        return written.astype(type_.dtype), pd.Series(False, index=written.index), []
    codes, distinct = pd.factorize(written)
    opposed = type_.contraires if type_.contraires.issubset(distinct) else frozenset()
    # An absent cell has code -1: the last place, which numpy's negative indexing finds.
    cells = [None if text in opposed else _read(type_.lire, text) for text in distinct]
    cells.append(Lu(None))
    typed = pd.Series([None if cell is None else cell.valeur for cell in cells], dtype=type_.dtype)
    values = typed.iloc[codes].set_axis(written.index)

    def where(flags: Iterable[bool]) -> pd.Series:
        return pd.Series(np.fromiter(flags, dtype=bool)[codes], index=written.index)

    seen = dict.fromkeys(cell.repair for cell in cells if cell is not None and cell.repair is not None)
    repairs = [
        (repair, where(cell is not None and cell.repair == repair for cell in cells)) for repair in seen
    ]
    return values, where(cell is None for cell in cells), repairs


def _read(lire: Callable[[str], Lu], text: str) -> Lu | None:
    try:
        return lire(text)
    except ValueError:
        return None


def absent_in(written: pd.Series, absents: frozenset[str]) -> pd.Series:
    """Where a text of `absents` is written, whatever its case; `9999,0` is `9999`."""
    if not absents:
        return pd.Series(False, index=written.index)
    words = written.dropna().unique().tolist()
    return written.isin([word for word in words if _ZEROS.sub("", word.upper()) in absents])
