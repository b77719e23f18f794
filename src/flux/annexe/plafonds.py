"""Section on the caps of the law, and on what they and the flow of a territory reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.noms import Noms
from flux.annexe.partage import named
from flux.annexe.section import Section
from flux.annexe.selection import STATE, Selection
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.conversion import Quotas


def plafonds(quotas: Quotas, noms: Noms, vise: Selection | None = None) -> Section:
    """Caps of the State and of the guarantees, what was reduced; for one convention, what binds it."""
    caps = quotas.plafonds if vise is None else _caps_of(quotas, vise)
    reductions = quotas.reductions if vise is None else vise.rows(quotas.reductions)
    said = (
        *((f"Aucun plafond de la loi ne s'applique à {vise.nom}.",) if vise and caps.empty else ()),
        *(() if len(reductions) else ("Aucun dû n'a été réduit.",)),
    )
    return Section(
        cle="plafonds",
        titre="Plafonds et réductions",
        paragraphes=said,
        tableaux=(
            *((_ceilings(caps, noms),) if len(caps) or vise is None else ()),
            *((_reduced(reductions, noms),) if len(reductions) else ()),
        ),
    )


def _ceilings(caps: pd.DataFrame, noms: Noms) -> Tableau:
    return Tableau(
        cle="plafonds.plafonds",
        titre="Plafonds de l'année",
        frame=named(caps, noms),
        colonnes=[
            "groupe",
            "territoire_code",
            "part_max",
            "exact",
            "plafond",
            "nb",
            Colonne("atteint", "plafonds.atteint"),
            "article",
        ],
    )


def _reduced(reductions: pd.DataFrame, noms: Noms) -> Tableau:
    by_holder = reductions.groupby(["id_reservataire", "motif"], as_index=False, sort=True).agg(
        avant=("avant", "sum"), apres=("apres", "sum"), territoires=("territoire_code", "nunique")
    )
    return Tableau(
        cle="plafonds.reductions",
        titre="Dus réduits, par réservataire et par motif",
        frame=named(by_holder, noms),
        colonnes=[
            "id_reservataire",
            "motif",
            Colonne("territoires", "nb_lignes", "Territoires"),
            "avant",
            "apres",
        ],
        note="Ce que les plafonds et les dépassements retirent revient au bailleur.",
    )


def _caps_of(quotas: Quotas, vise: Selection) -> pd.DataFrame:
    """The State's caps for the State; those of the guarantees, on their communes, for who shares them."""
    table = quotas.plafonds
    kinds = quotas.table.set_index("id_reservataire")["categorie"].reindex(list(vise.idents))
    sharing = {str(k) for k in quotas.dossier.convention.choix.porteurs_garantie}
    guarantees = table["groupe"].astype(str).str.startswith("garantie")
    places = table["territoire_code"].astype(str).str.split("+")
    theirs = places.map(lambda codes: bool({*codes} & vise.communes))
    kept = guarantees & theirs & bool({*kinds.astype(str)} & sharing)
    return table.loc[kept | (~guarantees & bool(kinds.isin(STATE).any()))]
