"""From a cell of a table to its figure: one function a table, that takes a row and a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import BAILLEUR
from flux.conversion.explication.communes import Cellules
from flux.conversion.explication.entiers import Entiers
from flux.conversion.explication.exacts import Exacts
from flux.conversion.explication.lectures import Lectures
from flux.conversion.explication.plafonds import ceiling, flow, given
from flux.conversion.explication.segments import net, shared, subtracted
from flux.conversion.explication.soldes import Comptes
from flux.conversion.operations import add, least, ratio, subtract
from flux.conversion.parts import held, whole
from flux.conversion.tables import holders
from flux.conversion.territoires import communes_of
from flux.noyau.provenance import Figure, step
from flux.rendu import glossaire

if TYPE_CHECKING:
    from flux.conversion.quotas import Quotas

#: Of each table: the columns that name a row, then those whose figures are explained, the first by default.
TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "table": (
        ("id_reservataire",),
        (
            *("quota", "quota_exact", "du_exact", "solde_reporte", "nb_droits", "nb_uniques"),
            *("part_droits", "part_flux", "part_patrimoine", "plafond"),
        ),
    ),
    "communes": (
        ("commune", "id_reservataire"),
        ("nb", "exact", "nb_qpv", "nb_hors_qpv", "nb_garantie", "solde"),
    ),
    "plafonds": (
        ("groupe", "territoire_code"),
        ("plafond", "nb", "exact", "part_max", "flux_cumule", "nb_cumule"),
    ),
    "assiette": (("etape",), ("nb_logements",)),
    "flux": (
        ("commune", "qpv", "typologie", "financement"),
        ("flux_a_partager", "flux_net", "soustraits", "liberations", "nb_logements", "taux_rotation"),
    ),
    "soustractions": (("categorie", "commune", "qpv", "etat"), ("impute", "nb", "non_imputable")),
    "livraisons": (("programme", "commune", "id_reservataire"), ("nb", "exact")),
    "soldes": (
        ("id_reservataire", "commune"),
        ("solde", "flux_cumule", "nb_cumule", "nb_garantie_cumule"),
    ),
    "rotation": (("groupe",), ("taux", "nb_relocations", "nb_stock")),
    "droits": (("id_reservataire", "commune", "contrepartie_garantie"), ("nb",)),
    "dus": (("id_reservataire", "commune"), ("exact",)),
    "hors_flux": (("commune", "qpv", "categorie"), ("nb",)),
}
#: Figures of the whole, in `quotas.exact`.
ENSEMBLE = {
    "base": "logements de l'assiette",
    "flux_net": "flux net, reste de l'année précédente compris",
    "flux_a_partager": "flux annuel à partager",
    "report_flux": "reste du flux, reporté à l'année suivante",
    "echelle": "mise à l'échelle du flux",
}


@step("ce qui est à soustraire, moins ce qui a pu l'être (à 9 décimales)")
def unplaced(nb: Fraction, impute: Fraction) -> Fraction:
    """Forecast dwellings that no vacancy could bear."""
    return Fraction(round(nb - impute, 9))


class Tables:
    """The figures of one `Quotas`, made when they are asked for."""

    def __init__(self, quotas: Quotas) -> None:
        self.quotas, self.preuve = quotas, quotas.preuve
        self.noms, self.feuilles = quotas.preuve.noms, quotas.preuve.feuilles
        self.exacts = Exacts(self.preuve)
        self.entiers = Entiers(self.exacts)
        self.cellules = Cellules(quotas, self.exacts)
        self.comptes = Comptes(self.cellules, self.entiers)
        self.lectures = Lectures(self.preuve)

    def figure(self, table: str, colonne: str, rang: int) -> Figure:
        """The figure of one cell; `rang` is the row's, from 0."""
        row = {str(k): v for k, v in getattr(self.quotas, table).iloc[rang].items()}
        made: Callable[[str, dict[str, Any], int], Figure] = getattr(self, f"_{table}")
        return made(colonne, row, rang)

    def whole(self, cle: str) -> Figure:
        """A figure of `quotas.exact`."""
        match cle:
            case "base":
                return self.feuilles.base_totale
            case "flux_a_partager":
                return self.feuilles.flux_total
            case "echelle":
                return self.feuilles.echelle
            case "flux_net":
                return self._net
            case _:
                return self._left_over

    @cached_property
    def _net(self) -> Figure:
        entrees = self.feuilles.relocations_totales.entrees
        return add(*entrees, nom=ENSEMBLE["flux_net"]) if len(entrees) > 1 else entrees[0]

    @cached_property
    def _left_over(self) -> Figure:
        relet = subtract(self._net, self.feuilles.relocations_totales, nom=ENSEMBLE["report_flux"])
        return relet.named(ENSEMBLE["report_flux"])

    def _table(self, colonne: str, row: dict[str, Any], _: int) -> Figure:
        ident = str(row["id_reservataire"])
        match colonne:
            case "quota":
                return self.entiers.quota(ident)
            case "quota_exact":
                return self.exacts.quota(ident)
            case "du_exact":
                return self.exacts.due(ident)
            case "solde_reporte":
                read = [self.exacts.balance(r, c) for r, c in self.preuve.ouverture.soldes if r == ident]
                nom = f"solde reporté de {self.noms.de(ident)}"
                return add(*read, nom=nom) if read else self.lectures.no_balance(ident, nom)
            case "plafond":
                caps = [self._limit(p, ident) for p in self.preuve.plafonds if ident in p.membres]
                return least(*caps, nom=f"plafond de {self.noms.de(ident)}")
            case "nb_droits":
                return self._rights(ident)
            case "nb_uniques":
                return self.lectures.uniques(ident)
            case _:
                return self._share(colonne, ident)

    def _limit(self, plafond: Any, ident: str) -> Figure:
        own = ceiling(self.preuve, plafond)
        if not plafond.tolere.get(ident):
            return own
        return add(own, self.exacts.tolerated(plafond, ident), nom=f"{own.nom}, et droits sans garantie")

    def _rights(self, ident: str) -> Figure:
        nom = f"droits de {self.noms.de(ident)}"
        if ident != BAILLEUR:
            return self.lectures.rights(ident, self._home(ident), nom=nom)
        every = add(
            *(self.lectures.rights(i, None) for i in self.exacts.holders),
            nom="droits de tous les réservataires",
        )
        return subtract(self.feuilles.base_totale, every, nom=nom, unite="droits")

    def _share(self, colonne: str, ident: str) -> Figure:
        nom = f"{glossaire.libelle(colonne).lower()}, {self.noms.de(ident)}"
        home = self._home(ident)
        if colonne != "part_droits":
            by_commune = self.feuilles.flux if colonne == "part_flux" else self.feuilles.base
            what = "flux" if colonne == "part_flux" else "logements de l'assiette"
            places = [by_commune[c] for c in home]
            base = (
                add(*places, nom=f"{what} de son territoire")
                if places
                else self.lectures.nothing_there(ident, f"{what} de son territoire")
            )
            return ratio(self.exacts.due(ident), base, nom=nom, unite="part")
        poids = self.preuve.poids
        if ident == BAILLEUR:
            communes = self.feuilles.communes
            base = whole(self.feuilles, poids, communes)
            every = add(
                *(held(self.feuilles, poids, self.preuve.droits, i, communes) for i in self.exacts.holders),
                nom="droits de tous les réservataires",
                unite=base.unite,
            )
            free = subtract(base, every, nom="part de l'assiette sans réservataire", unite=base.unite)
            return ratio(free, base, nom=nom, unite="part")
        if not home:
            return self.lectures.nothing_there(ident, nom)
        own = held(self.feuilles, poids, self.preuve.droits, ident, home)
        return ratio(own, whole(self.feuilles, poids, home), nom=nom, unite="part")

    def _home(self, ident: str) -> list[str]:
        kind, code = next((t, k) for i, _, t, k in holders(self.preuve.dossier) if i == ident)
        return [c for c in communes_of(self.preuve.dossier, kind, code) if c in self.feuilles.flux]

    def _communes(self, colonne: str, row: dict[str, Any], _: int) -> Figure:
        ident, commune = str(row["id_reservataire"]), str(row["commune"])
        if colonne == "solde":
            return self._balance(ident, commune)
        return self.cellules.figure(ident, commune, colonne)

    def _balance(self, ident: str, commune: str) -> Figure:
        name = f"solde de {self.noms.de(ident)} à {self.noms.a(commune)}"
        if ident == BAILLEUR:
            return self.lectures.no_account(name)
        if (ident, commune) in self.preuve.comptes:
            return self.lectures.pooled(name)
        return self.comptes.balance(ident, commune)

    def _plafonds(self, colonne: str, row: dict[str, Any], rang: int) -> Figure:
        plafond = self.preuve.plafonds[rang]
        where = f"{glossaire.format('groupe', plafond.groupe)}, {self.noms.a(plafond.territoire_code)}"
        match colonne:
            case "part_max":
                return plafond.part
            case "exact":
                if plafond.groupe == "garantie":
                    return self.exacts.guaranteed(plafond)
                return add(*(self.exacts.quota(i) for i in plafond.membres), nom=f"quotas exacts, {where}")
            case "plafond":
                return ceiling(self.preuve, plafond)
            case "flux_cumule":
                return flow(self.preuve, plafond)
            case "nb_cumule" if plafond.nb_ouverture:
                return add(
                    given(self.preuve, plafond),
                    self._under(plafond, where),
                    nom=f"logements comptés depuis l'ouverture, {where}",
                )
            case _:
                return self._under(plafond, where)

    def _under(self, plafond: Any, where: str) -> Figure:
        """Whole dwellings that a ceiling counts this year."""
        if plafond.groupe != "garantie":
            return add(*(self.entiers.quota(i) for i in plafond.membres), nom=f"quotas, {where}")
        cells = [
            self.cellules.figure(i, c, "nb_garantie")
            for i, c in sorted(self.cellules.rows)
            if i in plafond.porteurs and c in plafond.communes
        ]
        nom = f"logements contre garantie, {where}"
        return add(*cells, nom=nom) if cells else self.lectures.nothing_there(plafond.territoire_code, nom)

    def _assiette(self, _: str, row: dict[str, Any], __: int) -> Figure:
        return self.lectures.etape(str(row["etape"]), str(row["motif"]), str(row["article"]))

    def _flux(self, colonne: str, _: dict[str, Any], rang: int) -> Figure:
        liberations = self.feuilles.liberations
        match colonne:
            case "nb_logements":
                return liberations.dwellings(rang)
            case "liberations":
                return liberations.segment(rang)
            case "taux_rotation":
                return ratio(
                    liberations.segment(rang),
                    liberations.dwellings(rang),
                    nom=f"taux de rotation, {liberations.label(rang)}",
                    unite="par an",
                )
            case "soustraits":
                return subtracted(self.preuve, rang)
            case "flux_net":
                return net(self.preuve, rang)
            case _:
                return shared(self.preuve, rang)

    def _soustractions(self, colonne: str, row: dict[str, Any], rang: int) -> Figure:
        soustraits = self.feuilles.soustraits
        if rang >= len(soustraits.previsions):
            return self.lectures.done(row)
        asked = soustraits.rows[rang]
        if colonne == "nb":
            return asked
        taken = soustraits.by_forecast(rang)
        nom = f"{asked.nom}, imputés"
        placed = add(*taken, nom=nom) if taken else self.lectures.nothing_there("", nom)
        return placed if colonne == "impute" else unplaced(asked, placed, nom=f"{asked.nom}, non imputables")

    def _livraisons(self, colonne: str, row: dict[str, Any], _: int) -> Figure:
        return self.lectures.delivery(
            str(row["programme"]), str(row["commune"]), str(row["id_reservataire"]), whole=colonne == "nb"
        )

    def _soldes(self, colonne: str, row: dict[str, Any], _: int) -> Figure:
        ident = str(row["id_reservataire"])
        if ident == "*":
            return self._left_over
        commune = None if pd.isna(row["commune"]) else str(row["commune"])
        if colonne == "solde":
            return self.comptes.balance(ident, commune)
        before = self.lectures.account(ident, commune, colonne)
        if commune is None:
            return before
        if colonne == "flux_cumule":
            now = self.feuilles.flux[commune]
        else:
            column = "nb" if colonne == "nb_cumule" else "nb_garantie"
            if (ident, commune) not in self.cellules.rows:
                return before
            now = self.cellules.figure(ident, commune, column)
        if not before.valeur:
            return now
        return add(before, now, nom=f"{before.nom}, et cette année")

    def _rotation(self, colonne: str, row: dict[str, Any], _: int) -> Figure:
        groupe = str(row["groupe"])
        if colonne == "taux":
            return self.feuilles.liberations.rate(groupe)
        return self.lectures.past(groupe, colonne, int(row[colonne]))

    def _droits(self, _: str, row: dict[str, Any], __: int) -> Figure:
        return self.lectures.rights(
            str(row["id_reservataire"]), [str(row["commune"])], garantie=bool(row["contrepartie_garantie"])
        )

    def _dus(self, _: str, row: dict[str, Any], __: int) -> Figure:
        return self.exacts.cell(str(row["id_reservataire"]), str(row["commune"]))

    def _hors_flux(self, _: str, row: dict[str, Any], __: int) -> Figure:
        commune, qpv, categorie = str(row["commune"]), bool(row["qpv"]), str(row["categorie"])
        if categorie == "premiere_location":
            return self.lectures.first_lettings(commune, qpv)
        soustraits = self.feuilles.soustraits
        liberations = self.feuilles.liberations
        places = [k for k in liberations.of_commune(commune) if liberations.keys[k][1] == qpv]
        parts = [
            f
            for i, p in enumerate(soustraits.previsions)
            if p.categorie == categorie
            for f in soustraits.by_forecast(i, places)
        ]
        where = "en QPV" if qpv else "hors QPV"
        nom = f"{glossaire.format('soustractions.categorie', categorie)}, {self.noms.a(commune)}, {where}"
        return add(*parts, nom=nom)
