"""Subtracted dwellings as figures: what the forecast takes from a commune, and from a segment.

The same order and the same functions as `soustractions.subtract`: the most precise scope first, each in
proportion to the expected vacancies it reaches, never above what the scopes before it left there.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from flux.conversion.exact import estimate
from flux.conversion.liberations import Liberations
from flux.conversion.operations import add, leaf, shares, spread_share, subtract
from flux.conversion.soustractions import Prevision, by_scope, fill
from flux.noyau.provenance import Couleur, Figure, step
from flux.rendu import glossaire

ARTICLE = "CCH, art. R. 441-5, I"


@step("part passée × libérations attendues (décimale de 12 chiffres)")
def assumed(part: Fraction, liberations: Fraction) -> Fraction:
    """Dwellings to subtract where nobody forecast them."""
    return estimate(part * liberations)


@step("le plus petit : ce qui est à soustraire, ou ce qui reste de libérations", article=ARTICLE)
def within(wanted: Fraction, room: Fraction) -> Fraction:
    """What a commune can be taken: no flow is negative."""
    return min(wanted, room)


@step("part de la prévision, selon les libérations attendues, sans les dépasser", article=ARTICLE)
def charged(wanted: Fraction, room: Fraction, *weights: Fraction, rang: int) -> Fraction:
    """What a forecast without commune takes from the one of rank `rang`."""
    return min(shares(wanted, weights)[rang], room)


@step("part de la commune, selon les libérations attendues, sans les dépasser", article=ARTICLE)
def filled(wanted: Fraction, *weights_and_room: Fraction, rang: int) -> Fraction:
    """What a commune's part takes from its segment of rank `rang`; the weights come first, then the room."""
    half = len(weights_and_room) // 2
    return fill(wanted, weights_and_room[:half], weights_and_room[half:])[rang]


