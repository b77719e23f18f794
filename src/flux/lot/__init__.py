"""The verb `lot`: many dossiers (bailleurs × départements), as many processors or machines as there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from flux.loi import Regles
from flux.lot.agregats import Agregat
from flux.lot.disque import ASIDE, every_fait
from flux.lot.executeurs import Executeur, spread
from flux.lot.multipartite import Multipartite
from flux.lot.resultat import Lot
from flux.lot.taches import Dossiers, Etape, Options, check_formats, chosen_stages, make_tasks
from flux.noyau.errors import FluxError

__all__ = ["Agregat", "Lot", "Multipartite", "lot", "read_lot"]

Avancement = Callable[[str, int, int], None]


def lot(
    dossiers: Dossiers,
    sortie: str | Path,
    *,
    etapes: Sequence[str] = (Etape.CONVERT, Etape.ALLOCATE),
    travailleurs: int | None = None,
    executeur: Any = Executeur.PROCESSUS,
    seed: int | None = None,
    runs: int = 1_000,
    regles: Regles | None = None,
    formats: Sequence[str] = ("docx", "xlsx"),
    couts: bool | None = None,
    reprendre: bool = True,
    avancement: Avancement | None = None,
) -> Lot:
    """Convert, allocate, draft and simulate many dossiers; a broken one is reported, the others are done.

    Each result is on disk as soon as it is known. Called again, it does what is not done, and again what has
    changed: files, options, version. The same bytes come out whatever the executor and the number of workers.

    Parameters
    ----------
    dossiers : paths of dossiers (folders of tables, workbooks), or of folders that hold some; name -> path.
    sortie : where each dossier has its folder, made if absent. On several machines, a shared folder.
    etapes : "convert", "allocate", "annexe", "simulate"; those that they need are added.
    travailleurs : processes, one thread each; by default as many as processors.
    executeur : "processus", "serie", "joblib", "dask" (a cluster of this machine), the address of a dask
        scheduler ("tcp://…:8786"), a dask client, or a `concurrent.futures.Executor`.
    seed : needed by "simulate": the seed of each dossier comes from it and from the dossier's name.
    runs : number of lives of each dossier.
    regles : the law of all; by default that of each convention's date.
    formats : files of each annex: docx, xlsx, pdf, html, json.
    couts : see `flux.allocate`.
    reprendre : False: do all again.
    avancement : called with the name of the dossier that has just ended, how many have, and their number.

    Raises
    ------
    FluxError
        Before any work. Codes "lot.vide", "lot.homonymes", "lot.sortie", "lot.etape", "lot.executeur",
        "lot.extra", "lot.travailleurs", "lot.processus", "lot.versions", "fichier.format_inconnu",
        "fichier.existe", "simulation.graine", "simulation.runs".
    """
    options = Options(etapes=chosen_stages(etapes), seed=seed, runs=runs, regles=regles,
                      formats=check_formats(formats), couts=couts)
    options.check()
    out = Path(sortie).resolve()
    taches = make_tasks(dossiers, out, options, reprendre=reprendre)
    faits = []
    for fait in spread(taches, executeur, travailleurs):
        if not (out / fait.nom).is_dir():
            raise FluxError(f"Les travailleurs n'écrivent pas dans « {out} » : ce répertoire doit être "
                            "partagé par toutes les machines, sous le même nom.", code="lot.sortie")
        faits.append(fait)
        if avancement:
            avancement(fait.nom, len(faits), len(taches))
    with suppress(OSError):
        (out / ASIDE).rmdir()
    return Lot(sortie=out, faits=tuple(sorted(faits, key=lambda f: f.nom)))


def read_lot(sortie: str | Path) -> Lot:
    """All that is done in the folder of a lot, whoever did it and when.

    Parameters
    ----------
    sortie : the folder that `lot` was given to write in.

    Raises
    ------
    FluxError
        Code "lot.vide": no such folder, or nothing is done there.
    """
    out = Path(sortie).resolve()
    faits = every_fait(out) if out.is_dir() else []
    if not faits:
        raise FluxError(f"Aucun résultat de lot dans « {out} ».", code="lot.vide")
    return Lot(sortie=out, faits=tuple(faits))
