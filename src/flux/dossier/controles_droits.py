"""Checks of the rights: on what they stand, from when to when, in flow or in stock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.completion import SPECIALES
from flux.dossier.contexte import Contexte
from flux.noyau.errors import Anomalie
from flux.noyau.tables import LIGNE, at_lines, enumerate_fr, suggestion

_LOT = ["programme", "commune", "nb"]
"""What says on which dwellings a right stands, where it names none."""


def support_du_droit(contexte: Contexte) -> Iterator[Anomalie]:
    """A right stands on a dwelling, or on some dwellings of a programme in a commune; never on both."""
    frame = contexte.tables["reservations"]
    dwelling = frame["id_logement"].notna()
    parts = frame[_LOT].notna()
    attendu = "id_logement, ou bien programme, commune et nb"
    unsaid = ~frame[LIGNE].isin(contexte.douteuses.get("reservations", ()))
    nowhere = unsaid & ~dwelling & ~parts.all(axis=1)
    defect = contexte.defect(
        "reservations",
        None,
        "sans_support",
        "Le droit ne dit pas sur quels logements il porte",
        attendu=attendu,
    )
    absent = [c for c in _LOT if c not in contexte.lues.get("reservations", {c})]
    if absent and not dwelling.any() and nowhere.sum() > 1:
        yield replace(
            defect,
            message=f"Aucun droit ne dit sur quels logements il porte : il manque {enumerate_fr(absent)}",
            correction="Ajouter la colonne, ou renommer l'en-tête de celle qui contient cette donnée.",
        )
        return
    for given in parts[nowhere].drop_duplicates().itertuples(index=False, name=None):
        lack = enumerate_fr(c for c, there in zip(_LOT, given, strict=True) if not there)
        yield from at_lines(
            replace(defect, correction=f"Remplir {'' if any(given) else 'id_logement, ou bien '}{lack}."),
            frame,
            nowhere & (parts == pd.Series(given, index=_LOT)).all(axis=1),
        )
    yield from at_lines(
        contexte.defect(
            "reservations",
            None,
            "support_double",
            "Le droit porte à la fois sur un logement et sur un nombre de logements",
            attendu=attendu,
            correction="Vider soit id_logement, soit nb.",
        ),
        frame,
        dwelling & parts["nb"],
        frame["id_logement"],
    )


def programmes_connus(contexte: Contexte) -> Iterator[Anomalie]:
    """A programme reserved stands in the stock or among the deliveries, in the same commune."""
    frame = contexte.tables["reservations"]
    homes = ("logements", "livraisons")
    if not all(contexte.known(t, "commune") for t in homes) or contexte.tables["logements"].empty:
        return
    known = pd.concat([contexte.tables[t][["programme", "commune"]] for t in homes])
    keys = set(known.dropna().drop_duplicates().itertuples(index=False, name=None))
    places: dict[str, list[str]] = {}
    for name, commune in sorted(keys):
        places.setdefault(name, []).append(commune)
    wanted = frame.loc[frame["id_logement"].isna(), ["programme", "commune"]].dropna()
    lost = [row for row, *pair in wanted.itertuples(name=None) if tuple(pair) not in keys]
    unknown = pd.Series(frame.index.isin(lost), index=frame.index)

    def correction(read: str) -> str:
        if read in places:
            where = enumerate_fr(places[read], " ou ")
            return f"Ce programme est dans la commune {where} : corriger la colonne « commune »."
        return (
            suggestion(read, places)
            or "Corriger le programme, ou l'ajouter à « logements » ou à « livraisons »."
        )

    yield from at_lines(
        contexte.defect(
            "reservations",
            "programme",
            "inconnu",
            "Ce programme n'est, dans cette commune, ni dans « logements », ni dans « livraisons »",
            attendu="un programme et une commune qui vont ensemble dans l'une des deux tables",
        ),
        frame,
        unknown,
        frame["programme"],
        correction,
    )


def dates_du_droit(contexte: Contexte) -> Iterator[Anomalie]:
    """A right does not end before it begins; a droit unique has a year, or two dates to spread it over."""
    frame = contexte.tables["reservations"]
    begins, ends = (frame[c].dt.strftime("%d/%m/%Y") for c in ("date_debut", "date_fin"))
    yield from at_lines(
        contexte.defect(
            "reservations",
            "date_fin",
            "avant_debut",
            "La date de fin précède la date de début",
            attendu="date_fin le même jour que date_debut, ou après",
            correction="Corriger l'une des deux dates.",
        ),
        frame,
        frame["date_fin"] < frame["date_debut"],
        "du " + begins + " au " + ends,
    )
    dated = frame["date_debut"].notna() & frame["date_fin"].notna()
    unique = frame["type_droit"].eq(v.TypeDroit.UNIQUE)
    yield from at_lines(
        contexte.defect(
            "reservations",
            "annee_prevue",
            "droit_unique_sans_annee",
            "Un droit unique ne dit ni son année, ni ses deux dates",
            attendu="annee_prevue, ou bien date_debut et date_fin",
            correction="Compléter l'année prévue, ou les deux dates.",
        ),
        frame,
        unique & frame["annee_prevue"].isna() & ~dated,
    )


def mode_du_droit(contexte: Contexte) -> Iterator[Anomalie]:
    """Only defence, security and health stay in stock, and on identified dwellings (CCH, art. L. 441-1)."""
    frame = contexte.tables["reservations"]
    stock = frame["mode"].eq(v.Mode.STOCK)
    yield from at_lines(
        contexte.defect(
            "reservations",
            "mode",
            "stock_sans_logement",
            "Un droit géré en stock ne désigne pas de logement",
            attendu="id_logement rempli quand mode = stock",
            correction="Désigner le logement, ou écrire mode = flux.",
        ),
        frame,
        stock & frame["id_logement"].isna(),
        frame["mode"],
    )
    holders = contexte.tables["reservataires"].drop_duplicates("id_reservataire").set_index("id_reservataire")
    category = frame["id_reservataire"].map(holders["categorie"])
    yield from at_lines(
        contexte.defect(
            "reservations",
            "mode",
            "stock_interdit",
            "Ce réservataire ne peut pas garder des droits en stock (CCH, art. L. 441-1)",
            attendu="mode = stock seulement pour les catégories defense_securite et hopital",
            correction="Écrire mode = flux, ou corriger la catégorie du réservataire.",
        ),
        frame,
        stock & category.notna() & ~category.isin(SPECIALES),
        frame["mode"],
    )
