"""The 20 % of the guarantees under its two readings, side by side.

"ne peut représenter globalement plus de 20 % du flux annuel sur leur territoire" (CCH, art. R. 441-5-3):
how "globalement" nests, where a commune and its EPCI both guarantee, is not said. The convention follows one
reading (`garantie_imbriquee`); both are shown.
"""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from flux.conversion.cellules import TERRITOIRE
from flux.conversion.dus import Dus
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.plafonnement import guarantee_territories
from flux.dossier import Dossier
from flux.dossier.vocabulaire import GarantieImbriquee
from flux.loi import Regles
from flux.rendu import glossaire
from flux.rendu.nombres import decimal

COLUMNS = ["lecture", "retenue", "territoire_code", "id_reservataire", "avant", "plafond_exact", "apres"]


def guarantee_readings(dossier: Dossier, regles: Regles, feuilles: Feuilles, dus: Dus) -> pd.DataFrame:
    """`quotas.lectures_garantie`: what each reading leaves of the exact dues held against guarantees.

    Returns
    -------
    A row a reading × territory × guarantor of a territory: `avant`, its due there before the ceiling,
    `plafond_exact`, 20 % of the flow of the territory for all its guarantors in that reading (absent outside
    its own territory under `separee`), `apres`, what is left, all alike; `retenue`: the convention's reading.
    """
    gross = {
        (r, c): cell.parts.get(True, Fraction(0)) * (cell.flux.valeur if cell.flux else 0) + cell.added[True]
        for (r, c), cell in dus.cellules.items()
        if cell.etage == TERRITOIRE
    }
    gross = {key: value for key, value in gross.items() if value}
    cap = regles.part("part_max_garantie")
    rows: list[tuple[object, ...]] = []
    for lecture in GarantieImbriquee:
        read = dossier.with_choix(garantie_imbriquee=lecture)
        kept = lecture == dossier.convention.choix.garantie_imbriquee
        judged: set[tuple[str, str]] = set()
        for code, communes, holders in guarantee_territories(read, feuilles.communes):
            asked = {i: total([gross.get((i, c), Fraction(0)) for c in communes]) for i in holders}
            ceiling = cap * total([feuilles.flux[c].valeur for c in communes])
            judged |= {(i, c) for i in holders for c in communes}
            factor = min(Fraction(1), ceiling / total(asked)) if total(asked) else Fraction(1)
            rows += [
                (str(lecture), kept, code, i, float(v), float(ceiling), float(v * factor))
                for i, v in sorted(asked.items())
                if v
            ]
        rows += [
            (str(lecture), kept, c, i, float(v), None, float(v))
            for (i, c), v in sorted(gross.items())
            if (i, c) not in judged
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def readings_differ(table: pd.DataFrame) -> list[str]:
    """The sentence that gives both readings, where they do not leave the same to each guarantor."""
    after = table.pivot_table(index="id_reservataire", columns="lecture", values="apres", aggfunc="sum")
    if after.empty or ((after["somme"] - after["separee"]).abs() < 1e-9).all():
        return []
    kept = "somme" if table.loc[table["retenue"], "lecture"].eq("somme").any() else "separee"
    other = {"somme": "separee", "separee": "somme"}[kept]
    return [
        "Garanties d'une commune et de son EPCI (CCH, art. R. 441-5-3) : la lecture retenue "
        f"(garantie_imbriquee = {kept}) laisse {decimal(after[kept].sum())} logement(s) exacts aux garants, "
        f"l'autre ({glossaire.format('lecture', other)}) {decimal(after[other].sum())} ; "
        "voir le tableau des deux lectures."
    ]
