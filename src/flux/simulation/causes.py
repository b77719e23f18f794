"""Why the flow gives more or less than the stock: causes that add up exactly, without any draw.

Both regimes are expectations in exact numbers. Between them stands a chain of states, each one letting one
more cause in: what a cause does is what the state it makes differs by from the state before. A decomposition
depends on its order; ours is that of the conversion itself, from the rights to the whole dwellings:

1. `comptage` : each right as the conversion counts it (rule of expiry), instead of the days it lives;
2. `rotation` : each right turns over as the holder's whole territory, instead of as its own dwelling;
3. `methode` : the weights of the method that was chosen, instead of one a right and one a dwelling;
4. `territoire` : the holder's dwellings spread over its territory as the vacancies, instead of where its
   rights stand (over its communes it adds up to zero);
5. `soustractions` : mutations and relogements taken out before sharing;
6. `premieres_locations` : first lettings, where the parties put them in the flow;
7. `droits_uniques` : single-use rights of the year, and what they leave to the others;
8. `priorite_locale` : communes and EPCI served first: holders of the département have the rest;
9. `etat` : the State's part (uniform, stipulated or of law) instead of the register's, and what it leaves;
10. `plafonds` : ceilings of the law and reductions;
11. `solde` : balances carried from last year;
12. `arrondi` : whole dwellings, of the flow and of the quotas.

The bailleur has what the others leave: each of its causes is the year's total less theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from flux.conversion import Quotas
from flux.conversion.cellules import BAILLEUR
from flux.conversion.exact import of, total
from flux.simulation.attendus import Dus, expected_stock, expected_vacancies
from flux.simulation.parc import make_parc
from flux.simulation.partage import Flux, Partage, by_case
from flux.simulation.vecu import Mutations

ORDRE = (
    *("comptage", "rotation", "methode", "territoire", "soustractions", "premieres_locations"),
    *("droits_uniques", "priorite_locale", "etat", "plafonds", "solde", "arrondi"),
)
ZERO = Fraction(0)
K = TypeVar("K")


@dataclass(frozen=True)
class Etat:
    """Expected dwellings of the year: of each réservataire in each commune, and of all with the bailleur."""

    dus: Dus
    flux: Flux

    def cases(self) -> Dus:
        """The same, the bailleur having what the others leave."""
        rest = dict(self.flux)
        for (_, c), v in self.dus.items():
            rest[c] = rest.get(c, ZERO) - v
        return self.dus | {(BAILLEUR, c): v for c, v in rest.items()}


@dataclass(frozen=True)
class Ecart:
    """Dwellings a year by holder, the bailleur included, and commune: both ends, and what lies between.

    effets : cause -> what it adds; over the causes, exactly flux − stock.
    """

    stock: Dus
    flux: Dus
    effets: Mapping[str, Dus]


def causes(quotas: Quotas, mutations: Mutations) -> Ecart:
    """Stock, flow, and the causes from one to the other."""
    chain = [(cause, state.cases()) for cause, state in states(quotas, mutations)]
    effets: dict[str, Dus] = {cause: {} for cause in ORDRE}
    for (_, before), (cause, after) in pairwise(chain):
        effets[cause] = added(effets[cause], minus(after, before))
    return Ecart(chain[0][1], chain[-1][1], effets)


def states(quotas: Quotas, mutations: Mutations) -> list[tuple[str, Etat]]:
    """The chain: each state after the cause that makes it; the first is the stock, the last the quotas."""
    leaves, partage = quotas.preuve.feuilles, Partage(quotas)
    scaled = {c: f.valeur for c, f in leaves.relocations.items()}
    echelle = leaves.echelle.valeur
    net = {c: v / echelle if echelle else ZERO for c, v in scaled.items()}
    chain = [
        *_held(quotas, mutations, partage, net),
        ("soustractions", Etat(partage.spread(net), net)),
        ("arrondi", Etat(partage.spread(scaled), scaled)),
    ]
    first, arriving = _first_lettings(quotas)
    chain = [(cause, Etat(added(s.dus, first), added(s.flux, arriving))) for cause, s in chain]
    return [*chain, *_shared(quotas, partage, scaled, first, arriving)]


def _held(quotas: Quotas, mutations: Mutations, partage: Partage, net: Flux) -> list[tuple[str, Etat]]:
    """From the stock to shares of the flow, before anything is taken out of it."""
    vacancies, parc = expected_vacancies(quotas), make_parc(quotas, incertitude=False)
    before = vacancies.communes
    stock = expected_stock(quotas, parc, mutations)
    flux, lost = before, {}
    if mutations is Mutations.RETIREES:
        # what mutations take under stock too is given back with what they take from the flow: one cause
        flux, lost = dict(net), minus(expected_stock(quotas, parc, Mutations.AUX_TITULAIRES), stock)
    rights = quotas.preuve.droits.suite
    turning = [nb * vacancies.mailles[str(c), str(g)]
               for c, g, nb in zip(rights["commune"], rights["groupe"], rights["nb"], strict=True)]
    steps = {
        "comptage": by_case(rights.assign(nb=turning)),
        "rotation": partage.in_place(before, partage.droits, partage.base),
        "methode": partage.in_place(before, partage.poids, partage.parc),
        "territoire": partage.spread(before),
    }
    return [("stock", Etat(stock, flux)),
            *((cause, Etat(minus(dus, lost), flux)) for cause, dus in steps.items())]


def _shared(
    quotas: Quotas, partage: Partage, scaled: Flux, first: Dus, arriving: Flux
) -> list[tuple[str, Etat]]:
    """From shares of the flow to whole quotas: what comes first, what caps, what is carried and rounded."""
    preuve, choix = quotas.preuve, quotas.dossier.convention.choix
    flux = {c: f.valeur for c, f in preuve.feuilles.flux.items()}
    inside = by_case(preuve.droits.livraisons) if choix.premieres_locations == "dans_le_flux" else {}
    # first lettings kept apart stand beside the flow until the end; in the flow, they are part of it
    beside = (first, arriving) if not inside and flux == scaled else ({}, {})
    uniques = by_case(preuve.droits.uniques)
    whole, once = total(scaled), total(uniques)
    factor = (whole - once) / whole if whole and choix.droits_uniques == "reserves_d_abord" else Fraction(1)
    fitted = {c: v * max(ZERO, factor) for c, v in scaled.items()}
    shares, ajouts = partage.spread(fitted), added(inside, uniques)
    cells = {k: cell for k, cell in preuve.dus.cellules.items() if k[0] != BAILLEUR}
    state = {k: total(cell.parts) * (cell.flux.valeur if cell.flux else ZERO)
             for k, cell in cells.items() if k[0] in partage.etat}
    stipulated = {k: v for k, v in shares.items() if k[0] not in partage.etat} | state
    cibles: Dus = {}
    for ((r, _), c), v in preuve.cibles.items():
        if r != BAILLEUR:
            cibles[r, c] = cibles.get((r, c), ZERO) + v
    steps = {
        "premieres_locations": added(partage.spread(scaled), inside),
        "droits_uniques": added(shares, ajouts),
        "priorite_locale": added(partage.in_turn(shares, ajouts, flux, partage.locaux), ajouts),
        "etat": added(
            partage.in_turn(stipulated, ajouts, flux, [*partage.locaux, *partage.etat]), ajouts),
        "plafonds": {k: cell.amount() for k, cell in cells.items()},
        "solde": cibles,
    }
    return [
        *((cause, Etat(added(dus, beside[0]), added(flux, beside[1]))) for cause, dus in steps.items()),
        ("arrondi", _whole(quotas, kept_apart=bool(beside[1]))),
    ]


def _first_lettings(quotas: Quotas) -> tuple[Dus, dict[str, Fraction]]:
    """First lettings of the year, the same under both regimes: those of the réservataires, and all."""
    rows = quotas.livraisons
    own: Dus = {}
    every: dict[str, Fraction] = {}
    for r, c, v in zip(rows["id_reservataire"], rows["commune"], rows["exact"], strict=True):
        every[str(c)] = every.get(str(c), ZERO) + of(float(v))
        if r != BAILLEUR:
            own[str(r), str(c)] = own.get((str(r), str(c)), ZERO) + of(float(v))
    return own, every


def _whole(quotas: Quotas, *, kept_apart: bool) -> Etat:
    """The quotas in whole dwellings, with the first lettings kept apart."""
    frames = [quotas.communes, *([quotas.livraisons] if kept_apart else [])]
    own: Dus = {}
    every: dict[str, Fraction] = {}
    for frame in frames:
        for r, c, nb in zip(frame["id_reservataire"], frame["commune"], frame["nb"], strict=True):
            every[str(c)] = every.get(str(c), ZERO) + int(nb)
            if r != BAILLEUR:
                own[str(r), str(c)] = own.get((str(r), str(c)), ZERO) + int(nb)
    return Etat(own, every)


def added(a: Mapping[K, Fraction], b: Mapping[K, Fraction]) -> dict[K, Fraction]:
    """Sums, key by key."""
    return {k: a.get(k, ZERO) + b.get(k, ZERO) for k in {**a, **b}}


def minus(a: Mapping[K, Fraction], b: Mapping[K, Fraction]) -> dict[K, Fraction]:
    """Differences, key by key."""
    return {k: a.get(k, ZERO) - b.get(k, ZERO) for k in {**a, **b}}
