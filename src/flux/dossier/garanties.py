"""Rights given for a guarantee: whose they are, and until when (the contract of the dossier, "Expiry")."""

from __future__ import annotations

import pandas as pd

from flux.dossier import vocabulaire as v

GARANTS = frozenset({v.Categorie.COMMUNE, v.Categorie.EPCI, v.Categorie.EPT, v.Categorie.VILLE_PARIS})
"""Those whose right outlives the guaranteed loan (CCH, art. R. 441-6)."""
PROLONGATION = pd.DateOffset(years=5)
"""How long it does."""


def guarantees(reservations: pd.DataFrame, reservataires: pd.DataFrame) -> pd.Series:
    """Rights given for a guarantee by those whose right outlives the loan: boolean, no missing value."""
    category = reservataires.drop_duplicates("id_reservataire").set_index("id_reservataire")["categorie"]
    guarantor = reservations["id_reservataire"].map(category).isin(GARANTS)
    return guarantor & reservations["contrepartie"].eq(v.Contrepartie.GARANTIE).fillna(False).astype(bool)


def end_of_rights(reservations: pd.DataFrame, reservataires: pd.DataFrame) -> pd.Series:
    """The last day of each right; missing: no end.

    « les droits de réservation attachés à cette garantie sont prolongés de cinq ans à compter du dernier
    paiement » (CCH, art. R. 441-6): once the loan is repaid, `date_fin` is not looked at.
    """
    paid = reservations["date_remboursement"]
    repaid = guarantees(reservations, reservataires) & paid.notna()
    return reservations["date_fin"].mask(repaid, paid + PROLONGATION)
