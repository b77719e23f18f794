"""Accounts that an EPCI pools over its small communes (`comptes_epci = "mutualises"`).

No text says where a balance is kept; in a commune where an EPCI is due 0.2 a year, an account of its own
gives one dwelling every five years. Pooled, the EPCI has one account over the communes of its territory
where its exact due of the year is under one dwelling: it receives a dwelling in one of them whenever the
pooled account reaches one. A commune where somebody else guarantees loans there and elsewhere keeps its
own account: its ceiling could not be told from the pool's.
"""

from __future__ import annotations

from collections.abc import Mapping

from flux.conversion.dus import Dus
from flux.conversion.feuilles import Feuilles
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier


def pooled_accounts(dossier: Dossier, feuilles: Feuilles, dus: Dus) -> dict[tuple[str, str], str]:
    """(EPCI, commune) -> code of the EPCI's territory, where the account is pooled; empty under `commune`."""
    if dossier.convention.choix.comptes_epci != "mutualises":
        return {}
    table = dossier.reservataires.loc[dossier.reservataires["categorie"] == "epci"]
    epci = dict(zip(table["id_reservataire"].astype(str), table["territoire_code"].astype(str), strict=True))
    wanderers = _held_elsewhere(dossier, dus, epci)
    return {
        (r, c): code
        for r, code in sorted(epci.items())
        for c in communes_of(dossier, "epci", code)
        if c in feuilles.flux
        and c not in wanderers
        and (r, c) in dus.cellules
        and 0 < dus.cellules[r, c].amount() < 1
    }


def _held_elsewhere(dossier: Dossier, dus: Dus, epci: Mapping[str, str]) -> set[str]:
    """Communes where a guarantor of several communes, other than the EPCI of the place, guarantees loans."""
    table = dossier.reservataires
    table = table.loc[table["categorie"].isin(list(dossier.convention.choix.porteurs_garantie))]
    guarantors = set(table["id_reservataire"].astype(str))
    where: dict[str, set[str]] = {}
    for (r, c), cell in dus.cellules.items():
        if r in guarantors and cell.amount(garantie=True):
            where.setdefault(r, set()).add(c)
    inside = {r: set(communes_of(dossier, "epci", code)) for r, code in epci.items()}
    return {
        c for r, places in where.items() if len(places) > 1 for c in places if c not in inside.get(r, set())
    }
