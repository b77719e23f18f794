"""The switch, lived: the same vacancies under the stock regime and under the flow."""

from flux.simulation.bascule import Bascule
from flux.simulation.decomposition import Decomposition, decomposition
from flux.simulation.mi_annee import MiAnnee, mid_year
from flux.simulation.rejeu import Rejeu, replay
from flux.simulation.simulation import simulate

__all__ = [
    "Bascule",
    "Decomposition",
    "MiAnnee",
    "Rejeu",
    "decomposition",
    "mid_year",
    "replay",
    "simulate",
]
