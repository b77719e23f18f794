"""The linear programme of the plan: dwellings by block and holder, publics by group and holder.

z[bloc, porteur] gives the flow out, w[groupe, porteur, public] says to whom; the two meet in
Z[groupe, porteur], their common sum. Any such pair gives back a plan by segment, holder and public
(`exact_table`) that keeps every row, since no row looks at a segment and a public together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import PUBLIC, SEGMENT, Cadre
from flux.allocation.obligations import NIVEAUX, Obligation, Sens
from flux.noyau.solveur import Builder, Etape, generic_costs, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NANO = 1e9  # the exact plan is published to 9 decimals


@dataclass(frozen=True)
class Optimum:
    """The optimal plan, not yet rounded.

    cellules : dwellings on each row of `cadre.cellules`; publics : on each row of `cadre.publics`
    niveaux : dwellings missing at each stage; taille : variables, rows, coefficients
    """

    cellules: Floats
    publics: Floats
    niveaux: dict[str, float]
    taille: dict[str, int]


def optimise(cadre: Cadre, obligations: list[Obligation], melange: Floats) -> Optimum:
    """The plan that misses least, level after level, then the nearest to proportional, made unique.

    Parameters
    ----------
    obligations : the elastic rows.
    melange : reference share of each row of `cadre.publics` in its group × holder; sums to 1.

    Raises
    ------
    SolverError
        Whatever is not a proven optimum.
    """
    builder = Builder()
    z = builder.columns(_keys("z", cadre.blocs.loc[cadre.cellules["bloc"], ["commune", "qpv", "typologie"]],
                              _ids(cadre, cadre.cellules)))
    w = builder.columns(_keys("w", cadre.publics[["zone", "qpv", "typologie"]],
                              cadre.publics["id_reservataire"], cadre.publics[PUBLIC]))
    groups = cadre.groupes.loc[cadre.parts["groupe"]]
    together = builder.columns(_keys("Z", groups, _ids(cadre, cadre.parts)))
    flow = cadre.blocs["flux"].to_numpy()
    given_out = builder.rows(_keys("flux", cadre.blocs[["commune", "qpv", "typologie"]]), flow, flow)
    builder.entries(given_out[cadre.cellules["bloc"]], z)
    part = pd.MultiIndex.from_frame(cadre.parts).get_indexer(
        pd.MultiIndex.from_frame(cadre.cellules[["groupe", "porteur"]]))
    for name, columns, belongs in (("z", z, part), ("w", w, cadre.publics["part"].to_numpy())):
        meet = builder.rows(_keys(f"somme {name}", groups, _ids(cadre, cadre.parts)), 0.0, 0.0)
        builder.entries(meet[belongs], columns)
        builder.entries(meet, together, -1.0)

    short = _elastic(builder, obligations, w)
    far = [*_distance(builder, "z", z, cadre.cellules["reference"].to_numpy()),
           *_distance(builder, "w", w, np.zeros(len(w)), (together[cadre.publics["part"]], melange))]
    programme = builder.build()
    niveaux = np.array([o.niveau for o in obligations])
    etapes = [Etape("/".join(level), builder.costs((short[np.isin(niveaux, level)], 1.0)))
              for level in NIVEAUX]
    decided = np.concatenate([z, w])
    generic = generic_costs([programme.keys[j] for j in decided])
    etapes += [Etape("proportionnel", builder.costs(*far)),
               Etape("unicite", builder.costs((decided, generic)))]
    solution = solve(programme, etapes, ensemble=len(NIVEAUX))
    levels = {e.nom: v for e, v in zip(etapes, solution.niveaux, strict=True)}
    return Optimum(solution.valeurs[z], solution.valeurs[w], levels,
                   {**programme.taille, "segments": len(cadre.segments), "blocs": len(cadre.blocs),
                    "porteurs": len(cadre.porteurs)})


def _elastic(builder: Builder, obligations: list[Obligation], w: Ints) -> Ints:
    """One row and one column of shortfall an obligation; returns the columns."""
    short = builder.columns([f"manque|{o.cle}" for o in obligations])
    for obligation, column in zip(obligations, short, strict=True):
        side = -1.0 if obligation.sens is Sens.PLAFOND else 1.0
        known = side * (obligation.part * obligation.base_fixe - obligation.acquis)
        row = builder.rows([obligation.cle], known, known if obligation.sens is Sens.EGALITE else np.inf)[0]
        builder.entries(row, w[obligation.compte], side)
        builder.entries(row, w[obligation.assiette], -side * obligation.part)
        builder.entries(row, column)
    return short


def _distance(builder: Builder, name: str, columns: Ints, reference: Floats,
              moving: tuple[Ints, Floats] | None = None) -> list[tuple[Ints, Floats]]:
    """Costs of half the L1 distance to a reference, constant or a share of another column.

    The sums of the columns and of their references agree (the flow of a block, the dwellings of a
    group), so that what is above weighs as much as what is below: the excess alone is counted.
    """
    expects = reference > 0 if moving is None else moving[1] > 0
    inside, outside = np.flatnonzero(expects), columns[~expects]
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


def exact_table(cadre: Cadre, optimum: Optimum) -> pd.DataFrame:
    """`SEGMENT`, `id_reservataire`, `PUBLIC`, `nb_exact`, and the indices `segment, part, public`.

    x = z × (flow of the segment / flow of its block) × w / Z, to 9 decimals; in each segment what
    rounding leaves goes to the largest cell, so that the segment's own flow is given out.
    """
    cells = cadre.cellules.assign(z=optimum.cellules)
    cells = cells.merge(cadre.parts.assign(part=cadre.parts.index), on=["groupe", "porteur"])
    segments = cadre.segments.assign(
        segment=cadre.segments.index,
        ratio=cadre.segments["flux"] / cadre.blocs["flux"].to_numpy()[cadre.segments["bloc"]])
    publics = cadre.publics[["part", "id_reservataire", *PUBLIC]].assign(public=cadre.publics.index,
                                                                          share=shares(cadre, optimum))
    out = segments.merge(cells[["bloc", "part", "z"]].loc[cells["z"] > 0.5 / NANO], on="bloc")
    out = out.merge(publics.loc[publics["share"] > 0], on="part")
    units = np.rint(out["z"] * out["ratio"] * out["share"] * NANO).astype(np.int64)
    out = out.assign(units=units)
    left = np.rint(segments["flux"] * NANO).astype(np.int64) - out.groupby("segment")["units"].sum()
    largest = out.sort_values(["units", "segment", "public"], ascending=[False, True, True])
    largest = largest.drop_duplicates("segment")
    out.loc[largest.index, "units"] += left.loc[largest["segment"]].to_numpy()
    out = out.loc[out["units"] > 0].assign(nb_exact=lambda f: f["units"] / NANO)
    return out.sort_values(["segment", "public"], ignore_index=True)[
        [*SEGMENT, "id_reservataire", *PUBLIC, "nb_exact", "segment", "part", "public"]]


def shares(cadre: Cadre, optimum: Optimum) -> Floats:
    """Share of each row of `cadre.publics` in its group × holder; zero where nothing is given out."""
    values = np.where(optimum.publics > 0.5 / NANO, optimum.publics, 0.0)
    total = np.bincount(cadre.publics["part"], values, minlength=len(cadre.parts))[cadre.publics["part"]]
    return np.divide(values, total, out=np.zeros(len(values)), where=total > 0)
