"""The convention: who, when, and every choice that the law leaves to the parties, by name.

Numbers are read as the decimal written and kept as `Fraction`. A default is the first value of its
list in the contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import isfinite
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from flux.dossier import cellules
from flux.dossier import vocabulaire as v


class Origine(StrEnum):
    """Where a choice comes from; Python prevails over the file, the file over the default."""

    DEFAUT = "défaut"
    FICHIER = "fichier"
    PYTHON = "python"


# ── how one value is read: from TOML, from a cell of the workbook, or from Python ─────────────────


def _exact(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal, Fraction)):
        raise ValueError("not a number")
    if isinstance(value, str):
        return Fraction(cellules.decimal(value))
    if not isfinite(value):
        raise ValueError("not finite")
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _between(low: int, high: int | None) -> Callable[[object], Fraction]:
    def read(value: object) -> Fraction:
        exact = _exact(value)
        if exact < low or (high is not None and exact > high):
            raise ValueError("out of range")
        return exact

    return read


def _part_etat(value: object) -> v.PartEtat | Fraction:
    if isinstance(value, str) and cellules.cle(value) in set(v.PartEtat):
        return v.PartEtat(cellules.cle(value))
    return _between(0, 1)(value)


def _whole(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("not a number")
    return cellules.entier(value).valeur if isinstance(value, str) else value


def _yes(value: object) -> object:
    if not isinstance(value, str):
        return value
    read = cellules.booleen(value)
    if read.repair:
        raise ValueError("a cross is not a word")
    return read.valeur


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    read = cellules.date_debut(value)
    if read.repair:
        raise ValueError("a month or a year is not a day")
    return read.valeur


def _list(value: object) -> object:
    return [p for p in re.split(r"[\s,;\[\]\"']+", value) if p] if isinstance(value, str) else value


def _printable(text: str) -> str:
    if cellules.CONTROLE.search(text):
        raise ValueError("control character")
    return text


@dataclass(frozen=True, slots=True)
class MethodeDeclaree:
    """A method of the parties' own, given from Python: its name, its sentence, its formula.

    The dossier carries it; only the conversion calls `formule`.
    """

    nom: str
    phrase: str
    formule: Callable[[Any, Any], Any]

    def __str__(self) -> str:
        return self.nom


def _methode(value: object) -> v.Methode | MethodeDeclaree:
    return value if isinstance(value, MethodeDeclaree) else v.Methode(str(value))


@dataclass(frozen=True, slots=True)
class Attendu:
    """Marks a type with what it accepts, in French."""

    phrase: str


Part = Annotated[Fraction, PlainValidator(_between(0, 1)), Attendu("un nombre de 0 à 1 (0,073 ou 7,3 %)")]
Positif = Annotated[Fraction, PlainValidator(_between(0, None)), Attendu("un nombre, 0 ou plus")]
Naturel = Annotated[int, Field(ge=0), BeforeValidator(_whole), Attendu("un nombre entier, 0 ou plus")]
Annees = Annotated[int, Field(ge=1, le=20), BeforeValidator(_whole), Attendu("un nombre d'années, de 1 à 20")]
Annee = Annotated[
    int, Field(ge=1900, le=2999), BeforeValidator(_whole), Attendu("une année sur quatre chiffres")
]
Entiers = Annotated[
    tuple[Annotated[int, BeforeValidator(_whole)], ...],
    BeforeValidator(_list),
    Attendu("une liste de nombres entiers, comme [3, 4, 5]"),
]
OuiNon = Annotated[bool, BeforeValidator(_yes), Attendu("true ou false (oui ou non dans un classeur)")]
Jour = Annotated[date, BeforeValidator(_day), Attendu("une date, comme 2026-01-01")]
Texte = Annotated[
    str, AfterValidator(_printable), Attendu("un texte entre guillemets, sans caractère de contrôle")
]
PartEtat = Annotated[
    v.PartEtat | Fraction,
    PlainValidator(_part_etat),
    Attendu("« registre », « legale », ou un nombre de 0 à 1 (0,3 ou 30 %)"),
]
Porteurs = Annotated[tuple[v.Categorie, ...], BeforeValidator(_list)]


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, str_strip_whitespace=True
    )


class Bailleur(_Section):
    """Who owns the dwellings. `departement` empty: the one of all its dwellings, filled in by the reading."""

    nom: Texte = "Bailleur"
    siren: Texte | None = None
    departement: Texte = ""
    famille: v.Famille | None = None


class Hypotheses(_Section):
    """What is assumed when it is not measured: turnover (a year), vacancies expected (dwellings)."""

    taux_rotation: Part | None = None
    liberations_prevues: Positif | None = None


class Choix(_Section):
    """The choices that the law leaves to the parties."""

    methode: Annotated[v.Methode | MethodeDeclaree, PlainValidator(_methode)] = v.Methode.PARC
    segment_rotation: v.SegmentRotation = v.SegmentRotation.AUTO
    fenetre_rotation: Annees = 3
    annees_exclues: Entiers = ()
    lissage: v.Lissage = v.Lissage.AUCUN
    regle_echeance: v.RegleEcheance = v.RegleEcheance.VIVANT_AU_1ER_JANVIER
    premieres_locations: v.PremieresLocations = v.PremieresLocations.A_PART
    droits_uniques: v.DroitsUniques = v.DroitsUniques.RESERVES_D_ABORD
    logement_partage: v.LogementPartage = v.LogementPartage.FRACTION
    stock_exceptions_dans_assiette: OuiNon = False
    occupations_exclues: Entiers = (3, 4, 5)
    residences_etudiantes: v.ResidencesEtudiantes = v.ResidencesEtudiantes.HORS
    sur_reservation: v.SurReservation = v.SurReservation.ERREUR
    depassement: v.Depassement = v.Depassement.REDUCTION_PROPORTIONNELLE
    repartition_epci: v.RepartitionEpci = v.RepartitionEpci.FLUX
    porteurs_garantie: Porteurs = (
        v.Categorie.COMMUNE,
        v.Categorie.EPCI,
        v.Categorie.EPT,
        v.Categorie.VILLE_PARIS,
    )
    garantie_imbriquee: v.GarantieImbriquee = v.GarantieImbriquee.SOMME
    comptes_epci: v.ComptesEpci = v.ComptesEpci.COMMUNE
    plafond_apprecie: v.PlafondApprecie = v.PlafondApprecie.ANNUEL
    excedent_plafond: v.ExcedentPlafond = v.ExcedentPlafond.BAILLEUR
    arrondi: v.Arrondi = v.Arrondi.PLUS_FORT_RESTE
    minimum_par_reservataire: Naturel = 0
    dalo_arrondi: v.DaloArrondi = v.DaloArrondi.SUPERIEUR
    qpv_evenement: v.QpvEvenement = v.QpvEvenement.BAIL
    evenement_decompte: v.EvenementDecompte = v.EvenementDecompte.ORIENTATION
    compte_sans_candidat: OuiNon = True
    compte_refus_caleol: OuiNon = False
    compte_refus_candidat: OuiNon = True
    periode_construction: OuiNon = False
    report_solde: v.ReportSolde = v.ReportSolde.INTEGRAL
    solde_max: Positif = Fraction(1)


class Derogation(_Section):
    """The préfet's leave for a larger share of the State, until a day (CCH, art. R. 441-5-2, I)."""

    part: Part
    fin: Jour


