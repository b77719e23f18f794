"""One parameter of the law on one day, as people and programs read it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flux.loi.modele import Reference, Statut, Valeur
from flux.rendu import glossaire, nombres

# Where the glossary names the members of a list.
LISTES = {
    "liste de catégories de réservataire": "categorie",
    "liste de catégories de soustraction": "soustractions.categorie",
    "liste de natures de mouvement": "nature",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parametre:
    """One parameter of the law on one day. `jusqu_a` is the last day of the value, None if still in force."""

    cle: str
    description: str
    unite: str
    valeur: Valeur
    depuis: dt.date
    jusqu_a: dt.date | None
    statut: Statut
    references: tuple[Reference, ...]
    citation: str
    revoir_avant: dt.date | None
    hypothese: bool = False

    @property
    def article(self) -> str:
        """The text that founds it first."""
        return self.references[0].titre

    @property
    def lisible(self) -> str:
        """The value as people read it: "30,0 %", "5 ans", "oui", "24/11/2023"."""
        match self.valeur:
            case bool():
                return nombres.oui_non(self.valeur)
            case Fraction():
                return nombres.part(self.valeur)
            case int():
                return f"{self.valeur} an{'s' if self.valeur > 1 else ''}"
            case dt.date():
                return nombres.date(self.valeur)
            case _:
                return glossaire.format(LISTES[self.unite], self.valeur)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: a share as a number rounded to 9 decimals, dates in ISO."""
        return {
            "cle": self.cle,
            "description": self.description,
            "valeur": self._jsonable(),
            "unite": self.unite,
            "depuis": self.depuis.isoformat(),
            "jusqu_a": self.jusqu_a and self.jusqu_a.isoformat(),
            "statut": self.statut.value,
            "hypothese": self.hypothese,
            "references": [reference.model_dump(exclude_none=True) for reference in self.references],
        }

    def _jsonable(self) -> bool | int | float | str | list[str]:
        match self.valeur:
            case Fraction():
                return round(float(self.valeur), 9)
            case dt.date():
                return self.valeur.isoformat()
            case tuple():
                return list(self.valeur)
            case _:
                return self.valeur
