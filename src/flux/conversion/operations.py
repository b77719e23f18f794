"""What conversions compute with: exact operations on numbers or on figures, and the two kinds of leaf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from math import floor

import pandas as pd

from flux.conversion.exact import estimate, half_up, spread, total
from flux.conversion.territoires import source_of
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur, Figure, line_ranges, step


@step("somme", signe="+")
def add(*terms: Fraction) -> Fraction:
    """Exact sum."""
    return total(terms)


@step("différence", signe="−")
def subtract(a: Fraction, b: Fraction) -> Fraction:
    """`a` less `b`."""
    return a - b


@step("produit", signe="×")
def multiply(a: Fraction, b: Fraction) -> Fraction:
    """`a` times `b`."""
    return a * b


@step("rapport", unite="rapport", signe="÷")
def ratio(a: Fraction, b: Fraction) -> Fraction:
    """`a` over `b`; 0 where there is nothing to be a part of."""
    return a / b if b else Fraction(0)


@step("le plus petit")
def least(*values: Fraction) -> Fraction:
    """The smallest."""
    return min(values)


@step("jamais moins que zéro")
def at_least_zero(value: Fraction) -> Fraction:
    """`value`, or 0 where it is negative."""
    return max(Fraction(0), value)


@step("répartition proportionnelle (décimales de 12 chiffres, plus fort reste)")
def spread_share(whole: Fraction, *weights: Fraction, rang: int) -> Fraction:
    """What the weight of rank `rang` has of `whole`, all weights together having the whole of it."""
    return shares(estimate(whole), weights)[rang]


@lru_cache(maxsize=16)  # each of those who share asks for the same sharing
def shares(whole: Fraction, weights: tuple[Fraction, ...]) -> list[Fraction]:
    """See `exact.spread`."""
    return spread(whole, weights)


@step("arrondi à l'entier")
def rounded(exact: Fraction, *, pas: int) -> int:
    """The whole number `pas` above the floor of `exact` (0: the floor; 1: the next): whole cells that must
    add up in two ways are chosen together, each says here which of its neighbours it took.
    """
    return max(0, floor(exact)) + pas


@step("flux net et reste reporté, arrondis à l'entier le plus proche, demi vers le haut")
def whole_flow(net: Fraction, *carried: Fraction) -> int:
    """F*: the year's flow in whole dwellings; none without a net flow, whatever last year left."""
    return max(0, half_up(net + total(carried))) if net else 0


@step("relocations ÷ logements, sur la fenêtre", unite="par an", signe="÷")
def turnover(relocations: Fraction, stock: Fraction) -> Fraction:
    """Pooled turnover of a group."""
    return relocations / stock


@step("flux entier ÷ flux net (mise à l'échelle)", unite="rapport", signe="÷")
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
    couleur: Couleur = Couleur.DONNEE,
    article: str | None = None,
) -> Figure:
    """A figure read in a table of the dossier: file, sheet, column, filter, lines, hash.

    A row without line was never read, but supposed (`flux.project`): it makes the figure a hypothesis.
    """
    read = [n for n in lignes if pd.notna(n)]
    supposed = len(lignes) - len(read)
    source = replace(
        source_of(dossier, table),
        colonne=colonne,
        filtre=filtre + (f", dont supposés : {supposed}" if supposed else ""),
        nb_lignes=len(read) or None,
        lignes=line_ranges(read) or None,
    )
    return Figure(
        valeur=Fraction(valeur),
        nom=nom,
        unite=unite,
        couleur=Couleur.HYPOTHESE if supposed else couleur,
        article=article,
        source=source,
    )
