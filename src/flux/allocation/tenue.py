"""The programme with some stages held: what the stages that follow may not lose, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from flux.noyau.solveur import Etape, Programme


def held(programme: Programme, etapes: Sequence[Etape], niveaux: Sequence[float]) -> Programme:
    """The same programme, each stage at most at its level, within its tolerance.

    Parameters
    ----------
    etapes : the stages, costs in the order of `programme.keys`.
    niveaux : the level of each.
    """
    kept = [(e, level) for e, level in zip(etapes, niveaux, strict=True) if e.couts.any()]
    limits = np.array([level + e.tolerance * max(1.0, abs(level)) for e, level in kept])
    columns = [np.flatnonzero(e.couts) for e, _ in kept]
    first = len(programme.names)
    rows = [np.full(len(c), first + k) for k, c in enumerate(columns)]
    return replace(
        programme, names=(*programme.names, *(f"tenue|{e.nom}" for e, _ in kept)),
        lo=np.append(programme.lo, np.full(len(kept), -np.inf)), hi=np.append(programme.hi, limits),
        row=np.concatenate([programme.row, *rows]), column=np.concatenate([programme.column, *columns]),
        coefficient=np.concatenate([programme.coefficient,
                                    *(e.couts[c] for (e, _), c in zip(kept, columns, strict=True))]))
