"""`partition_rpls`: large RPLS files, read once block after block, to a folder a landlord in a département.

The cells are kept as they are written, with their line: what they mean is said when they are read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from flux.dossier.rpls.national import index
from flux.dossier.rpls.national.lignes import Lignes, gather, spread
from flux.dossier.rpls.national.partition import PartitionRpls
from flux.dossier.rpls.reperage import declare, locate, open_rows
from flux.noyau.errors import Anomalie, DataError, FluxError
from flux.noyau.tables import LIGNE

BLOC = 50_000
"""Lines held in memory."""
Avancement = Callable[[str, int, int], None]


def partition_rpls(
    fichiers: str | Path | Iterable[str | Path],
    sortie: str | Path,
    *,
    ecraser: bool = False,
    avancement: Avancement | None = None,
) -> PartitionRpls:
    """Convert RPLS files, whatever their size and layout, to parquet that `read_rpls` reads in a moment.

    Only the columns that flux reads are kept, none about persons; memory does not grow with the files. The
    folder is made whole or not at all.

    Parameters
    ----------
    fichiers : one file or several (regional files of one year, declarations of several landlords).
    sortie : the folder to make.
    ecraser : replace it if it is already such a folder.
    avancement : called with what is done, the number of blocks done and to do.

    Returns
    -------
    PartitionRpls
        Who is where, and every cell that cannot be read: it refuses its own landlord only.

    Raises
    ------
    DataError
        Unknown layout, lines too long or too short, files given twice: every file that cannot be read.
    FluxError
        Codes "fichier.existe", "fichier.repertoire_absent", "rpls.bibliotheque_absente": nothing is written.
    """
    paths = [Path(f) for f in ([fichiers] if isinstance(fichiers, (str, Path)) else fichiers)]
    folder = Path(sortie)
    _refuse(folder, ecraser=ecraser)
    with tempfile.TemporaryDirectory(prefix=".flux-", dir=folder.parent) as name:
        made = Path(name) / "rpls"
        made.mkdir()
        index.write(_convert(paths, made, Path(name), avancement or (lambda *_: None)), made)
        if folder.exists():
            folder.rename(Path(name) / "before")
        made.rename(folder)
    return PartitionRpls.open(folder)


def _refuse(folder: Path, *, ecraser: bool) -> None:
    if not folder.absolute().parent.is_dir():
        raise FluxError(
            f"Le répertoire « {folder.absolute().parent} » n'existe pas. À faire : le créer.",
            code="fichier.repertoire_absent",
        )
    if folder.exists() and not (ecraser and (folder / index.INDEX).is_file()):
        remedy = (
            "choisir un autre répertoire : celui-ci n'est pas un RPLS découpé, il n'est pas remplacé"
            if not (folder / index.INDEX).is_file()
            else "choisir un autre répertoire, ou demander à l'écraser (ecraser=True, --ecraser)"
        )
        raise FluxError(f"« {folder} » existe déjà. À faire : {remedy}.", code="fichier.existe")


def _convert(paths: Sequence[Path], made: Path, aside: Path, avancement: Avancement) -> index.Index:
    """Every file in turn; those that cannot be read are all told."""
    read: list[Lignes] = []
    wrong: list[Anomalie] = []
    for path in paths:
        try:
            read.append(_read(path, aside / f"{len(read)}.parquet", avancement))
        except DataError as error:
            wrong += error.anomalies
    wrong += _twice(read)
    if wrong:
        raise DataError(wrong)
    for rank, lignes in enumerate(read):
        avancement(f"{lignes.origine.source.fichier} : tri et écriture", rank, len(read))
        spread(lignes, rank, made, aside)
    return index.Index(
        origines=tuple(lignes.origine for lignes in read),
        partitions=pd.concat(
            [lignes.partitions.assign(fichier=rank) for rank, lignes in enumerate(read)], ignore_index=True
        )[list(index.COLONNES)],
        defauts=tuple(a for lignes in read for a in lignes.defauts),
    )


def _read(path: Path, target: Path, avancement: Avancement) -> Lignes:
    """One file, to one temporary table."""
    apercu, place = locate(path)
    blocks = apercu.blocs(place.premiere, place.positions, place.largeur, taille=BLOC)
    first = next((block for block in blocks if len(block)), pd.DataFrame())
    origine, first = open_rows(apercu, place, first)
    total = -(-apercu.nb_lignes // BLOC) if apercu.nb_lignes else 1

    def told() -> Iterator[pd.DataFrame]:
        for rank, block in enumerate(chain([first], blocks)):
            avancement(f"{path.name} : lecture", rank, total)
            yield declare(block, apercu, place)

    colonnes = [str(name) for name in declare(first, apercu, place) if name != LIGNE]
    return gather(told(), colonnes, origine, target)


def _twice(read: Sequence[Lignes]) -> Iterator[Anomalie]:
    """A file given twice would count its dwellings twice."""
    seen: dict[tuple[str | None, str | None], str] = {}
    for source in (lignes.origine.source for lignes in read):
        key = source.sha256, source.feuille
        if key in seen:
            yield Anomalie(
                code="rpls.fichier_en_double",
                fichier=source.fichier,
                message=f"Même contenu que le fichier « {seen[key]} »",
                correction="Ne le donner qu'une fois.",
            )
        seen[key] = source.fichier
