"""Files as others send them (`val-de-mire-brut`, `fichiers-source`): they are what the generator writes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from flux.noyau.errors import FluxError
from flux.samples import BRUTS, write

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
BRUT = SAMPLES / "val-de-mire-brut"


def content(file: bytes) -> dict[str, bytes] | bytes:
    """What a file holds: the bytes of a zip depend on the library that packs it."""
    if not file.startswith(b"PK"):
        return file
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("nom", BRUTS)
def test_the_committed_files_are_those_that_the_generator_writes(nom: str, tmp_path: Path) -> None:
    folder = write(nom, tmp_path / "brut")
    written = {path.name: content(path.read_bytes()) for path in folder.iterdir()}
    assert written == {path.name: content(path.read_bytes()) for path in (SAMPLES / nom).iterdir()}


def test_nothing_is_written_over_another_file(tmp_path: Path) -> None:
    write("val-de-mire-brut", tmp_path)
    with pytest.raises(FluxError):
        write("val-de-mire-brut", tmp_path)


def test_four_formats_of_a_size_to_be_mailed() -> None:
    files = list(BRUT.iterdir())
    assert {path.suffix for path in files} == {".csv", ".xlsx", ".ods", ".txt", ".toml"}
    assert sum(path.stat().st_size for path in files) < 1_500_000


@pytest.mark.parametrize("nom", BRUTS)
def test_the_same_bytes_at_every_run(nom: str) -> None:
    make = BRUTS[nom]
    assert make() == make()
