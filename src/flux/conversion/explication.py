"""Why this quota: the tree of a figure, down to the cells of the files and the articles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from flux.conversion.arrondi import Arrondi, Plafond
from flux.conversion.cellules import BAILLEUR, ETAT_CATEGORIES, fit
from flux.conversion.dus import Dus
from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.operations import add, constant, multiply, subtract
from flux.conversion.territoires import source_of
from flux.dossier import Dossier
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.provenance import Couleur, Figure
from flux.rendu import arbre

ETAT = "etat"
ARRONDIS = {"plus_fort_reste": "plus fort reste", "sainte_lague": "Sainte-Laguë"}


@dataclass(frozen=True, eq=False)
class Explication:
    """A figure and its proof, to be read: text in a terminal, a folding tree in a notebook."""

    figure: Figure

    def __repr__(self) -> str:
        return arbre.texte(self.figure)

    def _repr_html_(self) -> str:
        return arbre.html(self.figure)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able tree of the figure."""
        return self.figure.to_dict()


@dataclass(frozen=True, eq=False)
class Preuve:
    """What `explain` needs: the figures of the conversion, kept as they were made."""

    dossier: Dossier
    feuilles: Feuilles
    dus: Dus
    arrondi: Arrondi
    plafonds: tuple[Plafond, ...]
    soldes: Mapping[str, Fraction]
    quota_exact: Mapping[str, Fraction]
    retenues: Mapping[str, Fraction]


def explain_holder(preuve: Preuve, ident: str) -> Explication:
    """The proof of one quota, or of the State's as a group ("etat").

    Raises
    ------
    FluxError
        Code "explication.inconnu": nobody of that name; near-misses suggested.
    """
    categories = dict(
        zip(
            preuve.dossier.reservataires["id_reservataire"],
            preuve.dossier.reservataires["categorie"],
            strict=True,
        )
    )
    state = sorted(i for i, c in categories.items() if c in ETAT_CATEGORIES)
    if ident == ETAT and state:
        return Explication(
            add(*(_quota(preuve, i) for i in state), nom="quota de l'État, priorité et agents")
        )
    if ident not in {*categories, BAILLEUR}:
        close = near_misses(ident, [*categories, BAILLEUR, ETAT])
        hint = (
            f"Vouliez-vous dire : {', '.join(close)} ?"
            if close
            else f"Connus : {', '.join(sorted(categories))}."
        )
        raise FluxError(f"Aucun réservataire « {ident} ». {hint}", code="explication.inconnu")
    return Explication(_quota(preuve, ident))


def _quota(preuve: Preuve, ident: str) -> Figure:
    """The whole quota: rounding, then the exact quota, then the due of each commune."""
    entrees = [_fitted(preuve, ident), *(_ceiling(p) for p in preuve.plafonds if ident in p.membres)]
    exact, nb = entrees[0].valeur, preuve.arrondi.nb[ident]
    if ident in preuve.arrondi.refuses:
        how = "arrondi retenu par un plafond"
    elif ident == BAILLEUR:
        how = "ce qui reste du flux, une fois servis les réservataires"
    else:
        method = ARRONDIS[str(preuve.dossier.convention.choix.arrondi)]
        how = f"{method} : " + ("logement supplémentaire obtenu" if nb > exact else "arrondi à l'inférieur")
    if exact.denominator == 1 and nb == exact:
        how = "quota exact déjà entier"
    return Figure(
        valeur=Fraction(nb), nom=f"quota de {_nom(preuve, ident)}", calcul=how, entrees=tuple(entrees)
    )


def _ceiling(plafond: Plafond) -> Figure:
    """A ceiling in whole dwellings, with what was already given and what it does not concern."""
    entrees = [
        plafond.part,
        constant(plafond.flux, "flux sur lequel il est apprécié", couleur=Couleur.CALCUL),
    ]
    how = "plancher de la part maximale × flux"
    if plafond.cumule:
        how += ", cumulés depuis l'ouverture du compte, moins les logements déjà comptés"
        entrees.append(constant(plafond.nb_ouverture, "logements déjà comptés", couleur=Couleur.DONNEE))
    if apart := sum(plafond.tolere.values()):
        how += ", plus les droits tenus sans garantie"
        entrees.append(constant(apart, "droits tenus sans garantie, arrondis", couleur=Couleur.CALCUL))
    return Figure(
        valeur=Fraction(plafond.limite),
        nom=f"plafond en logements entiers ({plafond.groupe}, {plafond.territoire_code})",
        calcul=how,
        article=plafond.article,
        entrees=tuple(entrees),
    )


def _fitted(preuve: Preuve, ident: str) -> Figure:
    """What was rounded: the exact quota, brought within the flow, less what its guarantees pass."""
    exact = _exact(preuve, ident)
    asked = total({i: v for i, v in preuve.quota_exact.items() if i != BAILLEUR})
    if ident != BAILLEUR and asked > preuve.feuilles.flux_total.valeur:
        factor = fit(
            preuve.feuilles.flux_total, _asked(preuve), nom="réduction au flux des dus et des soldes"
        )
        exact = multiply(exact, factor, nom=f"{exact.nom}, réduit au flux")
    if over := preuve.retenues.get(ident):
        above = constant(over, "garanties au-dessus de leur plafond en entiers", couleur=Couleur.CALCUL)
        return _not_below_zero(
            subtract(exact, above, nom=f"{exact.nom}, garanties au plafond"), "jamais moins que zéro"
        )
    return exact


def _asked(preuve: Preuve) -> Figure:
    holders = preuve.dossier.reservataires["id_reservataire"]
    return add(*(_exact(preuve, str(i)) for i in holders), nom="quotas exacts des réservataires")


def _exact(preuve: Preuve, ident: str) -> Figure:
    nom = _nom(preuve, ident)
    if ident == BAILLEUR:
        return _not_below_zero(
            subtract(preuve.feuilles.flux_total, _asked(preuve), nom="quota exact du bailleur"),
            "les dus et les soldes dépassent le flux : rien ne reste au bailleur",
        )
    names = preuve.dossier.communes.set_index("commune")["nom"]
    cells = preuve.dus.of(ident)
    dues = [
        cell.figure(f"dû à {names.get(c, c)}") for c, cell in cells.items() if cell.terms and cell.amount()
    ]
    due = (
        add(*dues, nom=f"dû exact de {nom}")
        if dues
        else constant(0, f"dû exact de {nom} : aucun droit vivant", couleur=Couleur.CALCUL)
    )
    solde = preuve.soldes.get(ident, Fraction(0))
    if not solde:
        return due.named(f"quota exact de {nom}")
    source = replace(
        source_of(preuve.dossier, "soldes"), colonne="solde", filtre=f"id_reservataire = {ident}"
    )
    carried = Figure(valeur=solde, nom="solde de l'année précédente", couleur=Couleur.DONNEE, source=source)
    return _not_below_zero(
        add(due, carried, nom=f"quota exact de {nom}"),
        "jamais moins que zéro : le reste est gardé dans le compte",
    )


def _not_below_zero(figure: Figure, calcul: str) -> Figure:
    if figure.valeur >= 0:
        return figure
    return Figure(valeur=Fraction(0), nom=figure.nom, calcul=calcul, entrees=(figure,))


def _nom(preuve: Preuve, ident: str) -> str:
    if ident == BAILLEUR:
        return preuve.dossier.convention.bailleur.nom
    names = preuve.dossier.reservataires.set_index("id_reservataire")["nom"]
    return str(names[ident])
