"""Rows of a landlord or a département out of national files: the same text, the same lines as in the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from flux.dossier.rpls.bailleurs import absent, departement_of, elsewhere, identities, matches
from flux.dossier.rpls.national import index
from flux.dossier.rpls.national.bibliotheques import library
from flux.dossier.rpls.reperage import Origine
from flux.noyau.errors import Anomalie, DataError
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE, enumerate_fr


def load(path: Path, bailleur: str | None, departement: str | None) -> tuple[Origine, pd.DataFrame]:
    """The rows to select from: those of the partitions concerned, those that share their IDENT_REP.

    Parameters
    ----------
    path : a folder that `partition_rpls` made.

    Raises
    ------
    FluxError
        Code "rpls.pas_decoupe"; "rpls.bibliotheque_absente": a library is missing.
    DataError
        Codes "rpls.bailleur_absent", "rpls.departement_absent", "rpls.plusieurs_fichiers".
    """
    known = index.read(path)
    chosen = _chosen(known, bailleur, departement, path.name)
    ranks = chosen["fichier"].unique().tolist()
    if len(ranks) > 1:
        raise DataError([_several(known.origines[rank] for rank in ranks)])
    folders = chosen[["fichier", "departement", "bailleur"]].drop_duplicates()
    rows = pd.concat([_read(path / index.folder_of(*where)) for where in folders.itertuples(index=False)])
    if "IDENT_REP" in rows and len(folders) < len(_folders(known, ranks[0])):
        rows = pd.concat([rows, _shared(path / index.shared_of(ranks[0]), rows["IDENT_REP"])])
    rows = rows.drop_duplicates(LIGNE).sort_values(LIGNE, ignore_index=True)
    return known.origines[ranks[0]], rows


def _folders(known: index.Index, rank: int) -> pd.DataFrame:
    of_file = known.partitions[known.partitions["fichier"].eq(rank)]
    return of_file[["departement", "bailleur"]].drop_duplicates()


def _chosen(known: index.Index, bailleur: str | None, departement: str | None, nom: str) -> pd.DataFrame:
    """The partitions that hold what is asked, in the order of the files."""
    chosen = known.partitions.sort_values(["fichier", "premiere"])
    source = known.origines[0].source if len(known.origines) == 1 else Source(fichier=nom)
    if bailleur is not None:
        whole, chosen = chosen, chosen[matches(chosen, bailleur)]
        if chosen.empty:
            raise DataError([absent(whole.dropna(axis="columns", how="all"), bailleur, source)])
    if departement is not None:
        whole, chosen = chosen, chosen[chosen["departement"].eq(departement_of(departement))]
        if chosen.empty:
            there = set(whole["departement"]) - {index.INCONNU}
            raise DataError([elsewhere(sorted(there), departement, source)])
    return chosen


def _read(folder: Path) -> pd.DataFrame:
    return pd.concat([_table(part) for part in sorted(folder.glob("*.parquet"))])


def _shared(path: Path, idents: pd.Series) -> pd.DataFrame:
    """Rows whose IDENT_REP is among those, wherever they are."""
    return _table(path, filters=[("IDENT_REP", "in", identities(idents))])


def _table(path: Path, **options: Any) -> pd.DataFrame:
    table = library("pyarrow.parquet").read_table(path, partitioning=None, **options)
    frame: pd.DataFrame = table.to_pandas()
    return frame.astype({name: "Int64" if name == LIGNE else TEXTE for name in frame})


def _several(origines: Iterable[Origine]) -> Anomalie:
    names = enumerate_fr(origine.source.fichier for origine in origines)
    return Anomalie(
        code="rpls.plusieurs_fichiers",
        message=f"Ces logements sont dans plusieurs fichiers : {names}",
        attendu="les logements d'un seul fichier, dont les lignes se citent",
        correction="Dire aussi le département (departement=…, --departement).",
    )
