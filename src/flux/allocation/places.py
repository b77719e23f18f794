"""Whole dwellings of each holder in each commune, in and outside QPV: all that rows on cells look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flux.allocation.cadre import Cadre
from flux.allocation.libres import PLACE, flow_rows
from flux.allocation.lignes_entieres import above_exact
from flux.allocation.obligations import NIVEAUX, Obligation, Support
from flux.allocation.seuils import LIMITE, TIE, gaps, level_stages, whole_rows
from flux.noyau.arrondi import labels, names_of
from flux.noyau.solveur import Builder, Etape, Floats, Ints, generic_costs, solve
from flux.noyau.solveur.etapes import Avancement

if TYPE_CHECKING:
    from flux.conversion import Quotas

HELD = ["id_reservataire", *PLACE]


@dataclass(frozen=True)
class Lieux:
    """Holders by place.

    place : the holder × place of each row of `cadre.cellules`; `nb` : its whole dwellings.
    libres : whole dwellings of each segment.
    """

    place: Ints
    nb: Ints
    libres: Ints


def whole_places(quotas: Quotas, cadre: Cadre, cellules: Floats, rows: Sequence[Obligation], *,
                 avancement: Avancement | None = None) -> Lieux:
    """Whole dwellings of each holder by commune and QPV.

    Each place gives out what its segments do (`libres`). In order: the obligations on dwellings, level by
    level; the quotas' whole numbers by EPCI, by commune, by QPV (the least sum of gaps); the least distance
    (L1) to the exact plan, segments and places together.

    Parameters
    ----------
    cellules : the exact plan on `cadre.cellules`, dwellings.
    rows : the obligations; those on other supports are left to the publics.
    """
    held = cadre.segments.loc[cadre.cellules["segment"], PLACE].reset_index(drop=True)
    held["id_reservataire"] = cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]]
    place, index = labels(held[HELD])
    frame = index.to_frame(index=False)
    exact = np.asarray(np.bincount(place, cellules, minlength=len(frame)), float)
    names = names_of(frame, HELD)

    builder = Builder()
    n = builder.columns(names, integer=True)
    segments = names_of(cadre.segments, cadre.segment)
    libres = builder.columns(segments, integer=True)
    flow_rows(builder, cadre, libres, cadre.segments.index)
    site = builder.rows(names_of(labels(frame[PLACE])[1].to_frame(), PLACE), 0.0, 0.0)
    builder.entries(site[labels(frame[PLACE])[0]], n)
    builder.entries(site[labels(cadre.segments[PLACE])[0]], libres, -1.0)
    cells = [replace(o, compte=_whole_places(place, o.compte)) for o in rows if o.support is Support.CELLULES]
    short = whole_rows(builder, cells, {Support.CELLULES: n})
    nested = {nom: quota_gaps(builder, nom, quotas, cadre, frame, n) for nom in ("epci", "commune", "qpv")}
    flux = cadre.segments["flux"].to_numpy(float)
    # As many dwellings as there are: what is above somewhere is missing elsewhere.
    near = [above_exact(builder, "proche", names, n, exact),
            above_exact(builder, "flux", segments, libres, flux)]
    tie = (np.concatenate([n, libres]), TIE * generic_costs([*names, *segments]))
    etapes = level_stages(builder, cells, short)
    etapes += [Etape(nom, builder.costs((gap, 1.0))) for nom, gap in nested.items()]
    etapes.append(Etape("proche", builder.costs(*near, tie)))
    values = solve(builder.build(), etapes, ensemble=len(NIVEAUX), limite=LIMITE,
                   avancement=avancement).valeurs
    nb, given_out = (np.asarray(np.rint(values[columns]), np.int64) for columns in (n, libres))
    return Lieux(place, nb, given_out)


def quota_gaps(builder: Builder, nom: str, quotas: Quotas, cadre: Cadre, held: pd.DataFrame,
               columns: Ints) -> Ints:
    """Columns of the gaps to the whole numbers of the quotas.

    Parameters
    ----------
    nom : whose sums are judged, of each holder: "epci", "commune", or "qpv" (by commune and QPV).
    held, columns : `HELD` and the column of whole dwellings of each row. Shapes (n,).
    """
    by = HELD if nom == "qpv" else ["id_reservataire", nom]
    epci = cadre.communes.set_index("commune")["epci"]
    wanted, held = (f.assign(epci=f["commune"].map(epci).fillna(f["commune"]))
                    for f in (wanted_places(quotas).reset_index(), held))
    label, index = labels(held[by])
    asked = wanted.groupby(by)["nb"].sum().reindex(index).fillna(0.0).to_numpy(float)
    return gaps(builder, nom, label, columns, asked, asked)


def wanted_places(quotas: Quotas) -> pd.Series:
    """The whole numbers of the quotas, by holder, commune and QPV."""
    table = quotas.communes
    long = [table[["id_reservataire", "commune"]].assign(qpv=qpv, nb=table[column].astype(float))
            for qpv, column in ((False, "nb_hors_qpv"), (True, "nb_qpv"))]
    return pd.concat(long, ignore_index=True).groupby(HELD)["nb"].sum()


def _whole_places(place: Ints, cells: Ints) -> Ints:
    """The holders × places that cells make; every cell of each must be there."""
    found = np.unique(place[cells])
    if len(cells) != np.isin(place, found).sum():
        raise ValueError("an obligation on cells looks inside a commune")
    return found

