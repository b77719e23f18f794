"""The linear programme of the plan: dwellings by segment and holder, publics by group and holder.

z[segment, porteur] gives the flow out, w[groupe, porteur, public] says to whom; the two meet in
Z[groupe, porteur], their common sum. Any such pair gives back a plan by segment, holder and public
(`exact_table`) that keeps every row, since no row looks at a segment and a public together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from flux.allocation.cadre import PUBLIC, Cadre
from flux.allocation.equite import Equite
from flux.allocation.obligations import NIVEAUX, Obligation, Repartition, Sens, Support
from flux.noyau.solveur import Builder, Etape, Floats, Ints, Programme, generic_costs

NANO = 1e9  # the exact plan is published to 9 decimals
EQUITE_PIRE, EQUITE, PROPORTIONNEL, UNICITE = "equite_pire", "equite", "proportionnel", "unicite"


@dataclass(frozen=True, eq=False)
class Modele:
    """The programme, and where its parts are.

    Attributes
    ----------
    programme, etapes : what is solved; the first `len(NIVEAUX)` stages are the levels of the obligations.
    obligations, lignes, manques : each obligation, its row and its column of shortfall. Shapes (n,).
    equites : the attributes of each holder.
    flux : row of the flow of each segment.
    cellules, publics, essentiels : columns of the plan, aligned on the frames of `cadre`; `essentiels` may
        be empty.
    """

    cadre: Cadre
    programme: Programme
    etapes: tuple[Etape, ...]
    obligations: tuple[Obligation, ...]
    equites: tuple[Equite, ...]
    lignes: Ints
    manques: Ints
    cellules: Ints
    publics: Ints
    essentiels: Ints
    flux: Ints

    def repartition(self, values: Floats) -> Repartition:
        """The plan that values of the columns make."""
        publics = values[self.publics]
        essentiels = values[self.essentiels] if len(self.essentiels) else np.zeros(len(publics))
        return self.of(values[self.cellules], publics, essentiels)

    def of(self, cellules: Floats, publics: Floats, essentiels: Floats) -> Repartition:
        """The plan of these counts, exact or whole."""
        return Repartition(cellules=cellules, publics=publics, essentiels=essentiels,
                           ecarts=np.array([e.ecart(cellules) for e in self.equites], float))

    def raised(self, place: int, by: float) -> Modele:
        """The same with the threshold of one obligation higher (lower, for a ceiling) by `by` dwellings."""
        programme, row = self.programme, self.lignes[place]
        lo, hi = programme.lo.copy(), programme.hi.copy()
        lo[row] += by
        hi[row] += by
        return replace(self, programme=replace(programme, lo=lo, hi=hi))


def formulate(cadre: Cadre, obligations: Sequence[Obligation], equites: Sequence[Equite],
              melange: Floats) -> Modele:
    """Write the programme of a plan that misses least, level after level, then is the fairest.

    Parameters
    ----------
    obligations : the elastic rows.
    equites : attributes whose distance to the reference is shortened, the worst served first.
    melange : reference share of each row of `cadre.publics` in its group × holder; sums to 1.
    """
    builder = Builder()
    segments = cadre.segments[cadre.segment]
    z = builder.columns(_keys("z", segments.loc[cadre.cellules["segment"]], _ids(cadre, cadre.cellules)))
    w = builder.columns(_keys("w", cadre.publics[cadre.groupe], _ids(cadre, cadre.publics),
                              cadre.publics[PUBLIC]))
    groups = cadre.groupes.loc[cadre.parts["groupe"]]
    together = builder.columns(_keys("Z", groups, _ids(cadre, cadre.parts)))
    flow = cadre.segments["flux"].to_numpy(float)
    given_out = builder.rows(_keys("flux", segments), flow, flow)
    builder.entries(given_out[cadre.cellules["segment"]], z)
    for name, columns, belongs in (("z", z, cadre.cellules["part"]), ("w", w, cadre.publics["part"])):
        meet = builder.rows(_keys(f"somme {name}", groups, _ids(cadre, cadre.parts)), 0.0, 0.0)
        builder.entries(meet[belongs.to_numpy()], columns)
        builder.entries(meet, together, -1.0)
    e = _essential(builder, cadre, obligations, w)
    worst, gaps = _equity(builder, cadre, equites, z)
    columns_of = {Support.CELLULES: z, Support.PUBLICS: w, Support.ESSENTIELS: e, Support.ECARTS: gaps}
    rows, short = _elastic(builder, obligations, columns_of)
    far = [*_distance(builder, "z", z, cadre.cellules["reference"].to_numpy(float)),
           *_distance(builder, "w", w, np.zeros(len(w)), (together[cadre.publics["part"]], melange))]
    programme = builder.build()
    niveaux = np.array([o.niveau for o in obligations])
    decided = np.concatenate([z, w, e])
    etapes = [Etape("/".join(level), builder.costs((short[np.isin(niveaux, level)], 1.0)))
              for level in NIVEAUX]
    etapes += [Etape(EQUITE_PIRE, builder.costs((worst, 1.0))), Etape(EQUITE, builder.costs((gaps, 1.0))),
               Etape(PROPORTIONNEL, builder.costs(*far)),
               Etape(UNICITE, builder.costs((decided, generic_costs([programme.keys[j] for j in decided]))),
                     proche=True)]
    return Modele(cadre, programme, tuple(etapes), tuple(obligations), tuple(equites), rows, short, z, w, e,
                  given_out)


def _essential(builder: Builder, cadre: Cadre, obligations: Sequence[Obligation], w: Ints) -> Ints:
    """Among each public, the essential workers, where an objective or their demand asks for them."""
    if not any(o.support is Support.ESSENTIELS for o in obligations):
        return np.zeros(0, np.int64)
    names = cadre.publics[[*cadre.groupe, "id_reservataire", *PUBLIC]]
    columns = builder.columns(_keys("e", names))
    among = builder.rows(_keys("dont essentiels", names), hi=0.0)
    builder.entries(among, columns)
    builder.entries(among, w, -1.0)
    return columns


def _elastic(builder: Builder, obligations: Sequence[Obligation],
             columns_of: dict[Support, Ints]) -> tuple[Ints, Ints]:
    """One row and one column of shortfall an obligation; returns both."""
    short = builder.columns([f"manque|{o.cle}" for o in obligations])
    rows = np.zeros(len(obligations), np.int64)
    for i, (obligation, column) in enumerate(zip(obligations, short, strict=True)):
        side = -1.0 if obligation.sens is Sens.PLAFOND else 1.0
        known = side * (obligation.part * obligation.base_fixe - obligation.acquis)
        rows[i] = builder.rows([obligation.cle], known,
                               known if obligation.sens is Sens.EGALITE else np.inf)[0]
        counted = columns_of[obligation.support]
        base = columns_of[Support.PUBLICS] if obligation.support is Support.ESSENTIELS else counted
        builder.entries(rows[i], counted[obligation.compte], side * np.asarray(obligation.poids))
        builder.entries(rows[i], base[obligation.assiette], -side * obligation.part)
        builder.entries(rows[i], column)
    return rows, short


def _equity(builder: Builder, cadre: Cadre, equites: Sequence[Equite], z: Ints) -> tuple[Ints, Ints]:
    """The worst share to be exchanged among all, and the dwellings to be exchanged of each attribute.

    The dwellings above their reference are as many as those under it: one side is enough.
    """
    ids = cadre.porteurs["id_reservataire"].to_numpy()
    worst = builder.columns(["equite_pire"])
    held = builder.columns([f"recu|{i}" for i in ids])
    received = builder.rows([f"recu|{i}" for i in ids], 0.0, 0.0)
    builder.entries(received[cadre.cellules["porteur"]], z)
    builder.entries(received, held, -1.0)
    sums = []
    for e in equites:
        name, nb = f"{e.attribut}|{ids[e.porteur]}", len(e.noms)
        above = builder.columns([f"au-dessus|{name}|{v}" for v in e.noms])
        total = builder.columns([f"equite|{name}"])
        rows = builder.rows([f"equite|{name}|{v}" for v in e.noms], hi=0.0)
        builder.entries(rows[e.valeur], z[e.cellules])
        builder.entries(rows, np.full(nb, held[e.porteur]), -e.reference)
        builder.entries(rows, above, -1.0)
        summed = builder.rows([f"equite|{name}"], 0.0, 0.0)
        builder.entries(summed[0], above)
        builder.entries(summed, total, -1.0)
        within = builder.rows([f"equite_pire|{name}"], hi=0.0)
        builder.entries(within, total)
        builder.entries(within, worst, -float(cadre.porteurs["quota"].iloc[e.porteur] or 1))
        sums.append(total)
    return worst, np.concatenate([np.zeros(0, np.int64), *sums])


def _distance(builder: Builder, name: str, columns: Ints, reference: Floats,
              moving: tuple[Ints, Floats] | None = None) -> list[tuple[Ints, Floats]]:
    """Costs of Σ |x - reference - share × moving|, in columns of what is above the reference.

    The sums of the columns and of their references agree (the flow of a segment, the dwellings of a
    part): what is above somewhere is missing elsewhere, so that one side is enough.
    """
    shares = moving[1] if moving is not None else reference
    inside, outside = np.flatnonzero(shares > 0), columns[shares <= 0]
    above = builder.columns([f"{name}+{i:07d}" for i in inside])
    row = builder.rows([f"{name}+{i:07d}" for i in inside], hi=reference[inside])
    builder.entries(row, columns[inside])
    builder.entries(row, above, -1.0)
    if moving is not None:
        builder.entries(row, moving[0][inside], -moving[1][inside])
    return [(above, np.ones(len(above))), (outside, np.ones(len(outside)))]


def _ids(cadre: Cadre, frame: pd.DataFrame) -> pd.Series:
    return cadre.porteurs["id_reservataire"].iloc[frame["porteur"]]


def _keys(kind: str, *frames: pd.DataFrame | pd.Series) -> list[str]:
    """Canonical names, made of what the rows are and never of where they stand."""
    lists = [f[c].astype(str).tolist() for f in (pd.DataFrame(g) for g in frames) for c in f.columns]
    return ["|".join((kind, *words)) for words in zip(*lists, strict=True)]


def exact_table(cadre: Cadre, plan: Repartition) -> pd.DataFrame:
    """Columns of the segment, `id_reservataire`, `PUBLIC`, `nb_exact`, and `segment, part, public` (indices).

    x = z × w / Z, to 9 decimals; in each segment what rounding leaves goes to the largest cell, so that
    the segment's own flow is given out.
    """
    cells = cadre.cellules[["segment", "part"]].assign(z=plan.cellules)
    publics = cadre.publics[["part", "id_reservataire", *PUBLIC]].assign(public=cadre.publics.index,
                                                                          share=shares(cadre, plan))
    segments = cadre.segments[cadre.segment].assign(segment=cadre.segments.index)
    out = segments.merge(cells.loc[cells["z"] > 0.5 / NANO], on="segment")
    out = out.merge(publics.loc[publics["share"] > 0], on="part")
    units = np.rint(out["z"] * out["share"] * NANO).astype(np.int64)
    out = out.assign(units=units)
    left = np.rint(cadre.segments["flux"] * NANO).astype(np.int64) - out.groupby("segment")["units"].sum()
    largest = out.sort_values(["units", "segment", "public"], ascending=[False, True, True])
    largest = largest.drop_duplicates("segment")
    out.loc[largest.index, "units"] += left.loc[largest["segment"]].to_numpy()
    out = out.loc[out["units"] > 0].assign(nb_exact=lambda f: f["units"] / NANO)
    return out.sort_values(["segment", "public"], ignore_index=True)[
        [*cadre.segment, "id_reservataire", *PUBLIC, "nb_exact", "segment", "part", "public"]]


def shares(cadre: Cadre, plan: Repartition) -> Floats:
    """Share of each row of `cadre.publics` in its group × holder; zero where nothing is given out."""
    values = np.where(plan.publics > 0.5 / NANO, plan.publics, 0.0)
    total = np.bincount(cadre.publics["part"], values, minlength=len(cadre.parts))[cadre.publics["part"]]
    return np.divide(values, total, out=np.zeros(len(values)), where=total > 0)
