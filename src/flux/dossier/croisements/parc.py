"""The stock against itself, the deliveries and the demand."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.communes import cog
from flux.dossier.contexte import Contexte
from flux.dossier.croisements.constat import constat, in_programmes, programmes
from flux.noyau.errors import Anomalie, Gravite

SORTI = 9
"""RPLS MODE of a dwelling that has left the stock."""


def logements_en_double(contexte: Contexte) -> Iterator[Anomalie]:
    """One RPLS identifier under two of ours: sold from a bailleur to another, or counted twice."""
    frame = contexte.tables["logements"]
    twice = frame["id_rpls"].notna() & frame["id_rpls"].duplicated(keep=False)
    held = (frame["date_sortie"].isna() & frame["motif_sortie"].isna()).where(twice, False)
    nb_held = held.groupby(frame["id_rpls"]).transform("sum").fillna(0)
    yield from constat(
        contexte,
        "logements",
        "id_rpls",
        "doublon",
        "Le même logement du RPLS est au parc sous plusieurs identifiants : il compte plusieurs fois",
        twice & (nb_held > 1),
        attendu="un id_rpls par logement ; après une vente entre bailleurs, une date_sortie sur l'ancien",
        correction="Supprimer la ligne en trop, ou dater la sortie de celle qui a été vendue.",
    )
    yield from constat(
        contexte,
        "logements",
        "id_rpls",
        "vendu_entre_bailleurs",
        "Le même logement du RPLS, sorti sous un identifiant et gardé sous un autre : il compte une fois",
        twice & (nb_held == 1),
        gravite=Gravite.INFORMATION,
        correction="Rien à faire si le logement a été vendu ou renuméroté.",
    )


def sorties_sans_date(contexte: Contexte) -> Iterator[Anomalie]:
    """A dwelling said to be gone without a date stays in the base."""
    frame = contexte.tables["logements"]
    gone = frame["motif_sortie"].notna() | frame["occupation"].eq(SORTI).fillna(False).astype(bool)
    yield from constat(
        contexte,
        "logements",
        "date_sortie",
        "absente",
        "Logement sorti (motif_sortie, ou occupation 9) sans date de sortie : il reste compté au parc",
        gone & frame["date_sortie"].isna(),
        attendu="la date de la vente ou de la démolition (l'année suffit)",
        correction="Écrire date_sortie, ou vider motif_sortie et corriger occupation.",
    )


def livraisons_deja_au_parc(contexte: Contexte) -> Iterator[Anomalie]:
    """A programme to be delivered whose dwellings may already be in the stock."""
    arriving, dwellings = contexte.tables["livraisons"], contexte.tables["logements"]
    yield from constat(
        contexte,
        "livraisons",
        "programme",
        "deja_au_parc",
        "Programme à livrer qui a déjà des logements dans la table « logements » : les mêmes logements "
        "compteraient deux fois",
        in_programmes(arriving, programmes(dwellings)),
        attendu="un programme nouveau, ou un autre nom pour la nouvelle tranche",
        correction="Retirer de « logements » ceux qui ne sont pas livrés, ou renommer la tranche.",
    )


def livraisons_de_l_annee(contexte: Contexte) -> Iterator[Anomalie]:
    """Only the deliveries of the convention's year act; an older one should be in the stock."""
    if contexte.convention is None:
        return
    annee, day = contexte.convention.annee, contexte.tables["livraisons"]["date_mise_service"]
    yield from constat(
        contexte,
        "livraisons",
        "date_mise_service",
        "passee",
        f"Livraison d'avant {annee} : elle n'est pas comptée ici",
        day.dt.year < annee,
        attendu=f"une date de {annee}",
        correction="Mettre ses logements dans la table « logements », ou corriger la date.",
    )
    yield from constat(
        contexte,
        "livraisons",
        "date_mise_service",
        "a_venir",
        f"Livraison d'après {annee} : elle n'est pas comptée cette année",
        day.dt.year > annee,
        gravite=Gravite.INFORMATION,
        correction="Rien à faire si la date est juste.",
    )


def demande_sans_logement(contexte: Contexte) -> Iterator[Anomalie]:
    """Demand on a territory where the bailleur has nothing to let."""
    frame, communes = contexte.tables["demande"], contexte.communes
    housed = communes[communes["commune"].isin(contexte.tables["logements"]["commune"].unique())]
    if housed.empty or frame.empty:
        return
    elsewhere, listed = pd.Series(False, index=frame.index), cog().reset_index(names="commune")
    for kind in v.TerritoireType:
        known = {*listed[kind.value].dropna().unique(), *communes[kind.value].dropna().unique()}
        served = housed[kind.value].dropna()
        elsewhere |= (
            frame["territoire_type"].eq(kind).fillna(False).astype(bool)
            & frame["territoire_code"].isin(
                known & {*frame["territoire_code"]}
            )  # an unknown one is refused, and said, elsewhere
            & ~frame["territoire_code"].isin(served)
        )
    yield from constat(
        contexte,
        "demande",
        "territoire_code",
        "sans_logement",
        "Demande d'un territoire où la table « logements » n'a aucun logement : sans effet",
        elsewhere,
        gravite=Gravite.INFORMATION,
        attendu="un territoire du patrimoine",
        correction="Rien à faire, ou corriger le code.",
    )
