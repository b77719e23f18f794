"""A staircase: where one starts, what each cause adds or takes, where one arrives."""

from __future__ import annotations

from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.rendu import nombres
from flux.rendu.etiquettes import etiquette
from flux.rendu.images import ALERT, DARK, DPI, LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 0.34  # inches
TITLE = 72  # characters of the title on one line
ROOM = 0.04  # share of the widest bar that is left free beyond the steps
LOOKS: dict[str, dict[str, Any]] = {
    "bout": {"color": DARK},
    "plus": {"color": LIGHT, "edgecolor": DARK},
    "moins": {"color": "white", "edgecolor": ALERT, "hatch": "////"},
}


def escalier(causes: pd.DataFrame, depart: float, arrivee: float, *, titre: str) -> Figure:
    """Bars one under the other, each starting where the one above ended; what is taken away is hatched.

    The axis starts at zero, however small the steps: a cut one would make a large change of a small one.

    Parameters
    ----------
    causes : columns `nom` (text), `logements` (dwellings, signed), in order.
    depart, arrivee : stock and flow, dwellings; `arrivee` is `depart` and the sum of the causes.
    titre : title.
    """
    from flux.rendu.images_notebook import Image

    names = ["stock", *causes["nom"], "flux"]
    steps = [float(v) for v in causes["logements"]]
    levels = [depart]
    for step in steps:
        levels.append(levels[-1] + step)
    low, high = min([*levels, arrivee]), max([*levels, arrivee])
    floor = min(0.0, low)
    figure = Image(figsize=(8, 1.2 + ROW * len(names)), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle("\n".join(wrap(titre, TITLE)), x=0.01, ha="left", fontweight="bold")
    room = ROOM * max(high - floor, 1e-9)
    for place, (start, end) in enumerate(
        [(floor, depart), *pairwise(levels), (floor, arrivee)]
    ):
        inside = 0 < place < len(names) - 1
        look = LOOKS["bout" if not inside else "plus" if end >= start else "moins"]
        axes.barh([place], [abs(end - start)], left=[min(start, end)], height=0.6, **look)
        said = nombres.decimal(end - start if inside else end)
        axes.annotate(f"+{said}" if inside and end > start else said, (max(start, end), place), (4, 0),
                      textcoords="offset points", va="center", fontsize=9)
        if place < len(names) - 1:
            axes.plot([end, end], [place, place + 1], color="#777777", linewidth=0.8, linestyle=":")
    axes.set_yticks(list(range(len(names))), [etiquette(n) for n in names], fontsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(floor - (0 if floor == 0 else room), high + 4 * room)
    axes.set_xlabel("logements par an")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure
