"""Pictures people expect: quotas as bars, objectives against their threshold. matplotlib, loaded on use.

Each returns a `Figure` that belongs to no window: nothing to close, no display needed. Colours differ
in lightness, so that a grey print still tells them apart.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from flux.rendu import nombres
from flux.rendu.etiquettes import etiquette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DARK, LIGHT, ALERT = "#1f4e79", "#a9c4de", "#c8553d"
DPI = 200  # twice the usual 100: sharp on a dense screen
ROW_HEIGHT = 0.32  # inches


def _canvas(titre: str, nb: int) -> tuple[Figure, Axes]:
    """An empty picture for `nb` horizontal bars."""
    from matplotlib.ticker import MaxNLocator

    from flux.rendu.images_notebook import Image

    figure = Image(figsize=(8, 1.5 + ROW_HEIGHT * max(nb, 1)), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: nombres.entier(round(value, 2)))
    return figure, axes


def _finish(figure: Figure, axes: Axes, noms: list[str]) -> Figure:
    """Names on the left, first on top, unit below, legend outside the bars."""
    axes.set_yticks(list(range(len(noms))), [etiquette(nom) for nom in noms], fontsize=9)
    axes.set_ylim(max(len(noms), 1) - 0.4, -0.6)
    axes.set_xlabel("logements")
    figure.legend(frameon=False, loc="outside lower right", ncols=3)
    return figure


def quotas(frame: pd.DataFrame, *, titre: str = "Quotas de l'année par réservataire") -> Figure:
    """Horizontal bars of whole quotas, the exact ones as a mark.

    Parameters
    ----------
    frame : columns `nom` (text), `quota` (dwellings) and `quota_exact` (dwellings), first row on top.
    titre : title.
    """
    figure, axes = _canvas(titre, len(frame))
    places = list(range(len(frame)))
    whole = [int(q) for q in frame["quota"].tolist()]
    exact = [float(q) for q in frame["quota_exact"].tolist()]
    axes.barh(places, whole, height=0.6, color=LIGHT, label="quota")
    for place, q, e in zip(places, whole, exact, strict=True):
        axes.annotate(nombres.entier(q), (max(q, e), place), (6, 0), textcoords="offset points", va="center")
    axes.plot(
        exact,
        places,
        linestyle="",
        marker="|",
        markersize=14,
        markeredgewidth=2,
        color=DARK,
        label="quota exact",
    )
    axes.margins(x=0.08)
    return _finish(figure, axes, frame["nom"].tolist())


def objectifs(frame: pd.DataFrame, *, titre: str = "Objectifs : atteint et seuil") -> Figure:
    """What the plan reaches against each threshold; what falls short is in another colour.

    Parameters
    ----------
    frame : columns `nom` (text), `atteint` and `seuil` (dwellings), first row on top.
    titre : title.
    """
    figure, axes = _canvas(titre, len(frame))
    places = list(range(len(frame)))
    reached = [float(v) for v in frame["atteint"].tolist()]
    floor = [float(v) for v in frame["seuil"].tolist()]
    for label, colour, short in (("atteint", LIGHT, False), ("atteint, sous le seuil", ALERT, True)):
        rows = [i for i in places if (reached[i] < floor[i] - 1e-9) is short]
        if rows:
            axes.barh(rows, [reached[i] for i in rows], height=0.6, color=colour, label=label)
    axes.plot(
        floor, places, linestyle="", marker="|", markersize=18, markeredgewidth=2, color=DARK, label="seuil"
    )
    return _finish(figure, axes, frame["nom"].tolist())


def scenarios(frame: pd.DataFrame, *, titre: str = "Quotas par réservataire, selon le scénario") -> Figure:
    """Horizontal bars of whole quotas, one a scenario, from dark to light.

    Parameters
    ----------
    frame : column `nom` (text), then one column a scenario (dwellings), first row on top.
    titre : title.
    """
    names = [c for c in frame.columns if c != "nom"]
    figure, axes = _canvas(titre, math.ceil(len(frame) * (1 + len(names)) / 3))
    height = 0.8 / max(len(names), 1)
    for rank, name in enumerate(names):
        places = [place - 0.4 + height * (rank + 0.5) for place in range(len(frame))]
        values = [float(v) for v in frame[name].tolist()]
        shade = rank / max(len(names) - 1, 1)
        axes.barh(places, values, height=height, color=between(DARK, LIGHT, shade), label=name)
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                nombres.entier(value),
                (value, place),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
    axes.margins(x=0.08)
    return _finish(figure, axes, frame["nom"].tolist())


def intervalles(frame: pd.DataFrame, *, titre: str, marque: str = "attendu") -> Figure:
    """Counts that were not known: their interval as a bar, what is expected or happened as a mark.

    Parameters
    ----------
    frame : columns `nom` (text), `marque`, `bas` and `haut` (dwellings), first row on top.
    titre : title.
    marque : what the marks are, as the legend says it.
    """
    figure, axes = _canvas(titre, len(frame))
    places = list(range(len(frame)))
    low, high, marks = ([float(v) for v in frame[c].tolist()] for c in ("bas", "haut", "marque"))
    widths = [h - b for b, h in zip(low, high, strict=True)]
    axes.barh(places, widths, left=low, height=0.5, color=LIGHT, label="neuf fois sur dix")
    axes.plot(
        marks,
        places,
        linestyle="",
        marker="o",
        markersize=5,
        color=DARK,
        label=marque,
        clip_on=False,
    )
    for place, b, h, mark in zip(places, low, high, marks, strict=True):
        axes.annotate(
            f"{nombres.entier(b)} à {nombres.entier(h)}",
            (max(h, mark), place),
            (6, 0),
            textcoords="offset points",
            va="center",
        )
    axes.margins(x=0.16)
    axes.set_xlim(left=0)
    return _finish(figure, axes, frame["nom"].tolist())


def frontiere(points: pd.DataFrame, plan: pd.Series, noms: tuple[str, str]) -> Figure:
    """The best of one objective for each level of the other, and the plan as it is.

    Parameters
    ----------
    points : columns `premier` and `second` (dwellings), in order along the frontier.
    plan : the same two values of the plan.
    noms : the two objectives with their unit, for the axes.
    """
    from flux.rendu.images_notebook import Image

    figure = Image(figsize=(8, 5), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle("Frontière entre deux objectifs", x=0.01, ha="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.plot(
        points["premier"].tolist(),
        points["second"].tolist(),
        color=DARK,
        marker="o",
        markersize=5,
        label="frontière : aucun plan ne fait mieux des deux",
    )
    axes.plot(
        [float(plan["premier"])],
        [float(plan["second"])],
        linestyle="",
        marker="D",
        markersize=9,
        color=ALERT,
        label="plan actuel",
    )
    axes.set_xlabel(f"{noms[0]} (logements)")
    axes.set_title(f"↑ {noms[1]} (logements)", loc="left", fontsize="medium")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: nombres.decimal(round(value, 6)))
    axes.margins(0.08)
    figure.legend(frameon=False, loc="outside lower right", ncols=2)
    return figure


def between(dark: str, light: str, shade: float) -> str:
    """A colour between two, the way there given by `shade` from 0 to 1."""
    parts = [(int(dark[i : i + 2], 16), int(light[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * shade):02x}" for a, b in parts)
