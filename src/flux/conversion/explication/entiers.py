"""Whole quotas as figures: one rounding of all the exact quotas together, seen from one holder."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flux.conversion.arrondi import apportion
from flux.conversion.cellules import BAILLEUR, ETAT_CATEGORIES
from flux.conversion.explication.exacts import Exacts
from flux.conversion.explication.plafonds import ceiling, whole_ceiling
from flux.conversion.explication.pourquoi import blocking, why
from flux.conversion.operations import add
from flux.noyau.provenance import Figure, step

ETAT = "etat"
ARRONDIS = {"plus_fort_reste": "au plus fort reste", "sainte_lague": "de Sainte-Laguë"}
Bornes = tuple[int, tuple[str, ...], tuple[str, ...]]
"""Of a ceiling: its rank among all, its members, and those of them whose other rights it tolerates."""


@step("arrondi de tous les quotas exacts ensemble")
def apportioned(
    *values: Fraction, noms: tuple[str, ...], propres: int, plafonds: tuple[Bornes, ...], **regle: Any
) -> int:
    """The whole number of the first of `noms` when all are rounded together (see `apportion`).

    `values`: its exact quota, the `propres` ceilings that hold it back, the total; then the other exact
    quotas, the other ceilings, and what each ceiling tolerates of some members.
    """
    own, caps, rest = values[0], list(values[1 : 1 + propres]), list(values[1 + propres :])
    whole, others = rest[0], rest[1 : len(noms)]
    caps += rest[len(noms) : len(noms) + len(plafonds) - propres]
    tolerated = iter(rest[len(noms) + len(plafonds) - propres :])
    made = [
        (rang, whole_ceiling(membres, nb, {i: int(next(tolerated)) for i in toleres}))
        for nb, (rang, membres, toleres) in zip(caps, plafonds, strict=True)
    ]
    exacts = dict(zip(noms, (own, *others), strict=True))
    ordered = [plafond for _, plafond in sorted(made, key=lambda pair: pair[0])]
    return apportion(exacts, int(whole), ordered, **regle).nb[noms[0]]


class Entiers:
    """The whole quotas of one question."""

    def __init__(self, exacts: Exacts) -> None:
        self.exacts, self.preuve, self.noms = exacts, exacts.preuve, exacts.noms
        self.idents = [*exacts.holders, BAILLEUR]
        self._made: dict[str, Figure] = {}

    def quota(self, ident: str) -> Figure:
        """`quota`, with what it lacked to have one more."""
        if ident not in self._made:
            self._made[ident] = self._quota(ident)
        return self._made[ident]

    def state(self) -> Figure:
        """Both contingents of the State."""
        table = self.preuve.dossier.reservataires
        state = table.loc[table["categorie"].isin(ETAT_CATEGORIES), "id_reservataire"]
        return add(*(self.quota(str(i)) for i in sorted(state)), nom="quota de l'État, priorité et agents")

    def _quota(self, ident: str) -> Figure:
        choix, caps = self.preuve.dossier.convention.choix, list(self.preuve.plafonds)
        holding = blocking(self.preuve, ident)
        ranked = sorted(range(len(caps)), key=lambda k: caps[k] not in holding)
        own = [k for k in ranked if caps[k] in holding]
        others = [i for i in self.idents if i != ident]
        tolerated = {k: tuple(i for i in caps[k].membres if caps[k].tolere.get(i)) for k in ranked}
        context = [
            self.exacts.flow,
            *(self.exacts.kept(i) for i in others),
            *(ceiling(self.preuve, caps[k]) for k in ranked if k not in own),
            *(self.exacts.tolerated(caps[k], i) for k in ranked for i in tolerated[k]),
        ]
        method = ARRONDIS[str(choix.arrondi)]
        return apportioned(
            self.exacts.kept(ident),
            *(ceiling(self.preuve, caps[k]) for k in own),
            *context,
            nom=f"quota de {self.noms.de(ident)}",
            calcul="ce qui reste du flux, une fois servis les réservataires"
            if ident == BAILLEUR
            else f"arrondi {method}",
            contexte=len(context),
            choix=self.noms.choix("arrondi"),
            notes=why(self.preuve, ident, {i: self.exacts.kept(i).valeur for i in self.idents}),
            noms=(ident, *others),
            propres=len(own),
            plafonds=tuple((k, caps[k].membres, tolerated[k]) for k in ranked),
            reste=BAILLEUR,
            methode=str(choix.arrondi),
            minimum=choix.minimum_par_reservataire,
        )
