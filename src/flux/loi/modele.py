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

Valeur = Fraction | int | bool | dt.date | tuple[str, ...]

# The first word of a unit says what its values are; the rest is for people ("part du flux annuel").
TYPES: Mapping[str, type] = {"part": Fraction, "ans": int, "oui/non": bool, "date": dt.date, "liste": tuple}


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
    match valeur:
        case Fraction() if unite.startswith("part") and not 0 <= valeur <= 1:
            raise ValueError(f"une part est comprise entre 0 et 1, et non {float(valeur)!r}")
        case int() if unite.startswith("ans") and valeur < 0:
            raise ValueError(f"une durée n'est pas négative : {valeur}")
        case Fraction() | int() | dt.date() | tuple() if type(valeur) is TYPES[unite.split()[0]]:
            return valeur
    raise ValueError(f"« {unite} » attend {_WANTED[TYPES[unite.split()[0]]]}, et non {valeur!r}")


_WANTED: Mapping[type, str] = {
    Fraction: "un nombre décimal (0.30, 1.0)",
    int: "un nombre entier",
    bool: "true ou false",
    dt.date: "une date (2020-02-22, sans guillemets)",
    tuple: "une liste de textes",
}


class _Ecrit(BaseModel):
    """What is written in a file: frozen, and a word that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(_Ecrit):
    """The text that founds a value; `href` only where the address is certain."""

    titre: Annotated[str, Field(min_length=1)]
    href: Annotated[str, Field(pattern="^https://")] | None = None


class Version(_Ecrit):
    """A value, since when, and what founds it.

    `citation` is the sentence of the article, where it was read; `revoir_avant` the day by which
    someone should read the text again.
    """

    depuis: dt.date
    valeur: Annotated[Valeur, BeforeValidator(read_value)]
    statut: Statut
    references: Annotated[tuple[Reference, ...], Field(min_length=1)]
    citation: str = ""
    revoir_avant: dt.date | None = None


class Fiche(_Ecrit):
    """A parameter through time: what it is, its unit, and its values from the oldest to the newest."""

    description: Annotated[str, Field(min_length=1)]
    unite: Annotated[str, Field(pattern=rf"^({'|'.join(map(re.escape, TYPES))})( |$)")]
    valeurs: Annotated[tuple[Version, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _coherent(self) -> Fiche:
        for version in self.valeurs:
            check_value(version.valeur, self.unite)
        dates = [v.depuis for v in self.valeurs]
        if dates != sorted(set(dates)):
            raise ValueError("les valeurs vont de la plus ancienne à la plus récente, une seule par date")
        return self
