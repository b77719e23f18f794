"""From a folder or a workbook to a checked `Dossier`, or every defect at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from flux.dossier import completion, lecture_convention
from flux.dossier.cellules import cle
from flux.dossier.communes import communes_frame
from flux.dossier.controles import Contexte, controler
from flux.dossier.convention import Convention
from flux.dossier.dossier import Dossier
from flux.dossier.fichiers import EXCEL, Feuille, decode, read_bytes, read_csv, read_excel
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, check, enumerate_fr, suggestion

CONVENTION = "convention"


@dataclass(frozen=True, slots=True)
class Examen:
    """What an examination finds: the dossier, or None if a defect blocks it, and every anomaly."""

    dossier: Dossier | None
    anomalies: tuple[Anomalie, ...]


def read_dossier(path: str | Path) -> Dossier:
    """Read and check a dossier: a folder of tables with `convention.toml`, or one workbook.

    Raises
    ------
    DataError
        Every defect at once, in French, in the message and in `.table`.
    """
    examen = examine(path)
    if examen.dossier is None:
        raise DataError([a for a in examen.anomalies if a.gravite is Gravite.BLOQUANT])
    return examen.dossier


def examine(path: str | Path) -> Examen:
    """The same, without raising: every defect and every repair, for `flux check`."""
    path = Path(path)
    lus = _collect(path)
    anomalies = list(lus.anomalies)
    sources: dict[str, Source] = {nom: Source(fichier=path.name) for nom in TABLES}
    tables = {nom: table.empty() for nom, table in TABLES.items()}
    for nom, feuille in lus.tables.items():
        sources[nom] = feuille.source
        tables[nom], found = check(feuille.texte, TABLES[nom], feuille.source)
        anomalies += found
    tables, found = completion.complete(tables, sources)
    anomalies += found
    convention, found = lecture_convention.build(lus.convention, lus.source_convention)
    anomalies += found
    contexte = Contexte(tables=tables, sources=sources, lues=frozenset(lus.tables), convention=convention,
                        source_convention=lus.source_convention)
    anomalies += controler(contexte)
    communes = communes_frame(tables)
    if convention is not None:
        convention, found = completion.with_departement(convention, tables, communes, lus.source_convention)
        anomalies += found
    if convention is None or any(a.gravite is Gravite.BLOQUANT for a in anomalies):
        return Examen(None, tuple(anomalies))
    read = [f.source for f in lus.tables.values()]
    return Examen(Dossier(nom=path.stem if path.is_file() else path.name, convention=convention, tables=tables,
                          sources=(*read, lus.source_convention), reparations=tuple(anomalies), communes=communes),
                  tuple(anomalies))


# ── what the path holds ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Lus:
    tables: Mapping[str, Feuille]
    convention: Mapping[str, Any]
    source_convention: Source
    anomalies: tuple[Anomalie, ...]


def _collect(path: Path) -> _Lus:
    """The sheets found, by the name of their table, and the convention as written."""
    if not path.exists():
        raise DataError([Anomalie(code="dossier.introuvable", message="Ce dossier n'existe pas", fichier=path.name,
                                  attendu="un dossier de tables, ou un classeur .xlsx",
                                  correction="Vérifier le chemin.")])
    feuilles: list[Feuille] = []
    anomalies: list[Anomalie] = []
    raw: dict[str, Any] | None = None
    source = Source(fichier="convention.toml")
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.name == "convention.toml":
            content, sha256 = read_bytes(file)
            source = Source(fichier=file.name, sha256=sha256)
            raw, found = lecture_convention.parse_toml(decode(content)[0], source)
            anomalies += found
        elif file.suffix.lower() == ".csv":
            feuille, found = read_csv(file)
            feuilles += [feuille] if feuille else []
            anomalies += found
        elif file.suffix.lower() in EXCEL and not file.name.startswith("~$"):
            sheets, found = read_excel(file)
            # In a folder, a workbook holds one table, named by the file.
            feuilles += [replace(sheets[0], nom=file.stem)] if path.is_dir() and len(sheets) == 1 else sheets
            anomalies += found
        elif file.is_file() and not file.name.startswith((".", "~$")):
            anomalies.append(_ignored(file.name))
    tables, raw_sheet, source_sheet, found = _sort(feuilles)
    anomalies += found
    if raw is None and raw_sheet is not None and source_sheet is not None:
        raw, source = raw_sheet, source_sheet
    if raw is None:
        anomalies.append(Anomalie(
            code="convention.absente", message="La convention manque", fichier=path.name,
            attendu="un fichier convention.toml dans le dossier, ou une feuille « convention » dans le classeur",
            correction="L'ajouter, avec au moins [convention] annee = …"))
        # Nothing more can be said of a convention that is not there.
        return _Lus(tables, {"convention": {"annee": 2000}}, source, tuple(anomalies))
    return _Lus(tables, raw, source, tuple(anomalies))


def _sort(feuilles: Iterable[Feuille]) -> tuple[dict[str, Feuille], dict[str, Any] | None, Source | None,
                                                list[Anomalie]]:
    """Each sheet to its table, headers to the names of the contract."""
    tables: dict[str, Feuille] = {}
    raw: dict[str, Any] | None = None
    source: Source | None = None
    anomalies: list[Anomalie] = []
    for feuille in feuilles:
        nom = cle(feuille.nom)
        if nom == CONVENTION:
            source = feuille.source
            raw, found = lecture_convention.parse_sheet(feuille.texte, source)
            anomalies += found
        elif nom not in TABLES:
            anomalies.append(_ignored(feuille.source.fichier, feuille.source.feuille, nom))
        elif nom in tables:
            anomalies.append(Anomalie(
                code=f"{nom}.table_en_double", fichier=feuille.source.fichier, feuille=feuille.source.feuille,
                message=f"La table « {nom} » est donnée deux fois", attendu="une seule fois chaque table",
                correction=f"Garder celle-ci ou celle de {tables[nom].source.fichier}."))
        else:
            tables[nom], found = _headers(nom, feuille)
            anomalies += found
    return tables, raw, source, anomalies


def _headers(nom: str, feuille: Feuille) -> tuple[Feuille, list[Anomalie]]:
    """Headers as the contract names them; those written otherwise are listed, two alike are a defect."""
    known = {c.nom for c in TABLES[nom].colonnes}
    written = [str(c) for c in feuille.texte.columns]
    names = [c if c == LIGNE or cle(c) not in known else cle(c) for c in written]
    where = {"fichier": feuille.source.fichier, "feuille": feuille.source.feuille}
    changed = [w for w, n in zip(written, names, strict=True) if w != n]
    anomalies = [Anomalie(code=f"{nom}.entetes", gravite=Gravite.INFORMATION, **where,
                          message=f"En-têtes lus sans tenir compte des majuscules ni des accents : "
                                  f"{enumerate_fr(changed)}")] if changed else []
    twice = pd.Index(names).duplicated()
    anomalies += [Anomalie(code=f"{nom}.{n}.colonne_en_double", colonne=n, **where,
                           message="Deux colonnes ont le même en-tête", attendu="une seule colonne de chaque nom",
                           correction="Supprimer ou renommer l'une des deux.")
                  for n, again in zip(names, twice, strict=True) if again and n in known]
    texte = feuille.texte.set_axis(names, axis=1).loc[:, ~twice]
    return replace(feuille, texte=texte), anomalies


def _ignored(fichier: str, feuille: str | None = None, nom: str | None = None) -> Anomalie:
    known = [*TABLES, CONVENTION]
    return Anomalie(code="dossier.table_inconnue", gravite=Gravite.INFORMATION, fichier=fichier, feuille=feuille,
                    message="Ce n'est pas une table du dossier, elle n'est pas lue",
                    correction=suggestion(nom or cle(Path(fichier).stem), known))
