"""What is in the folder of national files: the files they come from, who is where. Kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from flux.dossier.rpls.dictionnaire import dispositions
from flux.dossier.rpls.reperage import Origine
from flux.noyau.errors import Anomalie, FluxError, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import TEXTE

FORMAT = "flux-rpls/1"
INDEX, LIGNES, PARTAGES = "index.json", "lignes", "partages"
INCONNU = "inconnu"
"""Département of the rows whose commune cannot be read, landlord of those that name none."""
_TEXTES = ("departement", "bailleur", "IDENT_ORG", "SIRET", "RS")
COLONNES = ("fichier", *_TEXTES, "nb_lignes", "premiere")


@dataclass(frozen=True, kw_only=True)
class Index:
    """The folder in a few words.

    Attributes
    ----------
    origines : the files, by rank.
    partitions : fichier (rank), departement, bailleur (name of the folder), IDENT_ORG, SIRET, RS (as written,
        missing where they are not), nb_lignes, premiere (first line of the file).
    defauts : cells that cannot be read: they will refuse the reading of their landlord.
    """

    origines: tuple[Origine, ...]
    partitions: pd.DataFrame
    defauts: tuple[Anomalie, ...]


def folder_of(fichier: int, departement: str, bailleur: str) -> Path:
    """Where the rows of a landlord in a département are, as Hive and DuckDB write it."""
    return Path(LIGNES) / f"fichier={fichier}" / f"departement={departement}" / f"bailleur={bailleur}"


def shared_of(fichier: int) -> Path:
    """The rows of a file whose IDENT_REP is written more than once in it."""
    return Path(PARTAGES) / f"fichier={fichier}.parquet"


def write(index: Index, folder: Path) -> None:
    """Write the index, last: a folder without it is not one of ours."""
    rows = index.partitions.astype(object).where(index.partitions.notna(), None)
    content = {
        "format": FORMAT,
        "fichiers": [_written(origine) for origine in index.origines],
        "partitions": {"colonnes": list(COLONNES), "lignes": rows[list(COLONNES)].values.tolist()},
        "defauts": [_said(a) for a in index.defauts],
    }
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / INDEX).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Index:
    """The index of a folder.

    Raises
    ------
    FluxError
        Code "rpls.pas_decoupe": `partition_rpls` did not make this folder, or another version of it did.
    """
    path = folder / INDEX
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        content = {}
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FluxError(
            f"« {folder} » n'est pas un répertoire de fichiers RPLS découpés par cette version de flux. À "
            "faire : le découper (flux rpls partition, flux.partition_rpls), ou donner le fichier lui-même.",
            code="rpls.pas_decoupe",
        )
    frame = pd.DataFrame(content["partitions"]["lignes"], columns=list(COLONNES))
    return Index(
        origines=tuple(map(_origine, content["fichiers"])),
        partitions=frame.astype(dict.fromkeys(_TEXTES, TEXTE)),
        defauts=tuple(map(_anomalie, content["defauts"])),
    )


def _written(origine: Origine) -> dict[str, Any]:
    return {
        "source": asdict(origine.source),
        "disposition": origine.disposition.nom,
        "entetes": dict(origine.entetes),
        "annee": origine.annee,
        "remarques": [_said(a) for a in origine.remarques],
    }


def _origine(content: Mapping[str, Any]) -> Origine:
    return Origine(
        source=Source(**content["source"]),
        disposition=dispositions()[content["disposition"]],
        entetes=content["entetes"],
        annee=content["annee"],
        remarques=tuple(map(_anomalie, content["remarques"])),
    )


def _said(anomalie: Anomalie) -> dict[str, Any]:
    return {f.name: getattr(anomalie, f.name) for f in fields(Anomalie) if f.name != "lignes"}


def _anomalie(content: Mapping[str, Any]) -> Anomalie:
    return Anomalie(**{**content, "gravite": Gravite(content["gravite"])})
