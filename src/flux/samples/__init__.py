"""Fictitious dossiers of any size, drawn from a seed and calibrated on published figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flux.dossier.ecriture import write_files, write_folder
from flux.noyau.errors import FluxError, near_misses
from flux.samples.ecole import cas_ecole
from flux.samples.fichiers_source import fichiers_source
from flux.samples.generator import generate_parc
from flux.samples.tables import Tables
from flux.samples.val_de_mire import val_de_mire
from flux.samples.val_de_mire_brut import val_de_mire_brut

__all__ = ["BRUTS", "SAMPLES", "Tables", "generate", "generate_parc", "write"]

_GENERATORS: Mapping[str, Callable[..., Tables]] = MappingProxyType(
    {"cas-ecole": cas_ecole, "val-de-mire": val_de_mire, "parc": generate_parc})

SAMPLES = ("cas-ecole", "val-de-mire")
"""The samples whose files are in `data/samples`, by name."""
BRUTS: Mapping[str, Callable[[], Mapping[str, bytes]]] = MappingProxyType(
    {"val-de-mire-brut": val_de_mire_brut, "fichiers-source": fichiers_source})
"""Those that are files as others send them: the function that makes them."""


def generate(nom: str, **options: Any) -> Tables:
    """The tables of a sample.

    Parameters
    ----------
    nom : "cas-ecole" (no option: nothing in it is drawn), "val-de-mire" (`seed`, 2026 for the published one),
        or "parc" (the options of `generate_parc`, `seed` among them).

    Raises
    ------
    FluxError : code "echantillon.inconnu", no sample of that name.
    """
    if nom not in _GENERATORS:
        near = ", ".join(near_misses(nom, _GENERATORS) or _GENERATORS)
        raise FluxError(f"L'exemple « {nom} » n'existe pas. Essayez : {near}.", code="echantillon.inconnu")
    return _GENERATORS[nom](**options)


def write(sample: str | Tables, folder: str | Path, *, ecraser: bool = False) -> Path:
    """Write a sample, by its name or from its tables: the folder that `read_dossier` reads, or files.

    Raises
    ------
    FluxError
        Code "fichier.existe": a file is already there and `ecraser` is false; nothing is then written.
    """
    if isinstance(sample, str) and sample in BRUTS:
        return write_files(BRUTS[sample](), Path(folder), ecraser=ecraser)
    tables = generate(sample) if isinstance(sample, str) else sample
    return write_folder(tables.frames, tables.convention, Path(folder), ecraser=ecraser)
