"""First sheet: how to read the workbook, the control line that turns red, what the named ranges are."""

from __future__ import annotations

from dataclasses import dataclass

from flux.annexe.xlsx.communes import Communes
from flux.annexe.xlsx.dus import Dus
from flux.annexe.xlsx.grille import Champ, Feuille, Table

PHRASES = (
    "Ce classeur refait le calcul de l'annexe : des logements de l'assiette aux quotas entiers, sans macro "
    "ni lien vers un autre fichier.",
    "Cellules jaunes : données et taux. Changez-en une pour essayer ; les autres cellules sont protégées, "
    "sans mot de passe (menu Révision, Ôter la protection ; LibreOffice : Outils, Protéger la feuille).",
    "Le calcul se refait seul. S'il ne bouge pas : touche F9 (LibreOffice : Ctrl + Maj + F9).",
    "Onglets verts : le calcul, vivant. Onglets bleus : l'annexe telle que publiée, en valeurs, qui ne "
    "bougent pas. Onglets gris : une ligne par droit, par logement ou par croisement, à filtrer.",
    "La ligne « Contrôle » vaut 0. Elle devient rouge quand le calcul ne tombe plus juste, ou quand les "
    "quotas recalculés ne sont plus ceux de la répartition par commune : demander une nouvelle annexe.",
    "Un réservataire, une commune ou un droit d'une nature nouvelle change les lignes du calcul : il demande "
    "une nouvelle annexe.",
)
CONTROLES = {
    "feuille": Champ("Feuille", largeur=32),
    "controle": Champ("Ce qui doit être nul", largeur=84),
    "ecart": Champ("Écart", "exact", largeur=24),
}
FEUILLES = {"feuille": Champ("Feuille", largeur=32), "contenu": Champ("Contenu", largeur=84)}
NOMS = {
    "nom": Champ("Nom", largeur=32),
    "sens": Champ("Ce qu'il désigne", largeur=84),
    "place": Champ("Place", largeur=24),
}


@dataclass(frozen=True)
class Calcul:
    """What the control line looks at."""

    dus: Dus
    quotas: Table
    plafonds: Table
    communes: Communes


def write_readme(feuille: Feuille, titre: str, calcul: Calcul, contenu: dict[str, str]) -> str:
    """Fill in the sheet; the cell of the control line.

    Parameters
    ----------
    contenu : what each sheet of the workbook holds, by its name.
    """
    feuille.title(titre, *PHRASES)
    controle = _controls(feuille, calcul)
    rows = feuille.table(FEUILLES, len(contenu), titre="Feuilles")
    for i, (nom, sens) in enumerate(contenu.items()):
        rows.link("feuille", i, nom)
        rows.put("contenu", i, sens)
    noms = feuille.classeur.noms
    rows = feuille.table(NOMS, len(noms), titre="Noms de cellules, à écrire dans la zone de nom pour y aller")
    for i, (nom, (sens, place)) in enumerate(noms.items()):
        for key, value in (("nom", nom), ("sens", sens), ("place", place.replace("$", ""))):
            rows.put(key, i, value)
    return controle


def _controls(feuille: Feuille, calcul: Calcul) -> str:
    """Everything that must be zero, and their sum on the control line."""
    total, quotas, caps = calcul.dus.flux.total, calcul.quotas, calcul.plafonds
    columns, lines = calcul.communes.colonnes, calcul.communes.lignes
    checks = [
        ("Quotas", "Somme des quotas moins le flux à partager", f"SUM({quotas.span('quota')})-{total}"),
        (
            "Dus",
            "Somme des dus exacts moins le flux à partager",
            f"SUM({calcul.dus.table.span('exact')})-{total}",
        ),
        (
            "Communes",
            "Écarts entre quotas recalculés et répartition par commune",
            f"SUMPRODUCT(ABS({columns}))",
        ),
        ("Communes", "Écarts entre l'ensemble et ses parts en QPV et hors QPV", f"SUMPRODUCT(ABS({lines}))"),
    ]
    if caps.nb:
        over = f"({caps.span('quota')}>{caps.span('limite')})*({caps.span('quota')}-{caps.span('limite')})"
        said = "Plafonds à juger désormais autrement : dans l'année, ou depuis l'ouverture du compte"
        checks += [
            ("Plafonds", "Logements au-dessus d'un plafond", f"SUMPRODUCT({over})"),
            ("Plafonds", said, f"SUM({caps.span('mode')})"),
        ]
    rows = feuille.table(CONTROLES, len(checks) + 1, titre="Contrôles")
    for i, (nom, sens, formule) in enumerate(checks):
        rows.link("feuille", i, nom)
        rows.put("controle", i, sens)
        rows.put("ecart", i, 0, f"ROUND({formule},6)")
    last = len(checks)
    rows.put("feuille", last, "Contrôle", gras=True)
    rows.put("controle", last, "Somme des écarts : 0 quand tout tombe juste", gras=True)
    rows.put("ecart", last, 0, f"SUMPRODUCT(ABS({rows.span('ecart', 0, last - 1)}))", gras=True)
    column = rows.cols["ecart"]
    feuille.turns_red(rows.top + 1, column, rows.top + rows.nb, column)
    feuille.classeur.name("controle", "Contrôle : 0 quand tout tombe juste", rows.cell("ecart", last))
    return rows.cell("ecart", last)
