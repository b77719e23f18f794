"""What a path holds: each sheet brought to its table, headers to the names of the contract."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flux.dossier import lecture_convention
from flux.dossier.cellules import cle
from flux.dossier.classeurs import CLASSEURS, Classeur, open_workbook
from flux.dossier.encodages import read_text
from flux.dossier.entetes import Feuille, header_of, plain_table, table_of
from flux.dossier.fichiers import PARQUET, TEXTES, read_csv, read_parquet
from flux.dossier.grilles import Grille
from flux.dossier.inconnues import ignored, table_of_file, table_of_sheet
from flux.dossier.noms import noms_connus
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.noyau.tables import enumerate_fr

CONVENTION = "convention"
CONVENTION_TOML = "convention.toml"
Progress = Callable[[str, int, int], None]
"""What is being done, in French, the steps done, and their number."""
FEUILLES_MAX = 50
"""Sheets looked at to find the table in a workbook that only its file names."""
_ENTETES_CONVENTION = ("section", "cle", "valeur", "key", "value")
SERVICE = frozenset({"lisez_moi", "controles", "exemples", "anomalies", "resume"})
"""Sheets of our own workbooks that are read by people, never by us."""


@dataclass(frozen=True, slots=True)
class Inventaire:
    """Tables found, by name; sheets that are none (`inconnues`, each with the table whose
    headers it has, or ""); the convention as written, if any.

    `illisibles`: the tables, or the convention, that are there but could not be read, which was said.
    """

    tables: Mapping[str, Feuille]
    inconnues: Mapping[str, str]
    convention: Mapping[str, Any] | None
    source_convention: Source
    anomalies: tuple[Anomalie, ...]
    illisibles: frozenset[str] = frozenset()


def collect(path: Path, progress: Progress | None = None) -> Inventaire:
    """Read every table of a folder, or every sheet of a workbook."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [f for f in files if f.is_file() and not f.name.startswith((".", "~$"))]
    tables: dict[str, Feuille] = {}
    inconnues: dict[str, str] = {}
    illisibles: set[str] = set()
    convention: Mapping[str, Any] | None = None
    source_convention = Source(fichier=CONVENTION_TOML if path.is_dir() else path.name)
    anomalies: list[Anomalie] = []
    for done, file in enumerate(files):
        if progress:
            progress(f"Lecture de {file.name}", done, len(files))
        if file.name.lower() == CONVENTION_TOML:
            text, source, found = read_text(file)
            anomalies += found
            if convention is not None:
                anomalies.append(_twice(CONVENTION, source, source_convention))
                continue
            source_convention = source
            if text is not None:
                convention, found = lecture_convention.parse_toml(text, source)
                anomalies += found
            if convention is None:
                illisibles.add(CONVENTION)
            continue
        lu = _read(file, alone=path.is_dir())
        anomalies += lu.anomalies
        inconnues |= lu.inconnues
        illisibles |= lu.illisibles
        for nom, grille in lu.grilles:
            if nom == CONVENTION and convention is None:
                sheet = plain_table(grille, _ENTETES_CONVENTION)
                source_convention = sheet.source
                convention, found = lecture_convention.parse_sheet(sheet.texte, sheet.source)
                anomalies += [*sheet.anomalies, *found]
                if convention is None:
                    illisibles.add(CONVENTION)
            elif nom == CONVENTION:
                anomalies.append(_twice(nom, grille.source, source_convention))
            elif nom in tables:
                anomalies.append(_twice(nom, grille.source, tables[nom].source))
            else:
                tables[nom] = table_of(nom, grille)
                anomalies += tables[nom].anomalies
    absent = [nom for nom in (*TABLES, CONVENTION) if nom not in tables and nom not in illisibles]
    anomalies += ignored(inconnues, absent, tables, [*TABLES, CONVENTION])
    return Inventaire(
        tables, inconnues, convention, source_convention, tuple(anomalies), frozenset(illisibles)
    )


