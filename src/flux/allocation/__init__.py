"""Flow to orientations: the plan that meets the quotas and the law, or says what is missing."""

from flux.allocation.frontiere import Frontiere, frontier
from flux.allocation.obligations import Obligation
from flux.allocation.plan import Plan, allocate

__all__ = ["Frontiere", "Obligation", "Plan", "allocate", "frontier"]
