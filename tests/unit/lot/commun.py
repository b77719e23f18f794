"""What is asked of every lot of the tests, and what two of them are compared by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ASKED: dict[str, Any] = {"etapes": ("annexe", "simulate"), "formats": ("json",), "seed": 2026, "runs": 20}


def contents(sortie: Path) -> dict[str, bytes]:
    """Every file of a lot but the times."""
    return {str(p.relative_to(sortie)): p.read_bytes()
            for p in sorted(sortie.rglob("*")) if p.is_file() and p.name != "mesures.json"}
