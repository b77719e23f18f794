"""Why a share moves between two years: its causes let in one after the other, adding up exactly.

Each cause is what the dues become when it is let in, those before it being there. The order is fixed and
said: another order would share otherwise what two causes do together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.conversion.exact import total
from flux.conversion.projection.decalage import CAUSES, with_causes
from flux.conversion.quotas import Quotas
from flux.conversion.tables import holders
from flux.conversion.territoires import communes_of

#: All the causes, in the order in which they are let in. `calendrier`: a year of 366 days under `prorata`.
#: `plafond`: what ceilings and reductions take. `solde`, `arrondi`: they move the quota, not the share.
ORDRE = ("calendrier", *CAUSES, "plafond", "solde", "arrondi")
COLUMNS = ["annee", "id_reservataire", "cause", "effet_part", "effet_logements"]


@dataclass(frozen=True)
class Mesure:
    """A holder in one state: exact due, due before ceilings and reductions, flow of its territory."""

    du: Fraction
    brut: Fraction
    flux: Fraction

    @property
    def part(self) -> Fraction:
        """Share of the flow of its territory."""
        return self.du / self.flux if self.flux else Fraction(0)

    @property
    def part_brute(self) -> Fraction:
        """The same before ceilings and reductions."""
        return self.brut / self.flux if self.flux else Fraction(0)


Effet = tuple[Fraction, Fraction]
"""What a cause adds to the share of the flow, and to the quota in dwellings."""


def measure(quotas: Quotas) -> dict[str, Mesure]:
    """Every holder's exact due, before and after ceilings, and the flow of its territory."""
    feuilles, dus = quotas.preuve.feuilles, quotas.preuve.dus
    out: dict[str, Mesure] = {}
    for ident, _, kind, code in holders(quotas.dossier):
        home = [c for c in communes_of(quotas.dossier, kind, code) if c in feuilles.flux]
        flow = total([feuilles.flux[c].valeur for c in home])
        cells = [] if ident == BAILLEUR else list(dus.of(ident).values())
        gross = [
            total(cell.parts) * (cell.flux.valeur if cell.flux else Fraction(0)) + total(cell.added)
            for cell in cells
        ]
        out[ident] = Mesure(total([c.amount() for c in cells]), total(gross), flow)
    whole = feuilles.flux_total.valeur
    others = [m for i, m in out.items() if i != BAILLEUR]
    out[BAILLEUR] = Mesure(
        whole - total([m.du for m in others]), whole - total([m.brut for m in others]), out[BAILLEUR].flux
    )
    return out


def effects(before: Quotas, after: Quotas, happened: frozenset[str]) -> dict[str, dict[str, Effet]]:
    """id_reservataire -> cause -> what it adds; over the causes, exactly what share and quota move by.

    Parameters
    ----------
    happened : causes of which something happened between the two years: the others are not computed.
    """
    start, end = measure(before), measure(after)
    states = [("calendrier", measure(with_causes(before, after, frozenset())))]
    for n, cause in enumerate(CAUSES[:-1]):
        if cause in happened:
            states.append((cause, measure(with_causes(before, after, frozenset(CAUSES[: n + 1])))))
    states.append((CAUSES[-1], end))
    return {i: dict(_telescoped(i, before, after, start, states)) for i in start}


def _telescoped(
    ident: str,
    before: Quotas,
    after: Quotas,
    start: Mapping[str, Mesure],
    states: Sequence[tuple[str, Mapping[str, Mesure]]],
) -> Iterator[tuple[str, Effet]]:
    """The law changes ceilings as much as dues: it is measured on the due, what follows before ceilings."""
    last = start[ident]
    held = (last.part - last.part_brute, last.du - last.brut)
    for cause, measures in states:
        now = measures[ident]
        part, du = now.part_brute - last.part_brute, now.brut - last.brut
        if cause in ("calendrier", "loi"):
            part, du = now.part - last.part, now.du - last.du
            held = (now.part - now.part_brute, now.du - now.brut)
        yield cause, (part, du)
        last = now
    yield "plafond", (last.part - last.part_brute - held[0], last.du - last.brut - held[1])
    carried = [q.preuve.soldes.get(ident, Fraction(0)) for q in (before, after)]
    whole = [q.preuve.arrondi.nb[ident] for q in (before, after)]
    yield "solde", (Fraction(0), carried[1] - carried[0])
    moved = (whole[1] - carried[1] - last.du) - (whole[0] - carried[0] - start[ident].du)
    yield "arrondi", (Fraction(0), moved)


def causes_table(quotas: Sequence[Quotas], evenements: pd.DataFrame) -> pd.DataFrame:
    """`projection.causes`: a row a year, holder and cause that moves something."""
    rows = []
    for before, after in pairwise(quotas):
        for ident, by_cause in effects(before, after, happened(before, after, evenements)).items():
            rows += [
                (after.dossier.convention.annee, ident, cause, float(part), float(nb))
                for cause, (part, nb) in by_cause.items()
                if part or nb
            ]
    return pd.DataFrame(rows, columns=COLUMNS)


def happened(before: Quotas, after: Quotas, evenements: pd.DataFrame) -> frozenset[str]:
    """The causes of which something happened, from the events of both years."""
    years = [q.dossier.convention.annee for q in (before, after)]
    natures = set(evenements.loc[evenements["annee"] == years[1], "nature"])
    once = (evenements["nature"] == "droit_unique") & evenements["annee"].isin(years)
    delivered = after.dossier.livraisons["date_mise_service"].dt.year.isin(years)
    said = {
        "loi": bool(natures & {"loi", "derogation"}),
        "livraison": "livraison" in natures or delivered.any(),
        "droit_unique": once.any(),
    }
    return frozenset(c for c in CAUSES if said.get(c, c in natures))
