"""What the cross-table checks look at, and the anomalies they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from flux.dossier.convention import Convention
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.noyau.tables import anomaly_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexte:
    """What the checks look at.

    `lues`: the tables found, with their columns; `illisibles`: those that are there but could not be read;
    `inconnues`: the files and sheets that are none, each with the table whose headers it has, or "";
    `douteuses`: by table, the lines that have a cell in defect; `communes`: those cited. What is said once of
    a table or of a cell is not said again of all that leans on it.
    """

    tables: Mapping[str, pd.DataFrame]
    sources: Mapping[str, Source]
    lues: Mapping[str, frozenset[str]]
    illisibles: frozenset[str]
    douteuses: Mapping[str, frozenset[int]]
    inconnues: Mapping[str, str]
    communes: pd.DataFrame
    convention: Convention | None
    source_convention: Source

    def known(self, table: str, colonne: str) -> bool:
        """Whether another table can be checked against this column; an optional table may be absent."""
        if table in self.lues:
            return colonne in self.lues[table]
        return table not in self.illisibles and not TABLES[table].requise

    def defect(
        self,
        table: str,
        colonne: str | None,
        code: str,
        message: str,
        *,
        attendu: str = "",
        correction: str = "",
    ) -> Anomalie:
        """A blocking anomaly of `table`, code `table.colonne.code`, to be placed at its lines."""
        source = self.sources[table]
        return anomaly_at(
            source,
            code=".".join(p for p in (table, colonne, code) if p),
            message=message,
            colonne=colonne,
            attendu=attendu,
            correction=correction,
        )
