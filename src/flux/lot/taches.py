"""What there is to do: the dossiers of a lot, one task each, and what a task is known by."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from flux.annexe.lot import FORMATS
from flux.conversion.enveloppe import library_version
from flux.dossier.classeurs import CLASSEURS
from flux.loi import Regles
from flux.lot.disque import foreign, read_fait
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.fichiers import file_names

FEWEST_RUNS = 2  # that have a standard error
TABLES = {".csv", ".tsv", ".parquet"}  # a folder that holds one is a dossier; one of workbooks may be many


class Etape(StrEnum):
    """The stages of a dossier, in order; `annexe` and `simulate` need the plan."""

    CONVERT = "convert"
    ALLOCATE = "allocate"
    ANNEXE = "annexe"
    SIMULATE = "simulate"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is asked of every dossier: see `flux.lot`."""

    etapes: tuple[Etape, ...]
    seed: int | None = None
    runs: int = 1_000
    regles: Regles | None = field(default=None, repr=False)
    formats: tuple[str, ...] = ()
    couts: bool | None = None

    def check(self) -> None:
        """Refuse before any work what no dossier could do.

        Raises
        ------
        FluxError
            Codes "simulation.graine", "simulation.runs".
        """
        if Etape.SIMULATE not in self.etapes:
            return
        if self.seed is None:
            raise FluxError("Simuler demande une graine : seed=2026 (--seed 2026).", code="simulation.graine")
        if self.runs < FEWEST_RUNS:
            raise FluxError(f"Il faut au moins {FEWEST_RUNS} tirages (reçu : {self.runs}).",
                            code="simulation.runs")

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: all that the results depend on, and nothing else."""
        asked: dict[str, Any] = {
            "etapes": [str(e) for e in self.etapes],
            "regles": self.regles.to_dict() if self.regles else None,
        }
        if Etape.ALLOCATE in self.etapes:
            asked["couts"] = self.couts
        if Etape.ANNEXE in self.etapes:
            asked["formats"] = list(self.formats)
        if Etape.SIMULATE in self.etapes:
            asked |= {"seed": self.seed, "runs": self.runs}
        return asked


@dataclass(frozen=True, kw_only=True)
class Tache:
    """One dossier to do: all that travels to a worker.

    Attributes
    ----------
    nom : its name in the lot, that of its folder in `sortie`.
    chemin, sortie : absolute, the same on every machine.
    reprendre : whether what is already done, from the same files and options, is kept.
    """

    nom: str
    chemin: Path
    sortie: Path
    options: Options
    reprendre: bool

    @property
    def dossier_sortie(self) -> Path:
        """Where its results go."""
        return self.sortie / self.nom

    @property
    def graine(self) -> int | None:
        """Its own seed, from that of the lot and its name: two dossiers draw nothing in common."""
        if self.options.seed is None or Etape.SIMULATE not in self.options.etapes:
            return None
        digest = hashlib.sha256(f"{self.options.seed} {self.nom}".encode()).digest()
        return int.from_bytes(digest[:8], "big")

    @property
    def fichiers(self) -> tuple[Path, ...]:
        """What it is read from, nothing where it is not there."""
        files = sorted(self.chemin.iterdir()) if self.chemin.is_dir() else [self.chemin]
        return tuple(f for f in files if f.is_file() and not f.name.startswith((".", "~$")))

    def empreinte(self) -> str:
        """Digest of all that its results depend on: files, options, seed, version."""
        files = {f.name: _sha256(f) for f in self.fichiers}
        said = {"fichiers": files, "graine": self.graine, "version": library_version(),
                "options": self.options.to_dict()}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def chosen_stages(etapes: Sequence[str]) -> tuple[Etape, ...]:
    """The stages asked and those that they need, in order.

    Raises
    ------
    FluxError
        Code "lot.etape": no stage of that name, or none at all.
    """
    known = [e.value for e in Etape]
    if unknown := [e for e in etapes if e not in known] or ([] if etapes else [""]):
        close = near_misses(str(unknown[0]), known) or known
        raise FluxError(f"« {unknown[0]} » n'est pas une étape. Étapes : {', '.join(close)}.",
                        code="lot.etape")
    asked = {Etape(e) for e in etapes} | {Etape.CONVERT}
    if asked & {Etape.ANNEXE, Etape.SIMULATE}:
        asked.add(Etape.ALLOCATE)
    return tuple(e for e in Etape if e in asked)


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats of the annexes, or `FluxError` (code "fichier.format_inconnu")."""
    if unknown := [f for f in formats if f not in FORMATS]:
        raise FluxError(f"Le format « {unknown[0]} » n'est pas possible. Formats : {', '.join(FORMATS)}.",
                        code="fichier.format_inconnu")
    return tuple(dict.fromkeys(formats))


