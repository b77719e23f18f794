"""From the stock to the flow: the picture of the summary, and the flow of shares (Sankey).

matplotlib, loaded on use. Colours differ in lightness, and what is taken away is hatched: a grey print
still tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.rendu import nombres
from flux.rendu.etiquettes import ecartees, etiquette
from flux.rendu.images import ALERT, DARK, DPI, LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# group of réservataires -> colour, from dark to light, the bailleur last
PALETTE = (DARK, ALERT, "#4f9a94", "#e3b93c", "#d9dee4")
ROW = 0.33  # inches: a summary holds on one page
GAP, BOX, FONT = 0.03, 0.035, 8.5  # Sankey: between nodes and width of a node (shares), points of a label


def cascade(parc: pd.DataFrame, partage: pd.DataFrame, *, titre: str) -> Figure:
    """Two scales one above the other: all the dwellings, then, enlarged, those of the year.

    Parameters
    ----------
    parc : columns `nom` (text), `nb` (dwellings), `texte` (what is written at the end of the bar); the last
        row is what the second part enlarges.
    partage : columns `nom`, `debut` (where the bar starts, dwellings), `nb` (its length), `sens` ("total",
        "retrait" or "part"), `texte` (what is written at its end), first row on top.
    titre : title.
    """
    from matplotlib.patches import ConnectionPatch

    from flux.rendu.images_notebook import Image

    rows = (len(parc), len(partage))
    figure = Image(figsize=(8, 0.9 + ROW * sum(rows)), dpi=DPI, layout="constrained")
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    above, below = figure.subplots(2, 1, height_ratios=rows)
    _bars(above, parc.assign(debut=0.0, sens="total"))
    _bars(below, partage)
    # what is enlarged: from both ends of the last bar above to both ends of the first one below
    last, first = float(parc["nb"].iloc[-1]), float(partage["nb"].iloc[0])
    for x_above, x_below in ((0.0, 0.0), (last, first)):
        figure.add_artist(
            ConnectionPatch(
                xyA=(x_above, rows[0] - 1 + 0.3),
                xyB=(x_below, -0.3),
                coordsA=above.transData,
                coordsB=below.transData,
                color="#777777",
                linestyle=":",
                linewidth=1,
            )
        )
    return figure


def _bars(axes: Axes, frame: pd.DataFrame) -> None:
    """Bars of a cascade, each with its text, on an axis that needs no figure."""
    looks: dict[str, dict[str, Any]] = {
        "total": {"color": DARK},
        "retrait": {"color": "white", "edgecolor": ALERT, "hatch": "////"},
        "part": {"color": LIGHT},
    }
    starts, sizes = ([float(v) for v in frame[c].tolist()] for c in ("debut", "nb"))
    for place, (sens, start, size) in enumerate(zip(frame["sens"], starts, sizes, strict=True)):
        axes.barh([place], [size], left=[start], height=0.6, **looks[sens])
    ends = [start + size for start, size in zip(starts, sizes, strict=True)]
    for place, (end, text) in enumerate(zip(ends, frame["texte"], strict=True)):
        axes.annotate(text, (end, place), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(list(range(len(frame))), [etiquette(n) for n in frame["nom"]])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.25 * max([*ends, 1.0]))
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def sankey(frame: pd.DataFrame, colonnes: Sequence[str], *, titre: str) -> Figure:
    """Shares of each group from one column to the next; what one loses goes to those that gain.

    A ribbon from a group to itself is what it keeps; the others are in proportion to what is lost and gained.

    Parameters
    ----------
    frame : column `nom` (text), then, for each name of `colonnes`, its amount; first row on top. Each column
        is drawn at the same height: its sum is 100 %.
    colonnes : names of the columns of amounts, from left to right.
    titre : title.
    """
    from flux.rendu.images_notebook import Image

    figure = Image(figsize=(9, 1.6 + 0.6 * max(len(frame), 5)), dpi=DPI, layout="constrained")
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    axes = figure.add_subplot()
    axes.set_axis_off()
    step = 1.0
    shares = [
        [float(v) / total if total else 0.0 for v in frame[c].tolist()]
        for c in colonnes
        for total in [float(frame[c].sum())]
    ]
    tops = [_tops(column) for column in shares]
    height = 1 + GAP * (len(frame) - 1)
    for rank, column in enumerate(shares):
        x = rank * step
        for row, (share, top) in enumerate(zip(column, tops[rank], strict=True)):
            axes.bar([x + BOX / 2], [-share], bottom=[-top], width=BOX, color=_colour(row, len(frame)))
        if rank + 1 < len(shares):
            _ribbons(axes, x + BOX, x + step, column, shares[rank + 1], tops[rank], tops[rank + 1])
        _labels(axes, frame["nom"].tolist(), frame[colonnes[rank]].tolist(), column, tops[rank], x,
                first=rank == 0, last=rank == len(shares) - 1)
        axes.text(x + BOX / 2, 0.04, colonnes[rank], ha="center", va="bottom", fontweight="bold",
                  fontsize=FONT + 0.5)
    axes.set_xlim(-0.72 * step, (len(shares) - 1) * step + 0.72 * step)
    axes.set_ylim(-height - 0.02, 0.16)
    return figure


def _colour(row: int, rows: int) -> str:
    """The bailleur, last, is always the lightest."""
    return PALETTE[-1] if row == rows - 1 else PALETTE[row % (len(PALETTE) - 1)]


def _tops(shares: Sequence[float]) -> list[float]:
    """Where each node starts, downwards."""
    return [sum(shares[:i]) + GAP * i for i in range(len(shares))]


def _ribbons(
    axes: Axes,
    left: float,
    right: float,
    before: Sequence[float],
    after: Sequence[float],
    tops_before: Sequence[float],
    tops_after: Sequence[float],
) -> None:
    """What each group keeps, then what moves from those that lose to those that gain."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    nb = len(before)
    kept = [min(b, a) for b, a in zip(before, after, strict=True)]
    lost, won = ([x - k for x, k in zip(side, kept, strict=True)] for side in (before, after))
    moving = sum(won)
    flows = [(i, i, kept[i]) for i in range(nb)]
    if moving > 1e-9:
        flows += [(i, j, lost[i] * won[j] / moving) for i in range(nb) for j in range(nb)]
    used_before, used_after = list(tops_before), list(tops_after)
    middle = (left + right) / 2
    for i, j, size in flows:
        if size <= 1e-6:
            continue
        y0, y1 = -used_before[i], -used_after[j]
        used_before[i], used_after[j] = used_before[i] + size, used_after[j] + size
        points = [(left, y0), (middle, y0), (middle, y1), (right, y1), (right, y1 - size),
                  (middle, y1 - size), (middle, y0 - size), (left, y0 - size), (left, y0)]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        axes.add_patch(PathPatch(Path(points, codes), facecolor=_colour(i, nb), alpha=0.45, linewidth=0))


def _labels(
    axes: Axes,
    noms: Sequence[str],
    values: Sequence[float],
    shares: Sequence[float],
    tops: Sequence[float],
    x: float,
    *,
    first: bool,
    last: bool,
) -> None:
    """Amount and share beside each node, the name too on the outer columns; they keep off each other."""
    centres = [top + share / 2 for top, share in zip(tops, shares, strict=True)]
    apart = 0.1 if first or last else 0.055
    places = ecartees(centres, apart * min(1.0, 9 / max(len(noms), 1)), 0.0, 1 + GAP * (len(noms) - 1))
    for nom, value, share, place in zip(noms, values, shares, places, strict=True):
        amount = f"{nombres.entier(round(float(value), 2))} ({nombres.part(share)})"
        text = f"{etiquette(nom, 26)}\n{amount}" if first or last else amount
        where = x - 0.02 if first else x + BOX + 0.02
        axes.text(where, -place, text, ha="right" if first else "left", va="center", fontsize=FONT,
                  linespacing=1.2)
