"""The same bytes whoever does the work, however many they are, and whoever is killed meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from commun import ASKED, contents

import flux
from flux.lot import executeurs

NOT_HERE = not hasattr(signal, "SIGKILL")


@contextmanager
def killer(sortie: Path, nom: str, pids: Callable[[], list[int]], times: int) -> Iterator[list[int]]:
    """Kill the processes of a dossier `times` times, as soon as each is at work on it."""
    killed: list[int] = []
    seen: set[Path] = set()
    over = threading.Event()

    def watch() -> None:
        while len(killed) < times and not over.is_set():
            alive = [p for p in pids() if p not in killed]
            new = set((sortie / ".flux" / nom).glob("*/nouveau")) - seen
            if alive and new:
                seen.update(new)
                os.kill(alive[0], signal.SIGKILL)
                killed.append(alive[0])
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def children() -> list[int]:
    return [p.pid for p in multiprocessing.active_children() if p.pid]


def test_processes(dossiers: Path, en_serie: flux.Lot, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    lot = flux.lot(dossiers, tmp_path, travailleurs=2, avancement=lambda *said: told.append(said), **ASKED)
    assert contents(tmp_path) == contents(en_serie.sortie)
    assert [t[1:] for t in told] == [(1, 3), (2, 3), (3, 3)]
    assert lot.table["memoire_mo"].gt(10).all() and lot.table["secondes"].gt(0).all()


def test_joblib(dossiers: Path, en_serie: flux.Lot, tmp_path: Path) -> None:
    pytest.importorskip("joblib", reason="joblib n'est pas installé")
    flux.lot(dossiers, tmp_path, executeur="joblib", travailleurs=2, **ASKED)
    assert contents(tmp_path) == contents(en_serie.sortie)


def test_an_executor_of_ones_own(dossiers: Path, en_serie: flux.Lot, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        flux.lot(dossiers, tmp_path, executeur=threads, **ASKED)
    assert contents(tmp_path) == contents(en_serie.sortie)


@pytest.mark.skipif(NOT_HERE, reason="ce système n'a pas SIGKILL")
def test_a_killed_process_loses_nothing(dossiers: Path, en_serie: flux.Lot, tmp_path: Path) -> None:
    with killer(tmp_path, "un-ecole", children, times=1) as killed:
        lot = flux.lot(dossiers, tmp_path, travailleurs=1, **ASKED)
    assert len(killed) == 1
    assert lot.table["statut"].tolist() == ["defauts", "fait", "fait"]
    assert contents(tmp_path) == contents(en_serie.sortie)


@pytest.mark.skipif(NOT_HERE, reason="ce système n'a pas SIGKILL")
def test_a_dossier_that_kills_its_processes_is_said(dossiers: Path, tmp_path: Path) -> None:
    with killer(tmp_path, "un-ecole", children, times=1 + executeurs.RETRIES) as killed:
        lot = flux.lot(dossiers, tmp_path, travailleurs=1, etapes=("convert",))
    assert len(killed) == 1 + executeurs.RETRIES
    assert lot.table["statut"].tolist() == ["defauts", "fait", "perdu"]
    assert "tué 3 fois" in lot.erreurs.set_index("dossier").loc["un-ecole", "message"]
    lot = flux.lot(dossiers, tmp_path, travailleurs=1, etapes=("convert",))
    assert lot.table["statut"].tolist() == ["defauts", "fait", "fait"]


@pytest.mark.skipif(NOT_HERE, reason="ce système n'a pas SIGKILL")
def test_dask_with_real_workers_one_of_them_killed(
    dossiers: Path, en_serie: flux.Lot, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed", reason="dask.distributed n'est pas installé")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                                 silence_logs="CRITICAL") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        workers = list(client.run(os.getpid).values())
        with killer(tmp_path, "un-ecole", lambda: workers, times=1) as killed:
            flux.lot(dossiers, tmp_path, executeur=client, **ASKED)
        assert len(killed) == 1
        assert contents(tmp_path) == contents(en_serie.sortie)
        flux.lot(dossiers, tmp_path, executeur=cluster.scheduler_address, **ASKED)  # all is done: by address
        assert contents(tmp_path) == contents(en_serie.sortie)


def test_a_missing_library_says_its_remedy(
    dossiers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(flux.FluxError) as caught:
        flux.lot(dossiers, tmp_path / "s", executeur="dask")
    assert caught.value.code == "lot.extra" and "gestion-en-flux[dask]" in str(caught.value)


def test_workers_of_another_version_are_refused(
    dossiers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="dask.distributed n'est pas installé")

    class Client:
        def get_executor(self) -> None:
            pytest.fail("nothing is done")

        def run(self, function: object) -> dict[str, str]:
            return {"tcp://a": "0.0.9"}

    with pytest.raises(flux.FluxError) as caught:
        flux.lot(dossiers, tmp_path / "s", executeur=Client())
    assert caught.value.code == "lot.versions" and "0.0.9" in str(caught.value)