Dossiers = str | Path | Sequence[str | Path] | Mapping[str, str | Path]


def make_tasks(dossiers: Dossiers, sortie: Path, options: Options, *, reprendre: bool) -> list[Tache]:
    """A task a dossier, the largest first, so that none is left alone at the end.

    Raises
    ------
    FluxError
        Code "lot.vide": nothing that looks like a dossier; "lot.homonymes": two dossiers of one name;
        "lot.sortie": the results would be written among the files of a dossier;
        "fichier.existe": among files that are not a lot's.
    """
    out = sortie.resolve()
    found = [(nom, path.resolve()) for nom, path in _named(dossiers)]
    if not found:
        raise FluxError("Aucun dossier ici : un dossier est un répertoire de tables, ou un classeur.",
                        code="lot.vide")
    if twice := [nom for nom, times in Counter(nom.casefold() for nom, _ in found).items() if times > 1]:
        raise FluxError(
            f"Deux dossiers s'appellent « {twice[0]} ». À faire : donner le répertoire qui les contient "
            "tous, ou les nommer : flux.lot({\"nom\": chemin, …}).", code="lot.homonymes")
    tasks = [Tache(nom=nom, chemin=path, sortie=out, options=options, reprendre=reprendre)
             for nom, path in found]
    for task in tasks:
        if task.chemin in (out, task.dossier_sortie, *out.parents):
            raise FluxError(f"Les résultats seraient écrits dans le dossier « {task.chemin} ». À faire : "
                            "choisir une autre sortie.", code="lot.sortie")
    for task in tasks:
        folder = task.dossier_sortie
        if folder.exists() and any(folder.iterdir()) and read_fait(folder) is None:
            raise foreign(folder)
    return sorted(tasks, key=lambda t: (-sum(f.stat().st_size for f in t.fichiers if f.exists()), t.nom))


def _named(dossiers: Dossiers) -> list[tuple[str, Path]]:
    if isinstance(dossiers, Mapping):
        safe = file_names(dossiers)
        return [(safe[nom], Path(path)) for nom, path in dossiers.items()]
    paths = [dossiers] if isinstance(dossiers, str | Path) else list(dossiers)
    found = [pair for path in map(Path, paths) for pair in _below(path)]
    return [(next(iter(file_names([nom]).values())), path) for nom, path in found]


def _below(path: Path) -> Iterator[tuple[str, Path]]:
    """The dossiers of a path, named by the way to them: `72/habitat` is "72-habitat"."""
    if not path.is_dir() or _is_dossier(path):
        yield (path.resolve().name if path.is_dir() else path.stem), path
        return
    for inside in sorted(path.iterdir()):
        if inside.name.startswith((".", "~$")):
            continue
        if inside.is_dir():
            alone = _is_dossier(inside)
            yield from ((nom if alone else f"{inside.name}-{nom}", at) for nom, at in _below(inside))
        elif inside.suffix.lower() in CLASSEURS:
            yield inside.stem, inside


def _is_dossier(folder: Path) -> bool:
    """True for a folder of tables; false for one that holds dossiers."""
    files = [f for f in folder.iterdir() if f.is_file() and not f.name.startswith((".", "~$"))]
    return any(f.name.lower() == "convention.toml" or f.stem.lower() == "logements"
               or f.suffix.lower() in TABLES for f in files)
