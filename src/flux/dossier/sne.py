"""`read_sne_radiations`: the few columns of an SNE extract that make `mouvements`, and never a person.

A household is a row of the extract; what comes out is counts. Columns about persons are not read (the search
of the header looks at the first lines, and keeps nothing of them); no row, date or dwelling is ever written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flux.dossier import cellules as c
from flux.dossier import vocabulaire as v
from flux.dossier.extrait import Apercu, survey, twice
from flux.dossier.remarques import remarques
from flux.dossier.rpls.dictionnaire import variables
from flux.dossier.rpls.lecteurs import type_of
from flux.noyau.errors import Anomalie, DataError, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import TEXTE, Colonne, Table, anomaly_at, check, enumerate_fr, grouped
from flux.noyau.types import Lu, Type
from flux.rendu.nombres import entier
from flux.rendu.vue import Affichable, Tableau, Vue
from flux.rendu.vue import Colonne as Montree

REQUISES = ("DATE_SIGNATURE_BAIL", "COMMUNE_LOGEMENT_ATTRIB")
CLES = (
    "annee",
    "nature",
    "commune",
    "qpv",
    "typologie",
    "financement",
    "type_reservataire",
    "priorite",
    "quartile",
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Radiations(Affichable):
    """The leases signed that an SNE extract declares.

    Attributes
    ----------
    nom : name of the file.
    source : file, sheet, sha256, number of rows.
    evenements : one row a lease, in memory only: id_rpls, annee, nature, commune, qpv, typologie,
        financement (missing: the SNE does not say), type_reservataire (as written), priorite, quartile.
    non_lues : columns of the file that describe persons, by name: never read.
    reparations : what was read otherwise than written, and what is supposed.
    """

    nom: str
    source: Source
    evenements: pd.DataFrame
    non_lues: tuple[str, ...]
    reparations: tuple[Anomalie, ...]

    @property
    def mouvements(self) -> pd.DataFrame:
        """Counts of leases, by `CLES`, in `nb`."""
        return compter(self.evenements)

    @property
    def table(self) -> pd.DataFrame:
        """The counts."""
        return self.mouvements

    def vue(self) -> Vue:
        """What it shows: leases by year and nature, by réservataire as written, what was not read."""
        leases = self.evenements
        by_year = leases.groupby(["annee", "nature"]).size().rename("nb").reset_index()
        who = leases["type_reservataire"].fillna("non renseigné").value_counts().rename("nb").reset_index()
        return Vue(
            titre=f"Radiations SNE « {self.nom} » : {entier(len(leases))} baux signés",
            notes=(
                "Colonnes non lues, car elles décrivent des personnes : "
                f"{', '.join(self.non_lues) or 'aucune'}.",
                "Seuls des décomptes sont écrits, jamais une ligne de ce fichier.",
            ),
            tableaux=(
                Tableau(titre="Baux par année", frame=by_year, colonnes=("annee", "nature", "nb")),
                Tableau(
                    titre="Baux par type de réservataire, tel qu'écrit",
                    frame=who,
                    colonnes=(Montree("type_reservataire", cle="nom", libelle="Type écrit"), "nb"),
                ),
                remarques("Ce qui a été réparé ou supposé", self.reparations),
            ),
        )


def compter(evenements: pd.DataFrame) -> pd.DataFrame:
    """The leases as counts, by `CLES`."""
    return evenements.groupby(list(CLES), dropna=False, sort=True).size().rename("nb").reset_index()


def read_sne_radiations(path: str | Path) -> Radiations:
    """Read the leases of an SNE extract of radiations, as counts that make `mouvements`.

    Parameters
    ----------
    path : a .csv or .txt file, or a workbook.

    Raises
    ------
    DataError
        No header of an SNE extract (code "sne.entete"), unreadable cells: every defect at once.
    """
    apercu, line, positions, headers = _locate(Path(path))
    texte = apercu.lire(line + 1, positions, len(apercu.tetes[line - 1]))
    source = replace(apercu.source, nb_lignes=len(texte))
    typed, found = check(texte, _table(), source)
    found = [replace(a, colonne=headers.get(a.colonne or "", a.colonne)) for a in found]
    if blocking := [a for a in found if a.gravite is Gravite.BLOQUANT]:
        raise DataError(blocking)
    signed = typed[typed["DATE_SIGNATURE_BAIL"].notna()].reset_index(drop=True)
    persons = set(_data()["personnes"]["colonnes"].split())
    return Radiations(
        nom=source.fichier,
        source=source,
        evenements=_events(signed, set(positions)),
        non_lues=tuple(h for h in apercu.tetes[line - 1] if _nom(h) in persons),
        reparations=(
            *apercu.anomalies,
            *_other_columns(apercu, line, persons),
            *found,
            *_unsigned(typed, source),
            *_supposed(set(positions), source),
        ),
    )


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("flux.dossier") / "sne.toml").read_text(encoding="utf-8"))


def _nom(header: str) -> str:
    return c.cle(header).upper()


def _locate(path: Path) -> tuple[Apercu, int, dict[str, int], dict[str, str]]:
    """The sheet, the line of the header, the position and the header of each column that is read."""
    wanted: Mapping[str, str] = _data()["colonnes"]
    sheets = survey(path)
    for apercu in sheets:
        for line, row in enumerate(apercu.tetes, start=1):
            names = [_nom(cell) for cell in row]
            if set(REQUISES) <= set(names):
                if found := list(twice(apercu, line, names, wanted)):
                    raise DataError(found)
                positions = {name: names.index(name) for name in wanted if name in names}
                return apercu, line, positions, {name: row[p] for name, p in positions.items()}
    raise DataError(
        [
            Anomalie(
                code="sne.entete",
                fichier=path.name,
                message="Ce n'est pas un extrait de radiations du SNE",
                attendu=f"un en-tête avec au moins {enumerate_fr(REQUISES)}",
                correction="Vérifier le fichier, ou les en-têtes de l'extraction.",
            )
        ]
    )


def _table() -> Table:
    types = {
        "texte": c.TEXTE_LIBRE,
        "identifiant": type_of(variables()["IDENT_REP"]),
        "commune": c.COMMUNE,
        "typologie": c.TYPOLOGIE,
        "date": c.DATE_DEBUT,
        "drapeau": Type(dtype="boolean", attendu="1 ou Oui, 0 ou Non, ou rien", lire=_drapeau),
    }
    return Table(
        "sne",
        tuple(Colonne(nom=nom, type=_with_absences(types[t])) for nom, t in _data()["colonnes"].items()),
    )


def _drapeau(text: str) -> Lu:
    word = c.sans_accent(text).removesuffix(".0")
    if word not in {*_data()["oui"], *_data()["non"]}:
        raise ValueError(text)
    return Lu(word in _data()["oui"])


def _with_absences(type_: Type) -> Type:
    def lire(text: str) -> Lu:
        if text.lower() in _data()["absents"]:
            return Lu(None)
        return type_.lire(text) if type_.lire else Lu(text)

    return replace(type_, lire=lire)


def _events(signed: pd.DataFrame, present: set[str]) -> pd.DataFrame:
    """One row a lease. What no column says is missing; what the columns say of nobody is "autre"."""
    index = signed.index
    qpv = _any(signed, ["NB_QPV"]).mask(~_any(signed, ["NB_QPV"]) & ~_any(signed, ["NB_HQPV"]))
    return pd.DataFrame(
        {
            "id_rpls": signed["NUMERORPLS"],
            "annee": signed["DATE_SIGNATURE_BAIL"].dt.year.astype("Int64"),
            "nature": _first(signed, "nature", v.NatureMouvement.RELOCATION.value),
            "commune": signed["COMMUNE_LOGEMENT_ATTRIB"],
            "qpv": qpv,
            "typologie": signed["TYPE_LOGEMENT_ATTRIB"],
            "financement": pd.Series(np.nan, index=index, dtype=TEXTE),
            "type_reservataire": signed["TYPE_RESERVATAIRE"],
            "priorite": _first(
                signed, "priorite", v.Priorite.AUTRE.value if present & _columns("priorite") else None
            ),
            "quartile": _first(
                signed, "quartile", v.Quartile.INCONNU.value if present & _columns("quartile") else None
            ),
        }
    )


def _columns(theme: str) -> set[str]:
    return {name for names in _data()[theme].values() for name in names}


def _any(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """True where one of the flags is."""
    return frame[list(columns)].fillna(False).astype(bool).any(axis=1).astype("boolean")


def _first(frame: pd.DataFrame, theme: str, otherwise: str | None) -> pd.Series:
    """The first value of the theme whose flags are raised."""
    out: pd.Series = pd.Series(otherwise, index=frame.index, dtype=TEXTE)
    for value, columns in reversed(_data()[theme].items()):
        out = out.mask(_any(frame, columns).astype(bool), value)
    return out


def _other_columns(apercu: Apercu, line: int, persons: Iterable[str]) -> Iterator[Anomalie]:
    known = {*persons, *_data()["colonnes"]}
    if other := [h for h in apercu.tetes[line - 1] if h and _nom(h) not in known]:
        yield _said(apercu.source, "colonnes_non_lues", f"Autres colonnes, non lues : {enumerate_fr(other)}")


def _unsigned(typed: pd.DataFrame, source: Source) -> Iterator[Anomalie]:
    said = _said(source, "sans_bail", "Radiation sans date de signature de bail, laissée de côté")
    yield from grouped(said, typed, typed["DATE_SIGNATURE_BAIL"].isna())


def _supposed(present: set[str], source: Source) -> Iterator[Anomalie]:
    """What the file cannot say, and what is then understood."""
    yield _said(
        source,
        "nature_supposee",
        "Nature : relogement_ru si ESTANRU ou NB_ANRU, mutation si MODE_MUTATION, sinon relocation ; une "
        "première location ne se voit qu'avec le RPLS",
    )
    for theme in ("priorite", "quartile"):
        if not present & _columns(theme):
            yield _said(source, f"{theme}_absente", f"Aucune colonne ne donne « {theme} » : elle reste vide")


def _said(source: Source, code: str, message: str) -> Anomalie:
    return anomaly_at(source, code=f"sne.{code}", gravite=Gravite.INFORMATION, message=message)
