"""What can be drawn of the switch: each picture with what is said of it to who does not see it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from flux.conversion.images import listed
from flux.rendu import glossaire, images_simulation, nombres
from flux.rendu.illustration import Illustration, member
from flux.simulation import vues
from flux.simulation.vecu import Mutations

if TYPE_CHECKING:
    from flux.simulation.bascule import Bascule

MOST_PANELS, MOST_ROWS = 9, 30
PLUS_GRANDS = "les plus grands écarts"
AUTRE = {
    Mutations.AUX_TITULAIRES: "si les mutations prenaient, en stock, les mêmes logements",
    Mutations.RETIREES: "si les mutations se faisaient, en stock, sur les logements sans droit",
}


class ImageBascule(StrEnum):
    """The pictures of the switch."""

    EVENTAIL = "eventail"
    COMMUNES = "communes"
    OBJECTIFS = "objectifs"


def illustrate(bascule: Bascule, genre: str = ImageBascule.COMMUNES) -> Illustration:
    """One picture of the switch, drawn on demand.

    Parameters
    ----------
    genre : "eventail" (dwellings received over the year, by holder), "communes" (gains and losses of all
        réservataires), "objectifs" (chance of each target).

    Raises
    ------
    FluxError
        Code "image.inconnue": no picture of that name; near-misses suggested.
    """
    makers = {
        ImageBascule.EVENTAIL: _eventail,
        ImageBascule.COMMUNES: _communes,
        ImageBascule.OBJECTIFS: _objectifs,
    }
    return makers[member(ImageBascule, genre)](bascule)


def _eventail(bascule: Bascule) -> Illustration:
    """The holders that receive most, the largest first."""
    holders = vues.holders(bascule)
    shown = holders.assign(most=holders[["stock_moyen", "flux_moyen"]].max(axis=1))
    shown = shown.nlargest(MOST_PANELS, "most", keep="first")
    rows = bascule.calendrier.merge(shown[["id_reservataire", "nom"]], on="id_reservataire")
    order = {ident: place for place, ident in enumerate(shown["id_reservataire"])}
    months = (rows["annee"] - bascule.axes.annees[0]) * 12 + rows["mois"] - 1
    rows = rows.assign(rang=months, place=rows["id_reservataire"].map(order))
    rows = rows.sort_values(["place", "rang"], kind="stable")
    titre = f"Logements reçus depuis le 1er janvier {bascule.axes.annees[0]}"
    titre += _of(len(shown), len(holders), "les plus servis")
    last = rows.loc[rows["rang"] == rows["rang"].max()]
    said = (
        f"{nom}, {regime} : {nombres.decimal(m, 1)} à la fin, "
        f"entre {nombres.entier(b)} et {nombres.entier(h)}"
        for nom, regime, m, b, h in last[["nom", "regime", "moyen", "q05", "q95"]].itertuples(index=False)
    )
    return Illustration(
        cle="eventail",
        titre=titre,
        alternative="Courbes cumulées par mois, avec l'intervalle où elles sont neuf fois sur dix. "
        f"{listed(said)}",
        dessin=lambda: images_simulation.eventail(rows, titre=titre),
    )


def _communes(bascule: Bascule) -> Illustration:
    """The communes where most changes, from the largest loss to the largest gain."""
    rows = vues.communes(bascule)
    largest = rows["ecart_moyen"].abs().nlargest(MOST_ROWS, keep="first").index
    shown = rows.loc[rows.index.isin(largest)]
    titre = f"Réservataires, par commune : flux moins stock{_of(len(shown), len(rows), PLUS_GRANDS)}"
    columns = ["nom", "ecart_moyen", "ecart_q05", "ecart_q95", "ecart_autre"]
    autre = AUTRE[bascule.options.mutations_en_stock]
    said = (
        f"{nom} : {nombres.decimal(m, 1)}, entre {nombres.entier(b)} et {nombres.entier(h)} "
        f"({nombres.decimal(a, 1)})"
        for nom, m, b, h, a in shown[columns].itertuples(index=False)
    )
    return Illustration(
        cle="communes",
        titre=titre,
        alternative="Barres horizontales de part et d'autre de zéro, en logements par an : l'intervalle où "
        f"l'écart est neuf fois sur dix, sa moyenne, et entre parenthèses sa moyenne {autre}. {listed(said)}",
        dessin=lambda: images_simulation.ecarts(shown, titre=titre, autre=autre),
    )


def _objectifs(bascule: Bascule) -> Illustration:
    """The targets least often met under the flow first."""
    rows = vues.targets(bascule).dropna(subset=["p_atteint_flux"])
    order = rows.sort_values("p_atteint_flux", kind="stable").index[:MOST_ROWS]
    shown = rows.loc[order]
    frame = shown.assign(nom=[f"{glossaire.format('objectif', objectif)} : {whose}" for objectif, whose in
                              shown[["objectif", "concerne"]].itertuples(index=False)])
    titre = (f"Objectifs atteints au 31 décembre {bascule.axes.annees[0]}"
             f"{_of(len(shown), len(rows), 'les moins souvent atteints')}")
    said = (
        f"{nom} : {nombres.part(flux, 0)} des tirages en flux, {nombres.part(stock, 0)} en stock"
        for nom, stock, flux in frame[["nom", "p_atteint_stock", "p_atteint_flux"]].itertuples(index=False)
    )
    return Illustration(
        cle="objectifs",
        titre=titre,
        alternative=f"Points sur une échelle de 0 à 100 %, un par régime. {listed(said)}",
        dessin=lambda: images_simulation.chances(frame, titre=titre),
    )


def _of(shown: int, nb: int, which: str) -> str:
    return f" ({shown} sur {nb}, {which})" if shown < nb else ""
