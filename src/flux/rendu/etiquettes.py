"""Words in a picture: names on a few lines, labels that keep off each other."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

LARGEUR, LIGNES = 46, 2  # characters of a line, lines of a name


def etiquette(nom: str, largeur: int = LARGEUR, lignes: int = LIGNES) -> str:
    """A name on at most `lignes` lines; a longer one ends with "…": the tables have it whole."""
    return "\n".join(wrap(nom, largeur, max_lines=lignes, placeholder=" …")) or nom


def ecartees(places: Sequence[float], ecart: float, bas: float, haut: float) -> list[float]:
    """Places in ascending order, moved as little as needed to be `ecart` apart within [bas, haut].

    When the room is too short for all, they share it evenly.
    """
    nb = len(places)
    if nb > 1 and ecart * (nb - 1) > haut - bas:
        ecart = (haut - bas) / (nb - 1)
    moved = list(places)
    for i in range(nb):
        moved[i] = max(moved[i], moved[i - 1] + ecart if i else bas)
    for i in reversed(range(nb)):
        moved[i] = min(moved[i], moved[i + 1] - ecart if i + 1 < nb else haut)
    return moved
