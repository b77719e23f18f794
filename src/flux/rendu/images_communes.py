"""Pictures by commune without a map: a bar a commune, in columns when they are many. matplotlib, on use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from flux.rendu import nombres
from flux.rendu.etiquettes import etiquette
from flux.rendu.images import DPI
from flux.rendu.images_flux import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ONE_COLUMN = 20  # communes that stand in one column
ROW = 0.24  # inches


def communes(frame: pd.DataFrame, groupes: Sequence[str], *, titre: str, maximum: float = 0.0) -> Figure:
    """A bar a commune: whole quotas by group, the exact flow as a mark, dwellings in QPV as a line below.

    Parameters
    ----------
    frame : columns `nom` (text), `flux` (exact), `nb_qpv` (dwellings), and one a group (dwellings), first row
        on top.
    groupes : columns of groups, from left to right; the last one is the bailleur's.
    titre : title.
    maximum : end of the scale, in dwellings, so that several pictures share it; the longest bar by default.
    """
    from flux.rendu.images_notebook import Image

    nb_columns = 1 if len(frame) <= ONE_COLUMN else 2
    rows = max(-(-len(frame) // nb_columns), 1)
    figure = Image(figsize=(8, 1.1 + ROW * max(rows, 3)), dpi=DPI, layout="constrained")
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    sums = frame[list(groupes)].sum(axis=1)
    end = 1.14 * max([maximum, 1.0, *sums.tolist(), *frame["flux"].tolist()])
    wide = nb_columns == 1
    for rank, axes in enumerate(figure.subplots(1, nb_columns, squeeze=False).flatten().tolist()):
        _column(axes, frame.iloc[rank * rows : (rank + 1) * rows], groupes, rows, 56 if wide else 30)
        axes.set_xlim(0, end * (1 if wide else 1.12))
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside lower left", ncols=4, fontsize=8)
    return figure


def _column(axes: Axes, frame: pd.DataFrame, groupes: Sequence[str], rows: int, characters: int) -> None:
    """One column of bars, `rows` high so that all columns have the same step."""
    places = list(range(len(frame)))
    left = [0.0] * len(frame)
    colours = [*PALETTE[: len(groupes) - 1], PALETTE[-1]]
    for groupe, colour in zip(groupes, colours, strict=True):
        sizes = [float(v) for v in frame[groupe].tolist()]
        axes.barh(places, sizes, left=left, height=0.56, color=colour, edgecolor="white", linewidth=0.4,
                  label=groupe)
        left = [a + b for a, b in zip(left, sizes, strict=True)]
    qpv = [float(v) for v in frame["nb_qpv"].tolist()]
    axes.barh([p + 0.36 for p in places], qpv, height=0.13, color="#333333", label="dont en QPV")
    flux = [float(v) for v in frame["flux"].tolist()]
    axes.plot(flux, places, linestyle="", marker="|", markersize=9, markeredgewidth=1.5, color="black",
              label="flux exact")
    for place, (total, exact) in enumerate(zip(left, flux, strict=True)):
        axes.annotate(nombres.entier(total), (max(total, exact), place), (4, 0), textcoords="offset points",
                      va="center", fontsize=8)
    names = [etiquette(n, characters, 1) for n in frame["nom"]]
    axes.set_yticks(places, names, fontsize=8 if characters > 30 else 7)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
