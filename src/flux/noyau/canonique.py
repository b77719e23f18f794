"""A generic cost for the last stage of a programme: one plan, whoever solves it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def canonical_costs(keys: Iterable[str]) -> NDArray[np.float64]:
    """A cost in [0, 1) hashed from each column's canonical name.

    Equal names give equal costs on every machine; two vertices of an optimal face have the same total
    only by an unlikely accident, so the optimum no longer depends on the solver or on row order.
    """
    return np.array([int.from_bytes(blake2b(k.encode(), digest_size=6).digest()) / 2**48 for k in keys])
