"""Where a difference is, as people look for it, and what the figure there is made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from flux.annexe.lignees import Lignees
from flux.annexe.verification.blocs import plain
from flux.noyau.provenance import Couleur, Figure, Source

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section
    from flux.rendu.vue import Tableau

MOST = 4  # articles, and columns of files, said for one difference


class Nature(StrEnum):
    """What was changed."""

    IDENTITE = "identite"
    CHIFFRE = "chiffre"
    TEXTE = "texte"
    DONNEE = "donnee"
    FORMULE = "formule"
    SUITE = "suite"
    PREUVE = "preuve"
    ABSENT = "absent"
    EN_TROP = "en_trop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lieu:
    """A place in the annex, and the lineage of what stands there."""

    section: str = ""
    tableau: str = ""
    ligne: str = ""
    colonne: str = ""
    articles: str = ""
    sources: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecart:
    """One difference between what was published and what was made again."""

    nature: Nature
    lieu: Lieu
    publie: str = ""
    refait: str = ""


class Lieux:
    """The places of one annex, the one that was made again."""

    def __init__(self, annexe: Annexe) -> None:
        self.annexe = annexe
        self.lignees = Lignees.of(annexe)

    @cached_property
    def sections(self) -> dict[str, Section]:
        """By title, as a page shows it."""
        return {plain(s.titre): s for s in self.annexe.sections}

    @cached_property
    def tableaux(self) -> dict[str, Tableau]:
        """By caption, as a page shows it."""
        return {plain(t.titre): t for s in self.annexe.sections for t in s.tableaux}

    def cell(self, section: str, tableau: Tableau, rang: int, colonne: int) -> Lieu:
        """One cell of a table: `rang` 0 is the first row, the one after the last is the total."""
        cells, spec = tableau.cellules(), tableau.specs[colonne]
        rows = tableau.frame
        if rang < len(rows):
            label = cells.lignes[rang][0]
            figure = self.lignees.cellule(tableau, rows.iloc[rang].to_dict(), spec.nom)
        else:
            label = "Total"
            figure = self.lignees.total(tableau, spec.nom, (tableau.totaux or {}).get(spec.nom))
        articles, sources = self._lineage(tableau, figure)
        return Lieu(
            section=section,
            tableau=tableau.titre,
            ligne=label,
            colonne=cells.entetes[colonne],
            articles=articles,
            sources=sources,
        )

    def result(self, ligne: str, colonne: str, valeur: float) -> tuple[str, str]:
        """The lineage of a result of a sheet, by the names of its row and of its column."""
        figure = self.lignees.resultat(ligne, colonne, valeur)
        return _behind(figure) if figure is not None else ("", "")

    def _lineage(self, tableau: Tableau, figure: Figure | None) -> tuple[str, str]:
        """The articles and the cells of files behind a figure; without proof, those of its table."""
        if figure is None:
            return tableau.article, _some(s.fichier for s in self.lignees.sources(tableau))
        articles, sources = _behind(figure)
        return _some([tableau.article, articles]), sources


def _behind(figure: Figure) -> tuple[str, str]:
    """The articles and the cells of files of a proof, the nearest first."""
    nodes = figure.nodes()
    articles = (f.article for f in reversed(nodes) if f.article)
    read = [_cells(f.source) for f in reversed(nodes) if f.source]
    assumed = [f"hypothèse : {f.nom}" for f in nodes if f.couleur is Couleur.HYPOTHESE]
    return _some(articles), _some([*read, *assumed])


def _cells(source: Source) -> str:
    parts = [
        source.fichier,
        source.feuille and f"feuille « {source.feuille} »",
        source.colonne and f"colonne « {source.colonne} »",
        source.lignes and f"lignes {source.lignes}",
    ]
    return ", ".join(p for p in parts if p)


def _some(said: Iterable[str]) -> str:
    """The first ones, each once; how many more."""
    every = list(dict.fromkeys(s for s in said if s))
    more = f" ; et {len(every) - MOST} autres" if len(every) > MOST else ""
    return " ; ".join(every[:MOST]) + more
