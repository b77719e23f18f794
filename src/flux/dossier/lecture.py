"""From a folder or a workbook to a checked `Dossier`, or every defect at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flux.dossier import completion, lecture_convention
from flux.dossier.classeurs import CLASSEURS
from flux.dossier.communes import communes_frame
from flux.dossier.contexte import Contexte
from flux.dossier.controles import controler
from flux.dossier.dossier import Dossier
from flux.dossier.inconnues import remede_format
from flux.dossier.inventaire import CONVENTION, Inventaire, Progress, collect
from flux.dossier.relecture import relues
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie, DataError, Gravite, anomalies_table
from flux.noyau.provenance import Source
from flux.noyau.tables import check
from flux.rendu import anomalies as rendu


@dataclass(frozen=True, slots=True, repr=False)
class Examen:
    """What an examination finds: the dossier, or None if a defect blocks it; every defect and repair.

    `inventaire` is the text as it was read; None where there was nothing to read.
    """

    dossier: Dossier | None
    anomalies: tuple[Anomalie, ...]
    inventaire: Inventaire | None = None

    @property
    def table(self) -> pd.DataFrame:
        """One row an anomaly: code, message, gravite, fichier, feuille, ligne, colonne, …"""
        return anomalies_table(self.anomalies)

    def __repr__(self) -> str:
        return f"{rendu.bilan(self.anomalies).capitalize()}\n{rendu.texte(self.anomalies)}".rstrip()

    def _repr_html_(self) -> str:
        return rendu.html(self.anomalies)


def read_dossier(path: str | Path, *, progress: Progress | None = None) -> Dossier:
    """Read and check a dossier: a folder of tables with `convention.toml`, or one workbook.

    Parameters
    ----------
    path : a folder of tables (.csv, .txt, .xlsx, .xlsm, .xls, .ods, .parquet, mixed as they come), or one
        workbook (.xlsx, .xlsm, .xls, .ods) with a sheet a table.
    progress : called with what is being done (French), the steps done and their number.

    Raises
    ------
    DataError
        Every defect at once, in French, in the message and in `.table`.
    """
    examen = examine(path, progress=progress)
    if examen.dossier is None:
        raise DataError([a for a in examen.anomalies if a.gravite is Gravite.BLOQUANT])
    return examen.dossier


def examine(path: str | Path, *, progress: Progress | None = None) -> Examen:
    """The same without raising: every defect, every repair, and the dossier when nothing blocks it."""
    path = Path(path)
    if not path.exists():
        return Examen(None, (_not_found(path),))
    if not path.is_dir() and path.suffix.lower() not in CLASSEURS:
        return Examen(None, (_no_workbook(path),))
    found = collect(path, progress)
    anomalies = list(found.anomalies)
    lues = {nom: frozenset(map(str, feuille.texte.columns)) for nom, feuille in found.tables.items()}

    sources = {nom: Source(fichier=path.name) for nom in TABLES}
    tables = {nom: table.empty() for nom, table in TABLES.items()}
    for done, (nom, feuille) in enumerate(found.tables.items()):
        if progress:
            progress(f"Contrôle de la table « {nom} »", done, len(found.tables))
        sources[nom] = feuille.source
        tables[nom], said = check(feuille.texte, TABLES[nom], feuille.source)
        anomalies += said
    douteuses = {nom: _lines(anomalies, sources[nom]) for nom in lues}
    tables, said = completion.complete(tables, sources)
    if "territoires" in found.illisibles or "commune" not in lues.get("territoires", {"commune"}):
        said = [a for a in said if not a.code.endswith(".commune_inconnue")]  # they may be in that table
    anomalies += said
    communes = communes_frame(tables)
    communes = communes.assign(nom=communes["nom"].fillna(communes["commune"]))  # `nom` may be left out

    convention = None
    if CONVENTION not in found.illisibles:
        convention, said = lecture_convention.build(found.convention, found.source_convention)
        anomalies += said
    if convention is not None:
        convention, said = completion.with_departement(convention, tables, communes, found.source_convention)
        anomalies += said
    anomalies += controler(
        Contexte(
            tables=tables,
            sources=sources,
            lues=lues,
            illisibles=found.illisibles,
            douteuses=douteuses,
            inconnues=found.inconnues,
            communes=communes,
            convention=convention,
            source_convention=found.source_convention,
        )
    )
    anomalies = relues(_without_shifted(anomalies), found.tables)
    if convention is None or any(a.gravite is Gravite.BLOQUANT for a in anomalies):
        return Examen(None, tuple(anomalies), found)
    dossier = Dossier(
        nom=path.name if path.is_dir() else path.stem,
        convention=convention,
        tables=tables,
        sources=(*(feuille.source for feuille in found.tables.values()), found.source_convention),
        reparations=tuple(anomalies),
        communes=communes,
    )
    return Examen(dossier, tuple(anomalies), found)


def _lines(anomalies: list[Anomalie], source: Source) -> frozenset[int]:
    """Lines of a sheet where a cell is already known to be in defect."""
    place = (source.fichier, source.feuille)
    blocking = (a for a in anomalies if a.gravite is Gravite.BLOQUANT and (a.fichier, a.feuille) == place)
    return frozenset(line for a in blocking for line in (a.ligne, *a.lignes) if line is not None)


def _without_shifted(anomalies: list[Anomalie]) -> list[Anomalie]:
    """A line that has not the cells of the header has this one defect: what its cells say is not theirs."""
    shifted = {
        (a.fichier, line)
        for a in anomalies
        if a.code in ("fichier.cellules_en_trop", "fichier.cellules_manquantes")
        for line in (a.ligne, *a.lignes)
    }
    return [
        a
        for a in anomalies
        if a.code.startswith("fichier.") or (a.fichier, a.ligne) not in shifted or not a.ligne
    ]


def _no_workbook(path: Path) -> Anomalie:
    return Anomalie(
        code="dossier.format_inconnu",
        fichier=path.name,
        message="Ce fichier n'est pas un dossier",
        attendu="un dossier de tables, ou un classeur .xlsx, .xlsm, .xls ou .ods",
        correction=remede_format(path.name)
        or "Donner le dossier qui contient les tables, et non l'une d'elles ; ou un classeur .xlsx.",
    )


def _not_found(path: Path) -> Anomalie:
    return Anomalie(
        code="dossier.introuvable",
        fichier=path.name,
        message="Ce dossier n'existe pas",
        attendu="un dossier de tables, ou un classeur .xlsx, .xlsm, .xls ou .ods",
        correction="Vérifier le chemin.",
    )
