"""Dwellings that appear twice: IDENT_REP is shared by the seller's exit and the buyer's acquisition."""

from __future__ import annotations

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.rpls.bailleurs import holder
from flux.noyau.tables import LIGNE, TEXTE

VENTE, A_VERIFIER = "vente entre bailleurs", "à vérifier"
COLONNES = ("id_rpls", "id_logement", "bailleur", "role", "constat", LIGNE)


def vendus(typed: pd.DataFrame) -> pd.DataFrame:
    """One row for each row of the file whose IDENT_REP is written more than once.

    Parameters
    ----------
    typed : typed variables of the RPLS, and `_ligne`.

    Returns
    -------
    `id_rpls, id_logement, bailleur, role` ∈ vendeur, acquereur, inconnu, `constat, _ligne`. A sale is one
    dwelling held, every other row being an exit sold to another bailleur; anything else is to be checked.
    """
    twice = typed["IDENT_REP"].notna() & typed["IDENT_REP"].duplicated(keep=False)
    rows = typed[twice]
    sold = rows["SORTIEPATRIM"].eq(v.MotifSortie.VENTE_BAILLEUR.value).fillna(False).astype(bool)
    held = rows["SORTIEPATRIM"].isna()
    by = rows["IDENT_REP"]
    sale = (sold | held).groupby(by).transform("all") & held.groupby(by).transform("sum").eq(1)
    role = pd.Series("inconnu", index=rows.index, dtype=TEXTE).mask(sale & sold, "vendeur")
    frame = pd.DataFrame(
        {
            "id_rpls": by,
            "id_logement": rows["IDENT_INT"],
            "bailleur": rows["RS"].fillna(holder(rows)),
            "role": role.mask(sale & held, "acquereur"),
            "constat": pd.Series(A_VERIFIER, index=rows.index, dtype=TEXTE).mask(sale, VENTE),
            LIGNE: rows[LIGNE],
        }
    )
    return frame.sort_values(["id_rpls", LIGNE]).reset_index(drop=True)[list(COLONNES)]
