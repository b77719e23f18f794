"""The law as it stood on one day, and the hypotheses one makes about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from flux.loi import seuils_q1
from flux.loi.alineas import on_day
from flux.loi.changements import Changements
from flux.loi.lecture import read_fiches
from flux.loi.modele import Fiche, Reference, Statut, Valeur, Version, check_value, read_value
from flux.loi.parametre import Parametre
from flux.loi.seuils_fichier import read_seuils
from flux.loi.seuils_q1 import Arrete, SeuilQ1
from flux.noyau.errors import RegleError, near_misses
from flux.noyau.provenance import Couleur, Figure
from flux.rendu import nombres
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

T = TypeVar("T", Fraction, int, tuple[str, ...])

COLUMNS = (
    "theme",
    "cle",
    "description",
    "valeur",
    "unite",
    "depuis",
    "jusqu_a",
    "article",
    "statut",
    "hypothese",
    "citation",
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Regles(Affichable):
    """The law on `date`; made by `regles`. A scenario is another value: see `suppose`.

    Attributes
    ----------
    date : the day of the law.
    projets : True when bills that carry a date on or before it are read as law.
    seuils : the thresholds of the first quartile that day, by territory; empty where no list is known.
    arrete : the arrêté that lists the territories under the 25 % duty that day; None where none is known.
    """

    date: dt.date
    projets: bool = False
    fiches: Mapping[str, Fiche]
    supposees: Mapping[str, Valeur] = field(default_factory=dict)
    seuils: Mapping[str, SeuilQ1] = field(default_factory=dict)
    arrete: Arrete | None = None

    def __getitem__(self, cle: str) -> Parametre:
        """The parameter `cle` on that day.

        Raises
        ------
        RegleError
            Code "regle.inconnue"; "regle.avant_premiere_valeur" when it is not yet in force;
            "regle.plus_en_vigueur" when it is no longer.
        """
        fiche = self._fiche(cle)
        past = [v for v in self._versions(fiche) if v.depuis <= self.date]
        if cle in self.supposees:
            return self._parametre(cle, past[-1] if past else fiche.valeurs[0], hypothese=True)
        if not past:
            raise _too_early(cle, fiche.valeurs[0], self.date)
        if (last := past[-1]).jusqu_a and last.jusqu_a < self.date:
            raise _too_late(cle, last, self.date)
        return self._parametre(cle, last)

    def __iter__(self) -> Iterator[Parametre]:
        """Every parameter in force on that day, in the order of the files."""
        return (self[cle] for cle in self.fiches if cle in self)

    def __contains__(self, cle: str) -> bool:
        """True when the parameter has a value on that day; a word that is none raises "regle.inconnue"."""
        past = [v for v in self._versions(self._fiche(cle)) if v.depuis <= self.date]
        return cle in self.supposees or (bool(past) and (past[-1].jusqu_a or self.date) >= self.date)

    def valeur(self, cle: str) -> Valeur:
        """The value of `cle` on that day; a share is an exact `Fraction`. Raises as `regles[cle]` does."""
        return self[cle].valeur

    def part(self, cle: str) -> Fraction:
        """A share, exact. Raises as `regles[cle]` does; code "regle.autre_nature" if it is something else."""
        return self._of(Fraction, cle)

    def ans(self, cle: str) -> int:
        """A duration in years. Raises as `part` does."""
        return self._of(int, cle, "ans")

    def liste(self, cle: str) -> tuple[str, ...]:
        """A list of categories. Raises as `part` does."""
        return self._of(tuple, cle)

    def figure(self, cle: str) -> Figure:
        """The value of `cle` with its proof, of the colour of the law, or of the hypothesis after `suppose`.

        Raises
        ------
        RegleError
            As `regles[cle]` does; code "regle.autre_nature" when the value is no number.
        """
        parametre = self[cle]
        valeur = self._of(int, cle) if isinstance(parametre.valeur, int) else self.part(cle)
        return Figure(
            valeur=Fraction(valeur),
            nom=parametre.description,
            unite=parametre.unite.split()[0],
            couleur=Couleur.HYPOTHESE if parametre.hypothese else Couleur.LOI,
            article=parametre.article,
        )

    def suppose(self, **valeurs: object) -> Regles:
        """Another law, as a hypothesis: new rules that stamp every figure they touch.

        Raises
        ------
        RegleError
            Code "regle.inconnue"; code "regle.valeur_impossible" when the unit does not allow the value.
        """
        read: dict[str, Valeur] = {}
        for cle, written in valeurs.items():
            fiche = self._fiche(cle)
            value = Fraction(written) if type(written) is int and fiche.unite.startswith("part") else written
            try:
                read[cle] = check_value(read_value(value), fiche.unite)
            except ValueError as error:
                raise RegleError(f"suppose({cle}=…) : {error}.", code="regle.valeur_impossible") from None
        return replace(self, supposees={**self.supposees, **read})

    def diff(self, autre: Regles) -> Changements:
        """What changes from these rules to `autre`: `.table`, one row a parameter, and its faces."""
        return Changements(avant=tuple(self), apres=tuple(autre), date_avant=self.date, date_apres=autre.date)

    def seuil_q1(self, territoire: str) -> Figure:
        """The resources under which an applicant is of the first quartile: € a year and unit of consumption.

        Parameters
        ----------
        territoire : SIREN of the EPCI or EPT, 75056 for Paris; the region's threshold in Ile-de-France.

        Raises
        ------
        RegleError
            Code "regle.seuils_absents" for a year without list; "regle.territoire_hors_liste".
        """
        return seuils_q1.seuil(self.seuils, territoire, self.date).figure

    @property
    def territoires_25(self) -> frozenset[str] | None:
        """The territories under the 25 % duty by the arrêté of that day; None where none is known."""
        return frozenset(seuils_q1.shipped(self.arrete.annee)) if self.arrete else None

    @property
    def seuils_q1(self) -> pd.DataFrame:
        """The thresholds of that day: `territoire, nom, echelle, seuil_eur` (exact), `article, fichier`."""
        columns = ["territoire", "nom", "echelle", "seuil_eur", "article", "fichier"]
        rows = [
            (s.territoire, s.nom, s.echelle, s.seuil_eur, s.article, s.source.fichier)
            for _, s in sorted(self.seuils.items())
        ]
        return pd.DataFrame(rows, columns=columns)

    @property
    def table(self) -> pd.DataFrame:
        """The parameters in force, one row each.

        Columns `theme, cle, description, valeur` (exact: Fraction, int, bool, date or tuple), `unite, depuis,
        jusqu_a, article, statut, hypothese, citation`.
        """
        rows = [[getattr(parametre, column) for column in COLUMNS] for parametre in self]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        return table.assign(
            depuis=_dates(table["depuis"]),
            jusqu_a=_dates(table["jusqu_a"]),
            statut=[parametre.statut.value for parametre in self],
        )

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """One French sentence for each supposed value and each bill read as law."""
        law = replace(self, supposees={})
        in_force = {p.cle: p for p in law}
        sentences = [
            f"{p.description} : {p.lisible}, hypothèse"
            + (f" au lieu de {in_force[p.cle].lisible}" if p.cle in in_force else "")
            + f" ({p.article})."
            for p in self
            if p.hypothese
        ]
        bills = [
            f"{p.description} : {p.lisible}, d'après un texte en projet ({p.article})."
            for p in self
            if p.statut is Statut.PROJET and not p.hypothese
        ]
        return (*sentences, *bills)

    @property
    def a_revoir(self) -> tuple[str, ...]:
        """One French sentence for each day, on or before that day, by which texts had to be read again."""
        late = sorted((p.revoir_avant, p.cle) for p in self if p.revoir_avant <= self.date)
        return tuple(
            f"Textes à relire depuis le {nombres.date(day)}, ils peuvent avoir changé : "
            f"{', '.join(cle for _, cle in some)}."
            for day, some in groupby(late, key=lambda pair: pair[0])
        )

    def vue(self) -> Vue:
        """The parameters in force, as people read them, a table a theme."""
        columns = ["cle", "description", "lisible", "depuis", "article", "statut"]
        shown = [Colonne("lisible", cle="valeur") if c == "lisible" else c for c in columns]
        return Vue(
            titre=f"Règles de droit au {nombres.date(self.date)}",
            tableaux=tuple(
                Tableau(
                    titre=theme,
                    frame=pd.DataFrame(
                        [
                            (p.cle, p.description, p.lisible, p.depuis, p.textes, p.statut.value)
                            for p in some
                        ],
                        columns=columns,
                    ),
                    colonnes=shown,
                )
                for theme, some in groupby(self, key=lambda p: p.theme)
            ),
            notes=(*self.hypotheses, *self.a_revoir),
        )

    def vue_quartiles(self) -> Vue:
        """The thresholds of the first quartile of that day, a row a territory."""
        frame = self.seuils_q1
        return Vue(
            titre=f"Seuils de premier quartile au {nombres.date(self.date)}",
            tableaux=(
                Tableau(
                    titre="Ressources annuelles par unité de consommation, en euros",
                    frame=frame,
                    colonnes=[
                        *(Colonne(c, f"seuils.{c}") if c != "nom" else c for c in frame.columns[:4]),
                        "article",
                    ],
                ),
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the date and every parameter in force with its references."""
        return {
            "date": self.date.isoformat(),
            "projets": self.projets,
            "parametres": [parametre.to_dict() for parametre in self],
            "hypotheses": list(self.hypotheses),
        }

    def _of(self, kind: type[T], cle: str, unite: str = "") -> T:
        parametre = self[cle]
        # a boolean is an int to Python, not to the law; months are no years
        if type(parametre.valeur) is not kind or not parametre.unite.startswith(unite):
            raise RegleError(
                f"« {cle} » vaut « {parametre.lisible} » : son unité est « {parametre.unite} ».",
                code="regle.autre_nature",
            )
        return parametre.valeur

    def _fiche(self, cle: str) -> Fiche:
        if cle not in self.fiches:
            close = near_misses(cle, self.fiches)
            hint = f"Vouliez-vous dire : {', '.join(close)} ?" if close else "La liste est dans regles.table."
            raise RegleError(f"« {cle} » n'est pas un paramètre de la loi. {hint}", code="regle.inconnue")
        return self.fiches[cle]

    def _versions(self, fiche: Fiche) -> list[Version]:
        return [v for v in fiche.valeurs if self.projets or v.statut is not Statut.PROJET]

    def _parametre(self, cle: str, version: Version, *, hypothese: bool = False) -> Parametre:
        fiche = self.fiches[cle]
        later = [v.depuis for v in self._versions(fiche) if v.depuis > version.depuis]
        ends = version.jusqu_a or (later[0] - dt.timedelta(days=1) if later else None)
        return Parametre(
            theme=fiche.theme,
            cle=cle,
            description=fiche.description,
            unite=fiche.unite,
            valeur=self.supposees[cle] if hypothese else version.valeur,
            depuis=version.depuis,
            jusqu_a=ends,
            statut=version.statut,
            references=_as_cited(version, max(version.depuis, self.date)),
            citation=version.citation,
            revoir_avant=fiche.revoir_avant,
            calcul=fiche.calcul,
            hypothese=hypothese,
        )


