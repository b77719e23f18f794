"""The law as dated, sourced data: `regles(date)` is the law as it stood that day."""

from flux.loi.modele import Reference, Statut, Valeur
from flux.loi.parametre import Parametre
from flux.loi.regles import Regles, regles

__all__ = ["Parametre", "Reference", "Regles", "Statut", "Valeur", "regles"]
