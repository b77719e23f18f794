"""The verb, `decomposition`, and its result: why each réservataire and each commune gains or loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import pandas as pd

from flux.conversion import Quotas
from flux.conversion.cellules import BAILLEUR, ETAT, ETAT_CATEGORIES
from flux.conversion.enveloppe import envelope, records
from flux.conversion.exact import total
from flux.conversion.images import named
from flux.conversion.noms import Noms
from flux.noyau.errors import FluxError, near_misses
from flux.rendu.nombres import decimal
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue
from flux.simulation.attendus import Dus
from flux.simulation.cascade import DIGITS, Cascade, words
from flux.simulation.causes import ORDRE, Ecart, causes
from flux.simulation.demandes import mutations_of
from flux.simulation.ecarts import PARTOUT, TOUS_RESERVES
from flux.simulation.vecu import Mutations

__all__ = ["Cascade", "Decomposition", "decomposition"]

HYPOTHESES = {
    Mutations.AUX_TITULAIRES: "en stock, un logement réservé va à son titulaire et le bailleur fait ses "
    "mutations et relogements sur ses logements sans droit ; en flux, ils sont retirés avant le partage",
    Mutations.RETIREES: "en stock comme en flux, les mutations et relogements prennent les mêmes logements, "
    "réservés ou non",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Decomposition(Affichable):
    """The change from stock to flow of each holder in each commune, cause by cause.

    Attributes
    ----------
    quotas : the year.
    mutations : under stock, on which dwellings the bailleur makes its mutations.
    exact : both ends and the causes, in exact numbers.
    """

    quotas: Quotas
    mutations: Mutations
    exact: Ecart = field(repr=False)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a holder, commune (`*`: all of them) and cause that moves something.

        `id_reservataire, commune, cause, logements` (a year): over the causes, flux − stock of `ensemble`.
        """
        rows = [(*case, cause, value) for cause in ORDRE
                for case, value in _with_sums(self.exact.effets[cause]).items()]
        frame = pd.DataFrame(rows, columns=["id_reservataire", "commune", "cause", "logements"])
        frame["logements"] = frame["logements"].astype(float).round(DIGITS)
        return self._sorted(frame.loc[frame["logements"] != 0])

    @cached_property
    def ensemble(self) -> pd.DataFrame:
        """`id_reservataire, commune` (`*`: all of them), `stock, flux, ecart`, dwellings a year."""
        stock, flux = _with_sums(self.exact.stock), _with_sums(self.exact.flux)
        moved = set(zip(self.table["id_reservataire"], self.table["commune"], strict=True))
        zero = Fraction(0)
        rows = [(*k, *(float(v) for v in (a, b, b - a))) for k in dict.fromkeys([*stock, *flux])
                for a, b in [(stock.get(k, zero), flux.get(k, zero))] if a or b or k in moved]
        columns = ["id_reservataire", "commune", "stock", "flux", "ecart"]
        return self._sorted(pd.DataFrame(rows, columns=columns))

    def _sorted(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Holders in the order of the quotas, communes by code, causes in their order."""
        ids = [str(i) for i in self.quotas.table["id_reservataire"]]
        ranks = {"id_reservataire": {i: n for n, i in enumerate(ids)},
                 "cause": {c: n for n, c in enumerate(ORDRE)}}
        keys = [c for c in ("id_reservataire", "commune", "cause") if c in frame]
        return frame.sort_values(
            keys, key=lambda c: c.map(ranks[str(c.name)]) if c.name in ranks else c, ignore_index=True
        )

    def explain(self, qui: str = TOUS_RESERVES, commune: str = PARTOUT) -> Cascade:
        """Why someone, somewhere, gains or loses.

        Parameters
        ----------
        qui : an `id_reservataire`, "bailleur", "etat" (priority and agents together), "reservataires" (all
            but the bailleur) or "*" (all).
        commune : a code or a name; `*` for all of them.

        Raises
        ------
        FluxError
            Code "explication.inconnu": nobody, or no commune, of that name; near-misses suggested.
        """
        members, who = self._members(qui)
        codes, where = self._places(commune)

        def summed(values: Dus) -> Fraction:
            return total([v for (r, c), v in values.items() if r in members and c in codes])

        return Cascade(
            titre=f"{who}, {where}",
            stock=summed(self.exact.stock),
            flux=summed(self.exact.flux),
            effets={cause: summed(self.exact.effets[cause]) for cause in ORDRE},
        )

    def _members(self, qui: str) -> tuple[set[str], str]:
        names = named(self.quotas).set_index("id_reservataire")
        everyone = set(map(str, names.index))
        state = set(map(str, names.index[names["categorie"].isin(ETAT_CATEGORIES)]))
        groups = {ETAT: (state, "État"), PARTOUT: (everyone, "Réservataires et bailleur"),
                  TOUS_RESERVES: (everyone - {BAILLEUR}, "Tous les réservataires")}
        if qui in groups:
            return groups[qui]
        if qui not in everyone:
            raise _unknown(qui, [*everyone, *groups])
        return {qui}, str(names.loc[qui, "nom"])

    def _places(self, commune: str) -> tuple[set[str], str]:
        noms, codes = Noms(self.quotas.dossier), {c for _, c in (*self.exact.stock, *self.exact.flux)}
        if commune == PARTOUT:
            return codes, "toutes communes"
        found = {c for c in codes if commune.casefold() in (c.casefold(), noms.a(c).casefold())}
        if len(found) != 1:
            raise _unknown(commune, [*codes, *map(noms.a, codes)])
        return found, f"à {noms.a(next(iter(found)))}"

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What is compared with what."""
        said = [
            "Espérances, sans tirage : le stock donne chaque logement qui se libère au titulaire vivant ce "
            "jour-là ; le flux donne les quotas de l'année, en logements entiers ; premières locations "
            "comprises.",
            f"Mutations et relogements : {HYPOTHESES[self.mutations]}.",
            "L'ordre des causes est celui de la conversion, des droits aux logements entiers ; un autre "
            "ordre partagerait autrement ce que deux causes font ensemble.",
        ]
        if uniques := self.quotas.table["nb_uniques"].sum():
            said.append(f"Droits uniques : {decimal(uniques, 1)} servis en flux, dans le quota ; non "
                        "comptés en stock, l'écart de leurs titulaires en est plus haut d'autant.")
        return tuple(said)

    def vue(self) -> Vue:
        """Holders, then communes, a column a cause that moves something."""
        noms = Noms(self.quotas.dossier)
        names = named(self.quotas).set_index("id_reservataire")["nom"]
        everywhere = self.ensemble.loc[self.ensemble["commune"] == PARTOUT]
        holders = everywhere.assign(nom=everywhere["id_reservataire"].map(names))
        reserved = self.ensemble.loc[
            (self.ensemble["commune"] != PARTOUT) & (self.ensemble["id_reservataire"] != BAILLEUR)
        ]
        places = reserved.groupby("commune", as_index=False)[["stock", "flux", "ecart"]].sum()
        places = places.assign(nom=places["commune"].map(noms.a))
        convention = self.quotas.dossier.convention
        return Vue(
            titre=f"Du stock au flux, {convention.annee}, {convention.bailleur.nom} : causes des écarts",
            notes=(*self.explain().phrases, *self.hypotheses),
            tableaux=(
                self._wide("Par réservataire, logements par an", holders, "id_reservataire",
                           self.table.loc[self.table["commune"] == PARTOUT]),
                self._wide("Par commune, tous les réservataires ensemble", places, "commune",
                           self.table.loc[(self.table["commune"] != PARTOUT)
                                          & (self.table["id_reservataire"] != BAILLEUR)]),
            ),
        )

    def _wide(self, titre: str, rows: pd.DataFrame, key: str, causes: pd.DataFrame) -> Tableau:
        """A row a holder or a commune, a column a cause."""
        wide = causes.groupby([key, "cause"])["logements"].sum().unstack().fillna(0.0)
        seen = [c for c in ORDRE if c in wide]
        frame = rows.merge(wide.rename_axis(columns=None).reset_index(), on=key, how="left")
        frame[seen] = frame[seen].fillna(0.0)
        sums = {c: frame[c].sum() for c in ("stock", *seen, "flux")}
        return Tableau(
            titre=titre,
            frame=frame,
            colonnes=[Colonne("nom", libelle="Commune" if key == "commune" else ""),
                      Colonne("stock", "decomposition.stock"),
                      *(Colonne(c, "decomposition.logements", words(c)) for c in seen),
                      Colonne("flux", "decomposition.flux")],
            total=sums,
        )

    def plot(self, qui: str = TOUS_RESERVES, commune: str = PARTOUT) -> Any:
        """The staircase of `explain(qui, commune)` (a matplotlib figure)."""
        return self.explain(qui, commune).plot()

    def to_dict(self) -> dict[str, Any]:
        """The stage `decomposition` of the schema "flux/1"."""
        quotas = self.quotas
        return envelope(quotas.dossier, quotas.regles, "decomposition",
                        (*quotas.hypotheses, *self.hypotheses)) | {
            "decomposition": {"table": records(self.table), "ensemble": records(self.ensemble),
                              "mutations_en_stock": str(self.mutations)}}


def decomposition(quotas: Quotas, *, mutations_en_stock: str = Mutations.AUX_TITULAIRES) -> Decomposition:
    """Why the flow gives each holder, in each commune, more or less than the stock.

    Expected values, exact: no draw. The causes and their order are those of `causes`; less `solde` and
    `arrondi`, they are what the mean difference of `simulate` converges to where vacancies are oriented at
    random, and comes within less than a dwelling a strate of under the sequence, which gives whole dwellings.

    Parameters
    ----------
    mutations_en_stock : see `Mutations`.

    Raises
    ------
    FluxError
        Code "simulation.mutations".
    """
    mutations = mutations_of(mutations_en_stock)
    return Decomposition(quotas=quotas, mutations=mutations, exact=causes(quotas, mutations))


def _with_sums(values: Dus) -> Dus:
    """The same, and each holder in all communes."""
    whole: Dus = {}
    for (r, _), v in values.items():
        whole[r, PARTOUT] = whole.get((r, PARTOUT), Fraction(0)) + v
    return values | whole


def _unknown(asked: str, known: Sequence[str]) -> FluxError:
    close = near_misses(asked, known)
    hint = f" Vouliez-vous dire : {', '.join(close)} ?" if close else ""
    return FluxError(f"« {asked} » n'est ni un réservataire ni une commune de la décomposition.{hint}",
                     code="explication.inconnu")
