"""Where each anomaly stands in the workbook of the user's tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from flux.dossier.inventaire import CONVENTION, Inventaire
from flux.dossier.personnes import looks_personal
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE

Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Onglet:
    """A sheet to write: text, the line of each row, and the columns left empty (`videes`)."""

    nom: str
    source: Source
    texte: pd.DataFrame
    lignes: Lines
    videes: tuple[str, ...] = ()

    def column(self, anomalie: Anomalie) -> int:
        """Index of the column of an anomaly; the first one where it has none here."""
        name = "valeur" if self.nom == CONVENTION else anomalie.colonne
        columns = list(self.texte.columns)
        return columns.index(name) if name in columns else 0

    def lines(self, anomalie: Anomalie) -> Lines:
        """The lines of an anomaly; none: it is about the column, or about the table."""
        if len(anomalie.lignes):
            return np.asarray(anomalie.lignes, dtype=np.int64)
        if self.nom == CONVENTION:
            keys = (
                (self.texte["section"] + "." + self.texte["clé"])
                .eq(anomalie.colonne or "")
                .to_numpy(dtype=bool)
            )
            return self.lignes[keys]
        return np.array([anomalie.ligne] if anomalie.ligne else [], dtype=np.int64)

    def address(self, line: int | None, col: int) -> str:
        """`logements!B12`."""
        return f"{self.nom}!{xl_rowcol_to_cell((line or 1) - 1, col)}"


@dataclass(slots=True)
class Places:
    """What to colour and comment in a sheet.

    `shades`: by column, for each row, 0 or the rank of the gravest grade (1: the gravest); `headers`: the
    grade of a header; `comments`: by row and column of the sheet, the messages.
    """

    shades: dict[int, npt.NDArray[np.uint8]] = field(default_factory=dict)
    headers: dict[int, str] = field(default_factory=dict)
    comments: dict[tuple[int, int], list[str]] = field(default_factory=dict)


def onglets(inventaire: Inventaire) -> list[Onglet]:
    """The tables found, in the order of the contract, then the convention."""
    found = []
    for nom in TABLES:
        if nom in inventaire.tables:
            feuille = inventaire.tables[nom]
            texte = feuille.texte.drop(columns=LIGNE)
            known = {c.nom for c in TABLES[nom].colonnes}
            emptied = tuple(str(c) for c in texte if c not in known and looks_personal(str(c), texte[c]))
            blank = pd.Series(np.nan, index=texte.index, dtype=TEXTE)
            lignes = feuille.texte[LIGNE].to_numpy(dtype="int64")
            found.append(
                Onglet(nom, feuille.source, texte.assign(**dict.fromkeys(emptied, blank)), lignes, emptied)
            )
    if inventaire.convention is not None:
        rows = list(_written(inventaire.convention))
        texte = pd.DataFrame(rows, columns=["section", "clé", "valeur"], dtype=TEXTE)
        lignes = np.arange(2, len(rows) + 2, dtype=np.int64)
        found.append(Onglet(CONVENTION, inventaire.source_convention, texte, lignes))
    return found


def of_anomaly(anomalie: Anomalie, sheets: Iterable[Onglet]) -> Onglet | None:
    """The sheet that an anomaly is about, if it is one of ours."""
    where = (anomalie.fichier, anomalie.feuille)
    return next((s for s in sheets if (s.source.fichier, s.source.feuille) == where), None)


def place(anomalies: Iterable[Anomalie], sheets: Sequence[Onglet], comments: int) -> Mapping[str, Places]:
    """What to colour in each sheet, and the comments of its first `comments` faulty cells, gravest first."""
    placed = {sheet.nom: Places() for sheet in sheets}
    ranks = {grade: rank for rank, grade in enumerate(Gravite, start=1)}
    for anomalie in sorted(anomalies, key=lambda a: ranks[a.gravite]):
        sheet = of_anomaly(anomalie, sheets)
        if sheet is None:
            continue
        here, col = placed[sheet.nom], sheet.column(anomalie)
        positions = np.flatnonzero(np.isin(sheet.lignes, sheet.lines(anomalie)))
        if len(positions):
            shades = here.shades.setdefault(col, np.zeros(len(sheet.lignes), dtype=np.uint8))
            fresh = positions[shades[positions] == 0]
            shades[fresh] = ranks[anomalie.gravite]
        else:
            here.headers.setdefault(col, anomalie.gravite.value)
        for row in (sheet.lignes[positions] - 1).tolist() or [0]:
            if (row, col) in here.comments:
                here.comments[row, col].append(_comment(anomalie))
            elif len(here.comments) < comments:
                here.comments[row, col] = [_comment(anomalie)]
            else:
                break
    return placed


def _comment(anomalie: Anomalie) -> str:
    parts = (
        f"{anomalie.message}.",
        anomalie.attendu and f"Attendu : {anomalie.attendu}.",
        anomalie.correction and f"À faire : {anomalie.correction}",
    )
    return "\n".join(p for p in parts if p)


def _written(convention: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Section, key and value of each line, as the sheet `convention` writes them."""
    for section, values in convention.items():
        if not isinstance(values, Mapping):
            yield section, "", _value(values)
            continue
        for key, value in values.items():
            inside = value.items() if isinstance(value, Mapping) else [("", value)]
            yield from ((section, f"{key}.{sub}" if sub else key, _value(one)) for sub, one in inside)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return ", ".join(map(_value, value)) if isinstance(value, list) else str(value)
