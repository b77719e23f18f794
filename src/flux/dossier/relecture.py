"""The list of defects read again: one fault is said once, by what a person must do about it.

A check looks at a cell, a line or a column, and does not see that ten defects are one row pushed aside, a
note under the table, or a header that bears another name. Nothing that blocks is lost here: a group gives
way to one defect that blocks as it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from flux.dossier.cellules import cle
from flux.dossier.entetes import Feuille
from flux.dossier.lignes import readings
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.tables import LIGNE, Table, anomaly_at, enumerate_fr

_RATES = frozenset({"illisible", "valeur_inconnue", "vide", "hors_bornes"})
"""Ends of the codes of a cell that could not be read."""
_CACHEES = frozenset({"fichier.cellule_en_erreur", "fichier.formule_non_calculee"})
_FUSION = "fichier.cellules_fusionnees"
_DECALEE = 3
"""Unread cells of one line from which it may be a line pushed aside."""
_ENTETES = 10
"""Headers named at most in one remedy."""


def relues(anomalies: Iterable[Anomalie], feuilles: Mapping[str, Feuille]) -> list[Anomalie]:
    """The same defects, those that are one fault gathered.

    Parameters
    ----------
    feuilles : the tables read, by name.
    """
    found = _without_consequences(list(anomalies))
    for nom, feuille in feuilles.items():
        here = (feuille.source.fichier, feuille.source.feuille)
        own = [a for a in found if (a.fichier, a.feuille) == here]
        if not own:
            continue
        others = [a for a in found if (a.fichier, a.feuille) != here]
        table = TABLES[nom]
        found = others + _headers(_columns(_lines(own, feuille, table), feuille, table), table)
    return found


def _without_consequences(anomalies: list[Anomalie]) -> list[Anomalie]:
    """Without the empty cells that an error, or a merge, left: it was said, and what to do about it."""
    errors = {(*_sheet(a), a.ligne, a.colonne) for a in anomalies if a.code in _CACHEES}
    merged = {(*_sheet(a), a.colonne) for a in anomalies if a.code == _FUSION}
    sheets = {place[:2] for place in merged}

    def caused(a: Anomalie) -> bool:
        if a.code.endswith(".vide"):
            return (*_sheet(a), a.ligne, a.colonne) in errors or (*_sheet(a), a.colonne) in merged
        return a.code.endswith(".sans_support") and _sheet(a) in sheets

    return [a for a in anomalies if not caused(a)]


def _sheet(a: Anomalie) -> tuple[str | None, str | None]:
    return a.fichier, a.feuille


def _lines(own: list[Anomalie], feuille: Feuille, table: Table) -> list[Anomalie]:
    """A line of which one cell is filled, or whose cells are all one column aside, has this one defect."""
    blocking: dict[int, list[Anomalie]] = {}
    for a in own:
        if a.gravite is Gravite.BLOQUANT and a.ligne and not a.code.startswith("fichier."):
            blocking.setdefault(a.ligne, []).append(a)
    rows = feuille.texte.loc[feuille.texte[LIGNE].isin(list(blocking))]
    verdicts: dict[int, Anomalie] = {}
    for _, row in rows.iterrows():
        line, cells = int(row[LIGNE]), row.drop(LIGNE)
        if verdict := _verdict(cells, blocking[line], feuille, table):
            verdicts[line] = replace(verdict, ligne=line, valeur=" | ".join(map(str, cells.dropna()))[:120])
    kept = [a for a in own if a.ligne not in verdicts or len(a.lignes) or a.code.startswith("fichier.")]
    return [*kept, *verdicts.values()]


def _verdict(cells: pd.Series, defects: list[Anomalie], feuille: Feuille, table: Table) -> Anomalie | None:
    if cells.notna().sum() == 1 and len(cells) > 1:
        return anomaly_at(
            feuille.source,
            code=f"{table.nom}.ligne_presque_vide",
            message="Une seule cellule de cette ligne est remplie",
            correction="Supprimer la ligne si c'est une note, un titre ou un total ; sinon la compléter.",
        )
    if sum(a.code.rpartition(".")[2] in _RATES for a in defects) < _DECALEE:
        return None
    unread = len(readings(cells, table)[1])
    for step, side in ((-1, "la droite"), (1, "la gauche")):
        read, still = readings(cells.shift(step), table)
        if len(still) <= unread // _DECALEE and len(read) >= _DECALEE:
            return anomaly_at(
                feuille.source,
                code=f"{table.nom}.ligne_decalee",
                message=f"Les cellules de cette ligne semblent décalées d'une colonne vers {side}",
                attendu="chaque valeur sous son en-tête",
                correction="Remettre chaque valeur sous son en-tête, puis relire la ligne.",
            )
    return None


def _columns(own: list[Anomalie], feuille: Feuille, table: Table) -> list[Anomalie]:
    """A required column without one filled cell is one defect, not one a line."""
    texte = feuille.texte
    empty = {
        f"{table.nom}.{c.nom}.vide"
        for c in table.colonnes
        if c.requis and c.nom in texte and len(texte) > 1 and texte[c.nom].isna().all()
    }
    out: dict[object, Anomalie] = {}
    for position, a in enumerate(own):
        if a.code in empty:
            whole = f"La colonne « {a.colonne} » est obligatoire, et elle est entièrement vide"
            a = replace(a, message=whole, ligne=None, lignes=(), correction="Remplir la colonne.")
            out.setdefault(a.code, a)
        else:
            out[position] = a
    return list(out.values())


def _headers(own: list[Anomalie], table: Table) -> list[Anomalie]:
    """A column that is missing may be there under a name of its own: the headers not understood are named."""
    unknown = [a for a in own if a.code == f"{table.nom}.colonne_inconnue"]
    headers = [str(a.colonne) for a in unknown]
    if not headers:
        return own
    named = enumerate_fr(headers[:_ENTETES], " ou ") + (", …" if len(headers) > _ENTETES else "")
    remedy = f"Si cette donnée est dans la colonne {named}, renommer l'en-tête en « {{}} » ; sinon l'ajouter."
    return [
        replace(a, correction=remedy.format(_name(a)))
        if a.code.endswith(".colonne_absente") and a.colonne == _name(a)
        else _worded(a, table)
        if a in unknown
        else a
        for a in own
    ]


def _name(missing: Anomalie) -> str:
    """The column of the contract that a code `table.colonne.colonne_absente` speaks of."""
    return missing.code.split(".")[1]


def _worded(unknown: Anomalie, table: Table) -> Anomalie:
    """A header that holds the name of a column as one of its words: `Loyer mensuel` is to be looked at."""
    words = cle(str(unknown.colonne)).split("_")
    names = [c.nom for c in table.colonnes if c.nom in words]
    if unknown.gravite is Gravite.BLOQUANT or not names:
        return unknown
    return replace(
        unknown,
        gravite=Gravite.A_VERIFIER,
        correction=f"Si c'est cette donnée, renommer l'en-tête en {enumerate_fr(names, ' ou ')} ; sinon rien "
        "à faire.",
    )
