"""The 20 % of the guarantees in whole dwellings: where it is judged, and whom it binds.

"ne peut représenter globalement plus de 20 % du flux annuel sur leur territoire" (CCH, art. R. 441-5-3).
Under `garantie_imbriquee = "somme"` every guarantor of a commune counts on that commune's flow, the EPCI
with the commune, a commune that holds rights elsewhere with those who hold some there. A holder that holds
guarantees in several communes is bound by the sum of their ceilings, with all those who hold none
elsewhere; two such holders who share a commune, together by the sum over the communes of both: this is what
lets the matrix by commune keep every ceiling. Where an EPCI pools its accounts,
the communes of the pool are one place: all guarantors together on the flow of the pool, and each commune's
own guarantors on its flow. Under `separee`, each guarantor is bound on its own territory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from flux.conversion.arrondi import Plafond
from flux.conversion.comptes import Ouverture
from flux.conversion.dus import Dus
from flux.conversion.exact import half_up, total
from flux.conversion.feuilles import Feuilles
from flux.conversion.matrice import Limites
from flux.conversion.plafonnement import guarantee_territories
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.rendu.nombres import entier

UNIONS = 200
"""Most unions of communes that cross: their number can double with each holder; past it, it is said."""


@dataclass(frozen=True)
class Garanties:
    """The ceilings of the guarantees, the narrowest groups first.

    plafonnees : (holder, commune) whose guarantees a ceiling looks at
    retenues : holder of other rights, or of guarantees in several communes -> what its guarantees pass a
        ceiling by: kept out of its rounding, so that nothing else carries it
    perdues : the part of the retenues that leaves the account (`annuel`)
    lieux : (holder, commune) -> the place where the matrix bounds what it holds (`somme` only)
    par_lieu : place -> whole dwellings that those who are bound there may receive
    ensemble : place of a pool -> those bound in its communes, who take their part of it first
    avertissements : French sentences
    """

    plafonds: tuple[Plafond, ...]
    plafonnees: frozenset[tuple[str, str]]
    retenues: dict[str, Fraction]
    perdues: dict[str, Fraction]
    lieux: dict[tuple[str, str], str] = field(default_factory=dict)
    par_lieu: dict[str, int] = field(default_factory=dict)
    ensemble: dict[str, tuple[str, ...]] = field(default_factory=dict)
    avertissements: tuple[str, ...] = ()

    def split(self, dus: Dus, quotas: Mapping[str, int]) -> dict[tuple[str, bool], int]:
        """Whole quotas in two: held in return for guarantees, within their ceilings, and the rest.

        Holders of guarantees only come first: all they receive is charged to them.
        """
        parts = {i: self._parts(dus, i) for i in quotas}
        out: dict[tuple[str, bool], int] = {}
        left = [p.nb for p in self.plafonds]
        for ident in sorted(quotas, key=lambda i: (parts[i][1] > 0, i)):
            guaranteed, other = parts[ident]
            nb, bound = quotas[ident], [k for k, p in enumerate(self.plafonds) if ident in p.membres]
            held = 0
            if guaranteed > 0:
                held = nb
                if other:
                    held = max(half_up(nb * guaranteed / (guaranteed + other)), nb - ceil(other))
                    held = min(held, nb, *(left[k] for k in bound))
            for k in bound:
                left[k] -= held
            out[ident, True], out[ident, False] = held, nb - held
        return out

    def limits(self, quotas: Mapping[tuple[str, bool], int]) -> Limites:
        """The ceilings as the matrix must keep them, once the quotas are whole."""
        taken = {place: sum(quotas.get((i, True), 0) for i in who) for place, who in self.ensemble.items()}
        return Limites(self.lieux, {p: max(0, nb - taken.get(p, 0)) for p, nb in self.par_lieu.items()})

    def _parts(self, dus: Dus, ident: str) -> tuple[Fraction, Fraction]:
        """Exact dues that the guarantees carry, within their ceilings, and the others."""
        cells = dus.of(ident)
        whole = total([cell.amount() for cell in cells.values()])
        held = total([x.amount(garantie=True) for c, x in cells.items() if (ident, c) in self.plafonnees])
        return held - self.retenues.get(ident, Fraction(0)), whole - held


def guarantee_ceilings(
    dossier: Dossier,
    regles: Regles,
    feuilles: Feuilles,
    dus: Dus,
    ouverture: Ouverture,
    comptes: Mapping[tuple[str, str], str],
) -> Garanties:
    """Whole ceilings of the year, and what they keep out of the rounding.

    Parameters
    ----------
    comptes : the cells whose account is pooled, with the territory of the pool.
    """
    judge = _Judge(dossier, regles, feuilles, dus, ouverture)
    if dossier.convention.choix.garantie_imbriquee == "separee":
        return _each_alone(dossier, feuilles, judge)
    pools = {code: {c for (r, c), k in comptes.items() if k == code and (r, c) in judge.held}
             for code in sorted(set(comptes.values()))}
    place_of = {c: _pool(code) for code, communes in pools.items() for c in communes}
    poolers = {r for r, _ in comptes}
    where: dict[str, frozenset[str]] = {}
    for ident, commune in judge.held:
        where[ident] = where.get(ident, frozenset()) | {place_of.get(commune, commune)}
    communes_at: dict[str, list[str]] = {}
    for c in sorted({c for _, c in judge.held}):
        communes_at.setdefault(place_of.get(c, c), []).append(c)
    local = {
        place: judge.ceiling(place, tuple(cs), tuple(sorted(i for i, p in where.items() if p == {place})))
        for place, cs in communes_at.items()
    }
    own = {
        c: judge.ceiling(c, (c,), members, sauf=poolers)
        for c in sorted(place_of)
        if (members := tuple(sorted(i for i, k in judge.held if k == c and i not in poolers)))
    }
    neighbourhoods, left_out = judge.neighbourhoods(where)
    wide = [
        judge.together(
            code,
            [local[c] for c in sorted(places)],
            tuple(sorted(i for i, p in where.items() if p <= places)),
        )
        for code, places in neighbourhoods
    ]
    retenues: dict[str, Fraction] = {}
    perdues: dict[str, Fraction] = {}
    for (ident, commune), amount in judge.held.items():
        bounds = [local[place_of.get(commune, commune)]]
        if commune in own and ident not in poolers:
            bounds.append(own[commune])
        plafond = min(bounds, key=lambda p: Fraction(p.nb) / p.exact)
        over = amount * max(Fraction(0), 1 - Fraction(plafond.nb) / plafond.exact)
        if over and (len(where[ident]) > 1 or judge.others(ident)):
            retenues[ident] = retenues.get(ident, Fraction(0)) + over
            if not plafond.cumule:
                perdues[ident] = perdues.get(ident, Fraction(0)) + over
    return Garanties(
        (*own.values(), *local.values(), *wide),
        frozenset(judge.held),
        retenues,
        perdues,
        {(r, c): c if c not in place_of or r not in poolers else place_of[c] for r, c in judge.held},
        {place: p.nb for place, p in {**local, **own}.items()},
        {
            place: tuple(sorted({i for i, c in judge.held if c in cs and i not in poolers}))
            for place, cs in communes_at.items()
            if place not in cs
        },
        (_unions_left_out(left_out),) if left_out else (),
    )


def _pool(code: str) -> str:
    """The name of the small communes of an EPCI, beside its whole territory."""
    return f"{code} (communes mutualisées)"


def _unions_left_out(nb: int) -> str:
    """What cannot be promised, and where the reader sees whether it was kept."""
    return (
        f"Réunions de communes sans plafond commun, au-delà des {entier(UNIONS)} premières : au moins "
        f"{entier(nb)}. Les garants s'y croisent trop pour les examiner toutes : le plafond des garanties "
        "peut y être dépassé ; comparer nombre et plafond, par commune, au tableau des plafonds."
    )


def _each_alone(dossier: Dossier, feuilles: Feuilles, judge: _Judge) -> Garanties:
    """Each guarantor on its own territory (`separee`)."""
    alone = {
        ident: judge.ceiling(code, tuple(home), (ident,), home_of=ident)
        for code, home, [ident] in guarantee_territories(dossier, feuilles.communes)
        if any((ident, c) in judge.held for c in home)
    }
    over = {i: p.exact - p.nb for i, p in alone.items() if p.tolere[i] and p.exact > p.nb}
    return Garanties(
        tuple(alone.values()),
        frozenset((i, c) for i, c in judge.held if c in judge.homes[i]),
        over,
        {i: v for i, v in over.items() if not alone[i].cumule},
    )


class _Judge:
    """The dues held in return for guarantees, and how a ceiling on them is made."""

    def __init__(
        self, dossier: Dossier, regles: Regles, feuilles: Feuilles, dus: Dus, ouverture: Ouverture
    ) -> None:
        self.annual = dossier.convention.choix.plafond_apprecie == "annuel"
        self.part, self.feuilles, self.dus = regles.figure("part_max_garantie"), feuilles, dus
        table = dossier.reservataires
        table = table.loc[table["categorie"].isin(list(dossier.convention.choix.porteurs_garantie))]
        columns = (table[x] for x in ("id_reservataire", "territoire_type", "territoire_code"))
        holders = [(str(i), str(kind), str(code)) for i, kind, code in zip(*columns, strict=True)]
        self.codes = {i: code for i, _, code in holders}
        self.homes = {i: communes_of(dossier, kind, code) for i, kind, code in holders}
        self.held = {
            (r, c): cell.amount(garantie=True)
            for (r, c), cell in sorted(dus.cellules.items())
            if r in self.homes and cell.amount(garantie=True)
        }
        self.ouverture = ouverture

    def ceiling(
        self,
        code: str,
        communes: tuple[str, ...],
        members: tuple[str, ...],
        *,
        home_of: str | None = None,
        sauf: Collection[str] = (),
    ) -> Plafond:
        """The ceiling of a territory: its own flow, its own account, without the holders `sauf`."""
        everyone = sorted({r for r, c in self.held if c in communes and r not in sauf})
        porteurs = (home_of,) if home_of else tuple(everyone)
        flows = [self.feuilles.flux[c].valeur for c in communes]
        flow = total(flows)
        # A pool is judged as its smallest commune, which a ceiling of each year would leave with nothing.
        judged = flow if home_of else min(flows)
        plafond = Plafond(
            groupe="garantie",
            territoire_code=code,
            membres=members,
            part=self.part,
            flux=flow,
            exact=total([v for (r, c), v in self.held.items() if r in porteurs and c in communes]),
            cumule=False,
            tolere={i: ceil(self.others(i, communes if home_of else None)) for i in members},
            communes=communes,
            porteurs=porteurs,
        )
        return (
            plafond
            if self.annual and self.part.valeur * judged >= 1
            else self.since_opening(plafond, home_of, sauf)
        )

    def since_opening(self, plafond: Plafond, only: str | None, sauf: Collection[str]) -> Plafond:
        """The same ceiling on all the flow since the account opened, less the dwellings already given.

        A balance without commune is read for its holder's whole territory: it counts where that is the
        territory judged.
        """
        flows: dict[str, Fraction] = {}
        nb = 0
        for (r, c), flow in self.ouverture.flux_cumule.items():
            home = self.homes.get(r, [])
            places = set(home) if c is None else {c}
            if home and places <= set(plafond.communes) and only in (None, r) and r not in sauf:
                place = c or plafond.territoire_code
                flows[place] = max(flows.get(place, flow), flow)
                nb += self.ouverture.nb_garantie_cumule.get((r, c), 0)
        return plafond.with_account(total(flows), nb)

    def together(self, code: str, parts: list[Plafond], members: tuple[str, ...]) -> Plafond:
        """The ceiling of holders of several communes: the sum of the ceilings there."""
        return Plafond(
            groupe="garantie",
            territoire_code=code,
            membres=members,
            part=self.part,
            flux=total([p.flux for p in parts]),
            exact=total([p.exact for p in parts]),
            cumule=any(p.cumule for p in parts),
            nb_ouverture=sum(p.nb_ouverture for p in parts),
            tolere={i: ceil(self.others(i)) for i in members},
            communes=tuple(c for p in parts for c in p.communes),
            porteurs=tuple(sorted({r for p in parts for r in p.porteurs})),
            parties=tuple(parts),
        )

    def others(self, ident: str, home: tuple[str, ...] | None = None) -> Fraction:
        """Dwellings due without guarantee (and with one outside `home`, where the ceiling does not look)."""
        return total(
            [
                cell.amount(garantie=False) if home is None or c in home else cell.amount()
                for c, cell in self.dus.of(ident).items()
            ]
        )

    def neighbourhoods(
        self, where: Mapping[str, frozenset[str]]
    ) -> tuple[list[tuple[str, frozenset[str]]], int]:
        """The sets of several communes in which somebody holds guarantees, the smallest first.

        And the unions of those that cross: 2 dwellings over communes a and b, and 2 over b and c, can each
        keep their ceiling where all three communes hold but 3 (Hall's condition). Beside them, how many
        unions of one set more are left out: those that would grow from these are not counted.
        """
        sets: dict[frozenset[str], str] = {}
        for ident, places in sorted(where.items()):
            if len(places) > 1:
                code = self.codes[ident]
                sets.setdefault(places, "+".join(sorted(places)) if code in self.feuilles.flux else code)
        held, found, left_out = dict(sets), list(sets), set[frozenset[str]]()
        for places in found:
            for other, code in held.items():
                both = places | other
                if both in sets or places.isdisjoint(other):
                    continue
                if len(sets) == len(held) + UNIONS:
                    left_out.add(both)
                    continue
                sets[both] = "+".join(sorted({*sets[places].split("+"), *code.split("+")}))
                found.append(both)
        named = sorted(((code, places) for places, code in sets.items()), key=lambda x: (len(x[1]), x[0]))
        return named, len(left_out)
