"""Steps: a number in, a number out; a figure in, a figure out that remembers the call."""

from __future__ import annotations

from fractions import Fraction

import pytest

from flux.conversion import cellules, flux, operations
from flux.noyau.provenance import Couleur, Figure, Step

PAS: list[tuple[Step, tuple[Fraction, ...], Fraction]] = [
    (cellules.share, (Fraction(150), Fraction(1000)), Fraction(15, 100)),
    (cellules.share, (Fraction(0), Fraction(0)), Fraction(0)),
    (cellules.due, (Fraction(15, 100), Fraction(53)), Fraction(795, 100)),
    (cellules.fit, (Fraction(10), Fraction(13)), Fraction(10, 13)),
    (cellules.fit, (Fraction(13), Fraction(10)), Fraction(1)),
    (cellules.fit, (Fraction(-1), Fraction(10)), Fraction(0)),
    (cellules.fit, (Fraction(10), Fraction(0)), Fraction(1)),
    (operations.add, (Fraction(1, 3), Fraction(1, 6), Fraction(1, 2)), Fraction(1)),
    (operations.subtract, (Fraction(73), Fraction(20)), Fraction(53)),
    (operations.multiply, (Fraction(53), Fraction(3, 10)), Fraction(159, 10)),
    (operations.turnover, (Fraction(219), Fraction(3000)), Fraction(73, 1000)),
    (operations.scale, (Fraction(53), Fraction(529, 10)), Fraction(530, 529)),
    (operations.scale, (Fraction(0), Fraction(0)), Fraction(0)),
    (flux.expected_vacancies, (Fraction(1000), Fraction(73, 1000)), Fraction(73)),
    (flux.expected_vacancies, (Fraction(1), Fraction(1, 3)), Fraction(333_333_333_333, 10**12)),
]


@pytest.mark.parametrize(("pas", "nombres", "attendu"), PAS)
def test_a_step_says_the_same_of_numbers_and_of_figures(
    pas: Step, nombres: tuple[Fraction, ...], attendu: Fraction
) -> None:
    assert pas(*nombres) == attendu
    figures = tuple(Figure(valeur=n, nom=f"entrée {k}") for k, n in enumerate(nombres))
    made = pas(*figures, nom="résultat")
    assert (made.valeur, made.nom, made.couleur) == (attendu, "résultat", Couleur.CALCUL)
    assert made.entrees == figures
    assert made.calcul


def test_a_figure_and_a_bare_constant_cannot_be_mixed() -> None:
    with pytest.raises(TypeError):
        cellules.due(Figure(valeur=Fraction(3, 10), nom="part"), Fraction(53))  # type: ignore[call-overload]
