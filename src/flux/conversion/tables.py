"""The tables of the contract (dossier.md, section 3), made from exact values; floats appear here only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pandas as pd

from flux.conversion.arrondi import Arrondi, Plafond
from flux.conversion.cellules import (
    AGENTS,
    BAILLEUR,
    DEPARTEMENT,
    ETAT_MAX,
    GARANTIE,
)
from flux.conversion.comptes import Ouverture
from flux.conversion.droits import Droits
from flux.conversion.dus import Dus
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.groupes import Cellule
from flux.conversion.matrice import Case
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
    dossier: Dossier,
    feuilles: Feuilles,
    dus: Dus,
    ouverture: Ouverture,
    plafonnees: frozenset[tuple[str, str]],
    comptes: Mapping[tuple[str, str], str],
) -> dict[Cellule, Fraction]:
    """What the matrix by commune is rounded from: exact dues, and the balances where they were made.

    A balance without commune follows the holder's dues, or its communes alike when it has none this year;
    a pooled account (`comptes`) is shared anew each year, see `_share_the_pool`. A balance is shared
    between guarantees and other rights as the due of the cell. Only guarantees that a ceiling looks at are
    told apart (`plafonnees`: holder, commune).
    """
    due: dict[str, dict[str, Fraction]] = {}
    for (r, c), cell in dus.cellules.items():
        due.setdefault(r, {})[c] = cell.amount()
    pools: dict[str, list[str]] = {}
    for r, c in comptes:
        pools.setdefault(r, []).append(c)
    homes = {i: [c for c in communes_of(dossier, t, k)] for i, _, t, k in holders(dossier)}

    def amount(ident: str, commune: str, garantie: bool) -> Fraction:
        cell = dus.cellules[ident, commune]
        if (ident, commune) in plafonnees:
            return cell.amount(garantie=garantie)
        return Fraction(0) if garantie else cell.amount()

    out = {((r, g), c): amount(r, c, g) for r, c in dus.cellules for g in (False, True) if amount(r, c, g)}
    for (ident, commune), solde in ouverture.soldes.items():
        own, pool = due.get(ident, {}), pools.get(ident, [])
        if pool and (commune is None or commune in pool):
            places = pool
        elif commune is not None:
            places = [commune]
        else:
            home = homes.get(ident, [])
            places = list(own) or [c for c in home if c in feuilles.flux] or home
        whole = total([own.get(c, Fraction(0)) for c in places])
        for c in places:
            weight = own.get(c, Fraction(0)) / whole if whole else Fraction(1, len(places))
            for g in (False, True):
                part = amount(ident, c, g) / own[c] if own.get(c) else Fraction(int(not g))
                if part:
                    out[(ident, g), c] = out.get(((ident, g), c), Fraction(0)) + solde * weight * part
    for r, places in pools.items():
        _share_the_pool(out, r, places, due[r], ouverture)
    others = dict.fromkeys(feuilles.flux, Fraction(0))
    for ((r, _), c), value in out.items():
        if r != BAILLEUR and c in others:
            others[c] += value
    return out | {((BAILLEUR, False), c): feuilles.flux[c].valeur - v for c, v in others.items()}


def _share_the_pool(
    targets: dict[Cellule, Fraction],
    ident: str,
    places: Sequence[str],
    due: Mapping[str, Fraction],
    ouverture: Ouverture,
) -> None:
    """Share a pooled account over its communes: due ÷ (1 + what it received there since the opening).

    A dwelling goes where the holder has received the least for its due: each commune has its turn.
    """
    cells = [((ident, g), c) for c in places for g in (False, True) if ((ident, g), c) in targets]
    whole = total([targets[k] for k in cells])
    weight = {c: due[c] / (1 + ouverture.nb_cumule.get((ident, c), 0)) for c in places}
    own = {c: total([targets[k] for k in cells if k[1] == c]) for c in places}
    for k in cells:
        part = targets[k] / own[k[1]] if own[k[1]] else Fraction(0)
        targets[k] = whole * weight[k[1]] / total(weight) * part


def charged(matrice: Mapping[Case, int]) -> Compte:
    """Whole dwellings by holder and commune, of which in return for guarantees."""
    out: Compte = {}
    for ((r, garantie), c, _), n in matrice.items():
        nb, held = out.get((r, c), (0, 0))
        out[r, c] = nb + n, held + n * garantie
    return out


def communes_table(
    dus: Dus, matrice: Mapping[Case, int], counts: Compte, soldes: pd.DataFrame
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
                    sum(matrice.get(((r, g), c, True), 0) for g in (False, True)),
                    sum(matrice.get(((r, g), c, False), 0) for g in (False, True)),
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
            held, weight = base_total - total(rights), total(poids.parc) - total(
                [v for (r, _, _), v in poids.droits.items() if r != BAILLEUR]
            )
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
    reduced = set(zip(dus.reductions["territoire_code"], dus.reductions["motif"], strict=True))
    rows = []
    for p in plafonds:
        nb = (
            sum(g for (r, c), (_, g) in counts.items() if r in p.porteurs and c in p.communes)
            if p.groupe == "garantie"
            else sum(arrondi.nb[i] for i in p.membres)
        )
        motif = {"etat_agents": AGENTS, "etat": ETAT_MAX}.get(p.groupe, GARANTIE)
        cut = (p.territoire_code, motif) in reduced or any(
            cell.etage == DEPARTEMENT and motif in cell.coefficients and cell.coefficients[motif].valeur < 1
            for i in p.membres
            for c, cell in dus.of(i).items()
            if c in p.communes  # a guarantor of the whole département is reduced on its flow
        )
        refused = any(i in arrondi.refuses for i in p.membres) and p.charge(arrondi.nb) >= p.nb
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
