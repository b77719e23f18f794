"""The glossary: for each public column, choice and coded value, what people read.

`glossaire.toml` holds one table a context. `colonnes`, `choix` and `stipulations` answer to a bare key
("nb_droits"); a context that gives a column another meaning answers to a dotted one ("plafonds.atteint")
and falls back to the column.
"""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from typing import Any

from flux.noyau.errors import FluxError, near_misses
from flux.rendu import nombres
from flux.rendu.typographie import upright

BARE = ("colonnes", "choix", "stipulations")


class Format(StrEnum):
    """How a value is written."""

    ENTIER = "entier"
    DECIMAL = "decimal"
    PART = "part"
    POINTS = "points"
    TEXTE = "texte"
    OUI_NON = "oui_non"
    DATE = "date"
    ANNEE = "annee"

    @property
    def est_nombre(self) -> bool:
        """True when the value is a number, to be aligned on the right."""
        return self not in (Format.TEXTE, Format.OUI_NON, Format.DATE)

    @property
    def se_somme(self) -> bool:
        """True when adding two such values has a meaning."""
        return self in (Format.ENTIER, Format.DECIMAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terme:
    """One entry: label, meaning, unit, how it is written, article, and the label of each coded value."""

    cle: str
    libelle: str
    sens: str
    unite: str = ""
    format: Format = Format.TEXTE
    decimales: int | None = None
    article: str = ""
    valeurs: Mapping[str, str] = field(default_factory=dict)


@functools.cache
def _glossaire() -> dict[str, dict[str, Terme]]:
    data = tomllib.loads((files("flux.rendu") / "glossaire.toml").read_text(encoding="utf-8"))
    return {
        context: {
            key: Terme(cle=key, **{**entry, "format": Format(entry.get("format", "texte"))})
            for key, entry in entries.items()
        }
        for context, entries in data.items()
    }


def termes(contexte: str) -> Mapping[str, Terme]:
    """Every entry of a context, in the order of the file."""
    return _glossaire()[contexte]


def terme(cle: str) -> Terme:
    """The entry of `cle`: "nb_droits", or "plafonds.atteint" which falls back to "atteint".

    Raises
    ------
    FluxError
        Code "glossaire.inconnu": a key that people cannot read is a defect of the library.
    """
    glossaire = _glossaire()
    contexte, _, nom = cle.rpartition(".")
    for place in (contexte, *BARE) if contexte else BARE:
        if nom in glossaire.get(place, {}):
            return glossaire[place][nom]
    known = [k for place in BARE for k in glossaire[place]]
    close = ", ".join(near_misses(nom, known)) or "aucun terme proche"
    raise FluxError(f"« {cle} » n'est pas au glossaire (proches : {close}).", code="glossaire.inconnu")


def libelle(cle: str) -> str:
    """What people read for `cle`: `libelle("nb_droits")` -> "Droits"."""
    return terme(cle).libelle


def clean(text: str) -> str:
    """Text of a file as data: on one line, without the control characters that files and terminals obey.

    Marks of direction, which would turn around what follows them, are named: U+202E -> "□[U+202E]".
    """
    on_one_line = "".join(" " if c in "\t\n\r" else c for c in text)
    return upright("".join(c for c in on_one_line if unicodedata.category(c) not in ("Cc", "Cs")))


def format(cle: str, value: Any) -> str:
    """`value` as people read it under `cle`: `format("part_flux", 0.153)` -> "15,3 %"; absent -> "—"."""
    entry = terme(cle)
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(format(cle, v) for v in value) or "aucun"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{libelle(f'{entry.cle}.{k}')} : {format(f'{entry.cle}.{k}', v)}" for k, v in value.items()
        )
    if nombres.absent(value):
        return nombres.ABSENT
    if isinstance(value, bool) or entry.format is Format.OUI_NON:
        said = value if isinstance(value, str) else nombres.oui_non(value)
        return entry.valeurs.get(said, said)
    if str(value) in entry.valeurs:
        return entry.valeurs[str(value)]
    if isinstance(value, str):
        return clean(value)
    match entry.format:
        case Format.ENTIER:
            return nombres.entier(value)
        case Format.DECIMAL:
            return nombres.decimal(value, 2 if entry.decimales is None else entry.decimales)
        case Format.PART:
            return nombres.part(value, 1 if entry.decimales is None else entry.decimales)
        case Format.POINTS:
            return nombres.points(value, 1 if entry.decimales is None else entry.decimales)
        case Format.DATE:
            return nombres.date(value)
        case _:
            return str(value)
