"""The tree of a turnover: the counts it was made from, the wider rate it was drawn toward or borrowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache

from flux.conversion.lissage import Estimation, smoothed
from flux.conversion.operations import constant, leaf, turnover
from flux.conversion.rotation import Rotation
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur, Figure, step


@step("taux de la maille plus large", unite="par an")
def borrowed(taux_large: Fraction) -> Fraction:
    """The wider group's rate, where a group's own was not observed or is not told apart."""
    return taux_large


def rates(dossier: Dossier, rotation: Rotation) -> Callable[[str], Figure]:
    """What gives the figure of the rate of each rotation group; its value is that of `rotation.taux`."""
    if not rotation.annees:
        return lambda groupe: constant(
            rotation.taux[groupe],
            "taux de rotation de la convention",
            unite="par an",
            couleur=Couleur.HYPOTHESE,
        )

    @cache
    def own(estimation: Estimation) -> Figure:
        nom = f"taux de rotation ({estimation.nom})"
        if estimation.large is not None:
            return _supposed(borrowed(own(estimation.large), nom=f"{nom}, que rien ne distingue"))
        if estimation.centre is None or estimation.force is None:
            return _observed(dossier, rotation, estimation)
        known = [
            constant(
                estimation.force,
                "poids du taux moyen (lissage), estimé sur les données",
                unite="logements × années",
                couleur=Couleur.HYPOTHESE,
            ),
            constant(
                estimation.centre,
                "taux moyen des mailles semblables (lissage), estimé sur les données",
                unite="par an",
                couleur=Couleur.HYPOTHESE,
            ),
        ]
        return smoothed(*known, *_counts(dossier, rotation, estimation), nom=f"{nom}, lissé")

    def of(groupe: str) -> Figure:
        estimation = rotation.estimations[groupe]
        if estimation.nom == groupe:
            return own(estimation)
        nom = f"taux de rotation emprunté à une maille plus large ({groupe})"
        return _supposed(borrowed(own(estimation), nom=nom))

    return of


def _supposed(figure: Figure) -> Figure:
    return replace(figure, couleur=Couleur.HYPOTHESE)


def _observed(dossier: Dossier, rotation: Rotation, estimation: Estimation) -> Figure:
    nom = f"taux de rotation ({estimation.nom})"
    if estimation.compte.brut is None:
        return constant(0, nom, unite="par an", couleur=Couleur.HYPOTHESE)
    return turnover(*_counts(dossier, rotation, estimation), nom=nom)


def _counts(dossier: Dossier, rotation: Rotation, estimation: Estimation) -> tuple[Figure, Figure]:
    """The relettings and the dwelling-years of a group, as read in the files."""
    window = f"{rotation.annees[0]}-{rotation.annees[-1]}"
    groupe, seen = estimation.nom, estimation.compte
    relets = leaf(
        dossier,
        "mouvements",
        seen.nb_relocations,
        f"relocations {window}, {groupe}",
        colonne="nb",
        filtre=f"bail, hors premières locations, {window}, maille « {groupe} »",
    )
    stock = leaf(
        dossier,
        "logements",
        seen.nb_stock,
        f"logements présents, {window}, {groupe}",
        colonne="annee_mise_location",
        filtre=f"en service au 1er janvier de chaque année, maille « {groupe} »",
        unite="logements × années",
    )
    return relets, stock
