"""Which rows of the frames an obligation points to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from flux.allocation.cadre import TOUS, Cadre

Mask = NDArray[np.bool_]


def holders(cadre: Cadre) -> Iterator[tuple[str, str, str, int]]:
    """Id, category, territory and quota of each holder."""
    porteurs = cadre.porteurs
    return zip(porteurs["id_reservataire"], porteurs["categorie"], porteurs["territoire_code"].fillna(TOUS),
               porteurs["quota"], strict=True)


def everyone(cadre: Cadre) -> Mask:
    """Every public of every holder."""
    return np.ones(len(cadre.publics), bool)


def served_by(cadre: Cadre, categories: Sequence[str]) -> Mask:
    """Publics of the holders of some categories."""
    mine = np.asarray(cadre.porteurs["categorie"].isin(categories), bool)
    return np.asarray(mine[cadre.publics["porteur"]], bool)


def of_holder(cadre: Cadre, porteur: int) -> Mask:
    """Publics of one holder."""
    return np.asarray(cadre.publics["porteur"] == porteur, bool)


def inside(cadre: Cadre, kind: str, code: str) -> Mask:
    """Publics of a territory."""
    return np.asarray(cadre.publics["zone"].isin(cadre.zones(kind, code)), bool)


def is_priority(cadre: Cadre) -> Mask:
    """Publics that are DALO or prioritaires."""
    return np.asarray(cadre.publics["priorite"].isin(["dalo", "prioritaire"]), bool)
