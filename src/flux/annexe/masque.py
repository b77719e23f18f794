"""Small counts of publics are not published where they could point to a household.

A holder of one commune houses few households a year: a count of 1 to `seuil - 1` of them in a public or a
quartile is masked. Its whole row is, so that no difference inside it gives the count back; then rows of
others, the smallest first, until no difference with the column totals does. Within a block of masked rows
whose margins are known, a cell lies between max(0, row + column - whole) and min(row, column), and both are
reached (Fréchet): it is protected when they differ.

No text that was read sets the threshold: 5 is a usual floor of statistical offices [U], an option of the
annex, and the annex says it. Quotas count dwellings, not households: they are never masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SEUIL = 5
MASQUE = "s"

Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Masque:
    """Which rows of a table of publics are masked, and whether its totals are."""

    lignes: frozenset[str]
    totaux: bool


def mask(frame: pd.DataFrame, parts: Sequence[Sequence[str]], exposed: Sequence[bool], seuil: int) -> Masque:
    """The rows of `frame` to mask.

    Parameters
    ----------
    frame : a row a réservataire (`id_reservataire`), counts of households to come.
    parts : each a set of columns that adds up to the same published whole of the row.
    exposed : True for the rows whose small counts could point to a household.
    seuil : the least count that is published; 0 or 1 masks nothing.
    """
    blocks = [frame[list(columns)].to_numpy(dtype=np.int64) for columns in parts]
    at_risk = np.asarray(exposed, dtype=bool)
    small = [(b > 0) & (b < seuil) & at_risk[:, None] for b in blocks]
    masked = np.zeros(len(frame), dtype=bool)
    for s in small:
        masked |= s.any(axis=1)
    sizes = blocks[0].sum(axis=1)
    totals = False
    while any(_certain(b[masked], s[masked]) for b, s in zip(blocks, small, strict=True)):
        rest = np.flatnonzero(~masked & (sizes > 0))
        if not rest.size:
            totals = True
            break
        masked[rest[np.argmin(sizes[rest])]] = True
    return Masque(frozenset(frame.loc[masked, "id_reservataire"].astype(str)), totals)


def _certain(block: Array, small: Array) -> bool:
    """True when the margins of the block give one of its small cells away."""
    rows, columns, whole = block.sum(axis=1), block.sum(axis=0), block.sum()
    most = np.minimum.outer(rows, columns)
    least = np.maximum(0, np.add.outer(rows, columns) - whole)
    return bool((small & (most == least)).any())


def sentence(seuil: int) -> str:
    """What the annex says of the masking."""
    return (
        f"« {MASQUE} » : nombre masqué. Les effectifs de 1 à {seuil - 1} d'un réservataire d'une seule "
        "commune pourraient désigner un ménage ; d'autres lignes sont masquées pour qu'aucune différence ne "
        f"les redonne. Seuil : {seuil} (option seuil_masque ; aucun texte lu ne le fixe). Les quotas "
        "comptent des logements, non des ménages : ils ne sont jamais masqués."
    )
