"""What the matrix by commune should keep: cells, accounts, communes, EPCI, groups of holders.

Two nested families, so that the rounding is a network: all the dwellings, by EPCI, by commune, by group
of holders there (guarantors, State, others); all the dwellings, by holder, by holder and EPCI, by account.
Each sum should be the floor or the ceiling of its exact value; an account within one dwelling of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import pandas as pd

from flux.conversion.cellules import BAILLEUR, ETAT_CATEGORIES
from flux.conversion.exact import total
from flux.dossier import Dossier

Porteur = tuple[str, bool]
"""A holder, and whether in return for loan guarantees: the law caps these by commune."""
Cellule = tuple[Porteur, str]
Etiquette = tuple[str, str]
"""Of a sum: the code of its territory, and a holder or a group of holders ("" for all)."""
Bornes = tuple[int, int]

NEAR = Fraction(1, 10**9)  # estimates have 12 digits: what misses a whole number by less is that number
ETAT, GARANTS, AUTRES = "etat", "garants", "autres"


@dataclass(frozen=True)
class Cadre:
    """What the cells are summed by.

    epci : commune -> EPCI, where it has one
    etat : the holders of the State
    comptes : (holder, commune) -> the territory whose account it shares, where it is not the commune's own
    """

    epci: Mapping[str, str]
    etat: frozenset[str]
    comptes: Mapping[tuple[str, str], str]


def frame_of(dossier: Dossier, comptes: Mapping[tuple[str, str], str]) -> Cadre:
    """The EPCI of each commune, who is the State, which accounts are pooled."""
    places = dossier.communes.loc[dossier.communes["epci"].notna()]
    holders = dossier.reservataires
    state = holders.loc[holders["categorie"].isin(ETAT_CATEGORIES), "id_reservataire"]
    return Cadre(
        dict(zip(places["commune"].astype(str), places["epci"].astype(str), strict=True)),
        frozenset(state.astype(str)),
        comptes,
    )


@dataclass(frozen=True)
class Groupe:
    """Sums of one kind: their exact values, what each cell is counted in, the whole numbers they may be."""

    nom: str
    exact: Mapping[Etiquette, Fraction]
    de: Callable[[Cellule], Etiquette | None]
    bornes: Callable[[Fraction], Bornes]


def groups(targets: Mapping[Cellule, Fraction], flows: Mapping[str, Fraction], cadre: Cadre) -> list[Groupe]:
    """Every kind of sum, the one that must least be left first.

    Parameters
    ----------
    targets : exact dues, balances included; a due is never below 0, an account may be.
    flows : commune -> exact flow to share.
    """

    def account(cell: Cellule) -> Etiquette | None:
        (r, _), c = cell
        return None if r == BAILLEUR else (cadre.comptes.get((r, c), c), r)

    def one(cell: Cellule) -> Etiquette | None:
        (r, _), c = cell
        return None if r == BAILLEUR else (c, r)

    def own(cell: Cellule) -> Etiquette | None:
        (r, _), c = cell
        return (c, r) if r == BAILLEUR else None

    def place(cell: Cellule) -> Etiquette:
        return cell[1], ""

    def around(cell: Cellule) -> Etiquette | None:
        return (cadre.epci[cell[1]], "") if cell[1] in cadre.epci else None

    def among(cell: Cellule) -> Etiquette | None:
        (r, guaranteed), c = cell
        if r == BAILLEUR:
            return None
        return c, ETAT if r in cadre.etat else GARANTS if guaranteed else AUTRES

    def holder_around(cell: Cellule) -> Etiquette | None:
        (r, _), c = cell
        return None if r == BAILLEUR or c not in cadre.epci else (cadre.epci[c], r)

    balances = _summed(targets, account)
    cells = {k: max(Fraction(0), v) for k, v in _summed(targets, one).items()}
    dues = {k: max(Fraction(0), v) for k, v in targets.items()}
    wide: dict[Etiquette, Fraction] = {}
    for c, flow in flows.items():
        if c in cadre.epci:
            wide[cadre.epci[c], ""] = wide.get((cadre.epci[c], ""), Fraction(0)) + flow
    return [
        Groupe("compte", balances, account, within_one),
        Groupe("cellule", cells, one, neighbours),
        Groupe("commune", {(c, ""): v for c, v in flows.items()}, place, neighbours),
        Groupe("epci", wide, around, neighbours),
        Groupe("groupe", _summed(dues, among), among, neighbours),
        Groupe("reservataire_epci", _summed(dues, holder_around), holder_around, neighbours),
        Groupe("bailleur", _summed(dues, own), own, neighbours),
    ]


def neighbours(exact: Fraction) -> Bornes:
    """The floor and the ceiling."""
    near = round(exact)
    return (near, near) if abs(exact - near) < NEAR else (floor(exact), ceil(exact))


def within_one(exact: Fraction) -> Bornes:
    """Whole dwellings that leave an account of `exact` between −1 and 1, or as near as none can."""
    low, high = neighbours(exact)
    least, most = (low - 1, high + 1) if low == high else (low, high)
    return max(0, least), max(0, most)


def gaps(groupes: list[Groupe], nb: Mapping[Cellule, int], soldes: pd.DataFrame) -> pd.DataFrame:
    """`quotas.ecarts`: every sum out of its bounds and every account beyond one dwelling, by name.

    Columns `groupe, territoire_code, id_reservataire, exact, nb, limite`. For an account, `exact` is what
    it closes at, `nb` is empty, `limite` is 1 or −1; else `limite` is the bound that was left.
    """
    rows: list[tuple[object, ...]] = []
    for r, c, v in zip(soldes["id_reservataire"], soldes["commune"], soldes["solde"], strict=True):
        if r != "*" and abs(v) > 1 + float(NEAR):
            rows.append(("compte", None if pd.isna(c) else str(c), r, v, None, 1 if v > 0 else -1))
    for groupe in groupes:
        if groupe.nom == "compte":
            continue
        sums = dict.fromkeys(groupe.exact, 0)
        for cell, n in nb.items():
            label = groupe.de(cell)
            if label is not None:
                sums[label] = sums.get(label, 0) + n
        for label, n in sorted(sums.items()):
            exact = groupe.exact.get(label, Fraction(0))
            low, high = groupe.bornes(exact)
            if not low <= n <= high:
                rows.append((groupe.nom, *label, float(exact), n, low if n < low else high))
    columns = ["groupe", "territoire_code", "id_reservataire", "exact", "nb", "limite"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"exact": "float64", "nb": "Int64", "limite": "Int64"})


def _summed(
    values: Mapping[Cellule, Fraction], of: Callable[[Cellule], Etiquette | None]
) -> dict[Etiquette, Fraction]:
    parts: dict[Etiquette, list[Fraction]] = {}
    for cell, value in values.items():
        label = of(cell)
        if label is not None:
            parts.setdefault(label, []).append(value)
    return {label: total(some) for label, some in sorted(parts.items())}
