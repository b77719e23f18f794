"""The tables that show how the quotas were made, for whoever recomputes or goes on from them."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from flux.conversion.arrondi import apportion
from flux.conversion.cellules import (
    AGENTS,
    BAILLEUR,
    DEPASSEMENT,
    ETAT_MAX,
    GARANTIE,
    RESTE_DEPASSE,
    Cellule,
)
from flux.conversion.droits import Droits
from flux.conversion.dus import Dus
from flux.conversion.exact import total
from flux.conversion.flux import Flux
from flux.conversion.tables import holders
from flux.dossier import Dossier


def dues_table(dossier: Dossier, dus: Dus) -> pd.DataFrame:
    """How each exact due was made, so that anyone can make it again.

    exact = [(part_garantie × flux + ajouts_garantie) × coef_garantie + part_autre × flux + ajouts_autre]
    × coef_agents × coef_etat × coef_reduction (holders of a territory, State);
    holders of the département: (ajouts_garantie + ajouts_autre) × coef_reduction
    + (part_garantie × coef_garantie + part_autre) × flux × coef_reste; the bailleur has what is left.
    """
    categories = {i: c for i, c, _, _ in holders(dossier)}
    rows = []
    for (r, c), cell in sorted(
        dus.cellules.items(), key=lambda item: (item[0][1], item[0][0] == BAILLEUR, item[0][0])
    ):
        coefs = [
            float(cell.coefficients[m].valeur) if m in cell.coefficients else 1.0
            for m in (GARANTIE, AGENTS, ETAT_MAX, DEPASSEMENT, RESTE_DEPASSE)
        ]
        rows.append(
            (
                r,
                categories[r],
                c,
                cell.etage,
                _value(cell.numerateurs.get(True)),
                _value(cell.numerateurs.get(False)),
                _value(cell.denominateur),
                *_parts(cell),
                float(cell.flux.valeur) if cell.flux is not None else 0.0,
                float(cell.added[True]),
                float(cell.added[False]),
                *coefs,
                float(cell.amount()),
            )
        )
    return pd.DataFrame(
        rows,
        columns=[
            "id_reservataire",
            "categorie",
            "commune",
            "etage",
            "droits_garantie",
            "droits_autre",
            "assiette",
            "part_garantie",
            "part_autre",
            "flux",
            "ajouts_garantie",
            "ajouts_autre",
            "coef_garantie",
            "coef_agents",
            "coef_etat",
            "coef_reduction",
            "coef_reste",
            "exact",
        ],
    )


def _value(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _parts(cell: Cellule) -> tuple[float, float]:
    return float(cell.parts.get(True, Fraction(0))), float(cell.parts.get(False, Fraction(0)))


def deliveries_table(dossier: Dossier, droits: Droits, delivered: pd.DataFrame) -> pd.DataFrame:
    """`quotas.livraisons`: who is served at first letting, programme by programme, by its own rights.

    Apart from the flow unless the parties put it in; rounded in each programme by largest remainder.
    """
    rows = []
    for (programme, commune), lots in delivered.groupby(["programme", "commune"], sort=True):
        nb = int(lots["nb"].sum())
        rights = droits.livraisons
        rights = rights.loc[(rights["programme"] == programme) & (rights["commune"] == commune)]
        held: dict[str, Fraction] = {}
        for r, n in zip(rights["id_reservataire"], rights["nb"], strict=True):
            held[str(r)] = held.get(str(r), Fraction(0)) + n
        asked = total(held)
        if asked > nb:
            held = {r: v * nb / asked for r, v in held.items()}
        held[BAILLEUR] = nb - total(held)
        whole = apportion(held, nb, [], reste=BAILLEUR).nb
        day = lots["date_mise_service"].min()
        rows += [
            (programme, commune, day, r, float(v), whole[r])
            for r, v in sorted(held.items(), key=lambda item: (item[0] == BAILLEUR, item[0]))
        ]
    return pd.DataFrame(
        rows, columns=["programme", "commune", "date_mise_service", "id_reservataire", "exact", "nb"]
    )


def left_outside(dossier: Dossier, flux: Flux, delivered: pd.DataFrame) -> pd.DataFrame:
    """Leases outside the flow, by commune, QPV and category: subtracted ones, first lettings kept apart."""
    out: dict[tuple[str, bool, str], Fraction] = {}
    for categorie, values in flux.soustractions.par_segment.items():
        for c, q, v in zip(flux.segments["commune"], flux.segments["qpv"], values, strict=True):
            out[c, bool(q), categorie] = out.get((c, bool(q), categorie), Fraction(0)) + v
    if dossier.convention.choix.premieres_locations == "a_part":
        for c, q, n in zip(delivered["commune"], delivered["qpv"], delivered["nb"], strict=True):
            key = (str(c), bool(q), "premiere_location")
            out[key] = out.get(key, Fraction(0)) + int(n)
    rows = [(*key, float(v)) for key, v in sorted(out.items()) if v]
    return pd.DataFrame(rows, columns=["commune", "qpv", "categorie", "nb"])


def rights_table(droits: Droits) -> pd.DataFrame:
    """The état des lieux in short: live rights in the base, by holder, commune and counterpart."""
    sums: dict[tuple[str, str, bool], Fraction] = {}
    for r, c, g, n in zip(
        *(droits.suite[k] for k in ("id_reservataire", "commune", "garantie", "nb")), strict=True
    ):
        sums[r, c, bool(g)] = sums.get((r, c, bool(g)), Fraction(0)) + n
    rows = [(*key, float(v)) for key, v in sorted(sums.items())]
    return pd.DataFrame(rows, columns=["id_reservataire", "commune", "contrepartie_garantie", "nb"])
