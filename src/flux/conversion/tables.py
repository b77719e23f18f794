"""The tables of the contract (dossier.md, section 3), made from exact values; floats appear here only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil

import pandas as pd

from flux.conversion.arrondi import Arrondi, Plafond
from flux.conversion.cellules import (
    AGENTS,
    BAILLEUR,
    ETAT_MAX,
    GARANTIE,
)
from flux.conversion.comptes import Ouverture
from flux.conversion.droits import Droits
from flux.conversion.dus import Dus
from flux.conversion.exact import half_up, total
from flux.conversion.feuilles import Feuilles
from flux.conversion.methodes import Poids
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier

Compte = dict[tuple[str, str], tuple[int, int]]
"""(id_reservataire, commune) -> whole dwellings, of which charged to guarantees."""
CAPS = (AGENTS, ETAT_MAX, GARANTIE)


def holders(dossier: Dossier) -> list[tuple[str, str, str, str]]:
    """Every holder with its category and territory, sorted; the bailleur last, on the département."""
    table = dossier.reservataires.sort_values("id_reservataire")
    rows = [
        (str(i), str(c), str(t), str(k))
        for i, c, t, k in zip(
            *(table[x] for x in ("id_reservataire", "categorie", "territoire_type", "territoire_code")),
            strict=True,
        )
    ]
    return [*rows, (BAILLEUR, BAILLEUR, "departement", dossier.convention.bailleur.departement)]


def targets(
    dossier: Dossier, feuilles: Feuilles, dus: Dus, ouverture: Ouverture, du: Mapping[str, Fraction]
) -> dict[tuple[str, str], Fraction]:
    """What the matrix by commune is rounded from: exact dues, and the balances where they were made.

    A balance without commune follows the holder's dues, or its communes alike when it has none this year.
    """
    out = {key: cell.amount() for key, cell in dus.cellules.items()}
    for (ident, commune), solde in ouverture.soldes.items():
        if commune is not None:
            out[ident, commune] = out.get((ident, commune), Fraction(0)) + solde
            continue
        cells = dus.of(ident)
        home = next((communes_of(dossier, t, k) for i, _, t, k in holders(dossier) if i == ident), [])
        home = [c for c in home if c in feuilles.flux] or home
        for c in cells or home:
            weight = (
                cells[c].amount() / du[ident] if cells and du.get(ident) else Fraction(1, len(cells or home))
            )
            out[ident, c] = out.get((ident, c), Fraction(0)) + solde * weight
    for c, flow in feuilles.flux.items():
        others = total([v for (r, k), v in out.items() if k == c and r != BAILLEUR])
        out[BAILLEUR, c] = flow.valeur - others
    return out


def charged(dus: Dus, matrice: Mapping[tuple[str, str, bool], int], plafonds: Sequence[Plafond]) -> Compte:
    """Whole dwellings by holder and commune, of which to guarantees, within the holder's own ceiling."""
    nb: dict[tuple[str, str], int] = {}
    for (r, c, _), n in matrice.items():
        nb[r, c] = nb.get((r, c), 0) + n
    garantie: dict[tuple[str, str], int] = dict.fromkeys(nb, 0)
    for ident in sorted({r for r, _ in nb}):
        cells = {c: cell for c, cell in dus.of(ident).items() if (ident, c) in nb}
        share = {
            c: cell.amount(garantie=True) / cell.amount()
            for c, cell in cells.items()
            if cell.amount(garantie=True)
        }
        if not share:
            continue
        ideal = {c: nb[ident, c] * s for c, s in share.items()}
        other = total([cell.amount(garantie=False) for cell in cells.values()])
        own = min((p.nb for p in plafonds if p.groupe == "garantie" and p.membres == (ident,)), default=None)
        wanted = max(half_up(total(ideal)), sum(nb[ident, c] for c in cells) - ceil(other))
        wanted = min(wanted, sum(nb[ident, c] for c in share), *([own] if own is not None else []))
        for c in sorted(ideal, key=lambda c: (-(ideal[c] - int(ideal[c])), c)):
            garantie[ident, c] = min(int(ideal[c]), wanted)
            wanted -= garantie[ident, c]
        for c in sorted(ideal, key=lambda c: (-(ideal[c] - int(ideal[c])), c)):
            more = min(wanted, nb[ident, c] - garantie[ident, c])
            garantie[ident, c] += more
            wanted -= more
    return {key: (n, garantie[key]) for key, n in nb.items()}


def communes_table(
    dus: Dus, matrice: Mapping[tuple[str, str, bool], int], counts: Compte, soldes: pd.DataFrame
) -> pd.DataFrame:
    """`quotas.communes`: the matrix, holders and bailleur, by commune."""
    balance = {
        (str(r), str(c)): s
        for r, c, s in zip(soldes["id_reservataire"], soldes["commune"], soldes["solde"], strict=True)
    }
    rows = []
    for r, c in {*dus.cellules, *counts}:
        exact = dus.cellules[r, c].amount() if (r, c) in dus.cellules else Fraction(0)
        nb, garantie = counts.get((r, c), (0, 0))
        if exact or nb:
            rows.append(
                (
                    c,
                    r,
                    float(exact),
                    nb,
                    matrice.get((r, c, True), 0),
                    matrice.get((r, c, False), 0),
                    garantie,
                    balance.get((r, c), 0.0),
                )
            )
    rows.sort(key=lambda row: (row[0], row[1] == BAILLEUR, row[1]))
    return pd.DataFrame(
        rows,
        columns=[
            "commune",
            "id_reservataire",
            "exact",
            "nb",
            "nb_qpv",
            "nb_hors_qpv",
            "nb_garantie",
            "solde",
        ],
    )


