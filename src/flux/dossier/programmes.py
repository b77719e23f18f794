"""The programme of a dwelling where the table has the variables of the RPLS that name one, and not ours."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from flux.dossier.rpls.dictionnaire import variable_of, variables
from flux.dossier.rpls.lecteurs import whole
from flux.dossier.rpls.logements import PROGRAMME
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE, anomaly_at, enumerate_fr, grouped


def with_programme(texte: pd.DataFrame, source: Source) -> tuple[pd.DataFrame, list[Anomalie]]:
    """`programme` of each dwelling: CODSEGPATRIM, else NUMCONV, else COMPLGEO, the first that is filled.

    Parameters
    ----------
    texte : the table `logements` as text, and `_ligne`. Its own column `programme`, even empty, prevails.

    Returns
    -------
    The text, without the columns that served. Anomalies: codes "logements.programme.rpls" (one for each
    variable, the lines that it names) and "logements.programme.rpls_vide" (the lines that none names).
    """
    given = {
        name: header
        for name in PROGRAMME
        for header in texte.columns
        if header != LIGNE and variable_of(str(header)) == name
    }
    if "programme" in texte or not given:
        return texte, []
    out: pd.Series = pd.Series(None, index=texte.index, dtype=TEXTE)
    anomalies: list[Anomalie] = []
    served: list[str] = []
    for name, header in given.items():
        cells = texte[header]
        absent = [w for w in cells.dropna().unique() if whole(w).upper() in variables()[name].absents]
        taken = out.isna() & cells.notna() & ~cells.isin(absent)
        if taken.any():
            served.append(header)
        out = out.mask(taken, cells)
        anomalies += _said(texte, taken, source, "rpls", f"Programme lu dans « {header} » du RPLS")
    if not served:
        return texte, []
    empty = f"{enumerate_fr(given.values())} : rien, logement sans programme"
    anomalies += _said(texte, out.isna(), source, "rpls_vide", empty)
    return texte.drop(columns=served).assign(programme=out), anomalies


def _said(
    frame: pd.DataFrame, mask: pd.Series, source: Source, code: str, message: str
) -> Iterator[Anomalie]:
    repair = anomaly_at(
        source,
        code=f"logements.programme.{code}",
        gravite=Gravite.INFORMATION,
        colonne="programme",
        message=message,
    )
    yield from grouped(repair, frame, mask)
