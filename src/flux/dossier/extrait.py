"""Large extracts (RPLS, SNE): look at the first lines, then read the few columns that are wanted.

Nothing else of the file is kept in memory: an extract of 95 columns is read as the twenty that serve, and
columns about persons are never read.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flux.dossier.classeur_brut import position_of
from flux.dossier.classeurs import CLASSEURS, Classeur, open_workbook
from flux.dossier.fichiers import SEPARATEURS, TETES
from flux.dossier.largeurs import Compteur, irregular
from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE, anomaly_at, enumerate_fr

_BLOC = 1 << 20
_HORS_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ENCODAGE = (
    "Le fichier n'est pas un texte lisible",
    "un fichier en UTF-8 ou en cp1252 (Windows)",
    "Enregistrer le fichier au format « CSV UTF-8 ».",
)


@dataclass(frozen=True, slots=True, eq=False)
class Apercu:
    """The first lines of a csv file or of a sheet, and the way to read the rest."""

    path: Path
    source: Source
    tetes: tuple[tuple[str, ...], ...] = field(repr=False)
    anomalies: tuple[Anomalie, ...] = ()
    encodage: str = "utf-8-sig"
    separateur: str = ";"
    largeurs: Compteur | None = field(default=None, repr=False)
    classeur: Classeur | None = field(default=None, repr=False)

    @property
    def nb_lignes(self) -> int:
        """Lines of a csv file; 0 for a sheet, that is read at once."""
        return len(self.largeurs.counts()) if self.largeurs else 0

    def lire(self, premiere: int, positions: Mapping[str, int], largeur: int) -> pd.DataFrame:
        """Columns as text from the line `premiere` (the first of the file is 1), and `_ligne`.

        Parameters
        ----------
        positions : name given to each column, and its position in the file (from 0).
        largeur : cells of the header, that every line must have.

        Returns
        -------
        Cells stripped, missing where empty; rows empty in all these columns are left out.

        Raises
        ------
        DataError
            Codes "fichier.cellules_en_trop", "fichier.cellules_manquantes", "fichier.guillemet"; in a
        workbook, those of the cells that read as empty ("fichier.cellule_en_erreur", …).
        """
        (whole,) = self.blocs(premiere, positions, largeur, taille=None)
        return whole

    def blocs(
        self, premiere: int, positions: Mapping[str, int], largeur: int, *, taille: int | None
    ) -> Iterator[pd.DataFrame]:
        """The same rows, `taille` lines of the file at a time (None: all at once); a sheet is one block."""
        found = list(irregular(self.largeurs, premiere, largeur, self.source)) if self.largeurs else []
        if found:
            raise DataError(found)
        wanted = sorted(positions.values())
        names = {position: name for name, position in positions.items()}
        raws = self._csv(premiere, wanted, taille) if self.classeur is None else self._sheet(premiere, wanted)
        for raw in raws:
            frame = pd.DataFrame({names[p]: _stripped(raw[p]) for p in wanted})
            frame[LIGNE] = pd.Series(np.arange(premiere, premiere + len(frame)), dtype="Int64").to_numpy()
            premiere += len(frame)
            filled = frame[list(positions)].notna().any(axis=1)
            yield frame[filled].reset_index(drop=True).astype({LIGNE: "Int64"})

    def _sheet(self, premiere: int, wanted: list[int]) -> Iterator[pd.DataFrame]:
        assert self.classeur is not None
        grille = self.classeur.lire(str(self.source.feuille), positions=wanted)
        found = [
            a
            for a in grille.anomalies
            if a.ligne is None or (a.ligne >= premiere and a.colonne and position_of(a.colonne) in wanted)
        ]
        if found:
            raise DataError(found)
        yield grille.cellules.iloc[premiere - 1 :]

    def _csv(self, premiere: int, wanted: list[int], taille: int | None) -> Iterator[pd.DataFrame]:
        width = max(max(map(len, self.tetes)), max(wanted) + 1)
        read: Callable[..., Any] = partial(
            pd.read_csv,
            self.path,
            sep=self.separateur,
            encoding=self.encodage,
            header=None,
            names=list(range(width)),
            index_col=False,
            usecols=wanted,
            skiprows=premiere - 1,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
        try:
            if taille is None:
                yield read()
                return
            with read(chunksize=taille) as blocks:
                yield from blocks
        except pd.errors.ParserError as error:
            raise DataError([_unclosed(str(error), self.source)]) from error


def twice(apercu: Apercu, line: int, names: Sequence[str], wanted: Collection[str]) -> Iterator[Anomalie]:
    """A defect for each column of `wanted` that the header on `line` has several times.

    Parameters
    ----------
    names : the header, as it is understood; "" where the column is not.
    """
    for name in dict.fromkeys(n for n in names if n in wanted and names.count(n) > 1):
        written = [h for h, n in zip(apercu.tetes[line - 1], names, strict=True) if n == name]
        yield anomaly_at(
            apercu.source,
            code="fichier.colonne_en_double",
            ligne=line,
            colonne=written[0],
            message=f"Plusieurs colonnes pour une seule donnée : {enumerate_fr(written)}",
            attendu="une seule colonne de chaque nom",
            correction="Supprimer ou renommer les autres.",
        )


def survey(path: Path) -> list[Apercu]:
    """The first lines of a csv file, or of each sheet of a workbook.

    Raises
    ------
    DataError
        Codes "fichier.introuvable", "fichier.vide", "fichier.format", "fichier.encodage",
        "fichier.classeur_illisible", "fichier.mot_de_passe", "fichier.trop_grand".
    """
    if not path.is_file():
        raise _refused(path, "introuvable", "Ce fichier n'existe pas", correction="Vérifier le chemin.")
    if path.suffix.lower() in CLASSEURS:
        return _survey_sheets(path)
    if path.suffix.lower() not in {".csv", ".txt"}:
        raise _refused(
            path,
            "format",
            f"Le format « {path.suffix} » n'est pas lu",
            attendu="un fichier .csv ou .txt, ou un classeur .xlsx, .xls ou .ods",
            correction="Extraire le fichier de l'archive, ou l'enregistrer en CSV.",
        )
    return [_survey_csv(path)]


def _survey_csv(path: Path) -> Apercu:
    with path.open("rb") as stream:
        first = stream.read(_BLOC)
    if b"\x00" in first:
        raise _refused(path, "encodage", *_ENCODAGE)
    lines = first.splitlines()[: TETES + 1]
    separator = max(SEPARATEURS, key=lambda s: max((line.count(s.encode()) for line in lines), default=0))
    digest, cells, utf8, unknown = _whole(path, separator)
    source = Source(fichier=path.name, sha256=digest)
    encoding = "utf-8-sig" if utf8 else "cp1252"
    if unknown and not utf8:
        raise _refused(path, "encodage", *_ENCODAGE, ligne=unknown)
    text = [line.decode(encoding, errors="replace") for line in lines]
    heads = tuple(tuple(map(str.strip, row)) for row in csv.reader(text, delimiter=separator))[:TETES]
    if not any(map(any, heads)):
        raise _refused(path, "vide", "Le fichier est vide", correction="Refaire l'extraction.")
    said = _said(source, "cp1252", "Le fichier n'est pas en UTF-8, il est lu en cp1252 (Windows)")
    return Apercu(path, source, heads, () if utf8 else (said,), encoding, separator, cells)


def _whole(path: Path, separator: str) -> tuple[str, Compteur, bool, int]:
    """One pass over the file: its sha256, the cells of each line, whether it is UTF-8, and the first line
    with a byte that cp1252 does not have (0: none).
    """
    digest, cells, line, unknown = hashlib.sha256(), Compteur(separator), 1, 0
    decoder, utf8 = codecs.getincrementaldecoder("utf-8")(), True
    with path.open("rb") as stream:
        while block := stream.read(_BLOC):
            digest.update(block)
            cells.add(block)
            if not unknown and (wrong := _HORS_CP1252.search(block)):
                unknown = line + block.count(b"\n", 0, wrong.start())
            line += block.count(b"\n")
            try:
                utf8 = utf8 and decoder.decode(block) is not None
            except UnicodeDecodeError:
                utf8 = False
    return digest.hexdigest(), cells, utf8, unknown


def _survey_sheets(path: Path) -> list[Apercu]:
    classeur, said = open_workbook(path)
    if classeur is None:
        raise DataError(said)
    return [
        Apercu(
            path,
            replace(classeur.source, feuille=name),
            _heads(classeur.lire(name, lignes=TETES).cellules),
            tuple(said),
            classeur=classeur,
        )
        for name in classeur.feuilles
    ]


def _heads(sheet: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    rows = sheet.head(TETES).itertuples(index=False, name=None)
    return tuple(tuple("" if pd.isna(cell) else str(cell).strip() for cell in row) for row in rows)


def _stripped(cells: pd.Series) -> pd.Series:
    """Text without the spaces around it; stripping the distinct texts is enough."""
    codes, distinct = pd.factorize(cells)
    written = distinct.tolist()
    bare = [text.strip() or None for text in written]
    if bare == written:
        return cells.astype(TEXTE).reset_index(drop=True)
    return pd.Series([*bare, None], dtype=TEXTE).iloc[codes].reset_index(drop=True)


def _said(source: Source, code: str, message: str) -> Anomalie:
    return anomaly_at(source, code=f"fichier.{code}", gravite=Gravite.INFORMATION, message=message)


def _refused(
    path: Path, code: str, message: str, attendu: str = "", correction: str = "", *, ligne: int | None = None
) -> DataError:
    return DataError(
        [
            Anomalie(
                code=f"fichier.{code}",
                fichier=path.name,
                ligne=ligne,
                message=message,
                attendu=attendu,
                correction=correction,
            )
        ]
    )


def _unclosed(error: str, source: Source) -> Anomalie:
    """What pandas says of a quote, in French, with the line of the file."""
    started = re.search(r"starting at row (\d+)", error)
    return Anomalie(
        code="fichier.guillemet",
        fichier=source.fichier,
        ligne=int(started[1]) + 1 if started else None,
        message="Un guillemet ouvert n'est jamais fermé",
        correction="Fermer le guillemet, ou réenregistrer le fichier depuis un tableur.",
    )
