"""What each réservataire can expect under the stock regime: a closed form, no draw.

The vacancies of a dwelling fall in the year as the simulation draws them; each goes to the holder of its
right on that day. The expectation is the sum, over the rights, of the turnover of their dwelling × the share
of the year's vacancies that find them alive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from flux.conversion import Quotas
from flux.conversion.exact import estimate, total
from flux.simulation.parc import Parc
from flux.simulation.tirages import Places
from flux.simulation.vecu import Mutations

Case = tuple[str, str]
"""id_reservataire (never the bailleur), commune."""
Dus = dict[Case, Fraction]
SMALL = 10**6  # shares are quotients of small whole numbers: the float tells which


@dataclass(frozen=True)
class Liberations:
    """Expected vacancies.

    communes : commune -> dwellings a year.
    mailles : (commune, rotation group) -> vacancies a year of one of its dwellings.
    """

    communes: dict[str, Fraction]
    mailles: dict[tuple[str, str], Fraction]


def expected_vacancies(quotas: Quotas) -> Liberations:
    """The vacancies of the year by commune, and of a dwelling of each rotation group.

    A forecast of the landlord scales the turnover of a commune, or stands for it where there is none.
    """
    leaves = quotas.preuve.feuilles.liberations
    communes = {c: f.valeur for c, f in leaves.communes.items()}
    sizes = {key: figure.entrees[0].valeur for key, figure in leaves.mailles.items()}
    by_rate = {c: total([f.valeur for (k, _), f in leaves.mailles.items() if k == c]) for c in communes}
    base = {c: total([n for (k, _), n in sizes.items() if k == c]) for c in communes}
    rates = {}
    for (c, groupe), figure in leaves.mailles.items():
        turning = by_rate[c]
        weight = figure.valeur / turning if turning else sizes[c, groupe] / base[c]
        rates[c, groupe] = communes[c] * weight / sizes[c, groupe]
    return Liberations(communes, rates)


def expected_stock(quotas: Quotas, parc: Parc, mutations: Mutations) -> Dus:
    """Dwellings a year of each réservataire in each commune under the stock regime.

    Parameters
    ----------
    parc : the arrays of the same year.
    mutations : see `Mutations`: whether what mutations take out of the flow is lost under stock too.
    """
    rates = expected_vacancies(quotas).mailles
    flux = quotas.preuve.feuilles.liberations.flux
    kept = [
        1 - s / v if v and mutations is Mutations.RETIREES else Fraction(1)
        for v, s in zip(flux.liberations, flux.soustraits, strict=True)
    ]
    groupe = quotas.preuve.rotation.groupe.loc[quotas.preuve.classement.dans_assiette].to_numpy(str)
    out: Dus = {}
    for holder, dwelling, weight in _held(parc):
        commune = parc.communes[parc.commune[dwelling]]
        case = (parc.porteurs[holder], commune)
        rate = rates[commune, groupe[dwelling]] * kept[parc.segment[dwelling]]
        out[case] = out.get(case, Fraction(0)) + weight * rate
    return out


def _held(parc: Parc) -> Iterator[tuple[int, int, Fraction]]:
    """Holder, dwelling, and the share of the dwelling's vacancies of the year that go to this holder."""
    rights = parc.droits
    for dwelling, start, end in _spans(parc):
        chance = _before(parc, end) - _before(parc, start)
        shares = rights.shares(np.array([dwelling]), np.array([start]))[0]
        for j in np.flatnonzero(shares):
            share = Fraction(float(shares[j])).limit_denominator(SMALL)
            yield int(rights.porteur[dwelling, j]), dwelling, share * chance


def _spans(parc: Parc) -> Iterator[tuple[int, int, int]]:
    """Dwelling, first day, day after the last: spans during which the same rights live."""
    rights = parc.droits
    alive = (rights.part > 0) & (rights.debut < parc.jours) & (rights.fin >= 0)
    rows, columns = np.nonzero(alive)
    start = np.clip(rights.debut[rows, columns], 0, parc.jours)
    stop = np.clip(rights.fin[rows, columns] + 1, 0, parc.jours)
    cuts: Places = np.unique(np.stack([np.tile(rows, 2), np.concatenate([start, stop])], axis=1), axis=0)
    for (dwelling, day), (following, until) in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        if dwelling == following:
            yield dwelling, day, until


def _before(parc: Parc, day: int) -> Fraction:
    """Share of the year's vacancies before a day, as the simulation draws them: the seasons, if given."""
    reached = np.interp(day / parc.jours, parc.mois, np.concatenate([[0.0], parc.saison]))
    return estimate(Fraction(float(reached)))
