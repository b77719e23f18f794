"""What the annexes of one plan share, made once: names, long tables, sections that are the same for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe import (
    cadre,
    clauses,
    droits,
    inventaire,
    orientations,
    partage,
    plafonds,
    pourquoi,
    qualite,
    taux,
)
from flux.annexe.illustrations import illustrated
from flux.annexe.masque import Masque, sentence
from flux.annexe.section import Section
from flux.annexe.selection import Genre, Selection
from flux.annexe.synthese import synthese
from flux.conversion.enveloppe import library_version
from flux.dossier.appellations import Noms

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.rendu.illustration import Illustration

CLAUSES = "clauses"


class Fond:
    """The common ground of the annexes of one plan.

    Every annex has the same sections in the same order, so that "Tableau 7.2" is one table whoever reads.
    """

    def __init__(self, plan: Plan, seuil: int) -> None:
        self.plan, self.seuil = plan, seuil
        self.quotas = plan.quotas
        self.noms = Noms.of(plan.quotas.dossier)
        self.version = library_version()
        self._shared: dict[str, Section] = {}
        self._drawn: dict[str, tuple[Illustration, ...]] = {}

    def sections(self, vise: Selection | None) -> tuple[Section, ...]:
        """The numbered sections of one annex."""
        quotas, noms, steps = self.quotas, self.noms, self.calcul
        why = pourquoi.sentences(quotas, noms, steps, vise) if vise else ()
        drafted = (
            synthese(self.plan, noms, self.seuil, vise),
            cadre.parties(quotas.dossier, quotas.regles, noms, vise),
            droits.etat_des_lieux(quotas, noms, self.inventaire, vise),
            inventaire.echeances(quotas, noms, vise),
            inventaire.exceptions(quotas, noms, vise),
            *self.base,
            taux.quotas(quotas, noms, steps, vise, why),
            plafonds.plafonds(quotas, noms, vise),
            partage.communes(quotas, noms, vise),
            partage.livraisons(quotas, noms, vise),
            orientations.objectifs(self.plan, noms, self.seuil, vise),
            orientations.orientations(noms, self.publics, self.genres, self.masque, self.seuil, vise),
            qualite.qualite(self.attendus, vise),
            clauses.clauses(vise.genre if vise else Genre.ENSEMBLE),
            *self.cadre,
        )
        numbered = [
            replace(self._numbered(section, i), illustrations=self._pictures(drafted)[section.cle])
            for i, section in enumerate(drafted, start=1)
        ]
        return tuple(clauses.located(s, numbered) if s.cle == CLAUSES else s for s in numbered)

    def _numbered(self, section: Section, rang: int) -> Section:
        """A section that every annex shares is numbered once: its tables are written as text once."""
        if not any(section is s for s in (*self.base, *self.cadre)):
            return section.numbered(rang)
        if section.cle not in self._shared:
            self._shared[section.cle] = section.numbered(rang)
        return self._shared[section.cle]

    def _pictures(self, drafted: Sequence[Section]) -> dict[str, tuple[Illustration, ...]]:
        """The pictures by section, the same objects for every annex: each is drawn once."""
        if not self._drawn:
            owners = self.masque.lignes | orientations.masked_owners(self.plan, self.seuil)
            self._drawn = {s.cle: s.illustrations for s in illustrated(drafted, self.plan, owners)}
        return self._drawn

    @cached_property
    def base(self) -> tuple[Section, ...]:
        """Sections on the base and the flow, the bailleur's own."""
        quotas = self.quotas
        return droits.assiette(quotas), droits.rotation(quotas, self.noms), droits.soustractions(quotas)

    @cached_property
    def cadre(self) -> tuple[Section, ...]:
        """Choices, hypotheses and sources."""
        quotas = self.quotas
        return (
            cadre.choix(quotas.dossier.convention),
            cadre.hypotheses(self.plan, self.noms, sentence(self.seuil)),
            cadre.sources(quotas, self.version),
        )

    @cached_property
    def calcul(self) -> pd.DataFrame:
        """See `taux.calcul`."""
        return taux.calcul(self.quotas)

    @cached_property
    def inventaire(self) -> pd.DataFrame:
        """See `inventaire.rights`."""
        return inventaire.rights(self.quotas, self.noms)

    @cached_property
    def attendus(self) -> qualite.Attendus:
        """See `qualite.expected`."""
        return qualite.expected(self.plan, self.noms)

    @cached_property
    def publics(self) -> pd.DataFrame:
        """See `orientations.publics`."""
        return orientations.publics(self.plan)

    @cached_property
    def genres(self) -> pd.DataFrame:
        """See `orientations.kinds`."""
        return orientations.kinds(self.plan)

    @cached_property
    def masque(self) -> Masque:
        """See `orientations.publics_mask`."""
        return orientations.publics_mask(self.plan, self.publics, self.seuil)