@dataclass(frozen=True, slots=True)
class _Lu:
    """What one file holds: grids and the table that each is; sheets that are none; what could not be read."""

    grilles: tuple[tuple[str, Grille], ...] = ()
    inconnues: Mapping[str, str] = field(default_factory=dict)
    illisibles: frozenset[str] = frozenset()
    anomalies: tuple[Anomalie, ...] = ()


def _read(file: Path, *, alone: bool) -> _Lu:
    """The tables of a file; `alone`: it stands in a folder, and may be one table that bears its name."""
    kind, nom = file.suffix.lower(), cle(file.stem)
    ours = nom in TABLES or nom == CONVENTION
    if kind in CLASSEURS:
        classeur, found = open_workbook(file)
        if classeur is None:
            return _Lu((), {}, frozenset({nom} if alone else {*TABLES, CONVENTION}), tuple(found))
        lu = _sheets(classeur, nom if alone else "")
        return replace(lu, anomalies=(*found, *lu.anomalies))
    if not ours or kind not in {*TEXTES, PARQUET}:
        return _Lu(inconnues={file.name: table_of_file(file)})
    grilles, found = read_parquet(file) if kind == PARQUET else read_csv(file, _noms(nom))
    return _Lu(
        tuple((nom, grille) for grille in grilles),
        {},
        frozenset() if grilles else frozenset({nom}),
        tuple(found),
    )


def _sheets(classeur: Classeur, nom: str) -> _Lu:
    """The sheets that bear the name of a table; else, in a workbook named so, the one that is a table."""
    named = {sheet: cle(sheet) for sheet in classeur.feuilles}
    ours = [sheet for sheet, word in named.items() if word in TABLES or word == CONVENTION]
    others = [sheet for sheet, word in named.items() if sheet not in ours and word not in SERVICE]
    if ours or not (nom in TABLES or nom == CONVENTION):
        return _Lu(
            tuple((named[s], classeur.lire(s)) for s in ours),
            {s: table_of_sheet(classeur, s) for s in others},
        )
    read = {sheet: classeur.lire(sheet) for sheet in others[:FEUILLES_MAX]}
    filled = [sheet for sheet, grille in read.items() if grille.cellules.shape[1] > 1]
    scores = {sheet: header_of(read[sheet], _colonnes(nom))[1] for sheet in filled}
    best = [sheet for sheet in filled if scores[sheet] == max(scores.values())]
    if not best:
        return _Lu(inconnues=dict.fromkeys(others, "")) if others else _Lu(illisibles=frozenset({nom}))
    if len(best) > 1:
        return _Lu(illisibles=frozenset({nom}), anomalies=(_which(nom, classeur, best),))
    kept = replace(read[best[0]], nom=nom)
    return _Lu(((nom, kept),), dict.fromkeys((sheet for sheet in filled if sheet != best[0]), ""))


def _colonnes(nom: str) -> Collection[str]:
    return _ENTETES_CONVENTION if nom == CONVENTION else [c.nom for c in TABLES[nom].colonnes]


def _noms(nom: str) -> frozenset[str]:
    return noms_connus(_colonnes(nom))


def _which(nom: str, classeur: Classeur, sheets: Sequence[str]) -> Anomalie:
    return Anomalie(
        code=f"{nom}.feuille_ambigue",
        fichier=classeur.source.fichier,
        message=f"Plusieurs feuilles peuvent être la table « {nom} » : {enumerate_fr(sheets[:5])}",
        attendu=f"une seule, ou une feuille nommée « {nom} »",
        correction=f"Nommer « {nom} » la bonne feuille.",
    )


def _twice(nom: str, source: Source, first: Source) -> Anomalie:
    return Anomalie(
        code=f"{nom}.table_en_double",
        fichier=source.fichier,
        feuille=source.feuille,
        message=f"La table « {nom} » est donnée deux fois",
        attendu="chaque table une seule fois",
        correction=f"Garder celle-ci, ou celle de {first.fichier}.",
    )
