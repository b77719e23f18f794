"""What each réservataire can expect under the stock regime: a closed form, no draw.

The vacancies of a dwelling fall in the year as the simulation draws them; each goes to the holder of its
right on that day. The expectation is the sum, over the rights, of the turnover of their dwelling × the share
of the year's vacancies that find them alive.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

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
    held = _held(parc)
    groupe = quotas.preuve.rotation.groupe.loc[quotas.preuve.classement.dans_assiette].to_numpy(str)
    columns = {"commune": parc.commune, "groupe": groupe, "segment": parc.segment}
    held = held.assign(**{nom: values[held["logement"]] for nom, values in columns.items()})
    # a parc has thousands of rights and a handful of patterns: they are counted before anything exact
    keys = ["porteur", "commune", "groupe", "segment", "part", "debut", "fin"]
    counted = held.groupby(keys, sort=True).size().rename("nb").reset_index()
    before = {day: _before(parc, day) for day in {*counted["debut"], *counted["fin"]}}
    shares = {part: Fraction(part).limit_denominator(SMALL) for part in set(counted["part"])}
    out: Dus = {}
    for holder, place, group, segment, part, start, end, nb in counted.itertuples(index=False):
        case = (parc.porteurs[holder], parc.communes[place])
        lived = nb * shares[part] * (before[end] - before[start])
        out[case] = out.get(case, Fraction(0)) + lived * rates[case[1], group] * kept[segment]
    return out


def _held(parc: Parc) -> pd.DataFrame:
    """A row a right and span of days over which the same rights of its dwelling live.

    `porteur, logement`, `part` (share of the dwelling that goes to it), `debut, fin` (first day, and the day
    after the last).
    """
    rights = parc.droits
    alive = (rights.part > 0) & (rights.debut < parc.jours) & (rights.fin >= 0)
    rows, columns = np.nonzero(alive)
    start = np.clip(rights.debut[rows, columns], 0, parc.jours)
    stop = np.clip(rights.fin[rows, columns] + 1, 0, parc.jours)
    cuts: Places = np.unique(np.stack([np.tile(rows, 2), np.concatenate([start, stop])], axis=1), axis=0)
    same = np.flatnonzero(cuts[:-1, 0] == cuts[1:, 0])
    dwelling, first, until = cuts[same, 0], cuts[same, 1], cuts[same + 1, 1]
    shares = rights.shares(dwelling, first)
    spans, slots = np.nonzero(shares)
    return pd.DataFrame({
        "porteur": rights.porteur[dwelling[spans], slots],
        "logement": dwelling[spans],
        "part": shares[spans, slots],
        "debut": first[spans],
        "fin": until[spans],
    })


def _before(parc: Parc, day: int) -> Fraction:
    """Share of the year's vacancies before a day, as the simulation draws them: the seasons, if given."""
    reached = np.interp(day / parc.jours, parc.mois, np.concatenate([[0.0], parc.saison]))
    return estimate(Fraction(float(reached)))
