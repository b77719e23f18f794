"""The thresholds of the first quartile and the territories under the 25 % duty, by the arrêté of each year.

"Ce montant correspond au niveau de ressources le plus élevé du quartile des demandeurs aux ressources les
plus faibles parmi les demandeurs d'un logement social situé sur le territoire de l'établissement public de
coopération intercommunale ou, en Ile-de-France, sur le territoire de la région" (CCH, art. L. 441-1).
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from flux.loi.modele import Statut
from flux.noyau.errors import RegleError, near_misses
from flux.noyau.provenance import Couleur, Figure, Source
from flux.rendu import nombres

SHIPPED = "seuils_q1.csv"
SIREN_OF_PARIS, PARIS = "217500016", "75056"
UNIT = "€ par an et par unité de consommation"


class Arrete(BaseModel):
    """The arrêté of a year: its title, the days it holds for, how far it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    annee: int
    titre: Annotated[str, Field(min_length=1)]
    depuis: dt.date
    jusqu_a: dt.date
    statut: Statut


@dataclass(frozen=True, slots=True, kw_only=True)
class SeuilQ1:
    """The threshold of one territory, exact, in euros a year and unit of consumption.

    `echelle` is "region" in Ile-de-France, where the whole region has one threshold, else "territoire".
    """

    territoire: str
    nom: str
    echelle: str
    seuil_eur: Fraction
    article: str
    source: Source
    couleur: Couleur

    @property
    def figure(self) -> Figure:
        """The threshold with its proof."""
        return Figure(
            valeur=self.seuil_eur,
            nom=f"Seuil de ressources du premier quartile, {self.nom or self.territoire}",
            unite=UNIT,
            couleur=self.couleur,
            article=self.article,
            source=self.source,
        )


def arrete_on(day: dt.date) -> Arrete | None:
    """The arrêté that holds on a day, if its annex is known."""
    return next((a for a in arretes() if a.depuis <= day <= a.jusqu_a), None)


@functools.cache
def arretes() -> tuple[Arrete, ...]:
    """The known arrêtés, from the oldest to the newest."""
    written = tomllib.loads((files("flux.loi") / "seuils_q1.toml").read_text(encoding="utf-8"))
    return tuple(Arrete.model_validate(table) for table in written["arretes"])


@functools.cache
def shipped(annee: int) -> Mapping[str, SeuilQ1]:
    """The thresholds of the arrêté of a year, by territory: SIREN of the EPCI or EPT, 75056 for Paris."""
    titles = {a.annee: a.titre for a in arretes()}
    text = (files("flux.loi") / SHIPPED).read_text(encoding="utf-8")
    return {
        row["territoire"]: SeuilQ1(
            territoire=row["territoire"],
            nom=row["nom"],
            echelle=row["echelle"],
            seuil_eur=Fraction(row["seuil_eur"]),
            article=titles[annee],
            source=cell(SHIPPED, annee, row["territoire"]),
            couleur=Couleur.LOI,
        )
        for row in csv.DictReader(io.StringIO(text), delimiter=";")
        if int(row["annee"]) == annee
    }


def seuil(seuils: Mapping[str, SeuilQ1], territoire: str, day: dt.date) -> SeuilQ1:
    """The threshold of a territory.

    Raises
    ------
    RegleError
        Code "regle.seuils_absents" when no list is known for that day, "regle.territoire_hors_liste" when the
        territory is not in it, with the nearest names or codes.
    """
    if not seuils:
        known = ", ".join(str(a.annee) for a in arretes())
        raise RegleError(
            f"Les seuils du premier quartile au {nombres.date(day)} ne sont pas connus ici (années connues : "
            f'{known}). À faire : les donner dans un fichier, flux.regles(date, quartiles="seuils.csv"), '
            "colonnes territoire et seuil_eur.",
            code="regle.seuils_absents",
        )
    code = PARIS if territoire == SIREN_OF_PARIS else territoire
    if code not in seuils:
        raise _unlisted(seuils, territoire, day)
    return seuils[code]


def _unlisted(seuils: Mapping[str, SeuilQ1], territoire: str, day: dt.date) -> RegleError:
    by_name = {s.nom.casefold(): s for s in seuils.values()}
    wanted = territoire.casefold()
    close = [s for name, s in by_name.items() if wanted in name][:3] if not wanted.isdigit() else []
    close = close or [by_name[name] for name in near_misses(wanted, by_name)]
    close = close or [seuils[code] for code in near_misses(territoire, seuils, cutoff=0.75)]
    hint = (
        " Vouliez-vous dire : " + ", ".join(f"{s.territoire} ({s.nom})" for s in close) + " ?"
        if close
        else ""
    )
    return RegleError(
        f"« {territoire} » n'est pas dans la liste des territoires tenus aux 25 % au {nombres.date(day)} "
        f"({next(iter(seuils.values())).article}).{hint} "
        "Attendu : le SIREN de l'EPCI ou de l'EPT, 75056 pour Paris.",
        code="regle.territoire_hors_liste",
    )


def cell(fichier: str, annee: int, territoire: str, sha256: str | None = None) -> Source:
    """Where a threshold was read."""
    filtre = f"annee = {annee}, territoire = {territoire}"
    return Source(fichier=fichier, colonne="seuil_eur", filtre=filtre, nb_lignes=1, sha256=sha256)
