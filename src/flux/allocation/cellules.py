"""Whole dwellings of each holder in each segment, once they are whole by commune and QPV."""

from __future__ import annotations

import numpy as np

from flux.allocation.cadre import Cadre
from flux.allocation.lignes_entieres import above_exact
from flux.allocation.places import Lieux
from flux.allocation.seuils import LIMITE, TIE, gaps
from flux.noyau.arrondi import labels, names_of
from flux.noyau.solveur import Builder, Etape, Floats, Ints, generic_costs, solve
from flux.noyau.solveur.etapes import Avancement

QUALITIES = ("typologie", "financement", "periode")  # those that a place leaves open


def whole_cells(cadre: Cadre, cellules: Floats, lieux: Lieux, *,
                avancement: Avancement | None = None) -> Ints:
    """Whole dwellings on each row of `cadre.cellules`.

    Each segment gives out its own, each holder has its dwellings in each place: a network, so an answer
    always exists. In order: each holder's sum of each quality within one of the
    exact plan's, then its dwellings in each group, from which its publics are served; the least distance
    (L1) to the exact plan.

    Parameters
    ----------
    cellules : the exact plan on `cadre.cellules`, dwellings.
    lieux : whole dwellings of each holder by commune and QPV.
    """
    segment = cadre.cellules["segment"].to_numpy()
    ids = cadre.porteurs["id_reservataire"].to_numpy()[cadre.cellules["porteur"]]
    frame = cadre.segments[cadre.segment].iloc[segment].reset_index(drop=True).assign(id_reservataire=ids)
    names = names_of(frame, list(frame.columns))
    builder = Builder()
    z = builder.columns(names, upper=lieux.libres[segment], integer=True)
    given = builder.rows([f"segment|{k:06d}" for k in range(len(lieux.libres))], lieux.libres, lieux.libres)
    builder.entries(given[segment], z)
    held = builder.rows([f"lieu|{k:06d}" for k in range(len(lieux.nb))], lieux.nb, lieux.nb)
    builder.entries(held[lieux.place], z)
    quality = np.concatenate([
        _within_one(builder, nom, labels(frame[["id_reservataire", nom]])[0], z, cellules)
        for nom in QUALITIES if nom in frame])
    groups = _within_one(builder, "publics", cadre.cellules["part"].to_numpy(), z, cellules)
    # A holder's dwellings in a place are known: what is above the exact plan there says what is under it.
    near = above_exact(builder, "proche", names, z, cellules)
    etapes = [Etape("qualite", builder.costs((quality, 1.0))), Etape("publics", builder.costs((groups, 1.0))),
              Etape("proche", builder.costs(near, (z, TIE * generic_costs(names))))]
    values = solve(builder.build(), etapes, ensemble=2, limite=LIMITE, avancement=avancement).valeurs
    return np.asarray(np.rint(values[z]), np.int64)


def _within_one(builder: Builder, nom: str, label: Ints, z: Ints, exact: Floats) -> Ints:
    sums = np.round(np.bincount(label, exact), 6)
    return gaps(builder, nom, label, z, np.floor(sums), np.ceil(sums))
