"""The cells of a table before they are read: spaces, marks of spreadsheets, codes of the RPLS."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from flux.dossier.cellules import CONTROLE
from flux.dossier.rpls.dictionnaire import Variable
from flux.dossier.rpls.lecteurs import ABSENCE, whole
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE, at_lines, grouped

_ERREUR = re.compile(
    r"#(REF!|N/A|VALUE!|VALEUR!|DIV/0!|NAME\?|NOM\?|NULL!|NUL!|NUM!|NOMBRE!|SPILL!|CALC!)|Err:\d{3}"
)
_FORMULE = re.compile(r'="([^"]*)"')
_APOSTROPHE = re.compile(r"'+[=+\-@\t\r]")
"""A text that an apostrophe keeps from being a formula, as `ecriture` writes it."""
_CALCUL = re.compile(r"[=@].+", re.DOTALL)


def stripped(cells: pd.Series) -> pd.Series:
    """Text without the spaces around it; missing where nothing is left."""
    if not cells.notna().any():
        return cells.astype(TEXTE)
    bare = cells.str.strip()
    return bare.mask(bare == "").astype(TEXTE)


def cleaned(
    texte: pd.DataFrame, variables: Mapping[str, Variable], connues: frozenset[str], source: Source
) -> tuple[pd.DataFrame, list[Anomalie]]:
    """The cells without the marks of a spreadsheet, and what the RPLS codes in its own columns.

    Parameters
    ----------
    texte : columns of text, stripped, and `_ligne`.
    variables : the RPLS variable of each column that is named as in the RPLS.
    connues : the columns that will be read; a cell in error elsewhere does no harm.

    Returns
    -------
    The text. Anomalies: codes "fichier.caractere_de_controle", "fichier.cellule_en_erreur" (defects),
    "fichier.formule" (to be checked), "fichier.texte_protege", "fichier.absence", "fichier.code_rpls".
    """
    columns: dict[str, pd.Series] = {}
    anomalies: list[Anomalie] = []
    for name in texte.columns:
        cells = texte[name]
        if name != LIGNE:
            cells, found = _column(texte, str(name), name in connues, source)
            anomalies += found
            if variable := variables.get(str(name)):
                cells, found = _coded(texte.assign(**{str(name): cells}), str(name), variable, source)
                anomalies += found
        columns[str(name)] = cells
    return pd.DataFrame(columns), anomalies


def _column(texte: pd.DataFrame, name: str, known: bool, source: Source) -> tuple[pd.Series, list[Anomalie]]:
    """One column: defects of its cells, `="0123"` read as `0123`, and `'=a` as `=a`."""
    cells = texte[name]
    words = cells.dropna().unique().tolist()

    def those(test: Callable[[str], object]) -> pd.Series:
        return cells.isin([word for word in words if test(word)])

    found = list(
        at_lines(
            _defect(
                "caractere_de_controle",
                name,
                source,
                message="La cellule contient un caractère de contrôle, invisible",
                attendu="un texte qui se lit et s'imprime",
                correction="Retaper le contenu de la cellule.",
            ),
            texte,
            those(CONTROLE.search),
            cells,
        )
    )
    if not known or not any(word[0] in "#=@E'" for word in words):
        return cells, found
    error = _defect(
        "cellule_en_erreur",
        name,
        source,
        message="La cellule contient une erreur du tableur",
        attendu="une valeur",
        correction="Corriger la formule, ou écrire la valeur.",
    )
    found += at_lines(error, texte, those(_ERREUR.fullmatch), cells)
    wrapped = those(_FORMULE.fullmatch)
    guarded = _said("texte_protege", name, source, 'Texte que ="…" protège du tableur, lu sans cela')
    found += grouped(guarded, texte, wrapped)
    quoted = those(_APOSTROPHE.match)
    kept = _said("texte_protege", name, source, "Texte qu'une apostrophe protège du tableur, lu sans elle")
    found += grouped(kept, texte, quoted)
    formula = replace(
        _said("formule", name, source, "La cellule commence comme une formule, elle est lue comme un texte"),
        gravite=Gravite.A_VERIFIER,
        correction="Rien à faire si le texte est juste ; sinon le retaper.",
    )
    found += at_lines(formula, texte, those(_CALCUL.fullmatch) & ~wrapped, cells)
    bare = cells.mask(wrapped, cells.str.extract(_FORMULE, expand=False)).mask(quoted, cells.str[1:])
    return bare.replace("", None), found


def _coded(
    texte: pd.DataFrame, name: str, variable: Variable, source: Source
) -> tuple[pd.Series, list[Anomalie]]:
    """A column of the RPLS: its written absences, and its codes as words of the contract."""
    cells = texte[name]
    absents = frozenset(variable.absents)
    readings: dict[str, str] = {}
    missing: list[str] = []
    for word in cells.dropna().unique().tolist():
        code = whole(word).upper()
        if code in absents or word.upper() in absents:
            missing.append(word)
        elif (bare := code.lstrip("0") or "0") in variable.codes:
            readings[word] = variable.codes[bare]
    absent = cells.isin(missing)
    coded = cells.isin(list(readings))
    value = cells.where(~coded, cells.map(readings)).mask(absent)
    said = [
        *grouped(_said("absence", name, source, ABSENCE.phrase), texte, absent),
        *grouped(_said("code_rpls", name, source, "Code du RPLS, lu comme le mot du dossier"), texte, coded),
    ]
    return value.mask(value == "").astype(TEXTE), said


def _defect(code: str, name: str, source: Source, message: str, attendu: str, correction: str) -> Anomalie:
    return Anomalie(
        code=f"fichier.{code}",
        fichier=source.fichier,
        feuille=source.feuille,
        colonne=name,
        message=message,
        attendu=attendu,
        correction=correction,
    )


def _said(code: str, name: str, source: Source, message: str) -> Anomalie:
    return Anomalie(
        code=f"fichier.{code}",
        gravite=Gravite.INFORMATION,
        fichier=source.fichier,
        feuille=source.feuille,
        colonne=name,
        message=message,
    )
