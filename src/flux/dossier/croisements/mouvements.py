"""Past leases against the dwellings they name: too early, too late, too many."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.contexte import Contexte
from flux.dossier.croisements.constat import constat
from flux.noyau.errors import Anomalie

PLAUSIBLES = 3
"""Relettings of one dwelling in one year that are still plausible."""


def baux_hors_presence(contexte: Contexte) -> Iterator[Anomalie]:
    """A lease on a dwelling not yet let for the first time, or already gone."""
    moves = contexte.tables["mouvements"]
    lease = moves["etape"].eq(v.Etape.BAIL)
    started = _of_dwelling(contexte, "annee_mise_location")
    yield from constat(
        contexte,
        "mouvements",
        "annee",
        "avant_mise_en_location",
        "Bail d'une année où le logement n'était pas encore mis en location",
        lease & (moves["annee"] < started),
        attendu="une année égale à annee_mise_location du logement, ou après",
        correction="Corriger l'année du bail, ou annee_mise_location dans la table « logements ».",
    )
    out = _of_dwelling(contexte, "date_sortie")
    late = (moves["date"] > out) | (moves["date"].isna() & (moves["annee"] > out.dt.year))
    yield from constat(
        contexte,
        "mouvements",
        "annee",
        "apres_sortie",
        "Bail signé après la sortie du logement (vente, démolition)",
        lease & late,
        attendu="un bail jusqu'à la date_sortie du logement",
        correction="Corriger la date du bail, ou date_sortie dans la table « logements ».",
    )


def premieres_locations_repetees(contexte: Contexte) -> Iterator[Anomalie]:
    """A dwelling is let for the first time once."""
    moves = contexte.tables["mouvements"]
    first = moves["etape"].eq(v.Etape.BAIL) & moves["nature"].eq(v.NatureMouvement.PREMIERE_LOCATION)
    named = moves["id_logement"].where(first.fillna(False))
    yield from constat(
        contexte,
        "mouvements",
        "id_logement",
        "premiere_location_repetee",
        "Deuxième première location du même logement",
        named.notna() & named.duplicated(),
        attendu="une seule première location par logement",
        correction="Écrire nature = relocation pour les baux suivants, ou corriger l'identifiant.",
    )


def relocations_trop_nombreuses(contexte: Contexte) -> Iterator[Anomalie]:
    """More relettings in a year than one dwelling plausibly sees, or than a commune has dwellings."""
    moves, dwellings = contexte.tables["mouvements"], contexte.tables["logements"]
    relet = moves["etape"].eq(v.Etape.BAIL) & moves["nature"].ne(v.NatureMouvement.PREMIERE_LOCATION)
    counted = moves["nb"].where(relet.fillna(False), 0).fillna(0).astype(int)
    by_dwelling = counted.groupby([moves["id_logement"], moves["annee"]]).transform("sum")
    yield from constat(
        contexte,
        "mouvements",
        "id_logement",
        "trop_de_relocations",
        f"Plus de {PLAUSIBLES} relocations du même logement dans l'année",
        (counted > 0) & (by_dwelling > PLAUSIBLES),
        attendu=f"au plus {PLAUSIBLES} relocations d'un logement par an",
        correction="Supprimer les lignes en double, ou corriger id_logement.",
    )
    known = contexte.communes.loc[contexte.communes["departement"].notna(), "commune"]
    if not dwellings["commune"].isin(known).all():
        return  # the dwellings of a commune that could not be read are counted nowhere: it was said
    place = moves["commune"].where(moves["commune"].notna(), _of_dwelling(contexte, "commune"))
    by_place = counted.groupby([place, moves["annee"]]).transform("sum")
    stock = place.map(dwellings["commune"].value_counts()).astype("float64")
    by_year = counted.groupby(moves["annee"]).transform("sum")
    yield from constat(
        contexte,
        "mouvements",
        "commune",
        "plus_que_la_commune",
        "Plus de relocations dans l'année que de logements dans la commune",
        # more than all the dwellings is refused, and said, elsewhere
        (counted > 0) & (by_place > stock.fillna(0)) & (by_year <= len(dwellings)),
        attendu="au plus une relocation par logement de la commune, en moyenne",
        correction="Corriger « commune » ou « nb », ou compléter la table « logements ».",
    )


def _of_dwelling(contexte: Contexte, colonne: str) -> pd.Series:
    """What the stock says of the dwelling that each movement names, in the type of the column."""
    dwellings = contexte.tables["logements"].dropna(subset="id_logement").drop_duplicates("id_logement")
    moves = contexte.tables["mouvements"]
    return dwellings.set_index("id_logement")[colonne].reindex(moves["id_logement"]).set_axis(moves.index)
