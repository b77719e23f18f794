"""Cells of a national file that cannot be read, found block after block, told as they are elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from flux.dossier.rpls.dictionnaire import variables
from flux.dossier.rpls.lecteurs import table
from flux.dossier.rpls.reperage import Origine
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import line_ranges
from flux.noyau.tables import LIGNE, MOST, check
from flux.rendu.nombres import entier

_SHOWN = 20
"""Lines kept to say where the others are."""


class Defauts:
    """The first cells of each kind with their line, the number of the others."""

    def __init__(self, origine: Origine) -> None:
        self.origine = origine
        self.first: dict[str, list[Anomalie]] = {}
        self.others: dict[str, list[int]] = {}
        self.nb: dict[str, int] = {}

    def add(self, block: pd.DataFrame) -> None:
        """Look at more rows."""
        given = [name for name in variables() if name in block]
        _, found = check(block[[*given, LIGNE]], table(variables().values(), block), self.origine.source)
        for defect in found:
            if defect.gravite is Gravite.BLOQUANT:
                self._keep(defect)

    def _keep(self, defect: Anomalie) -> None:
        first = self.first.setdefault(defect.code, [])
        if defect.ligne is not None and len(first) < MOST:
            colonne = self.origine.entetes.get(defect.colonne or "", defect.colonne)
            first.append(replace(defect, colonne=colonne))
            return
        lines = [defect.ligne] if defect.ligne is not None else list(defect.lignes)
        self.nb[defect.code] = self.nb.get(defect.code, 0) + len(lines)
        others = self.others.setdefault(defect.code, [])
        others += map(int, lines[: _SHOWN - len(others)])

    def listed(self) -> tuple[Anomalie, ...]:
        """One by one, then one for all the others of the same kind."""
        return tuple(a for code, first in self.first.items() for a in (*first, *self._rest(code, first[0])))

    def _rest(self, code: str, like: Anomalie) -> tuple[Anomalie, ...]:
        if code not in self.nb:
            return ()
        message = (
            f"{like.message} : {entier(self.nb[code])} autres cellules de la même colonne, "
            f"lignes {line_ranges(self.others[code])}"
        )
        return (replace(like, ligne=None, valeur=None, message=message),)
