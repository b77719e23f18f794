"""One EPCI over its bailleurs: what a conférence intercommunale du logement looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import BAILLEUR, ETAT_CATEGORIES
from flux.conversion.enveloppe import SCHEMA, library_version, records
from flux.dossier.vocabulaire import Categorie
from flux.lot.agregats import ASIDE, FLUX, OBJECTIFS, epci_of
from flux.lot.categories import INCONNU, grouped, in_order, places
from flux.lot.disque import Fait, read_tables
from flux.lot.images import matrix
from flux.noyau.errors import FluxError, near_misses
from flux.rendu import glossaire
from flux.rendu.nombres import entier
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Holders known by their category alone, or by their territory; the others by their name.
ALONE = {*ETAT_CATEGORIES, Categorie.ACTION_LOGEMENT.value, BAILLEUR}
PLACED = {Categorie.COMMUNE.value, Categorie.EPCI.value, Categorie.EPT.value, Categorie.VILLE_PARIS.value,
          Categorie.DEPARTEMENT.value, Categorie.REGION.value}
SHOWN = 8  # bailleurs that a page shows one by one
AUTRES = "autres_bailleurs"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Multipartite(Affichable):
    """The quotas of an EPCI's communes, by réservataire and bailleur.

    Attributes
    ----------
    epci, nom : code and name.
    bailleurs : dossier -> what its bailleur is called here, the largest flow first.
    table : a row a réservataire: categorie, territoire_code, nom, then a column a dossier (whole dwellings on
        these communes), total. The State and Action Logement are the same for all, a territory's holder is
        known by its territory, the others by their name.
    exact : the same before rounding.
    flux : a row a dossier: nb_logements, liberations, soustraits, flux_net, flux_a_partager.
    objectifs : a row a dossier and objective of the EPCI or of its communes: base, seuil, atteint, manque,
        manque_entier.
    """

    epci: str
    nom: str
    bailleurs: Mapping[str, str]
    table: pd.DataFrame
    exact: pd.DataFrame
    flux: pd.DataFrame
    objectifs: pd.DataFrame

    def vue(self) -> Vue:
        """The matrix, what each bailleur has there, the objectives of all together."""
        whole = self.table
        few, rest = list(self.bailleurs)[:SHOWN], list(self.bailleurs)[SHOWN:]
        columns = [Colonne(d, "nb", self.bailleurs[d]) for d in few]
        if rest:
            whole = whole.assign(**{AUTRES: whole[rest].sum(axis=1)})
            columns.append(Colonne(AUTRES, "nb", f"{entier(len(rest))} autres bailleurs"))
        tableaux = [
            Tableau(titre="Quotas par réservataire et bailleur", frame=whole, total=True,
                    colonnes=(Colonne("nom", "id_reservataire"), *columns, Colonne("total", "lot.total"))),
            Tableau(titre="Flux par bailleur", frame=self.flux, total=True,
                    colonnes=(Colonne("nom", "lot.bailleur"), *(Colonne(c, f"lot.{c}") for c in FLUX))),
        ]
        if len(self.objectifs):
            summed = self.objectifs.groupby(["objectif", "niveau"], as_index=False)[OBJECTIFS].sum()
            tableaux.append(Tableau(
                titre="Objectifs : sommes des bailleurs", frame=summed,
                colonnes=("objectif", "niveau", "base", "seuil", "atteint", "manque")))
        total = int(self.table["total"].sum())
        return Vue(titre=f"{self.nom} : {entier(total)} logements à partager, "
                         f"{entier(len(self.bailleurs))} bailleur{'s' if len(self.bailleurs) > 1 else ''}",
                   tableaux=tuple(tableaux))

    def plot(self) -> Figure:
        """The matrix by bailleur and category, a cell as dark as its share of the bailleur's flow."""
        return matrix(self).dessin()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the tables."""
        frames = ("table", "exact", "flux", "objectifs")
        return {"schema": SCHEMA, "commande": "lot", "version": library_version(), "epci": self.epci,
                "nom": self.nom, "bailleurs": dict(self.bailleurs),
                **{name: records(getattr(self, name)) for name in frames}}


def multipartite(sortie: Path, faits: Sequence[Fait], asked: str) -> Multipartite:
    """See `Lot.multipartite`."""
    where = places(sortie, faits)
    epci, nom = _found(where, asked)
    inside = where.loc[where["epci"] == epci]
    mine = [f for f in faits if f.nom in set(inside["dossier"])]

    def here(table: str) -> pd.DataFrame:
        return read_tables(sortie, mine, table).merge(inside[["dossier", "commune"]])

    flux = here("flux").groupby("dossier")[FLUX].sum().sort_values(
        "flux_a_partager", ascending=False, kind="stable")
    bailleurs = _called([f for d in flux.index for f in mine if f.nom == d])
    flux.insert(0, "nom", flux.index.map(bailleurs))
    holders = read_tables(sortie, mine, "quotas")[
        ["dossier", "id_reservataire", "nom", "categorie", "territoire_code"]]
    cells = here("communes").merge(_known_by(holders), on=["dossier", "id_reservataire"])
    objectifs = read_tables(sortie, mine, "objectifs")
    if len(objectifs):
        at = objectifs["territoire_code"].map(epci_of(where))
        kept = (at == epci) & ~objectifs["niveau"].isin(ASIDE) & objectifs["seuil"].notna()
        objectifs = objectifs.loc[kept, ["dossier", "bailleur", "objectif", "porteur", "territoire_code",
                                         "niveau", "article", *OBJECTIFS]].reset_index(drop=True)
    return Multipartite(epci=epci, nom=nom, bailleurs=bailleurs, table=_matrix(cells, "nb", bailleurs),
                        exact=_matrix(cells, "exact", bailleurs), flux=flux.reset_index(),
                        objectifs=objectifs)


def _found(where: pd.DataFrame, asked: str) -> tuple[str, str]:
    named = where.loc[where["epci"] != INCONNU].drop_duplicates("epci")
    by_code = dict(zip(named["epci"], named["epci_nom"].fillna(named["epci"]), strict=True))
    by_name = {nom.casefold(): code for code, nom in by_code.items()}
    code = asked if asked in by_code else by_name.get(asked.casefold(), "")
    if not code:
        close = near_misses(asked, [*by_code.values(), *by_code], cutoff=0.4) or list(by_code.values())[:3]
        raise FluxError(f"Aucun logement de ces dossiers dans l'EPCI « {asked} ». Proches : "
                        f"{', '.join(close) or 'aucun'}.", code="lot.epci")
    return code, by_code[code]


def _called(faits: Sequence[Fait]) -> dict[str, str]:
    """The name of each bailleur, its dossier too where two have the same."""
    times = Counter(f.bailleur for f in faits)
    return {f.nom: f.bailleur if times[f.bailleur] == 1 else f"{f.bailleur} ({f.nom})" for f in faits}


def _known_by(holders: pd.DataFrame) -> pd.DataFrame:
    """What makes two holders of two dossiers the same: `cle`; and what it is called."""
    category = holders["categorie"]
    alone, placed = category.isin(ALONE), category.isin(PLACED)
    own = holders["territoire_code"].where(placed, holders["nom"].str.casefold()).where(~alone, "")
    shared = category.map(lambda c: glossaire.format("categorie", c))
    first = holders.assign(cle=category + " " + own).groupby("cle")["nom"].transform("first")
    return holders.assign(cle=category + " " + own, nom=first.where(~alone, shared),
                          territoire_code=holders["territoire_code"].where(placed, "*"),
                          groupe=grouped(category))


def _matrix(cells: pd.DataFrame, value: str, bailleurs: Mapping[str, str]) -> pd.DataFrame:
    """A row a holder, a column a dossier; holders with nothing there are left out."""
    named = cells.drop_duplicates("cle").set_index("cle")[["groupe", "territoire_code", "nom"]]
    wide = cells.pivot_table(index="cle", columns="dossier", values=value, aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=list(bailleurs), fill_value=0)
    table = named.rename(columns={"groupe": "categorie"}).join(wide)
    table["total"] = table[list(bailleurs)].sum(axis=1)
    rank = {g: i for i, g in enumerate(in_order(table["categorie"]))}
    table = table.loc[table["total"] != 0].reset_index()
    return table.sort_values(["categorie", "cle"], ignore_index=True,
                             key=lambda c: c.map(rank) if c.name == "categorie" else c).drop(columns="cle")
