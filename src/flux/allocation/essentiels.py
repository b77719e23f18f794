"""Essential workers in whole dwellings, once the whole plan is known: who among each public may be one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux.allocation.cadre import PUBLIC, Cadre
from flux.allocation.obligations import NIVEAUX, Obligation, Sens, Support
from flux.noyau.arrondi import names_of
from flux.noyau.solveur import Builder, Etape, Floats, generic_costs, solve


def whole_essentials(cadre: Cadre, rows: Sequence[Obligation], publics: Floats) -> Floats:
    """Whole dwellings to essential workers on each row of `cadre.publics`, no more than `publics`.

    The objectives of each level come before those of the next; the applicants that there are bound them.
    """
    asked = [o for o in rows if o.support is Support.ESSENTIELS]
    if not asked:
        return np.zeros(len(publics))
    names = names_of(cadre.publics, [*cadre.groupe, "id_reservataire", *PUBLIC])
    builder = Builder()
    columns = builder.columns(names, upper=publics, integer=True)
    short = builder.columns([f"manque|{o.cle}" for o in asked])
    for obligation, column in zip(asked, short, strict=True):
        side = -1.0 if obligation.sens is Sens.PLAFOND else 1.0
        threshold = obligation.part * (obligation.base_fixe + publics[obligation.assiette].sum())
        row = builder.rows([obligation.cle], lo=side * (threshold - obligation.acquis))
        builder.entries(row[0], columns[obligation.compte], side * np.asarray(obligation.poids))
        builder.entries(row[0], column)
    niveaux = np.array([o.niveau for o in asked])
    etapes = [Etape("/".join(level), builder.costs((short[np.isin(niveaux, level)], 1.0)))
              for level in NIVEAUX]
    etapes += [Etape("au plus juste", builder.costs((columns, 1.0))),
               Etape("unicite", builder.costs((columns, generic_costs(names))))]
    return np.asarray(np.rint(solve(builder.build(), etapes).valeurs[columns]), np.float64)
