"""What must hold before a conversion starts: the law's questions that only the parties can answer."""

from __future__ import annotations

import pandas as pd

from flux.conversion.assiette import Classement
from flux.conversion.flux import first_lettings
from flux.conversion.territoires import source_of
from flux.dossier import Dossier
from flux.loi import Regles
from flux.noyau.errors import Anomalie, DataError
from flux.rendu.nombres import date

FICHIER = "convention.toml"


def check_convention(dossier: Dossier, regles: Regles) -> None:
    """Raise every defect of the choices against the tables at once.

    Raises
    ------
    DataError
        No State right under `part_etat = "registre"`; a State share without a State holder; a derogation
        longer than the law allows; nothing from which to expect vacancies.
    """
    anomalies = [*_state(dossier), *_derogation(dossier, regles), *_vacancies(dossier)]
    if anomalies:
        raise DataError(anomalies)


def check_assiette(dossier: Dossier, classement: Classement) -> None:
    """Raise when no dwelling carries the flow, and no first letting is put in it.

    Raises
    ------
    DataError
        Code "logements.assiette.vide": with the steps that take the dwellings out.
    """
    if classement.dans_assiette.any() or first_lettings(dossier):
        return
    source = source_of(dossier, "logements")
    steps = classement.table.loc[
        (classement.table["nb_logements"] > 0) & (classement.table["etape"] != "total")
    ]
    reasons = zip(steps["motif"], steps["nb_logements"], strict=True)
    out = ", ".join(f"{motif} ({nb})" for motif, nb in reasons)
    raise DataError(
        [
            Anomalie(
                code="logements.assiette.vide",
                message="Aucun logement ne porte le flux annuel : "
                + (out or "la table des logements est vide"),
                fichier=source.fichier,
                feuille=source.feuille,
                attendu="au moins un logement dans l'assiette",
                correction="Vérifier le département de la convention, la nature, l'occupation et les dates "
                "des logements.",
            )
        ]
    )


def _state(dossier: Dossier) -> list[Anomalie]:
    stipulated = dossier.convention.stipulations.part_etat
    categories = dossier.reservataires.set_index("id_reservataire")["categorie"]
    state = set(categories.index[categories.isin(["etat_agents", "etat_prioritaires"])])
    holds = dossier.reservations["id_reservataire"].isin(state).any()
    if stipulated == "registre" and not holds:
        return [
            Anomalie(
                code="convention.part_etat.absente",
                message="Aucun droit de l'État dans la table des réservations, et la part de l'État est "
                "laissée au registre : elle serait nulle sans que personne l'ait décidé",
                fichier=FICHIER,
                colonne="stipulations.part_etat",
                valeur=str(stipulated),
                attendu="« legale » (30 % du flux, agents compris) ou une part de 0 à 1",
                correction='Écrire part_etat = "legale" dans [stipulations], ou saisir les droits de l\'État '
                "dans la table des réservations (CCH, art. R. 441-5-2).",
            )
        ]
    priority = (categories == "etat_prioritaires").any()
    if stipulated != "registre" and not priority:
        source = source_of(dossier, "reservataires")
        return [
            Anomalie(
                code="reservataires.etat.absent",
                message="La convention stipule une part de l'État, mais aucun réservataire "
                "de catégorie « etat_prioritaires » ne peut la recevoir",
                fichier=source.fichier,
                feuille=source.feuille,
                colonne="categorie",
                attendu="une ligne de catégorie etat_prioritaires (et, s'il y a lieu, une ligne etat_agents)",
                correction="Ajouter cette ligne à la table des réservataires.",
            )
        ]
    return []


def _derogation(dossier: Dossier, regles: Regles) -> list[Anomalie]:
    """A derogation beyond its legal length.

    "pour une durée déterminée qui ne peut excéder un an" (CCH, art. R. 441-5-2, I, second paragraph).
    """
    derogation, day = dossier.convention.stipulations.derogation_prefectorale, dossier.convention.date
    if derogation is None:
        return []
    years = regles.ans("duree_max_derogation_etat")
    last = (pd.Timestamp(day) + pd.DateOffset(years=years) - pd.DateOffset(days=1)).date()
    if derogation.fin <= last:
        return []
    return [
        Anomalie(
            code="convention.derogation.duree",
            message="La dérogation préfectorale dure plus que la loi ne le permet",
            fichier=FICHIER,
            colonne="stipulations.derogation_prefectorale",
            valeur=date(derogation.fin),
            attendu=f"une fin au plus tard le {date(last)} ({years} an à partir de la date de la convention)",
            correction="Écrire la date de fin de l'arrêté préfectoral (CCH, art. R. 441-5-2, I).",
        )
    ]


def _vacancies(dossier: Dossier) -> list[Anomalie]:
    hypotheses = dossier.convention.hypotheses
    if hypotheses.taux_rotation is not None or hypotheses.liberations_prevues is not None:
        return []
    annee, choix = dossier.convention.annee, dossier.convention.choix
    window = [a for a in range(annee - choix.fenetre_rotation, annee) if a not in choix.annees_exclues]
    moves = dossier.mouvements
    usable = (
        (moves["etape"] == "bail") & (moves["nature"] != "premiere_location") & moves["annee"].isin(window)
    )
    if usable.any():
        return []
    span = f"de {window[0]} à {window[-1]}" if window else "dans une année qui ne soit pas exclue"
    seen = ", ".join(str(a) for a in sorted(set(moves["annee"].dropna().astype(int)))) or "aucune"
    return [
        Anomalie(
            code="mouvements.fenetre.vide",
            message="Rien ne permet d'estimer les libérations de l'année : aucune relocation "
            f"{span} (années lues : {seen})",
            fichier=source_of(dossier, "mouvements").fichier,
            colonne="annee",
            attendu=f"des relocations {span}, un taux de rotation, ou une prévision du bailleur",
            correction="Compléter la table des mouvements, écrire taux_rotation ou liberations_prevues dans "
            "[hypotheses], ou élargir fenetre_rotation dans [choix].",
        )
    ]
