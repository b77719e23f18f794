"""Whose dwellings a file holds: the landlords, the one that is wanted, identifiers that do not collide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from flux.dossier import cellules
from flux.dossier.cellules import cle
from flux.dossier.extrait import Apercu
from flux.dossier.rpls.dictionnaire import variables
from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import TEXTE, at_lines, enumerate_fr

QUI = ("IDENT_ORG", "SIRET", "RS")
_SIRET, _SIREN = 14, 9


def select(
    texte: pd.DataFrame, bailleur: str | None, departement: str | None, source: Source
) -> tuple[pd.DataFrame, pd.Series]:
    """The rows of `bailleur` in `departement`, those that share their IDENT_REP, and the mask of its own.

    Raises
    ------
    DataError
        Codes "rpls.bailleur_absent", "rpls.departement_absent": no such row; those that are there are named.
    """
    own = pd.Series(True, index=texte.index)
    if bailleur is None and departement is None:
        return texte, own
    if bailleur is not None:
        own = matches(texte, bailleur)
        if not own.any():
            raise DataError([absent(texte, bailleur, source)])
    if departement is not None:
        where = departements(texte["DEPCOM"])
        there = where[own].dropna().unique().tolist()
        own &= where.eq(departement_of(departement))
        if not own.any():
            raise DataError([elsewhere(there, departement, source)])
    kept = own
    if "IDENT_REP" in texte:
        kept = own | texte["IDENT_REP"].isin(identities(texte.loc[own, "IDENT_REP"]))
    return texte[kept].reset_index(drop=True), own[kept].reset_index(drop=True)


def matches(rows: pd.DataFrame, bailleur: str) -> pd.Series:
    """Whether each row is of `bailleur`: its IDENT_ORG, SIRET (or SIREN) or raison sociale."""
    wanted = cle(bailleur)
    own = pd.Series(False, index=rows.index)
    for column in QUI:
        if column in rows:
            names = rows[column].dropna().unique().tolist()
            own |= rows[column].isin([name for name in names if _is(wanted, column, name)])
    return own


def identities(idents: pd.Series) -> list[str]:
    """The IDENT_REP that name a dwelling: « NA » is that of nobody."""
    absents = set(variables()["IDENT_REP"].absents)
    return [ident for ident in idents.dropna().unique().tolist() if ident.upper() not in absents]


def departements(communes: pd.Series) -> pd.Series:
    """The département of each code of commune, as written; missing where no code can be read."""
    return communes.map({code: _departement(code) for code in communes.dropna().unique()}).astype(TEXTE)


def _departement(commune: str) -> str | None:
    try:
        code = str(cellules.commune(commune).valeur)
    except ValueError:
        return None
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def departement_of(text: str) -> str:
    """The code of a département as a person may write it: `"1"` -> `"01"`, `"2a"` -> `"2A"`."""
    return text.strip().upper().zfill(2)


def _is(wanted: str, column: str, name: str) -> bool:
    if column != "SIRET":
        return cle(name) == wanted
    siret = siret_of(name)
    return wanted in {siret, siret[:_SIREN]}


def siret_of(text: str) -> str:
    """Fourteen digits; a spreadsheet takes the zeros at the left away. A SIREN alone is kept."""
    digits = re.sub(r"\s|[.,]0$", "", text)
    return digits if len(digits) == _SIREN else digits.zfill(_SIRET)


def absent(texte: pd.DataFrame, bailleur: str, source: Source) -> Anomalie:
    """That no row is of this landlord; those that are there, or that the file names none."""
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


def elsewhere(there: list[str], departement: str, source: Source) -> Anomalie:
    """That no row is of this département; those that are there."""
    return Anomalie(
        code="rpls.departement_absent",
        fichier=source.fichier,
        feuille=source.feuille,
        valeur=departement,
        message="Aucun logement dans ce département",
        attendu=f"le code d'un département du fichier : {enumerate_fr(sorted(there)[:10])}",
        correction="Corriger le code du département.",
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