def regles(
    date: str | dt.date | dt.datetime, *, projets: bool = False, quartiles: str | Path | None = None
) -> Regles:
    """The law as it stood on `date`.

    Parameters
    ----------
    date : a day, as a date or as text ("2026-01-01").
    projets : also read the bills that carry a date on or before that day; each is a hypothesis.
    quartiles : your own thresholds of the first quartile, a CSV with `territoire` and `seuil_eur` (and
        `annee`, `nom`): they prevail over the shipped ones, territory by territory. Who is under the 25 %
        duty does not depend on it: the table `territoires` of the dossier says that.

    Raises
    ------
    RegleError
        Code "regle.date_illisible"; code "regle.avant_premiere_valeur" for a day before every value.
    DataError
        Every defect of the file of thresholds.
    """
    day = _day(date)
    arrete = seuils_q1.arrete_on(day)
    listed = seuils_q1.shipped(arrete.annee) if arrete else {}
    own = read_seuils(quartiles, day.year) if quartiles is not None else {}
    law = Regles(
        date=day,
        projets=projets,
        fiches=read_fiches(),
        seuils={**listed, **own},
        arrete=arrete,
    )
    if next(iter(law), None) is None:
        cle, first = min(
            ((cle, fiche.valeurs[0]) for cle, fiche in law.fiches.items()), key=lambda known: known[1].depuis
        )
        raise _too_early(cle, first, day)
    return law


