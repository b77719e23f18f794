"""Where the dwellings are in an RPLS file: layout, columns that serve, what is said beside the rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flux.dossier import cellules
from flux.dossier.extrait import Apercu, survey, twice
from flux.dossier.rpls import bailleurs
from flux.dossier.rpls.dictionnaire import (
    Disposition,
    dispositions,
    nearest,
    recognise,
    variable_of,
    variables,
)
from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, enumerate_fr

_DECLARED = re.compile(r"(\d{4})_[^_]+_[^_]+_[^_]+\.(csv|txt)", re.IGNORECASE)
_COMMUNE, _QPV = 3, 21
"""Places of DEPCOM and QPV in a declared record: fields 4 and 22."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the dwellings are: layout, first line of data, position and header of each variable."""

    disposition: Disposition
    premiere: int
    positions: Mapping[str, int]
    largeur: int
    entetes: Mapping[str, str]
    inconnues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origine:
    """What an RPLS file says besides its rows, and that reading any of them needs.

    Attributes
    ----------
    entetes : header of each variable, as it is written.
    annee : the year that its name gives, if it gives one.
    remarques : what was read otherwise than written in the file as a whole.
    """

    source: Source
    disposition: Disposition
    entetes: Mapping[str, str]
    annee: int | None
    remarques: tuple[Anomalie, ...]


def read_whole(path: Path) -> tuple[Origine, pd.DataFrame]:
    """A file and all its rows, as text, by variable."""
    apercu, place = locate(path)
    texte = apercu.lire(place.premiere, place.positions, place.largeur)
    origine, texte = open_rows(apercu, place, texte)
    return origine, declare(texte, apercu, place)


def open_rows(apercu: Apercu, place: Place, first: pd.DataFrame) -> tuple[Origine, pd.DataFrame]:
    """What the file says of itself, and its first rows without the line of descriptions.

    Raises
    ------
    DataError
        Code "rpls.vide": there is no dwelling.
    """
    texte, described = _without_description(first, apercu)
    if texte.empty:
        raise DataError([_empty(apercu, place)])
    who = _declared(apercu, place)
    said = [bailleurs.said_declared(who, apercu.source)] if who else []
    origine = Origine(
        source=apercu.source,
        disposition=place.disposition,
        entetes=place.entetes,
        annee=_declared_year(apercu, place),
        remarques=(*described, *apercu.anomalies, *_unknown_headers(place, apercu), *said),
    )
    return origine, texte


def declare(texte: pd.DataFrame, apercu: Apercu, place: Place) -> pd.DataFrame:
    """The rows, with the landlord that the first record of a declared file names once for all."""
    return texte.assign(**_declared(apercu, place))


def _declared(apercu: Apercu, place: Place) -> Mapping[str, str]:
    return bailleurs.declared(apercu, place.premiere) if place.disposition.nom == "declaration" else {}


def locate(path: Path) -> tuple[Apercu, Place]:
    """The sheet that holds the dwellings, and where.

    Raises
    ------
    DataError
        Code "rpls.disposition_inconnue", and those of `survey`.
    """
    sheets = survey(path)
    for apercu in sheets:
        for line, row in enumerate(apercu.tetes, start=1):
            if disposition := recognise(row):
                return apercu, _by_header(disposition, apercu, line)
        for line, row in enumerate(apercu.tetes, start=1):
            if _is_declared(row):
                return apercu, _by_order(line, len(row))
    raise DataError([_unknown_layout(sheets)])


def _by_header(disposition: Disposition, apercu: Apercu, line: int) -> Place:
    """A header as the dictionary writes it prevails over one with a suffix (QPV over QPV_red)."""
    row = apercu.tetes[line - 1]
    plain = {variable_of(h) for h in row if h.upper() == variable_of(h)}
    names = [n if h.upper() == (n := variable_of(h)) or n not in plain else "" for h in row]
    if found := list(twice(apercu, line, names, variables())):
        raise DataError(found)
    positions = {name: names.index(name) for name in names}
    listed = {name for d in dispositions().values() for name in d.variables}
    unknown = [h for h in row if h and variable_of(h) not in listed | set(variables())]
    wanted = {name: p for name, p in positions.items() if name in variables()}
    return Place(
        disposition, line + 1, wanted, len(row), {n: row[p] for n, p in wanted.items()}, tuple(unknown)
    )


