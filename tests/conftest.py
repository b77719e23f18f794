"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")

# The same examples on every machine and every run; more of them on request: HYPOTHESIS_PROFILE=long.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("long", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def racine() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def donnees_partagees() -> Path:
    """Public data kept beside the repository; the test is skipped where they are not there."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("les données publiques ne sont pas à côté du dépôt (../shared/data)")
    return folder
