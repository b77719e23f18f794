"""From files to grids of text: what is written, as it is written. Nothing is interpreted here."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from flux.dossier.cellules import cle
from flux.dossier.encodages import read_bytes
from flux.dossier.grilles import CELLULES_MAX, OCTETS_MAX, Grille
from flux.dossier.largeurs import INCONNU, Compteur
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import MOST, TEXTE
from flux.rendu.nombres import entier

SEPARATEURS = (";", "\t", ",", "|")
TETES = 20
"""Lines looked at to find the separator and the header."""
_BLOC = 1 << 20
TEXTES = frozenset({".csv", ".txt", ".tsv"})
PARQUET = ".parquet"


def read_csv(path: Path, noms: Collection[str] = ()) -> tuple[list[Grille], list[Anomalie]]:
    """A text file whose cells are separated by `;`, a tab, `,` or `|`.

    Parameters
    ----------
    noms : names that its header may have, as `cle` writes them.
    """
    content, source, said = read_bytes(path)
    if content is None:
        return [], said
    if not content.strip():
        return [], [*said, _empty(path)]
    heads = [line.decode() for line in content.split(b"\n", TETES)[:TETES]]
    separator = _separator(heads, noms)
    counter = Compteur(separator)
    for start in range(0, len(content), _BLOC):  # what it counts with is larger than what it reads
        counter.add(content[start : start + _BLOC])
    widths = counter.counts()
    width = max(1, int(widths.max(initial=1)))
    if width * len(widths) > CELLULES_MAX:
        return [], [*said, _too_large(path)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond those that were counted
            raw = pd.read_csv(
                io.BytesIO(content),
                sep=separator,
                header=None,
                names=list(range(width)),
                index_col=False,
                dtype=str,
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        return [], [*said, _misquoted(str(error), path.name, content, separator)]
    if counter.quoted and (swallowed := list(_swallowed(raw, separator, path.name))):
        return [], [*said, *swallowed]
    plain = len(widths) == len(raw) and not (widths == INCONNU).any()
    if not content.endswith(b"\n"):
        said.append(_no_end(path, len(raw)))
    return [Grille(path.stem, source, raw, largeurs=widths if plain else None)], said


def read_parquet(path: Path) -> tuple[list[Grille], list[Anomalie]]:
    """A table of a database; its first line is the names of its columns."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return [], [_no_parquet(path)]
    content = path.read_bytes()
    source = Source(fichier=path.name, sha256=hashlib.sha256(content).hexdigest())
    try:
        file = parquet.ParquetFile(pa.BufferReader(content))
        described = file.metadata
        unpacked = sum(described.row_group(i).total_byte_size for i in range(described.num_row_groups))
        if described.num_rows * described.num_columns > CELLULES_MAX or unpacked > OCTETS_MAX:
            return [], [_too_large(path)]
        table = file.read()
        columns = {i: _texts(table.column(i)) for i in range(table.num_columns)}
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError):
        return [], [_no_parquet_table(path)]
    header = pd.DataFrame([table.column_names], dtype=TEXTE)
    return [Grille(path.stem, source, pd.concat([header, pd.DataFrame(columns)], ignore_index=True))], []


def _texts(column: Any) -> pd.Series:
    """Every value as text; not a number is an absence."""
    texts: pd.Series = column.cast("string").to_pandas().astype(TEXTE)
    return texts.mask(texts == "nan") if str(column.type) in {"float", "double"} else texts


def _separator(heads: Sequence[str], noms: Collection[str]) -> str:
    """The one that shows most of the names wanted on a line; else that cuts most lines in most cells."""
    lines = [line for line in heads if line.strip()]

    def worth(separator: str) -> tuple[int, int]:
        named = max(len({cle(cell) for cell in line.split(separator)} & {*noms}) for line in lines)
        return named, sorted(line.count(separator) for line in lines)[len(lines) // 2]

    return max(SEPARATEURS, key=worth)


def _swallowed(raw: pd.DataFrame, separator: str, fichier: str) -> Iterator[Anomalie]:
    """Cells that hold a line end and a separator: a stray quote took whole lines for one cell."""
    for position in raw.columns:
        cells = raw[position].dropna()
        lost = cells[cells.str.contains("\n", regex=False) & cells.str.contains(separator, regex=False)]
        for row, cell in lost.iloc[:MOST].items():
            yield Anomalie(
                code="fichier.guillemet",
                fichier=fichier,
                ligne=int(str(row)) + 1,
                valeur=cell.split("\n")[0][:60],
                message=f"Un guillemet enferme {cell.count(chr(10)) + 1} lignes dans une seule cellule",
                correction="Supprimer ou doubler le guillemet, ou refaire l'extraction.",
            )


def _misquoted(error: str, fichier: str, content: bytes, separator: str) -> Anomalie:
    """What pandas says of a quote, in French, with the line of the file.

    Inside a cell, pandas takes a quote for a letter, and the separators after it for separators.
    """
    if opened := re.search(r"starting at row (\d+)", error):
        return Anomalie(
            code="fichier.guillemet",
            fichier=fichier,
            ligne=int(opened[1]) + 1,
            message="Un guillemet ouvert n'est jamais fermé",
            correction="Fermer le guillemet, ou réenregistrer le fichier depuis un tableur.",
        )
    inside = re.search(rb'[^"\n%s]"[^"\n%s]' % ((re.escape(separator.encode()),) * 2), content)
    return Anomalie(
        code="fichier.guillemet",
        fichier=fichier,
        ligne=content.count(b"\n", 0, inside.start()) + 1 if inside else None,
        message="Un guillemet au milieu d'une cellule décale celles qui le suivent",
        correction="Supprimer ou doubler le guillemet, ou réenregistrer le fichier depuis un tableur.",
    )


def _empty(path: Path) -> Anomalie:
    return Anomalie(
        code="fichier.vide",
        fichier=path.name,
        message="Le fichier est vide",
        attendu="un en-tête, puis des lignes",
        correction="Le compléter, ou le retirer du dossier si la table n'est pas utile.",
    )


def _no_end(path: Path, last: int) -> Anomalie:
    return Anomalie(
        code="fichier.sans_fin",
        gravite=Gravite.INFORMATION,
        fichier=path.name,
        ligne=last,
        message="La dernière ligne n'a pas de fin : elle est entière, ou le fichier a été coupé",
        correction="Vérifier cette ligne.",
    )


def _too_large(path: Path) -> Anomalie:
    return Anomalie(
        code="fichier.trop_grand",
        fichier=path.name,
        message="Le fichier dépasse ce que flux ouvre",
        attendu=f"au plus {entier(CELLULES_MAX)} cellules et {entier(OCTETS_MAX // 1_000_000)} Mo",
        correction="Ne garder que les colonnes du dossier et les lignes du bailleur.",
    )


def _no_parquet(path: Path) -> Anomalie:
    return Anomalie(
        code="fichier.parquet_absent",
        fichier=path.name,
        message="Les fichiers .parquet se lisent avec une bibliothèque qui n'est pas installée",
        correction='L\'installer (pip install "gestion-en-flux[parquet]"), ou enregistrer la table en CSV.',
    )


def _no_parquet_table(path: Path) -> Anomalie:
    return Anomalie(
        code="fichier.parquet_illisible",
        fichier=path.name,
        message="Le fichier n'est pas une table parquet lisible : il est coupé, abîmé, ou une de ses "
        "colonnes ne contient pas de valeurs simples",
        correction="Refaire l'extraction, ou enregistrer la table en CSV.",
    )
