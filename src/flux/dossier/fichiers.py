"""From files to sheets of text: what is written, as it is written. Nothing is interpreted here."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from python_calamine import CalamineError

from flux.dossier.cellules import CONTROLE
from flux.dossier.classeur_brut import broken_cells
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, MOST, TEXTE, at_lines

SEPARATEURS = (";", "\t", ",")
CSV = frozenset({".csv"})
CLASSEURS = frozenset({".xlsx"})


@dataclass(frozen=True, slots=True)
class Feuille:
    """One sheet of text: its name (of the file or of the sheet), headers as written, and `_ligne`.

    `anomalies`: cells that hold no text that one can trust.
    """

    nom: str
    source: Source
    texte: pd.DataFrame
    anomalies: tuple[Anomalie, ...] = ()


def read_text(path: Path) -> tuple[str | None, Source, list[Anomalie]]:
    """The text of a file: UTF-8 with or without BOM, else cp1252, which is said."""
    content = path.read_bytes()
    source = Source(fichier=path.name, sha256=hashlib.sha256(content).hexdigest())
    try:
        text = content.decode("utf-8-sig")
        if "\0" not in text:
            return text, source, []
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
        if "\0" in text:  # UTF-16 ("Texte Unicode" of Excel), or no text at all
            raise UnicodeDecodeError("cp1252", content, content.index(0), content.index(0) + 1, "null byte")
    except UnicodeDecodeError as error:
        defect = Anomalie(
            code="fichier.encodage",
            fichier=path.name,
            message=f"Le fichier n'est pas un texte lisible (octet {error.start})",
            attendu="un fichier en UTF-8 ou en cp1252 (Windows)",
            correction="L'ouvrir dans un tableur ou un éditeur de texte et l'enregistrer en UTF-8 "
            "(« CSV UTF-8 » dans Excel).",
        )
        return None, source, [defect]
    said = "Le fichier n'est pas en UTF-8, il est lu en cp1252 (Windows)"
    return (
        text,
        source,
        [Anomalie(code="fichier.cp1252", gravite=Gravite.INFORMATION, fichier=path.name, message=said)],
    )


def read_csv(path: Path) -> tuple[list[Feuille], list[Anomalie]]:
    """A csv file: `;`, `,` or tab. Blank rows are dropped, line numbers kept."""
    text, source, said = read_text(path)
    if text is None:
        return [], said
    if not text.strip():
        empty = Anomalie(
            code="fichier.vide",
            fichier=path.name,
            message="Le fichier est vide",
            attendu="un en-tête, puis des lignes",
            correction="Le compléter, ou le retirer du dossier si la table n'est pas utile.",
        )
        return [], [*said, empty]
    separator = max(SEPARATEURS, key=text.split("\n", 1)[0].count)
    try:
        raw = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
    except pd.errors.ParserError:
        return [], [*said, *_ragged(text, separator, path.name)]
    return [_sheet(path.stem, raw, source)], said


def _ragged(text: str, separator: str, fichier: str) -> Iterator[Anomalie]:
    """Why the csv could not be read: rows longer than the header, or a quote that is never closed."""
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    width = len(rows[0])
    long = [(line, len(row)) for line, row in enumerate(rows, start=1) if len(row) > width]
    if not long:
        yield Anomalie(
            code="fichier.guillemet",
            fichier=fichier,
            message="Un guillemet ouvert n'est jamais fermé",
            correction="Fermer le guillemet, ou réenregistrer le fichier depuis un tableur.",
        )
    for line, nb in long[:MOST]:
        yield Anomalie(
            code="fichier.cellules_en_trop",
            fichier=fichier,
            ligne=line,
            message=f"La ligne a {nb} cellules, l'en-tête en a {width} ({len(long)} lignes dans ce cas)",
            correction=f"Mettre entre guillemets la cellule qui contient « {separator} ».",
        )


def read_excel(path: Path) -> tuple[list[Feuille], list[Anomalie]]:
    """Every sheet of a workbook."""
    content = path.read_bytes()
    source = Source(fichier=path.name, sha256=hashlib.sha256(content).hexdigest())
    try:
        sheets = pd.read_excel(
            io.BytesIO(content),
            sheet_name=None,
            header=None,
            dtype=str,
            engine="calamine",
            keep_default_na=False,
            na_values=[""],
        )
    except (CalamineError, ValueError):
        defect = Anomalie(
            code="fichier.classeur_illisible",
            fichier=path.name,
            message="Le classeur ne s'ouvre pas",
            attendu="un classeur .xlsx",
            correction="L'ouvrir dans un tableur et l'enregistrer au format .xlsx.",
        )
        return [], [defect]
    untrusted = broken_cells(content, source)
    read = [_sheet(nom, raw, replace(source, feuille=nom)) for nom, raw in sheets.items()]
    return [replace(s, anomalies=(*untrusted.get(s.nom, ()), *s.anomalies)) for s in read], []


def _sheet(nom: str, raw: pd.DataFrame, source: Source) -> Feuille:
    """First row as header; cells stripped; blank rows, and columns without header nor cell, dropped."""
    headers = [] if raw.empty else ["" if pd.isna(h) else str(h).strip() for h in raw.iloc[0]]
    body = raw.iloc[1:].reset_index(drop=True)
    columns, names = {}, []
    for position, header in enumerate(headers):
        cells = _stripped(body.iloc[:, position])
        if header or cells.notna().any():
            columns[position] = cells
            names.append(header or f"colonne {position + 1}")
    frame = pd.DataFrame(columns, index=body.index)
    filled = frame.notna().any(axis=1)
    lines = pd.Series(np.arange(2, len(frame) + 2), dtype="Int64")
    texte = frame.set_axis(names, axis=1).assign(**{LIGNE: lines})[filled].reset_index(drop=True)
    return Feuille(nom, replace(source, nb_lignes=len(texte)), texte, tuple(_controls(texte, source)))


def _controls(texte: pd.DataFrame, source: Source) -> Iterator[Anomalie]:
    """Cells with a character that no document can hold: an invisible one, in a name or an identifier."""
    for position, colonne in enumerate(texte.columns):
        if colonne == LIGNE:
            continue
        cells = texte.iloc[:, position]
        bad = [word for word in cells.dropna().unique().tolist() if CONTROLE.search(word)]
        yield from at_lines(
            Anomalie(
                code="fichier.caractere_de_controle",
                fichier=source.fichier,
                feuille=source.feuille,
                colonne=str(colonne),
                message="La cellule contient un caractère de contrôle, invisible",
                attendu="un texte qui se lit et s'imprime",
                correction="Retaper le contenu de la cellule.",
            ),
            texte,
            cells.isin(bad),
            cells,
        )


def _stripped(cells: pd.Series) -> pd.Series:
    if not cells.notna().any():
        return cells.astype(TEXTE)
    bare = cells.str.strip()
    return bare.mask(bare == "").astype(TEXTE)
