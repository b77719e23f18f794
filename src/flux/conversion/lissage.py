"""What is known of a turnover: the rate retained, and how far it may be from the truth.

Two estimates. *Raw*: relettings over dwellings. *Smoothed* (`lissage = bayes`): a group is drawn toward
the rate of its family, the more so as it is small and as the groups of this landlord are alike.

Dwellings and strengths are counted in dwelling-years: one dwelling observed for one year.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from flux.conversion.exact import estimate
from flux.conversion.probabilites import Loi, beta_binomial, sum_of
from flux.noyau.provenance import step

Reels = npt.NDArray[np.float64]
HALF = Fraction(1, 2)


def _grid() -> tuple[int, ...]:
    """Strengths tried, from 1 to 100 000 dwelling-years: sixteen by factor of ten, at three digits."""
    return tuple(dict.fromkeys(int(float(f"{10 ** (e / 16):.3g}")) for e in range(81)))


FORCES = _grid()
"""A coarse grid on purpose: the likelihood is flat, and an optimiser's last digits depend on the machine."""
_ALIKE = 1e-6  # log-likelihoods closer than this are equal: the strongest is kept


@dataclass(frozen=True)
class Compte:
    """Relettings and dwelling-years observed in one group.

    Relettings without a dwelling (let again the year it was delivered) say nothing of a rate: see `of`.
    """

    nb_relocations: int
    nb_stock: int

    @classmethod
    def of(cls, nb_relocations: int, nb_stock: int) -> Compte:
        """The count of a group, of nothing where it had no dwelling at the start of any year."""
        return cls(nb_relocations if nb_stock else 0, nb_stock)

    @property
    def brut(self) -> Fraction | None:
        """Raw rate, None where nothing was observed."""
        return Fraction(self.nb_relocations, self.nb_stock) if self.nb_stock else None


@dataclass(frozen=True)
class Estimation:
    """The turnover of one group, and the beta law of what it may be.

    Attributes
    ----------
    nom : the group.
    porteur : the group whose law it shares: itself, or a wider one when nothing tells them apart.
    taux : rate retained, a year.
    moyenne, poids : mean of the law (a year) and what it weighs (dwelling-years). The mean is the rate
        retained, up to half a reletting. An infinite weight: the rate is assumed, not estimated.
    centre, force : the rate toward which it was drawn (a year), and its weight (dwelling-years).
    large : the wider group whose rate it has, where nothing tells them apart.
    """

    nom: str
    porteur: str
    taux: Fraction
    moyenne: Fraction
    poids: float
    compte: Compte
    centre: Fraction | None = None
    force: int | None = None
    large: Estimation | None = None


@step("(poids × taux moyen + relocations) ÷ (poids + logements), décimale de 12 chiffres", unite="par an")
def smoothed(force: Fraction, centre: Fraction, relocations: Fraction, stock: Fraction) -> Fraction:
    """Mean of the beta law once `relocations` were seen over `stock`: an estimate, of 12 digits.

    Parameters
    ----------
    force : weight of the rate of the wider group, in dwelling-years.
    centre : that rate, a year.
    """
    return estimate((force * centre + relocations) / (force + stock))


def whole(compte: Compte, nom: str) -> Estimation:
    """The turnover of everything together.

    Its law is Jeffreys' (half a reletting more, half a dwelling-year less without one): never certain,
    even where no reletting was seen.
    """
    moyenne = (compte.nb_relocations + HALF) / Fraction(compte.nb_stock + 1)
    return Estimation(nom, nom, compte.brut or Fraction(0), moyenne, compte.nb_stock + 1.0, compte)


def raw(comptes: Mapping[str, Compte], ensemble: Estimation) -> dict[str, Estimation]:
    """Raw rates of the groups where something was observed.

    Their law counts half a reletting more, at the rate of the whole: proper where none was seen, and the
    sum over the groups is not moved.
    """
    force = HALF / ensemble.moyenne
    out = {}
    for nom, compte in comptes.items():
        if compte.brut is not None:
            moyenne = (HALF + compte.nb_relocations) / (force + compte.nb_stock)
            out[nom] = Estimation(nom, nom, compte.brut, moyenne, float(force + compte.nb_stock), compte)
    return out


