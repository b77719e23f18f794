from io import BytesIO

import pandas as pd

from flux.rendu import images


def test_quotas_names_each_holder_and_its_number():
    frame = pd.DataFrame(
        {"nom": ["Ville de Mire-la-Grande", "État"], "quota": [1200, 13], "quota_exact": [1199.6, 13.25]}
    )
    figure = images.quotas(frame)
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["Ville de Mire-la-Grande", "État"]
    assert [t.get_text() for t in axes.texts] == ["1\u202f200", "13"]
    figure.savefig(BytesIO(), format="png")


def test_objectifs_tell_a_shortfall_from_a_success():
    frame = pd.DataFrame({"nom": ["Q1 hors QPV", "DALO"], "atteint": [10.0, 2.0], "seuil": [12.3, 1.0]})
    figure = images.objectifs(frame)
    labels = [t.get_text() for t in figure.legends[0].get_texts()]
    assert sorted(labels) == ["atteint", "atteint, sous le seuil", "seuil"]


def test_nothing_to_draw_is_an_empty_picture():
    images.quotas(pd.DataFrame({"nom": [], "quota": [], "quota_exact": []})).savefig(BytesIO(), format="png")
    images.objectifs(pd.DataFrame({"nom": [], "atteint": [], "seuil": []})).savefig(BytesIO(), format="png")
