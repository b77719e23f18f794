"""The RPLS dictionary, read from `dictionnaire.toml`: variables, contingents, layouts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from flux.dossier.cellules import sans_accent

_SUFFIX = re.compile(r"_(RED|CODE)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the RPLS that serves: the column of `logements` it feeds, and how it is read."""

    nom: str
    libelle: str
    type: str
    statut: str
    colonne: str = ""
    absents: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    parmi: tuple[int, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    largeur: int = 0
    manque: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingent:
    """One code of CONTRESLOG, and the categories of réservataire that agree with it."""

    code: str
    libelle: str
    famille: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """One layout: `signe` are the variables that must be there, `marque` the headers, as written."""

    nom: str
    libelle: str
    statut: str
    signe: tuple[str, ...]
    marque: tuple[str, ...]
    colonnes: tuple[str, ...]

    @property
    def variables(self) -> frozenset[str]:
        """Its headers as variables, without suffix."""
        return frozenset(map(variable_of, self.colonnes))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("flux.dossier.rpls") / "dictionnaire.toml").read_text(encoding="utf-8"))


@cache
def variables() -> Mapping[str, Variable]:
    """The variables that serve, by name."""
    common = tuple(_data()["absents"])
    return {
        nom: Variable(
            nom=nom,
            **{
                **entry,
                "absents": (*common, *entry.get("absents", ())),
                "parmi": tuple(entry.get("parmi", ())),
            },
        )
        for nom, entry in _data()["variables"].items()
    }


@cache
def contingents() -> Mapping[str, Contingent]:
    """The codes of CONTRESLOG."""
    return {
        code: Contingent(
            code=code,
            libelle=entry["libelle"],
            famille=entry.get("famille", ""),
            categories=tuple(entry.get("categories", ())),
        )
        for code, entry in _data()["contingents"].items()
    }


@cache
def dispositions() -> Mapping[str, Disposition]:
    """The layouts, in the order in which they are recognised."""
    return {
        nom: Disposition(
            nom=nom,
            libelle=entry["libelle"],
            statut=entry["statut"],
            signe=tuple(entry["signe"]),
            marque=tuple(entry["marque"]),
            colonnes=tuple(entry["colonnes"].split()),
        )
        for nom, entry in _data()["dispositions"].items()
    }


def variable_of(header: str) -> str:
    """The variable under a header: `"bail_red"` -> `"BAIL"`, `"QPV_CODE"` -> `"QPV"`."""
    return _SUFFIX.sub("", sans_accent(header).upper())


def recognise(headers: Collection[str]) -> Disposition | None:
    """The first layout whose signs are all among the headers."""
    written = {sans_accent(h).upper() for h in headers}
    present = set(map(variable_of, headers))
    return next(
        (d for d in dispositions().values() if set(d.signe) <= present and set(d.marque) <= written), None
    )


def nearest(headers: Iterable[str]) -> tuple[Disposition, list[str]]:
    """The layout that shares most with the headers, and those of its signs that are missing."""
    present = set(map(variable_of, headers))
    best = max(dispositions().values(), key=lambda d: len(d.variables & present) / len(d.variables | present))
    return best, [sign for sign in best.signe if sign not in present]
