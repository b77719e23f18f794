"""Section on the caps of the law, and on what they and the flow of a territory reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.section import Section
from flux.annexe.selection import STATE, Selection
from flux.dossier.appellations import Noms
from flux.rendu import glossaire
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.conversion import Quotas

NEGLIGIBLE = 0.005  # dwellings: below it, two decimals show nothing


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
            *_readings(quotas, noms, vise),
        ),
    )


def _ceilings(caps: pd.DataFrame, noms: Noms) -> Tableau:
    return Tableau(
        cle="plafonds.plafonds",
        titre="Plafonds de l'année",
        frame=noms.table(caps),
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
        frame=noms.table(by_holder),
        colonnes=[
            "id_reservataire",
            "motif",
            Colonne("territoires", "nb_lignes", "Territoires"),
            "avant",
            "apres",
        ],
        note="Ce que les plafonds et les dépassements retirent revient au bailleur.",
    )


def _readings(quotas: Quotas, noms: Noms, vise: Selection | None) -> tuple[Tableau, ...]:
    """Both readings of the 20 % where a commune and its EPCI guarantee, if they do not leave the same."""
    table = quotas.lectures_garantie if vise is None else vise.rows(quotas.lectures_garantie)
    keys = ["territoire_code", "id_reservataire"]
    wide = table.pivot_table(index=keys, columns="lecture", values="apres", aggfunc="sum").reset_index()
    if not {"somme", "separee"} <= set(wide.columns):
        return ()
    differ = wide.loc[(wide["somme"] - wide["separee"]).abs() >= NEGLIGIBLE]
    if differ.empty:
        return ()
    return (
        Tableau(
            cle="plafonds.lectures",
            titre="Dus contre garantie, selon les deux lectures du plafond",
            frame=noms.table(differ),
            colonnes=[
                *keys,
                *(
                    Colonne(lecture, "apres", glossaire.format("lecture", lecture).capitalize())
                    for lecture in ("somme", "separee")
                ),
            ],
            article="CCH, art. R. 441-5-3",
            note="Le texte ne dit pas comment les garanties d'une commune et de son EPCI s'additionnent ; "
            "la lecture retenue est parmi les choix. Seuls les dus qui diffèrent sont montrés.",
        ),
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
