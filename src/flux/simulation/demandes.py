"""What may be asked of a draw: refused early, in words."""

from __future__ import annotations

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
    if not 0 <= seed < MOST_SEEDS:
        raise FluxError(f"La graine est un entier de 0 à 2^64 − 1 (reçu : {seed}).", code="simulation.graine")
    if runs < 1:
        raise FluxError(f"Il faut au moins un tirage (reçu : {runs}).", code="simulation.runs")


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
