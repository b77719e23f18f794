"""Who gets which kind: a grid of counts, darker where a row has more of its own. matplotlib, on use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from flux.rendu import nombres
from flux.rendu.etiquettes import etiquette
from flux.rendu.images import DARK, DPI, between

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = "#f4f7fa"
ROW = 0.28  # inches
HALF = 0.5  # share of a row above which a cell is dark enough for white figures


def grille(frame: pd.DataFrame, familles: Mapping[str, Sequence[str]], *, titre: str) -> Figure:
    """Counts by row and by kind; a cell is as dark as its share of the row in its family of kinds.

    Parameters
    ----------
    frame : column `nom` (text), then the columns of `familles` (dwellings), first row on top.
    familles : family of kinds -> its columns, from left to right ("Typologie" -> "T1", "T2"…).
    titre : title.
    """
    from flux.rendu.images_notebook import Image

    nb = max(len(frame), 1)
    figure = Image(figsize=(9, 1.5 + ROW * nb), dpi=DPI, layout="constrained")
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    widths = [max(len(columns), 1) for columns in familles.values()]
    panels = figure.subplots(1, len(familles), width_ratios=widths, squeeze=False).flatten().tolist()
    for rank, (axes, (famille, columns)) in enumerate(zip(panels, familles.items(), strict=True)):
        _panel(axes, famille, frame[list(columns)])
        names = [etiquette(n, 38) for n in frame["nom"]] if rank == 0 else [""] * len(frame)
        axes.set_yticks(list(range(len(frame))), names, fontsize=8)
    return figure


def _panel(axes: Axes, famille: str, counts: pd.DataFrame) -> None:
    """One family: its kinds above, a cell a count."""
    for row, values in enumerate(counts.itertuples(index=False)):
        total = sum(values)
        for column, value in enumerate(values):
            share = float(value) / float(total) if total else 0.0
            shade = between(PALE, DARK, share)
            axes.bar([column], [0.94], bottom=[row - 0.47], width=0.96, color=shade, linewidth=0)
            axes.text(
                column,
                row,
                nombres.entier(value),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if share > HALF else "black",
            )
    axes.xaxis.tick_top()
    axes.set_xticks(list(range(counts.shape[1])), [etiquette(str(c), 12, 3) for c in counts], fontsize=7)
    axes.set_title(famille, fontsize=9, fontweight="bold")
    axes.set_xlim(-0.5, max(counts.shape[1], 1) - 0.5)
    axes.set_ylim(max(len(counts), 1) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
