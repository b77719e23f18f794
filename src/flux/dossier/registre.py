"""The register of reservations as a bailleur keeps it: brought to `reservations` and `reservataires`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from flux.dossier.cellules import cle
from flux.dossier.extrait import Apercu, survey, twice
from flux.dossier.schemas import RESERVATAIRES, RESERVATIONS
from flux.noyau.errors import Anomalie, DataError, Gravite, near_misses
from flux.noyau.provenance import Source
from flux.noyau.tables import (
    LIGNE,
    Table,
    anomaly_at,
    at_lines,
    check,
    enumerate_fr,
    grouped,
    strangers,
    suggestion,
)

RPLS = {"ident_int": "id_logement", "ident_rep": "id_logement", "depcom": "commune"}
"""Names of the RPLS under which a register may give ours."""
CLE = "id_reservataire"
_DROITS = tuple(c.nom for c in RESERVATIONS.colonnes)
_TITULAIRES = tuple(c.nom for c in RESERVATAIRES.colonnes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registre:
    """Typed tables: only the columns that were given; `reservataires` has one row a holder."""

    reservations: pd.DataFrame
    reservataires: pd.DataFrame
    anomalies: tuple[Anomalie, ...]


def read_registre(
    path: str | Path, logements: pd.DataFrame, *, reservataires: str | Path | None = None
) -> Registre:
    """Read a register against the dwellings it names.

    Parameters
    ----------
    path : a table near `reservations`; columns of `reservataires` beside the rights are taken, once a holder.
    logements : table of a dossier; a right may name a dwelling by `id_logement` or by `id_rpls`.
    reservataires : the holders, in a table of their own (default: the columns of the register).

    Raises
    ------
    DataError
        No header known (code "registre.entete"), unreadable cells: every defect at once.
    """
    texte, source, said = _read(Path(path), (*_DROITS, *_TITULAIRES))
    rights, found = _typed(texte, RESERVATIONS, source)
    rights, joined = _with_dwellings(rights, logements, source)
    anomalies = [*said, *found, *joined]
    if reservataires is None:
        own = texte[[c for c in texte if c in {*_TITULAIRES, LIGNE}]]
        anomalies += _disagreements(own, source)
        own = own.drop_duplicates(CLE) if CLE in own else own
    else:
        own, source, said = _read(Path(reservataires), _TITULAIRES)
        anomalies += said
    holders, found = _typed(own, RESERVATAIRES, source)
    anomalies += found
    if blocking := [a for a in anomalies if a.gravite is Gravite.BLOQUANT]:
        raise DataError(blocking)
    return Registre(reservations=rights, reservataires=holders, anomalies=tuple(anomalies))


def _read(path: Path, known: Sequence[str]) -> tuple[pd.DataFrame, Source, list[Anomalie]]:
    """The columns of the contract under the header that names most of them; the others are listed."""
    best: tuple[int, Apercu, int, list[str]] | None = None
    sheets = survey(path)
    for apercu in sheets:
        for line, row in enumerate(apercu.tetes, start=1):
            names = [RPLS.get(cle(cell), cle(cell)) for cell in row]
            score = len({*names} & {*known})
            if best is None or score > best[0]:
                best = score, apercu, line, names
    if best is None or CLE not in best[3]:
        raise DataError([_no_header(sheets[0].source, best[3] if best else [])])
    _, apercu, line, names = best
    if found := list(twice(apercu, line, names, known)):
        raise DataError(found)
    positions = {name: names.index(name) for name in dict.fromkeys(known) if name in names}
    unread = [h for h, name in zip(apercu.tetes[line - 1], names, strict=True) if h and name not in known]
    texte = apercu.lire(line + 1, positions, len(names))
    source = replace(apercu.source, nb_lignes=len(texte))
    said = list(apercu.anomalies)
    if unread:
        hints = " ".join(f"{h} : {hint}" for h in unread if (hint := suggestion(cle(h), known)))
        said.append(
            anomaly_at(
                source,
                code="registre.colonnes_inconnues",
                gravite=Gravite.A_VERIFIER,
                message=f"Colonnes inconnues, non lues : {enumerate_fr(unread)}",
                correction=hints or "Renommer celles qui sont des colonnes du dossier.",
            )
        )
    return texte, source, said


def _no_header(source: Source, names: list[str]) -> Anomalie:
    near = next(iter(near_misses(CLE, [n for n in names if n])), "")
    header = f"Renommer l'en-tête « {near} »" if near else "Renommer celui des titulaires"
    return anomaly_at(
        source,
        code="registre.entete",
        message=f"Aucun en-tête du fichier n'a la colonne « {CLE} »",
        attendu=f"les colonnes {enumerate_fr(_DROITS[:5])}, … ; {enumerate_fr(_TITULAIRES[1:5])} "
        "pour les titulaires",
        correction=f"{header} en « {CLE} » (un code à vous, le nom va dans « nom »), et les autres de même.",
    )


def _typed(texte: pd.DataFrame, table: Table, source: Source) -> tuple[pd.DataFrame, list[Anomalie]]:
    """The columns given, typed. A column that is not given is no defect here: it is said to be missing."""
    given = [c.nom for c in table.colonnes if c.nom in texte and texte[c.nom].notna().any()]
    frame, found = check(texte[[*given, LIGNE]], table, source)
    return frame[[*given, LIGNE]], [a for a in found if not a.code.endswith(".colonne_absente")]


def _with_dwellings(
    rights: pd.DataFrame, logements: pd.DataFrame, source: Source
) -> tuple[pd.DataFrame, list[Anomalie]]:
    """`id_logement` where the register wrote an identifier of the RPLS; strangers are to be checked."""
    if "id_logement" not in rights:
        return rights, []
    written = rights["id_logement"]
    stock = logements.dropna(subset="id_rpls").sort_values("motif_sortie", na_position="first")
    by_rpls = stock.drop_duplicates("id_rpls").set_index("id_rpls")["id_logement"]
    foreign = strangers(written, logements["id_logement"].dropna().unique().tolist())
    found = written.where(foreign).map(by_rpls)
    through = found.notna()
    ours = written.mask(through, found)

    def said(code: str, message: str, correction: str = "") -> Anomalie:
        return anomaly_at(
            source,
            code=f"registre.id_logement.{code}",
            gravite=Gravite.A_VERIFIER,
            colonne="id_logement",
            message=message,
            correction=correction,
        )

    repair = said("id_rpls", "Identifiant RPLS, remplacé par celui du bailleur")
    unknown = said(
        "inconnu",
        "Ce logement n'est pas dans le fichier RPLS",
        "Corriger l'identifiant, ou ajouter le logement (avec date_sortie s'il n'est plus au patrimoine).",
    )
    anomalies = [
        *grouped(repair, rights, through),
        *at_lines(unknown, rights, foreign & ~through, written),
    ]
    return rights.assign(id_logement=ours), anomalies


def _disagreements(own: pd.DataFrame, source: Source) -> Iterator[Anomalie]:
    """A holder written in two ways: the first line is kept, and said."""
    if CLE not in own:
        return
    first = own.drop_duplicates(CLE).set_index(CLE)
    for column in first.columns.difference([LIGNE]):
        kept = own[CLE].map(first[column])
        differs = own[column].notna() & own[column].ne(kept.fillna(""))
        yield from at_lines(
            anomaly_at(
                source,
                code=f"registre.{column}.desaccord",
                gravite=Gravite.A_VERIFIER,
                colonne=column,
                message="Écrit autrement que sur la première ligne de ce réservataire, qui est gardée",
                correction="Écrire la même chose partout, ou donner un fichier des réservataires.",
            ),
            own,
            differs,
            own[column],
        )
