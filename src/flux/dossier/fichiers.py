"""From files to sheets of text: what is written, as it is written. Nothing is interpreted here."""

from __future__ import annotations

import csv
import hashlib
import io
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE

SEPARATEURS = (";", "\t", ",")
EXCEL = frozenset({".xlsx"})


@dataclass(frozen=True, slots=True)
class Feuille:
    """One sheet of text: its name (of the file or the sheet), headers as written, and `_ligne`."""

    nom: str
    source: Source
    texte: pd.DataFrame


def read_bytes(path: Path) -> tuple[bytes, str]:
    """The content of a file, and its sha256."""
    content = path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def decode(content: bytes) -> tuple[str, bool]:
    """UTF-8 with or without BOM, else cp1252; and whether it was cp1252."""
    try:
        return content.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        return content.decode("cp1252"), True


def read_csv(path: Path) -> tuple[Feuille | None, list[Anomalie]]:
    """A csv file: `;`, `,` or tab, UTF-8 or cp1252. Blank rows are dropped, line numbers kept."""
    content, sha256 = read_bytes(path)
    source = Source(fichier=path.name, sha256=sha256)
    try:
        text, ancient = decode(content)
    except UnicodeDecodeError as error:
        return None, [Anomalie(code="fichier.encodage", fichier=path.name, message="Texte illisible",
                               valeur=f"octet {error.start}", attendu="un fichier en UTF-8 ou en cp1252 (Windows)",
                               correction="Enregistrer le fichier au format « CSV UTF-8 ».")]
    said = [Anomalie(code="fichier.cp1252", gravite=Gravite.INFORMATION, fichier=path.name,
                     message="Le fichier n'est pas en UTF-8, il est lu en cp1252 (Windows)")] if ancient else []
    header = text.split("\n", 1)[0]
    separator = max(SEPARATEURS, key=header.count)
    if not text.strip():
        return _sheet(path.stem, pd.DataFrame(), source), said
    try:
        raw = pd.read_csv(io.StringIO(text), sep=separator, header=None, dtype=str, keep_default_na=False,
                          na_values=[""], skip_blank_lines=False)
    except pd.errors.ParserError:
        return None, [*said, *_ragged(text, separator, path.name)]
    return _sheet(path.stem, raw, source), said


def _ragged(text: str, separator: str, fichier: str) -> Iterator[Anomalie]:
    """Why the csv could not be read: the rows longer than the header, or a quote never closed."""
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    width = len(rows[0])
    long = [(line, len(row)) for line, row in enumerate(rows, start=1) if len(row) > width]
    if not long:
        yield Anomalie(code="fichier.guillemet", fichier=fichier, message="Un guillemet ouvert n'est jamais fermé",
                       correction="Fermer le guillemet, ou réenregistrer le fichier depuis un tableur.")
    for line, nb in long[:50]:
        yield Anomalie(code="fichier.cellules_en_trop", fichier=fichier, ligne=line,
                       message=f"La ligne a {nb} cellules, l'en-tête en a {width}",
                       correction=f"Mettre entre guillemets la cellule qui contient « {separator} ».")


def read_excel(path: Path) -> tuple[list[Feuille], list[Anomalie]]:
    """Every sheet of a workbook."""
    content, sha256 = read_bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the styles of the workbook do not concern us
            sheets = pd.read_excel(io.BytesIO(content), sheet_name=None, header=None, dtype=str, engine="calamine",
                                   keep_default_na=False, na_values=[""])
    except (ValueError, OSError, zipfile.BadZipFile, Exception) as error:
        return [], [Anomalie(code="fichier.classeur_illisible", fichier=path.name, valeur=str(error).splitlines()[0],
                             message="Le classeur ne s'ouvre pas", attendu="un classeur .xlsx",
                             correction="L'ouvrir dans un tableur et l'enregistrer au format .xlsx.")]
    return [_sheet(str(nom), raw, Source(fichier=path.name, feuille=str(nom), sha256=sha256))
            for nom, raw in sheets.items()], []


def _sheet(nom: str, raw: pd.DataFrame, source: Source) -> Feuille:
    """First row as header; cells stripped; blank rows and columns without header nor cell dropped."""
    if raw.empty:
        return Feuille(nom, _counted(source, 0), pd.DataFrame({LIGNE: pd.Series([], dtype="Int64")}))
    body = raw.iloc[1:]
    headers = ["" if pd.isna(h) else str(h).strip() for h in raw.iloc[0]]
    columns = {}
    for position, header in enumerate(headers):
        cells = body.iloc[:, position]
        cells = cells.str.strip() if cells.notna().any() else cells
        columns[position] = cells.mask(cells == "").astype(TEXTE)
        headers[position] = header or f"colonne {position + 1}"
    kept = {p: cells for p, cells in columns.items() if cells.notna().any() or raw.iloc[0].notna().iloc[p]}
    frame = pd.DataFrame(kept)
    blank = frame.isna().all(axis=1) if len(frame.columns) else pd.Series(True, index=frame.index)
    frame.columns = pd.Index([headers[p] for p in kept])
    frame = frame.assign(**{LIGNE: pd.array(np.arange(2, len(frame) + 2), dtype="Int64")})
    frame = frame.loc[~blank.to_numpy()].reset_index(drop=True)
    return Feuille(nom, _counted(source, len(frame)), frame)


def _counted(source: Source, nb: int) -> Source:
    return Source(fichier=source.fichier, feuille=source.feuille, sha256=source.sha256, nb_lignes=nb)
