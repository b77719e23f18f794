"""What the CIA, the CIL or the parties chose beyond the law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flux.allocation.cadre import TOUS, Cadre, type_of, within
from flux.allocation.equite import Equite
from flux.allocation.hors_flux import Baux
from flux.allocation.obligations.base import Obligation, Sens, Support
from flux.allocation.obligations.cibles import everyone, inside, of_holder
from flux.allocation.obligations.partage import shared

if TYPE_CHECKING:
    from flux.conversion import Quotas

COLUMNS = ["objectif", "niveau", "territoire_code", "id_reservataire", "part", "source"]


def chosen(quotas: Quotas, cadre: Cadre, baux: Baux) -> Iterator[Obligation]:
    """Rows of `objectifs` (CCH, art. L. 441-1-5 and L. 441-1-6), each written once."""
    ids = pd.Index(cadre.porteurs["id_reservataire"])
    rows = quotas.dossier.objectifs.drop_duplicates(COLUMNS[:-1])
    # Leases outside the flow are nobody's in particular: they count on a territory, not for one holder.
    for row in zip(*(rows[c] for c in COLUMNS), strict=True):
        given: list[Any] = [None if pd.isna(value) else value for value in row]
        objectif, niveau, code, holder, part, source = given
        where, communes = everyone(cadre), frozenset(cadre.communes["commune"])
        if code is not None:
            kind = type_of(cadre.communes, code)
            where = inside(cadre, kind, code)
            communes = frozenset(cadre.communes.loc[within(cadre.communes, kind, code), "commune"])
        if holder is not None:
            where, communes = where & of_holder(cadre, ids.get_indexer([holder])[0]), frozenset()
        yield shared(objectif, cadre, baux, where, communes, territoire_code=code or TOUS, niveau=niveau,
                     porteur=holder or TOUS, article=source or "CCH, art. L. 441-1-6", part=float(part))


def tolerances(quotas: Quotas, cadre: Cadre, equites: Sequence[Equite]) -> Iterator[Obligation]:
    """The tolerance of equity that the parties stipulated, for each holder and attribute.

    No text sets one: a share `tolerance_equite` of a holder's quota may be of another kind of dwellings than
    its proportional plan gives it.
    """
    tolerance = quotas.dossier.convention.stipulations.tolerance_equite
    if tolerance is None:
        return
    for place, equite in enumerate(equites):
        holder = cadre.porteurs.iloc[equite.porteur]
        yield Obligation(
            objectif=f"equite_{equite.attribut}", porteur=str(holder["id_reservataire"]),
            territoire_code=TOUS if pd.isna(holder["territoire_code"]) else str(holder["territoire_code"]),
            niveau="convention", article="stipulation « tolerance_equite » (CCH, art. R. 441-5-1)",
            part=float(tolerance), base_fixe=float(holder["quota"]), compte=np.array([place], np.int64),
            support=Support.ECARTS, sens=Sens.PLAFOND)
