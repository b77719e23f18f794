"""Parcs to draw from: the samples, and small ones made by hand."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

import flux
from flux.conversion import Quotas

sys.path.insert(0, str(Path(__file__).parents[1] / "conversion"))  # `fabrique`
sys.path.insert(0, str(Path(__file__).parent))  # `closed`

SAMPLES = ("cas-ecole", "val-de-mire")


@cache
def _quotas(folder: Path) -> Quotas:
    return flux.convert(flux.read_dossier(folder))


@pytest.fixture(params=SAMPLES)
def quotas(request: pytest.FixtureRequest, racine: Path) -> Quotas:
    """Each sample in turn."""
    return _quotas(racine / "data" / "samples" / request.param)
