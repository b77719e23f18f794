"""The dues of the conversion made again, one rule at a time: the same numbers, let in step after step.

`conversion/dus` makes them all at once and proves them; here each rule can be left out, to see what it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pandas as pd

from flux.conversion import Quotas
from flux.conversion.cellules import ETAT_CATEGORIES
from flux.conversion.exact import total
from flux.conversion.territoires import communes_of
from flux.simulation.attendus import Dus

ZERO = Fraction(0)
Flux = Mapping[str, Fraction]
"""commune -> dwellings a year."""
LOCAUX = ("commune", "epci", "ept")


class Partage:
    """Who holds what, and where each holder's dwellings may be.

    locaux, etat, larges : réservataires of a commune, an EPCI or an EPT; of the State; of the département.
    droits, poids : weight of each holder's rights in each commune: in dwellings, by the method.
    base, parc : the same of all the dwellings of each commune.
    """

    def __init__(self, quotas: Quotas) -> None:
        preuve, dossier = quotas.preuve, quotas.dossier
        holders = dossier.reservataires.set_index("id_reservataire")
        idents = sorted(map(str, holders.index))
        self.etat = [i for i in idents if holders.loc[i, "categorie"] in ETAT_CATEGORIES]
        self.locaux = [i for i in idents
                       if holders.loc[i, "territoire_type"] in LOCAUX and i not in self.etat]
        self.larges = [i for i in idents if i not in {*self.etat, *self.locaux}]
        self.communes = preuve.feuilles.communes
        self.droits = by_case(preuve.droits.suite)
        self.poids: Dus = {}
        for (r, c, _), v in preuve.poids.droits.items():
            self.poids[r, c] = self.poids.get((r, c), ZERO) + v
        self.base = {c: preuve.feuilles.base[c].valeur for c in self.communes}
        self.parc = preuve.poids.parc
        self._by_rights = dossier.convention.choix.repartition_epci == "droits"
        self._homes = {i: self.communes for i in (*self.etat, *self.larges)}
        for i in self.locaux:
            kind, code = holders.loc[i, ["territoire_type", "territoire_code"]]
            inside = set(communes_of(dossier, str(kind), str(code)))
            self._homes[i] = [c for c in self.communes if c in inside]

    def in_place(self, flux: Flux, held: Dus, whole: Flux) -> Dus:
        """Each holder's part of the flow of its territory, left where its rights stand."""
        out: Dus = {}
        inside = {r: (_sum(flux, home), _sum(whole, home)) for r, home in self._homes.items()}
        for (r, c), nb in held.items():
            flow, base = inside[r] if c in self._homes[r] else (flux.get(c, ZERO), whole.get(c, ZERO))
            if c in flux and base:
                out[r, c] = nb * flow / base
        return out

    def spread(self, flux: Flux) -> Dus:
        """The same spread over its territory as the flow; a right outside stays in its commune."""
        out: Dus = {}
        moving = dict.fromkeys(self._homes, ZERO)
        for (r, c), nb in self.in_place(flux, self.poids, self.parc).items():
            if c not in self._homes[r] or (self._by_rights and r in self.locaux):
                out[r, c] = nb
            else:
                moving[r] += nb
        for r, nb in moving.items():
            flow = _sum(flux, self._homes[r])
            for place in self._homes[r] if nb else ():
                out[r, place] = out.get((r, place), ZERO) + nb * flux[place] / flow
        return out

    def in_turn(self, dus: Dus, ajouts: Dus, flux: Flux, before: list[str]) -> Dus:
        """The holders of the département have the same dwellings, spread as what those `before` leave.

        Parameters
        ----------
        dus : dwellings of each holder by its rate. ajouts : dwellings that come on top, where they stand.
        flux : the flow that all share.
        """
        rest = dict(flux)
        for some, of in ((dus, before), (ajouts, [*before, *self.larges])):
            for (r, c), v in some.items():
                if r in of and c in rest:
                    rest[c] -= v
        rest = {c: max(ZERO, v) for c, v in rest.items()}
        whole = total(rest)
        out = {case: v for case, v in dus.items() if case[0] not in self.larges}
        for r in self.larges:
            due = total([v for (i, _), v in dus.items() if i == r])
            out |= {(r, c): due * v / whole for c, v in rest.items() if due and whole}
        return out


def by_case(rights: pd.DataFrame) -> Dus:
    """Dwellings by holder and commune."""
    out: Dus = {}
    for r, c, nb in zip(rights["id_reservataire"], rights["commune"], rights["nb"], strict=True):
        out[str(r), str(c)] = out.get((str(r), str(c)), ZERO) + nb
    return out


def _sum(values: Flux, communes: list[str]) -> Fraction:
    return total([values.get(c, ZERO) for c in communes])
