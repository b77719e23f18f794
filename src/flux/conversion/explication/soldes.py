"""The accounts that a year leaves, as figures: what was to be had, less whole dwellings and what is lost."""

from __future__ import annotations

from fractions import Fraction

from flux.conversion.comptes import Cle, after_losses, lost_to_ceilings
from flux.conversion.explication.communes import Cellules
from flux.conversion.explication.entiers import Entiers
from flux.conversion.explication.plafonds import ceiling, whole_ceiling
from flux.conversion.operations import add, subtract
from flux.noyau.provenance import Figure, step


@step("solde, moins sa part de ce que les plafonds refusent")
def after_refusal(own: Fraction, lost: Fraction, *others: Fraction, cles: tuple[str, ...]) -> Fraction:
    """One account of a holder once what its ceilings refuse has left its accounts (see `after_losses`)."""
    balances: dict[Cle, Fraction] = {
        ("", k or None): v for k, v in sorted(zip(cles, (own, *others), strict=True))
    }
    return after_losses(balances, {"": lost})["", cles[0] or None]


@step("ce que les plafonds de l'année refusent")
def refused(
    *values: Fraction,
    noms: tuple[str, ...],
    perdues: tuple[str, ...],
    plafonds: tuple[tuple[tuple[str, ...], bool], ...],
    toleres: tuple[tuple[int, str], ...],
) -> Fraction:
    """What the first of `noms` loses for good (see `lost_to_ceilings`); the other names are everybody's."""
    ident, *everybody = noms
    rest = iter(values)
    exacts = {i: next(rest) for i in everybody}
    nb = {i: int(next(rest)) for i in everybody}
    gone = {i: next(rest) for i in perdues}
    limits = [next(rest) for _ in plafonds]
    tolerated: dict[int, dict[str, int]] = {}
    for k, i in toleres:
        tolerated.setdefault(k, {})[i] = int(next(rest))
    caps = [
        whole_ceiling(membres, limit, tolerated.get(k, {}), cumule=cumule)
        for k, ((membres, cumule), limit) in enumerate(zip(plafonds, limits, strict=True))
    ]
    return lost_to_ceilings(exacts, nb, caps, gone).get(ident, Fraction(0))


class Comptes:
    """Balances by holder and commune."""

    def __init__(self, cellules: Cellules, entiers: Entiers) -> None:
        self.cellules, self.entiers = cellules, entiers
        self._made: dict[str, dict[str | None, Figure]] = {}
        self.exacts, self.preuve, self.noms = cellules.exacts, cellules.preuve, cellules.noms

    def balance(self, ident: str, commune: str | None) -> Figure:
        """What the account holds when the year closes; a pooled one has no commune."""
        if ident not in self._made:
            self._made[ident] = self._before(ident)
        kept = self._made[ident]
        lost = self.preuve.perdus.get(ident)
        name = f"solde de {self.noms.de(ident)}" + (f" à {self.noms.a(commune)}" if commune else "")
        if commune not in kept:
            return self.exacts.nothing(ident, name, commune)
        if not lost:
            return kept[commune].named(name)
        keys = [commune, *(k for k in kept if k != commune)]
        return after_refusal(
            kept[commune],
            self.lost(ident),
            *(kept[k] for k in keys[1:]),
            contexte=len(keys) - 1,
            nom=name,
            cles=tuple(k or "" for k in keys),
        )

    def lost(self, ident: str) -> Figure:
        """What the ceilings refused a holder for good."""
        caps, idents = self.preuve.plafonds, self.entiers.idents
        perdues = [i for i in idents if self.preuve.garanties.perdues.get(i)]
        tolerated = [(k, i) for k, p in enumerate(caps) for i in p.membres if p.tolere.get(i)]
        return refused(
            *(self.exacts.quota(i) for i in idents),
            *(self.entiers.quota(i) for i in idents),
            *(self.exacts.over(i, lost=True) for i in perdues),
            *(ceiling(self.preuve, p) for p in caps),
            *(self.exacts.tolerated(caps[k], i) for k, i in tolerated),
            contexte=2 * len(idents) + len(perdues) + len(caps) + len(tolerated),
            nom=f"logements dus à {self.noms.de(ident)} que les plafonds refusent, perdus",
            noms=(ident, *idents),
            perdues=tuple(perdues),
            plafonds=tuple((p.membres, p.cumule) for p in caps),
            toleres=tuple(tolerated),
        )

    def _before(self, ident: str) -> dict[str | None, Figure]:
        """Accounts before what the ceilings refuse: what was to be had, less whole dwellings."""
        there = sorted(
            {c for (r, _), c in self.preuve.cibles if r == ident}
            | {c for r, c in self.cellules.rows if r == ident}
        )
        cells: dict[str | None, list[Figure]] = {}
        for c in there:
            given = (
                self.cellules.figure(ident, c, "nb")
                if (ident, c) in self.cellules.rows
                else self.exacts.nothing(ident, self.cellules.named("logements", ident, c), c)
            )
            nom = f"solde de {self.noms.de(ident)} à {self.noms.a(c)}, avant plafonds"
            key = None if (ident, c) in self.preuve.comptes else c
            cells.setdefault(key, []).append(subtract(self.cellules.target(ident, c), given, nom=nom))
        return {
            k: add(*figures, nom=f"compte mutualisé de {self.noms.de(ident)}") if k is None else figures[0]
            for k, figures in cells.items()
        }
