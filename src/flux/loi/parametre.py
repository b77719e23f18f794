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
    "liste de contreparties": "contrepartie",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parametre:
    """One parameter of the law on one day. `jusqu_a` is the last day of the value, None if still in force."""

    theme: str
    cle: str
    description: str
    unite: str
    valeur: Valeur
    depuis: dt.date
    jusqu_a: dt.date | None
    statut: Statut
    references: tuple[Reference, ...]
    citation: str
    revoir_avant: dt.date
    calcul: bool
    hypothese: bool = False

    @property
    def article(self) -> str:
        """The text that founds it first."""
        return self.references[0].titre

    @property
    def textes(self) -> str:
        """Every text that founds it, the first first."""
        return " ; ".join(dict.fromkeys(reference.titre for reference in self.references))

    @property
    def lisible(self) -> str:
        """The value as people read it: "30,0 %", "5 ans", "oui", "24/11/2023", "28 février"."""
        match self.valeur:
            case bool():
                return nombres.oui_non(self.valeur)
            case Fraction():
                return nombres.part(self.valeur)
            case int():
                return f"{nombres.entier(self.valeur)} {self._counted}".rstrip()
            case dt.date():
                return nombres.date(self.valeur)
            case str() if self.unite.startswith("jour"):
                return nombres.date_longue(dt.date.fromisoformat(f"2000-{self.valeur}")).removesuffix(" 2000")
            case str():
                return self.valeur
            case _:
                return glossaire.format(LISTES[self.unite], self.valeur)

    @property
    def _counted(self) -> str:
        """What a whole number counts: "5 ans", "1 an", "2 mois"; a plain number counts what its unit says."""
        kind, _, rest = self.unite.partition(" ")
        if kind == "nombre":
            return rest.removeprefix("de ")
        return kind.removesuffix("s") if kind in ("ans", "jours") and self.valeur == 1 else kind

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
