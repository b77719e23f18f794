"""The picture of several years: a panel a réservataire, its share, and what moves it.

Events differ in shape as well as in colour (the palette of Okabe and Ito), so that no eye and no grey print
loses them.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import pandas as pd

from flux.rendu import glossaire, nombres
from flux.rendu.images import DARK, DPI

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

MARQUES = {
    "livraison": ("^", "#009e73"),
    "debut": ("P", "#0072b2"),
    "echeance": ("v", "#d55e00"),
    "remboursement": ("D", "#cc79a7"),
    "partage": ("d", "#999999"),
    "vente": ("X", "#e69f00"),
    "demolition": ("s", "#000000"),
    "sortie": ("p", "#666666"),
    "droit_unique": ("o", "#56b4e9"),
    "derogation": ("h", "#0072b2"),
    "loi": ("*", "#000000"),
}
COLUMNS = 3
WRAP = 34  # characters of a panel's title on one line
HEADROOM = 1.9  # the events stand above the line, the quotas under it


def projection(parts: pd.DataFrame, marques: pd.DataFrame, *, titre: str) -> Figure:
    """Each réservataire's share over the years, the events of each year above it, its quota below.

    Parameters
    ----------
    parts : columns `nom` (text), `annee`, `part_flux` (share of [0, 1]), `quota` (dwellings), in the order of
        the panels.
    marques : columns `nom`, `annee`, `nature` (a key of `MARQUES`): what makes the step into that year.
    titre : title.
    """
    from flux.rendu.images_notebook import Image

    noms = list(dict.fromkeys(parts["nom"]))
    rows = max(1, -(-len(noms) // COLUMNS))
    figure = Image(figsize=(9.5, 1.4 + 1.6 * rows), dpi=DPI, layout="constrained")
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).flatten().tolist()
    for axes, nom in zip(panels, noms, strict=False):
        _panel(axes, nom, parts.loc[parts["nom"] == nom], marques.loc[marques["nom"] == nom])
    for axes in panels[len(noms) :]:
        axes.set_visible(False)
    seen = [nature for nature in MARQUES if nature in set(marques["nature"])]
    handles = [_mark(panels[0], [], [], nature) for nature in seen]
    names = [glossaire.format("evenements.nature", nature) for nature in seen]
    if seen:
        figure.legend(handles, names, frameon=False, loc="outside lower left", ncols=4, fontsize=8)
    return figure


def _panel(axes: Axes, nom: str, parts: pd.DataFrame, marques: pd.DataFrame) -> None:
    """One réservataire: the line from zero, its first and last values, the events stacked above each year."""
    years, shares = [int(a) for a in parts["annee"]], [float(p) for p in parts["part_flux"]]
    top = max([*shares, 1e-9]) * HEADROOM
    digits = 1 if max(shares) >= 0.01 else 2
    axes.plot(years, shares, color=DARK, marker=".", linewidth=1.6)
    # each value is written on the side that the line leaves free
    falls = [
        shares[0] >= shares[min(1, len(shares) - 1)],
        shares[-1] < shares[-2] if len(shares) > 1 else False,
    ]
    _value(axes, years[0], shares[0], digits, above=falls[0], side="left")
    if len(years) > 1:
        _value(axes, years[-1], shares[-1], digits, above=not falls[1], side="right")
    for year in years:
        happened = set(marques.loc[marques["annee"] == year, "nature"])
        for height, nature in enumerate(n for n in MARQUES if n in happened):
            _mark(axes, [year], [top * (0.95 - 0.11 * height)], nature)
    labels = [f"{year}\n{nombres.entier(q)}" for year, q in zip(years, parts["quota"], strict=True)]
    axes.set_xticks(years, labels, fontsize=7)
    axes.set_title("\n".join(wrap(nom, WRAP)), loc="left", fontsize=9)
    axes.set_ylim(0, top)
    axes.set_xlim(years[0] - 0.5, years[-1] + 0.5)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)


def _value(axes: Axes, year: int, share: float, digits: int, *, above: bool, side: str) -> None:
    axes.annotate(
        nombres.part(share, digits),
        (year, share),
        (0, 5 if above else -11),
        textcoords="offset points",
        ha=side,
        fontsize=8,
    )


def _mark(axes: Axes, years: list[int], heights: list[float], nature: str) -> Line2D:
    shape, colour = MARQUES[nature]
    [line] = axes.plot(years, heights, linestyle="", marker=shape, color=colour, markersize=6)
    return line
