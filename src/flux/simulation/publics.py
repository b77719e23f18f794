"""Which public is housed: drawn from the plan's mix under the flow, from past leases under stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from flux.allocation import Plan
from flux.allocation.cadre import PUBLIC, QUARTILES
from flux.dossier import Dossier
from flux.simulation.tirages import Places, Reels

PUBLICS = tuple((p, q) for p in ("dalo", "prioritaire", "autre", "agent") for q in QUARTILES)


@dataclass(frozen=True, eq=False)
class Melange:
    """Chances of each of `PUBLICS`, cumulated, by holder and QPV, shape (H, 2, P).

    connu : holders of whom something is known, shape (H,); the others have the mix of all.
    """

    cumul: Reels
    connu: npt.NDArray[np.bool_]

    def drawn(self, porteur: Places, qpv: Places, tirage: Reels) -> Places:
        """The public of each dwelling, place in `PUBLICS`; shapes (n,)."""
        return np.asarray((self.cumul[porteur, qpv, :-1] <= tirage[:, None]).sum(axis=1))


def planned_mix(plan: Plan, porteurs: Sequence[str]) -> Melange:
    """What the plan gives to each public."""
    return _mix(plan.table.assign(nb=plan.table["nb_exact"]), porteurs)


def past_mix(dossier: Dossier, porteurs: Sequence[str]) -> Melange:
    """Past leases whose priority and quartile are known; first lettings apart, since they are alike."""
    moves = dossier.mouvements
    moves = moves.loc[(moves["etape"] == "bail") & (moves["nature"] != "premiere_location")
                      & moves["quartile"].isin(QUARTILES) & moves["priorite"].notna()]
    qpv = moves["id_logement"].map(dossier.logements.set_index("id_logement")["qpv"])
    # a lease that does not say where is taken as outside QPV, where most dwellings are
    return _mix(moves.assign(qpv=moves["qpv"].fillna(qpv).fillna(False)), porteurs)


def _mix(rows: pd.DataFrame, porteurs: Sequence[str]) -> Melange:
    who = pd.Index(porteurs).get_indexer(pd.Index(rows["id_reservataire"]))
    publics = pd.MultiIndex.from_tuples(PUBLICS)
    public = publics.get_indexer(pd.MultiIndex.from_frame(rows[PUBLIC]))
    nb = np.zeros((len(porteurs), 2, len(PUBLICS)))
    kept = (who >= 0) & (public >= 0)
    at = who[kept], rows["qpv"].to_numpy(dtype=np.int64)[kept], public[kept]
    np.add.at(nb, at, rows["nb"].to_numpy(dtype=float)[kept])
    whole, all_here = nb.sum(axis=1, keepdims=True), nb.sum(axis=0, keepdims=True)
    told = whole.sum(axis=(1, 2)) > 0
    fallbacks = (whole, all_here, all_here.sum(axis=1, keepdims=True), np.ones_like(nb))
    for other in fallbacks:
        nb = np.where(nb.sum(axis=2, keepdims=True) > 0, nb, other)
    return Melange(np.cumsum(nb / nb.sum(axis=2, keepdims=True), axis=2), told)
