"""The report as data: sections of sentences and captioned tables. Writers only lay them out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from flux.annexe.identite import identite
from flux.annexe.masque import SEUIL
from flux.annexe.section import Section
from flux.bilan import cadre, images
from flux.bilan.decompte import accounts, closing_balances, decompte
from flux.bilan.designations import cross, designations
from flux.bilan.evolution import evolution
from flux.bilan.faits import Faits
from flux.bilan.journal import DIMENSIONS, journal
from flux.bilan.objectifs import objectifs
from flux.bilan.prevision import prevision
from flux.bilan.relogements import relogements
from flux.conversion import Quotas, convert
from flux.conversion.enveloppe import library_version
from flux.conversion.projection.evenements import events
from flux.dossier import Dossier
from flux.dossier.appellations import Noms
from flux.loi import regles as law
from flux.noyau.errors import DataError, FluxError
from flux.rendu.glossaire import clean
from flux.rendu.vue import Affichable, Tableau, Vue

SAID = 3  # defects said of quotas that cannot be made: `flux check` lists them all


@dataclass(frozen=True, kw_only=True, repr=False)
class Bilan(Affichable):
    """The report of one year (CCH, art. R. 441-5-1 and R. 441-5, I, al. 5).

    Attributes
    ----------
    titre, bailleur, annee, date, version : what it is, whose, of which year and law, made by which flux.
    sections : what it says, in order.
    detail : tables for the workbook only: the full cross of the attributes.
    faits : what it was made from: the events, the quotas of the year and of the next.
    """

    titre: str
    bailleur: str
    annee: int
    date: dt.date
    version: str
    sections: tuple[Section, ...]
    detail: tuple[Tableau, ...]
    faits: Faits = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """What was proposed, attributed and leased, one row an account."""
        return self.tableau("designations.reservataires").frame

    @property
    def quotas(self) -> Quotas | None:
        """The quotas of the year reported, None where the data does not give them."""
        return self.faits.quotas

    @property
    def suivants(self) -> Quotas | None:
        """Those of the next year, likewise."""
        return self.faits.suivants

    @property
    def soldes(self) -> pd.DataFrame:
        """The closing balances, ready to be the `soldes` of the next year; empty when not computable."""
        return closing_balances(self.faits)

    @property
    def reservataires(self) -> tuple[str, ...]:
        """The réservataires of the dossier, each of whom must receive the report."""
        return tuple(map(str, self.faits.dossier.reservataires["id_reservataire"]))

    def tableau(self, cle: str) -> Tableau:
        """A table by its key: "decompte.comptes".

        Raises
        ------
        FluxError
            Code "bilan.tableau_inconnu".
        """
        known = {t.cle: t for section in self.sections for t in section.tableaux}
        known |= {t.cle: t for t in self.detail}
        if cle not in known:
            raise FluxError(
                f"Pas de tableau « {cle} ». Tableaux : {', '.join(known)}.", code="bilan.tableau_inconnu"
            )
        return known[cle]

    def pour(self, reservataire: str) -> Bilan:
        """The report for one réservataire: its own rows, and what concerns everybody.

        Raises
        ------
        FluxError
            Code "bilan.reservataire_inconnu".
        """
        if reservataire not in self.reservataires:
            raise FluxError(
                f"« {reservataire} » n'est pas un réservataire du dossier : {', '.join(self.reservataires)}.",
                code="bilan.reservataire_inconnu",
            )
        return _laid_out(replace(self.faits, reservataire=reservataire), self.version)

    def vue(self) -> Vue:
        """Every table, in order."""
        return Vue(
            titre=f"{self.titre}, {self.bailleur}",
            tableaux=tuple(t for section in self.sections for t in section.tableaux),
            notes=self.sections[0].paragraphes,
        )

    def plot(self) -> Any:
        """Quota and count of each réservataire (a matplotlib figure)."""
        return images.draw(self.faits)

    def save(self, path: str | Path, *, ecraser: bool = False) -> Path:
        """Write the report; the suffix chooses the format (.docx, .html, .xlsx).

        Raises
        ------
        FluxError
            Code "fichier.format_inconnu"; code "fichier.existe" when it exists and `ecraser` is False.
        """
        from flux.bilan import fichiers

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


@identite.register
def _(bilan: Bilan) -> dict[str, Any]:
    """What the report says of itself to programs, in the files that its writers share with the annex."""
    return {
        "schema": "flux-bilan/1",
        "version": bilan.version,
        "annee": bilan.annee,
        "date": bilan.date.isoformat(),
        "pour": bilan.faits.reservataire,
        "seuil_masque": bilan.faits.seuil_masque,
        "sources": [
            {"fichier": s.fichier, "feuille": s.feuille, "nb_lignes": s.nb_lignes, "sha256": s.sha256}
            for s in bilan.faits.dossier.sources
        ],
    }


def draft_bilan(dossier: Dossier, *, annee: int, seuil_masque: int = SEUIL) -> Bilan:
    """Lay out the report of a year, due before 28 February of the next.

    The dossier may be that of the year reported or of the next one: the quotas of both years are converted on
    their own 1 January, with the law of that day. What the data does not allow is said where it is missing.

    Parameters
    ----------
    dossier : its `mouvements` hold the events of `annee`, each at its stage.
    annee : the year reported.
    seuil_masque : counts of households of one commune under it are masked; 1 masks nothing.

    Raises
    ------
    FluxError
        Code "bilan.sans_mouvement": no movement of that year.
    """
    known = sorted(set(dossier.mouvements["annee"].dropna().astype(int)))
    if annee not in known:
        raise FluxError(
            f"Aucun mouvement de {annee} dans le dossier ; années lues : "
            f"{', '.join(map(str, known)) or 'aucune'}. À faire : compléter la table « mouvements », ou "
            "demander une autre année.",
            code="bilan.sans_mouvement",
        )
    then = _in_year(dossier, annee)
    rules = law(then.convention.date)
    quotas, refused = _converted(then)
    following, refused_next = _converted(_in_year(dossier, annee + 1))
    told = journal(then, rules, annee)
    moves = None if quotas is None or following is None else events([quotas, following])
    faits = Faits(
        dossier=then,
        regles=rules,
        journal=told,
        noms=Noms.of(dossier),
        quotas=quotas,
        suivants=following,
        refus=(refused, refused_next),
        croisement=told.counts(["porteur", *DIMENSIONS]),
        comptes=accounts(then, told, quotas),
        evenements=None if moves is None else moves.loc[moves["annee"] == annee + 1],
        seuil_masque=seuil_masque,
    )
    return _laid_out(faits, library_version())


def _in_year(dossier: Dossier, annee: int) -> Dossier:
    """The tables on 1 January of a year; a forecast of vacancies is that of the convention's year only."""
    convention = dossier.convention
    if annee != convention.annee and convention.hypotheses.liberations_prevues is not None:
        own = convention.hypotheses.model_copy(update={"liberations_prevues": None})
        dossier = replace(dossier, convention=replace(convention, hypotheses=own))
    return dossier.with_annee(annee)


