"""Sheet Synthèse: what the annex says first, and the quotas as the workbook computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flux.annexe.xlsx.grille import Champ, Feuille, Table
from flux.dossier.appellations import Noms
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe

CHAMPS = {
    "nom": Champ("Réservataire", largeur=44),
    "categorie": Champ("Catégorie", largeur=34),
    "exact": Champ("Quota exact", "decimal"),
    "quota": Champ("Quota recalculé", "entier"),
    "publie": Champ("Quota publié", "entier"),
    "ecart": Champ("Écart", "entier"),
}


def write_summary(feuille: Feuille, annexe: Annexe, holders: Table, controle: str, noms: Noms) -> None:
    """The quotas recomputed beside those published: what a change of a yellow cell would do."""
    feuille.title(f"{annexe.titre}, {annexe.bailleur}", *annexe.sections[0].paragraphes)
    table = annexe.plan.quotas.table
    rows = feuille.table(CHAMPS, len(table) + 2)
    for i, row in enumerate(table.to_dict("records")):
        rows.put("nom", i, noms.reservataire(row["id_reservataire"]))
        rows.put("categorie", i, glossaire.format("categorie", row["categorie"]))
        rows.put("exact", i, row["quota_exact"], holders.cell("quota_exact", i))
        rows.put("quota", i, row["quota"], holders.cell("quota", i))
        rows.put("publie", i, row["quota"])
        rows.put("ecart", i, 0, f"{rows.at('quota', i)}-{rows.at('publie', i)}")
    last = len(table)
    whole = int(table["quota"].sum())
    rows.put("nom", last, "Total", gras=True)
    for key in ("quota", "publie"):
        rows.put(key, last, whole, f"SUM({rows.span(key, 0, last - 1)})", gras=True)
    rows.put("nom", last + 1, "Contrôle du classeur (détail : feuille Lisez-moi)", gras=True)
    rows.put("quota", last + 1, 0, controle, gras=True)
    bottom, column = rows.top + rows.nb, rows.cols["quota"]
    feuille.turns_red(bottom, column, bottom, column)
    feuille.turns_red(rows.top + 1, rows.cols["ecart"], rows.top + last, rows.cols["ecart"])
