"""The pictures of real results: their words carry their figures, and each goes to its section."""

import io

import matplotlib.image
import pytest

import flux
from flux.allocation.images import ImagePlan
from flux.allocation.images import illustrate as draw_plan
from flux.annexe.illustrations import illustrated
from flux.annexe.section import Section
from flux.conversion.images import by_commune, illustrate, quota_bars
from flux.noyau.errors import FluxError
from flux.rendu.nombres import entier


@pytest.fixture(scope="module")
def ecole():
    return flux.allocate(flux.convert(flux.read_dossier("data/samples/cas-ecole")))


def test_every_section_that_counts_has_its_picture(annexe):
    found = {s.cle: [i.cle for i in s.illustrations] for s in annexe.sections if s.illustrations}
    assert found == {
        "synthese": ["cascade"],
        "taux": ["sankey", "quotas"],
        "communes": ["communes"],
        "objectifs": ["objectifs"],
        "orientations": ["orientations"],
    }


def test_the_words_of_the_cascade_are_its_figures(ecole):
    said = illustrate(ecole.quotas, "cascade").alternative
    for figure in ("1\u202f000 logements", "73,0", "20,0", "53 sont à partager", "État 15 (28,3\u202f%)"):
        assert figure in said


@pytest.mark.parametrize("genre", ["quotas", "sankey"])
def test_the_words_of_a_picture_give_every_quota(ecole, genre):
    said = illustrate(ecole.quotas, genre).alternative
    for quota in (19, 10):
        assert f" {entier(quota)} (" in said


def test_the_same_bytes_twice_and_on_white(ecole):
    first, again = (illustrate(ecole.quotas, "cascade").png for _ in range(2))
    assert first == again
    pixels = matplotlib.image.imread(io.BytesIO(first), format="png")
    assert pixels[0, 0, :3].tolist() == [1, 1, 1]


def test_many_communes_make_several_pictures_of_the_same_words(make_plan):
    quotas = make_plan(14).quotas
    pages = by_commune(quotas, most=5)
    assert [p.titre[-5:] for p in pages] == ["(1/3)", "(2/3)", "(3/3)"]
    said = " ".join(p.alternative for p in pages)
    for name in quotas.dossier.communes["nom"]:
        assert f"{name} : 40 logements, dont " in said


def test_many_holders_leave_the_largest(make_plan):
    picture = quota_bars(make_plan(14).quotas, most=4)
    assert "(4 plus grands sur 19)" in picture.titre
    assert picture.alternative.count("exact :") == 4


@pytest.mark.parametrize(
    ("genre", "hint"), [("sankei", "Vouliez-vous dire « sankey » ?"), ("x", "quotas, cascade, sankey")]
)
def test_an_unknown_picture_is_told_those_that_exist(ecole, genre, hint):
    with pytest.raises(FluxError, match=hint) as caught:
        ecole.quotas.plot(genre)
    assert caught.value.code == "image.inconnue"


def test_plots_are_figures(ecole):
    for result, genres in ((ecole.quotas, ("quotas", "cascade", "sankey", "communes")),
                           (ecole, ("objectifs", "orientations"))):
        for genre in genres:
            assert result.plot(genre)._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(FluxError, match="objectifs, orientations"):
        ecole.plot("carte")


def test_no_picture_where_every_reservataire_is_masked(ecole):
    """A bailleur of one commune: what its picture would count is what its tables mask."""
    everyone = frozenset(ecole.table["id_reservataire"])
    sections = illustrated([Section(cle="orientations", titre="Plan")], ecole, everyone)
    assert sections[0].illustrations == ()
    everybody = everyone | set(ecole.objectifs["porteur"])
    assert illustrated([Section(cle="objectifs", titre="But")], ecole, everybody)[0].illustrations == ()
    picture = draw_plan(ecole, ImagePlan.ORIENTATIONS, sauf=everyone)
    assert picture.png.startswith(b"\x89PNG")  # asked for by itself, it is empty and does not fail
