"""The rights against the dwellings that bear them, the calendar, and the holders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.contexte import Contexte
from flux.dossier.convention import Convention
from flux.dossier.croisements.constat import constat, in_programmes, programmes
from flux.dossier.garanties import end_of_rights, guarantees
from flux.noyau.errors import Anomalie, Gravite


def droits_sans_effet(contexte: Contexte) -> Iterator[Anomalie]:
    """Rights in flow on dwellings that are gone, or that never bear the flow: they weigh nothing."""
    convention, rights = contexte.convention, contexte.tables["reservations"]
    if convention is None:
        return
    dwellings = contexte.tables["logements"]
    gone = dwellings["date_sortie"] <= _first_day(convention)
    outside = ~gone & _outside(dwellings, convention)
    alive = ~_ended(contexte, convention) & rights["mode"].ne(v.Mode.STOCK)
    named = rights["id_logement"]
    yield from constat(
        contexte,
        "reservations",
        "id_logement",
        "logement_sorti",
        "Droit sur un logement sorti du patrimoine (vendu, démoli) : sans effet",
        alive & named.isin(dwellings.loc[gone, "id_logement"].dropna()),
        attendu="un logement encore au patrimoine, ou un droit terminé",
        correction="Écrire la date_fin du droit, ou corriger la date_sortie du logement.",
    )
    yield from constat(
        contexte,
        "reservations",
        "id_logement",
        "hors_assiette",
        "Droit sur un logement qui ne porte pas de flux (PLI, foyer, résidence étudiante, occupation "
        "exclue) : sans effet",
        alive & named.isin(dwellings.loc[outside, "id_logement"].dropna()),
        gravite=Gravite.INFORMATION,
        correction="Rien à faire si le logement est bien décrit ; sinon corriger « financement », « nature » "
        "ou « occupation » dans la table « logements ».",
    )
    silent, arriving = gone | outside, programmes(contexte.tables["livraisons"])
    emptied = programmes(dwellings[silent]) - programmes(dwellings[~silent]) - arriving
    yield from constat(
        contexte,
        "reservations",
        "programme",
        "sans_logement",
        "Droit sur un programme dont aucun logement ne porte de flux (sortis, PLI, foyers…) : sans effet",
        alive & named.isna() & in_programmes(rights, emptied),
        attendu="un programme qui a des logements à louer, ou un droit terminé",
        correction="Écrire la date_fin du droit, ou corriger les logements du programme.",
    )


def droits_termines(contexte: Contexte) -> Iterator[Anomalie]:
    """Rights that ended before the year: how many, by year; guarantees of repaid loans apart.

    A guarantee without a date of repayment is said elsewhere.
    """
    if contexte.convention is None:
        return
    rights, annee = contexte.tables["reservations"], contexte.convention.annee
    over, guarantee = _ended(contexte, contexte.convention), _guarantees(contexte)
    ended, repaid = over & ~guarantee, over & guarantee & rights["date_remboursement"].notna()
    yield from constat(
        contexte,
        "reservations",
        "date_fin",
        "terminee",
        f"Droits terminés avant {annee}, non comptés : {_by_year(rights.loc[ended, 'date_fin'])}",
        ended,
        gravite=Gravite.INFORMATION,
        correction="Rien à faire s'ils ont pris fin ; sinon corriger date_fin.",
    )
    yield from constat(
        contexte,
        "reservations",
        "date_remboursement",
        "droit_eteint",
        f"Garanties d'emprunt éteintes avant {annee}, cinq ans après le remboursement (CCH, art. R. 441-6), "
        f"non comptées : remboursements {_by_year(rights.loc[repaid, 'date_remboursement'])}",
        repaid,
        gravite=Gravite.INFORMATION,
        correction="Rien à faire si l'emprunt est remboursé ; sinon corriger date_remboursement.",
    )


def _by_year(days: pd.Series) -> str:
    """`"3 en 2024, 2 en 2021, 4 plus tôt"`."""
    by_year = days.dt.year.value_counts().sort_index(ascending=False)
    before = int(by_year.iloc[3:].sum())
    shown = [f"{nb} en {year}" for year, nb in by_year.head(3).items()]
    return ", ".join([*shown, *([f"{before} plus tôt"] if before else [])])


def droits_a_venir(contexte: Contexte) -> Iterator[Anomalie]:
    """Rights that begin too late to count this year; those of programmes to be delivered are expected."""
    convention = contexte.convention
    if convention is None:
        return
    rights, annee = contexte.tables["reservations"], convention.annee
    prorata = convention.choix.regle_echeance == v.RegleEcheance.PRORATA
    last = pd.Timestamp(date(annee, 12, 31)) if prorata else _first_day(convention)
    yield from constat(
        contexte,
        "reservations",
        "date_debut",
        "a_venir",
        f"Droit qui commence après le {last:%d/%m/%Y} : il ne compte pas en {annee}",
        (rights["date_debut"] > last)
        & rights["type_droit"].eq(v.TypeDroit.SUITE)
        & ~in_programmes(rights, programmes(contexte.tables["livraisons"])),
        attendu=f"une date jusqu'au {last:%d/%m/%Y} pour un droit de {annee}",
        correction="Corriger date_debut si le droit existe déjà ; sinon rien à faire.",
    )


def garanties_sans_remboursement(contexte: Contexte) -> Iterator[Anomalie]:
    """Guarantees of loans without the date that ends them: already dropped, or endless."""
    if contexte.convention is None:
        return
    rights, first = contexte.tables["reservations"], _first_day(contexte.convention)
    unpaid = _guarantees(contexte) & rights["date_remboursement"].isna()
    yield from constat(
        contexte,
        "reservations",
        "date_remboursement",
        "absente_droit_termine",
        "Garantie d'emprunt dont la date de fin est passée, sans date de remboursement : le droit n'est pas "
        "compté, alors qu'il dure cinq ans après le remboursement (CCH, art. R. 441-6)",
        unpaid & (rights["date_fin"] < first),
        attendu="la date du remboursement total de l'emprunt",
        correction="Écrire date_remboursement ; la date de fin n'est alors plus regardée.",
    )
    yield from constat(
        contexte,
        "reservations",
        "date_remboursement",
        "absente",
        "Garantie d'emprunt sans date de fin ni de remboursement : le droit est compté sans terme",
        unpaid & rights["date_fin"].isna(),
        gravite=Gravite.INFORMATION,
        correction="Écrire date_remboursement si l'emprunt est remboursé ; sinon rien à faire.",
    )


def soldes_sans_droit(contexte: Contexte) -> Iterator[Anomalie]:
    """A balance of a holder that has no right: a misspelt identifier, often."""
    held = contexte.tables["reservations"]["id_reservataire"].dropna()
    holders, balances = contexte.tables["reservataires"], contexte.tables["soldes"]
    if held.empty:
        return
    yield from constat(
        contexte,
        "soldes",
        "id_reservataire",
        "sans_droit",
        "Solde d'un réservataire qui n'a aucun droit dans « reservations »",
        balances["id_reservataire"].isin(holders["id_reservataire"].dropna())
        & ~balances["id_reservataire"].isin(held),
        attendu="un réservataire qui a des droits",
        correction="Corriger l'identifiant, ou ajouter les droits ; un solde sans droit reste dû.",
    )


def _first_day(convention: Convention) -> pd.Timestamp:
    return pd.Timestamp(date(convention.annee, 1, 1))


def _guarantees(contexte: Contexte) -> pd.Series:
    """Rights given for a guarantee by those whose right outlives the loan."""
    return guarantees(contexte.tables["reservations"], contexte.tables["reservataires"])


def _ended(contexte: Contexte, convention: Convention) -> pd.Series:
    """Rights over on 1 January."""
    rights = contexte.tables["reservations"]
    reversed_dates = rights["date_fin"] < rights["date_debut"]  # said elsewhere
    end = end_of_rights(rights, contexte.tables["reservataires"])
    return (end < _first_day(convention)) & ~reversed_dates


def _outside(dwellings: pd.DataFrame, convention: Convention) -> pd.Series:
    """Dwellings that their own description keeps out of the flow, whatever the year."""
    natures = {v.NatureLogement.FOYER, v.NatureLogement.PLI_LLI}
    if convention.choix.residences_etudiantes == v.ResidencesEtudiantes.HORS:
        natures.add(v.NatureLogement.RESIDENCE_ETUDIANTE)
    return (
        dwellings["financement"].eq(v.Financement.PLI).fillna(False).astype(bool)
        | dwellings["nature"].isin(natures)
        | dwellings["occupation"].isin(list(convention.choix.occupations_exclues))
    )
