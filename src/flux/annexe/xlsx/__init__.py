"""The annex as a workbook that recomputes: live formulas with their cached values, the same bytes twice.

Excel 2016 and LibreOffice 7.4 read it: English names of functions, no dynamic array, no macro, no link.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook

from flux.annexe.fichiers import stable_zip
from flux.annexe.identite import signed
from flux.annexe.noms import Noms
from flux.annexe.xlsx.communes import write_communes
from flux.annexe.xlsx.dus import Taux, write_dus
from flux.annexe.xlsx.flux import write_flux
from flux.annexe.xlsx.grille import CHECK, Champ, Classeur, Feuille, Table
from flux.annexe.xlsx.quotas import write_quotas
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe

SHEETS = (
    "Synthèse",
    "Segments",
    "Flux",
    "Dus",
    "Plafonds",
    "Quotas",
    "Communes",
    "Objectifs",
    "Choix",
    "Sources",
)
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
    sheets = {nom: Feuille(classeur, nom) for nom in SHEETS}
    quotas, noms = annexe.plan.quotas, Noms.of(annexe.plan.quotas.dossier)
    flux = write_flux(sheets["Segments"], sheets["Flux"], quotas, noms)
    taux = _rates(sheets["Plafonds"], annexe)
    dus = write_dus(sheets["Dus"], sheets["Plafonds"], quotas, flux, taux, noms)
    holders = write_quotas(sheets["Quotas"], sheets["Plafonds"], dus, noms)
    write_communes(sheets["Communes"], quotas, flux, holders, noms)
    _summary(sheets["Synthèse"], annexe, holders, flux.total, noms)
    for nom, chosen in (
        ("Objectifs", ("objectifs",)),
        ("Choix", ("choix",)),
        ("Sources", ("hypotheses", "sources")),
    ):
        _text(sheets[nom], annexe, chosen)
    _details(classeur, annexe)
    book.close()
    return stable_zip(signed(out.getvalue(), annexe), annexe.date)


def _rates(feuille: Feuille, annexe: Annexe) -> Taux:
    """The rates of the law at the head of the sheet Plafonds."""
    quotas = annexe.plan.quotas
    feuille.title(
        "Plafonds de la loi",
        "État : CCH, art. R. 441-5-2, I. Garanties d'emprunt : CCH, art. R. 441-5-3.",
        "Les plafonds s'appliquent aux dus exacts, puis aux logements entiers.",
    )
    names = {
        "part_max_agents": "Part maximale des agents de l'État",
        "part_max_etat": "Part maximale de l'État, agents compris",
        "part_max_garantie": "Part maximale des garanties d'emprunt",
    }
    values = {key: quotas.regles.figure(key).valeur for key in names}
    values["part_max_etat"] = quotas.preuve.dus.plafond_etat.valeur
    agents, state, guarantees = (
        feuille.scalar(Champ(nom, "taux", entree=True), values[key]) for key, nom in names.items()
    )
    feuille.ligne += 1
    return Taux(agents, state, guarantees, float(values["part_max_garantie"]))


def _summary(feuille: Feuille, annexe: Annexe, holders: Table, total: str, noms: Noms) -> None:
    """The three sentences, and the quotas as the workbook computes them."""
    feuille.title(f"{annexe.titre}, {annexe.bailleur}", *annexe.sections[0].paragraphes)
    table = annexe.plan.quotas.table
    champs = {
        "nom": Champ("Réservataire", largeur=40),
        "categorie": Champ("Catégorie", largeur=34),
        "exact": Champ("Quota exact", "decimal"),
        "quota": Champ("Quota", "entier"),
    }
    rows = feuille.table(champs, len(table) + 2)
    keys: Any = zip(
        table["id_reservataire"], table["categorie"], table["quota_exact"], table["quota"], strict=True
    )
    for i, (ident, categorie, exact, quota) in enumerate(keys):
        rows.put("nom", i, noms.reservataire(ident))
        rows.put("categorie", i, glossaire.format("categorie", categorie))
        rows.put("exact", i, exact, holders.cell("quota_exact", i))
        rows.put("quota", i, quota, holders.cell("quota", i))
    last = len(table)
    rows.put("nom", last, "Total", gras=True)
    rows.put("quota", last, int(table["quota"].sum()), f"SUM({rows.span('quota', 0, last - 1)})", gras=True)
    rows.put("nom", last + 1, "Contrôle : écart au flux à partager", gras=True)
    rows.put("quota", last + 1, 0, f"{rows.at('quota', last)}-{total}", gras=True)
    row, col = rows.top + rows.nb, rows.cols["quota"]
    alert = feuille.classeur.book.add_format({"bg_color": CHECK, "bold": True})
    feuille.sheet.conditional_format(
        row, col, row, col, {"type": "cell", "criteria": "!=", "value": 0, "format": alert}
    )


def _details(classeur: Classeur, annexe: Annexe) -> None:
    """The tables of detail, one a sheet that has the number of the table: pages point here."""
    for section in annexe.sections:
        for tableau in (t for t in section.tableaux if t.detail and len(t.frame)):
            nom = ".".join(tableau.titre.split(".")[:2])  # "Tableau 3.2"
            feuille = Feuille(classeur, nom)
            feuille.title(f"{annexe.titre}, {annexe.bailleur}")
            feuille.keep_heading(feuille.tableau(tableau), 1)


def _text(feuille: Feuille, annexe: Annexe, chosen: tuple[str, ...]) -> None:
    """Sections of the annex as they are, by their key."""
    feuille.title(annexe.titre)
    for section in (s for s in annexe.sections if s.cle in chosen):
        feuille.sentences(section.titre, *section.paragraphes, *section.puces)
        for tableau in section.tableaux:
            feuille.tableau(tableau)
