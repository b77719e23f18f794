"""The annex as published, in values: a sheet a section, and one for each table of detail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flux.annexe.xlsx.grille import Classeur, Feuille
from flux.rendu.glossaire import clean

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section
    from flux.rendu.tableau import Tableau

PUBLIE, DETAIL = "#4472C4", "#A6A6A6"  # colours of tabs
NAME_LENGTH = 31  # characters of the name of a sheet
_REFUSED = re.compile(r"[\[\]:*?/\\]")


def contents(annexe: Annexe) -> dict[str, str]:
    """The sheets that `write_published` makes: name -> what it holds."""
    out: dict[str, str] = {}
    for section in annexe.sections:
        if _laid_out(section):
            out[sheet_name(section.titre)] = section.titre
        out |= {detail_name(t): t.titre for t in _details(section)}
    return out


def write_published(classeur: Classeur, annexe: Annexe) -> None:
    """Every section in order, its tables of detail after it: pages point to these by their number."""
    heading = f"{annexe.titre}, {annexe.bailleur}"
    for section in annexe.sections:
        if _laid_out(section):
            feuille = Feuille(classeur, sheet_name(section.titre), PUBLIE)
            feuille.title(section.titre, heading, *section.paragraphes, *section.puces)
            for tableau in _tables(section):
                feuille.tableau(tableau)
        for tableau in _details(section):
            feuille = Feuille(classeur, detail_name(tableau), DETAIL)
            feuille.title(heading)
            table = feuille.tableau(tableau)
            feuille.keep_heading(table, 1)
            table.autofilter(len(tableau.frame))


def sheet_name(titre: str) -> str:
    """The title of a section as the name of a sheet, cut between two words."""
    said = _REFUSED.sub(" ", clean(titre)).replace("'", "’")
    if len(said) > NAME_LENGTH:
        said = said[: NAME_LENGTH + 1].rpartition(" ")[0]
    return re.sub(r"(\s+(de|des|du|la|le|les|l’|et|en|que|qui|doit))+$", "", said).rstrip(" ,")


def detail_name(tableau: Tableau) -> str:
    """The number of the table as the pages say it: "Tableau 3.2"."""
    return ".".join(tableau.titre.split(".")[:2])


def _tables(section: Section) -> tuple[Tableau, ...]:
    return tuple(t for t in section.tableaux if not t.detail)


def _details(section: Section) -> Iterator[Tableau]:
    return (t for t in section.tableaux if t.detail and len(t.frame))


def _laid_out(section: Section) -> bool:
    return bool(_tables(section) or section.paragraphes or section.puces)
