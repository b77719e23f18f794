"""The number that carries its proof.

A `Figure` is a value with its name, its unit, and what it was made from: other figures, a cell of
a file, an article. The trace is made by the call: a function decorated with `@step` computes on
plain numbers and gives a number, or on figures and gives a figure that remembers the call. What was
remembered can be done again: `recompute` starts from the leaves, `defects` names what does not follow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol, cast, overload

from flux.noyau.errors import FluxError

Number = int | Fraction
Structure = tuple[tuple[str, Any], ...]
SCHEMA = "flux-preuve/1"


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """An exact value and its proof.

    Two figures are equal when their values and the whole of their proofs are.

    Attributes
    ----------
    valeur : exact value (`Fraction`).
    nom : French label, read by people.
    unite : "logements", "part", "par an"…
    couleur : law, convention, hypothesis, data or computed.
    calcul : what was done with `entrees`, in French ("" for a leaf).
    operation : the step that made it from `entrees`, by the name of its function ("" for a leaf).
    structure : what the step was told beside amounts: ranks, names, never a quantity.
    article : the text that founds it, if one does.
    source : the cells it was read from, for a leaf.
    entrees : the figures it was made from.
    contexte : how many of the last `entrees` are only compared with: a rounding needs the quotas of all,
        the reader of one does not.
    choix : choices of the parties that its step applies, in French.
    notes : French sentences that answer the reader's next question.
    """

    valeur: Fraction
    nom: str
    unite: str = "logements"
    couleur: Couleur = Couleur.CALCUL
    calcul: str = ""
    operation: str = ""
    structure: Structure = ()
    article: str | None = None
    source: Source | None = None
    entrees: tuple[Figure, ...] = ()
    contexte: int = 0
    choix: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.valeur.numerator) is not int:  # a numpy integer would overflow without a word
            raise TypeError(f"« {self.nom} » n'est pas exact : {self.valeur!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Figure):
            return NotImplemented
        return self is other or _lines(self) == _lines(other)

    def __hash__(self) -> int:
        return hash((self.valeur, self.nom, self.unite))

    def named(self, nom: str) -> Figure:
        """The same figure under another label."""
        return replace(self, nom=nom)

    def noted(self, *notes: str) -> Figure:
        """The same figure, and what the reader must know of it."""
        return replace(self, notes=(*self.notes, *notes))

    @property
    def hypothetique(self) -> bool:
        """True when a hypothesis touches it, however far below."""
        return any(f.couleur is Couleur.HYPOTHESE for f in self.nodes())

    def nodes(self) -> list[Figure]:
        """Every figure of the proof, once, the inputs before what was made from them; itself last."""
        return [figure for figure, _ in self.proof()]

    def proof(self) -> list[tuple[Figure, tuple[int, ...]]]:
        """`nodes`, each with the ranks of its inputs. Figures that say the same are one."""
        return _proof(self)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Figure]]:
        """Itself, then what it was made from, depth first, with the depth; what serves twice comes twice."""
        yield depth, self
        for entree in self.entrees:
            yield from entree.walk(depth + 1)

    def recompute(self) -> Fraction:
        """The value made again from the leaves, through the step of each node.

        Raises
        ------
        FluxError
            Code "preuve.operation": a node that no step made.
        """
        values: list[Fraction] = []
        for figure, places in _proof(self):
            values.append(figure._made([values[k] for k in places]) if places else figure.valeur)
        return values[-1]

    def defects(self) -> list[Figure]:
        """The nodes whose value does not follow from the values of their inputs; none in an honest proof."""
        return [f for f in self.nodes() if f.entrees and f._made([e.valeur for e in f.entrees]) != f.valeur]

    def _made(self, values: list[Fraction]) -> Fraction:
        if self.operation not in _STEPS:
            raise FluxError(
                f"« {self.nom} » : opération inconnue « {self.operation} ».", code="preuve.operation"
            )
        return Fraction(_STEPS[self.operation].function(*values, **dict(self.structure)))

    @property
    def signe(self) -> str:
        """The sign of its operation, where it is written between two amounts: "×", "÷", "−", "+"."""
        return _STEPS[self.operation].signe if self.operation in _STEPS else ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able proof: every figure once, inputs first, the last one is the figure asked.

        `valeur` is a number rounded to 9 decimals; `exact`, the value itself as a fraction of
        whole numbers in hexadecimal (decimals of any length are refused by Python); `entrees`, ranks
        in the list. What is absent is left out.
        """
        return {
            "schema": SCHEMA,
            "figures": [
                {
                    "nom": f.nom,
                    "valeur": round(float(f.valeur), 9),
                    "exact": f"{f.valeur.numerator:#x}/{f.valeur.denominator:#x}",
                    "unite": f.unite,
                    "couleur": f.couleur.value,
                }
                | {k: v for k in ("calcul", "operation", "article", "contexte") if (v := getattr(f, k))}
                | (
                    {"source": {k: v for k, v in asdict(f.source).items() if v is not None}}
                    if f.source
                    else {}
                )
                | ({"structure": _listed(dict(f.structure))} if f.structure else {})
                | ({"entrees": list(places)} if places else {})
                | {k: list(v) for k in ("choix", "notes") if (v := getattr(f, k))}
                for f, places in _proof(self)
            ],
        }

    @staticmethod
    def from_dict(said: Mapping[str, Any]) -> Figure:
        """The figure that `to_dict` said, equal to the first.

        Raises
        ------
        FluxError
            Code "preuve.illisible": another schema, a missing key, an input that does not come before.
        """
        try:
            if said["schema"] != SCHEMA:
                raise ValueError(said["schema"])
            figures: list[Figure] = []
            for line in said["figures"]:
                above, _, below = line["exact"].partition("/")
                if any(not 0 <= k < len(figures) for k in line.get("entrees", ())):
                    raise ValueError(line["entrees"])
                figures.append(
                    Figure(
                        valeur=Fraction(int(above, 16), int(below, 16)),
                        nom=line["nom"],
                        unite=line["unite"],
                        couleur=Couleur(line["couleur"]),
                        source=Source(**line["source"]) if "source" in line else None,
                        structure=tuple((k, _tupled(v)) for k, v in line.get("structure", {}).items()),
                        entrees=tuple(figures[k] for k in line.get("entrees", ())),
                        choix=tuple(line.get("choix", ())),
                        notes=tuple(line.get("notes", ())),
                        **{k: line[k] for k in ("calcul", "operation", "article", "contexte") if k in line},
                    )
                )
            return figures[-1]
        except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
            raise FluxError(
                f"Cette preuve n'est pas lisible (attendu : {SCHEMA}) : {error!r}.", code="preuve.illisible"
            ) from None


