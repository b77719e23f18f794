"""Whole dwellings of each holder in each commune, in and outside QPV: all that rows on cells look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flux.allocation.cadre import Cadre
from flux.allocation.obligations import NIVEAUX, Obligation, Support
from flux.allocation.seuils import LIMITE, TIE, gaps, level_stages, whole_rows
from flux.noyau.arrondi import labels, names_of, snap
from flux.noyau.solveur import Builder, Etape, Floats, Ints, generic_costs, solve
from flux.noyau.solveur.etapes import Avancement

if TYPE_CHECKING:
    from flux.conversion import Quotas

PLACE = ["commune", "qpv"]
HELD = ["id_reservataire", *PLACE]


@dataclass(frozen=True)
class Lieux:
    """Holders by place.

    place : the holder × place of each row of `cadre.cellules`; `nb` : its whole dwellings.
    """

    place: Ints
    nb: Ints


def whole_places(quotas: Quotas, cadre: Cadre, cellules: Floats, rows: Sequence[Obligation], *,
                 avancement: Avancement | None = None) -> Lieux:
    """Whole dwellings of each holder by commune and QPV.

    Each place has a number of dwellings that the floors and ceilings of its segments can make, and all
    places together the year's flow. In order: the obligations on dwellings, level by level; the quotas' whole
    numbers by EPCI, by commune, by QPV (the least sum of gaps); the least distance (L1) to the exact plan.

    Parameters
    ----------
    cellules : the exact plan on `cadre.cellules`, dwellings.
    rows : the obligations; those on other supports are left to the publics.
    """
    segments = cadre.segments.assign(low=np.floor(snap(cadre.segments["flux"].to_numpy(float))),
                                     high=np.ceil(snap(cadre.segments["flux"].to_numpy(float))))
    held = segments.loc[cadre.cellules["segment"], [*PLACE, "high"]].reset_index(drop=True)
    held["id_reservataire"] = cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]]
    place, index = labels(held[HELD])
    frame = index.to_frame(index=False)
    exact = np.asarray(np.bincount(place, cellules, minlength=len(frame)), float)
    names = names_of(frame, HELD)

    builder = Builder()
    n = builder.columns(names, integer=True, upper=np.bincount(place, held["high"], minlength=len(frame)))
    here, sites = labels(frame[PLACE])
    bounds = segments.groupby(PLACE)[["low", "high"]].sum().reindex(sites)
    site = builder.rows([f"lieu {k:06d}" for k in range(len(sites))], bounds["low"], bounds["high"])
    builder.entries(site[here], n)
    total = float(cadre.porteurs["quota"].sum())
    builder.entries(builder.rows(["ensemble"], total, total)[0], n)
    cells = [replace(o, compte=_whole_places(place, o.compte)) for o in rows if o.support is Support.CELLULES]
    short = whole_rows(builder, cells, {Support.CELLULES: n})
    wanted = wanted_places(quotas).reindex(index).fillna(0.0).to_numpy(float)
    epci = cadre.communes.set_index("commune")["epci"]
    frame["epci"] = frame["commune"].map(epci).fillna(frame["commune"])
    nested = []
    for nom, by in (("epci", ["id_reservataire", "epci"]), ("commune", ["id_reservataire", "commune"]),
                    ("qpv", HELD)):
        label, _ = labels(frame[by])
        asked = np.asarray(np.bincount(label, wanted), float)
        nested.append((nom, gaps(builder, nom, label, n, asked, asked)))
    near = gaps(builder, "proche", np.arange(len(n)), n, exact, exact)
    etapes = level_stages(builder, cells, short)
    etapes += [Etape(nom, builder.costs((gap, 1.0))) for nom, gap in nested]
    etapes.append(Etape("proche", builder.costs((near, 1.0), (n, TIE * generic_costs(names)))))
    values = solve(builder.build(), etapes, ensemble=len(NIVEAUX), limite=LIMITE,
                   avancement=avancement).valeurs
    return Lieux(place, np.asarray(np.rint(values[n]), np.int64))


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

