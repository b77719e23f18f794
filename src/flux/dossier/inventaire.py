"""What a path holds: each sheet brought to its table, headers to the names of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from flux.dossier import lecture_convention
from flux.dossier.cellules import cle
from flux.dossier.fichiers import CLASSEURS, CSV, Feuille, read_csv, read_excel, read_text
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, at_lines, enumerate_fr, suggestion

CONVENTION = "convention"
CONVENTION_TOML = "convention.toml"
SERVICE = frozenset({"lisez_moi", "controles", "exemples", "anomalies", "resume"})
"""Sheets of our own workbooks that are read by people, never by us."""


@dataclass(frozen=True, slots=True)
class Inventaire:
    """Tables found, by name; sheets that are none (`inconnues`); the convention as written, if any.

    `illisibles`: the tables, or the convention, that are there but could not be read, which was said.
    """

    tables: Mapping[str, Feuille]
    inconnues: tuple[str, ...]
    convention: Mapping[str, Any] | None
    source_convention: Source
    anomalies: tuple[Anomalie, ...]
    illisibles: frozenset[str] = frozenset()


def collect(path: Path) -> Inventaire:
    """Read every table of a folder, or every sheet of a workbook."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [f for f in files if f.is_file() and not f.name.startswith((".", "~$"))]
    tables: dict[str, Feuille] = {}
    inconnues: list[str] = []
    illisibles: set[str] = set()
    convention: Mapping[str, Any] | None = None
    source_convention = Source(fichier=CONVENTION_TOML if path.is_dir() else path.name)
    anomalies: list[Anomalie] = []
    for file in files:
        if file.name.lower() == CONVENTION_TOML:
            text, source, found = read_text(file)
            anomalies += found
            if convention is not None:
                anomalies.append(_twice(CONVENTION, source, source_convention))
                continue
            source_convention = source
            if text is not None:
                convention, found = lecture_convention.parse_toml(text, source)
                anomalies += found
            if convention is None:
                illisibles.add(CONVENTION)
            continue
        sheets, found = _sheets(file, alone=path.is_dir())
        anomalies += found
        if not sheets and not found:
            inconnues.append(file.name)
        elif not sheets:
            illisibles |= {cle(file.stem)} if path.is_dir() else {*TABLES, CONVENTION}
        for sheet in sheets:
            nom = cle(sheet.nom)
            if nom == CONVENTION and convention is None:
                source_convention = sheet.source
                convention, found = lecture_convention.parse_sheet(sheet.texte, sheet.source)
                if convention is None:
                    illisibles.add(CONVENTION)
            elif nom == CONVENTION:
                found = [_twice(nom, sheet.source, source_convention)]
            elif nom in tables:
                found = [_twice(nom, sheet.source, tables[nom].source)]
            elif nom in TABLES:
                tables[nom], found = with_headers(nom, sheet)
            elif sheet.source.feuille and nom in SERVICE:
                found = []
            else:
                inconnues.append(sheet.source.feuille or sheet.source.fichier)
                found = []
            anomalies += found
            if nom == CONVENTION or nom in TABLES:
                anomalies += sheet.anomalies
    anomalies += [_ignored(nom) for nom in inconnues]
    return Inventaire(
        tables, tuple(inconnues), convention, source_convention, tuple(anomalies), frozenset(illisibles)
    )


def _sheets(file: Path, *, alone: bool) -> tuple[list[Feuille], list[Anomalie]]:
    """The sheets of a file; `alone`: a workbook of one sheet is a table named by its file."""
    kind = file.suffix.lower()
    if kind in CSV:
        return read_csv(file)
    if kind in CLASSEURS:
        sheets, found = read_excel(file)
        filled = [sheet for sheet in sheets if len(sheet.texte.columns) > 1]
        if alone and len(filled) == 1:  # Excel adds empty sheets of its own
            sheets = [replace(filled[0], nom=file.stem)]
        return sheets, found
    return [], []


def with_headers(nom: str, feuille: Feuille) -> tuple[Feuille, list[Anomalie]]:
    """Headers as the contract names them; those written otherwise are listed, two alike are a defect."""
    known = {c.nom for c in TABLES[nom].colonnes}
    written = [str(c) for c in feuille.texte.columns]
    names = [cle(c) if c != LIGNE and cle(c) in known else c for c in written]
    fichier, sheet = feuille.source.fichier, feuille.source.feuille
    anomalies = []
    if changed := [w for w, n in zip(written, names, strict=True) if w != n]:
        anomalies.append(
            Anomalie(
                code=f"{nom}.entetes",
                gravite=Gravite.INFORMATION,
                fichier=fichier,
                feuille=sheet,
                message=f"En-têtes lus sans la casse ni les accents : {enumerate_fr(changed)}",
            )
        )
    twice = pd.Index(names).duplicated()
    for name in dict.fromkeys(n for n, again in zip(names, twice, strict=True) if again and n in known):
        anomalies.append(
            Anomalie(
                code=f"{nom}.{name}.colonne_en_double",
                fichier=fichier,
                feuille=sheet,
                colonne=name,
                message="Deux colonnes ont le même en-tête",
                attendu="une seule colonne de chaque nom",
                correction="Supprimer ou renommer l'une des deux.",
            )
        )
    texte = feuille.texte.set_axis(names, axis=1).loc[:, ~twice]
    again = _header_again(texte, known)
    anomalies += at_lines(
        Anomalie(
            code=f"{nom}.entete_repete",
            fichier=fichier,
            feuille=sheet,
            message="L'en-tête est écrit une seconde fois",
            attendu="un seul en-tête, en première ligne",
            correction="Supprimer la ligne ; si deux fichiers ont été mis bout à bout, vérifier "
            "qu'aucune ligne n'y est deux fois.",
        ),
        texte,
        again,
    )
    return replace(feuille, texte=texte.loc[~again]), anomalies


def _header_again(texte: pd.DataFrame, known: set[str]) -> pd.Series:
    """Rows whose every cell repeats the name of its column."""
    columns = [c for c in texte.columns if c in known]
    first = texte[columns[0]] if columns else pd.Series(pd.NA, index=texte.index)
    again = first.isin([word for word in first.dropna().unique() if cle(word) == first.name])
    for row in texte.index[again]:
        again[row] = all(cle(str(texte.at[row, c])) == c for c in columns)
    return again


def _twice(nom: str, source: Source, first: Source) -> Anomalie:
    return Anomalie(
        code=f"{nom}.table_en_double",
        fichier=source.fichier,
        feuille=source.feuille,
        message=f"La table « {nom} » est donnée deux fois",
        attendu="chaque table une seule fois",
        correction=f"Garder celle-ci, ou celle de {first.fichier}.",
    )


def _ignored(nom: str) -> Anomalie:
    return Anomalie(
        code="dossier.table_inconnue",
        gravite=Gravite.INFORMATION,
        fichier=nom,
        message="Ce n'est pas une table du dossier, elle n'est pas lue",
        correction=suggestion(cle(Path(nom).stem), [*TABLES, CONVENTION]),
    )
