"""Exact dues, balances and quotas as figures: what is rounded, and what it was made from."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import ceil

from flux.conversion.arrondi import Plafond
from flux.conversion.cellules import BAILLEUR, fit
from flux.conversion.exact import of, total
from flux.conversion.explication.plafonds import ceiling
from flux.conversion.explication.preuve import Preuve
from flux.conversion.operations import add, at_least_zero, constant, leaf, multiply, ratio, subtract
from flux.noyau.provenance import Figure, step


@step("borné à ce que le compte reporte au plus, en proportion")
def bounded(solde: Fraction, ensemble: Fraction, most: Fraction) -> Fraction:
    """A balance under `report_solde = "plafonne"`."""
    return solde * most / abs(ensemble) if abs(ensemble) > most else solde


@step("solde non reporté : chaque année repart de zéro")
def dropped(_: Fraction) -> Fraction:
    """A balance under `report_solde = "aucun"`."""
    return Fraction(0)


@step("dû contre garantie × ce qui passe le plafond en logements entiers")
def above(held: Fraction, plafond: Fraction, exact: Fraction) -> Fraction:
    """What a due held in return for guarantees passes a whole ceiling by."""
    return held * max(Fraction(0), 1 - plafond / exact)


@step("arrondi à l'entier supérieur")
def ceiled(value: Fraction) -> int:
    """The next whole number."""
    return ceil(value)


class Exacts:
    """The exact figures of one question, each made once."""

    def __init__(self, preuve: Preuve) -> None:
        self.preuve, self.noms = preuve, preuve.noms
        self.holders = [str(i) for i in preuve.dossier.reservataires["id_reservataire"]]
        self._made: dict[tuple[str, str], Figure] = {}

    def _once(self, what: str, ident: str) -> Figure:
        if (what, ident) not in self._made:
            self._made[what, ident] = getattr(self, f"_{what}")(ident)
        return self._made[what, ident]

    def due(self, ident: str) -> Figure:
        """Exact due of the year; the bailleur's is what the others leave."""
        return self._once("due", ident)

    def quota(self, ident: str) -> Figure:
        """`quota_exact`: the due and the balance, never below 0; the bailleur has what is left."""
        return self._once("quota", ident)

    def kept(self, ident: str) -> Figure:
        """What is rounded: the exact quota, brought within the flow, less what its guarantees pass."""
        return self._once("kept", ident)

    def cell(self, ident: str, commune: str, garantie: bool | None = None) -> Figure:
        """Exact due in a commune, all of it or what guarantees brought (or did not)."""
        cell = self.preuve.dus.cellules.get((ident, commune))
        terms = (
            [f for part in (cell.taux, cell.ajouts) for g, f in part.items() if garantie in (None, g)]
            if cell
            else []
        )
        held = {None: "", True: ", contre garantie d'emprunt", False: ", hors garantie"}[garantie]
        nom = f"dû exact de {self.noms.de(ident)} à {self.noms.a(commune)}{held}"
        if not terms:
            return self.nothing(ident, nom, commune)
        return add(*terms, nom=nom) if len(terms) > 1 else terms[0].named(nom)

    def nothing(self, ident: str, nom: str, commune: str | None = None) -> Figure:
        """Zero, because the register holds nothing."""
        place = f", commune = {commune}" if commune else ""
        return leaf(
            self.preuve.dossier,
            "reservations",
            0,
            nom,
            colonne="id_reservataire",
            filtre=f"id_reservataire = {ident}{place} : aucun droit qui compte",
        )

    def balance(self, ident: str, commune: str | None) -> Figure:
        """Balance of an account when the year opens, as last year's table has it."""
        own = [c for r, c in self.preuve.ouverture.soldes if r == ident]
        read = {c: self._read(ident, c) for c in own}
        choix = self.preuve.dossier.convention.choix
        if choix.report_solde == "integral":
            return read[commune]
        if choix.report_solde == "aucun":
            nom = f"{read[commune].nom}, reporté"
            return dropped(read[commune], nom=nom, choix=self.noms.choix("report_solde"))
        every = add(*read.values(), nom=f"soldes de {self.noms.de(ident)}")
        most = constant(of(choix.solde_max), "solde reporté au plus (solde_max)")
        return bounded(read[commune], every, most, nom=f"{read[commune].nom}, borné")

    def _read(self, ident: str, commune: str | None) -> Figure:
        table, annee = self.preuve.dossier.soldes, self.preuve.dossier.convention.annee - 1
        place = table["commune"].isna() if commune is None else (table["commune"] == commune).fillna(False)
        rows = table.loc[(table["annee"] == annee) & (table["id_reservataire"] == ident) & place]
        where = f", commune = {commune}" if commune else ""
        return leaf(
            self.preuve.dossier,
            "soldes",
            total([of(float(v)) for v in rows["solde"]]),
            f"solde {annee} de {self.noms.de(ident)}" + (f" à {self.noms.a(commune)}" if commune else ""),
            colonne="solde",
            filtre=f"id_reservataire = {ident}, annee = {annee}{where}",
            lignes=rows["_ligne"].tolist(),
        )

    @cached_property
    def asked(self) -> Figure:
        """Σ of the exact quotas, the bailleur's apart."""
        return add(*(self.quota(i) for i in self.holders), nom="quotas exacts de tous les réservataires")

    @cached_property
    def flow(self) -> Figure:
        """F*: whole dwellings to share."""
        return self.preuve.feuilles.flux_total

    def _due(self, ident: str) -> Figure:
        if ident == BAILLEUR:
            dues = add(*(self.due(i) for i in self.holders), nom="dus exacts de tous les réservataires")
            return subtract(self.flow, dues, nom=f"dû exact de {self.noms.de(BAILLEUR)}")
        cells = self.preuve.dus.of(ident)
        served = [c for c, x in cells.items() if x.amount()]  # or, where no flow is left, each zero and why
        dues_here = [self.cell(ident, c) for c in served or cells]
        nom = f"dû exact de {self.noms.de(ident)}"
        return add(*dues_here, nom=nom) if dues_here else self.nothing(ident, nom)

    def _quota(self, ident: str) -> Figure:
        nom = f"quota exact de {self.noms.de(ident)}"
        if ident == BAILLEUR:
            left = subtract(self.flow, self.asked, nom=nom)
            return left if left.valeur >= 0 else at_least_zero(left, nom=nom)
        if not self.preuve.soldes.get(ident):
            return self.due(ident).named(nom)
        balances = [self.balance(ident, c) for r, c in self.preuve.ouverture.soldes if r == ident]
        owed = add(self.due(ident), *(b for b in balances if b.valeur), nom=nom, calcul="dû et solde reporté")
        if owed.valeur >= 0:
            return owed
        return at_least_zero(
            owed, nom=nom, calcul="jamais moins que zéro : le reste est gardé dans le compte"
        )

    def _kept(self, ident: str) -> Figure:
        exact = self.quota(ident)
        if ident == BAILLEUR:
            return exact
        if self.asked.valeur > self.flow.valeur:
            factor = fit(self.flow, self.asked, nom="réduction au flux des dus et des soldes")
            exact = multiply(exact, factor, nom=f"{exact.nom}, réduit au flux")
        if not self.preuve.retenues.get(ident):
            return exact
        left = subtract(exact, self.over(ident), nom=f"{exact.nom}, garanties au plafond")
        return left if left.valeur >= 0 else at_least_zero(left, nom=left.nom)

    def over(self, ident: str, *, lost: bool = False) -> Figure:
        """What the guarantees of a holder pass a whole ceiling by; `lost`: where it leaves the account."""
        parts = []
        for c, cell in sorted(self.preuve.dus.of(ident).items()):
            bounds = [
                p
                for p in self.preuve.garanties.plafonds
                if not p.parties and ident in p.porteurs and c in p.communes
            ]
            if not cell.amount(garantie=True) or not bounds:
                continue
            tightest = min(bounds, key=lambda p: Fraction(p.nb) / p.exact)
            if tightest.exact > tightest.nb and not (lost and tightest.cumule):
                parts.append(
                    above(
                        self.cell(ident, c, garantie=True),
                        ceiling(self.preuve, tightest),
                        self.guaranteed(tightest),
                        nom=f"garanties au-dessus du plafond à {self.noms.a(c)}",
                    )
                )
        nom = f"garanties de {self.noms.de(ident)} au-dessus de leur plafond en logements entiers"
        return add(*parts, nom=nom) if parts else self.nothing(ident, nom)

    def guaranteed(self, plafond: Plafond) -> Figure:
        """Σ of the exact dues that a ceiling of the guarantees looks at."""
        if plafond.parties:
            parts = [self.guaranteed(p) for p in plafond.parties]
        else:
            parts = [
                self.cell(r, c, garantie=True)
                for (r, c), cell in sorted(self.preuve.dus.cellules.items())
                if r in plafond.porteurs and c in plafond.communes and cell.amount(garantie=True)
            ]
        return add(*parts, nom=f"dus contre garantie ({self.noms.a(plafond.territoire_code)})")

    def tolerated(self, plafond: Plafond, ident: str) -> Figure:
        """Whole dwellings of a member that a ceiling does not look at: those it holds without guarantee."""
        alone = self.preuve.dossier.convention.choix.garantie_imbriquee == "separee"
        others = [
            self.cell(ident, c, garantie=False if not alone or c in plafond.communes else None)
            for c in sorted(self.preuve.dus.of(ident))
        ]
        return ceiled(
            add(*others, nom=f"dû de {self.noms.de(ident)} que le plafond ne regarde pas"),
            nom=f"droits de {self.noms.de(ident)} sans garantie, à l'entier supérieur",
        )

    def part_of(self, ident: str, commune: str, places: list[str]) -> Figure:
        """Weight of a commune among others, as the holder's exact dues there."""
        every = add(*(self.cell(ident, c) for c in places), nom=f"dus de {self.noms.de(ident)}")
        return ratio(self.cell(ident, commune), every, nom=f"part de {self.noms.a(commune)}", unite="part")
