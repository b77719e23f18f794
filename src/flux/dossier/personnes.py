"""Columns that look like persons: what no table of the contract holds is never copied elsewhere.

It errs on the safe side: such a column is not one of ours, nothing is lost when it is left empty.
"""

from __future__ import annotations

import re

import pandas as pd

from flux.dossier.cellules import cle

# How a word of a header begins when the column names, places or dates a person.
_STEMS = (
    "nom", "prenom", "patronym", "identite", "civilit", "sexe", "genre", "nationalit", "profession", "age",
    "locataire", "occupant", "titulaire", "colocataire", "conjoint", "demandeur", "candidat", "beneficiaire",
    "menage", "gardien", "contact", "interlocuteur", "naiss", "ddn", "nee",
    "adr", "rue", "voie", "numvoie", "nomvoie", "tel", "portable", "mobile", "mail", "email", "mel",
    "courriel", "nir", "secu", "iban", "rib", "nur", "nud",
)  # fmt: skip
_CELL = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+"  # an e-mail address
    r"|(?:\+33|0)\s?[1-9](?:[ .-]?\d{2}){4}"  # a telephone number
    r"|[12](?:\s?\d){12}(?:\s?\d{2})?"  # a social security number
)


def looks_personal(header: str, cells: pd.Series) -> bool:
    """True when the header, or one of the cells, seems to be about a person."""
    words = cle(header).split("_")
    if "ne" in words or any(word.startswith(_STEMS) for word in words):
        return True
    return any(_CELL.fullmatch(str(text).strip()) for text in cells.dropna().unique())
