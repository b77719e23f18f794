"""The libraries of national files, imported when they serve: the extra `national`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flux.noyau.errors import FluxError


def library(name: str) -> Any:
    """`pyarrow`, `pyarrow.parquet` or `duckdb`.

    Raises
    ------
    FluxError
        Code "rpls.bibliotheque_absente".
    """
    try:
        return import_module(name)
    except ImportError:
        raise FluxError(
            "Les fichiers RPLS nationaux demandent des bibliothèques qui ne sont pas installées. À faire : "
            'pip install "gestion-en-flux[national]".',
            code="rpls.bibliotheque_absente",
        ) from None
