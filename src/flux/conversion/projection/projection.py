"""The verb, `project`, and its result, `Projection`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from flux.conversion.projection import vues
from flux.conversion.projection.annees import next_year
from flux.conversion.projection.causes import causes_table
from flux.conversion.projection.evenements import events
from flux.conversion.projection.recit import Recit, tell
from flux.conversion.quotas import Quotas, convert
from flux.dossier import Dossier
from flux.loi import Regles
from flux.loi import regles as law
from flux.noyau.errors import DataError, FluxError
from flux.rendu.vue import Affichable, Vue


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Projection(Affichable):
    """The quotas of several years, each made from the balances of the one before.

    Attributes
    ----------
    quotas : one `Quotas` a year, from the convention's own: each with its dossier, its law and its `explain`.
    evenements : what moves rights, base, law or ceilings from one year to the next: see `events`.
    """

    quotas: tuple[Quotas, ...]
    evenements: pd.DataFrame

    @property
    def dossier(self) -> Dossier:
        """The dossier that was projected."""
        return self.quotas[0].dossier

    @property
    def annees(self) -> tuple[int, ...]:
        """The years, in order."""
        return tuple(q.dossier.convention.annee for q in self.quotas)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a year and réservataire.

        `annee`, the columns of `quotas.table`, then `nb_premieres_locations` (served at first letting that
        year), `flux` (whole dwellings of the year), `assiette` (dwellings that carry it).
        """
        return pd.concat([vues.year_table(q) for q in self.quotas], ignore_index=True)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Why shares and quotas move: `annee, id_reservataire, cause, effet_part, effet_logements`.

        The causes are let in one after the other, in the order of the rows: over a year and a réservataire,
        `effet_part` adds up to what `part_flux` moves by, `effet_logements` to what `quota` moves by.
        Computed when it is first asked for: some conversions a year.
        """
        return causes_table(self.quotas, self.evenements)

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What is supposed, each sentence once, with the years: "2027-2031 : …"."""
        return vues.by_years((a, q.hypotheses) for a, q in zip(self.annees, self.quotas, strict=True))

    @property
    def avertissements(self) -> tuple[str, ...]:
        """What each year's conversion warns of, likewise."""
        return vues.by_years((a, q.avertissements) for a, q in zip(self.annees, self.quotas, strict=True))

    def annee(self, annee: int) -> Quotas:
        """The quotas of one year.

        Raises
        ------
        FluxError
            Code "projection.annee_absente".
        """
        if annee not in self.annees:
            known = f"{self.annees[0]} à {self.annees[-1]}"
            raise FluxError(
                f"L'année {annee} n'est pas projetée : {known} le sont.", code="projection.annee_absente"
            )
        return self.quotas[self.annees.index(annee)]

    def explain(self, ident: str) -> Recit:
        """Why a share and a quota move, year after year, cause by cause.

        Parameters
        ----------
        ident : an `id_reservataire`, "bailleur", or "etat" (priority and agents together).

        Raises
        ------
        FluxError
            Code "explication.inconnu": nobody of that name; near-misses suggested.
        """
        return tell(self, ident)

    def vue(self) -> Vue:
        """What a notebook or a terminal shows."""
        return vues.projection_view(self)

    def plot(self) -> Any:
        """Each réservataire's share over the years, the events that move it marked (a matplotlib figure)."""
        return vues.projection_picture(self)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the years' table, events and causes, with law, choices and sources of the first year."""
        return vues.projection_dict(self)


def project(
    dossier: Dossier, *, annees: Iterable[int], regles: Regles | None = None, **choix: Any
) -> Projection:
    """The quotas of the years to come, from what the dossier already says of them.

    Deliveries enter the base the year after (R. 441-5, I, al. 12) as rows made from `livraisons`; rights end
    at their date or five years after repayment (R. 441-6); dwellings leave at their `date_sortie`; single-use
    rights are served in their year; each year opens with the balances of the one before, under the law of
    its own day. Turnover stays as the first year's window gives it.

    Parameters
    ----------
    annees : consecutive years from the convention's own: `range(2026, 2032)`.
    regles : the law of the first year; it is read at the same day of each following year.
    **choix : as for `convert`.

    Raises
    ------
    FluxError
        Code "projection.annees": the years do not follow one another from the convention's.
    DataError, RegleError, ConventionError
        As `convert`; a defect that appears in a later year names it.
    """
    years = sorted(set(annees))
    first = dossier.convention.annee
    if not years or years != list(range(first, first + len(years))):
        raise FluxError(
            f"Années demandées : {', '.join(map(str, years)) or 'aucune'}. Une projection suit les années "
            f"une à une depuis celle de la convention, {first} : les soldes passent de l'une à l'autre. "
            f"À faire : demander range({first}, {max([*years, first]) + 1}).",
            code="projection.annees",
        )
    quotas = [convert(dossier, regles=regles, **choix)]
    while len(quotas) < len(years):
        quotas.append(_next(quotas))
    return Projection(quotas=tuple(quotas), evenements=events(quotas))


def _next(passees: list[Quotas]) -> Quotas:
    """The quotas of the year after, with what it took to suppose."""
    first = passees[0]
    day = first.dossier.with_annee(first.dossier.convention.annee + len(passees)).convention.date
    moved = pd.Timestamp(first.regles.date) + (
        pd.Timestamp(day) - pd.Timestamp(first.dossier.convention.date)
    )
    rules = replace(law(moved.date(), projets=first.regles.projets), supposees=first.regles.supposees)
    dossier, said = next_year(passees, rules)
    try:
        quotas = convert(dossier, regles=rules)
    except DataError as error:
        year = dossier.convention.annee
        raise DataError([replace(a, message=f"En {year} : {a.message}") for a in error.anomalies]) from error
    return replace(quotas, hypotheses=(*said, *quotas.hypotheses))
