"""Checks of what is readable and cannot be true: balances, turnover and stock against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.communes import cog
from flux.dossier.contexte import Contexte
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import line_ranges
from flux.noyau.tables import LIGNE, anomaly_at, at_lines


def soldes_de_l_an_dernier(contexte: Contexte) -> Iterator[Anomalie]:
    """Balances are last year's, one a holder and commune; an older one is left out, said; none is to come."""
    if contexte.convention is None:
        return
    frame, last = contexte.tables["soldes"], contexte.convention.annee - 1
    year = frame["annee"]
    wrong = contexte.defect(
        "soldes",
        "annee",
        "a_venir",
        "Ce solde n'est pas encore connu",
        attendu=f"l'année {last}, la dernière avant la convention",
        correction="Corriger l'année du solde, ou celle de la convention.",
    )
    yield from at_lines(wrong, frame, year.gt(last).fillna(False), year)
    old = replace(
        wrong,
        code="soldes.annee.ancienne",
        gravite=Gravite.A_VERIFIER,
        message="Ce solde n'est pas celui de l'an dernier, il n'est pas repris",
        correction="Corriger l'année du solde, ou laisser la ligne pour mémoire.",
    )
    yield from at_lines(old, frame, year.lt(last).fillna(False), year)
    yield from at_lines(
        contexte.defect(
            "soldes",
            "annee_ouverture",
            "a_venir",
            "Le compte s'ouvrirait après la convention",
            attendu=f"une année, {last + 1} au plus tard",
            correction="Corriger l'année d'ouverture.",
        ),
        frame,
        frame["annee_ouverture"].gt(last + 1).fillna(False),
        frame["annee_ouverture"],
    )
    key = ["id_reservataire", "annee", "commune"]
    yield from at_lines(
        contexte.defect(
            "soldes",
            None,
            "doublon",
            "Ce réservataire a déjà un solde pour cette commune et cette année",
            attendu="un solde par réservataire, commune et année",
            correction="Supprimer l'une des deux lignes, ou écrire leur somme sur une seule.",
        ),
        frame,
        frame["id_reservataire"].notna() & frame.duplicated(key),
        frame["id_reservataire"],
    )


def soldes_possibles(contexte: Contexte) -> Iterator[Anomalie]:
    """Nobody is owed more dwellings than there are; what rounding carries is half a dwelling at most."""
    frame = contexte.tables["soldes"]
    whole = frame["id_reservataire"].eq(v.ENSEMBLE).fillna(False).astype(bool)
    stock = len(contexte.tables["logements"])
    size = frame["solde"].abs()
    for mask, attendu in (
        (whole & size.gt(0.5), "un solde de -0,5 à 0,5 : ce que l'arrondi du flux a laissé"),
        (~whole & size.gt(stock) & (stock > 0), f"un solde de {-stock} à {stock}, le nombre de logements"),
    ):
        yield from at_lines(
            contexte.defect(
                "soldes",
                "solde",
                "impossible",
                "Solde plus grand que possible",
                attendu=attendu,
                correction="Corriger la cellule.",
            ),
            frame,
            mask.fillna(False).astype(bool),
            frame["solde"].map(lambda x: f"{x:g}".replace(".", ",")),
        )


