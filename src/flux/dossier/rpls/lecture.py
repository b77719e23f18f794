"""`read_rpls`: from an RPLS file, whatever its layout, to the dwellings of a dossier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from flux.dossier.rpls import bailleurs, logements
from flux.dossier.rpls.dictionnaire import variables
from flux.dossier.rpls.doublons import vendus
from flux.dossier.rpls.lecteurs import table
from flux.dossier.rpls.national.chargement import load
from flux.dossier.rpls.parc import ParcRpls
from flux.dossier.rpls.reperage import Origine, read_whole
from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.tables import LIGNE, check


def read_rpls(
    path: str | Path,
    *,
    bailleur: str | None = None,
    departement: str | None = None,
    annee: int | None = None,
) -> ParcRpls:
    """Read a bailleur's RPLS file as the table `logements` of a dossier.

    Layouts: restricted extract of the SDES (95 columns), declared file (63 fields of the arrêté of
    5 January 2010), variant of the DREAL (2018), open files 2012-2020 (aggregated or not) and since 2023.

    Parameters
    ----------
    path : a .csv or .txt file, a workbook, or the folder that `partition_rpls` made of large files: the same
        cells, the same lines, without reading the rest.
    bailleur : SIREN, SIRET, IDENT_ORG or raison sociale, where the file holds several (default: all).
    departement : the code of one, where the file holds several (default: all).
    annee : the file describes the stock on 1 January of this year; dates the exits that carry no date.

    Returns
    -------
    ParcRpls
        `.logements`, and what was repaired, what is missing, the dwellings that appear twice.

    Raises
    ------
    DataError
        Unknown layout (code "rpls.disposition_inconnue": the nearest one, and what is missing), unreadable
        cells, identifiers used twice, exits without a year: every defect at once. Codes
        "rpls.bailleur_absent", "rpls.departement_absent": nothing there; the message names those that are.
    """
    path = Path(path)
    origine, texte = load(path, bailleur, departement) if path.is_dir() else read_whole(path)
    texte, own = bailleurs.select(texte, bailleur, departement, origine.source)
    return _interpret(texte, own, origine, annee or origine.annee)


def _interpret(texte: pd.DataFrame, own: pd.Series, origine: Origine, annee: int | None) -> ParcRpls:
    """What the rows say; those that are not `own` only tell which dwellings were sold."""
    given = [name for name in variables() if name in texte and texte[name].notna().any()]
    source = replace(origine.source, nb_lignes=len(texte))
    typed, found = check(texte[[*given, LIGNE]], table(variables().values(), texte), source)
    found = [replace(a, colonne=origine.entetes.get(a.colonne or "", a.colonne)) for a in found]
    typed, identified = bailleurs.with_identifiers(typed, source)
    _refuse([*found, *identified])  # before anything is made of them
    doublons = vendus(typed)
    typed = typed[own].reset_index(drop=True)
    frame, made = logements.build(typed, annee=annee, source=source)
    anomalies = [*origine.remarques, *found, *identified, *made]
    _refuse(anomalies)
    return ParcRpls(
        nom=source.fichier,
        annee=annee,
        disposition=origine.disposition,
        source=source,
        logements=frame,
        bailleurs=bailleurs.summary(typed),
        doublons=doublons,
        manques=logements.missing(given),
        mobilite=logements.mobility(typed, annee),
        reparations=tuple(anomalies),
    )


def _refuse(anomalies: Iterable[Anomalie]) -> None:
    if blocking := [a for a in anomalies if a.gravite is Gravite.BLOQUANT]:
        raise DataError(blocking)
