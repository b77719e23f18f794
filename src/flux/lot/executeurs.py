"""Who does the tasks: this process, others beside it, joblib's, or those of a dask cluster.

Each engine is a generator of what is done, in the order in which it ends. Results do not depend on it: a task
is a function of its files and options alone.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from enum import StrEnum
from typing import Any

from flux.conversion.enveloppe import library_version
from flux.lot.disque import Fait
from flux.lot.taches import Tache
from flux.lot.travail import in_a_worker, lose, treat
from flux.noyau.errors import FluxError, near_misses

RETRIES = 2  # of a dossier whose process was killed: it may not be its fault
ADRESSES = ("tcp://", "tls://", "ucx://", "inproc://")


class Executeur(StrEnum):
    """The engines that a word names."""

    SERIE = "serie"
    PROCESSUS = "processus"
    JOBLIB = "joblib"
    DASK = "dask"


def spread(taches: Sequence[Tache], executeur: Any, travailleurs: int | None) -> Iterator[Fait]:
    """What each task gives, as it ends.

    Parameters
    ----------
    executeur : a word of `Executeur`, the address of a dask scheduler, a dask client, or any
        `concurrent.futures.Executor`.
    travailleurs : processes; as many as processors by default. A cluster has its own number.

    Raises
    ------
    FluxError
        Codes "lot.executeur" (unknown, or stopped), "lot.extra" (a library is absent), "lot.processus"
        (processes cannot start), "lot.versions" (workers of another version), "lot.travailleurs".
    """
    nb = travailleurs if travailleurs is not None else len(os.sched_getaffinity(0)) if hasattr(
        os, "sched_getaffinity") else os.cpu_count() or 1
    if nb < 1:
        raise FluxError(f"Il faut au moins un travailleur (reçu : {nb}).", code="lot.travailleurs")
    if isinstance(executeur, Executor):
        return _pooled(taches, executeur, nb)
    if hasattr(executeur, "get_executor"):  # a dask client
        return _dask(taches, executeur)
    word = str(executeur)
    if word.startswith(ADRESSES):
        return _connected(taches, word)
    engines: dict[str, Callable[[Sequence[Tache], int], Iterator[Fait]]] = {
        Executeur.SERIE: lambda tasks, nb: map(treat, tasks),
        Executeur.PROCESSUS: _processes,
        Executeur.JOBLIB: _joblib,
        Executeur.DASK: _local_cluster,
    }
    if word not in engines:
        close = near_misses(word, engines) or [*engines, "tcp://…:8786", "un client dask"]
        raise FluxError(f"« {word} » n'est pas un exécuteur. Possibles : {', '.join(close)}.",
                        code="lot.executeur")
    return engines[word](taches, nb)


def _ready() -> bool:
    """The first thing asked of a process: that it can start."""
    return True


def _processes(taches: Sequence[Tache], nb: int) -> Iterator[Fait]:
    """Processes, a pool each: one that is killed breaks no other, and shows which dossier it did."""
    waiting, losses = deque(taches), Counter[str]()
    pools: dict[int, tuple[ProcessPoolExecutor, Future[bool]]] = {}
    running: dict[Future[Fait], tuple[int, Tache]] = {}
    free = list(range(min(nb, len(taches))))
    try:
        while waiting or running:
            while waiting and free:
                slot, tache = free.pop(), waiting.popleft()
                if slot not in pools:
                    # no fork: the threads of a solver or of a notebook would not follow
                    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
                    pools[slot] = pool, pool.submit(_ready)
                running[pools[slot][0].submit(in_a_worker, tache)] = slot, tache
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                slot, tache = running.pop(future)
                free.append(slot)
                if not isinstance(future.exception(), BrokenProcessPool):
                    yield future.result()
                    continue
                pool, ready = pools.pop(slot)
                pool.shutdown(wait=False)
                if ready.exception() is not None:
                    raise _cannot_start()
                losses[tache.nom] += 1
                if losses[tache.nom] > RETRIES:
                    yield lose(tache, _killed())
                else:
                    waiting.append(tache)
    finally:
        for pool, _ in pools.values():
            pool.shutdown(wait=not running, cancel_futures=True)


def _pooled(
    taches: Sequence[Tache], executor: Executor, nb: int | Callable[[], int],
    kills: tuple[type[BaseException], ...] = (),
) -> Iterator[Fait]:
    """Anything that takes a function and gives a future; a task a worker at a time, so that few are lost."""
    waiting, running = deque(taches), dict[Future[Fait], Tache]()
    while waiting or running:
        while waiting and len(running) < (nb if isinstance(nb, int) else max(1, nb())):
            tache = waiting.popleft()
            running[executor.submit(in_a_worker, tache)] = tache
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            tache = running.pop(future)
            try:
                yield future.result()
            except kills:
                yield lose(tache, _killed())
            except (BrokenProcessPool, CancelledError, OSError) as error:
                raise FluxError(f"L'exécuteur s'est arrêté ({type(error).__name__}). Ce qui est fait est sur "
                                "le disque. À faire : relancer la même commande.",
                                code="lot.executeur") from error


def _joblib(taches: Sequence[Tache], nb: int) -> Iterator[Fait]:
    """joblib's processes, or those of the backend that `joblib.parallel_config` chose around the call."""
    joblib = _library("joblib")
    left = {t.nom: t for t in taches}
    try:
        parallel = joblib.Parallel(n_jobs=nb, return_as="generator_unordered", batch_size=1)
        for fait in parallel(joblib.delayed(in_a_worker)(t) for t in taches):
            del left[fait.nom]
            yield fait
    except BrokenProcessPool:  # all its processes stop with one: ours show which dossier does it
        yield from _processes(list(left.values()), nb)


