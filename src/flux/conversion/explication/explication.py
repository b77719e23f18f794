"""A figure and its proof, to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flux.noyau.provenance import Figure
from flux.rendu import arbre


@dataclass(frozen=True, eq=False)
class Explication:
    """A figure and its proof: text in a terminal, a folding tree in a notebook, JSON for programs."""

    figure: Figure

    def texte(self, *, profondeur: int | None = arbre.PROFONDEUR) -> str:
        """The tree as text.

        Parameters
        ----------
        profondeur : levels shown under the figure; None shows them all.
        """
        return arbre.texte(self.figure, profondeur=profondeur)

    def __repr__(self) -> str:
        return self.texte()

    def _repr_html_(self) -> str:
        return arbre.html(self.figure)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able proof, whole: see `Figure.to_dict`, and `Figure.from_dict` for the way back."""
        return self.figure.to_dict()
