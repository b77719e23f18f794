"""The picture of the report: what was due and what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.bilan.faits import Faits
from flux.conversion.cellules import BAILLEUR
from flux.conversion.images import GROUPE, GROUPES
from flux.rendu import images, nombres
from flux.rendu.illustration import Illustration

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def illustrate(faits: Faits) -> tuple[Illustration, ...]:
    """Quota and count by group of réservataires; nothing where one is unknown, or for one holder."""
    table = known(faits)
    if table.empty or faits.reservataire is not None:
        return ()
    holders = faits.dossier.reservataires
    kinds = {BAILLEUR: BAILLEUR} | {
        str(i): str(c) for i, c in zip(holders["id_reservataire"], holders["categorie"], strict=True)
    }
    groups = table["porteur"].map(kinds).map(GROUPE)
    frame = table.groupby(groups)[["quota", "compte"]].sum().reindex(list(GROUPES)).dropna()
    frame = frame.rename_axis("nom").reset_index().rename(columns={"quota": "Quota", "compte": "Compté"})
    titre = f"Quota et compté en {faits.annee}"
    words = " ; ".join(
        f"{nom} : {nombres.entier(quota)} dus, {nombres.entier(compte)} comptés"
        for nom, quota, compte in zip(frame["nom"], frame["Quota"], frame["Compté"], strict=True)
    )
    return (
        Illustration(
            cle="synthese.quota_compte",
            titre=titre,
            alternative=f"Barres par groupe de réservataires, en logements. {words}.",
            dessin=lambda: images.scenarios(frame, titre=titre),
        ),
    )


def draw(faits: Faits) -> Figure:
    """The same, a pair of bars a réservataire."""
    table = faits.sorted(faits.mine(known(faits)), "porteur")
    frame = pd.DataFrame(
        {
            "nom": [faits.name(p) for p in table["porteur"]],
            "Quota": table["quota"],
            "Compté": table["compte"],
        }
    )
    return images.scenarios(frame, titre=f"Quota et compté en {faits.annee}")


def known(faits: Faits) -> pd.DataFrame:
    """The accounts whose quota and count are both known."""
    table = faits.comptes
    return table.dropna(subset=["quota", "compte"]) if "quota" in table else table.head(0)
