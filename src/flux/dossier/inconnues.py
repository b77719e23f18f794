"""Files and sheets whose name is no table's: what they may be, and what to do about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from flux.dossier.cellules import cle
from flux.dossier.classeurs import CLASSEURS, Classeur
from flux.dossier.entetes import Feuille
from flux.dossier.fichiers import PARQUET, TETES, TEXTES
from flux.dossier.noms import resolve
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Anomalie, Gravite, near_misses
from flux.noyau.tables import MOST, PROCHE, enumerate_fr, suggestion

_TETE = 1 << 14
"""Bytes looked at to find the headers of a file whose name is no table's."""
_RECONNUE = 2
"""Columns that two tables may share by chance: a table is told by more."""
_RECOPIER = "Recopier le tableau dans un classeur et l'enregistrer au format .xlsx."
_AUTRES_FORMATS = {
    ".zip": "Décompresser l'archive (clic droit, Extraire tout) et donner le dossier obtenu.",
    ".numbers": "Dans Numbers : Fichier, Exporter vers, Excel ; garder le fichier .xlsx.",
    ".xlsb": "L'ouvrir dans Excel et l'enregistrer au format .xlsx.",
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".pdf"), _RECOPIER),
}
"""What to do with the files that offices send and that are not read."""


def table_of_file(file: Path) -> str:
    """The table whose headers the first lines of a text file have, whatever its name; "" if none."""
    if file.suffix.lower() not in TEXTES:
        return ""
    with file.open("rb") as stream:
        head = stream.read(_TETE).decode("utf-8-sig", errors="replace").splitlines()[:TETES]
    rows = [re.split(r"[;\t,|]", line.replace('"', "")) for line in head]
    return _table_of_rows([[cell.strip() for cell in row] for row in rows])


def table_of_sheet(classeur: Classeur, sheet: str) -> str:
    """The table whose headers the first lines of a sheet have, whatever its name; "" if none."""
    cells = classeur.lire(sheet, lignes=TETES).cellules
    classeur.begun.pop(sheet, None)
    return _table_of_rows(
        [[str(cell).strip() for cell in row] for row in cells.fillna("").to_numpy().tolist()]
    )


def _table_of_rows(rows: Sequence[Sequence[str]]) -> str:
    """The table of which one line names every required column, and more columns than of any other."""
    best: dict[str, int] = {}
    for nom, table in TABLES.items():
        required = {c.nom for c in table.colonnes if c.requis}
        for row in rows:
            found = {n.colonne for n in resolve(row, [c.nom for c in table.colonnes]) if n}
            if required <= found and len(found) > max(_RECONNUE, best.get(nom, 0)):
                best[nom] = len(found)
    most = [nom for nom, nb in best.items() if nb == max(best.values())]
    return most[0] if len(most) == 1 else ""


def _headers_of(table: str) -> str:
    return (
        f"Ses en-têtes sont ceux de la table « {table} » : la renommer ainsi si c'est elle." if table else ""
    )


def _suffix(nom: str) -> str:
    """The extension that a file keeps under its new name; "" for a sheet."""
    suffix = Path(nom).suffix
    return suffix if suffix.lower() in {*TEXTES, *CLASSEURS, PARQUET} else ""


def remede_format(nom: str) -> str:
    """What to do with a file of a kind that is not read; "" for one that is, or that nobody knows."""
    return _AUTRES_FORMATS.get(Path(nom).suffix.lower(), "")


def ignored(
    inconnues: Mapping[str, str], absent: Collection[str], lues: Mapping[str, Feuille], noms: Collection[str]
) -> Iterator[Anomalie]:
    """What is no table, one by one while they are few.

    A name nearly that of an absent table blocks; so does what has the headers of a table already read: its
    lines would be lacking.

    Parameters
    ----------
    inconnues : names of files and sheets, each with the table whose headers it has, or "".
    absent : tables that are not there.
    lues : tables that are.
    noms : every name that a table may have.
    """
    more = [nom for nom, table in inconnues.items() if table in lues]
    for nom in more:
        first = lues[inconnues[nom]].source
        yield Anomalie(
            code=f"{inconnues[nom]}.table_en_morceaux",
            fichier=nom,
            message=f"Mêmes colonnes que la table « {inconnues[nom]} », lue dans "
            f"{first.feuille or first.fichier} : ces lignes-ci ne sont pas lues",
            attendu="chaque table en un seul morceau",
            correction="Si c'est la suite de la table, réunir les deux ; sinon retirer celui-ci du dossier.",
        )
    near = {
        nom: near_misses(cle(Path(nom).stem), absent, cutoff=PROCHE) for nom in inconnues if nom not in more
    }
    for nom in [*(n for n in near if near[n]), *[n for n in near if not near[n]][:MOST]]:
        renamed = enumerate_fr((n + _suffix(nom) for n in near[nom]), " ou ")
        yield Anomalie(
            code="dossier.table_inconnue",
            gravite=Gravite.BLOQUANT if near[nom] else Gravite.INFORMATION,
            fichier=nom,
            message="Ce n'est pas une table du dossier, elle n'est pas lue",
            correction=remede_format(nom)
            or (
                f"Renommer en {renamed}, ou retirer du dossier."
                if near[nom]
                else _headers_of(inconnues[nom]) or suggestion(cle(Path(nom).stem), noms)
            ),
        )
    rest = sum(not close for close in near.values()) - MOST
    if rest > 0:
        yield Anomalie(
            code="dossier.table_inconnue",
            gravite=Gravite.INFORMATION,
            message=f"{rest} autres fichiers ou feuilles ne sont pas des tables du dossier",
        )
