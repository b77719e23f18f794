"""How a cross-check says what it found: once for all the lines alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from flux.dossier.contexte import Contexte
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import line_ranges
from flux.noyau.tables import LIGNE


def constat(
    contexte: Contexte,
    table: str,
    colonne: str,
    code: str,
    message: str,
    mask: pd.Series,
    *,
    gravite: Gravite = Gravite.A_VERIFIER,
    attendu: str = "",
    correction: str = "",
) -> Iterator[Anomalie]:
    """One anomaly for the lines of `mask`, if there are any; their number and ranges end the message.

    Parameters
    ----------
    code : the anomaly's is `table.colonne.code`.
    mask : boolean, aligned on the table; a missing value is no finding, nor is a line that has a cell in
        defect: what could not be read there is not absent.
    """
    frame = contexte.tables[table]
    unsaid = ~frame[LIGNE].isin(contexte.douteuses.get(table, ()))
    found = frame[mask.fillna(False).astype(bool) & unsaid]
    lines = found[LIGNE].astype(int).tolist()
    if not lines:
        return
    where = f"{len(lines)} lignes : {line_ranges(lines)}" if len(lines) > 1 else f"ligne {lines[0]}"
    read = found[colonne].iloc[0]
    yield replace(
        contexte.defect(table, colonne, code, f"{message} ({where})", attendu=attendu, correction=correction),
        gravite=gravite,
        ligne=lines[0],
        valeur=None if pd.isna(read) else _written(read),
        lignes=tuple(lines),
    )


def programmes(frame: pd.DataFrame) -> set[tuple[str, str]]:
    """The programmes of a table, each with its commune: a name alone may stand in two."""
    pairs = frame.loc[frame["programme"].notna(), ["programme", "commune"]].drop_duplicates()
    return set(pairs.itertuples(index=False, name=None))


def in_programmes(frame: pd.DataFrame, known: set[tuple[str, str]]) -> pd.Series:
    """Rows whose programme and commune are in `known`."""
    pairs = zip(frame["programme"], frame["commune"], strict=True)
    return pd.Series([pair in known for pair in pairs], index=frame.index, dtype=bool)


def _written(value: object) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, pd.Timestamp) else str(value)
