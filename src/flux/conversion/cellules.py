"""One holder in one commune, while its exact due is being made, and the ledger of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from flux.conversion.exact import total
from flux.conversion.feuilles import Feuilles
from flux.conversion.noms import Noms
from flux.conversion.operations import add, multiply
from flux.noyau.provenance import Figure, step

BAILLEUR = "bailleur"
TERRITOIRE, ETAT, DEPARTEMENT, RESTE = "territoire", "etat", "departement", "reste"
ETAT_CATEGORIES = ("etat_agents", "etat_prioritaires")

SHARE = "droits ÷ assiette"
#: What founds a due, by the floor on which it is made.
ARTICLES = {
    TERRITOIRE: "CCH, art. R. 441-5-3",
    ETAT: "CCH, art. R. 441-5-2",
    DEPARTEMENT: "CCH, art. R. 441-5, I",
}
#: Motives of the factors that are applied to exact dues.
AGENTS, ETAT_MAX, GARANTIE = "plafond des agents de l'État", "plafond de l'État", "plafond des garanties"
DEPASSEMENT, RESTE_DEPASSE = "dépassement du flux de la commune", "dépassement du reste du département"


@step(SHARE, unite="part", article="CCH, art. R. 441-5, I", signe="÷")
def share(droits: Fraction, parc: Fraction) -> Fraction:
    """A holder's share of the base.

    "un flux annuel de logements exprimé en pourcentage du patrimoine locatif social de l'organisme
    bailleur" (CCH, art. R. 441-5, I).
    """
    return droits / parc if parc else Fraction(0)


@step("part × flux", signe="×")
def due(part: Fraction, flux: Fraction) -> Fraction:
    """A share of a flow, in dwellings."""
    return part * flux


@step("disponible ÷ demandé, au plus 1", unite="rapport")
def fit(disponible: Fraction, demande: Fraction) -> Fraction:
    """The factor that brings `demande` within `disponible`: 1 when it already fits."""
    return min(Fraction(1), max(Fraction(0), disponible) / demande) if demande else Fraction(1)


@dataclass
class Cellule:
    """One holder in one commune, while its due is being made.

    numerateurs, denominateur : what it holds, by guarantee or not, and the base it is held in (absent
    where the share was stipulated, not computed)
    parts, added : the share and the dwellings added, before any reduction
    taux, ajouts : held in return for a guarantee or not -> figure. `taux` comes from a share of the
    flow, `ajouts` from single-use rights and first lettings.
    """

    id_reservataire: str
    commune: str
    etage: str
    part: Figure | None = None
    flux: Figure | None = None
    numerateurs: dict[bool, Fraction] = field(default_factory=dict)
    denominateur: Fraction | None = None
    parts: dict[bool, Fraction] = field(default_factory=dict)
    added: dict[bool, Fraction] = field(default_factory=lambda: dict.fromkeys((False, True), Fraction(0)))
    taux: dict[bool, Figure] = field(default_factory=dict)
    ajouts: dict[bool, Figure] = field(default_factory=dict)
    coefficients: dict[str, Figure] = field(default_factory=dict)

    def rate(self, part: Figure, flux: Figure, garantie: bool) -> None:
        """Keep the share and the flow from which its due comes, for whoever recomputes."""
        self.part = part if self.part is None else add(self.part, part, nom=part.nom)
        self.flux, self.parts[garantie] = flux, part.valeur
        if len(part.entrees) == 2 and part.calcul == SHARE:
            self.numerateurs[garantie], self.denominateur = (f.valeur for f in part.entrees)

    def scaled(self, motif: str, coefficient: Figure, garantie: bool | None = None) -> None:
        """Multiply the dues (or only those held by guarantee, or not) by `coefficient`; 1 leaves no trace."""
        if coefficient.valeur == 1:
            return
        self.coefficients[motif] = coefficient
        for part in (self.taux, self.ajouts):
            for key in [k for k in part if garantie in (None, k)]:
                part[key] = multiply(part[key], coefficient, nom=f"{part[key].nom}, réduit ({motif})")

    @property
    def terms(self) -> list[Figure]:
        """Every part of the due, as it stands."""
        return [*self.taux.values(), *self.ajouts.values()]

    def amount(self, garantie: bool | None = None) -> Fraction:
        """Dwellings due, all or only those held in return for a guarantee (or not)."""
        return total(
            [f.valeur for part in (self.taux, self.ajouts) for k, f in part.items() if garantie in (None, k)]
        )

    def figure(self, nom: str) -> Figure:
        """The whole due, with its proof."""
        terms = self.terms
        return add(*terms, nom=nom) if len(terms) != 1 else terms[0].named(nom)


class Ledger:
    """The cells under construction, and the reductions made on the way."""

    def __init__(self, feuilles: Feuilles) -> None:
        self.feuilles = feuilles
        self.noms = Noms(feuilles.dossier)
        self.methode = self.noms.choix("methode", "regle_echeance")
        self.cells: dict[tuple[str, str], Cellule] = {}
        self.reductions: list[tuple[str, str, float, float, str]] = []

    def nom_du(self, ident: str, commune: str, garantie: bool) -> str:
        """What a due is called."""
        held = ", contre garantie d'emprunt" if garantie else ""
        return f"dû de {self.noms.de(ident)} à {self.noms.a(commune)}{held}"

    def cell(self, ident: str, commune: str, etage: str) -> Cellule:
        """The cell of a holder in a commune, made when it is first asked for."""
        return self.cells.setdefault((ident, commune), Cellule(ident, commune, etage))

    def reduce(
        self,
        cells: Iterable[Cellule],
        coefficient: Figure,
        motif: str,
        territoire: str,
        garantie: bool | None = None,
    ) -> None:
        """Apply a factor below 1 to `cells` and keep what each loses."""
        if coefficient.valeur == 1:
            return
        for cell in cells:
            before = cell.amount()
            cell.scaled(motif, coefficient, garantie)
            if before != cell.amount():
                self.reductions.append(
                    (territoire, cell.id_reservataire, float(before), float(cell.amount()), motif)
                )


def rated(
    ledger: Ledger, ident: str, commune: str, etage: str, garantie: bool, part: Figure, flux: Figure
) -> None:
    """Enter a due that is a share of a flow."""
    cell = ledger.cell(ident, commune, etage)
    cell.rate(part, flux, garantie)
    cell.taux[garantie] = due(
        part, flux, nom=ledger.nom_du(ident, commune, garantie), article=ARTICLES[etage]
    )
