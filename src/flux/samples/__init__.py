"""Fictitious dossiers of any size, drawn from a seed and calibrated on published figures."""

from __future__ import annotations

from pathlib import Path

from flux.samples.ecole import cas_ecole
from flux.samples.tables import Tables
from flux.samples.writing import write_tables

GENERATORS = {"cas-ecole": cas_ecole}
SAMPLES = tuple(GENERATORS)


def write(sample: str | Tables, folder: Path, *, ecraser: bool = False) -> Path:
    tables = GENERATORS[sample]() if isinstance(sample, str) else sample
    return write_tables(tables, folder, ecraser=ecraser)
