"""The two terms of a share, as figures: what a holder holds, and the base it is held in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from flux.conversion.droits import Droits
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.methodes import Poids
from flux.conversion.operations import add, leaf
from flux.dossier import Dossier
from flux.noyau.provenance import Couleur, Figure


def held(
    dossier: Dossier,
    poids: Poids,
    droits: Droits,
    ident: str,
    communes: Iterable[str],
    garantie: bool | None = None,
) -> Figure:
    """What a holder holds in some communes, in the unit of the method, down to the lines of the register."""
    inside = set(communes)
    value = total(
        [v for (r, c, g), v in poids.droits.items() if r == ident and c in inside and garantie in (None, g)]
    )
    lignes = sorted({n for c in inside for n in droits.lignes.get((ident, c), [])})
    what = {None: "", True: ", contre garantie", False: ", hors garantie"}[garantie]
    figure = leaf(
        dossier,
        "reservations",
        value,
        f"{poids.unite} de {ident}{what}",
        colonne="id_reservataire",
        filtre=f"id_reservataire = {ident}, droits vivants sur l'assiette{what}",
        lignes=lignes,
        unite=poids.unite,
    )
    return replace(figure, couleur=Couleur.CONVENTION) if poids.declaree else figure


def whole(feuilles: Feuilles, poids: Poids, communes: Iterable[str]) -> Figure:
    """The base of some communes, in the unit of the method."""
    inside = [c for c in feuilles.communes if c in set(communes)]
    if poids.unite == "droits":
        return (
            add(*(feuilles.base[c] for c in inside), nom="logements de l'assiette")
            if len(inside) > 1
            else feuilles.base[inside[0]]
        )
    value = total([poids.parc.get(c, Fraction(0)) for c in inside])
    return Figure(
        valeur=value,
        nom=f"assiette, en {poids.unite}",
        unite=poids.unite,
        calcul="Σ logements de l'assiette × leur poids dans la méthode",
        entrees=tuple(feuilles.base[c] for c in inside),
    )
