"""The annex as data: sections of sentences and captioned tables. Writers only lay them out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.annexe import cadre, droits, orientations, partage, taux
from flux.annexe.illustrations import illustrated
from flux.annexe.noms import Noms
from flux.annexe.section import Section
from flux.conversion.enveloppe import library_version
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
    """

    titre: str
    bailleur: str
    annee: int
    date: dt.date
    version: str
    sections: tuple[Section, ...]
    plan: Plan = field(repr=False)

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

    def save(self, path: str | Path, *, ecraser: bool = False) -> Path:
        """Write the annex; the suffix chooses the format (.docx, .html, .pdf, .xlsx).

        Raises
        ------
        FluxError
            Code "fichier.format_inconnu"; code "fichier.existe" when it exists and `ecraser` is False.
        """
        from flux.annexe import fichiers

        return fichiers.save(self, Path(path), ecraser=ecraser)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the sections as people read them."""
        return {
            "titre": self.titre,
            "bailleur": self.bailleur,
            "annee": self.annee,
            "date": self.date.isoformat(),
            "version": self.version,
            "sections": [section.to_dict() for section in self.sections],
        }


def draft_annexe(plan: Plan) -> Annexe:
    """Lay out what the convention's annex must say, from the plan and its parents.

    The content follows CCH, art. R. 441-5 to R. 441-5-4 and the arrêté of 10 March 2011; every choice
    of the parties, hypothesis, repair and source is in it.
    """
    quotas = plan.quotas
    dossier, noms = quotas.dossier, Noms.of(quotas.dossier)
    convention = dossier.convention
    made_by = library_version()
    sections = (
        cadre.synthese(plan),
        cadre.parties(convention, quotas.regles, noms),
        droits.etat_des_lieux(quotas, noms),
        droits.assiette(quotas),
        droits.rotation(quotas, noms),
        droits.soustractions(quotas),
        taux.quotas(quotas, noms),
        partage.plafonds(quotas, noms),
        partage.communes(quotas, noms),
        partage.livraisons(quotas, noms),
        orientations.objectifs(plan, noms),
        orientations.orientations(plan, noms),
        cadre.choix(convention),
        cadre.hypotheses(plan, noms),
        cadre.sources(quotas, made_by),
    )
    return Annexe(
        titre=f"Annexe {convention.annee} à la convention de réservation en flux",
        bailleur=clean(convention.bailleur.nom),
        annee=convention.annee,
        date=convention.date,
        version=made_by,
        sections=tuple(s.numbered(i) for i, s in enumerate(illustrated(sections, plan), start=1)),
        plan=plan,
    )
