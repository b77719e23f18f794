"""What a solver must do for the stages: minimise a cost, stay within bounds, hold a cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from flux.noyau.errors import SolverError
from flux.noyau.solveur.programme import Floats

INFAISABLE, NON_BORNE, ECHEC = "infaisable", "non_borne", "echec"


@dataclass(frozen=True, slots=True)
class Optimum:
    """What one solve gives, in the order of the programme.

    Attributes
    ----------
    valeurs : values of the columns. Shape (n,).
    reduits : reduced costs of the columns; zeros where the solver does not prove by duals. Shape (n,).
    duals : duals of the rows, positive at the lower side, negative at the upper. Shape (m,).
    borne : proven floor of the cost; the cost itself where the optimum is proven.
    """

    valeurs: Floats
    reduits: Floats
    duals: Floats
    borne: float


@dataclass(frozen=True, slots=True)
class Limite:
    """Where a search of whole numbers may stop without having proven its optimum.

    noeuds : nodes of the search: the same wherever it runs; secondes : a guard against the clock.
    """

    noeuds: int
    secondes: float = np.inf


class Moteur(Protocol):
    """A programme in the hands of a solver."""

    @property
    def proves(self) -> bool:
        """True where its duals show the optimal face."""

    def minimise(self, costs: Floats, stage: str, limite: Limite | None, *, proche: bool = False) -> Optimum:
        """The optimum of a cost, or `SolverError`; under a limit, the best found and what is proven.

        `proche`: few steps are expected from the values of the stage before, which may be started from.
        """

    def bounds(self, lower: Floats, upper: Floats, lo: Floats, hi: Floats) -> None:
        """Bounds of every column and of every row from now on."""

    def cap(self, costs: Floats, limit: float, stage: str) -> None:
        """Keep a cost at or under `limit` from now on."""


def failure(how: str, stage: str) -> SolverError:
    """The error of a solve that proved nothing."""
    said = {INFAISABLE: "aucune répartition ne respecte toutes les contraintes.",
            NON_BORNE: "le coût peut baisser sans fin, une borne manque.",
            ECHEC: "le solveur n'a pas prouvé d'optimum."}
    return SolverError(f"Étape « {stage} » : {said[how]}", code=f"solveur.{how}")
