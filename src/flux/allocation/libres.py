"""How many whole dwellings each segment may give out: its vacancies are expected, not chosen.

Left free, the floor or the ceiling of a thousand small flows would let the plan choose which vacancies
come. So their sums too are held at the floor or the ceiling of what is expected: by commune and QPV, by
commune; by group, by typologie. Two nested families make a network, of which the exact flow is a point:
whole numbers always exist (see `noyau.arrondi`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from flux.allocation.cadre import Cadre
from flux.noyau.arrondi import labels, snap
from flux.noyau.solveur import Builder, Ints

PLACE = ["commune", "qpv"]


def flow_rows(builder: Builder, cadre: Cadre, columns: Ints, segment: ArrayLike) -> None:
    """Hold each segment, and each sum of segments, at the floor or the ceiling of its flow.

    Parameters
    ----------
    columns, segment : columns of whole dwellings, and the segment of each. Shapes (n,).
    """
    flux = cadre.segments["flux"].to_numpy(float)
    for keys in (cadre.segment, PLACE, ["commune"], cadre.groupe, ["typologie"]):
        label, index = labels(cadre.segments[keys])
        total = snap(np.asarray(np.bincount(label, flux), float))
        rows = builder.rows([f"libres {'×'.join(keys)}|{k:06d}" for k in range(len(index))],
                            np.floor(total), np.ceil(total))
        builder.entries(rows[label[np.asarray(segment, np.int64)]], columns)
    nb = float(cadre.porteurs["quota"].sum())
    builder.entries(builder.rows(["libres"], nb, nb)[0], columns)
