"""The number that carries its proof.

A `Figure` is a value with its name, its unit, and what it was made from: other figures, a cell of
a file, an article. The trace is made by the call: a function decorated with `@step` computes on
plain numbers and gives a number, or on figures and gives a figure that remembers the call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol, cast, overload

Number = int | Fraction


class Couleur(StrEnum):
    """Where a value comes from: law, convention, hypothesis, data, or computed from these."""

    LOI = "loi"
    CONVENTION = "convention"
    HYPOTHESE = "hypothese"
    DONNEE = "donnee"
    CALCUL = "calcul"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One set of cells: file, sheet, column, filter, number and ranges of lines, hash of the file."""

    fichier: str
    feuille: str | None = None
    colonne: str | None = None
    filtre: str | None = None
    nb_lignes: int | None = None
    lignes: str | None = None
    sha256: str | None = None

    def __str__(self) -> str:
        parts = [
            self.fichier,
            self.feuille and f"feuille « {self.feuille} »",
            self.colonne and f"colonne « {self.colonne} »",
            self.filtre,
            self.nb_lignes is not None and f"{self.nb_lignes} ligne{'s' if self.nb_lignes > 1 else ''}",
            self.lignes and f"lignes {self.lignes}",
            self.sha256 and f"sha256 {self.sha256[:12]}…",
        ]
        return ", ".join(str(p) for p in parts if p)


def line_ranges(lines: list[int], *, most: int = 6) -> str:
    """`[2, 3, 4, 9]` -> `"2-4, 9"`; at most `most` ranges, then "…"."""
    ranges: list[list[int]] = []
    for line in sorted(lines):
        if ranges and line <= ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    shown = [f"{a}" if a == b else f"{a}-{b}" for a, b in ranges[:most]]
    return ", ".join(shown) + (", …" if len(ranges) > most else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An exact value and its proof.

    Attributes
    ----------
    valeur : exact value (`Fraction`).
    nom : French label, read by people.
    unite : "logements", "part", "par an"…
    couleur : law, convention, hypothesis, data or computed.
    calcul : what was done with `entrees`, in French ("" for a leaf).
    article : the text that founds it, if one does.
    source : the cells it was read from, for a leaf.
    entrees : the figures it was made from.
    """

    valeur: Fraction
    nom: str
    unite: str = "logements"
    couleur: Couleur = Couleur.CALCUL
    calcul: str = ""
    article: str | None = None
    source: Source | None = None
    entrees: tuple[Figure, ...] = ()

    def named(self, nom: str) -> Figure:
        """The same figure under another label."""
        return replace(self, nom=nom)

    def __post_init__(self) -> None:
        if type(self.valeur.numerator) is not int:  # a numpy integer would overflow without a word
            raise TypeError(f"« {self.nom} » n'est pas exact : {self.valeur!r}")

    @property
    def hypothetique(self) -> bool:
        """True when a hypothesis touches it, however far below."""
        return any(f.couleur is Couleur.HYPOTHESE for _, f in self.walk())

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Figure]]:
        """Itself, then what it was made from, depth first, with the depth."""
        yield depth, self
        for entree in self.entrees:
            yield from entree.walk(depth + 1)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able tree; the value as a number rounded to 9 decimals."""
        out: dict[str, Any] = {
            "nom": self.nom,
            "valeur": round(float(self.valeur), 9),
            "unite": self.unite,
            "couleur": self.couleur.value,
        }
        if self.calcul:
            out["calcul"] = self.calcul
        if self.article:
            out["article"] = self.article
        if self.source:
            out["source"] = str(self.source)
        if self.entrees:
            out["entrees"] = [f.to_dict() for f in self.entrees]
        return out


class Step(Protocol):
    """A function of exact numbers that also works on figures, and then remembers the call."""

    @overload
    def __call__(self, *args: Figure, nom: str = ...) -> Figure: ...

    @overload
    def __call__(self, *args: Fraction) -> Fraction: ...


def step(
    calcul: str, *, unite: str = "logements", article: str | None = None
) -> Callable[[Callable[..., Fraction]], Step]:
    """Make a function of exact numbers also a function of figures.

    Called with numbers, it returns a number. Called with figures, it returns a figure whose
    `entrees` are its arguments. Mixing the two raises `TypeError`: a bare constant has no proof.

    Parameters
    ----------
    calcul : what the function does, in French, as shown under the figure.
    unite : unit of the result.
    article : the text applied, if one is.
    """

    def decorate(function: Callable[..., Fraction]) -> Step:
        @functools.wraps(function)
        def traced(*args: Any, nom: str = calcul) -> Any:
            figures = [a for a in args if isinstance(a, Figure)]
            if not figures:
                return function(*args)
            if len(figures) != len(args):
                raise TypeError(f"{function.__name__}: a figure and a bare constant cannot be mixed")
            value = function(*(f.valeur for f in figures))
            return Figure(
                valeur=Fraction(value),
                nom=nom,
                unite=unite,
                calcul=calcul,
                article=article,
                entrees=tuple(figures),
            )

        return cast(Step, traced)

    return decorate
