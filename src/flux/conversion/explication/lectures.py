"""What tables read straight from the files: rights, steps of the base, deliveries, past accounts."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pandas as pd

from flux.conversion.arrondi import apportion
from flux.conversion.assiette import ASSIETTE
from flux.conversion.cellules import BAILLEUR, fit
from flux.conversion.exact import of, total
from flux.conversion.explication.preuve import Preuve
from flux.conversion.flux import delivered
from flux.conversion.operations import add, leaf, multiply, subtract
from flux.conversion.parts import lines_of
from flux.noyau.provenance import Couleur, Figure, step
from flux.rendu import glossaire


@step("arrondi au plus fort reste, dans le programme")
def apportioned_alone(*exacts: Fraction, noms: tuple[str, ...]) -> int:
    """Whole dwellings of the first of `noms`, when what a programme owes is rounded; no ceiling there."""
    whole = int(total(exacts))
    return apportion(dict(zip(noms, exacts, strict=True)), whole, [], reste=BAILLEUR).nb[noms[0]]


class Lectures:
    """Leaves that only some tables show."""

    def __init__(self, preuve: Preuve) -> None:
        self.preuve, self.dossier, self.noms = preuve, preuve.dossier, preuve.noms

    def rights(
        self, ident: str, communes: Iterable[str] | None, *, garantie: bool | None = None, nom: str = ""
    ) -> Figure:
        """Rights of a holder that count this year, in some communes or everywhere."""
        suite = self.preuve.droits.suite
        kept = suite["id_reservataire"] == ident
        places = None if communes is None else sorted(set(communes))
        if places is not None:
            kept &= suite["commune"].isin(places)
        if garantie is not None:
            kept &= suite["garantie"] == garantie
        lines = lines_of(
            self.preuve.droits, ident, sorted(set(suite["commune"])) if places is None else places, garantie
        )
        what = {None: "", True: ", contre garantie", False: ", hors garantie"}[garantie]
        return leaf(
            self.dossier,
            "reservations",
            total(list(suite.loc[kept, "nb"])),
            nom or f"droits de {self.noms.de(ident)}{what}",
            colonne="id_reservataire",
            filtre=f"id_reservataire = {ident}, droits vivants sur l'assiette{what}",
            lignes=lines,
            unite="droits",
        )

    def uniques(self, ident: str) -> Figure:
        """Single-use rights due this year."""
        table = self.preuve.droits.uniques
        return leaf(
            self.dossier,
            "reservations",
            total(list(table.loc[table["id_reservataire"] == ident, "nb"])),
            f"droits uniques de l'année, {self.noms.de(ident)}",
            colonne="type_droit",
            filtre=f"id_reservataire = {ident}, type_droit = unique, dus dans l'année",
            unite="droits",
        )

    def etape(self, etape: str, motif: str, article: str) -> Figure:
        """One step of the base; the base itself is what the steps leave."""
        steps = self.preuve.classement.etape
        if etape == ASSIETTE:
            table = self.preuve.classement.table
            rows = [r for r in table.to_dict("records") if r["etape"] not in ("total", ASSIETTE)]
            out = [self.etape(str(r["etape"]), str(r["motif"]), str(r["article"])) for r in rows]
            gone = add(*(f for f in out), nom="logements hors de l'assiette, étape après étape")
            return subtract(self.etape("total", "logements lus", article), gone, nom=motif, article=article)
        lines = self.dossier.logements.loc[
            steps == etape if etape != "total" else pd.Series(True, index=steps.index), "_ligne"
        ].tolist()
        figure = leaf(
            self.dossier,
            "logements",
            len(lines),
            motif,
            colonne="id_logement",
            filtre=motif if etape != "total" else "toutes les lignes",
            lignes=lines,
            article=article,
        )
        return figure

    def past(self, groupe: str, colonne: str, value: int) -> Figure:
        """Relettings or dwellings of a rotation group over the window."""
        relets = colonne == "nb_relocations"
        return leaf(
            self.dossier,
            "mouvements" if relets else "logements",
            value,
            f"{glossaire.libelle(colonne).lower()}, {self.noms.maille(groupe)}",
            colonne="nb" if relets else "annee_mise_location",
            filtre=f"maille « {groupe} », années {', '.join(map(str, self.preuve.rotation.annees))}",
            unite="logements" if relets else "logements × années",
        )

    def account(self, ident: str, commune: str | None, colonne: str) -> Figure:
        """What an account had counted when the year opened."""
        values: Any = getattr(self.preuve.ouverture, colonne)
        what = {
            "flux_cumule": "flux des années passées",
            "nb_cumule": "logements des années passées",
            "nb_garantie_cumule": "logements contre garantie des années passées",
        }[colonne]
        place = f" à {self.noms.a(commune)}" if commune else ""
        return self._balance_row(
            ident,
            commune,
            Fraction(values.get((ident, commune), 0)),
            colonne,
            f"{what}, {self.noms.de(ident)}{place}",
        )

    def no_balance(self, ident: str, nom: str) -> Figure:
        """No row in last year's accounts."""
        return self._balance_row(ident, None, Fraction(0), "solde", nom)

    def _balance_row(
        self, ident: str, commune: str | None, value: Fraction, colonne: str, nom: str
    ) -> Figure:
        year = self.dossier.convention.annee - 1
        place = f", commune = {commune}" if commune else ""
        return leaf(
            self.dossier,
            "soldes",
            value,
            nom,
            colonne=colonne,
            filtre=f"id_reservataire = {ident}, annee = {year}{place}",
        )

    def no_account(self, nom: str) -> Figure:
        """The bailleur has no account: what others are owed is not its own."""
        return leaf(
            self.dossier,
            "soldes",
            0,
            nom,
            colonne="solde",
            filtre="le bailleur n'a pas de compte : il a ce que les réservataires laissent",
        )

    def pooled(self, nom: str) -> Figure:
        """The account of this commune is held with others."""
        return leaf(
            self.dossier,
            "soldes",
            0,
            nom,
            colonne="solde",
            filtre="compte mutualisé sur le territoire (comptes_epci) : voir la ligne sans commune",
        )

    def nothing_there(self, code: str, nom: str) -> Figure:
        """Nothing of the base in a territory."""
        return leaf(
            self.dossier,
            "logements",
            0,
            nom,
            colonne="commune",
            filtre=f"aucun logement de l'assiette sur ce territoire {code}".rstrip(),
        )

    def done(self, row: dict[str, Any]) -> Figure:
        """Dwellings subtracted last year, as declared."""
        table = self.dossier.soustractions
        kept = (
            (table["annee"] == self.dossier.convention.annee - 1)
            & (table["etat"] == "realise")
            & (table["categorie"] == row["categorie"])
        )
        for column in ("commune", "qpv"):
            kept &= (
                table[column].isna() if pd.isna(row[column]) else (table[column] == row[column]).fillna(False)
            )
        return leaf(
            self.dossier,
            "soustractions",
            of(float(row["nb"])),
            f"{glossaire.format('soustractions.categorie', row['categorie'])}, réalisé l'année passée",
            colonne="nb",
            filtre=f"categorie = {row['categorie']}, realise",
            lignes=table.loc[kept.fillna(False).astype(bool), "_ligne"].tolist(),
        )

    def delivery(self, programme: str, commune: str, ident: str, *, whole: bool) -> Figure:
        """Who is served at first letting in a programme, exactly or in whole dwellings."""
        arriving = self._arriving(programme, commune)
        rights = self.preuve.droits.livraisons
        rights = rights.loc[(rights["programme"] == programme) & (rights["commune"] == commune)]
        held = {
            str(r): leaf(
                self.dossier,
                "reservations",
                total(list(rights.loc[rights["id_reservataire"] == r, "nb"])),
                f"droits de {self.noms.de(str(r))} sur {programme}",
                colonne="nb",
                filtre=f"id_reservataire = {r}, programme = {programme}, commune = {commune}",
            )
            for r in sorted(set(rights["id_reservataire"]))
        }
        if held:
            asked = add(*held.values(), nom=f"droits sur {programme}")
            if asked.valeur > arriving.valeur:
                factor = fit(arriving, asked, nom=f"réduction aux logements de {programme}")
                held = {r: multiply(f, factor, nom=f"{f.nom}, réduits") for r, f in held.items()}
            taken = add(*held.values(), nom=f"droits servis sur {programme}")
            left = subtract(arriving, taken, nom=f"part du bailleur dans {programme}")
        else:
            left = arriving.named(f"part du bailleur dans {programme}")
        exacts = held | {BAILLEUR: left}
        if not whole:
            return exacts[ident]
        names = [ident, *(r for r in exacts if r != ident)]
        return apportioned_alone(
            *(exacts[r] for r in names),
            nom=f"premières mises en location de {self.noms.de(ident)} dans {programme}",
            contexte=len(names) - 1,
            noms=tuple(names),
        )

    def first_lettings(self, commune: str, qpv: bool) -> Figure:
        """First lettings of the year kept apart from the flow."""
        rows = delivered(self.dossier)
        rows = rows.loc[(rows["commune"] == commune) & (rows["qpv"].astype(bool) == qpv)]
        return self._let_first(
            rows, f"commune = {commune}, qpv = {'oui' if qpv else 'non'}", self.noms.a(commune)
        )

    def _arriving(self, programme: str, commune: str) -> Figure:
        rows = delivered(self.dossier)
        rows = rows.loc[(rows["programme"] == programme) & (rows["commune"] == commune)]
        return self._let_first(rows, f"programme = {programme}, commune = {commune}", programme)

    def _let_first(self, rows: pd.DataFrame, filtre: str, where: str) -> Figure:
        return leaf(
            self.dossier,
            "livraisons",
            int(rows["nb"].sum()),
            f"premières mises en location, {where}",
            colonne="nb",
            filtre=f"{filtre}, mise en service dans l'année",
            lignes=rows["_ligne"].tolist(),
            couleur=Couleur.DONNEE,
        )
