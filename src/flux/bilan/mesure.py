"""A share that is asked of a base, and what is hidden of it where it could point to a household."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import pandas as pd

from flux.annexe.masque import MASQUE


def against(part: Fraction, base: int, reached: int, unknown: int) -> dict[str, float | int | None]:
    """What is asked of a base and what is short, in whole dwellings: "au moins un quart" of 5 is 2.

    Nothing is said of a base of which nothing is known (`unknown` households of `base`).
    """
    told = base > unknown
    return {
        "part_atteinte": reached / base if told else None,
        "part_demandee": float(part),
        "seuil_entier": ceil(part * base),
        "manque": max(0, ceil(part * base - reached)) if told else None,
    }


def hide(
    frame: pd.DataFrame, exposed: pd.Series, parts: Sequence[pd.Series], columns: Sequence[str], seuil: int
) -> tuple[pd.DataFrame, bool]:
    """Mask `columns` on the exposed rows where one of `parts` counts 1 to `seuil` - 1 households.

    parts : counts that add up to the base of the row; those that are not published are among them: a base of
        one household, all of one kind, says of which kind it is.

    Returns
    -------
    The frame, and whether anything is masked in it. No total of these columns is published, so that a masked
    row cannot be had by difference.
    """
    small = pd.Series(False, index=frame.index)
    for part in parts:
        small |= part.between(1, seuil - 1)
    rows = small & exposed.astype(bool)
    return frame.assign(**{c: frame[c].astype(object).mask(rows, MASQUE) for c in columns}), bool(rows.any())
