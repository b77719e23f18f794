"""Which engine lives the runs: NumPy, or the code that numba compiles. They give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flux.noyau.errors import FluxError, near_misses


class Moteur(StrEnum):
    """The engines.

    AUTO : numba where it is installed and the work is worth it, else NumPy. A rule of orientation of one's
        own is always lived by NumPy.
    """

    AUTO = "auto"
    NUMPY = "numpy"
    NUMBA = "numba"


# vacancies that NumPy lives in a second or two: for fewer, the first compilation would be most of the time
ASSEZ = 1_000_000


def engine(asked: str, orientation: str | Callable[..., Any], vacancies: float) -> Moteur:
    """The engine that lives so many vacancies.

    Raises
    ------
    FluxError
        Code "simulation.moteur": no engine of that name, or numba asked for and not installed.
    """
    known = [m.value for m in Moteur]
    if asked not in known:
        close = ", ".join(near_misses(str(asked), known) or known)
        raise FluxError(f"« {asked} » n'est pas un moteur de calcul. Proches : {close}.",
                        code="simulation.moteur")
    moteur = Moteur(asked)
    if moteur is Moteur.NUMBA and not has_numba():
        raise FluxError(
            "Le moteur « numba » n'est pas installé. À faire : pip install \"gestion-en-flux[fast]\", "
            "ou le moteur « numpy », qui donne les mêmes nombres.",
            code="simulation.moteur",
        )
    if moteur is Moteur.NUMPY or not isinstance(orientation, str):
        return Moteur.NUMPY
    if moteur is Moteur.AUTO and (vacancies < ASSEZ or not has_numba()):
        return Moteur.NUMPY
    return Moteur.NUMBA


def has_numba() -> bool:
    """Whether numba is there and works with the NumPy that is there."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True
