"""Declarative checks of a table: a frame of text comes in, a typed frame and every defect come out.

A column is read by a function of one cell, called once for each *distinct* text of the column: the
readers stay simple enough to be tested one by one, and a million rows take about a second.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from flux.noyau.errors import Anomalie, Gravite, near_misses
from flux.noyau.provenance import Source, line_ranges
from flux.noyau.types import ABSENCE, Type, absent_in, read_column

LIGNE = "_ligne"
"""Column of the line that a person sees (header = line 1)."""
MOST = 50
"""Defects listed one by one; beyond, one more counts the rest."""
PROCHE, PROCHE_COURT = 0.85, 0.8
"""How near a name must be to one that is absent, to be taken for a slip and refused; up to three letters."""
TEXTE: Any = "str" if int(pd.__version__.split(".")[0]) >= 3 else object
"""dtype of text, on either side of pandas 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colonne:
    """One column of the contract.

    `borne` says in French what `valide` accepts; `reserves`, the words that no cell may be, whatever their
    case, each with what it means elsewhere.
    """

    nom: str
    type: Type
    requis: bool = False
    defaut: Any = None
    unique: bool = False
    reserves: Mapping[str, str] = field(default_factory=dict)
    absents: frozenset[str] = frozenset()  # more than those of its type
    valide: Callable[[pd.Series], pd.Series] | None = None
    borne: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the contract."""

    nom: str
    colonnes: tuple[Colonne, ...]
    requise: bool = False

    def __getitem__(self, nom: str) -> Colonne:
        return next(c for c in self.colonnes if c.nom == nom)

    def empty(self) -> pd.DataFrame:
        """No row, every column, typed."""
        out = {c.nom: pd.Series([], dtype=c.type.dtype) for c in self.colonnes}
        return pd.DataFrame({**out, LIGNE: pd.Series([], dtype="Int64")})


def anomaly_at(
    source: Source,
    *,
    code: str,
    message: str,
    gravite: Gravite = Gravite.BLOQUANT,
    ligne: int | None = None,
    colonne: str | None = None,
    valeur: str | None = None,
    attendu: str = "",
    correction: str = "",
) -> Anomalie:
    """An anomaly of a file, or of one of its sheets."""
    return Anomalie(
        code=code,
        message=message,
        gravite=gravite,
        fichier=source.fichier,
        feuille=source.feuille,
        ligne=ligne,
        colonne=colonne,
        valeur=valeur,
        attendu=attendu,
        correction=correction,
    )


def at_lines(
    defect: Anomalie,
    frame: pd.DataFrame,
    mask: pd.Series,
    valeurs: pd.Series | None = None,
    correction: Callable[[str], str] | None = None,
) -> Iterator[Anomalie]:
    """`defect` at each line of `mask`, with the value read; beyond `MOST`, one anomaly counts the rest.

    Parameters
    ----------
    frame : has the column `_ligne`.
    mask : boolean, no missing value.
    valeurs : what to show as read (default: nothing).
    correction : from the value read, what to do (default: that of `defect`).
    """
    remedy_of = functools.cache(correction) if correction else None
    rows = np.flatnonzero(mask.to_numpy(dtype=bool))
    lines = frame[LIGNE].to_numpy(dtype="int64", na_value=0)[rows]
    for row, line in zip(rows[:MOST], lines[:MOST], strict=True):
        read = None if valeurs is None or pd.isna(valeurs.iloc[row]) else str(valeurs.iloc[row])
        remedy = remedy_of(read) if remedy_of and read is not None else defect.correction
        yield replace(defect, ligne=int(line), valeur=read and visible(read), correction=remedy)
    rest = lines[MOST:]
    if len(rest):
        yield replace(
            defect,
            message=f"{defect.message} : {len(rest)} autres cellules de la même colonne, "
            f"lignes {line_ranges(rest.tolist())}",
            lignes=rest,
        )


def visible(text: str) -> str:
    """The same text, its invisible characters (controls, marks of direction) written out as escapes."""
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c)[0] == "C" else c for c in text)


def strangers(values: pd.Series, known: Iterable[str]) -> pd.Series:
    """Where `values` is none of `known`; a missing value is no stranger.

    The unknown words are few where the known ones may be a million: they are what is looked for.
    """
    unknown = set(values.dropna().unique().tolist()).difference(known)
    return values.isin(list(unknown))


def grouped(repair: Anomalie, frame: pd.DataFrame, mask: pd.Series) -> Iterator[Anomalie]:
    """One remark for all the lines of `mask`: their number and first ranges end the message.

    A repair blocks nothing: it is an information, unless it is to be checked.
    """
    lines = frame[LIGNE].to_numpy(dtype="int64", na_value=0)[mask.to_numpy(dtype=bool)]
    if len(lines):
        count = f"{len(lines)} cellules : lignes" if len(lines) > 1 else "1 cellule : ligne"
        yield replace(
            repair,
            ligne=int(lines[0]),
            gravite=Gravite.INFORMATION if repair.gravite is Gravite.BLOQUANT else repair.gravite,
            message=f"{repair.message} ({count} {line_ranges(lines.tolist())})",
            lignes=lines,
        )


def check(texte: pd.DataFrame, table: Table, source: Source) -> tuple[pd.DataFrame, list[Anomalie]]:
    """Type every column of `table` and list every defect and every repair.

    Parameters
    ----------
    texte : text columns named as in the table (absent columns allowed, missing cells NaN), and `_ligne`.
    source : the file and sheet, for the messages.

    Returns
    -------
    The typed frame: all the columns of the table in its order, defaults filled in, then `_ligne`; a cell
    that could not be read is missing. The anomalies: codes `table.colonne.defaut`.
    """
    columns: dict[str, pd.Series] = {}
    lacking = [c for c in table.colonnes if c.nom not in texte]
    unknown = _unknown(texte, table)
    asked = {header for c in lacking if c.requis for header in near_misses(c.nom, unknown)}  # said there
    anomalies = [_unknown_column(nom, table, lacking, source) for nom in unknown if nom not in asked]
    for colonne in table.colonnes:
        values, found = _check_column(texte, table, colonne, source)
        columns[colonne.nom] = values
        anomalies += found
    typed = pd.DataFrame({**columns, LIGNE: texte[LIGNE].astype("Int64")})
    return typed.reset_index(drop=True), anomalies


def _check_column(
    texte: pd.DataFrame,
    table: Table,
    colonne: Colonne,
    source: Source,
) -> tuple[pd.Series, list[Anomalie]]:
    def defect(
        code: str, message: str, *, attendu: str = colonne.type.attendu, correction: str = ""
    ) -> Anomalie:
        return anomaly_at(
            source,
            code=f"{table.nom}.{colonne.nom}.{code}",
            message=message,
            colonne=colonne.nom,
            attendu=attendu,
            correction=correction,
        )

    if colonne.nom not in texte:
        one = pd.Series([colonne.defaut], dtype=colonne.type.dtype)
        absent = one.iloc[np.zeros(len(texte), dtype=int)].set_axis(texte.index)
        close = near_misses(colonne.nom, _unknown(texte, table))
        missing = defect(
            "colonne_absente",
            f"La colonne « {colonne.nom} » manque dans la table « {table.nom} »",
            correction=f"Renommer l'en-tête {enumerate_fr(close, ' ou ')} en « {colonne.nom} »."
            if close
            else "Ajouter la colonne.",
        )
        here = replace(missing, colonne=close[0]) if close else missing
        return absent, [here] if colonne.requis else []

    found: list[Anomalie] = []
    absent = absent_in(texte[colonne.nom], colonne.type.absents | colonne.absents)
    found += grouped(defect(ABSENCE.code, ABSENCE.phrase), texte, absent)
    written = texte[colonne.nom].mask(absent)
    values, unread, repairs = read_column(written, colonne.type)
    if colonne.requis:
        found += at_lines(
            defect(
                "vide",
                f"La colonne « {colonne.nom} » est obligatoire, la cellule est vide",
                correction=colonne.type.vide,
            ),
            texte,
            written.isna(),
        )
    kind = "valeur_inconnue" if colonne.type.proches else "illisible"
    message = "Valeur inconnue" if colonne.type.proches else "Valeur illisible"
    found += at_lines(
        defect(kind, message, correction="Corriger la cellule."),
        texte,
        unread,
        written,
        lambda read: _remedy(read, colonne.type),
    )
    for repair, mask in repairs:
        found += grouped(replace(defect(repair.code, repair.phrase), gravite=repair.gravite), texte, mask)
    if colonne.valide is not None:
        outside = values.notna() & ~colonne.valide(values).fillna(True).astype(bool)
        found += at_lines(
            defect(
                "hors_bornes",
                "Valeur hors des bornes",
                attendu=colonne.borne,
                correction="Corriger la cellule.",
            ),
            texte,
            outside,
            written,
        )
    if colonne.reserves:
        found += at_lines(
            defect(
                "reserve",
                "Cet identifiant a déjà un sens : "
                + ", ".join(f"« {word} » désigne {what}" for word, what in sorted(colonne.reserves.items())),
                attendu=f"un autre identifiant que {enumerate_fr(sorted(colonne.reserves))}",
                correction="Choisir un autre identifiant, ici et dans les autres tables.",
            ),
            texte,
            values.str.lower().isin(list(colonne.reserves)),
            written,
        )
    if colonne.unique:
        found += _duplicates(defect, texte, values)
    if colonne.defaut is not None:
        values = values.where(written.notna(), colonne.defaut).astype(colonne.type.dtype)
    return values, found


def _remedy(read: str, type_: Type) -> str:
    """What to do with a cell that could not be read."""
    if read in type_.contraires:
        mixed = enumerate_fr(sorted(type_.contraires))
        return f"La colonne mélange deux codages, avec {mixed} : écrire les mots en entier."
    known = type_.remede(read) if type_.remede else ""
    return suggestion(read, type_.proches) or known or "Corriger la cellule."


def _duplicates(
    defect: Callable[..., Anomalie], texte: pd.DataFrame, values: pd.Series
) -> Iterator[Anomalie]:
    again = values.notna() & values.duplicated()
    if not again.any():
        return
    first = dict(zip(reversed(values.tolist()), reversed(texte[LIGNE].tolist()), strict=True))
    yield from at_lines(
        defect(
            "doublon",
            "Identifiant déjà utilisé plus haut",
            attendu="un identifiant par ligne, jamais deux fois",
        ),
        texte,
        again,
        values,
        lambda read: (
            f"Première ligne de « {read} » : ligne {first[read]}. Supprimer l'une des deux, "
            "ou corriger son identifiant."
        ),
    )


def _unknown(texte: pd.DataFrame, table: Table) -> list[str]:
    known = {c.nom for c in table.colonnes} | {LIGNE}
    return [str(c) for c in texte.columns if c not in known]


def _unknown_column(nom: str, table: Table, lacking: list[Colonne], source: Source) -> Anomalie:
    """A column that is not read; one whose name is nearly that of an absent one may be a slip: it blocks."""
    slip = near_misses(nom, [c.nom for c in lacking], cutoff=PROCHE if len(nom) > 3 else PROCHE_COURT)
    return anomaly_at(
        source,
        code=f"{table.nom}.colonne_inconnue",
        gravite=Gravite.BLOQUANT if slip else Gravite.INFORMATION,
        colonne=nom,
        message="Colonne inconnue, elle n'est pas lue",
        correction=f"Renommer l'en-tête en {enumerate_fr(slip, ' ou ')}, ou supprimer la colonne."
        if slip
        else suggestion(nom, [c.nom for c in table.colonnes]),
    )


def suggestion(word: str, known: Iterable[str]) -> str:
    """`"Vouliez-vous dire « parc » ?"`, or nothing when no known word looks like it."""
    close = near_misses(word, known)
    return f"Vouliez-vous dire {enumerate_fr(close, ' ou ')} ?" if close else ""


def enumerate_fr(words: Iterable[str], last: str = " et ") -> str:
    """`« a », « b » et « c »`."""
    quoted = [f"« {w} »" for w in words]
    return last.join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
