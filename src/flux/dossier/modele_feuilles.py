"""The sheets of the workbook that are not tables: lisez-moi, convention, contrôles, exemples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from flux.dossier import modele_contenu
from flux.dossier import vocabulaire as v
from flux.dossier.modele_contenu import champs
from flux.dossier.modele_style import Style, drop_down, height, page
from flux.dossier.schemas import TABLES
from flux.rendu.nombres import entier

CONTROLLED = 10_000
"""Lines that the live controls look at: the search for duplicates costs the square of their number."""
FREE_KEYS = 10
"""Lines left for other signatories."""
VALUE = 2
"""Column of the values, on the sheet of the convention."""
GUIDE = (
    "Une feuille par table : une ligne par logement, par réservataire, par droit… La ligne 1 porte les "
    "en-têtes, les données commencent ligne 2.",
    "En-tête foncé : colonne obligatoire. En-tête clair : colonne facultative, à laisser vide si "
    "l'information manque.",
    "Trois feuilles sont obligatoires : logements, reservataires, reservations. Il faut aussi une année de "
    "mouvements, ou un taux de rotation dans la feuille convention.",
    "La note de chaque en-tête (triangle rouge) dit ce que la colonne signifie et où la trouver au RPLS. "
    "La feuille exemples montre une ligne remplie par table : elle n'est jamais lue comme une donnée.",
    "Feuille convention : remplir la colonne valeur ; une valeur vide est la valeur par défaut.",
    "Coller depuis un autre classeur : collage spécial, valeurs seules, pour garder les listes déroulantes.",
    "Les en-têtes sont protégés sans mot de passe : Révision, Ôter la protection de la feuille.",
    "Aucune donnée sur des personnes : ni nom, ni adresse de locataire, ni date de naissance.",
    "Une fois le classeur rempli : flux check dossier.xlsx liste tous les défauts, "
    "flux annexe dossier.xlsx --out annexe écrit l'annexe.",
)
# Columns that cite another table, and the words they may hold beside.
LINKS = (
    ("reservations", "id_reservataire", "reservataires", ()),
    ("reservations", "id_logement", "logements", ()),
    ("mouvements", "id_logement", "logements", ()),
    ("mouvements", "id_reservataire", "reservataires", (v.BAILLEUR,)),
    ("soldes", "id_reservataire", "reservataires", (v.BAILLEUR, v.ENSEMBLE)),
    ("objectifs", "id_reservataire", "reservataires", (v.BAILLEUR, "etat")),
)


def lisez_moi(style: Style) -> None:
    """How to fill the workbook in, then every column."""
    widths = (14, 20, 12, 58, 46, 30, 24)
    sheet = _sheet(style, "lisez-moi", widths)
    sheet.write_string(
        0, 0, "Dossier de gestion en flux : classeur à remplir", style.format(bold=True, font_size=14)
    )
    for row, sentence in enumerate(GUIDE, start=2):
        sheet.merge_range(row, 0, row, 6, sentence, style.format(text_wrap=True, valign="top"))
    top = len(GUIDE) + 3
    titles = ("Feuille", "Colonne", "Obligatoire", "Signification", "Valeurs admises", "Au RPLS", "Exemple")
    lines = [
        (nom, champ.nom, _oui(champ.requis), champ.sens, champ.valeurs, champ.rpls, champ.exemple)
        for nom in TABLES
        for champ in champs(nom)
    ]
    for col, title in enumerate(titles):
        sheet.write_string(top, col, title, style.cell(bold=True, bg_color=Style.OPTIONAL))
    for row, line in enumerate(lines, start=top + 1):
        sheet.set_row(row, height(line, widths))
        for col, text in enumerate(line):
            sheet.write_string(row, col, text, style.cell())
    page(sheet, "lisez-moi")
    sheet.repeat_rows(top)


def convention(style: Style) -> None:
    """Every key of the convention, what it means, and a cell for its value."""
    widths = (14, 34, 30, 28, 62, 54, 26)
    sheet = _sheet(style, "convention", widths)
    sheet.set_tab_color(Style.REQUIRED)
    titles = ("section", "clé", "valeur", "par défaut", "valeurs possibles", "signification", "article")
    for col, title in enumerate(titles):
        sheet.write_string(0, col, title, style.header(title == "valeur"))
    row = 0
    for row, (section, champ) in enumerate(modele_contenu.convention(), start=1):
        sens = f"Obligatoire. {champ.sens}" if champ.requis else champ.sens
        texts = (section, champ.nom, "", champ.defaut, champ.valeurs, sens, champ.article)
        sheet.set_row(row, height(texts, widths))
        for col, text in enumerate(texts):
            sheet.write_string(row, col, text, style.cell())
        sheet.write_blank(row, VALUE, None, style.entry())
        drop_down(sheet, champ, row, row, VALUE)
        if champ.requis:
            sheet.conditional_format(row, VALUE, row, VALUE, {"type": "blanks", "format": style.alert})
    for free in range(row + 1, row + 1 + FREE_KEYS):
        for col in range(VALUE + 1):
            sheet.write_blank(free, col, None, style.entry())
    sheet.protect("", Style.FREEDOM)
    page(sheet, "convention", entetes=0)


def exemples(style: Style) -> None:
    """One line of each table, filled in."""
    widest = max(len(TABLES[nom].colonnes) for nom in TABLES)
    sheet = _sheet(style, "exemples", (18,) * widest)
    sheet.write_string(
        0, 0, "Exemples : cette feuille n'est jamais lue", style.format(bold=True, font_size=14)
    )
    row = 2
    for nom in TABLES:
        sheet.write_string(row, 0, nom, style.format(bold=True, font_size=11))
        for col, champ in enumerate(champs(nom)):
            sheet.write_string(row + 1, col, champ.nom, style.header(champ.requis))
            sheet.write_string(row + 2, col, champ.exemple, style.cell(italic=True, font_color="#595959"))
        row += 4
    page(sheet, "exemples")


def controles(style: Style) -> None:
    """Live counts: lines, required cells left empty, duplicates, identifiers that no table has."""
    sheet = _sheet(style, "contrôles", (18, 12, 12, 18, 16, 18, 44))
    sheet.write_string(0, 0, "Contrôles en direct", style.format(bold=True, font_size=14))
    sheet.write_string(
        1,
        0,
        f"Premier coup d'œil, sur les {entier(CONTROLLED)} premières lignes ; un identifiant écrit ici en "
        "nombre, là en texte y semble inconnu. Seul flux check contrôle tout, et dit où corriger.",
        style.format(),
    )
    titles = (
        "Feuille", "Obligatoire", "Lignes remplies", "Cellules obligatoires vides", "Identifiants en double",
        "Identifiants inconnus", "Verdict",
    )  # fmt: skip
    for col, title in enumerate(titles):
        sheet.write_string(3, col, title, style.cell(bold=True, bg_color=Style.OPTIONAL))
    for row, nom in enumerate(TABLES, start=4):
        required = TABLES[nom].requise
        sheet.write_string(row, 0, nom, style.cell(bold=True))
        sheet.write_string(row, 1, _oui(required), style.cell())
        for col, formula in enumerate(_counts(nom), start=2):
            sheet.write_formula(row, col, formula, style.cell(num_format="0"), 0)
        empty = "à remplir" if required else "vide"
        beyond = f"{nom}!$A${CONTROLLED + 2}:${_letter(nom, TABLES[nom].colonnes[-1].nom)}$1048576"
        sheet.write_formula(
            row,
            6,
            f'=IF(COUNTA({beyond})>0,"trop de lignes pour ce contrôle : utiliser flux check",'
            f'IF(C{row + 1}=0,"{empty}",IF(SUM(D{row + 1}:F{row + 1})>0,"à corriger","bon")))',
            style.cell(),
            empty,
        )
    last = 3 + len(TABLES)
    positive = {"type": "cell", "criteria": ">", "value": 0, "format": style.alert}
    sheet.conditional_format(4, 3, last, 5, positive)
    for word in ("à remplir", "à corriger"):
        same = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": style.alert}
        sheet.conditional_format(4, 6, last, 6, same)
    sheet.protect("")
    page(sheet, "contrôles", entetes=3)


def _counts(nom: str) -> Iterator[str]:
    """The four formulas of a table. MATCH, not COUNTIF: "01" and "1" are two identifiers."""
    table = TABLES[nom]
    begun = "+".join(f'({_span(nom, c.nom)}<>"")' for c in table.colonnes)
    yield f"=SUMPRODUCT(--(({begun})>0))"
    missing = "+".join(f'({_span(nom, c.nom)}="")' for c in table.colonnes if c.requis)
    yield f"=SUMPRODUCT((({begun})>0)*({missing}))"
    unique = [_span(nom, c.nom) for c in table.colonnes if c.unique]
    # 1/FALSE is an error, an empty cell too: what is left is the cells already met above
    again = (f"SUMPRODUCT(--ISNUMBER(1/(MATCH({s},{s},0)<ROW({s})-1)))" for s in unique)
    yield "=" + ("+".join(again) or "0")
    unknown = []
    for source, column, target, words in LINKS:
        if source == nom:
            cited, known = _span(nom, column), _span(target, column)
            others = "".join(f'*({cited}<>"{word}")' for word in words)
            unknown.append(f'SUMPRODUCT(({cited}<>""){others}*ISNA(MATCH({cited},{known},0)))')
    yield "=" + ("+".join(unknown) or "0")


def _letter(table: str, column: str) -> str:
    return str(xl_col_to_name([c.nom for c in TABLES[table].colonnes].index(column)))


def _span(table: str, column: str) -> str:
    letter = _letter(table, column)
    return f"{table}!${letter}$2:${letter}${CONTROLLED + 1}"


def _sheet(style: Style, nom: str, widths: tuple[int, ...]) -> Any:
    sheet = style.book.add_worksheet(nom)
    sheet.hide_gridlines(2)
    for col, width in enumerate(widths):
        sheet.set_column(col, col, width)
    return sheet


def _oui(flag: bool) -> str:
    return "oui" if flag else "non"