class Soustraits:
    """Figures whose values are those of `flux.soustraits`, and their sums by commune."""

    def __init__(self, liberations: Liberations) -> None:
        self.liberations, self.noms = liberations, liberations.noms
        self.dossier = liberations.dossier
        self.previsions = liberations.flux.soustractions.previsions
        self.scopes = by_scope(self.previsions)
        self._cells = [(key[0], key[1]) for key in liberations.keys]
        self._first = [self.previsions[ranks[0]] for ranks in self.scopes]
        self._communes: dict[tuple[int, str], Figure] = {}
        self._segments: dict[tuple[int, int], Figure] = {}

    def of_commune(self, commune: str) -> Figure | None:
        """What is taken from a commune, every scope together; None where nothing is."""
        parts = [self._taken(scope, commune) for scope in self._scopes_of.get(commune, [])]
        parts = [figure for figure in parts if figure.valeur]
        nom = f"logements soustraits à {self.noms.a(commune)}"
        return (add(*parts, nom=nom) if len(parts) > 1 else parts[0].named(nom)) if parts else None

    def of_segment(self, rang: int) -> list[Figure]:
        """What each scope takes from a segment."""
        return [
            self._segment(scope, rang)
            for scope in self._scopes_of.get(self._cells[rang][0], [])
            if rang in self._places(scope, self._cells[rang][0])
        ]

    def by_forecast(self, prevision: int, segments: Sequence[int] | None = None) -> list[Figure]:
        """What one row of the forecast takes from each segment, shared with the rows of the same scope.

        Parameters
        ----------
        segments : ranks of those looked at; all by default.
        """
        scope = next(s for s, ranks in enumerate(self.scopes) if prevision in ranks)
        rows = [self.rows[i] for i in self.scopes[scope]]
        reached = [k for places in self._inside[scope].values() for k in places]
        taken = [self._segment(scope, k) for k in reached if segments is None or k in segments]
        rang = self.scopes[scope].index(prevision)
        return [
            t
            if len(rows) == 1
            else spread_share(
                t, *rows, rang=rang, contexte=len(rows), nom=f"{self._kind(prevision)}, {t.nom}"
            )
            for t in taken
        ]

    @cached_property
    def rows(self) -> list[Figure]:
        """Every row of the forecast, in its order."""
        return [self._row(rang) for rang in range(len(self.previsions))]

    def _row(self, rang: int) -> Figure:
        prevision = self.previsions[rang]
        if prevision.part is not None:
            part = leaf(
                self.dossier,
                "mouvements",
                prevision.part,
                f"part passée des relocations : {self._kind(rang)}",
                colonne="nature",
                filtre=f"nature = {prevision.categorie}, sur la fenêtre de rotation (ou le réalisé déclaré)",
                unite="part",
                couleur=Couleur.HYPOTHESE,
            )
            return assumed(part, self._whole, nom=f"{self._kind(rang)} : à soustraire, par hypothèse")
        table = self.dossier.soustractions
        kept = (
            (table["annee"] == self.dossier.convention.annee)
            & (table["etat"] == "previsionnel")
            & (table["categorie"] == prevision.categorie)
        )
        for column, value in (("commune", prevision.commune), ("qpv", prevision.qpv)):
            kept &= table[column].isna() if value is None else (table[column] == value).fillna(False)
        return leaf(
            self.dossier,
            "soustractions",
            prevision.nb,
            f"{self._kind(rang)} : à soustraire",
            colonne="nb",
            filtre=f"categorie = {prevision.categorie}, previsionnel{self._where(prevision)}",
            lignes=[n for n, k in zip(table["_ligne"], kept, strict=True) if k],
        )

    @cached_property
    def _whole(self) -> Figure:
        return add(*self.liberations.communes.values(), nom="libérations attendues")

    @cached_property
    def _inside(self) -> list[dict[str, list[int]]]:
        """Of each scope, the communes it reaches, in the order in which it is shared, and their segments."""
        out: list[dict[str, list[int]]] = []
        for first in self._first:
            places = (
                range(len(self._cells))
                if first.commune is None
                else self.liberations.of_commune(first.commune)
            )
            inside: dict[str, list[int]] = {}
            for k in places:
                if first.reaches(*self._cells[k]):
                    inside.setdefault(self._cells[k][0], []).append(k)
            out.append(inside)
        return out

    @cached_property
    def _scopes_of(self) -> dict[str, list[int]]:
        """Commune -> the scopes that reach it, in their order."""
        out: dict[str, list[int]] = {}
        for scope, inside in enumerate(self._inside):
            for commune in inside:
                out.setdefault(commune, []).append(scope)
        return out

    def _places(self, scope: int, commune: str) -> list[int]:
        """Ranks of the segments of a commune that a scope reaches."""
        return self._inside[scope].get(commune, [])

    def _before(self, scope: int, commune: str) -> list[int]:
        return [s for s in self._scopes_of[commune] if s < scope]

    @cached_property
    def _wanted(self) -> list[Figure]:
        """What each scope takes, all its categories together."""
        out = []
        for ranks in self.scopes:
            rows = [self.rows[i] for i in ranks]
            where = self._where(self.previsions[ranks[0]])
            out.append(add(*rows, nom=f"à soustraire{where}") if len(rows) > 1 else rows[0])
        return out

    @cached_property
    def _weights(self) -> list[list[Figure]]:
        return [[self._weight(scope, c) for c in inside] for scope, inside in enumerate(self._inside)]

    def _taken(self, scope: int, commune: str) -> Figure:
        if (scope, commune) not in self._communes:
            first, reached = self._first[scope], list(self._inside[scope])
            nom = f"soustraits à {self.noms.a(commune)}{self._where(first)}"
            wanted, room = self._wanted[scope], self._room(scope, commune)
            self._communes[scope, commune] = (
                within(wanted, room, nom=nom)
                if first.commune is not None
                else charged(
                    wanted,
                    room,
                    *self._weights[scope],
                    rang=reached.index(commune),
                    contexte=len(reached),
                    nom=nom,
                )
            )
        return self._communes[scope, commune]

    def _weight(self, scope: int, commune: str) -> Figure:
        """The expected vacancies that a scope reaches in a commune."""
        places = self._places(scope, commune)
        if len(places) == len(self.liberations.of_commune(commune)):
            return self.liberations.communes[commune]
        return add(
            *(self.liberations.segment(k) for k in places),
            nom=f"libérations attendues à {self.noms.a(commune)}{self._where(self._first[scope])}",
        )

    def _room(self, scope: int, commune: str) -> Figure:
        """What the scopes before leave of them."""
        places = self._places(scope, commune)
        before = self._before(scope, commune)
        if not before:
            return self._weight(scope, commune)
        if len(places) == len(self.liberations.of_commune(commune)):
            taken = add(*(self._taken(s, commune) for s in before), nom="déjà soustraits")
            return subtract(self.liberations.communes[commune], taken, nom="libérations qui restent")
        return add(*(self._room_of(scope, k) for k in places), nom="libérations qui restent")

    def _segment(self, scope: int, rang: int) -> Figure:
        if (scope, rang) not in self._segments:
            commune = self._cells[rang][0]
            places = self._places(scope, commune)
            inside = [
                *(self.liberations.segment(k) for k in places),
                *(self._room_of(scope, k) for k in places),
            ]
            self._segments[scope, rang] = filled(
                self._taken(scope, commune),
                *inside,
                rang=places.index(rang),
                contexte=len(inside),
                nom=f"soustraits, {self.liberations.label(rang)}",
            )
        return self._segments[scope, rang]

    def _room_of(self, scope: int, rang: int) -> Figure:
        whole = self.liberations.segment(rang)
        commune = self._cells[rang][0]
        before = [
            self._segment(s, rang) for s in self._before(scope, commune) if rang in self._places(s, commune)
        ]
        if not before:
            return whole
        return subtract(whole, add(*before, nom="déjà soustraits"), nom="libérations qui restent")

    def _kind(self, rang: int) -> str:
        return glossaire.format("soustractions.categorie", self.previsions[rang].categorie)

    def _where(self, prevision: Prevision) -> str:
        place = f", {self.noms.a(prevision.commune)}" if prevision.commune else ""
        return place + {None: "", True: ", en QPV", False: ", hors QPV"}[prevision.qpv]
