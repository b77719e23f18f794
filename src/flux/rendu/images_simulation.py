"""Pictures of chances: what was received over the year, gains and losses, targets met. matplotlib, on use.

Stock and flow differ in shape and in line as well as in colour, so that no eye and no grey print confuses
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.rendu import nombres
from flux.rendu.etiquettes import etiquette
from flux.rendu.images import ALERT, DARK, DPI, LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
ROW = 0.34  # inches
NEUF_SUR_DIX = "neuf fois sur dix"


def eventail(frame: pd.DataFrame, *, titre: str) -> Figure:
    """A panel a holder: dwellings since the start, month after month, under both regimes.

    Parameters
    ----------
    frame : columns `nom` (text), `rang` (month since the start, from 0), `regime` ("stock", "flux"), `moyen`,
        `q05`, `q95`, `lineaire` (dwellings), in the order of the panels.
    titre : title.
    """
    from flux.rendu.images_notebook import Image

    noms = list(dict.fromkeys(frame["nom"]))
    rows = max(1, -(-len(noms) // COLUMNS))
    figure = Image(figsize=(9.5, 1.4 + 1.9 * rows), dpi=DPI, layout="constrained")
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).flatten().tolist()
    for axes, nom in zip(panels, noms, strict=False):
        _panel(axes, frame.loc[frame["nom"] == nom])
        axes.set_title(etiquette(nom, 34), loc="left", fontsize=9)
    for axes in panels[len(noms) :]:
        axes.set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside lower left", ncols=5, fontsize=8)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    for regime, colour, line, alpha in (("flux", DARK, "-", 0.3), ("stock", ALERT, "--", 0.15)):
        mine = rows.loc[rows["regime"] == regime]
        # the count is known at the end of each month, and is nothing before the first
        months = [0, *(int(m) + 1 for m in mine["rang"])]
        low, mean, high, even = (
            [0.0, *map(float, mine[c].tolist())] for c in ("q05", "moyen", "q95", "lineaire")
        )
        axes.fill_between(months, low, high, color=colour, alpha=alpha, linewidth=0,
                          label=f"{regime}, {NEUF_SUR_DIX}")
        axes.plot(months, mean, color=colour, linestyle=line, linewidth=1.6, label=f"{regime}, moyenne")
        if regime == "flux":
            axes.plot(months, even, color="#555555", linestyle=":", linewidth=1.2,
                      label="flux, à rythme égal")
    axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.set_xticks(months[:: 3 * max(1, len(months) // 13)])
    axes.set_xlabel("mois écoulés", fontsize=7)
    axes.tick_params(labelsize=7)
    axes.yaxis.set_major_formatter(lambda value, _: nombres.entier(round(value, 2)))
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)


def ecarts(frame: pd.DataFrame, *, titre: str, autre: str) -> Figure:
    """Gains and losses: the interval as a bar, the mean as a mark, nothing at zero.

    Parameters
    ----------
    frame : columns `nom` (text), `ecart_moyen`, `ecart_q05`, `ecart_q95`, `ecart_autre` (dwellings a year),
        first row on top.
    titre : title. autre : what `ecart_autre` supposes, another mark.
    """
    figure, axes = _rows(titre, frame["nom"].tolist())
    places = list(range(len(frame)))
    low, mean, high, other = ([float(v) for v in frame[f"ecart_{c}"]]
                              for c in ("q05", "moyen", "q95", "autre"))
    widths = [h - b for b, h in zip(low, high, strict=True)]
    axes.barh(places, widths, left=low, height=0.5, color=LIGHT, label=NEUF_SUR_DIX)
    for label, colour, shape, lost in (("perte moyenne", ALERT, "v", True), ("gain moyen", DARK, "^", False)):
        some = [i for i in places if (mean[i] < 0) is lost]
        axes.plot([mean[i] for i in some], some, linestyle="", marker=shape, color=colour, markersize=6,
                  label=label)
    axes.plot(other, places, linestyle="", marker="o", color="black", markerfacecolor="none", markersize=6,
              label=f"moyenne, {autre}")
    for place, b, h, m, o in zip(places, low, high, mean, other, strict=True):
        # one large commune leaves the bars of the others too short to be read
        said = f"{_signed(m, 1)}  ({_signed(b)} à {_signed(h)})"
        axes.annotate(said, (max(h, m, o, 0), place), (6, 0), textcoords="offset points", va="center",
                      fontsize=8, annotation_clip=False)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.use_sticky_edges = False
    axes.margins(x=0.05)
    axes.set_xlabel("logements par an, flux moins stock")
    axes.xaxis.set_major_formatter(lambda value, _: nombres.entier(round(value, 2)))
    figure.legend(frameon=False, loc="outside lower left", ncols=2)
    return figure


def _signed(value: float, nb: int = 0) -> str:
    said = nombres.decimal(value, nb if nb or value == int(value) else 1)
    return f"+{said}" if round(value, nb or 1) > 0 else said


def chances(frame: pd.DataFrame, *, titre: str) -> Figure:
    """The chance of each target under both regimes.

    Parameters
    ----------
    frame : columns `nom` (text), `p_atteint_stock`, `p_atteint_flux` (share of [0, 1], absent where it is not
        known), first row on top.
    titre : title.
    """
    figure, axes = _rows(titre, frame["nom"].tolist())
    for regime, colour, shape, filled in (("stock", ALERT, "o", False), ("flux", DARK, "D", True)):
        known = [(float(p), i) for i, p in enumerate(frame[f"p_atteint_{regime}"]) if pd.notna(p)]
        axes.plot([p for p, _ in known], [i for _, i in known], linestyle="", marker=shape, markersize=7,
                  color=colour, markerfacecolor=colour if filled else "white", label=regime, clip_on=False)
    for place, p in enumerate(frame["p_atteint_flux"]):
        axes.annotate(nombres.part(p, 0), (1.03, place), va="center", fontsize=8, annotation_clip=False)
    axes.set_xlim(0, 1)
    axes.set_xlabel("part des tirages où l'objectif est atteint (en flux, à droite)")
    axes.xaxis.set_major_formatter(lambda value, _: nombres.part(round(value, 4), 0))
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(frameon=False, loc="outside lower right", ncols=2)
    return figure


def _rows(titre: str, noms: list[str]) -> tuple[Figure, Axes]:
    """An empty picture with a name a row, the first on top."""
    from flux.rendu.images_notebook import Image

    figure = Image(figsize=(8.5, 1.6 + ROW * max(len(noms), 1)), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(titre, x=0.01, ha="left", fontweight="bold")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_yticks(list(range(len(noms))), [etiquette(nom) for nom in noms], fontsize=8)
    axes.set_ylim(max(len(noms), 1) - 0.4, -0.6)
    return figure, axes
