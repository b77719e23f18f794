"""What `partition_rpls` made: which files, who is where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from flux.dossier.remarques import remarques
from flux.dossier.rpls.bailleurs import departement_of
from flux.dossier.rpls.national import index
from flux.noyau.errors import Anomalie
from flux.rendu.nombres import combien
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PartitionRpls(Affichable):
    """A folder of RPLS files as parquet, one folder a landlord in a département.

    Attributes
    ----------
    chemin : the folder; `read_rpls(chemin, departement=…, bailleur=…)` reads one.
    table : departement, bailleur (SIREN, else as the file names it), nom, nb_lignes, fichier.
    fichiers : fichier, disposition, nb_lignes, sha256.
    defauts : cells that cannot be read; they refuse the reading of their own landlord.
    reparations : what was read otherwise than written in a file as a whole.
    """

    chemin: Path
    table: pd.DataFrame
    fichiers: pd.DataFrame
    defauts: tuple[Anomalie, ...]
    reparations: tuple[Anomalie, ...]

    @classmethod
    def open(cls, chemin: str | Path) -> PartitionRpls:
        """The folder that `partition_rpls` made.

        Raises
        ------
        FluxError
            Code "rpls.pas_decoupe".
        """
        known = index.read(Path(chemin))
        names = [origine.source.fichier for origine in known.origines]
        by_file = known.partitions.groupby("fichier")["nb_lignes"].sum()
        fichiers = pd.DataFrame(
            {
                "fichier": names,
                "disposition": [origine.disposition.libelle for origine in known.origines],
                "nb_lignes": [int(by_file[rank]) for rank in range(len(names))],
                "sha256": [origine.source.sha256 for origine in known.origines],
            }
        )
        return cls(
            chemin=Path(chemin),
            table=_table(known.partitions, names),
            fichiers=fichiers,
            defauts=known.defauts,
            reparations=tuple(a for origine in known.origines for a in origine.remarques),
        )

    def of(self, departement: str) -> PartitionRpls:
        """The same, with the landlords of one département only."""
        own = self.table["departement"].eq(departement_of(departement))
        return replace(self, table=self.table[own].reset_index(drop=True))

    def vue(self) -> Vue:
        """What it shows: the files, who is where, what cannot be read, what was repaired."""
        nb, who = self.table["nb_lignes"].sum(), self.table["bailleur"].nunique()
        where = self.table["departement"].nunique()
        tables = [
            Tableau(
                titre="Fichiers",
                frame=self.fichiers,
                colonnes=("fichier", Colonne("disposition", cle="nom", libelle="Disposition"), "nb_lignes"),
            ),
            Tableau(
                titre="Bailleurs",
                frame=self.table,
                colonnes=(
                    Colonne("departement", cle="cle", libelle="Département"),
                    Colonne("bailleur", cle="cle", libelle="Bailleur"),
                    "nom",
                    "nb_lignes",
                    "fichier",
                ),
                total=True,
            ),
            remarques("Cellules illisibles : le bailleur concerné ne pourra pas être lu", self.defauts),
            remarques("Ce qui a été lu autrement qu'écrit", self.reparations),
        ]
        return Vue(
            titre=f"RPLS découpé « {self.chemin.name} » : {combien(nb, 'ligne')}, "
            f"{combien(where, 'département')}, {combien(who, 'bailleur')}",
            notes=(
                f'Pour en lire un : flux.read_rpls("{self.chemin.name}", departement="…", bailleur="…").',
            ),
            tableaux=tuple(t for t in tables if len(t.frame)),
        )


def _table(partitions: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """A row a landlord in a département and a file; the name that most of its rows give."""
    keys = ["departement", "bailleur", "fichier"]
    ordered = partitions.sort_values([*keys, "nb_lignes"], ascending=[True, True, True, False])
    table = ordered.groupby(keys, as_index=False).agg(nom=("RS", "first"), nb_lignes=("nb_lignes", "sum"))
    table["fichier"] = [names[rank] for rank in table["fichier"]]
    return table[["departement", "bailleur", "nom", "nb_lignes", "fichier"]]
