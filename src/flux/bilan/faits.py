"""What every section of the report starts from: the events, the quotas of two years, and for whom it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from flux.bilan.journal import APART, Journal, order
from flux.conversion import Quotas
from flux.dossier import Dossier
from flux.dossier.appellations import Noms
from flux.loi import Regles


@dataclass(frozen=True, kw_only=True)
class Faits:
    """The matter of a report.

    Attributes
    ----------
    dossier : as it stood on 1 January of the year reported.
    regles : the law of that day.
    quotas, suivants : quotas of the year reported and of the next, None where the data does not give them.
    refus : for each of the two, why not.
    croisement : the counters by account and by every attribute at once.
    comptes : the account of each holder (`decompte.accounts`).
    evenements : what moved base and rights in the year (`projection.events`), None as the quotas.
    seuil_masque : counts of households under it are masked where they could point to one.
    reservataire : the one for whom the report is, None for all.
    """

    dossier: Dossier
    regles: Regles
    journal: Journal
    noms: Noms
    quotas: Quotas | None
    suivants: Quotas | None
    refus: tuple[str, str]
    croisement: pd.DataFrame
    comptes: pd.DataFrame
    evenements: pd.DataFrame | None
    seuil_masque: int
    reservataire: str | None = None

    @property
    def annee(self) -> int:
        """The year reported."""
        return self.journal.annee

    def name(self, porteur: str) -> str:
        """Name of an account."""
        return APART.get(porteur) or self.noms.reservataire(porteur)

    def mine(self, frame: pd.DataFrame, colonne: str = "porteur") -> pd.DataFrame:
        """The rows of the réservataire for whom the report is; all of them without one."""
        return frame if self.reservataire is None else frame.loc[frame[colonne] == self.reservataire]

    def sorted(self, frame: pd.DataFrame, *cles: str) -> pd.DataFrame:
        """Rows in the order in which accounts and values are listed."""
        ranks = order(self.dossier)

        def rank(column: pd.Series) -> pd.Series:
            listed = {value: i for i, value in enumerate(ranks[str(column.name)])}
            return column.map(listed).fillna(len(listed)).astype(int)

        key: Callable[[pd.Series], pd.Series] = rank
        return frame.sort_values(list(cles), key=key, kind="stable").reset_index(drop=True)
