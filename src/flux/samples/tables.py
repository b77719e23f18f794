"""The tables of a dossier before they are written: a frozen value, and how its frames are typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

# What a column holds follows from its name; every other column is text.
BOOLEANS = frozenset({"qpv", "conventionne", "obligation_25", "carencee", "zone_tendue"})
DECIMALS = frozenset({"surface", "loyer", "part", "taux", "solde"})
COUNTS = frozenset({"nb", "annee", "annee_construction", "annee_mise_location", "annee_prevue", "occupation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """A dossier in memory.

    Attributes
    ----------
    nom : name of the dossier, hence of its folder.
    frames : the tables by name, in the order in which they are written.
    convention : sections of `convention.toml`, each a mapping of keys to values.
    """

    nom: str
    frames: Mapping[str, pd.DataFrame]
    convention: Mapping[str, Mapping[str, Any]]

    def __getattr__(self, name: str) -> pd.DataFrame:
        """`tables.logements` is `tables.frames["logements"]`."""
        try:
            return self.frames[name]
        except KeyError:
            raise AttributeError(name) from None


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The same columns with the types of a dossier: yes/no, count, decimal, date or text."""
    return frame.astype({column: _dtype(column) for column in frame.columns})


def frame(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """A typed frame from rows of Python values; `None` is an absence."""
    return typed(pd.DataFrame(list(rows), columns=list(columns), dtype=object))


def _dtype(column: str) -> str:
    if column in BOOLEANS:
        return "boolean"
    if column in DECIMALS:
        return "float64"
    if column in COUNTS:
        return "Int64"
    if column == "date" or column.startswith("date_"):
        return "datetime64[s]"
    return "object"
