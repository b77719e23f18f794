"""The picture of several years: a panel a réservataire, its share, and what moves it.

Events differ in shape as well as in colour (the palette of Okabe and Ito), so that no eye and no grey print
loses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.rendu import glossaire, nombres
from flux.rendu.images import DARK, DPI

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
HEADROOM = 1.7  # the events stand above the line


def projection(parts: pd.DataFrame, marques: pd.DataFrame, *, titre: str) -> Figure:
    """Each réservataire's share over the years, the events of each year above it.

    Parameters
    ----------
    parts : columns `nom` (text), `annee`, `part_flux` (share of [0, 1]), in the order of the panels.
    marques : columns `nom`, `annee`, `nature` (a key of `MARQUES`): what happened before that year opened.
    titre : title.
    """
    from flux.rendu.images_notebook import Image

    noms = list(dict.fromkeys(parts["nom"]))
    rows = max(1, -(-len(noms) // COLUMNS))
    figure = Image(figsize=(9.5, 1.2 + 1.75 * rows), dpi=DPI, layout="constrained")
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    panels = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True).flatten().tolist()
    for axes, nom in zip(panels, noms, strict=False):
        _panel(axes, nom, parts.loc[parts["nom"] == nom], marques.loc[marques["nom"] == nom])
    for axes in panels[len(noms) :]:
        axes.set_visible(False)
    for n, axes in enumerate(panels[: len(noms)]):
        axes.tick_params(labelbottom=n + COLUMNS >= len(noms))
    seen = [nature for nature in MARQUES if nature in set(marques["nature"])]
    handles = [_mark(panels[0], [], [], nature)[0] for nature in seen]
    if handles:
        names = [glossaire.format("evenements.nature", nature) for nature in seen]
        figure.legend(handles, names, frameon=False, loc="outside lower left", ncols=4, fontsize=8)
    return figure


def _panel(axes: Axes, nom: str, parts: pd.DataFrame, marques: pd.DataFrame) -> None:
    """One réservataire: the line from zero, its first and last values, the events stacked above each year."""
    years, shares = [int(a) for a in parts["annee"]], [float(p) for p in parts["part_flux"]]
    top = max([*shares, 1e-9]) * HEADROOM
    axes.plot(years, shares, color=DARK, marker=".", linewidth=1.6)
    for year, share, side in ((years[0], shares[0], "left"), (years[-1], shares[-1], "right")):
        axes.annotate(
            nombres.part(share), (year, share), (0, -11), textcoords="offset points", ha=side, fontsize=8
        )
    for year, group in marques.groupby("annee"):
        natures = [n for n in MARQUES if n in set(group["nature"])]
        for height, nature in enumerate(natures):
            _mark(axes, [int(year)], [top * (0.95 - 0.1 * height)], nature)
    axes.set_title(nom, loc="left", fontsize=9)
    axes.set_ylim(0, top)
    axes.set_xlim(years[0] - 0.4, years[-1] + 0.4)
    axes.set_xticks(years, [str(a) for a in years], fontsize=8)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)


def _mark(axes: Axes, years: list[int], heights: list[float], nature: str) -> list[Any]:
    shape, colour = MARQUES[nature]
    return axes.plot(years, heights, linestyle="", marker=shape, color=colour, markersize=6)
