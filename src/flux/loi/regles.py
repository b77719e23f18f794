"""The law as it stood on one day, and the hypotheses one makes about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeVar

import pandas as pd

from flux.loi.lecture import read_fiches
from flux.loi.modele import Fiche, Statut, Valeur, Version, check_value, read_value
from flux.loi.parametre import Parametre
from flux.noyau.errors import RegleError, near_misses
from flux.noyau.provenance import Couleur, Figure
from flux.rendu import nombres
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

T = TypeVar("T", Fraction, int, tuple[str, ...])

COLUMNS = (
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
    """

    date: dt.date
    projets: bool = False
    fiches: Mapping[str, Fiche]
    supposees: Mapping[str, Valeur] = field(default_factory=dict)

    def __getitem__(self, cle: str) -> Parametre:
        """The parameter `cle` on that day.

        Raises
        ------
        RegleError
            Code "regle.inconnue"; code "regle.avant_premiere_valeur" when it is not yet in force.
        """
        fiche = self._fiche(cle)
        en_vigueur = [v for v in self._versions(fiche) if v.depuis <= self.date]
        if cle in self.supposees:
            source = en_vigueur[-1] if en_vigueur else fiche.valeurs[0]
            return self._parametre(cle, source, hypothese=True)
        if not en_vigueur:
            raise _too_early(cle, fiche.valeurs[0], self.date)
        return self._parametre(cle, en_vigueur[-1])

    def __iter__(self) -> Iterator[Parametre]:
        """Every parameter in force on that day, in the order of the files."""
        for cle, fiche in self.fiches.items():
            if cle in self.supposees or any(v.depuis <= self.date for v in self._versions(fiche)):
                yield self[cle]

    def valeur(self, cle: str) -> Valeur:
        """The value of `cle` on that day; a share is an exact `Fraction`. Raises as `regles[cle]` does."""
        return self[cle].valeur

    def part(self, cle: str) -> Fraction:
        """A share, exact. Raises as `regles[cle]` does; code "regle.autre_nature" if it is something else."""
        return self._of(Fraction, cle)

    def ans(self, cle: str) -> int:
        """A duration in years. Raises as `part` does."""
        return self._of(int, cle)

    def liste(self, cle: str) -> tuple[str, ...]:
        """A list of categories. Raises as `part` does."""
        return self._of(tuple, cle)

    def figure(self, cle: str) -> Figure:
        """The value of `cle` with its proof, of the colour of the law, or of the hypothesis after `suppose`.

        Raises
        ------
        RegleError
            As `regles[cle]` does; code "regle.autre_nature" when the value is neither a share nor a duration.
        """
        parametre = self[cle]
        valeur = self.ans(cle) if isinstance(parametre.valeur, int) else self.part(cle)
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

    def diff(self, autre: Regles) -> pd.DataFrame:
        """What changes from these rules to `autre`, one row a parameter.

        Returns
        -------
        frame `cle, avant, apres, depuis, article`: values as people read them, absent where there is
        none; `depuis` and `article` are those of the new value (of the old one where it has no successor).
        """
        before, after = ({p.cle: p for p in regles} for regles in (self, autre))
        rows = []
        for cle in {**before, **after}:
            old, new = before.get(cle), after.get(cle)
            if old and new and old.valeur == new.valeur:
                continue
            told = new or before[cle]
            rows.append((cle, old and old.lisible, new and new.lisible, told.depuis, told.article))
        table = pd.DataFrame(rows, columns=["cle", "avant", "apres", "depuis", "article"])
        return table.assign(depuis=_dates(table["depuis"]))

    @property
    def table(self) -> pd.DataFrame:
        """The parameters in force, one row each.

        Columns `cle, description, valeur` (exact: Fraction, int, bool, date or tuple), `unite, depuis,
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
        """One French sentence for each value that someone should have read again by that day."""
        return tuple(
            f"{p.description} : texte à relire depuis le {nombres.date(p.revoir_avant)}, "
            f"il peut avoir changé ({p.article})."
            for p in self
            if p.revoir_avant and p.revoir_avant <= self.date
        )

    def vue(self) -> Vue:
        """The parameters in force, as people read them."""
        rows = [(p.cle, p.description, p.lisible, p.depuis, p.article, p.statut.value) for p in self]
        columns = ["cle", "description", "lisible", "depuis", "article", "statut"]
        return Vue(
            titre=f"Règles de droit au {nombres.date(self.date)}",
            tableaux=(
                Tableau(
                    titre="Paramètres en vigueur",
                    frame=pd.DataFrame(rows, columns=columns),
                    colonnes=[Colonne("lisible", cle="valeur") if c == "lisible" else c for c in columns],
                ),
            ),
            notes=(*self.hypotheses, *self.a_revoir),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the date and every parameter in force with its references."""
        return {
            "date": self.date.isoformat(),
            "projets": self.projets,
            "parametres": [parametre.to_dict() for parametre in self],
            "hypotheses": list(self.hypotheses),
        }

    def _of(self, kind: type[T], cle: str) -> T:
        parametre = self[cle]
        # a boolean is an int to Python, not to the law
        if type(parametre.valeur) is not kind:
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
        return Parametre(
            cle=cle,
            description=fiche.description,
            unite=fiche.unite,
            valeur=self.supposees[cle] if hypothese else version.valeur,
            depuis=version.depuis,
            jusqu_a=later[0] - dt.timedelta(days=1) if later else None,
            statut=version.statut,
            references=version.references,
            citation=version.citation,
            revoir_avant=version.revoir_avant,
            hypothese=hypothese,
        )


def regles(date: str | dt.date | dt.datetime, *, projets: bool = False) -> Regles:
    """The law as it stood on `date`.

    Parameters
    ----------
    date : a day, as a date or as text ("2026-01-01").
    projets : also read the bills that carry a date on or before that day; each is a hypothesis.

    Raises
    ------
    RegleError
        Code "regle.date_illisible"; code "regle.avant_premiere_valeur" for a day before every value.
    """
    day = _day(date)
    law = Regles(date=day, projets=projets, fiches=read_fiches())
    if next(iter(law), None) is None:
        cle, first = min(
            ((cle, fiche.valeurs[0]) for cle, fiche in law.fiches.items()), key=lambda known: known[1].depuis
        )
        raise _too_early(cle, first, day)
    return law


def _too_early(cle: str, first: Version, day: dt.date) -> RegleError:
    return RegleError(
        f"La loi n'a pas de valeur connue au {nombres.date(day)} pour « {cle} » : la première est en vigueur "
        f"depuis le {nombres.date(first.depuis)} ({first.references[0].titre}). "
        "À faire : choisir une date de droit à partir de ce jour.",
        code="regle.avant_premiere_valeur",
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