def _dask(taches: Sequence[Tache], client: Any) -> Iterator[Fait]:
    """The workers of a cluster, which does a lost task again by itself."""
    distributed = _library("distributed", "dask")
    here = library_version()
    others = {v for v in client.run(library_version).values() if v != here}
    if others:
        raise FluxError(f"Les travailleurs ont une autre version de flux ({', '.join(sorted(others))}) que "
                        f"celle d'ici ({here}). À faire : installer la même partout.", code="lot.versions")
    return _pooled(taches, client.get_executor(retries=0), lambda: len(client.nthreads()),
                   (distributed.KilledWorker,))


def _connected(taches: Sequence[Tache], address: str) -> Iterator[Fait]:
    distributed = _library("distributed", "dask")
    try:
        client = distributed.Client(address, set_as_default=False)
    except OSError as error:
        raise FluxError(f"Pas d'ordonnanceur dask à l'adresse « {address} ». À faire : « dask scheduler » "
                        "sur cette machine, puis « dask worker » sur chacune.",
                        code="lot.executeur") from error
    with client:
        yield from _dask(taches, client)


def _local_cluster(taches: Sequence[Tache], nb: int) -> Iterator[Fait]:
    distributed = _library("distributed", "dask")
    with ExitStack() as stack:
        cluster = stack.enter_context(distributed.LocalCluster(
            n_workers=nb, threads_per_worker=1, processes=True, dashboard_address=None))
        client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
        yield from _dask(taches, client)


def _library(nom: str, extra: str = "") -> Any:
    from importlib import import_module

    try:
        return import_module(nom)
    except ImportError as error:
        raise FluxError(f"Cet exécuteur demande {nom}. À faire : pip install "
                        f"\"gestion-en-flux[{extra or nom}]\".", code="lot.extra") from error


def _killed() -> str:
    return (f"Le processus a été tué {RETRIES + 1} fois pendant ce dossier : mémoire insuffisante, sans "
            "doute. À faire : moins de travailleurs, ou une machine plus grande.")


def _cannot_start() -> FluxError:
    return FluxError("Les processus de travail ne peuvent pas démarrer. À faire : dans un script, appeler "
                     "flux.lot sous « if __name__ == \"__main__\": » ; ou executeur=\"joblib\".",
                     code="lot.processus")
