"""Equity of quality: each holder's share of each kind of dwelling against what proportion would give it.

The yearly report shows the dwellings of each holder "par typologie de logements, par type de financement,
par localisation hors et en quartier prioritaire […], par commune et par période de construction" (CCH,
art. R. 441-5-1). No text sets a tolerance: it is a stipulation (`tolerance_equite`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flux.allocation.cadre import Cadre

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ATTRIBUTS = ("typologie", "financement", "qpv", "commune", "periode")
ARTICLE = "CCH, art. R. 441-5-1"


@dataclass(frozen=True, kw_only=True, eq=False)
class Equite:
    """One attribute of what one holder receives.

    Attributes
    ----------
    attribut, porteur : what is looked at, and whose (index of `cadre.porteurs`).
    cellules : its rows of `cadre.cellules`; `valeur` : the value of the attribute there, numbered.
    reference : share of each value in its proportional plan; sums to 1.
    noms : the values.
    """

    attribut: str
    porteur: int
    cellules: Ints
    valeur: Ints
    reference: Floats
    noms: tuple[str, ...]

    def ecart(self, cellules: Floats) -> float:
        """Dwellings that would have to be exchanged to reach the reference shares: half the L1 distance."""
        held = np.bincount(self.valeur, cellules[self.cellules], minlength=len(self.reference))
        return float(np.abs(held - self.reference * held.sum()).sum() / 2)


def equites(cadre: Cadre) -> list[Equite]:
    """Every attribute of every holder that can receive more than one value of it."""
    out = []
    reference = cadre.cellules["reference"].to_numpy(float)
    segments = cadre.segments.loc[cadre.cellules["segment"]].reset_index(drop=True)
    porteurs = cadre.cellules["porteur"].to_numpy()
    by_holder = {int(p): np.flatnonzero(porteurs == p) for p in np.unique(porteurs)}
    for attribut in (a for a in ATTRIBUTS if a in segments):
        values = segments[attribut].astype(str).to_numpy()
        for porteur, cells in by_holder.items():
            names, valeur = np.unique(values[cells], return_inverse=True)
            weight = np.bincount(valeur, reference[cells], minlength=len(names))
            if len(names) > 1 and weight.sum() > 0:
                out.append(Equite(attribut=attribut, porteur=porteur, cellules=cells,
                                  valeur=np.asarray(valeur, np.int64), reference=weight / weight.sum(),
                                  noms=tuple(names)))
    return out
