"""The result of `lot`: what became of each dossier, and its tables, read from disk when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.enveloppe import SCHEMA, library_version, records
from flux.lot.agregats import Agregat, aggregate
from flux.lot.categories import Niveau
from flux.lot.disque import Fait, Statut, read_mesures, read_tables
from flux.lot.images import ImageAgregat
from flux.lot.multipartite import Multipartite, multipartite
from flux.lot.travail import DEFAUTS
from flux.noyau.errors import Anomalie, anomalies_table
from flux.rendu.nombres import entier
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE = ["dossier", "bailleur", "departement", "annee", "etape", "statut", "logements", "flux", "secondes",
         "memoire_mo", "message"]
MOST = 40  # dossiers that a page shows; those in error come first


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Lot(Affichable):
    """Many dossiers done.

    Attributes
    ----------
    sortie : where their results are, a folder a dossier.
    faits : what became of each, by name.
    """

    sortie: Path
    faits: tuple[Fait, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a dossier.

        `dossier, bailleur, departement, annee, etape` (the last one done), `statut` ("fait", "defauts",
        "echec", "perdu"), `logements` (base), `flux` (to share), `secondes`, `memoire_mo`, `message`.
        """
        rows = [(f.nom, f.bailleur, f.departement, f.annee, f.etape, f.statut.value, f.logements, f.flux,
                 *read_mesures(self.sortie / f.nom), f.message) for f in self.faits]
        table = pd.DataFrame(rows, columns=TABLE)
        return table.astype({"annee": "Int64", "logements": "Int64", "flux": "Int64", "secondes": "float64",
                             "memoire_mo": "Int64"})

    @cached_property
    def erreurs(self) -> pd.DataFrame:
        """Every defect of every dossier that is not done: dossier, bailleur, code, message, fichier…"""
        listed = self.read(DEFAUTS)
        known = set(listed["dossier"]) if len(listed) else set()
        others = [f for f in self.faits if f.statut is not Statut.FAIT and f.nom not in known]
        said = anomalies_table(Anomalie(code=f.code, message=f.message) for f in others)
        said.insert(0, "dossier", [f.nom for f in others])
        said.insert(1, "bailleur", [f.bailleur for f in others])
        frames = [f for f in (listed, said) if len(f)] or [said]
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def quotas(self) -> pd.DataFrame:
        """`quotas.table` of every dossier, one after the other."""
        return self.read("quotas")

    @cached_property
    def objectifs(self) -> pd.DataFrame:
        """`plan.objectifs` of every dossier."""
        return self.read("objectifs")

    @cached_property
    def gains(self) -> pd.DataFrame:
        """`bascule.table` of every dossier."""
        return self.read("gains")

    def read(self, table: str) -> pd.DataFrame:
        """A table of every dossier that has it, `dossier` and `bailleur` in front; empty where none has.

        Parameters
        ----------
        table : the name of a file in the folder of a dossier: "communes", "flux", "orientations"…
        """
        return read_tables(self.sortie, self.faits, table)

    def agreger(self, niveau: str = Niveau.DEPARTEMENT) -> Agregat:
        """Flow, quotas, objectives, gains and losses added up.

        Parameters
        ----------
        niveau : "epci", "departement", "region" or "pays".

        Raises
        ------
        FluxError
            Code "lot.niveau": none of these; "lot.tirages": dossiers lived different numbers of times.
        """
        return aggregate(self.sortie, self.faits, niveau)

    def multipartite(self, epci: str) -> Multipartite:
        """One EPCI over its bailleurs: who owes how much to whom there.

        Parameters
        ----------
        epci : code or name.

        Raises
        ------
        FluxError
            Code "lot.epci": no dossier has a dwelling there; near-misses suggested.
        """
        return multipartite(self.sortie, self.faits, epci)

    def vue(self) -> Vue:
        """How many are done, those that are not, then the others."""
        counts = self.table["statut"].value_counts()
        done, nb = int(counts.get(Statut.FAIT, 0)), len(self.table)
        worst_first = self.table.sort_values(
            "statut", kind="stable", key=lambda s: s.map({Statut.FAIT.value: 1}).fillna(0))
        known = worst_first["bailleur"].where(worst_first["bailleur"] != "", None)
        named = worst_first.assign(bailleur=known)
        notes = [f"Résultats : {self.sortie}."]
        if done < nb:
            notes.append("Défauts, un par ligne : defauts.csv de chaque dossier (en Python, .erreurs).")
        if done:
            total = self.table[["logements", "flux"]].sum()
            notes.insert(0, f"{entier(total['logements'])} logements dans l'assiette, "
                            f"{entier(total['flux'])} à partager dans l'année.")
        titre = f"Lot de {_plural(nb, 'dossier')} : {_plural(done, 'fait')}"
        titre += f", {_plural(nb - done, 'autre')} à revoir" if done < nb else ""
        return Vue(titre=titre, notes=tuple(notes), tableaux=(
            Tableau(titre="Dossiers", frame=named.head(MOST), colonnes=_columns(named),
                    note=f"{_plural(nb - MOST, 'autre')} dans .table." if nb > MOST else ""),))

    def plot(self, genre: str = ImageAgregat.QUOTAS, *, niveau: str = Niveau.PAYS) -> Figure:
        """A picture of all the dossiers together: "quotas", "objectifs" or "gains", see `Agregat.plot`."""
        return self.agreger(niveau).plot(genre)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: what became of each dossier."""
        return {"schema": SCHEMA, "commande": "lot", "version": library_version(),
                "lot": {"table": records(self.table), "erreurs": records(self.erreurs)}}


def _columns(table: pd.DataFrame) -> Sequence[Colonne]:
    """The columns of the view; messages only where there are some."""
    shown = [c for c in TABLE if c != "annee" and (c != "message" or table[c].ne("").any())]
    return [Colonne(c, f"lot.{c}") for c in shown]


def _plural(nb: int, nom: str) -> str:
    return f"{entier(nb)} {nom}{'s' if nb > 1 else ''}"
