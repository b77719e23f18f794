"""From a grid to a table: where its header is, and what its columns are called."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from flux.dossier import lignes
from flux.dossier.classeur_brut import FUSION, position_of
from flux.dossier.fichiers import TETES
from flux.dossier.grilles import Grille
from flux.dossier.noms import ANNEE, FACONS, LIBELLE, Nom, resolve
from flux.dossier.programmes import with_programme
from flux.dossier.schemas import LOGEMENTS, TABLES
from flux.dossier.textes import cleaned, stripped
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, Table, at_lines, enumerate_fr


@dataclass(frozen=True, slots=True)
class Feuille:
    """One table of text: headers as the contract names them where they are known, cells, and `_ligne`."""

    nom: str
    source: Source
    texte: pd.DataFrame
    anomalies: tuple[Anomalie, ...] = ()


def header_of(grille: Grille, colonnes: Collection[str]) -> tuple[int, int]:
    """Position of the line that names most of the columns, and how many; if none, the first filled one."""
    heads = [_cells(grille, at) for at in range(min(TETES, len(grille.cellules)))]
    scores = [len({nom.colonne for nom in resolve(row, colonnes) if nom}) for row in heads]
    first = next((at for at, row in enumerate(heads) if any(row)), 0)
    best = int(np.argmax(scores)) if scores else 0
    return (best, scores[best]) if scores and scores[best] > 1 else (first, scores[first] if scores else 0)


def table_of(nom: str, grille: Grille) -> Feuille:
    """The table `nom` as the grid writes it: columns of the contract, cells cleaned, lines of data only."""
    table, source = TABLES[nom], grille.source
    connues = frozenset(c.nom for c in table.colonnes)
    at, _ = header_of(grille, connues)
    headers = _cells(grille, at)
    noms = resolve(headers, connues)
    texte = _body(grille, at, [n.colonne if n else h for h, n in zip(headers, noms, strict=True)])
    texte, said = cleaned(texte, {n.colonne: n.variable for n in noms if n and n.variable}, connues, source)
    if nom == LOGEMENTS.nom:
        texte, found = with_programme(texte, source)
        said += found
    written = {n.colonne: h for h, n in zip(headers, noms, strict=True) if n}
    texte, left_out = lignes.of_data(texte, _above(grille, at, headers, noms), written, table, source)
    totals = {a.ligne for a in left_out if a.code.endswith(".ligne_total")}  # their formulas do no harm
    anomalies = (
        *(a for a in _hidden(grille, at, [n.colonne if n else "" for n in noms]) if a.ligne not in totals),
        *_how_read(headers, noms, table, source),
        *_doubled(headers, noms, table, source),
        *said,
        *left_out,
        *_ragged(grille, at, headers, texte),
    )
    return Feuille(nom, replace(source, nb_lignes=len(texte)), texte, anomalies)


def plain_table(grille: Grille, colonnes: Collection[str]) -> Feuille:
    """The grid under its header, written as it is: for the sheet of the convention."""
    at, _ = header_of(grille, colonnes)
    headers = _cells(grille, at)
    texte, said = cleaned(_body(grille, at, headers), {}, frozenset(headers), grille.source)
    found = _hidden(grille, at, headers)
    return Feuille(grille.nom, replace(grille.source, nb_lignes=len(texte)), texte, (*found, *said))


def _hidden(grille: Grille, at: int, names: Sequence[str]) -> Iterator[Anomalie]:
    """What the workbook hides under the header. In a column that is not read, only a merge can do harm."""
    for anomaly in grille.anomalies:
        if anomaly.ligne is None or anomaly.colonne is None:
            yield anomaly
        elif anomaly.ligne > at + 1:
            position = position_of(anomaly.colonne)
            if name := names[position] if position < len(names) else "":
                yield replace(anomaly, colonne=name)
            elif anomaly.code.endswith(FUSION.code):
                yield replace(anomaly, colonne=None)


def _cells(grille: Grille, at: int) -> list[str]:
    """One line, stripped; "" where empty."""
    if at >= len(grille.cellules):
        return []
    return ["" if pd.isna(cell) else str(cell).strip() for cell in grille.cellules.iloc[at]]


def _body(grille: Grille, at: int, names: Sequence[str]) -> pd.DataFrame:
    """Lines under the header, blank ones left out; of two columns alike, the first (see `_doubled`)."""
    body = grille.cellules.iloc[at + 1 :].reset_index(drop=True)
    columns: dict[str, pd.Series] = {}
    for position, name in enumerate(names):
        if name in columns:
            continue
        cells = stripped(body.iloc[:, position])
        if name or cells.notna().any():
            columns[name or f"colonne {position + 1}"] = cells
    frame = pd.DataFrame(columns, index=body.index)
    lines = pd.Series(np.arange(at + 2, at + 2 + len(frame)), dtype="Int64")
    filled = frame.notna().any(axis=1)
    width = len(names) if grille.largeurs is None else int(grille.largeurs[at])
    beyond = [f"colonne {position + 1}" for position in range(width, len(names))]  # see `_ragged`
    kept = frame.drop(columns=beyond, errors="ignore")
    return kept.assign(**{LIGNE: lines})[filled].reset_index(drop=True)


def _above(grille: Grille, at: int, headers: Sequence[str], noms: Sequence[Nom | None]) -> pd.DataFrame:
    """The filled lines above the header, under its names."""
    names = [
        n.colonne if n else f"{position} {h}"
        for position, (h, n) in enumerate(zip(headers, noms, strict=True))
    ]
    rows = [_cells(grille, line) for line in range(at)]
    frame = pd.DataFrame(rows, columns=range(len(names))).set_axis(names, axis=1)
    frame = frame.mask(frame == "").loc[:, ~pd.Index(names).duplicated()]
    filled = frame.notna().any(axis=1)
    return frame.assign(**{LIGNE: pd.Series(np.arange(1, at + 1), dtype="Int64")})[filled]


def _how_read(
    headers: Sequence[str], noms: Sequence[Nom | None], table: Table, source: Source
) -> Iterator[Anomalie]:
    """Headers that are not written as in the contract, one anomaly for each way."""
    for rang, (code, phrase) in FACONS.items():
        read = [(h, n.colonne) for h, n in zip(headers, noms, strict=True) if n and n.rang == rang]
        if read:
            yield Anomalie(
                code=f"{table.nom}.{code}",
                gravite=Gravite.A_VERIFIER if rang in (ANNEE, LIBELLE) else Gravite.INFORMATION,
                fichier=source.fichier,
                feuille=source.feuille,
                message=f"{phrase} : " + ", ".join(f"« {h} » ({colonne})" for h, colonne in read),
            )


def _doubled(
    headers: Sequence[str], noms: Sequence[Nom | None], table: Table, source: Source
) -> Iterator[Anomalie]:
    """Several headers for one column."""
    kept = [n.colonne for n in noms if n]
    for colonne in dict.fromkeys(c for c in kept if kept.count(c) > 1):
        alike = [h for h, n in zip(headers, noms, strict=True) if n and n.colonne == colonne]
        yield Anomalie(
            code=f"{table.nom}.{colonne}.colonne_en_double",
            fichier=source.fichier,
            feuille=source.feuille,
            colonne=colonne,
            message=f"Plusieurs colonnes pour une seule donnée : {enumerate_fr(alike)}",
            attendu="une seule colonne de chaque nom",
            correction="N'en garder qu'une : supprimer ou renommer les autres.",
        )


def _ragged(grille: Grille, at: int, headers: Sequence[str], texte: pd.DataFrame) -> Iterator[Anomalie]:
    """Lines of a text file that have not the cells of the header: their cells may have shifted."""
    if grille.largeurs is None or texte.empty:
        return
    width = int(grille.largeurs[at])
    lines = texte[LIGNE].to_numpy(dtype="int64")
    beyond = grille.cellules.iloc[:, width:].notna().any(axis=1).to_numpy()[lines - 1]
    short = grille.largeurs[lines - 1] < width
    for mask, code, than, remedy in (
        (beyond, "cellules_en_trop", "plus",
         "Mettre entre guillemets la cellule qui contient le séparateur."),
        (short, "cellules_manquantes", "moins",
         "Compléter la ligne ; si le fichier a été coupé, refaire l'extraction."),
    ):  # fmt: skip
        yield from at_lines(
            Anomalie(
                code=f"fichier.{code}",
                fichier=grille.source.fichier,
                message=f"La ligne a {than} de cellules que l'en-tête, qui en a {width} : elle n'est pas "
                "contrôlée",
                correction=remedy,
            ),
            texte,
            pd.Series(mask, index=texte.index),
        )