def _as_cited(version: Version, day: dt.date) -> tuple[Reference, ...]:
    return tuple(on_day(reference, day) for reference in version.references)


def _too_early(cle: str, first: Version, day: dt.date) -> RegleError:
    if first.statut is Statut.PROJET:
        return RegleError(
            f"« {cle} » n'est qu'un texte en projet ({first.references[0].titre}). "
            "À faire : le lire comme une hypothèse, avec flux.regles(date, projets=True).",
            code="regle.projet",
        )
    return RegleError(
        f"La loi n'a pas de valeur connue au {nombres.date(day)} pour « {cle} » : la première est en vigueur "
        f"depuis le {nombres.date(first.depuis)} ({_as_cited(first, first.depuis)[0].titre}). "
        "À faire : choisir une date de droit à partir de ce jour.",
        code="regle.avant_premiere_valeur",
    )


def _too_late(cle: str, last: Version, day: dt.date) -> RegleError:
    assert last.jusqu_a is not None
    return RegleError(
        f"« {cle} » n'est plus en vigueur au {nombres.date(day)} : sa dernière valeur a valu du "
        f"{nombres.date(last.depuis)} au {nombres.date(last.jusqu_a)} "
        f"({_as_cited(last, last.depuis)[0].titre}). "
        "À faire : choisir une date de droit dans cet intervalle.",
        code="regle.plus_en_vigueur",
    )


def _day(date: str | dt.date | dt.datetime) -> dt.date:
    if isinstance(date, dt.datetime):
        return date.date()
    if isinstance(date, dt.date):
        return date
    try:
        return dt.date.fromisoformat(date)
    except ValueError:
        raise RegleError(
            f"« {date} » n'est pas une date. Attendu : AAAA-MM-JJ, par exemple 2026-01-01.",
            code="regle.date_illisible",
        ) from None


def _dates(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days).astype("datetime64[s]")
