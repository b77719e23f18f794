"""The register against the contingent that RPLS declares: agreements, contradictions, unknowns.

The register is the source of rights; RPLS is a cross-check, and only before the switch: code 8, "managed in
flow", names nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from datetime import date
from typing import Any

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.garanties import end_of_rights
from flux.dossier.rpls.dictionnaire import contingents

ACCORD, CONTRADICTION, INCONNU = "accord", "contradiction", "inconnu"
NON_RESERVE = "7"
MUETS = frozenset({"0", "8"})
"""Codes that say nothing of the rights: not given, managed in flow."""
COLONNES = (
    "support",
    "id_logement",
    "programme",
    "commune",
    "contingent",
    "registre",
    "constat",
    "nb",
    "motif",
)
ETAT = frozenset({"etat_agents", "etat_prioritaires"})

_FLUX = "le RPLS ne nomme pas le réservataire (non renseigné, ou gestion en flux)"
_SANS_DROIT = "contingent déclaré au RPLS, aucun droit au registre"
_SANS_CONTINGENT = "droit au registre, autre contingent ou aucun au RPLS"
_ETAT_7 = "le code 7 couvre aussi les droits de l'État qui ne désignent pas un logement"


def compter(logements: pd.DataFrame) -> pd.DataFrame:
    """Dwellings by declared contingent: contingent, libelle, nb."""
    counts = logements["contingent"].value_counts().sort_index()
    labels = [contingents()[code].libelle if code in contingents() else "" for code in counts.index]
    return pd.DataFrame({"contingent": counts.index, "libelle": labels, "nb": counts.to_numpy()})


def recouper(
    logements: pd.DataFrame,
    reservations: pd.DataFrame,
    reservataires: pd.DataFrame,
    *,
    au: date | None = None,
) -> pd.DataFrame:
    """Compare each right of the register with the contingent declared.

    Parameters
    ----------
    logements, reservations, reservataires : tables of a dossier.
    au : the day at which rights are alive (default: all are); a guarantee lives five years after the loan.

    Returns
    -------
    `support` ∈ logement, programme; `id_logement` or `programme`; `commune`; `contingent` (code, or family of
    codes for a programme); `registre` (categories); `constat` ∈ accord, contradiction, inconnu; `nb`, a
    number of dwellings; `motif`. A dwelling that the register names is judged alone; where it names a
    programme, the numbers are compared. Dwellings gone from the stock are left out.
    """
    stock = logements[~_gone(logements, au) & logements["contingent"].notna()]
    if stock.empty:
        return pd.DataFrame(columns=list(COLONNES))
    category = reservataires.drop_duplicates("id_reservataire").set_index("id_reservataire")["categorie"]
    rights = _alive(reservations, reservataires, au)
    rights = rights.assign(categorie=rights["id_reservataire"].map(category))
    rights = rights[rights["categorie"].notna()]
    held: dict[str, set[str]] = {}
    for dwelling, its in rights.dropna(subset="id_logement")[["id_logement", "categorie"]].itertuples(
        index=False
    ):
        held.setdefault(dwelling, set()).add(its)
    named = stock["id_logement"].isin(list(held))
    rows = [*_named(stock[named], held), *_by_programme(stock[~named], rights[rights["id_logement"].isna()])]
    return pd.DataFrame(rows, columns=list(COLONNES))


def _gone(logements: pd.DataFrame, au: date | None) -> pd.Series:
    """Dwellings gone on the day; without a date, the reason says that they are."""
    day, out = pd.Timestamp(au) if au else pd.Timestamp.max, logements["date_sortie"]
    return (out <= day) | (out.isna() & logements["motif_sortie"].notna())


def _alive(reservations: pd.DataFrame, reservataires: pd.DataFrame, au: date | None) -> pd.DataFrame:
    lasting = reservations["type_droit"].ne(v.TypeDroit.UNIQUE.value)
    if au is None:
        return reservations[lasting]
    day, end = pd.Timestamp(au), end_of_rights(reservations, reservataires)
    begun = reservations["date_debut"].isna() | (reservations["date_debut"] <= day)
    return reservations[lasting & begun & (end.isna() | (end >= day))]


Row = tuple[Any, ...]


def _named(stock: pd.DataFrame, held: Mapping[str, Set[str]]) -> Iterator[Row]:
    """Dwellings that the register names, one by one."""
    columns = ["id_logement", "programme", "commune", "contingent"]
    for dwelling, programme, commune, code in stock[columns].itertuples(index=False):
        categories = held[dwelling]
        if code in MUETS:
            constat, motif = INCONNU, _FLUX
        elif categories & set(contingents()[code].categories):
            constat, motif = ACCORD, ""
        else:
            constat, motif = CONTRADICTION, _SANS_CONTINGENT
        yield "logement", dwelling, programme, commune, code, _text(categories), constat, 1, motif


def _by_programme(stock: pd.DataFrame, rights: pd.DataFrame) -> Iterator[Row]:
    """Dwellings that the register does not name, against the rights on their programme."""
    family = {c: x.famille for x in contingents().values() for c in x.categories}
    declared: dict[tuple[Any, Any], Counter[str]] = {}
    places = stock.assign(programme=stock["programme"].fillna(""))
    counts = places.groupby(["programme", "commune", "contingent"]).size().rename("nb").reset_index()
    for programme, commune, code, nb in counts.itertuples(index=False):
        kind = code if code in MUETS | {NON_RESERVE} else contingents()[code].famille
        declared.setdefault((programme, commune), Counter())[kind] += int(nb)
    written: dict[tuple[Any, Any], Counter[str]] = {}
    for programme, commune, categorie, nb in (
        rights[["programme", "commune", "categorie", "nb"]].dropna().itertuples(index=False)
    ):
        written.setdefault((programme, commune), Counter())[family.get(categorie, "autres")] += int(nb)
    for place in sorted({*declared, *written}):
        for kind, registre, constat, nb, motif in _compare(
            declared.get(place, Counter()), written.get(place, Counter())
        ):
            if nb:
                yield "programme", None, *place, kind, registre, constat, nb, motif


def _compare(declared: Counter[str], written: Counter[str]) -> Iterator[tuple[str, str, str, int, str]]:
    """Numbers of one programme, family by family.

    A right without its contingent may lie under a code that names nobody: unknown, not contradicted.
    """
    silent = sum(declared[code] for code in MUETS)
    free = declared[NON_RESERVE]
    for kind in sorted({*declared, *written} - MUETS - {NON_RESERVE}):
        both = min(declared[kind], written[kind])
        yield kind, kind, ACCORD, both, ""
        yield kind, "aucun droit", CONTRADICTION, declared[kind] - both, _SANS_DROIT
        lone = written[kind] - both
        under = min(lone, silent)
        silent -= under
        yield "0 ou 8", kind, INCONNU, under, _FLUX
        lone -= under
        if kind in ETAT:
            under = min(lone, free)
            free -= under
            yield NON_RESERVE, kind, INCONNU, under, _ETAT_7
            lone -= under
        yield "aucun", kind, CONTRADICTION, lone, _SANS_CONTINGENT
    yield NON_RESERVE, "aucun droit", ACCORD, free, ""
    yield "0 ou 8", "aucun droit", INCONNU, silent, _FLUX


def _text(categories: Set[str]) -> str:
    return ", ".join(sorted(categories))
