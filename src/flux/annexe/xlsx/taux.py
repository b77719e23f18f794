"""The rates at the head of the sheet Plafonds: those of the law, and the State's share that was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flux.annexe.xlsx.grille import Champ, Feuille

if TYPE_CHECKING:
    from flux.conversion import Quotas

NOMS = {
    "part_max_agents": "Part maximale des agents de l'État",
    "part_max_etat": "Part maximale de l'État, agents compris",
    "part_max_garantie": "Part maximale des garanties d'emprunt",
}


@dataclass(frozen=True)
class Taux:
    """Cells of the rates, and the value of that of the guarantees.

    part_etat : the State's share as agreed, agents included; "" where it is that of the register
    """

    agents: str
    etat: str
    garantie: str
    part_etat: str
    part_max_garantie: float


def write_taux(feuille: Feuille, quotas: Quotas) -> Taux:
    """Fill in the head of the sheet."""
    feuille.title(
        "Plafonds de la loi",
        "État : CCH, art. R. 441-5-2, I. Garanties d'emprunt : CCH, art. R. 441-5-3.",
        "Les plafonds s'appliquent aux dus exacts, puis aux logements entiers.",
    )
    values = {key: quotas.regles.figure(key).valeur for key in NOMS}
    law = values["part_max_etat"]
    values["part_max_etat"] = quotas.preuve.dus.plafond_etat.valeur
    agents, state, guarantees = (
        feuille.scalar(Champ(titre, "taux", entree=True), values[key], nom=key) for key, titre in NOMS.items()
    )
    agreed, asked = "", quotas.dossier.convention.stipulations.part_etat
    if asked != "registre":
        # the share of the law is its cap, which a préfet's derogation raises without raising the share
        follows = state if not isinstance(asked, Fraction) and law == values["part_max_etat"] else ""
        champ = Champ("Part de l'État convenue, agents compris", "taux", entree=True)
        share = asked if isinstance(asked, Fraction) else law
        agreed = feuille.scalar(champ, share, follows, nom="part_etat")
    feuille.ligne += 1
    return Taux(agents, state, guarantees, agreed, float(values["part_max_garantie"]))
