import io
from itertools import pairwise

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from flux.rendu import images_communes, images_flux, images_plan
from flux.rendu.etiquettes import ecartees, etiquette

PARC = pd.DataFrame(
    [("Logements", 6028, "6 028"), ("Libérations", 553.5, "553,5")], columns=["nom", "nb", "texte"]
)
PARTAGE = pd.DataFrame(
    [
        ("Les mêmes", 0.0, 553.5, "total", "553,5"),
        ("Soustraits", 385.5, 168.0, "retrait", "−168,0"),
        ("État", 0.0, 99.0, "part", "99 (25,6 %)"),
    ],
    columns=["nom", "debut", "nb", "sens", "texte"],
)


def groups(*amounts):
    names = ["État", "Action Logement", "Collectivités", "Autres réservataires", "Bailleur"]
    rows = zip(names, *amounts, strict=True)
    return pd.DataFrame(rows, columns=["nom", *(f"c{i}" for i in range(len(amounts)))])


def towns(nb):
    return pd.DataFrame(
        {
            "nom": [f"Saint-Exemple-sur-Mire n° {i}" for i in range(nb)],
            "flux": [nb - i + 0.4 for i in range(nb)],
            "nb_qpv": [(nb - i) // 3 for i in range(nb)],
            "État": [(nb - i) // 2 for i in range(nb)],
            "Bailleur": [nb - i - (nb - i) // 2 for i in range(nb)],
        }
    )


PICTURES = {
    "cascade": lambda: images_flux.cascade(PARC, PARTAGE, titre="Du stock au flux"),
    "sankey": lambda: images_flux.sankey(
        groups((1466, 1523, 571, 8, 2075), (98.4, 108.8, 38.2, 0.5, 140), (99, 109, 37, 1, 140)),
        ["c0", "c1", "c2"],
        titre="Des droits aux quotas",
    ),
    "communes": lambda: images_communes.communes(towns(5), ["État", "Bailleur"], titre="Communes"),
    "60 communes": lambda: images_communes.communes(towns(60), ["État", "Bailleur"], titre="Communes"),
    "300 communes": lambda: images_communes.communes(towns(300), ["État", "Bailleur"], titre="Communes"),
    "grille": lambda: images_plan.grille(
        pd.DataFrame({"nom": ["Préfet", "Conseil"], "DALO": [3, 0], "T1": [1, 0], "T2": [2, 0]}),
        {"Public": ["DALO"], "Typologie": ["T1", "T2"]},
        titre="Qui reçoit quoi",
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_no_word_leaves_the_picture(name):
    figure = PICTURES[name]()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # the layout is made when it is drawn
    width, height = figure.bbox.size
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        ticks = (*axes.get_yticklabels(), *axes.get_xticklabels()) if axes.axison else ()
        for text in (*axes.texts, *ticks):
            if text.get_text():
                box = text.get_window_extent(renderer)
                assert box.x0 >= -1, text
                assert box.x1 <= width + 1, text
                assert box.y0 >= -1, text
                assert box.y1 <= height + 1, text


def test_each_commune_has_its_name_and_its_number():
    figure = images_communes.communes(towns(60), ["État", "Bailleur"], titre="Communes")
    assert len(figure.axes) == 2
    names = [t.get_text() for axes in figure.axes for t in axes.get_yticklabels()]
    numbers = [t.get_text() for axes in figure.axes for t in axes.texts]
    assert names == towns(60)["nom"].tolist()
    assert numbers == [str(60 - i) for i in range(60)]


def test_pictures_of_one_series_share_their_scale():
    pages = [towns(60).iloc[:30], towns(60).iloc[30:]]
    first, second = (
        images_communes.communes(p, ["État", "Bailleur"], titre="", maximum=70.0).axes[0].get_xlim()
        for p in pages
    )
    assert first == second


def test_groups_are_told_apart_in_grey():
    def lightness(colour):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    shades = [lightness(c) for c in images_flux.PALETTE]
    assert shades == sorted(shades)
    assert min(b - a for a, b in pairwise(shades)) > 12


@pytest.mark.parametrize(
    "frame",
    [groups((0,) * 5, (0,) * 5), groups((1, 0, 0, 0, 0), (0, 0, 0, 0, 1))],
    ids=["nothing", "all moves"],
)
def test_a_sankey_of_extremes_is_drawn(frame):
    images_flux.sankey(frame, ["c0", "c1"], titre="").savefig(io.BytesIO(), format="png", dpi=40)


def test_names_are_taken_as_they_are():
    """A dollar is no formula, a letter without a glyph no warning, a name of 10,000 characters fits."""
    frame = pd.DataFrame({"nom": ["$\\frac{", "名前", "x" * 10_000], "T1": [1, 2, 3]})
    images_plan.grille(frame, {"Typologie": ["T1"]}, titre="").savefig(io.BytesIO(), format="png", dpi=40)


def test_a_name_keeps_to_its_lines():
    assert etiquette("Commune") == "Commune"
    lines = etiquette("Établissement public de coopération intercommunale " * 4).split("\n")
    assert len(lines) == 2
    assert lines[-1].endswith("…")


@pytest.mark.parametrize(
    ("places", "moved"),
    [
        ([], []),
        ([0.5], [0.5]),
        ([0.0, 0.0], [0.0, 0.2]),
        ([0.95, 1.0], [0.8, 1.0]),
        ([0.5] * 11, [i / 10 for i in range(11)]),
    ],
)
def test_labels_keep_off_each_other(places, moved):
    assert ecartees(places, 0.2, 0.0, 1.0) == pytest.approx(moved)
