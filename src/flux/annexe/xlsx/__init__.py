"""The annex as a workbook that recomputes: live formulas with their cached values, the same bytes twice.

Excel 2016 and LibreOffice 7.4 read it: English names of functions, no dynamic array, no macro, no link to
another file. The computation comes first, alive; then the annex as published, in values.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

from xlsxwriter import Workbook

from flux.annexe.fichiers import stable_zip
from flux.annexe.identite import signed
from flux.annexe.xlsx.communes import write_communes
from flux.annexe.xlsx.coupes import write_cuts
from flux.annexe.xlsx.dus import additions, open_dus, start_dus, write_rest
from flux.annexe.xlsx.flux import write_flux
from flux.annexe.xlsx.grille import Classeur, Feuille
from flux.annexe.xlsx.lisezmoi import Calcul, write_readme
from flux.annexe.xlsx.publie import contents, write_published
from flux.annexe.xlsx.quotas import write_quotas
from flux.annexe.xlsx.synthese import write_summary
from flux.annexe.xlsx.taux import write_taux
from flux.dossier.appellations import Noms

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe

LISEZ_MOI = "Lisez-moi"
CALCUL = {
    "Synthèse": "Les quotas recalculés, à côté de ceux qui sont publiés.",
    "Segments": "Des logements, des taux et des logements soustraits au flux de chaque segment.",
    "Flux": "Le flux à partager, de l'année et de chaque commune.",
    "Dus": "Les dus exacts, par réservataire et par commune.",
    "Plafonds": "Les plafonds de la loi, sur les dus exacts puis en logements entiers.",
    "Quotas": "Des dus exacts aux quotas entiers, reste après reste.",
    "Communes": "La répartition par commune et par réservataire, en valeurs contrôlées.",
}
SHEETS = (LISEZ_MOI, *CALCUL)
VIVANT = "#70AD47"  # colour of the tabs of the computation
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def render(annexe: Annexe) -> bytes:
    """The whole workbook."""
    out = io.BytesIO()
    book = Workbook(out, OPTIONS)
    book.set_properties(
        {
            "title": annexe.titre,
            "author": annexe.bailleur,
            "created": dt.datetime.combine(annexe.date, dt.time()),
        }
    )
    classeur = Classeur(book)
    sheets = {nom: Feuille(classeur, nom, VIVANT) for nom in SHEETS}
    quotas, noms = annexe.plan.quotas, Noms.of(annexe.plan.quotas.dossier)
    rows = open_dus(sheets["Dus"], quotas)
    flux = write_flux(sheets["Segments"], sheets["Flux"], quotas, additions(rows), noms)
    taux = write_taux(sheets["Plafonds"], quotas)
    dus = start_dus(rows, quotas, flux, taux, noms)
    write_cuts(dus, sheets["Plafonds"], noms)
    write_rest(dus, sheets["Plafonds"], noms)
    holders, caps = write_quotas(sheets["Quotas"], sheets["Plafonds"], dus, noms)
    communes = write_communes(sheets["Communes"], quotas, flux, holders, noms)
    calcul = Calcul(dus, holders, caps, communes)
    controle = write_readme(
        sheets[LISEZ_MOI],
        f"{annexe.titre}, {annexe.bailleur}",
        calcul,
        {**CALCUL, **contents(annexe)},
    )
    write_summary(sheets["Synthèse"], annexe, holders, controle, noms)
    write_published(classeur, annexe)
    for feuille in classeur.feuilles:
        feuille.protect()
    book.close()
    return stable_zip(signed(out.getvalue(), annexe), annexe.date)
