"""Three small dossiers, one of them broken, and the serial run that every other must equal."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import flux

sys.path.insert(0, str(Path(__file__).parent))  # `commun`: pytest's importlib mode adds no folder
from commun import ASKED


@pytest.fixture(scope="session")
def dossiers(racine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`un/ecole`, `deux/ecole` (another method) and `casse`, which has a wrong cell."""
    folder = tmp_path_factory.mktemp("dossiers")
    for nom in ("un/ecole", "deux/ecole", "casse"):
        shutil.copytree(racine / "data" / "samples" / "cas-ecole", folder / nom)
    convention = folder / "deux" / "ecole" / "convention.toml"
    text = convention.read_text(encoding="utf-8").replace("Habitat de l'École", "Logis de l'École")
    convention.write_text(text, encoding="utf-8")
    wrong = folder / "casse" / "logements.csv"
    wrong.write_text(wrong.read_text(encoding="utf-8").replace(";PLUS;", ";PLUSS;", 1), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def en_serie(dossiers: Path, tmp_path_factory: pytest.TempPathFactory) -> flux.Lot:
    """All of them, one after the other, in this process."""
    return flux.lot(dossiers, tmp_path_factory.mktemp("serie"), executeur="serie", **ASKED)
