"""The switch, lived: the same vacancies under the stock regime and under the flow."""

from flux.simulation.bascule import Bascule
from flux.simulation.decomposition import Decomposition, decomposition
from flux.simulation.rejeu import Rejeu, replay
from flux.simulation.simulation import simulate

__all__ = ["Bascule", "Decomposition", "Rejeu", "decomposition", "replay", "simulate"]