def _converted(dossier: Dossier) -> tuple[Quotas | None, str]:
    """The quotas, or why the data does not give them: a report says what it can."""
    try:
        return convert(dossier), ""
    except DataError as error:
        found = list(dict.fromkeys(f"{a.message.rstrip('.')}." for a in error.anomalies))
        rest = len(found) - SAID
        more = [f"Et {rest} autre défaut." if rest == 1 else f"Et {rest} autres défauts."] if rest > 0 else []
        return None, " ".join([*found[:SAID], *more])
    except FluxError as error:
        return None, str(error)


def _laid_out(faits: Faits, version: str) -> Bilan:
    sections = (
        cadre.synthese(faits),
        designations(faits),
        relogements(faits),
        decompte(faits),
        objectifs(faits),
        evolution(faits),
        prevision(faits),
        cadre.sources(faits, version),
    )
    convention = faits.dossier.convention
    whose = f", {clean(faits.name(faits.reservataire))}" if faits.reservataire else ""
    return Bilan(
        titre=f"Bilan {faits.annee} de la gestion en flux{whose}",
        bailleur=clean(convention.bailleur.nom),
        annee=faits.annee,
        date=faits.regles.date,
        version=version,
        sections=tuple(s.numbered(i) for i, s in enumerate(sections, start=1)),
        detail=(cross(faits),),
        faits=faits,
    )
