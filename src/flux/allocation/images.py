"""What can be drawn of the plan: each picture with what is said of it to who does not see it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from flux.conversion.images import GROUPE, GROUPES, listed, named
from flux.conversion.noms import Noms
from flux.rendu import glossaire, images, images_plan, nombres
from flux.rendu.illustration import Illustration, member

if TYPE_CHECKING:
    from flux.allocation.plan import Plan

MOST_HOLDERS = 20  # above, the picture is by group of réservataires
MOST_OBJECTIVES = 16
PUBLICS = ("agent", "dalo", "prioritaire", "autre")
QPV = {False: "hors QPV", True: "en QPV"}
EPSILON = 5e-7  # half of the last decimal that a plan promises: below it, nothing is missing


class ImagePlan(StrEnum):
    """The pictures of the plan."""

    OBJECTIFS = "objectifs"
    ORIENTATIONS = "orientations"


def illustrate(
    plan: Plan, genre: str = ImagePlan.OBJECTIFS, *, sauf: frozenset[str] = frozenset()
) -> Illustration:
    """One picture of the plan, drawn on demand.

    Parameters
    ----------
    genre : "objectifs" (reached against threshold), "orientations" (who gets which kind).
    sauf : réservataires left out, because a table masks their counts; the caption says so.

    Raises
    ------
    FluxError
        Code "image.inconnue": no picture of that name; near-misses suggested.
    """
    makers = {ImagePlan.OBJECTIFS: _objectifs, ImagePlan.ORIENTATIONS: _orientations}
    return makers[member(ImagePlan, genre)](plan, sauf)


def _without(titre: str, sauf: frozenset[str]) -> str:
    return f"{titre} (hors nombres masqués)" if sauf else titre


def _objectifs(plan: Plan, sauf: frozenset[str]) -> Illustration:
    """Objectives, and the quotas that are not met: those that fall short first, then the largest."""
    rows = plan.objectifs
    rows = rows.loc[
        (rows["base"] > 0)
        & ~rows["porteur"].isin(sauf)
        & (rows["niveau"] != "physique")
        & ((rows["niveau"] != "quota") | (rows["manque"] > EPSILON))
    ].dropna(subset=["seuil"])
    short = rows["manque"].where(rows["manque"] > EPSILON, 0.0)
    order = rows.assign(court=short).sort_values(["court", "base"], ascending=False, kind="stable").index
    shown = rows.loc[rows.index.isin(order[:MOST_OBJECTIVES])]
    frame = shown.assign(nom=_called(plan, shown))[["nom", "atteint", "seuil"]]
    left = len(rows) - len(shown)
    suite = f" ({len(shown)} sur {len(rows)}, les manqués d'abord)" if left else ""
    titre = _without(f"Objectifs : atteint et seuil, en logements{suite}", sauf)
    said = (
        f"{nom} : {nombres.decimal(a)} pour un seuil de {nombres.decimal(s)}"
        for nom, a, s in frame.itertuples(index=False)
    )
    return Illustration(
        cle="objectifs",
        titre=titre,
        alternative=f"Barres horizontales, le seuil marqué d'un trait. {listed(said)}",
        dessin=lambda: images.objectifs(frame, titre=titre),
    )


def _called(plan: Plan, rows: pd.DataFrame) -> list[str]:
    """Each objective with whose it is: a réservataire, or a territory where it is of all or has several."""
    holders, places = named(plan.quotas), Noms(plan.quotas.dossier)
    names = {**dict(zip(holders["id_reservataire"], holders["nom"], strict=True)), "etat": "État"}
    several = rows.duplicated(["objectif", "porteur"], keep=False)
    keys = zip(rows["objectif"], rows["porteur"], rows["territoire_code"], several, strict=True)
    called = []
    for objectif, porteur, territoire, more in keys:
        everyone = porteur == "*"
        who = [] if everyone else [names.get(porteur, porteur)]
        where = [places.a(str(territoire))] if everyone or more else []
        called.append(glossaire.clean(f"{glossaire.format('objectif', objectif)} : {', '.join(who + where)}"))
    return called


def _orientations(plan: Plan, sauf: frozenset[str]) -> Illustration:
    """Whole dwellings by réservataire (by group when they are many), public, size and QPV."""
    holders = named(plan.quotas).loc[lambda h: ~h["id_reservataire"].isin(sauf)]
    many = len(holders) > MOST_HOLDERS
    called = holders["categorie"].map(GROUPE) if many else holders["nom"]
    names = dict(zip(holders["id_reservataire"], called, strict=True))
    table = plan.table.loc[~plan.table["id_reservataire"].isin(sauf)]
    table = table.assign(
        nom=table["id_reservataire"].map(names),
        public=table["priorite"].map(lambda p: glossaire.format("priorite", p)),
        place=table["qpv"].astype(bool).map(QPV),
    )
    order = list(GROUPES) if many else list(dict.fromkeys(called))
    families = {"Public": "public", "Typologie": "typologie", "Localisation": "place"}
    publics = [glossaire.format("priorite", p) for p in PUBLICS]
    wide = [
        table.pivot_table(index="nom", columns=c, values="nb", aggfunc="sum", fill_value=0)
        for c in families.values()
    ]
    wide[0] = wide[0][[p for p in publics if p in wide[0].columns]]
    frame = pd.concat(wide, axis=1)
    frame = frame.loc[[n for n in order if n in frame.index and frame.loc[n].any()]]
    kinds = {f: [str(c) for c in block.columns] for f, block in zip(families, wide, strict=True)}
    annee = plan.quotas.dossier.convention.annee
    titre = _without(f"Orientations {annee} : qui reçoit quoi, en logements", sauf)
    said = (
        f"{nom} : " + ", ".join(f"{c} {nombres.entier(v)}" for c, v in row.items() if v)
        for nom, row in frame.iterrows()
    )
    drawn = frame.rename_axis("nom").reset_index()
    return Illustration(
        cle="orientations",
        titre=titre,
        alternative=(
            "Grille de nombres, plus sombre là où le réservataire reçoit plus de ses propres logements. "
            f"{listed(said)}"
        ),
        dessin=lambda: images_plan.grille(drawn, kinds, titre=titre),
    )