def quotas_table(
    dossier: Dossier,
    feuilles: Feuilles,
    dus: Dus,
    poids: Poids,
    droits: Droits,
    du: Mapping[str, Fraction],
    solde: Mapping[str, Fraction],
    quota_exact: Mapping[str, Fraction],
    arrondi: Arrondi,
    plafonds: Sequence[Plafond],
) -> pd.DataFrame:
    """`quotas.table`: one row a holder on its own territory, the bailleur last."""
    rights: dict[tuple[str, str], Fraction] = {}
    for r, c, nb in zip(
        droits.suite["id_reservataire"], droits.suite["commune"], droits.suite["nb"], strict=True
    ):
        rights[r, c] = rights.get((r, c), Fraction(0)) + nb
    uniques: dict[str, Fraction] = {}
    for r, nb in zip(droits.uniques["id_reservataire"], droits.uniques["nb"], strict=True):
        uniques[r] = uniques.get(r, Fraction(0)) + nb
    base_total = feuilles.base_totale.valeur
    rows = []
    for ident, categorie, kind, code in holders(dossier):
        home = [c for c in communes_of(dossier, kind, code) if c in feuilles.flux]
        base = total([feuilles.base[c].valeur for c in home])
        flow = total([feuilles.flux[c].valeur for c in home])
        if ident == BAILLEUR:
            held, weight = base_total - total(rights), total(poids.parc) - total(poids.droits)
            due = feuilles.flux_total.valeur - total(du)
        else:
            held = total([v for (r, c), v in rights.items() if r == ident and c in home])
            weight = total([v for (r, c, _), v in poids.droits.items() if r == ident and c in home])
            due = du[ident]
        parc = total([poids.parc.get(c, Fraction(0)) for c in home])
        caps = [p.of(ident) for p in plafonds if ident in p.membres]
        cut = any(
            m in cell.coefficients and cell.coefficients[m].valeur < 1
            for cell in dus.of(ident).values()
            for m in CAPS
        )
        rows.append(
            (
                ident,
                categorie,
                code,
                float(held),
                float(uniques.get(ident, Fraction(0))),
                _ratio(weight, parc),
                _ratio(due, flow),
                _ratio(due, base),
                float(due),
                float(solde.get(ident, Fraction(0))),
                float(quota_exact[ident]),
                arrondi.nb[ident],
                min(caps) if caps else None,
                "du" if cut else "arrondi" if ident in arrondi.refuses else "non",
            )
        )
    table = pd.DataFrame(
        rows,
        columns=[
            "id_reservataire",
            "categorie",
            "territoire_code",
            "nb_droits",
            "nb_uniques",
            "part_droits",
            "part_flux",
            "part_patrimoine",
            "du_exact",
            "solde_reporte",
            "quota_exact",
            "quota",
            "plafond",
            "plafond_atteint",
        ],
    )
    return table.astype({"plafond": "Int64", "quota": "int64"})


def _ratio(a: Fraction, b: Fraction) -> float:
    return float(a / b) if b else 0.0


def ceiling_table(plafonds: Sequence[Plafond], counts: Compte, arrondi: Arrondi, dus: Dus) -> pd.DataFrame:
    """`quotas.plafonds`: each ceiling, what it holds back, the flow and dwellings on which it is judged."""
    rows = []
    for p in plafonds:
        nb = (
            sum(g for (r, _), (_, g) in counts.items() if r in p.membres)
            if p.groupe == "garantie"
            else sum(arrondi.nb[i] for i in p.membres)
        )
        motifs = {"etat_agents": (AGENTS,), "etat": (ETAT_MAX,)}.get(p.groupe, (GARANTIE,))
        cut = any(
            m in cell.coefficients and cell.coefficients[m].valeur < 1
            for i in p.membres
            for cell in dus.of(i).values()
            for m in motifs
        )
        refused = (
            any(i in arrondi.refuses for i in p.membres) and sum(arrondi.nb[i] for i in p.membres) >= p.limite
        )
        rows.append(
            (
                p.groupe,
                p.territoire_code,
                float(p.taux),
                float(p.exact),
                nb,
                p.nb,
                "du" if cut else "arrondi" if refused else "non",
                p.article,
                float(p.flux),
                p.nb_ouverture + nb,
            )
        )
    return pd.DataFrame(
        rows,
        columns=[
            "groupe",
            "territoire_code",
            "part_max",
            "exact",
            "nb",
            "plafond",
            "atteint",
            "article",
            "flux_cumule",
            "nb_cumule",
        ],
    )
