"""The cells of the matrix by commune and the accounts that they leave, as figures."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from flux.conversion.cellules import BAILLEUR
from flux.conversion.explication.exacts import Exacts
from flux.conversion.explication.segments import shared
from flux.conversion.operations import add, leaf, multiply, ratio, rounded, subtract
from flux.conversion.tables import holders
from flux.conversion.territoires import communes_of
from flux.noyau.errors import FluxError
from flux.noyau.provenance import Figure, step
from flux.rendu.nombres import decimal, entier

if TYPE_CHECKING:
    from flux.conversion.quotas import Quotas


Voisine = tuple[str, Fraction, int]
"""A commune, what was to be had there, and the whole number taken."""


@step("dû ÷ (1 + logements déjà reçus)")
def turn(due: Fraction, given: Fraction) -> Fraction:
    """Whose turn it is in a pooled account: who has received the least for its due."""
    return due / (1 + given)


class Cellules:
    """Whole dwellings by holder and commune."""

    def __init__(self, quotas: Quotas, exacts: Exacts) -> None:
        self.exacts = exacts
        self._made: dict[tuple[str, str, str], Figure] = {}
        self._in_qpv: dict[str, Figure | None] = {}
        self.preuve, self.noms = exacts.preuve, exacts.noms
        table = quotas.communes
        self.rows = {
            (str(row["id_reservataire"]), str(row["commune"])): row for row in table.to_dict("records")
        }

    def row(self, ident: str, commune: str) -> dict[str, object]:
        """The row of `quotas.communes`.

        Raises
        ------
        FluxError
            Code "explication.cellule_absente": the holder is due nothing there.
        """
        if (ident, commune) in self.rows:
            return {str(k): v for k, v in self.rows[ident, commune].items()}
        there = [self.noms.a(c) for r, c in self.rows if r == ident]
        some = ", ".join(there[:8]) + (f" et {len(there) - 8} autres" if len(there) > 8 else "")
        raise FluxError(
            f"{self.noms.de(ident)} n'a rien à {self.noms.a(commune)} cette année. "
            + (f"Il a quelque chose à : {some}." if there else "Il n'a rien nulle part."),
            code="explication.cellule_absente",
        )

    def figure(self, ident: str, commune: str, colonne: str) -> Figure:
        """A column of `quotas.communes`."""
        key = ident, commune, colonne
        if key not in self._made:
            self._made[key] = self._figure(ident, commune, colonne)
        return self._made[key]

    def _figure(self, ident: str, commune: str, colonne: str) -> Figure:
        row = self.row(ident, commune)
        match colonne:
            case "exact":
                return self.exacts.cell(ident, commune)
            case "nb":
                return self._nb(ident, commune, int(str(row["nb"])))
            case "nb_qpv":
                return self._qpv(ident, commune, int(str(row["nb_qpv"])))
            case "nb_hors_qpv":
                return subtract(
                    self.figure(ident, commune, "nb"),
                    self.figure(ident, commune, "nb_qpv"),
                    nom=self.named("logements hors QPV", ident, commune),
                )
            case "nb_garantie":
                return self._whole(
                    self.target(ident, commune, True),
                    int(str(row["nb_garantie"])),
                    self.named("logements contre garantie", ident, commune),
                )
            case _:
                raise KeyError(colonne)

    def target(self, ident: str, commune: str, garantie: bool | None = None) -> Figure:
        """What the matrix was rounded from: the exact due and the balances carried where they were made."""
        if ident == BAILLEUR:
            return self._left(commune)
        if (ident, commune) in self.preuve.comptes:
            return self._pooled(ident, commune, garantie)
        return self._asked(ident, commune, garantie)

    def _asked(self, ident: str, commune: str, garantie: bool | None) -> Figure:
        """The exact due, and the balances carried there."""
        if garantie and (ident, commune) not in self.preuve.garanties.plafonnees:
            return self.exacts.nothing(
                ident, self.named("dû contre garantie, sous plafond,", ident, commune), commune
            )
        due = self.exacts.cell(ident, commune, garantie)
        carried = [f for f in self._carried(ident, commune, garantie) if f.valeur]
        if not carried:
            return due
        return add(due, *carried, nom=f"{due.nom}, solde compris", calcul="dû et solde reporté")

    def _nb(self, ident: str, commune: str, nb: int) -> Figure:
        target = self.target(ident, commune)
        figure = self._whole(target, nb, self.named("logements", ident, commune))
        return figure.noted(*self._why(ident, commune, target.valeur, nb))

    def _qpv(self, ident: str, commune: str, nb: int) -> Figure:
        if commune not in self._in_qpv:
            self._in_qpv[commune] = self._part_in_qpv(commune)
        name, part = self.named("logements en QPV", ident, commune), self._in_qpv[commune]
        if part is None:
            return leaf(
                self.preuve.dossier,
                "logements",
                0,
                name,
                colonne="qpv",
                filtre=f"commune = {commune}, qpv = oui : aucun logement de l'assiette",
            )
        exact = multiply(self.figure(ident, commune, "nb"), part, nom=f"{name}, comme le flux de la commune")
        return self._whole(exact, nb, name)

    def _part_in_qpv(self, commune: str) -> Figure | None:
        """The part of a commune's flow that is in QPV; None where nothing is."""
        liberations, flow = self.preuve.feuilles.liberations, self.preuve.feuilles.flux.get(commune)
        places = [k for k in liberations.of_commune(commune) if liberations.keys[k][1]]
        if not places or flow is None or not flow.valeur:
            return None
        inside = add(
            *(shared(self.preuve, k) for k in places), nom=f"flux à partager à {self.noms.a(commune)}, en QPV"
        )
        return ratio(inside, flow, nom=f"part du flux de {self.noms.a(commune)} qui est en QPV", unite="part")

    def _whole(self, exact: Figure, nb: int, nom: str) -> Figure:
        """A cell of a rounding in two ways: its exact value, and the neighbour it took."""
        pas = nb - max(0, floor(exact.valeur))
        how = {0: "arrondi à l'entier inférieur", 1: "arrondi à l'entier supérieur"}
        return rounded(
            exact,
            nom=nom,
            calcul=how.get(pas, "hors des deux entiers voisins de sa valeur exacte")
            + ", choisi avec toutes les autres cases",
            pas=pas,
        )

    def _why(self, ident: str, commune: str, exact: Fraction, nb: int) -> Iterator[str]:
        """What held this cell: its row, its column, and whether it could keep its bounds."""
        near = max(Fraction(0), exact)
        if near == nb:
            yield "Sa valeur exacte est déjà entière : rien n'est arrondi."
            return
        row = sum(int(r["nb"]) for (i, _), r in self.rows.items() if i == ident)
        column = sum(int(r["nb"]) for (_, c), r in self.rows.items() if c == commune)
        flow = self.preuve.feuilles.flux.get(commune)
        together = (
            f"toutes les cases s'arrondissent ensemble, pour que celles de {self.noms.de(ident)} fassent son "
            f"quota, {entier(row)}, et celles de {self.noms.a(commune)} son flux, "
            f"{decimal(flow.valeur if flow else 0, 4)} ({entier(column)} en entiers)."
        )
        if not floor(near) <= nb <= ceil(near):
            yield (
                f"La part exacte du bailleur est {decimal(exact, 4)} : il prend ce que les plafonds refusent "
                "aux réservataires."
                if ident == BAILLEUR
                else f"Ni {floor(near)} ni {ceil(near)} (valeur exacte {decimal(exact, 4)}) ne permettaient "
                "de tenir à la fois le quota, le flux de la commune et les plafonds : voir les écarts."
            )
            return
        other = nb + 1 if nb < near else nb - 1
        yield f"Pourquoi {nb} et pas {other} : la valeur exacte est {decimal(exact, 4)}, et {together}"
        more, less = self._neighbours(ident)
        where = more if nb < near else less
        if where:
            took = "a reçu l'entier supérieur à" if nb < near else "a l'entier inférieur à"
            names = ", ".join(f"{self.noms.a(c)} ({decimal(v, 2)} → {n})" for c, v, n in where[:4])
            beyond = len(where) - 4
            rest = f" et {beyond} autre{'s' if beyond > 1 else ''} commune{'s' if beyond > 1 else ''}"
            yield f"Ailleurs, ce réservataire {took} : {names}{rest if beyond > 0 else ''}."

    def _neighbours(self, ident: str) -> tuple[list[Voisine], list[Voisine]]:
        """Communes where the holder took the whole number above its exact value, and below."""
        more: list[Voisine] = []
        less: list[Voisine] = []
        for r, c in self.rows:
            if r == ident:
                exact, nb = self._cible(ident, c), int(self.rows[r, c]["nb"])
                (more if nb > exact else less if nb < exact else []).append((c, exact, nb))
        return sorted(more, key=lambda x: x[1] - x[2]), sorted(less, key=lambda x: x[2] - x[1])

    def _cible(self, ident: str, commune: str) -> Fraction:
        both = (self.preuve.cibles.get(((ident, g), commune), Fraction(0)) for g in (False, True))
        return sum(both, Fraction(0))

    def named(self, what: str, ident: str, commune: str) -> str:
        """What a cell is called."""
        return f"{what} de {self.noms.de(ident)} à {self.noms.a(commune)}"

    def _left(self, commune: str) -> Figure:
        """The bailleur's cell: the flow less what the others were to have."""
        others = sorted({r for (r, _), c in self.preuve.cibles if c == commune and r != BAILLEUR})
        flow = self.preuve.feuilles.flux[commune]
        nom = f"part exacte du bailleur à {self.noms.a(commune)}"
        if not others:
            return flow.named(nom)
        taken = add(
            *(self.target(r, commune) for r in others),
            nom=f"dus et soldes de tous les réservataires à {self.noms.a(commune)}",
        )
        return subtract(flow, taken, nom=nom)

    def _pooled(self, ident: str, commune: str, garantie: bool | None) -> Figure:
        """A pooled account, shared anew over its communes: see `tables.targets`."""
        pool = [c for r, c in self.preuve.comptes if r == ident]
        whole = add(
            *(self._asked(ident, c, None) for c in pool), nom=f"compte mutualisé de {self.noms.de(ident)}"
        )
        turns = {c: self._turn(ident, c) for c in pool}
        part = ratio(
            turns[commune],
            add(*turns.values(), nom="poids de toutes les communes du compte"),
            nom=f"tour de {self.noms.a(commune)} dans le compte mutualisé",
            unite="part",
        )
        share = multiply(whole, part, nom=self.named("part du compte mutualisé", ident, commune))
        if garantie is None:
            return share
        own = self._asked(ident, commune, garantie)
        of_guarantee = ratio(own, self._asked(ident, commune, None), nom="part des garanties", unite="part")
        return multiply(share, of_guarantee, nom=f"{share.nom}, contre garantie")

    def _turn(self, ident: str, commune: str) -> Figure:
        given = leaf(
            self.preuve.dossier,
            "soldes",
            self.preuve.ouverture.nb_cumule.get((ident, commune), 0),
            f"logements déjà reçus à {self.noms.a(commune)}",
            colonne="nb_cumule",
            filtre=f"id_reservataire = {ident}, commune = {commune}",
        )
        return turn(self.exacts.cell(ident, commune), given, nom=f"poids de {self.noms.a(commune)}")

    def _carried(self, ident: str, commune: str, garantie: bool | None) -> Iterator[Figure]:
        """The part of each balance that is carried to this commune."""
        dues = {c: x.amount() for c, x in self.preuve.dus.of(ident).items()}
        pool = [c for r, c in self.preuve.comptes if r == ident]
        for r, place in self.preuve.ouverture.soldes:
            if r != ident:
                continue
            if pool and (place is None or place in pool):
                places = pool
            elif place is not None:
                places = [place]
            else:
                places = list(dues) or self._home(ident)
            if commune not in places:
                continue
            balance = self.exacts.balance(ident, place)
            if len(places) > 1:
                balance = self._spread(balance, ident, commune, places, any(dues.get(c) for c in places))
            yield balance if garantie is None else self._of_guarantee(balance, ident, commune, garantie)

    def _spread(self, balance: Figure, ident: str, commune: str, places: list[str], held: bool) -> Figure:
        weight = (
            self.exacts.part_of(ident, commune, places)
            if held
            else ratio(
                self._count(ident, [commune]), self._count(ident, places), nom="parts égales", unite="part"
            )
        )
        return multiply(balance, weight, nom=f"{balance.nom}, pour {self.noms.a(commune)}")

    def _count(self, ident: str, places: list[str]) -> Figure:
        return leaf(
            self.preuve.dossier,
            "reservataires",
            len(places),
            "communes du territoire" if len(places) > 1 else "cette commune",
            colonne="territoire_code",
            filtre=f"id_reservataire = {ident}",
            unite="communes",
        )

    def _of_guarantee(self, balance: Figure, ident: str, commune: str, garantie: bool) -> Figure:
        """What of a balance follows the rights held by guarantee, or the others."""
        bound = (ident, commune) in self.preuve.garanties.plafonnees
        if not bound or not self.exacts.cell(ident, commune).valeur:
            return self.exacts.nothing(ident, balance.nom, commune) if garantie else balance
        part = ratio(
            self.exacts.cell(ident, commune, garantie),
            self.exacts.cell(ident, commune),
            nom="part des garanties dans le dû",
            unite="part",
        )
        return multiply(balance, part, nom=f"{balance.nom}, pour les garanties")

    def _home(self, ident: str) -> list[str]:
        table = {i: communes_of(self.preuve.dossier, t, k) for i, _, t, k in holders(self.preuve.dossier)}
        home = table[ident]
        return [c for c in home if c in self.preuve.feuilles.flux] or home
