"""A dwelling that several réservataires hold: shares that sum to 1, or an order of priority.

No text settles it (domain, F19): the convention chooses `logement_partage`. The days of the year are cut
where a right begins or ends, so that under `prorata` whoever is left takes the place of whoever has gone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from flux.conversion.exact import of, total


@dataclass(frozen=True, slots=True)
class Tenu:
    """One right on the dwelling: days alive in the year, [debut, fin[, and what the register says."""

    debut: int
    fin: int
    part: float | None = None
    ordre: int | None = None


@dataclass(frozen=True, slots=True)
class Partage:
    """What each right weighs over the year, and the most that was asked of the dwelling on one day."""

    poids: tuple[Fraction, ...]
    demande: Fraction


@lru_cache(maxsize=1 << 12)  # a register repeats a few patterns
def share_dwelling(tenus: tuple[Tenu, ...], jours_an: int, regle: str) -> Partage:
    """Share one dwelling among the rights it bears.

    Parameters
    ----------
    tenus : rights alive at least a day.
    jours_an : days of the year.
    regle : "fraction" or "priorite" (`logement_partage`).

    Returns
    -------
    Weights in dwellings, whose sum never passes 1: on the days when more is asked, all are reduced alike;
    `demande` above 1 says so.
    """
    poids = [Fraction(0)] * len(tenus)
    demande = Fraction(0)
    cuts = sorted({day for t in tenus for day in (t.debut, t.fin)})
    for day, until in itertools.pairwise(cuts):
        alive = [i for i, t in enumerate(tenus) if t.debut <= day < t.fin]
        asked = _claims([tenus[i] for i in alive], regle)
        demande = max(demande, total(asked))
        scale = Fraction(until - day, jours_an) / max(Fraction(1), total(asked))
        for i, claim in zip(alive, asked, strict=True):
            poids[i] += claim * scale
    return Partage(tuple(poids), demande)


def _claims(tenus: Sequence[Tenu], regle: str) -> list[Fraction]:
    """What each right asks while they all live.

    `priorite`: the first in order has the dwelling, and two firsts ask for it twice. `fraction`: the parts
    written; those that have an order only share alike what the parts leave. A right that says neither asks
    for the whole dwelling.
    """
    ranks = [t.ordre for t in tenus if t.ordre is not None]
    if regle == "priorite":
        return [
            Fraction(int(t.ordre == min(ranks)))
            if t.ordre is not None
            else Fraction(1)
            if t.part is None
            else of(t.part)
            for t in tenus
        ]
    ranked = [t for t in tenus if t.part is None and t.ordre is not None]
    left = max(Fraction(0), 1 - total([of(t.part) for t in tenus if t.part is not None]))
    return [
        of(t.part) if t.part is not None else left / len(ranked) if t.ordre is not None else Fraction(1)
        for t in tenus
    ]
