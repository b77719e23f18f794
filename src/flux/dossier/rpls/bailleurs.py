"""Whose dwellings a file holds: the landlords, the one that is wanted, identifiers that do not collide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from flux.dossier.cellules import cle
from flux.dossier.extrait import Apercu
from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import at_lines, enumerate_fr

QUI = ("IDENT_ORG", "SIRET", "RS")
_SIRET, _SIREN = 14, 9


def select(texte: pd.DataFrame, bailleur: str | None, source: Source) -> tuple[pd.DataFrame, pd.Series]:
    """The rows of `bailleur`, with those that share their IDENT_REP, and the mask of its own.

    Raises
    ------
    DataError
        Code "rpls.bailleur_absent": no row of that landlord; the message names those that are there.
    """
    if bailleur is None:
        return texte, pd.Series(True, index=texte.index)
    wanted = cle(bailleur)
    own = pd.Series(False, index=texte.index)
    for column in QUI:
        if column in texte:
            names = {name: _is(wanted, column, name) for name in texte[column].dropna().unique()}
            own |= texte[column].map(names).fillna(False).astype(bool)
    if not own.any():
        raise DataError([_absent(texte, bailleur, source)])
    kept = own
    if "IDENT_REP" in texte:
        kept = own | texte["IDENT_REP"].isin(texte.loc[own, "IDENT_REP"].dropna().unique().tolist())
    return texte[kept].reset_index(drop=True), own[kept].reset_index(drop=True)


def _is(wanted: str, column: str, name: str) -> bool:
    if column != "SIRET":
        return cle(name) == wanted
    siret = siret_of(name)
    return wanted in {siret, siret[:_SIREN]}


def siret_of(text: str) -> str:
    """Fourteen digits; a spreadsheet takes the zeros at the left away. A SIREN alone is kept."""
    digits = re.sub(r"\s|[.,]0$", "", text)
    return digits if len(digits) == _SIREN else digits.zfill(_SIRET)


def _absent(texte: pd.DataFrame, bailleur: str, source: Source) -> Anomalie:
    columns = [c for c in QUI if c in texte]
    there = texte[columns[-1]].dropna().unique().tolist()[:10] if columns else []
    return Anomalie(
        code="rpls.bailleur_absent",
        fichier=source.fichier,
        feuille=source.feuille,
        valeur=bailleur,
        message="Aucun logement de ce bailleur dans le fichier"
        if columns
        else "Le fichier ne dit pas à quel bailleur est chaque logement",
        attendu=f"un SIREN, un SIRET, un IDENT_ORG ou une raison sociale du fichier : {enumerate_fr(there)}"
        if columns
        else "un fichier restreint ou déclaré, avec SIRET, RS ou IDENT_ORG",
        correction="Corriger le nom du bailleur." if columns else "Lire le fichier sans choisir de bailleur.",
    )


def declared(apercu: Apercu, premiere: int) -> dict[str, str]:
    """The landlord of a declared file without header, from its first record (raison sociale, …, SIRET)."""
    cells = [cell for row in apercu.tetes[: premiere - 1] for cell in row if cell]
    siret = next((cell for cell in cells if re.fullmatch(r"\d{13,14}", cell)), None)
    name = next((cell for cell in cells if re.search(r"[^\W\d]{2}", cell)), None)
    return {"SIRET": siret, "RS": name} if siret and name else {}


def said_declared(who: Mapping[str, str], source: Source) -> Anomalie:
    """That the landlord was found in the first record."""
    return Anomalie(
        code="rpls.bailleur_lu",
        gravite=Gravite.INFORMATION,
        fichier=source.fichier,
        ligne=1,
        valeur=", ".join(who.values()),
        message="Bailleur lu dans l'enregistrement d'en-tête",
    )


def holder(typed: pd.DataFrame) -> pd.Series:
    """Who holds each dwelling: IDENT_ORG, else SIRET, else raison sociale; missing where nothing says it."""
    return typed["IDENT_ORG"].fillna(typed["SIRET"]).fillna(typed["RS"])


def with_identifiers(typed: pd.DataFrame, source: Source) -> tuple[pd.DataFrame, list[Anomalie]]:
    """IDENT_INT is unique for one landlord only: with several, the landlord's identifier goes before it."""
    who, written = holder(typed), typed["IDENT_INT"]
    anomalies: list[Anomalie] = []
    if who.nunique() > 1 and written.notna().any():
        typed = typed.assign(IDENT_INT=(who + "/" + written).fillna(written))
        anomalies.append(
            Anomalie(
                code="rpls.plusieurs_bailleurs",
                gravite=Gravite.A_VERIFIER,
                fichier=source.fichier,
                feuille=source.feuille,
                message=f"Le fichier contient les logements de {who.nunique()} bailleurs : leur identifiant "
                "précède celui du logement (bailleur/logement)",
                correction='Pour un seul : read_rpls(..., bailleur="…").',
            )
        )
    return typed, [*anomalies, *_twice(typed, source)]


def _twice(typed: pd.DataFrame, source: Source) -> Iterator[Anomalie]:
    ids = typed["IDENT_INT"]
    yield from at_lines(
        Anomalie(
            code="rpls.IDENT_INT.doublon",
            fichier=source.fichier,
            feuille=source.feuille,
            colonne="IDENT_INT",
            message="Identifiant déjà utilisé plus haut par le même bailleur",
            attendu="un identifiant par logement",
            correction="Supprimer l'une des deux lignes, ou corriger son identifiant.",
        ),
        typed,
        ids.notna() & ids.duplicated(),
        ids,
    )


def summary(typed: pd.DataFrame) -> pd.DataFrame:
    """One row a landlord: ident_org, siret, nom, nb (rows of the file)."""
    frame = typed[["IDENT_ORG", "SIRET", "RS"]].set_axis(["ident_org", "siret", "nom"], axis=1)
    known = frame[frame.notna().any(axis=1)]
    counts = known.groupby(list(frame), dropna=False).size().rename("nb").reset_index()
    return counts.assign(siret=counts["siret"].map(siret_of, na_action="ignore"))
