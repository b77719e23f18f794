"""One section of the annex: a title, sentences, lists, captioned tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flux.rendu.illustration import Illustration
from flux.rendu.nombres import entier
from flux.rendu.vue import Tableau

# A table of detail that is longer or wider is for the workbook and the json, not for pages.
PAGE_ROWS, PAGE_COLUMNS = 40, 16


@dataclass(frozen=True, kw_only=True)
class Section:
    """What a section says.

    `cle` is its stable name. `paragraphes` come first, then `puces` (one sentence a line), pictures, tables.
    """

    cle: str
    titre: str
    paragraphes: tuple[str, ...] = ()
    puces: tuple[str, ...] = ()
    illustrations: tuple[Illustration, ...] = ()
    tableaux: tuple[Tableau, ...] = ()

    @property
    def tableaux_de_page(self) -> tuple[Tableau, ...]:
        """The tables that a page lays out: all but the large ones of detail, which a sentence points to."""
        return tuple(t for t in self.tableaux if not _too_large(t))

    def numbered(self, rang: int) -> Section:
        """The same section with its number, its tables numbered under it: "Tableau 7.2"."""
        tables = tuple(
            replace(t, titre=f"Tableau {rang}.{i}. {t.titre}") for i, t in enumerate(self.tableaux, start=1)
        )
        elsewhere = tuple(
            f"{t.titre} : {_rows(len(t.frame))} dans le classeur et dans le fichier json."
            for t in tables
            if _too_large(t)
        )
        return replace(
            self,
            titre=f"{rang}. {self.titre}",
            paragraphes=(*self.paragraphes, *elsewhere),
            tableaux=tables,
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, as people read it."""
        tables = []
        for tableau in self.tableaux:
            cells = tableau.cellules()
            tables.append(
                {
                    "cle": tableau.cle,
                    "titre": tableau.titre,
                    "colonnes": list(cells.entetes),
                    "lignes": [list(row) for row in cells.lignes],
                    "total": list(cells.total) if cells.total else None,
                    "note": tableau.pied,
                }
            )
        return {
            "cle": self.cle,
            "titre": self.titre,
            "paragraphes": list(self.paragraphes),
            "puces": list(self.puces),
            "tableaux": tables,
        }


def _too_large(tableau: Tableau) -> bool:
    wide = len(tableau.colonnes) > PAGE_COLUMNS
    return tableau.detail and (wide or len(tableau.frame) > PAGE_ROWS)


def _rows(nb: int) -> str:
    return f"ses {entier(nb)} lignes sont" if nb > 1 else "sa ligne est" if nb else "sans ligne,"
