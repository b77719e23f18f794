"""An obligation: what the plan should reach, where, for whom, and the text that asks it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NIVEAUX = (("physique",), ("loi",), ("cia", "cil"), ("quota",), ("convention",), ("souhait",))
"""The stages of the plan, the most important first: what one level gains, no lower level may cost."""
NOBODY = np.zeros(0, np.int64)
EPSILON = 1e-9


class Sens(StrEnum):
    """How the threshold binds: at least; at most; at least, and never more."""

    PLANCHER = "plancher"
    PLAFOND = "plafond"
    EGALITE = "egalite"


class Support(StrEnum):
    """What is counted: dwellings of holders, of their publics, of essential workers, or to be exchanged."""

    CELLULES = "cellules"
    PUBLICS = "publics"
    ESSENTIELS = "essentiels"
    ECARTS = "ecarts"


@dataclass(frozen=True, kw_only=True, eq=False)
class Repartition:
    """A plan, exact or whole: dwellings on each row of `cadre.cellules` and of `cadre.publics`.

    essentiels : those of `publics` that go to essential workers; zeros where nothing asks for them.
    ecarts : dwellings to be exchanged for equity, one a `Equite`.
    """

    cellules: Floats
    publics: Floats
    essentiels: Floats
    ecarts: Floats

    def of(self, support: Support) -> Floats:
        """The counts that an obligation looks at."""
        return np.asarray(getattr(self, support.value), np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Obligation:
    """What the plan should reach, and may miss at a price that its level sets.

    Attributes
    ----------
    objectif, porteur, territoire_code, niveau, article : its name; `*` is every holder, or everywhere.
    part : share of the base that is asked [0, 1].
    support : what `compte` points to.
    compte : rows of the support that count; `poids` : what a dwelling there counts for. Shapes (n,).
    assiette : publics (or cells, as `compte`) that make the base.
    base_fixe : dwellings of the base that the plan does not decide.
    acquis : dwellings that count already.
    sens : floor, ceiling, or a quota that is never passed.
    arrondi : True where a gap of less than one dwelling is a matter of rounding, never a miss.
    precision : what the name leaves open: kind of territory and size, for a demand.
    """

    objectif: str
    porteur: str
    territoire_code: str
    niveau: str
    article: str
    part: float
    compte: Ints
    assiette: Ints = field(default_factory=lambda: NOBODY)
    support: Support = Support.PUBLICS
    poids: Floats | float = 1.0
    base_fixe: float = 0.0
    acquis: float = 0.0
    sens: Sens = Sens.PLANCHER
    arrondi: bool = False
    precision: str = ""

    @property
    def cle(self) -> str:
        """Canonical name."""
        return "|".join((self.objectif, self.porteur, self.territoire_code, self.niveau, self.precision,
                         repr(self.part)))

    def base(self, plan: Repartition) -> float:
        """Dwellings on which it is judged."""
        where = Support.PUBLICS if self.support is Support.ESSENTIELS else self.support
        return self.base_fixe + float(plan.of(where)[self.assiette].sum())

    def seuil(self, plan: Repartition) -> float:
        """Dwellings to reach (not to pass, for a ceiling)."""
        return self.part * self.base(plan)

    def atteint(self, plan: Repartition) -> float:
        """Dwellings reached."""
        return self.acquis + float((plan.of(self.support)[self.compte] * self.poids).sum())

    def manque(self, plan: Repartition) -> float:
        """Dwellings short of the floor or above the ceiling, never negative."""
        gap = self.seuil(plan) - self.atteint(plan)
        return max(0.0, -gap if self.sens is Sens.PLAFOND else gap)

    def manque_entier(self, plan: Repartition) -> int:
        """The same in whole dwellings: "au moins un quart" of 5 is 2."""
        missing = self.manque(plan)
        return math.floor(missing + EPSILON) if self.arrondi else math.ceil(missing - EPSILON)