_Line = tuple[Figure, tuple[int, ...]]


def _proof(root: Figure) -> list[_Line]:
    """Every distinct figure with the ranks of its inputs, inputs first."""
    ranks: dict[int, int] = {}
    known: dict[tuple[Any, ...], int] = {}
    lines: list[_Line] = []

    def visit(figure: Figure) -> int:
        if id(figure) not in ranks:
            line = (figure, tuple(visit(f) for f in figure.entrees))
            key = _said(*line)
            if key not in known:
                known[key] = len(lines)
                lines.append(line)
            ranks[id(figure)] = known[key]
        return ranks[id(figure)]

    visit(root)
    return lines


def _said(figure: Figure, places: tuple[int, ...]) -> tuple[Any, ...]:
    """What a figure says of itself; of its inputs, their ranks."""
    return (
        *(figure.valeur, figure.nom, figure.unite, figure.couleur, figure.calcul, figure.operation),
        *(figure.structure, figure.article, figure.source, figure.contexte, figure.choix, figure.notes),
        places,
    )


def _lines(figure: Figure) -> list[tuple[Any, ...]]:
    return [_said(*line) for line in _proof(figure)]


def _listed(value: Any) -> Any:
    """Tuples as JSON gives them back: lists, and objects for pairs of names and values."""
    if isinstance(value, dict):
        return {k: _listed(v) for k, v in value.items()}
    return [_listed(v) for v in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(v) for v in value) if isinstance(value, list) else value


class Step(Protocol):
    """A function of exact numbers that also works on figures, and then remembers the call."""

    @overload
    def __call__(
        self,
        *args: Figure,
        nom: str = ...,
        calcul: str = ...,
        unite: str = ...,
        article: str | None = ...,
        choix: tuple[str, ...] = ...,
        notes: tuple[str, ...] = ...,
        contexte: int = ...,
        **structure: Any,
    ) -> Figure: ...

    @overload
    def __call__(self, *args: Fraction, **structure: Any) -> Fraction: ...


@dataclass(frozen=True, slots=True)
class _Step:
    function: Callable[..., Fraction | int]
    signe: str


_STEPS: dict[str, _Step] = {}
"""Every step of the library by the name of its function, filled as modules are read."""


def step(
    calcul: str, *, unite: str = "logements", article: str | None = None, signe: str = ""
) -> Callable[[Callable[..., Fraction | int]], Step]:
    """Make a function of exact numbers also a function of figures.

    Called with numbers, it returns a number. Called with figures, it returns a figure whose
    `entrees` are its arguments. Mixing the two raises `TypeError`: a bare constant has no proof.
    Its keyword arguments are the structure of the computation (a rank, names), never an amount.

    Parameters
    ----------
    calcul : what the function does, in French, as shown under the figure.
    unite : unit of the result.
    article : the text applied, if one is.
    signe : what stands between its arguments when it is written as a formula.
    """

    def decorate(function: Callable[..., Fraction | int]) -> Step:
        name = function.__name__
        if name in _STEPS and _STEPS[name].function.__module__ != function.__module__:
            raise RuntimeError(f"two steps are called {name}: a proof could not tell them apart")
        _STEPS[name] = _Step(function, signe)

        @functools.wraps(function)
        def traced(
            *args: Any,
            nom: str = calcul,
            calcul: str = calcul,
            unite: str = unite,
            article: str | None = article,
            choix: tuple[str, ...] = (),
            notes: tuple[str, ...] = (),
            contexte: int = 0,
            **structure: Any,
        ) -> Any:
            figures = [a for a in args if isinstance(a, Figure)]
            if not figures:
                return function(*args, **structure)
            if len(figures) != len(args):
                raise TypeError(f"{name}: a figure and a bare constant cannot be mixed")
            return Figure(
                valeur=Fraction(function(*(f.valeur for f in figures), **structure)),
                nom=nom,
                unite=unite,
                calcul=calcul,
                operation=name,
                structure=tuple(structure.items()),
                article=article,
                entrees=tuple(figures),
                contexte=contexte,
                choix=choix,
                notes=notes,
            )

        return cast(Step, traced)

    return decorate
