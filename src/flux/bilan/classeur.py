"""The report as a plain workbook: a sheet a section, then the full cross; the same bytes twice."""

from __future__ import annotations

import datetime as dt
import io
import re
from textwrap import wrap
from typing import TYPE_CHECKING

from xlsxwriter import Workbook

from flux.annexe.fichiers import stable_zip
from flux.annexe.xlsx.grille import Classeur, Feuille
from flux.rendu.glossaire import clean

if TYPE_CHECKING:
    from flux.bilan.contenu import Bilan
    from flux.rendu.tableau import Tableau

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
NAME_LENGTH = 31  # characters of the name of a sheet
LINE = 150  # characters of a line of a sentence: a longer one would widen the printed page


class _Page(Feuille):
    """A sheet whose long sentences take several lines."""

    def sentences(self, *phrases: str) -> None:
        """One sentence after the other."""
        super().sentences(*(line for phrase in phrases for line in wrap(clean(phrase), LINE)))

    def register(self, tableau: Tableau) -> None:
        """A long table: its heading stays in sight and on each page, its rows can be filtered."""
        heading = self.ligne + 1
        self.tableau(tableau)
        self.sheet.freeze_panes(heading + 1, 0)
        self.sheet.repeat_rows(heading)
        self.sheet.autofilter(heading, 0, heading + len(tableau.frame), len(tableau.specs) - 1)


def render(bilan: Bilan) -> bytes:
    """The whole workbook."""
    out = io.BytesIO()
    book = Workbook(out, OPTIONS)
    book.set_properties(
        {
            "title": bilan.titre,
            "author": bilan.bailleur,
            "created": dt.datetime.combine(bilan.date, dt.time()),
        }
    )
    classeur = Classeur(book)
    for section in bilan.sections:
        sheet = _Page(classeur, sheet_name(section.titre))
        sheet.title(section.titre, f"{bilan.bailleur}. {bilan.titre}.", *section.paragraphes, *section.puces)
        for tableau in section.tableaux:
            sheet.tableau(tableau)
    for tableau in bilan.detail:
        sheet = _Page(classeur, "Détail")
        sheet.title(tableau.titre, f"{bilan.bailleur}. {bilan.titre}.")
        sheet.register(tableau)
    book.close()
    return stable_zip(out.getvalue(), bilan.date)


def sheet_name(titre: str) -> str:
    """The title as a name that Excel takes."""
    return re.sub(r"[\[\]:*?/\\']", " ", titre)[:NAME_LENGTH].strip()
