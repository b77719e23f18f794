"""The number that carries its proof: made by the call, made again, sent as JSON and back."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction as F

import pytest

from flux.noyau.errors import FluxError
from flux.noyau.provenance import Couleur, Figure, Source, line_ranges, step


@step("double", signe="×")
def double(value: F) -> F:
    return 2 * value


@step("le terme de ce rang", article="art. 1")
def pick(*values: F, rang: int, noms: tuple[str, ...] = ()) -> F:
    return values[rang]


def leaf(value: int | F, nom: str = "lu", **more: object) -> Figure:
    source = Source(fichier="a.csv", colonne="nb", lignes="2-4", nb_lignes=3, sha256="0f")
    return Figure(valeur=F(value), nom=nom, couleur=Couleur.DONNEE, source=source, **more)  # type: ignore[arg-type]


def chain(length: int) -> Figure:
    """A figure that two paths reach at each floor: 2 ** length paths, length + 1 figures."""
    figure = leaf(1)
    for _ in range(length):
        figure = pick(figure, figure, rang=1)
    return figure


def test_a_step_computes_on_numbers_as_on_figures() -> None:
    assert double(F(3, 2)) == 3
    made = double(leaf(F(3, 2)), nom="le double")
    assert (made.valeur, made.nom, made.calcul, made.signe) == (3, "le double", "double", "×")
    assert pick(F(1), F(2), rang=1) == 2
    assert pick(leaf(1), leaf(2), rang=1, noms=("a", "b")).structure == (("rang", 1), ("noms", ("a", "b")))


def test_a_bare_constant_has_no_proof() -> None:
    with pytest.raises(TypeError, match="pick"):
        pick(leaf(1), F(2), rang=0)  # type: ignore[call-overload]


def test_a_value_that_is_not_exact_is_refused() -> None:
    import numpy as np

    with pytest.raises(TypeError, match="exact"):
        Figure(valeur=F(np.int64(1)), nom="un")  # type: ignore[arg-type]


def test_a_proof_is_made_again_from_its_leaves() -> None:
    figure = double(pick(leaf(3), leaf(5), rang=1))
    assert figure.recompute() == figure.valeur == 10
    assert figure.defects() == []


def test_a_wrong_value_is_found_where_it_is_and_nowhere_else() -> None:
    wrong = replace(pick(leaf(3), leaf(5), rang=1), valeur=F(4), nom="fausse")
    whole = double(double(wrong))
    assert [f.nom for f in whole.defects()] == ["fausse"]
    assert whole.recompute() == 20 != whole.valeur


def test_a_wrong_leaf_is_found_in_what_was_made_from_it() -> None:
    made = double(leaf(3), nom="le double")
    assert [f.nom for f in replace(made, entrees=(leaf(4),)).defects()] == ["le double"]


def test_a_node_that_no_step_made_is_refused() -> None:
    orphan = Figure(valeur=F(1), nom="orpheline", entrees=(leaf(1),))
    with pytest.raises(FluxError, match="orpheline") as caught:
        orphan.recompute()
    assert caught.value.code == "preuve.operation"


def test_json_and_back() -> None:
    figure = double(
        pick(leaf(F(1, 3)), leaf(-5), rang=0, noms=("a", "b"), contexte=1, choix=("x",), notes=("y",))
    )
    said = json.loads(json.dumps(figure.to_dict()))
    back = Figure.from_dict(said)
    assert back == figure and back.to_dict() == said
    assert back.recompute() == F(2, 3)
    assert said["figures"][-1]["valeur"] == round(2 / 3, 9)
    assert [f["entrees"] for f in said["figures"] if "entrees" in f] == [[0, 1], [2]]


def test_a_figure_that_serves_many_times_is_said_once() -> None:
    figure = chain(200)
    assert len(figure.nodes()) == 201 and figure.recompute() == 1
    assert Figure.from_dict(figure.to_dict()) == figure


def test_figures_that_say_the_same_are_one() -> None:
    assert len(pick(leaf(1), leaf(1), leaf(2), rang=0).nodes()) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"valeur": F(2)},
        {"nom": "autre"},
        {"couleur": Couleur.LOI},
        {"source": None},
        {"notes": ("z",)},
        {"choix": ("z",)},
    ],
)
def test_figures_are_equal_when_all_they_say_is(change: dict[str, object]) -> None:
    assert leaf(1) == leaf(1)
    assert double(leaf(1)) != double(replace(leaf(1), **change))  # type: ignore[arg-type]
    assert leaf(1) != 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: {**said, "schema": "autre"},
        lambda said: {"schema": said["schema"], "figures": []},
        lambda said: {"schema": said["schema"], "figures": [{**said["figures"][0], "exact": "1/0"}]},
        lambda said: {"schema": said["schema"], "figures": [{**said["figures"][0], "couleur": "rose"}]},
        lambda said: {"schema": said["schema"], "figures": [{**said["figures"][1], "entrees": [1]}]},
        lambda said: {},
    ],
)
def test_a_spoilt_proof_is_not_read(spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FluxError) as caught:
        Figure.from_dict(spoil(double(leaf(1)).to_dict()))
    assert caught.value.code == "preuve.illisible"


def test_a_hypothesis_stamps_what_it_touches() -> None:
    assert not double(leaf(1)).hypothetique
    assert double(double(replace(leaf(1), couleur=Couleur.HYPOTHESE))).hypothetique


def test_two_steps_of_one_name_could_not_be_told_apart() -> None:
    def double(value: F) -> F:
        return value

    double.__module__ = "ailleurs"
    with pytest.raises(RuntimeError, match="double"):
        step("autre")(double)


def test_lines_of_a_file_in_ranges() -> None:
    assert line_ranges([9, 2, 3, 4]) == "2-4, 9"
    assert line_ranges(list(range(1, 40, 2)), most=2) == "1, 3, …"
