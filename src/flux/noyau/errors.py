"""What can go wrong, said in French, with where it is and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd


class Gravite(StrEnum):
    """How much an anomaly weighs."""

    BLOQUANT = "bloquant"
    A_VERIFIER = "a_verifier"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomalie:
    """One defect or one repair: what, where, why, what is allowed, how to correct it.

    `code` is stable (tests and programs match it); every other field is for people, but `lignes`: every
    line that it speaks of, when it stands for several.
    """

    code: str
    message: str
    gravite: Gravite = Gravite.BLOQUANT
    fichier: str | None = None
    feuille: str | None = None
    ligne: int | None = None
    colonne: str | None = None
    valeur: str | None = None
    attendu: str = ""
    correction: str = ""
    lignes: Sequence[int] | npt.NDArray[np.int64] = field(default=(), compare=False, repr=False)

    @property
    def lieu(self) -> str:
        """Where it is, as a person would say it."""
        parts = [
            self.fichier,
            self.feuille and f"feuille « {self.feuille} »",
            self.ligne and f"ligne {self.ligne}",
            self.repere,
        ]
        return ", ".join(str(p) for p in parts if p)

    @property
    def repere(self) -> str:
        """The column, or the key of a convention in its section, as a person would look for it."""
        if not self.colonne:
            return ""
        if not self.code.startswith("convention."):
            return f"colonne « {self.colonne} »"
        section, _, key = self.colonne.partition(".")
        return f"section [{section}], clé « {key} »" if key else f"section [{section}]"

    def __str__(self) -> str:
        read = f" (lu : « {self.valeur} »)" if self.valeur not in (None, "") else ""
        head = f"{self.lieu} : " if self.lieu else ""
        tail = "".join(
            f"\n    {t}"
            for t in (
                self.attendu and f"Attendu : {self.attendu}",
                self.correction and f"À faire : {self.correction}",
            )
            if t
        )
        return f"{head}{self.message}{read}{tail}"


def anomalies_table(anomalies: Iterable[Anomalie]) -> pd.DataFrame:
    """One row an anomaly, columns in the order of `Anomalie`, `lignes` left out."""
    columns = [name for name in Anomalie.__dataclass_fields__ if name != "lignes"]
    table = pd.DataFrame([[getattr(a, c) for c in columns] for a in anomalies], columns=columns)
    return table.astype({"ligne": "Int64"})


def near_misses(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> list[str]:
    """The known words that look most like `word`, best first, at most three.

    `cutoff`: the share of letters in common, from 0 to 1, under which two words are not alike.
    """
    return difflib.get_close_matches(word, list(known), n=3, cutoff=cutoff)


class FluxError(Exception):
    """The root of every error raised on purpose. `code` is stable."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class DataError(FluxError):
    """The data cannot be used as they are: every defect at once, in `.table`."""

    LISTED = 20
    html: ClassVar[Callable[[Sequence[Anomalie]], str] | None] = None
    """What draws anomalies in a notebook; `rendu`, a floor above, gives it."""

    def __init__(self, anomalies: Sequence[Anomalie]) -> None:
        self.anomalies = tuple(anomalies)
        nb = len(self.anomalies)
        title = f"{nb} défaut{'s' if nb > 1 else ''} à corriger dans les données"
        lines = [f"{i}. {a}" for i, a in enumerate(self.anomalies[: self.LISTED], start=1)]
        if nb > self.LISTED:
            lines.append(
                f"… et {nb - self.LISTED} autres : la liste entière est dans l'attribut .table de l'erreur."
            )
        code = self.anomalies[0].code if nb == 1 else "donnees.defauts"
        super().__init__("\n".join([f"{title} :", *lines]), code=code)

    @property
    def table(self) -> pd.DataFrame:
        """Every defect, one row each: code, message, gravite, fichier, feuille, ligne, colonne, …"""
        return anomalies_table(self.anomalies)

    def _repr_html_(self) -> str | None:
        draw = type(self).html
        return draw(self.anomalies) if draw else None


class RegleError(FluxError):
    """The law was asked something it does not say: unknown parameter, date before its first value."""


class ConventionError(FluxError):
    """A choice or a stipulation that the convention cannot hold."""


class SolverError(FluxError):
    """The solver did not prove an optimum: never a result."""
