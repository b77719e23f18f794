"""The switch, lived: the same vacancies under the stock regime and under the flow."""

from flux.simulation.bascule import Bascule
from flux.simulation.simulation import simulate

__all__ = ["Bascule", "simulate"]