class Stipulations(_Section):
    """Where the parties may depart from the legal default."""

    part_etat: PartEtat = v.PartEtat.REGISTRE
    part_agents: Part | None = None
    etat_uniforme_par_commune: OuiNon = True
    plancher_etat_hors_qpv: Part = Fraction(30, 100)
    derogation_prefectorale: Annotated[
        Derogation | None, Attendu("{ part = 0.35, fin = 2026-12-31 }, une part et un dernier jour")
    ] = None
    tolerance_equite: Part | None = None


class Cadre(_Section):
    """The section [convention]: the year, and the day that sets the law (default: its 1 January)."""

    annee: Annee
    date: Jour | None = None


SECTIONS: Mapping[str, type[_Section]] = MappingProxyType(
    {
        "bailleur": Bailleur,
        "convention": Cadre,
        "hypotheses": Hypotheses,
        "choix": Choix,
        "stipulations": Stipulations,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """The convention of one year.

    `origines` gives, for the name of each choice and stipulation, "défaut", "fichier" or "python".
    """

    bailleur: Bailleur
    annee: int
    date: date
    hypotheses: Hypotheses
    choix: Choix
    stipulations: Stipulations
    signataires: Mapping[str, str] = field(default_factory=dict)
    origines: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_sections(cls, sections: Mapping[str, _Section], signataires: Mapping[str, str]) -> Convention:
        """Assemble the sections read; what they do not set is a default."""
        cadre, choix, stipulations = sections["convention"], sections["choix"], sections["stipulations"]
        assert (
            isinstance(cadre, Cadre) and isinstance(choix, Choix) and isinstance(stipulations, Stipulations)
        )
        bailleur, hypotheses = sections["bailleur"], sections["hypotheses"]
        assert isinstance(bailleur, Bailleur) and isinstance(hypotheses, Hypotheses)
        origines = {
            nom: (Origine.FICHIER if nom in section.model_fields_set else Origine.DEFAUT).value
            for section in (choix, stipulations)
            for nom in type(section).model_fields
        }
        return cls(
            bailleur=bailleur,
            annee=cadre.annee,
            date=cadre.date or date(cadre.annee, 1, 1),
            hypotheses=hypotheses,
            choix=choix,
            stipulations=stipulations,
            signataires=dict(signataires),
            origines=origines,
        )

    def in_departement(self, code: str) -> Convention:
        """The same convention, in the département that its dwellings show."""
        return replace(self, bailleur=self.bailleur.model_copy(update={"departement": code}))

    def changed(self, section: str, values: Mapping[str, Any]) -> Convention:
        """The convention with `values` in `choix` or `stipulations`, whose origin is now Python."""
        old: _Section = getattr(self, section)
        new = old.model_copy(update=dict(values))
        origines = {**self.origines, **dict.fromkeys(values, Origine.PYTHON.value)}
        return replace(self, origines=origines, **{section: new})  # type: ignore[arg-type]
