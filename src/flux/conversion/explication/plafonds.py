"""Ceilings in whole dwellings as figures."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from flux.conversion.arrondi import Plafond
from flux.conversion.cellules import due
from flux.conversion.exact import total
from flux.conversion.explication.preuve import Preuve
from flux.conversion.operations import add, leaf
from flux.noyau.provenance import Figure, step


@step("à l'entier inférieur")
def whole_part(exact: Fraction, *given: Fraction) -> Fraction:
    """Whole dwellings that a ceiling allows this year, less those already given since the account opened."""
    return max(Fraction(0), floor(exact) - total(given))


_UNIT = Figure(valeur=Fraction(1), nom="un plafond déjà en logements entiers")


def whole_ceiling(
    membres: tuple[str, ...], nb: Fraction, tolere: Mapping[str, int], *, cumule: bool = False
) -> Plafond:
    """A ceiling of which only the whole number counts: what rounding looks at."""
    return Plafond(
        "", "", membres, part=_UNIT, flux=nb, exact=Fraction(0), cumule=cumule, tolere=dict(tolere)
    )


def label(preuve: Preuve, plafond: Plafond) -> str:
    """What a ceiling is called."""
    if plafond.groupe == "garantie":
        return f"plafond des garanties d'emprunt à {preuve.noms.a(plafond.territoire_code)}, en entiers"
    whose = {"etat": "de l'État", "etat_agents": "des agents de l'État"}[plafond.groupe]
    return f"plafond {whose}, en entiers"


def ceiling(preuve: Preuve, plafond: Plafond) -> Figure:
    """`Plafond.nb`, made once for each ceiling."""
    known = preuve.faites.get(id(plafond))
    if known is None:
        known = preuve.faites[id(plafond)] = plafond, _ceiling(preuve, plafond)
    return known[1]


def _ceiling(preuve: Preuve, plafond: Plafond) -> Figure:
    nom = label(preuve, plafond)
    if plafond.parties:
        return add(
            *(ceiling(preuve, p) for p in plafond.parties), nom=nom, calcul="somme des plafonds des communes"
        )
    counted = [given(preuve, plafond)] if plafond.nb_ouverture else []
    exact = due(plafond.part, flow(preuve, plafond), nom="part maximale du flux", article=plafond.article)
    rule = "à l'entier inférieur" + (", moins les logements déjà comptés" if counted else "")
    choix = ["plafond_apprecie", *(["garantie_imbriquee"] if plafond.groupe == "garantie" else [])]
    return whole_part(exact, *counted, nom=nom, calcul=rule, choix=preuve.noms.choix(*choix))


def flow(preuve: Preuve, plafond: Plafond) -> Figure:
    """The flow on which a ceiling is judged: of the year, and under `cumule` since the account opened."""
    feuilles = preuve.feuilles
    if plafond.parties:
        return add(*(flow(preuve, p) for p in plafond.parties), nom="flux des communes")
    flows = [feuilles.flux[c] for c in plafond.communes] or [feuilles.flux_total]
    year = add(*flows, nom="flux du territoire") if len(flows) > 1 else flows[0]
    since = plafond.flux - year.valeur
    if not since:
        return year
    return add(
        year,
        _account(preuve, plafond, since, "flux des années passées", "flux_cumule"),
        nom="flux depuis l'ouverture du compte",
    )


def given(preuve: Preuve, plafond: Plafond) -> Figure:
    """Dwellings already counted when the year opens."""
    column = "nb_garantie_cumule" if plafond.groupe == "garantie" else "nb_cumule"
    return _account(preuve, plafond, Fraction(plafond.nb_ouverture), "logements déjà comptés", column)


def _account(preuve: Preuve, plafond: Plafond, value: Fraction, nom: str, colonne: str) -> Figure:
    return leaf(
        preuve.dossier,
        "soldes",
        value,
        f"{nom} ({label(preuve, plafond)})",
        colonne=colonne,
        filtre=f"annee = {preuve.dossier.convention.annee - 1}, "
        f"id_reservataire parmi {', '.join(plafond.porteurs)}",
    )
