"""What can be drawn of many dossiers, each picture with what is said of it to who does not see it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from flux.conversion.images import listed
from flux.lot.categories import in_order
from flux.rendu import glossaire, images, images_plan, images_simulation, nombres
from flux.rendu.illustration import Illustration, member
from flux.simulation.ecarts import TOUS_RESERVES

if TYPE_CHECKING:
    from flux.lot.agregats import Agregat
    from flux.lot.multipartite import Multipartite

MOST = 30  # rows of a picture
AUTRE = "mutations retirées en stock aussi"


class ImageAgregat(StrEnum):
    """The pictures of dossiers added up."""

    QUOTAS = "quotas"
    OBJECTIFS = "objectifs"
    GAINS = "gains"


def illustrate(agregat: Agregat, genre: str = ImageAgregat.QUOTAS) -> Illustration:
    """One picture, drawn on demand: the largest territories where they are many.

    Parameters
    ----------
    genre : "quotas" (territory × category), "objectifs" (reached against threshold, the most missed first),
        "gains" (flow minus stock: by category in one territory, by territory where they are several).

    Raises
    ------
    FluxError
        Code "image.inconnue": no picture of that name; near-misses suggested.
    """
    match member(ImageAgregat, genre):
        case ImageAgregat.QUOTAS:
            return _quotas(agregat)
        case ImageAgregat.OBJECTIFS:
            return _objectifs(agregat)
        case ImageAgregat.GAINS:
            return _gains(agregat)


def category(group: str) -> str:
    """What a group of holders is called."""
    return glossaire.format("lot.categorie", group)


def _quotas(agregat: Agregat) -> Illustration:
    wide = agregat.quotas.pivot_table(index="nom", columns="categorie", values="nb", aggfunc="sum",
                                      fill_value=0)
    return _grid(wide[in_order(wide.columns)].rename(columns=category), "quotas",
                 "Quotas de l'année par territoire et catégorie")


def _objectifs(agregat: Agregat) -> Illustration:
    rows = agregat.objectifs.sort_values(["manque", "territoire_code", "objectif"], kind="stable",
                                         ascending=[False, True, True])
    several = rows["territoire_code"].nunique() > 1
    said = [f"{glossaire.format('objectif', o)} ({n})" if several else glossaire.format("objectif", o)
            for o, n in zip(rows["objectif"], rows["nom"], strict=True)]
    rows = rows.assign(nom=said)
    titre = "Objectifs : atteint et seuil, sommes des dossiers" + _more(len(rows), "plus grands manques")
    words = (f"{n} : {nombres.decimal(a, 1)} pour {nombres.decimal(s, 1)}"
             for n, a, s in zip(rows["nom"], rows["atteint"], rows["seuil"], strict=True))
    return Illustration(cle="objectifs", titre=titre, alternative=f"Barres horizontales. {listed(words)}",
                        dessin=lambda: images.objectifs(rows.head(MOST), titre=titre))


def _gains(agregat: Agregat) -> Illustration:
    rows = agregat.gains
    if rows["territoire_code"].nunique() > 1:
        rows = rows.loc[rows["categorie"] == TOUS_RESERVES].sort_values("ecart_moyen", kind="stable")
        titre = "Du stock au flux, tous réservataires" + _more(len(rows), "plus grandes pertes")
    else:
        rows = rows.assign(nom=rows["categorie"].map(category))
        titre = "Du stock au flux, par catégorie"
    words = (f"{n} : {nombres.decimal(e, 1)}" for n, e in zip(rows["nom"], rows["ecart_moyen"], strict=True))
    return Illustration(cle="gains", titre=titre, alternative=f"Barres horizontales. {listed(words)}",
                        dessin=lambda: images_simulation.ecarts(rows.head(MOST), titre=titre, autre=AUTRE))


def matrix(partage: Multipartite) -> Illustration:
    """The matrix of an EPCI: bailleur × category of holder."""
    wide = partage.table.groupby("categorie", sort=False)[list(partage.bailleurs)].sum().T
    wide.index = pd.Index([partage.bailleurs[d] for d in wide.index], name="nom")
    return _grid(wide[in_order(wide.columns)].rename(columns=category), "multipartite",
                 f"Quotas sur {partage.nom}, par bailleur")


def _grid(wide: pd.DataFrame, cle: str, titre: str) -> Illustration:
    """Rows by size; a cell as dark as its share of the row."""
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    titre += _more(len(wide), "plus grands")
    words = (f"{nom} : {nombres.entier(total)}" for nom, total in wide.sum(axis=1).items())
    frame = wide.head(MOST).rename_axis("nom").reset_index()
    familles = {"Catégorie de réservataire": list(wide.columns)}
    return Illustration(cle=cle, titre=titre, alternative=f"Tableau de logements. {listed(words)}",
                        dessin=lambda: images_plan.grille(frame, familles, titre=titre))


def _more(nb: int, what: str) -> str:
    return f" ({MOST} {what} sur {nb})" if nb > MOST else ""
