"""Every table of the contract: its columns, their types, ranges and defaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from flux.dossier import cellules as c
from flux.dossier import vocabulaire as v
from flux.noyau.tables import Colonne, Table
from flux.noyau.types import Type


def _nb(nom: str = "nb", *, minimum: int = 0, **more: Any) -> Colonne:
    return Colonne(
        nom=nom,
        type=c.ENTIER,
        valide=lambda x: x >= minimum,
        borne=f"un nombre entier, {minimum} ou plus",
        **more,
    )


def _annee(nom: str, **more: Any) -> Colonne:
    return Colonne(
        nom=nom,
        type=c.ANNEE,
        valide=lambda x: x.between(1000, 2999),
        borne="une année sur quatre chiffres",
        **more,
    )


def _entre(nom: str, low: int, high: int, **more: Any) -> Colonne:
    return Colonne(
        nom=nom,
        type=c.ENTIER,
        valide=lambda x: x.between(low, high),
        borne=f"un nombre entier de {low} à {high}",
        **more,
    )


def _positif(nom: str, type_: Type = c.NOMBRE, **more: Any) -> Colonne:
    return Colonne(nom=nom, type=type_, valide=lambda x: x >= 0, borne="un nombre, 0 ou plus", **more)


def _part(nom: str, *, requis: bool = False) -> Colonne:
    def valide(x: pd.Series) -> pd.Series:
        return (x > 0) & (x <= 1)

    return Colonne(
        nom=nom,
        type=c.NOMBRE,
        requis=requis,
        valide=valide,
        borne="une part plus grande que 0, au plus 1 (0,25 ou 25 %)",
    )


def _taux(nom: str, **more: Any) -> Colonne:
    return Colonne(
        nom=nom,
        type=c.NOMBRE,
        valide=lambda x: x.between(0, 1),
        borne="un taux de 0 à 1 (0,05 ou 5 %)",
        **more,
    )


def _of(type_: Type, *noms: str, **more: Any) -> Iterable[Colonne]:
    return (Colonne(nom=nom, type=type_, **more) for nom in noms)


_RESERVES = {v.BAILLEUR: "le bailleur lui-même", v.ENSEMBLE: "tous les réservataires ensemble"}

LOGEMENTS = Table(
    "logements",
    (
        Colonne(nom="id_logement", type=c.IDENTIFIANT, requis=True, unique=True, absents=c.SANS_OBJET),
        Colonne(nom="commune", type=c.COMMUNE, requis=True),
        Colonne(nom="qpv", type=c.QPV, requis=True),
        Colonne(nom="typologie", type=c.TYPOLOGIE, requis=True),
        Colonne(nom="financement", type=c.FINANCEMENT, requis=True),
        _annee("annee_construction"),
        Colonne(nom="conventionne", type=c.QPV),  # the RPLS code CONV, too, is 1 yes, 2 no
        _annee("annee_mise_location"),
        _positif("surface", absents=frozenset({"9999"})),
        _positif("loyer", type_=c.MONTANT),
        Colonne(
            nom="occupation",
            type=c.ENTIER,
            defaut=1,
            valide=lambda x: x.isin([1, 2, 3, 4, 5, 6, 9]),
            borne="un code MODE du RPLS : 1 à 6, ou 9",
        ),
        Colonne(nom="nature", type=c.choix(v.NatureLogement), defaut=v.NatureLogement.ORDINAIRE.value),
        Colonne(nom="programme", type=c.IDENTIFIANT, absents=c.SANS_OBJET),
        Colonne(nom="date_sortie", type=c.DATE_DEBUT),
        Colonne(nom="motif_sortie", type=c.choix(v.MotifSortie)),
        *_of(c.IDENTIFIANT, "contingent", "dpe", absents=c.SANS_OBJET),
        _entre("fragilite", 0, 3),
        *_of(c.IDENTIFIANT, "id_rpls", "qpv_code", absents=c.SANS_OBJET),
        Colonne(nom="adresse", type=c.TEXTE_LIBRE, absents=c.SANS_OBJET),
    ),
    requise=True,
)

RESERVATAIRES = Table(
    "reservataires",
    (
        Colonne(nom="id_reservataire", type=c.IDENTIFIANT, requis=True, unique=True, reserves=_RESERVES),
        Colonne(nom="nom", type=c.TEXTE_LIBRE, requis=True),
        Colonne(nom="categorie", type=c.choix(v.Categorie), requis=True),
        Colonne(nom="territoire_type", type=c.choix(v.TerritoireType), requis=True),
        Colonne(nom="territoire_code", type=c.TEXTE_LIBRE, requis=True),
        Colonne(nom="gestion", type=c.choix(v.Gestion)),
    ),
    requise=True,
)

RESERVATIONS = Table(
    "reservations",
    (
        Colonne(nom="id_reservataire", type=c.IDENTIFIANT, requis=True),
        *_of(c.IDENTIFIANT, "id_logement", "programme", absents=c.SANS_OBJET),
        Colonne(nom="commune", type=c.COMMUNE),
        _nb(minimum=1),
        Colonne(nom="type_droit", type=c.choix(v.TypeDroit), defaut=v.TypeDroit.SUITE.value),
        _annee("annee_prevue"),
        Colonne(nom="contrepartie", type=c.choix(v.Contrepartie)),
        Colonne(nom="date_debut", type=c.DATE_DEBUT),
        Colonne(nom="date_fin", type=c.DATE_FIN),
        Colonne(nom="date_remboursement", type=c.DATE_DEBUT),
        Colonne(
            nom="mode", type=c.choix(v.Mode)
        ),  # its default hangs on the category: see completion.with_mode
        _part("part"),
        _nb("ordre", minimum=1),
        Colonne(nom="convention_ref", type=c.IDENTIFIANT, absents=c.SANS_OBJET),
    ),
    requise=True,
)

MOUVEMENTS = Table(
    "mouvements",
    (
        _annee("annee", requis=True),
        Colonne(nom="nature", type=c.choix(v.NatureMouvement), requis=True),
        Colonne(nom="etape", type=c.choix(v.Etape), defaut=v.Etape.BAIL.value),
        Colonne(nom="issue", type=c.choix(v.Issue), defaut=v.Issue.AUCUNE.value),
        *_of(c.IDENTIFIANT, "id_logement", "programme", absents=c.SANS_OBJET),
        Colonne(nom="commune", type=c.COMMUNE),
        Colonne(nom="qpv", type=c.QPV),
        Colonne(nom="typologie", type=c.TYPOLOGIE),
        Colonne(nom="financement", type=c.FINANCEMENT),
        Colonne(nom="id_reservataire", type=c.IDENTIFIANT),
        Colonne(nom="priorite", type=c.choix(v.Priorite)),
        Colonne(nom="quartile", type=c.choix(v.Quartile)),
        Colonne(nom="date", type=c.DATE_DEBUT),
        _nb(defaut=1),
    ),
)

SOUSTRACTIONS = Table(
    "soustractions",
    (
        _annee("annee", requis=True),
        Colonne(nom="categorie", type=c.choix(v.CategorieSoustraction), requis=True),
        Colonne(nom="etat", type=c.choix(v.EtatSoustraction), requis=True),
        _nb(requis=True),
        Colonne(nom="commune", type=c.COMMUNE),
        Colonne(nom="qpv", type=c.QPV),
    ),
)

LIVRAISONS = Table(
    "livraisons",
    (
        Colonne(nom="programme", type=c.IDENTIFIANT, absents=c.SANS_OBJET, requis=True),
        Colonne(nom="commune", type=c.COMMUNE, requis=True),
        Colonne(nom="qpv", type=c.QPV),
        Colonne(nom="typologie", type=c.TYPOLOGIE),
        Colonne(nom="financement", type=c.FINANCEMENT),
        Colonne(nom="date_mise_service", type=c.DATE_DEBUT, requis=True),
        _nb(requis=True),
    ),
)

SOLDES = Table(
    "soldes",
    (
        Colonne(nom="id_reservataire", type=c.IDENTIFIANT, requis=True),
        _annee("annee", requis=True),
        Colonne(nom="commune", type=c.COMMUNE),
        Colonne(nom="solde", type=c.NOMBRE, requis=True),
        _annee("annee_ouverture"),
        *(_positif(nom) for nom in ("flux_cumule", "nb_cumule", "nb_garantie_cumule")),
    ),
)

TERRITOIRES = Table(
    "territoires",
    (
        Colonne(nom="commune", type=c.COMMUNE, requis=True, unique=True),
        Colonne(nom="nom", type=c.TEXTE_LIBRE),
        *_of(c.IDENTIFIANT, "departement", "epci", absents=c.SANS_OBJET),
        Colonne(nom="epci_nom", type=c.TEXTE_LIBRE),
        *_of(c.BOOLEEN, "obligation_25", "carencee", "zone_tendue"),
    ),
)

DEMANDE = Table(
    "demande",
    (
        Colonne(nom="territoire_type", type=c.choix(v.TerritoireType), requis=True),
        Colonne(nom="territoire_code", type=c.TEXTE_LIBRE, requis=True),
        Colonne(nom="typologie", type=c.TYPOLOGIE, requis=True),
        Colonne(nom="priorite", type=c.choix(v.Priorite), requis=True),
        Colonne(nom="quartile", type=c.choix(v.QuartileDemande), requis=True),
        Colonne(nom="public", type=c.choix(v.Public), defaut=v.Public.TOUS.value),
        _nb(requis=True),
    ),
)

TAUX = Table(
    "taux",
    (
        Colonne(nom="nature", type=c.choix(v.NatureTaux), requis=True),
        Colonne(nom="commune", type=c.COMMUNE),
        Colonne(nom="qpv", type=c.QPV),
        Colonne(nom="typologie", type=c.TYPOLOGIE),
        _entre("mois", 1, 12),
        _taux("taux", requis=True),
    ),
)

OBJECTIFS = Table(
    "objectifs",
    (
        Colonne(nom="objectif", type=c.choix(v.Objectif), requis=True),
        Colonne(nom="niveau", type=c.choix(v.Niveau), requis=True),
        *_of(c.TEXTE_LIBRE, "territoire_code", "id_reservataire"),
        _part("part", requis=True),
        Colonne(nom="source", type=c.TEXTE_LIBRE),
    ),
)

TABLES: dict[str, Table] = {
    t.nom: t
    for t in (
        LOGEMENTS,
        RESERVATAIRES,
        RESERVATIONS,
        MOUVEMENTS,
        SOUSTRACTIONS,
        LIVRAISONS,
        SOLDES,
        TERRITOIRES,
        DEMANDE,
        TAUX,
        OBJECTIFS,
    )
}