def liberations_possibles(contexte: Contexte) -> Iterator[Anomalie]:
    """No more dwellings fall vacant in a year than there are."""
    stock = len(contexte.tables["logements"])
    if contexte.convention is None or not stock:
        return
    expected = contexte.convention.hypotheses.liberations_prevues
    if expected is not None and expected > stock:
        source = contexte.source_convention
        yield anomaly_at(
            source,
            code="convention.hypotheses.liberations_prevues.impossible",
            colonne="hypotheses.liberations_prevues",
            valeur=f"{float(expected):g}",
            message="Plus de libérations que de logements",
            attendu=f"un nombre de 0 à {stock}, le nombre de logements",
            correction="Corriger la valeur.",
        )
    moves = contexte.tables["mouvements"]
    relet = moves["etape"].eq(v.Etape.BAIL) & moves["nature"].ne(v.NatureMouvement.PREMIERE_LOCATION)
    by_year = moves[relet].groupby("annee")["nb"].sum()
    over = by_year[by_year > stock].astype(int)
    for year, nb in zip(over.index.astype(int).tolist(), over.tolist(), strict=True):
        largest = moves[relet & moves["annee"].eq(year)].sort_values("nb", ascending=False)
        yield replace(
            contexte.defect(
                "mouvements",
                "nb",
                "plus_que_le_parc",
                f"En {year}, {nb} relocations pour {stock} logements",
                attendu=f"au plus {stock} relocations par an, le nombre de logements",
                correction="Corriger nb (la ligne indiquée est la plus forte de l'année), ou compléter la "
                "table « logements ».",
            ),
            ligne=int(largest[LIGNE].iloc[0]),
            valeur=str(largest["nb"].iloc[0]),
        )


def _counted(nb: int) -> str:
    return f"{nb} logements" if nb > 1 else "1 logement"


def _at(lines: pd.Series) -> str:
    return f"ligne{'s' if len(lines) > 1 else ''} {line_ranges(lines.astype(int).tolist())}"


def mouvements_passes(contexte: Contexte) -> Iterator[Anomalie]:
    """Movements are of past years: one of the convention's year, or later, measures nothing yet."""
    if contexte.convention is None:
        return
    frame, year = contexte.tables["mouvements"], contexte.convention.annee
    yield from at_lines(
        replace(
            contexte.defect(
                "mouvements",
                "annee",
                "a_venir",
                "Ce mouvement n'est pas d'une année passée, il n'est pas compté",
                attendu=f"une année avant {year}, celle de la convention",
                correction="Corriger l'année, ou laisser la ligne pour mémoire.",
            ),
            gravite=Gravite.A_VERIFIER,
        ),
        frame,
        frame["annee"].ge(year).fillna(False),
        frame["annee"],
    )


def logements_du_departement(contexte: Contexte) -> Iterator[Anomalie]:
    """One convention a département: dwellings elsewhere are left out, said; all elsewhere is a mistake."""
    if contexte.convention is None or not contexte.convention.bailleur.departement:
        return
    frame, code = contexte.tables["logements"], contexte.convention.bailleur.departement
    where = frame["commune"].map(contexte.communes.set_index("commune")["departement"])
    elsewhere = where.notna() & where.ne(code)
    if not elsewhere.any():
        return
    found = ", ".join(sorted(set(where.dropna())))
    if not where.eq(code).any():
        if code not in {*cog()["departement"], *contexte.tables["territoires"]["departement"]}:
            return  # this code exists nowhere: said elsewhere
        source = contexte.source_convention
        yield anomaly_at(
            source,
            code="convention.bailleur.departement.sans_logement",
            colonne="bailleur.departement",
            valeur=code,
            message="Aucun logement n'est dans le département de la convention",
            attendu=f"le département des logements : {found}",
            correction="Corriger le département, ou la table « logements ».",
        )
        return
    yield replace(
        contexte.defect(
            "logements",
            "commune",
            "autre_departement",
            f"{_counted(int(elsewhere.sum()))} hors du département {code}, hors de l'assiette "
            f"(une convention par département) : {_at(frame.loc[elsewhere, LIGNE])}",
            attendu=f"une commune du département {code}",
            correction="Corriger le code si la commune est fausse.",
        ),
        gravite=Gravite.A_VERIFIER,
        ligne=int(frame.loc[elsewhere, LIGNE].iloc[0]),
        valeur=str(frame.loc[elsewhere, "commune"].iloc[0]),
        lignes=tuple(frame.loc[elsewhere, LIGNE].astype(int)),
    )
