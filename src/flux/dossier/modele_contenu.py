"""What the workbook to fill in says of each column and of each key of the convention."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from importlib.resources import files
from typing import Any, get_args, get_origin

import pandas as pd

from flux.dossier import cellules as c
from flux.dossier import vocabulaire as v
from flux.dossier.convention import SECTIONS, Derogation
from flux.dossier.lecture_convention import SIGNATAIRES, _attendu, _members
from flux.dossier.schemas import TABLES
from flux.noyau.tables import Colonne
from flux.noyau.types import Type
from flux.rendu import glossaire

OUI_NON = ("oui", "non")
# What the reader takes beside the list (RPLS codes, numbers of rooms): such a list warns, it does not refuse.
_OPEN_LISTS: dict[Type, tuple[str, ...]] = {
    c.TYPOLOGIE: tuple(v.Typologie),
    c.FINANCEMENT: tuple(v.Financement),
    c.QPV: OUI_NON,
    c.BOOLEEN: OUI_NON,
}
_LONGEST_LIST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Champ:
    """One column, or one key of the convention.

    `liste`: the values of its drop-down list, none if it is free; `stricte`: nothing else is read;
    `valeurs`: what is allowed, as people read it; `defaut`: what an empty cell means.
    """

    nom: str
    sens: str
    exemple: str = ""
    rpls: str = ""
    requis: bool = False
    liste: tuple[str, ...] = ()
    stricte: bool = True
    valeurs: str = ""
    defaut: str = ""
    article: str = ""

    @property
    def note(self) -> str:
        """All of it, as the comment of a header."""
        parts = (
            self.sens,
            "Obligatoire." if self.requis else "Facultatif.",
            self.valeurs and f"Valeurs : {self.valeurs}.",
            self.rpls and f"RPLS : {self.rpls}.",
            self.exemple and f"Exemple : {self.exemple}",
        )
        return "\n".join(p for p in parts if p)


@functools.cache
def _said() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("flux.dossier") / "modele.toml").read_text(encoding="utf-8"))


def champs(table: str) -> tuple[Champ, ...]:
    """The columns of a table, in the order of the contract."""
    return tuple(_champ(colonne, _said()[table][colonne.nom]) for colonne in TABLES[table].colonnes)


def _champ(colonne: Colonne, said: dict[str, str]) -> Champ:
    open_list = _OPEN_LISTS.get(colonne.type, ())
    liste = open_list or colonne.type.proches or _few_numbers(colonne)
    return Champ(
        nom=colonne.nom,
        requis=colonne.requis,
        liste=tuple(map(str, liste)),
        stricte=not open_list,
        valeurs=", ".join(map(str, liste)) or colonne.borne or colonne.type.attendu,
        defaut="" if colonne.defaut is None else str(colonne.defaut),
        sens=said["sens"],
        exemple=said["exemple"],
        rpls=said.get("rpls", ""),
    )


def _few_numbers(colonne: Colonne) -> tuple[str, ...]:
    """The whole numbers that a column allows, where they are few enough to choose from."""
    if colonne.type is not c.ENTIER or colonne.valide is None:
        return ()
    numbers = pd.Series(range(100), dtype="Int64")
    allowed = numbers[colonne.valide(numbers)]
    return tuple(map(str, allowed)) if len(allowed) <= _LONGEST_LIST else ()


def convention() -> Iterator[tuple[str, Champ]]:
    """Every key of the convention with its section, in the order of the contract."""
    for section, model in SECTIONS.items():
        for nom, info in model.model_fields.items():
            if Derogation in get_args(info.annotation):
                for part, inside in Derogation.model_fields.items():
                    yield section, _key(section, f"{nom}.{part}", inside, None)
            else:
                yield section, _key(section, nom, info, info.default)
    for key, said in _said()["convention"].items():
        section, _, nom = key.partition(".")
        if section == SIGNATAIRES:
            yield section, Champ(nom=nom, sens=said["sens"], exemple=said["exemple"], valeurs="un texte")


def _key(section: str, nom: str, info: Any, default: object) -> Champ:
    said = _said()["convention"].get(f"{section}.{nom}")
    several = get_origin(info.annotation) is tuple
    members = OUI_NON if info.annotation is bool else tuple(_members(info.annotation))
    requis = info.is_required() and "." not in nom
    if said is not None:
        sens, sentences, article, exemple = said["sens"], {}, "", said["exemple"]
    else:
        terme = glossaire.terme(f"{section}.{nom}")
        sens, article, exemple = f"{terme.libelle}. {terme.sens}", terme.article, ""
        sentences = {w: s for w, s in terme.valeurs.items() if several or w in members}
    phrase = _attendu(info).removesuffix(" entre guillemets")
    return Champ(
        nom=nom,
        sens=sens,
        exemple=exemple,
        requis=requis,
        liste=() if several else members,
        stricte=Fraction not in get_args(info.annotation),
        valeurs="\n".join(f"{w} : {s}" for w, s in sentences.items()) or ", ".join(members) or phrase,
        defaut="" if requis else _written(default),
        article=article,
    )


def _written(value: object) -> str:
    """A value of the convention as one writes it in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return OUI_NON[0] if value else OUI_NON[1]
    if isinstance(value, tuple | list):
        return ", ".join(map(_written, value))
    if isinstance(value, Enum):
        return str(value.value)
    return (
        str(float(value)).removesuffix(".0").replace(".", ",") if isinstance(value, Fraction) else str(value)
    )
