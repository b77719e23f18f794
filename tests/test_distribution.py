"""What is published: the wheel holds all that flux needs, the source archive builds the same wheel."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
pytestmark = pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling n'est pas installé")

USE = """
import sys
sys.path.insert(0, sys.argv[1])
import flux
from flux.rendu.glossaire import libelle
assert flux.__file__.startswith(sys.argv[1]), flux.__file__
assert flux.regles("2026-01-01").valeur("part_max_etat").denominator == 10
dossier = flux.read_dossier(sys.argv[2])
annexe = flux.draft_annexe(flux.allocate(flux.convert(dossier)))
for suffix in ("docx", "html", "json", "pdf", "xlsx"):
    annexe.save(f"annexe.{suffix}")
flux.template("vide.xlsx")
"""


def build(tree: Path, out: Path, *targets: str) -> dict[str, Path]:
    """What is built of a tree, by its suffix."""
    asked = [word for target in targets for word in ("-t", target)]
    command = [sys.executable, "-m", "hatchling", "build", *asked, "-d", str(out)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {path.suffix: path for path in out.iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist"), "sdist", "wheel")


@pytest.fixture
def wheel(built: dict[str, Path]) -> Path:
    return built[".whl"]


@pytest.fixture
def sdist(built: dict[str, Path]) -> Path:
    return built[".gz"]


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    ours = {
        path.relative_to(SRC).as_posix()
        for path in (SRC / "flux").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in contents(wheel) if ".dist-info/" not in name}
    assert held == ours
    suffixes = {Path(name).suffix for name in ours}
    assert {".toml", ".csv", ".gz", ".json", ".css", ".typ", ".ttf", ".typed"} <= suffixes


def test_the_wheel_says_its_licences_and_its_command(wheel: Path) -> None:
    info = {Path(n).name: c.decode() for n, c in contents(wheel).items() if ".dist-info/" in n}
    assert "flux = flux.cli:main" in info["entry_points.txt"]
    assert "License-Expression: MIT AND OFL-1.1" in info["METADATA"]
    assert "LICENSE" in info


def test_the_wheel_works_alone(wheel: Path, tmp_path: Path) -> None:
    alone = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(alone)
    sample = ROOT / "data" / "samples" / "cas-ecole"
    done = subprocess.run(
        [sys.executable, "-c", USE, str(alone), str(sample)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_source_archive_builds_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    # `filter` is not known to the first versions of Python 3.11, and asked for by the later ones
    subprocess.run([sys.executable, "-m", "tarfile", "-e", str(sdist), str(tmp_path)], check=True)
    (tree,) = tmp_path.iterdir()
    again = build(tree, tmp_path / "again", "wheel")[".whl"]
    assert contents(again) == contents(wheel)


def test_the_source_archive_holds_what_tests_need_and_no_working_file(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    tops = {name.split("/")[0] for name in names}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "constraints.txt", "tests", "docs", "data"} <= tops
    assert not {n for n in names if "__pycache__" in n or n.endswith((".pyc", ".tmp"))}
