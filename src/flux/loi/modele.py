"""The shape of a parameter file: no value without an article, a unit, a date and a status."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Valeur = Fraction | int | bool | dt.date | str | tuple[str, ...]

# The first word of a unit says what its values are; the rest is for people ("part du flux annuel").
# "jour" is a day of every year, written "MM-JJ".
TYPES: Mapping[str, type] = {
    "part": Fraction,
    "ans": int,
    "mois": int,
    "jours": int,
    "nombre": int,
    "oui/non": bool,
    "date": dt.date,
    "jour": str,
    "texte": str,
    "liste": tuple,
}


class Statut(StrEnum):
    """How far the text behind a value was read; `projet` is a bill, not the law."""

    VERIFIE = "verifie"
    PARTIEL = "partiel"
    NON_VERIFIE = "non_verifie"
    PROJET = "projet"


def read_value(written: object) -> object:
    """What was written, as the law means it: a decimal is an exact fraction, a list does not change."""
    match written:
        case float():
            return Fraction(repr(written))
        case Decimal():
            return Fraction(written)
        case list():
            return tuple(written)
        case _:
            return written


def check_value(valeur: object, unite: str) -> Valeur:
    """Hold a value to its unit.

    Raises
    ------
    ValueError
        In French: a value of another kind than its unit's, a share outside [0, 1], a negative duration.
    """
    kind = unite.split()[0]
    match valeur:
        case Fraction() if kind == "part" and not 0 <= valeur <= 1:
            raise ValueError(f"une part est comprise entre 0 et 1, et non {float(valeur)!r}")
        case int() if TYPES[kind] is int and valeur < 0:
            raise ValueError(f"une durée, un nombre n'est pas négatif : {valeur}")
        case str() if kind == "jour" and not _DAY.fullmatch(valeur):
            raise ValueError(f"un jour de l'année s'écrit MM-JJ (02-28), et non {valeur!r}")
        case Fraction() | int() | dt.date() | str() | tuple() if type(valeur) is TYPES[kind]:
            return valeur
    raise ValueError(f"« {unite} » attend {_WANTED[TYPES[kind]]}, et non {valeur!r}")


_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_WANTED: Mapping[type, str] = {
    Fraction: "un nombre décimal (0.30, 1.0)",
    int: "un nombre entier",
    bool: "true ou false",
    dt.date: "une date (2020-02-22, sans guillemets)",
    str: "un texte",
    tuple: "une liste de textes",
}


class _Ecrit(BaseModel):
    """What is written in a file: frozen, and a word that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(_Ecrit):
    """The text that founds a value; `href` only where the address is certain.

    `alineas` names paragraphs of article L. 441-1, whose numbers change with the date (see `alineas.py`).
    """

    titre: Annotated[str, Field(min_length=1)]
    href: Annotated[str, Field(pattern="^https://")] | None = None
    alineas: tuple[str, ...] = ()


class Version(_Ecrit):
    """A value, since when, until when, and what founds it.

    `jusqu_a` is its last day where nothing replaced it; `citation` the sentence of the article, where it
    was read.
    """

    depuis: dt.date
    jusqu_a: dt.date | None = None
    valeur: Annotated[Valeur, BeforeValidator(read_value)]
    statut: Statut
    references: Annotated[tuple[Reference, ...], Field(min_length=1)]
    citation: str = ""


class Fiche(_Ecrit):
    """A parameter through time: what it is, its unit, and its values from the oldest to the newest.

    `theme` is the title of its file; `revoir_avant` the day by which someone should read its texts again;
    `calcul` is true where a computation of the library reads it, false where it is told, not computed with.
    """

    theme: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
    unite: Annotated[str, Field(pattern=rf"^({'|'.join(map(re.escape, TYPES))})( |$)")]
    revoir_avant: dt.date
    calcul: bool = False
    valeurs: Annotated[tuple[Version, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _coherent(self) -> Fiche:
        for version in self.valeurs:
            check_value(version.valeur, self.unite)
        dates = [v.depuis for v in self.valeurs]
        if dates != sorted(set(dates)):
            raise ValueError("les valeurs vont de la plus ancienne à la plus récente, une seule par date")
        ends = zip(self.valeurs, [*dates[1:], dt.date.max], strict=True)
        if any(v.jusqu_a and not v.depuis <= v.jusqu_a < following for v, following in ends):
            raise ValueError("une valeur finit après son début et avant la suivante")
        return self
