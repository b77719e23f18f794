"""What may be asked of a draw: refused early, in words."""

from __future__ import annotations

import datetime as dt
import numbers
from collections.abc import Iterable, Sequence

from flux.noyau.errors import FluxError, near_misses
from flux.simulation.vecu import Mutations

MOST_SEEDS = 1 << 64


def check_draw(seed: int, runs: int) -> None:
    """Refuse a seed or a number of runs that draw nothing.

    Raises
    ------
    FluxError
        Codes "simulation.graine", "simulation.runs".
    """
    if not isinstance(seed, numbers.Integral) or not 0 <= seed < MOST_SEEDS:
        raise FluxError(f"La graine est un entier de 0 à 2^64 − 1 (reçu : {seed}).", code="simulation.graine")
    if not isinstance(runs, numbers.Integral) or runs < 1:
        raise FluxError(f"Il faut au moins un tirage (reçu : {runs}).", code="simulation.runs")


def day_of(asked: dt.date | str) -> dt.date:
    """A date as it was asked: a date, or its text, the year first.

    Raises
    ------
    FluxError
        Code "simulation.date": no such day.
    """
    if isinstance(asked, dt.date):
        return dt.date(asked.year, asked.month, asked.day)
    try:
        return dt.date.fromisoformat(asked)
    except (TypeError, ValueError):
        raise FluxError(f"« {asked} » n'est pas une date. À faire : l'écrire AAAA-MM-JJ, par exemple "
                        "2026-06-30.", code="simulation.date") from None


def years_of(asked: int | Iterable[int]) -> list[int]:
    """One year or several, each once, in their order.

    Raises
    ------
    FluxError
        Code "simulation.annees": not years.
    """
    several = list(asked) if isinstance(asked, Iterable) else [asked]
    if not all(isinstance(a, numbers.Integral) for a in several):
        raise FluxError(f"Les années sont des nombres entiers (reçu : {asked}).", code="simulation.annees")
    return sorted({int(a) for a in several})


def choice_of(asked: str, known: Sequence[str], what: str, code: str) -> str:
    """One of a few words, or a refusal that names them.

    Parameters
    ----------
    what : what it should be, with its article: "un régime".
    """
    if asked in known:
        return asked
    raise FluxError(f"« {asked} » n'est pas {what} : {' ou '.join(known)}.", code=code)


def mutations_of(asked: str) -> Mutations:
    """The member of `Mutations` that has this value.

    Raises
    ------
    FluxError
        Code "simulation.mutations": no such reading; near-misses suggested.
    """
    known = [m.value for m in Mutations]
    if asked not in known:
        close = ", ".join(near_misses(str(asked), known) or known)
        raise FluxError(f"« {asked} » ne dit pas où se font les mutations. Proches : {close}.",
                        code="simulation.mutations")
    return Mutations(asked)
