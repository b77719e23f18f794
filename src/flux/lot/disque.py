"""What a lot leaves on disk: a folder a dossier, put in place whole, `fait.json` its proof.

One format, always: the csv that French Excel opens. The same bytes whatever is installed, on any machine of
the lot (parquet writes the version of its library in each file).
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd

from flux.dossier.ecriture import csv_text
from flux.noyau.errors import FluxError
from flux.noyau.tables import TEXTE

FAIT, MESURES, ASIDE = "fait.json", "mesures.json", ".flux"
SCHEMA = "flux/lot/1"
#: A number is read as it was written: always, since pandas 3.1; on request before.
EXACT: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3.1" else {}
#: Columns that are text, whatever they hold; the others are numbers.
TEXTES = {
    "id_reservataire", "nom", "categorie", "territoire_code", "territoire_type", "plafond_atteint", "commune",
    "departement", "region", "epci", "epci_nom", "ept", "typologie", "financement", "groupe", "article",
    "etape", "motif", "programme", "date_mise_service", "etat", "qpv", "objectif", "porteur", "niveau",
    "cout_objectif", "prouve", "nature", "assouplissement", "minimal", "liste_complete", "priorite",
    "quartile", "indicateur", "regime", "code", "message", "gravite", "fichier", "feuille", "colonne",
    "valeur", "attendu", "correction", "atteint_plafond", "public", "segment", "phrase",
}


class Statut(StrEnum):
    """How a dossier ended."""

    FAIT = "fait"
    DEFAUTS = "defauts"  # its data, its convention or the law refuse it
    ECHEC = "echec"  # flux itself failed: the traceback is kept
    PERDU = "perdu"  # the process that did it was killed, each time


FINAL = (Statut.FAIT, Statut.DEFAUTS)  # the same again from the same files


@dataclass(frozen=True, kw_only=True)
class Fait:
    """What `fait.json` says of a dossier: all but how long it took.

    Attributes
    ----------
    empreinte : digest of files, options, seed and version.
    etape : the last one done, "" for none.
    logements, flux : base and flow to share, dwellings; None before the conversion.
    fichiers : the files beside, all made by us.
    """

    nom: str
    empreinte: str
    statut: Statut
    etape: str = ""
    bailleur: str = ""
    departement: str = ""
    annee: int | None = None
    loi: str = ""
    logements: int | None = None
    flux: int | None = None
    code: str = ""
    message: str = ""
    graine: int | None = None
    options: Mapping[str, Any]
    version: str
    fichiers: tuple[str, ...] = ()


def read_fait(folder: Path) -> Fait | None:
    """What is said to be done in a folder; None where nothing is whole."""
    try:
        said = json.loads((folder / FAIT).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None
    if said.pop("schema", None) != SCHEMA:
        return None
    return Fait(**{**said, "statut": Statut(said["statut"]), "fichiers": tuple(said["fichiers"])})


def read_mesures(folder: Path) -> tuple[float | None, int | None]:
    """Seconds and megabytes of a dossier."""
    try:
        said = json.loads((folder / MESURES).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None, None
    return round(sum(said["secondes"].values()), 3), said["memoire_mo"]


def every_fait(sortie: Path) -> list[Fait]:
    """All that a lot holds, by name."""
    folders = sorted(f for f in sortie.iterdir() if f.is_dir() and f.name != ASIDE)
    return [fait for folder in folders if (fait := read_fait(folder)) is not None]


def as_json(said: Mapping[str, Any]) -> bytes:
    """The same bytes from the same values."""
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


@contextmanager
def workshop(sortie: Path, nom: str) -> Iterator[Path]:
    """A folder aside in which to make the results of a dossier; those of a killed worker are swept away."""
    aside = sortie / ASIDE / nom
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory(dir=aside, ignore_cleanup_errors=True) as folder:
            made = Path(folder) / "nouveau"
            made.mkdir()
            yield made
    finally:
        with suppress(OSError):
            aside.rmdir()


def deliver(made: Path, folder: Path, fait: Fait, mesures: Mapping[str, Any]) -> Fait:
    """Put `made` in place of `folder` at one stroke, with `fait.json` and `mesures.json`.

    What the user added to the folder stays there.

    Raises
    ------
    FluxError
        Code "fichier.existe": the folder holds files, and none of them says that they are ours.
    """
    fait = replace(fait, fichiers=tuple(sorted(f.name for f in made.iterdir())))
    (made / MESURES).write_bytes(as_json(mesures))
    (made / FAIT).write_bytes(as_json({"schema": SCHEMA, **asdict(fait)}))
    before = read_fait(folder)
    if before is None and folder.exists() and any(folder.iterdir()):
        raise foreign(folder)
    old = made.with_name("ancien")
    with suppress(FileNotFoundError):
        folder.rename(old)
    made.rename(folder)
    if before is not None:
        ours = {*before.fichiers, FAIT, MESURES}
        for path in old.iterdir():
            if path.name not in ours and not (folder / path.name).exists():
                path.rename(folder / path.name)
    return fait


def foreign(folder: Path) -> FluxError:
    """The error of a folder that holds files of others."""
    return FluxError(f"« {folder} » contient des fichiers qui ne viennent pas d'un lot. À faire : choisir "
                     "une autre sortie, ou le vider.", code="fichier.existe")


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """One csv a table."""
    for nom, frame in tables.items():
        (folder / f"{nom}.csv").write_bytes(csv_text(frame).encode("utf-8-sig"))


def read_table(path: Path) -> pd.DataFrame:
    """A table that `write_tables` wrote: text, numbers exactly as they were, booleans."""
    content = path.read_bytes()
    head = content.split(b"\n", 1)[0].decode("utf-8-sig").split(";")
    frame: pd.DataFrame = pd.read_csv(
        io.BytesIO(content), sep=";", decimal=",", encoding="utf-8-sig", keep_default_na=False,
        na_values=[""], dtype={c: TEXTE for c in head if c in TEXTES}, **EXACT,
    )
    for column in TEXTES & set(head):
        frame[column] = frame[column].str.replace(r"^'(?='*[=+\-@\t\r])", "", regex=True)
    return frame


def read_tables(sortie: Path, faits: Iterable[Fait], nom: str) -> pd.DataFrame:
    """The same table of every dossier, one after the other, `dossier` and `bailleur` in front."""
    frames = []
    for fait in faits:
        if f"{nom}.csv" in fait.fichiers:
            frame = read_table(sortie / fait.nom / f"{nom}.csv")
            frame.insert(0, "dossier", fait.nom)
            frame.insert(1, "bailleur", fait.bailleur)
            frames.append(frame)
    frames = [f for f in frames if len(f)] or frames[:1]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
