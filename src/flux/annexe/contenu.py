"""The annex as data: sections of sentences and captioned tables. Writers only lay them out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.annexe.fond import Fond
from flux.annexe.masque import SEUIL
from flux.annexe.section import Section
from flux.annexe.selection import Selection, conventions, select
from flux.rendu.glossaire import clean
from flux.rendu.vue import Affichable, Vue

if TYPE_CHECKING:
    from flux.allocation import Plan


@dataclass(frozen=True, kw_only=True, repr=False)
class Annexe(Affichable):
    """The annex of one year's flux convention.

    Attributes
    ----------
    titre, bailleur, annee, date : what it is, whose, of which year and law.
    version : version of flux that made it.
    sections : what it says, in order.
    plan : its parent.
    pour : whose it is, several joined by "+"; None, all the parties.
    seuil_masque : on one commune, counts of publics under it are masked.
    """

    titre: str
    bailleur: str
    annee: int
    date: dt.date
    version: str
    sections: tuple[Section, ...]
    plan: Plan = field(repr=False)
    pour: str | None = None
    seuil_masque: int = SEUIL

    @property
    def table(self) -> pd.DataFrame:
        """The quotas that the annex publishes, one row a réservataire."""
        return self.plan.quotas.table

    def explain(self, ident: str) -> Any:
        """The proof of a quota that it publishes: see `Quotas.explain`."""
        return self.plan.quotas.explain(ident)

    def plot(self) -> Any:
        """Horizontal bars of the quotas (a matplotlib figure)."""
        return self.plan.quotas.plot()

    def vue(self) -> Vue:
        """Every table of the annex, in order."""
        return Vue(
            titre=f"{self.titre}, {self.bailleur}",
            tableaux=tuple(t for section in self.sections for t in section.tableaux),
            notes=self.sections[0].paragraphes,
        )

    def _repr_html_(self) -> str:
        from flux.annexe import html

        return html.fragment(self)

    def save(self, path: str | Path, *, modele: str | Path | None = None, ecraser: bool = False) -> Path:
        """Write the annex; the suffix chooses the format (.docx, .html, .pdf, .xlsx).

        Parameters
        ----------
        modele : a Word model with tags, filled instead of our layout (.docx only): see `docs/modele-docx.md`.

        Raises
        ------
        FluxError
            Code "fichier.format_inconnu"; code "fichier.existe" when it exists and `ecraser` is False; codes
            "modele.…" for a model that cannot be filled, every unknown or missing tag at once.
        """
        from flux.annexe import fichiers

        own = None if modele is None else Path(modele)
        return fichiers.save(self, Path(path), modele=own, ecraser=ecraser)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the sections as people read them."""
        return {
            "titre": self.titre,
            "bailleur": self.bailleur,
            "annee": self.annee,
            "date": self.date.isoformat(),
            "version": self.version,
            "pour": self.pour,
            "seuil_masque": self.seuil_masque,
            "sections": [section.to_dict() for section in self.sections],
        }


def draft_annexe(plan: Plan, *, pour: str | Iterable[str] | None = None, seuil_masque: int = SEUIL) -> Annexe:
    """Lay out what the convention's annex must say, from the plan and its parents.

    The content follows CCH, art. R. 441-5 to R. 441-5-4 and the arrêté of 10 March 2011; every choice
    of the parties, hypothesis, repair and source is in it.

    Parameters
    ----------
    pour : whose annex: an `id_reservataire` ("etat": both shares of the State), the code of an EPCI (its
        holders together), or several of them; None, all the parties.
    seuil_masque : on one commune, counts of publics from 1 to this less one are masked.

    Raises
    ------
    FluxError
        Code "annexe.reservataire_inconnu": `pour` names nobody.
    """
    return next(draft_annexes(plan, [pour], seuil_masque=seuil_masque))


def draft_annexes(
    plan: Plan, pours: Iterable[str | Iterable[str] | None] | None = None, *, seuil_masque: int = SEUIL
) -> Iterator[Annexe]:
    """One annex after the other, what they share made once.

    Parameters
    ----------
    pours : what `draft_annexe` takes, in order; None, each réservataire of the dossier.
    """
    fond = Fond(plan, seuil_masque)
    for pour in conventions(plan.quotas.dossier) if pours is None else pours:
        yield _draft(fond, select(plan.quotas, fond.noms, pour))


def _draft(fond: Fond, vise: Selection | None) -> Annexe:
    convention = fond.quotas.dossier.convention
    whose = f" – {vise.nom}" if vise else ""
    return Annexe(
        titre=clean(f"Annexe {convention.annee} à la convention de réservation en flux{whose}"),
        bailleur=clean(convention.bailleur.nom),
        annee=convention.annee,
        date=convention.date,
        version=fond.version,
        sections=fond.sections(vise),
        plan=fond.plan,
        pour=vise.cle if vise else None,
        seuil_masque=fond.seuil,
    )
