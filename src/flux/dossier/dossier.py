"""The dossier: what was read, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from flux.dossier import lecture_convention
from flux.dossier.convention import Convention
from flux.dossier.croisements.contingents import rapprocher
from flux.noyau.errors import Anomalie, anomalies_table
from flux.noyau.provenance import Source


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Dossier:
    """A bailleur's tables and convention.

    Attributes
    ----------
    nom : name of the folder or workbook, without path.
    convention : who, when, and the choices of the parties, with their origins.
    tables : every table of the contract by name; an absent one is empty, with all its columns.
    sources : one a file or sheet, with sha256 and number of rows.
    reparations : what was read otherwise than written.
    communes : the communes cited: commune, nom, departement, region, epci, epci_nom, ept, obligation_25,
        obligation_origine ("territoires", "presumee_l302_1", "presumee_qpv"), obligation_territoire (the EPT,
        EPCI or commune that bears the 25 % duty), carencee, zone_tendue, origine ("cog" or "territoires").
    """

    nom: str
    convention: Convention
    tables: Mapping[str, pd.DataFrame]
    sources: tuple[Source, ...]
    reparations: tuple[Anomalie, ...]
    communes: pd.DataFrame

    @property
    def logements(self) -> pd.DataFrame:
        """One row a dwelling."""
        return self.tables["logements"]

    @property
    def reservataires(self) -> pd.DataFrame:
        """One row a réservataire."""
        return self.tables["reservataires"]

    @property
    def reservations(self) -> pd.DataFrame:
        """One row a right."""
        return self.tables["reservations"]

    @property
    def mouvements(self) -> pd.DataFrame:
        """Past events, or counts of events."""
        return self.tables["mouvements"]

    @property
    def soustractions(self) -> pd.DataFrame:
        """Dwellings taken out of the flow."""
        return self.tables["soustractions"]

    @property
    def livraisons(self) -> pd.DataFrame:
        """New programmes."""
        return self.tables["livraisons"]

    @property
    def soldes(self) -> pd.DataFrame:
        """Last year's balances."""
        return self.tables["soldes"]

    @property
    def territoires(self) -> pd.DataFrame:
        """What completes or overrides the shipped list of communes."""
        return self.tables["territoires"]

    @property
    def demande(self) -> pd.DataFrame:
        """Counts of applicants."""
        return self.tables["demande"]

    @property
    def taux(self) -> pd.DataFrame:
        """Rates of refusal and failure, seasons."""
        return self.tables["taux"]

    @property
    def objectifs(self) -> pd.DataFrame:
        """Objectives beyond the law."""
        return self.tables["objectifs"]

    @property
    def remarques(self) -> pd.DataFrame:
        """What was repaired, supposed or is to be checked: code, message, gravite, fichier, ligne, …"""
        return anomalies_table(self.reparations)

    @property
    def rapprochement(self) -> pd.DataFrame:
        """The register against the contingent declared to the RPLS: see `rapprocher`."""
        return rapprocher(self.logements, self.reservations, self.reservataires, annee=self.convention.annee)

    def with_choix(self, **choix: Any) -> Dossier:
        """A new dossier with other choices: `dossier.with_choix(methode="rotation")`.

        Raises
        ------
        ConventionError
            Codes "convention.choix_inconnu", "convention.valeur_inconnue".
        """
        return replace(self, convention=lecture_convention.changed(self.convention, "choix", choix))

    def with_stipulations(self, **stipulations: Any) -> Dossier:
        """A new dossier with other stipulations: `dossier.with_stipulations(part_etat="legale")`.

        Raises
        ------
        ConventionError
            Codes "convention.choix_inconnu", "convention.valeur_inconnue".
        """
        return replace(
            self, convention=lecture_convention.changed(self.convention, "stipulations", stipulations)
        )

    def with_annee(self, annee: int) -> Dossier:
        """The same tables as they stand on 1 January of another year; the day of the law moves as far."""
        convention = self.convention
        day = pd.Timestamp(convention.date) + pd.DateOffset(years=annee - convention.annee)
        return replace(self, convention=replace(convention, annee=annee, date=day.date()))

    def __repr__(self) -> str:
        rows = ", ".join(f"{nom} {len(frame)}" for nom, frame in self.tables.items() if len(frame))
        repairs = f" ; {len(self.reparations)} remarques de lecture" if self.reparations else ""
        return f"Dossier « {self.nom} », convention {self.convention.annee} : {rows}{repairs}"
