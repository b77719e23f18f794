"""Figures at the grain of `quotas.flux`."""

from __future__ import annotations

from flux.conversion.explication.preuve import Preuve
from flux.conversion.operations import add, leaf, multiply, subtract
from flux.noyau.provenance import Figure


def subtracted(preuve: Preuve, rang: int) -> Figure:
    """Dwellings taken out of one segment."""
    feuilles = preuve.feuilles
    nom = f"logements soustraits, {feuilles.liberations.label(rang)}"
    taken = feuilles.soustraits.of_segment(rang)
    if taken:
        return add(*taken, nom=nom) if len(taken) > 1 else taken[0].named(nom)
    return leaf(
        preuve.dossier, "soustractions", 0, nom, colonne="nb", filtre="aucune prévision n'atteint ce segment"
    )


def net(preuve: Preuve, rang: int) -> Figure:
    """Net flow of one segment."""
    liberations = preuve.feuilles.liberations
    nom = f"flux net, {liberations.label(rang)}"
    lost = subtracted(preuve, rang)
    vacancies = liberations.segment(rang)
    return subtract(vacancies, lost, nom=nom) if lost.valeur else vacancies.named(nom)


def shared(preuve: Preuve, rang: int) -> Figure:
    """Flow to share of one segment, first lettings included where the parties put them in it."""
    feuilles = preuve.feuilles
    label = feuilles.liberations.label(rang)
    relet = multiply(net(preuve, rang), feuilles.echelle, nom=f"flux à partager, {label}")
    first = feuilles.liberations.flux.premieres[rang]
    if not first:
        return relet
    arriving = leaf(
        preuve.dossier,
        "livraisons",
        first,
        f"premières mises en location, {label}",
        colonne="nb",
        filtre="mise en service dans l'année",
    )
    return add(relet, arriving, nom=relet.nom)
