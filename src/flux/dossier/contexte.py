"""What the cross-table checks look at, and the anomalies they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from flux.dossier.convention import Convention
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexte:
    """What the checks look at. `lues`: the tables found; `inconnues`: the files and sheets that are none."""

    tables: Mapping[str, pd.DataFrame]
    sources: Mapping[str, Source]
    lues: frozenset[str]
    inconnues: tuple[str, ...]
    convention: Convention | None
    source_convention: Source

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
        return Anomalie(
            code=".".join(p for p in (table, colonne, code) if p),
            message=message,
            fichier=source.fichier,
            feuille=source.feuille,
            colonne=colonne,
            attendu=attendu,
            correction=correction,
        )
