"""Publics in whole dwellings, once each holder's dwellings are whole in each group.

One programme for all the obligations on publics, essential workers among them: their bases are then known,
so that each threshold is a whole number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux.allocation.cadre import PUBLIC, Cadre
from flux.allocation.lignes_entieres import above_exact
from flux.allocation.obligations import NIVEAUX, Obligation, Support
from flux.allocation.seuils import LIMITE, TIE, level_stages, whole_rows
from flux.noyau.arrondi import names_of
from flux.noyau.solveur import Builder, Etape, Floats, Ints, generic_costs, solve
from flux.noyau.solveur.etapes import Avancement


def whole_publics(cadre: Cadre, nb_part: Ints, share: Floats, rows: Sequence[Obligation], *,
                  avancement: Avancement | None = None) -> tuple[Ints, Ints]:
    """Whole dwellings of each row of `cadre.publics`, and those among them of essential workers.

    In order: the obligations on publics, level by level; the least distance (L1) to the exact shares; no more
    essential workers than is asked.

    Parameters
    ----------
    nb_part : whole dwellings of each group × holder (`cadre.parts`).
    share : share of each public in its group × holder, to stay near.
    rows : the obligations; those on dwellings are left to what gave `nb_part`.
    """
    asked = [o for o in rows if o.support in (Support.PUBLICS, Support.ESSENTIELS)]
    part = cadre.publics["part"].to_numpy()
    room = nb_part[part].astype(float)
    names = names_of(cadre.publics, [*cadre.groupe, "id_reservataire", *PUBLIC])
    builder = Builder()
    w = builder.columns([f"w|{n}" for n in names], upper=room, integer=True)
    given = builder.rows([f"part|{k:06d}" for k in range(len(nb_part))], nb_part, nb_part)
    builder.entries(given[part], w)
    essential = any(o.support is Support.ESSENTIELS for o in asked)
    e = builder.columns([f"e|{n}" for n in names] if essential else [], upper=room[:len(names) * essential],
                        integer=True)
    if essential:
        among = builder.rows([f"dont|{n}" for n in names], hi=0.0)
        builder.entries(among, e)
        builder.entries(among, w, -1.0)
    short = whole_rows(builder, asked, {Support.PUBLICS: w, Support.ESSENTIELS: e})
    # A part gives out as much as its exact shares do: what is above somewhere is missing elsewhere.
    near = above_exact(builder, "proche", names, w, room * share)
    etapes = level_stages(builder, asked, short)
    etapes.append(Etape("proche", builder.costs(near, (w, TIE * generic_costs(names)))))
    if essential:
        etapes.append(Etape("essentiels", builder.costs((e, 1.0 + TIE * generic_costs(names)))))
    values = np.rint(solve(builder.build(), etapes, ensemble=len(NIVEAUX), limite=LIMITE,
                           avancement=avancement).valeurs).astype(np.int64)
    return values[w], values[e] if essential else np.zeros(len(w), np.int64)
