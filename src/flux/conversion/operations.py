"""What conversions compute with: exact operations on numbers or on figures, and the two kinds of leaf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from flux.conversion.exact import total
from flux.conversion.territoires import source_of
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur, Figure, line_ranges, step


@step("somme")
def add(*terms: Fraction) -> Fraction:
    """Exact sum."""
    return total(terms)


@step("différence")
def subtract(a: Fraction, b: Fraction) -> Fraction:
    """`a` less `b`."""
    return a - b


@step("produit")
def multiply(a: Fraction, b: Fraction) -> Fraction:
    """`a` times `b`."""
    return a * b


@step("relocations ÷ logements, sur la fenêtre", unite="par an")
def turnover(relocations: Fraction, stock: Fraction) -> Fraction:
    """Pooled turnover of a group."""
    return relocations / stock


@step("flux entier ÷ flux net (mise à l'échelle)", unite="rapport")
def scale(entier: Fraction, net: Fraction) -> Fraction:
    """F*/F: every exact flow is multiplied by it, so that all add up to whole dwellings."""
    return entier / net if net else Fraction(0)


def constant(
    valeur: Fraction | int,
    nom: str,
    *,
    unite: str = "logements",
    couleur: Couleur = Couleur.CONVENTION,
    article: str | None = None,
) -> Figure:
    """A value written by the parties or by the contract, as a figure."""
    return Figure(valeur=Fraction(valeur), nom=nom, unite=unite, couleur=couleur, article=article)


def leaf(
    dossier: Dossier,
    table: str,
    valeur: Fraction | int,
    nom: str,
    *,
    colonne: str,
    filtre: str,
    lignes: Sequence[int] = (),
    unite: str = "logements",
) -> Figure:
    """A figure read in a table of the dossier: file, sheet, column, filter, lines, hash."""
    source = replace(
        source_of(dossier, table),
        colonne=colonne,
        filtre=filtre,
        nb_lignes=len(lignes) or None,
        lignes=line_ranges(list(lignes)) or None,
    )
    return Figure(valeur=Fraction(valeur), nom=nom, unite=unite, couleur=Couleur.DONNEE, source=source)