def _by_order(line: int, width: int) -> Place:
    disposition = dispositions()["declaration"]
    wanted = {name: p for p, name in enumerate(disposition.colonnes) if name in variables()}
    return Place(disposition, line, wanted, width, {n: f"champ {p + 1} ({n})" for n, p in wanted.items()})


def _is_declared(row: Sequence[str]) -> bool:
    """A record of the declared file has no header: its commune and QPV are where the arrêté puts them."""
    if len(row) < len(dispositions()["declaration"].colonnes):
        return False
    return _reads(cellules.COMMUNE.lire, row[_COMMUNE]) and row[_QPV] in {"1", "2"}


def _reads(lire: object, text: str) -> bool:
    try:
        lire(text)  # type: ignore[operator]
    except ValueError:
        return False
    return True


def _declared_year(apercu: Apercu, place: Place) -> int | None:
    """The year that opens the name of a declared file (arrêté of 5 January 2010, art. 2)."""
    named = _DECLARED.fullmatch(apercu.path.name)
    return int(named[1]) if named and place.disposition.nom == "declaration" else None


def _without_description(texte: pd.DataFrame, apercu: Apercu) -> tuple[pd.DataFrame, list[Anomalie]]:
    """DiDo may put a line of descriptions under the header: no commune there, no QPV, no rooms."""
    keys = [texte[name].iloc[0] for name in ("DEPCOM", "QPV", "NBPIECE")] if len(texte) else []
    readers = (cellules.commune, cellules.qpv, cellules.typologie)
    if not keys or any(pd.isna(k) or _reads(lire, k) for k, lire in zip(keys, readers, strict=True)):
        return texte, []
    said = Anomalie(
        code="rpls.ligne_description",
        gravite=Gravite.INFORMATION,
        fichier=apercu.source.fichier,
        feuille=apercu.source.feuille,
        ligne=int(texte[LIGNE].iloc[0]),
        message="La première ligne décrit les colonnes, elle n'est pas lue comme un logement",
    )
    return texte.iloc[1:].reset_index(drop=True), [said]


def _empty(apercu: Apercu, place: Place) -> Anomalie:
    return Anomalie(
        code="rpls.vide",
        fichier=apercu.source.fichier,
        feuille=apercu.source.feuille,
        ligne=place.premiere,
        message="Aucun logement sous l'en-tête",
        attendu="une ligne par logement",
        correction="Refaire l'extraction.",
    )


def _unknown_headers(place: Place, apercu: Apercu) -> Iterable[Anomalie]:
    if place.inconnues:
        yield Anomalie(
            code="rpls.colonnes_inconnues",
            gravite=Gravite.INFORMATION,
            fichier=apercu.source.fichier,
            feuille=apercu.source.feuille,
            message=f"Colonnes inconnues du RPLS, non lues : {enumerate_fr(place.inconnues)}",
        )


def _unknown_layout(sheets: list[Apercu]) -> Anomalie:
    """The row of the first lines that looks most like a header, the nearest layout, what it lacks."""
    rows = [(apercu, line, row) for apercu in sheets for line, row in enumerate(apercu.tetes, start=1)]
    listed = {name for d in dispositions().values() for name in d.variables}
    apercu, line, row = max(rows, key=lambda r: len({variable_of(h) for h in r[2]} & listed))
    best, missing = nearest(row)
    return Anomalie(
        code="rpls.disposition_inconnue",
        fichier=apercu.source.fichier,
        feuille=apercu.source.feuille,
        ligne=line,
        message=f"Ce n'est aucune des dispositions connues du RPLS ; la plus proche : {best.libelle}",
        attendu=f"les colonnes {enumerate_fr(missing)}"
        if missing
        else f"les en-têtes {enumerate_fr(best.marque)}",
        correction="Ajouter ces colonnes à l'extraction, ou corriger leurs en-têtes.",
    )
