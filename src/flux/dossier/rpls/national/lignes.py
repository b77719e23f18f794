"""The rows of a national file on the way to their folders: written as they come, counted, sorted on disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flux.dossier.rpls.bailleurs import QUI, departements, siret_of
from flux.dossier.rpls.dictionnaire import variables
from flux.dossier.rpls.national import index
from flux.dossier.rpls.national.bibliotheques import library
from flux.dossier.rpls.national.defauts import Defauts
from flux.dossier.rpls.reperage import Origine
from flux.noyau.errors import Anomalie
from flux.noyau.fichiers import file_names
from flux.noyau.tables import LIGNE, TEXTE

MEMOIRE = "512MB"
"""What the sort holds before it goes to the disk."""
_SIREN = 9
_BETWEEN = "\x1f"
_RANG = "_qui"
"""Rank of the landlord, as the file names it, in the table of a file."""


@dataclass(frozen=True, kw_only=True)
class Lignes:
    """One file, as a table of text on disk.

    Attributes
    ----------
    table : the parquet of all its rows, in their order.
    colonnes : its variables.
    partitions : `_qui`, departement, bailleur, IDENT_ORG, SIRET, RS, nb_lignes, premiere.
    defauts : the cells that cannot be read.
    """

    origine: Origine
    table: Path
    colonnes: tuple[str, ...]
    partitions: pd.DataFrame
    defauts: tuple[Anomalie, ...]


def gather(blocks: Iterable[pd.DataFrame], colonnes: Sequence[str], origine: Origine, table: Path) -> Lignes:
    """Write the blocks to `table`, one after the other, count them, look for cells that cannot be read."""
    arrow, ranks, defauts = library("pyarrow"), dict[str, int](), Defauts(origine)
    counted: list[pd.DataFrame] = []
    texts = [(name, arrow.string()) for name in (*colonnes, "departement")]
    schema = arrow.schema([*texts, (LIGNE, arrow.int64()), (_RANG, arrow.int32())])
    with library("pyarrow.parquet").ParquetWriter(table, schema, compression="zstd") as writer:
        for block in blocks:
            where = departements(block["DEPCOM"]).fillna(index.INCONNU)
            rows = block.assign(departement=where, **{_RANG: _rank(block, ranks)})
            writer.write_table(arrow.Table.from_pandas(rows, schema=schema, preserve_index=False))
            by = rows.groupby([_RANG, "departement"])[LIGNE]
            counted.append(by.agg(nb_lignes="size", premiere="min").reset_index())
            defauts.add(block)
    return Lignes(
        origine=origine,
        table=table,
        colonnes=tuple(colonnes),
        partitions=_partitions(ranks, pd.concat(counted)),
        defauts=defauts.listed(),
    )


def _rank(block: pd.DataFrame, ranks: dict[str, int]) -> pd.Series:
    """What each row says of its landlord, as a number; those met for the first time are added to `ranks`."""
    named = block.reindex(columns=list(QUI)).astype(TEXTE).fillna("")
    texts = named[QUI[0]].str.cat(named[list(QUI[1:])], sep=_BETWEEN)
    return texts.map({text: ranks.setdefault(text, len(ranks)) for text in texts.unique()})


def _partitions(ranks: Mapping[str, int], counted: pd.DataFrame) -> pd.DataFrame:
    counts = counted.groupby([_RANG, "departement"]).agg({"nb_lignes": "sum", "premiere": "min"})
    written = [[cell or None for cell in text.split(_BETWEEN)] for text in ranks]
    named = pd.DataFrame(written, columns=list(QUI), dtype=TEXTE)
    idents = [_ident(*row) for row in named.itertuples(index=False)]
    folders = file_names(dict.fromkeys(idents))
    named = named.assign(bailleur=[folders[ident] for ident in idents]).rename_axis(_RANG)
    return counts.reset_index().merge(named.reset_index(), on=_RANG)


def _ident(ident_org: str, siret: str, nom: str) -> str:
    """What names the folder of a landlord: its SIREN, else its IDENT_ORG, else its name."""
    absents = variables()["SIRET"].absents
    if pd.notna(siret) and (digits := siret_of(siret)).isdigit():
        return digits[:_SIREN]
    return next((t for t in (ident_org, nom) if pd.notna(t) and t.upper() not in absents), index.INCONNU)


def spread(lignes: Lignes, rank: int, folder: Path, aside: Path) -> None:
    """From the table of a file to one parquet a landlord in a département, in order; memory is bounded."""
    rows = f"read_parquet('{_quoted(lignes.table)}')"
    target, shared = folder / index.LIGNES / f"fichier={rank}", folder / index.shared_of(rank)
    target.mkdir(parents=True)
    shared.parent.mkdir(exist_ok=True)
    limits = {"memory_limit": MEMOIRE, "temp_directory": str(aside), "threads": 1}  # one file a folder
    with library("duckdb").connect(config=limits) as base:
        base.register("noms", lignes.partitions[[_RANG, "bailleur"]].drop_duplicates())
        base.execute(
            f"COPY (SELECT rows.* EXCLUDE ({_RANG}), bailleur FROM {rows} rows JOIN noms USING ({_RANG}) "
            f"ORDER BY departement, bailleur, {LIGNE}) TO '{_quoted(target)}' "
            "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (departement, bailleur))"
        )
        if "IDENT_REP" in lignes.colonnes:
            absents = ", ".join(f"'{word}'" for word in variables()["IDENT_REP"].absents)
            base.execute(
                f"COPY (SELECT * EXCLUDE ({_RANG}, departement) FROM {rows} WHERE IDENT_REP IN "
                f"(SELECT IDENT_REP FROM {rows} WHERE upper(IDENT_REP) NOT IN ({absents}) "
                f"GROUP BY IDENT_REP HAVING count(*) > 1) ORDER BY {LIGNE}) "
                f"TO '{_quoted(shared)}' (FORMAT parquet, COMPRESSION zstd)"
            )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
