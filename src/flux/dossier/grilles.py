"""What every format comes down to: a grid of text, line by line as it is written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source

OCTETS_MAX = 1_000_000_000
"""Bytes of a workbook once unpacked: a million dwellings in ten columns are half of that."""
CELLULES_MAX = 40_000_000
"""Cells of one table, empty ones included: 1,000,000 dwellings in 40 columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Grille:
    """One sheet: row `i` is line `i + 1`, missing where empty.

    `largeurs`: cells written on each line, where the format says it. `anomalies`: cells that hold no text
    that one can trust.
    """

    nom: str
    source: Source
    cellules: pd.DataFrame
    anomalies: tuple[Anomalie, ...] = ()
    largeurs: npt.NDArray[np.int32] | None = None
