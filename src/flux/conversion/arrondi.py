"""Whole dwellings: rounded once, last, with the caps enforced, and every tie recorded.

The rounding is in no text (domain, F17): largest remainder by default, Sainte-Laguë on request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from heapq import heapify, heappop, heappush
from math import floor

from flux.noyau.provenance import Figure, Number

Rang = tuple[Fraction, Fraction, bool, str]
"""The order in which holders are served: remainder, exact due (both negated), the bailleur last, name."""


@dataclass(frozen=True)
class Plafond:
    """A ceiling in whole dwellings on a group of holders.

    part, flux : the maximal share, and the flow (of the year, or since the account opened under `cumule`)
    nb_ouverture : dwellings already counted since the account opened (0 under `annuel`)
    tolere : by member, dwellings that the ceiling does not concern (rights without guarantee)
    communes, porteurs : where dwellings are counted, and whose (those of `membres` alone are bound)
    parties : the ceilings of which it is the sum, for holders of several communes
    """

    groupe: str
    territoire_code: str
    membres: tuple[str, ...]
    part: Figure
    flux: Fraction
    exact: Fraction
    cumule: bool
    nb_ouverture: int = 0
    tolere: Mapping[str, int] = field(default_factory=dict)
    communes: tuple[str, ...] = ()
    porteurs: tuple[str, ...] = ()
    parties: tuple[Plafond, ...] = ()

    @property
    def taux(self) -> Fraction:
        """The maximal share."""
        return self.part.valeur

    @property
    def article(self) -> str:
        """The text that sets it."""
        return self.part.article or ""

    @cached_property
    def nb(self) -> int:
        """Whole dwellings allowed this year: floor(rate × flow), less those already given under `cumule`."""
        if self.parties:
            return sum(p.nb for p in self.parties)
        return max(0, floor(self.taux * self.flux) - self.nb_ouverture)

    def with_account(self, flux: Fraction, nb: int) -> Plafond:
        """The same ceiling under `cumule`: `flux` and `nb` are those of the account when the year opens."""
        return replace(self, flux=self.flux + flux, nb_ouverture=nb, cumule=True)

    @property
    def limite(self) -> int:
        """What the whole quotas of the group may add up to."""
        return self.nb + sum(self.tolere.values())

    def charge(self, amounts: Mapping[str, Number]) -> Number:
        """What of these amounts the ceiling looks at: each member's, less what it tolerates."""
        return sum(max(amounts[i] - self.tolere.get(i, 0), 0) for i in self.membres)

    def allows(self, nb: Mapping[str, int], ident: str) -> bool:
        """True when `ident` may have one more."""
        return ident not in self.membres or self.charge({**nb, ident: nb[ident] + 1}) <= self.nb

    def of(self, ident: str) -> int:
        """What one member's whole quota may reach, were it alone."""
        return self.nb + self.tolere.get(ident, 0)


@dataclass(frozen=True)
class Arrondi:
    """Whole numbers that add up to the total.

    nb : holder -> whole dwellings
    refuses : holders that a ceiling kept from their next dwelling
    egalites : French sentences, one a tie that decided something
    """

    nb: dict[str, int]
    refuses: frozenset[str]
    egalites: tuple[str, ...]


