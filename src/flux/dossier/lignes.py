"""Lines that are no data: titles and descriptions around the header, a header again, totals at the end.

A line is left out, and said, only when it cannot be data: no cell of it can be read where its column asks
for a number, a date or a word of a list; or it is a word of total followed by numbers only. Any other line
above the header is refused: it may be data that a sort or a copy has moved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from flux.dossier.cellules import cle
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, Colonne, Table, at_lines

_TOTAUX = frozenset({"total", "totaux", "total_general", "ensemble"})
_TOTAL_SEUL = re.compile(r"(total|totaux)(_|$)")
"""What a line of one cell begins with when it is a total: `Total logements : 60`."""
_NUMERIQUES = ("Int64", "float64")


def of_data(
    texte: pd.DataFrame,
    above: pd.DataFrame,
    written: Mapping[str, str],
    table: Table,
    source: Source,
) -> tuple[pd.DataFrame, list[Anomalie]]:
    """The lines of data of a table, and what was left out or refused.

    Parameters
    ----------
    texte : lines under the header, and `_ligne`.
    above : filled lines above the header, under the same names.
    written : the header as it is written, by column of the contract.

    Returns
    -------
    The lines kept. Anomalies: codes `table.ligne_titre`, `table.ligne_description`, `table.ligne_total`,
    `table.lignes_avant_entete` (a defect), `table.entete_repete` (a defect).
    """
    known = [c for c in written if c in texte]
    titles = pd.Series([_is_title(row, table) for _, row in above.iterrows()], index=above.index, dtype=bool)
    again = _header_again(texte, written)
    described = pd.Series(False, index=texte.index)
    first = texte.index[~again]
    if len(first) > 1:
        described[first[0]] = _is_description(texte.loc[first[0]], texte.loc[first[1]], table)
    totals = _totals(texte, table)
    found = [
        *at_lines(
            _anomaly(table, source, "ligne_titre", "Ligne au-dessus de l'en-tête, lue comme un titre",
                     Gravite.INFORMATION),
            above, titles, _summary(above, titles),
        ),
        *at_lines(
            _anomaly(table, source, "lignes_avant_entete",
                     "Une ligne qui peut être une donnée se trouve au-dessus de l'en-tête",
                     attendu="l'en-tête au-dessus de toutes les données",
                     correction="La supprimer si c'est un titre, ou la remettre sous l'en-tête."),
            above, ~titles, _summary(above, ~titles),
        ),
        *at_lines(
            _anomaly(table, source, "entete_repete", "L'en-tête est écrit une seconde fois",
                     attendu="un seul en-tête",
                     correction="Supprimer la ligne ; si deux fichiers ont été mis bout à bout, vérifier "
                     "qu'aucune ligne n'y est deux fois."),
            texte, again,
        ),
        *at_lines(
            _anomaly(table, source, "ligne_description",
                     "Ligne sous l'en-tête, lue comme une description des colonnes", Gravite.A_VERIFIER,
                     correction="Si c'est une donnée, corriger ses cellules."),
            texte, described, _summary(texte[known], described),
        ),
        *at_lines(
            _anomaly(table, source, "ligne_total", "Ligne de total en fin de table, elle n'est pas lue",
                     Gravite.INFORMATION),
            texte, totals, _summary(texte[known], totals),
        ),
    ]  # fmt: skip
    return texte[~(again | described | totals)].reset_index(drop=True), found


def _is_title(row: pd.Series, table: Table) -> bool:
    """A line above the header with no cell that could be a value, and that misses what a line must have."""
    read, unread = readings(row, table)
    lacks = any(c.requis and (pd.isna(row.get(c.nom)) or c.nom in unread) for c in table.colonnes)
    return not read and (lacks or row.drop(LIGNE).notna().sum() == 1)


def _is_description(row: pd.Series, following: pd.Series, table: Table) -> bool:
    """A line whose words stand under every required column, and can be read in none that asks for a value.

    The line that follows it can: where none can, these are wrong data, and each cell is a defect.
    """
    read, unread = readings(row, table)
    asked = {c.nom for c in table.colonnes if c.requis and _asks(c) and c.nom in row}
    return not read and len(unread) > 1 and asked <= unread and bool(readings(following, table)[0])


def readings(row: pd.Series, table: Table) -> tuple[set[str], set[str]]:
    """Columns that ask for a value and whose cell gives one; those whose cell does not."""
    read: set[str] = set()
    unread: set[str] = set()
    for colonne in table.colonnes:
        cell = row.get(colonne.nom)
        if colonne.type.lire is None or not _asks(colonne) or pd.isna(cell):
            continue
        try:
            colonne.type.lire(str(cell))
            read.add(colonne.nom)
        except ValueError:
            unread.add(colonne.nom)
    return read, unread


def _asks(colonne: Colonne) -> bool:
    """True for a column of numbers, of dates, of a list: no title could be read there as a value."""
    return colonne.type.lire is not None and colonne.type.suspect is None


def _header_again(texte: pd.DataFrame, written: Mapping[str, str]) -> pd.Series:
    """Lines whose every known cell repeats the header of its column."""
    again = pd.Series(False, index=texte.index)
    names = [c for c in written if c in texte]
    if not names:
        return again
    key = min(names, key=lambda c: texte[c].nunique())  # few words to look at: not the identifiers
    header = cle(written[key])
    again = texte[key].isin([word for word in texte[key].dropna().unique().tolist() if cle(word) == header])
    for row in texte.index[again]:
        again[row] = all(cle(str(texte.at[row, c])) == cle(written[c]) for c in names)
    return again


def _totals(texte: pd.DataFrame, table: Table) -> pd.Series:
    """Last lines that are a word of total and numbers under columns of numbers."""
    totals = pd.Series(False, index=texte.index)
    numeric = {c.nom for c in table.colonnes if c.type.dtype in _NUMERIQUES}
    for row in reversed(texte.index):
        cells = texte.loc[row].drop(LIGNE).dropna()
        word = "" if cells.empty else cle(str(cells.iloc[0]))
        if word not in _TOTAUX and not (len(cells) == 1 and _TOTAL_SEUL.match(word)):
            break
        if not set(cells.index[1:]) <= numeric:
            break
        totals[row] = True
    return totals


def _summary(frame: pd.DataFrame, mask: pd.Series) -> pd.Series:
    """What is written on the lines of `mask`, to be shown."""
    cells = frame.drop(columns=LIGNE, errors="ignore")
    shown = pd.Series(None, index=frame.index, dtype=object)
    for row in frame.index[mask]:
        shown[row] = " | ".join(map(str, cells.loc[row].dropna()))[:120]
    return shown


def _anomaly(
    table: Table,
    source: Source,
    code: str,
    message: str,
    gravite: Gravite = Gravite.BLOQUANT,
    attendu: str = "",
    correction: str = "",
) -> Anomalie:
    return Anomalie(
        code=f"{table.nom}.{code}",
        gravite=gravite,
        fichier=source.fichier,
        feuille=source.feuille,
        message=message,
        attendu=attendu,
        correction=correction,
    )
