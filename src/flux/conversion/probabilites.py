"""Laws of a number of vacancies, whole from end to end: no draw, no scipy.

A law is the vector of the probabilities of 0, 1, 2…; what is under 10⁻¹² at its end is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Loi = npt.NDArray[np.float64]

NIVEAU = 0.90
"""Share of the chances that an interval holds, at least."""
_BAS, _HAUT = (1 - NIVEAU) / 2, (1 + NIVEAU) / 2
_RESTE = 1e-12
_ENSEMBLE = 64  # laws whose grids are made together


def beta_binomial(nb: int, moyenne: float, poids: float) -> Loi:
    """Law of the number of successes among `nb` trials whose common chance is itself uncertain.

    Parameters
    ----------
    nb : trials.
    moyenne : mean of the chance, in [0, 1[.
    poids : α + β of its beta law, in trials: what is known of it. Infinite: the chance is known, and the
        law is the binomial.

    Notes
    -----
    P(k+1) / P(k) = (n−k)/(k+1) × (k/w + p) / ((n−k−1)/w + 1−p), with w → ∞ as a limit like any other.
    """
    k = np.arange(nb, dtype=float)
    with np.errstate(divide="ignore"):  # a chance of zero: log 0, and all the law stays at 0
        steps = (
            np.log((nb - k) / (k + 1))
            + np.log(k / poids + moyenne)
            - np.log((nb - k - 1) / poids + 1 - moyenne)
        )
    logs = np.concatenate(([0.0], np.cumsum(steps)))
    return _trimmed(np.exp(logs - logs.max()))


def sum_of(lois: Sequence[Loi]) -> Loi:
    """Law of the sum of independent counts: convolutions, two by two."""
    level = list(lois) or [np.ones(1)]
    while len(level) > 1:
        pairs = [_trimmed(np.convolve(a, b)) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def thinned(loi: Loi, part: float) -> Loi:
    """Law of what is left when each of the counted things stays with the chance `part`, in [0, 1]."""
    out = np.zeros_like(loi)
    kept = np.ones(1)  # law of the number kept among 0, 1, 2… things
    for chance in loi:
        out[: len(kept)] += chance * kept
        kept = _trimmed(np.convolve(kept, [1 - part, part]))
    return _trimmed(out)


def mean(loi: Loi) -> float:
    """Mean of the law."""
    return float(np.arange(len(loi)) @ loi)


def at_least_one(loi: Loi) -> float:
    """Chance of one or more."""
    return float(1 - loi[0])


def interval(loi: Loi) -> tuple[int, int]:
    """The two counts between which nine chances out of ten fall, at least; 5 % at most are on each side."""
    reached = np.cumsum(loi)
    low, high = (int(np.searchsorted(reached, q - 1e-9)) for q in (_BAS, _HAUT))
    return low, min(high, len(loi) - 1)


def beta_interval(
    moyenne: npt.NDArray[np.float64], poids: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The two chances between which nine chances out of ten fall, for beta laws.

    Parameters
    ----------
    moyenne : means, in ]0, 1[, shape (n,).
    poids : α + β, above 0, shape (n,).

    Returns
    -------
    Shape (2, n): low, high, to some 5 digits: the density is summed on a grid in log(x / (1−x)), where it
    is smooth however close to 0 or 1. Programmes are often alike: each law is made once, and a few at a
    time, since the grids of all of them may not fit in memory.
    """
    return beta_quantiles(moyenne, poids, (_BAS, _HAUT))


def beta_quantiles(
    moyenne: npt.NDArray[np.float64], poids: npt.NDArray[np.float64], niveaux: Sequence[float]
) -> npt.NDArray[np.float64]:
    """The chances under which these shares of the beta laws fall, shape (niveaux, n): see `beta_interval`."""
    laws, place = np.unique(np.column_stack([moyenne, poids]), axis=0, return_inverse=True)
    blocks = np.array_split(laws, len(laws) // _ENSEMBLE + 1)
    found = [_found(block[:, :1], block[:, 1:], niveaux) for block in blocks]
    return np.hstack(found)[:, place.reshape(-1)]


def _found(
    moyenne: npt.NDArray[np.float64], poids: npt.NDArray[np.float64], niveaux: Sequence[float]
) -> npt.NDArray[np.float64]:
    """The quantiles, shape (niveaux, n), of means and weights of shape (n, 1)."""
    a, b = moyenne * poids, (1 - moyenne) * poids
    left = 12 * (a**-0.5 + 1 / a + b**-0.5)
    right = 12 * (b**-0.5 + 1 / b + a**-0.5)
    grid = np.log(a / b) - left + (left + right) * np.linspace(0, 1, 4001)
    logs = -a * np.logaddexp(0, -grid) - b * np.logaddexp(0, grid)
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    reached = np.cumsum(density, axis=1) - density / 2
    reached /= reached[:, -1:]
    found = [[float(np.interp(q, r, g)) for r, g in zip(reached, grid, strict=True)] for q in niveaux]
    return np.asarray(1 / (1 + np.exp(-np.array(found).reshape(len(niveaux), -1))), dtype=float)


def _trimmed(loi: Loi) -> Loi:
    """The law as shares of its sum, without its negligible end."""
    reached = np.cumsum(loi)
    last = int(np.searchsorted(reached, reached[-1] * (1 - _RESTE)))
    return np.asarray(loi[: last + 1] / reached[min(last, len(loi) - 1)], dtype=float)