def apportion(
    exacts: Mapping[str, Fraction],
    total: int,
    plafonds: Sequence[Plafond],
    *,
    reste: str,
    methode: str = "plus_fort_reste",
    minimum: int = 0,
) -> Arrondi:
    """Round `exacts` to whole numbers that add up to `total`.

    Floors, cut to the ceilings; then one more by one more, to the largest remainder among those whose
    ceilings still allow it. Nobody but `reste` (the bailleur) gets more than the ceiling of its exact
    due; what the ceilings refuse goes to `reste`. Ties: larger remainder, then larger exact due, then
    name in code-point order, `reste` last.

    Parameters
    ----------
    exacts : exact dues, dwellings, never negative; their sum is `total` (a fraction less where balances
        exceed it).
    methode : "plus_fort_reste", or "sainte_lague" (due ÷ (2 n + 1), n what it has). Both start from the
        floors and stop at the ceilings: whoever no ceiling holds back is within one of its due under
        either, and one that a ceiling holds back is never above its own ceiling of a due.
    minimum : least whole number of a holder whose exact due is not zero, within its ceilings.

    Examples
    --------
    The example of the reference (flow 53): the State's agents stop at 2, the group of the State at 15.

    >>> from fractions import Fraction as F
    >>> apportion({"a": F(5, 2), "b": F(3, 2), "bailleur": F(1)}, 5, [], reste="bailleur").nb
    {'a': 3, 'b': 1, 'bailleur': 1}
    """
    low = {i: floor(v) for i, v in exacts.items()}
    high = {i: n + (exacts[i] != n) for i, n in low.items()}
    nb = {i: max(n, min(minimum, high[i]) if i != reste else 0) for i, n in low.items()}
    refused: set[str] = set()
    for plafond in plafonds:
        _cut(nb, exacts, plafond, refused)
    _cut_total(nb, exacts, total, reste)
    ties: list[str] = []

    def rank(ident: str) -> Rang:
        value = exacts[ident]
        key = value / (2 * nb[ident] + 1) if methode == "sainte_lague" else value - low[ident]
        return -key, -value, ident == reste, ident

    # A ceiling that refuses one more refuses it to the end: each holder leaves the queue once.
    queue = [rank(i) for i in exacts if nb[i] < high[i]]
    heapify(queue)
    for _ in range(total - sum(nb.values())):
        first = _first_able(queue, nb, plafonds, refused)
        if first is None:
            break
        equals = []
        while (other := _first_able(queue, nb, plafonds, refused, like=first)) is not None:
            equals.append(other)
        best = first[-1]
        if equals:
            ties.append(
                f"{best} avant {', '.join(e[-1] for e in equals)} : même reste et même dû, "
                "ordre des identifiants."
            )
        nb[best] += 1
        for entry in equals:
            heappush(queue, entry)
        if nb[best] < high[best]:
            heappush(queue, rank(best))
    kept_out = [p for p in plafonds if p.charge(exacts) > p.nb]
    refused |= {i for i in exacts if nb[i] < high[i] and any(not p.allows(nb, i) for p in kept_out)}
    nb[reste] += total - sum(nb.values())
    return Arrondi(nb, frozenset(refused - {reste}), tuple(ties))


def _first_able(
    queue: list[Rang],
    nb: Mapping[str, int],
    plafonds: Sequence[Plafond],
    refused: set[str],
    *,
    like: Rang | None = None,
) -> Rang | None:
    """Take out of the queue the next holder that its ceilings allow (if it is the equal of `like`)."""
    while queue and (like is None or queue[0][:2] == like[:2]):
        entry = heappop(queue)
        if all(p.allows(nb, entry[-1]) for p in plafonds):
            return entry
        refused.add(entry[-1])
    return None


def _cut(nb: dict[str, int], exacts: Mapping[str, Fraction], plafond: Plafond, refused: set[str]) -> None:
    """Bring the whole parts of a group within its ceiling, each in proportion to its exact due."""
    if plafond.charge(nb) <= plafond.nb:
        return
    whole = plafond.charge(exacts)
    for i in plafond.membres:
        apart = plafond.tolere.get(i, 0)
        kept = apart + floor(max(exacts[i] - apart, Fraction(0)) * plafond.nb / whole)
        if kept < nb[i]:
            nb[i] = kept
            refused.add(i)


def _cut_total(nb: dict[str, int], exacts: Mapping[str, Fraction], total: int, reste: str) -> None:
    """Minimums can ask more than there is: the bailleur gives way first, then the smallest dues."""
    while sum(nb.values()) > total:
        givers = [i for i in nb if nb[i]]
        loser = min(givers, key=lambda i: (i != reste, exacts[i], i))
        nb[loser] -= 1