def shrink(familles: Mapping[str, Mapping[str, Compte]], nom: str, lets: int) -> dict[str, Estimation]:
    """Rates of the groups, each drawn toward the rate of its family.

    One strength for all, the one that makes the counts most likely; within a family the rates give back
    the relettings that were seen (see `centre`). A group without past dwellings (a new programme) takes
    the rate of its family, and a family without any that of the whole. Where the groups are no more
    different than chance makes them, the strength is infinite: all have their family's rate.

    Parameters
    ----------
    familles : family -> group -> what was observed.
    nom : what the whole is called.
    lets : the most relettings of one dwelling in a year (see `most_lets`).
    """
    force = strength(list(familles.values()), lets)
    ensemble = whole(_sum([c for groupes in familles.values() for c in groupes.values()]), nom)
    out = {}
    for famille, groupes in familles.items():
        large = whole(_sum(groupes.values()), famille)
        if large.compte.brut is None:
            large = ensemble
        middle = centre(groupes.values(), force) if force and large is not ensemble else Fraction(0)
        for groupe, compte in groupes.items():
            if force is None or not middle:
                out[groupe] = Estimation(
                    groupe, large.nom, large.taux, large.moyenne, large.poids, compte, large=large
                )
                continue
            taux = smoothed(
                Fraction(force), middle, Fraction(compte.nb_relocations), Fraction(compte.nb_stock)
            )
            poids = float(force + compte.nb_stock)
            out[groupe] = Estimation(groupe, groupe, taux, taux, poids, compte, middle, force)
    return out


def centre(comptes: Iterable[Compte], force: int) -> Fraction:
    """The rate toward which a family is drawn: smoothed so, its groups give back what they let again.

    Σ n(κc + y)/(κ + n) = Σ y gives c = Σ y/(κ + n) ÷ Σ n/(κ + n): a mean of the raw rates, between the
    plain one (κ = 0) and the pooled one (κ → ∞). A pooled rate would lose relettings wherever small groups
    turn over more than large ones (a few T1 beside many T3).
    """
    seen = list(comptes)
    over = sum((Fraction(c.nb_stock, force + c.nb_stock) for c in seen), Fraction(0))
    up = sum((Fraction(c.nb_relocations, force + c.nb_stock) for c in seen), Fraction(0))
    return estimate(up / over)


def strength(familles: Sequence[Mapping[str, Compte]], lets: int) -> int | None:
    """The strength that makes the counts most likely, in dwelling-years; None: infinite.

    The relettings of a group are beta-binomial: its own chance is drawn around its family's, the closer as
    the strength is great; then each dwelling-year is let again, or not. Families of one group, or that never
    let again, tell nothing of how groups differ.
    """
    seen = [[c for c in groupes.values() if c.nb_stock] for groupes in familles]
    told = [g for g in seen if len(g) > 1 and any(c.nb_relocations for c in g)]
    if not told:
        return None
    size = [len(g) for g in told]
    y = np.array([c.nb_relocations for g in told for c in g], dtype=float)
    n = np.array([c.nb_stock for g in told for c in g], dtype=float)
    family = np.repeat(np.arange(len(told)), size)

    def middle(weights: Reels) -> Reels:
        up, over = (np.bincount(family, v * weights) for v in (y, n))
        return np.asarray((up / over)[family] / lets, dtype=float)

    p = middle(np.ones_like(n))
    trials = lets * n
    best, highest = None, float(np.sum(y * np.log(p) + (trials - y) * np.log1p(-p)))
    for force in reversed(FORCES):
        p = middle(1 / (force + n))
        a, b = lets * force * p, lets * force * (1 - p)
        value = float(np.sum(_log_beta(a + y, b + trials - y) - _log_beta(a, b)))
        if value > highest + _ALIKE:
            best, highest = force, value
    return best


def most_lets(comptes: Iterable[Compte]) -> int:
    """How many times a dwelling may be let again in a year: once, more where relettings pass dwellings.

    A count of trials that no group passes nor reaches: a rate over 1 a year is then a chance like any other.
    """
    return 1 + max((math.floor(c.brut) for c in comptes if c.brut is not None), default=0)


def predicted(nb: Mapping[str, int], estimations: Mapping[str, Estimation], lets: int) -> Loi:
    """Law of the relettings in a year of `nb` dwellings of each group.

    Dwellings under one same law share one draw of its rate; the others are independent.
    """
    shared: dict[str, int] = {}
    laws: dict[str, Estimation] = {}
    for groupe, count in nb.items():
        estimation = estimations[groupe]
        laws[estimation.porteur] = estimation
        shared[estimation.porteur] = shared.get(estimation.porteur, 0) + count
    return sum_of(
        [
            beta_binomial(lets * count, float(laws[p].moyenne / lets), lets * laws[p].poids)
            for p, count in shared.items()
        ]
    )


def _sum(comptes: Iterable[Compte]) -> Compte:
    seen = list(comptes)
    return Compte.of(sum(c.nb_relocations for c in seen), sum(c.nb_stock for c in seen))


_log_gamma = np.frompyfunc(math.lgamma, 1, 1)


def _log_beta(a: Reels, b: Reels) -> Reels:
    return np.asarray(_log_gamma(a) + _log_gamma(b) - _log_gamma(a + b), dtype=float)
