"""What an RPLS file gives."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from flux.dossier.remarques import remarques
from flux.dossier.rpls.contingents import compter
from flux.dossier.rpls.dictionnaire import Disposition
from flux.dossier.rpls.logements import Mobilite
from flux.noyau.errors import Anomalie
from flux.noyau.provenance import Source
from flux.rendu.nombres import entier, part
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ParcRpls(Affichable):
    """The dwellings of an RPLS file.

    Attributes
    ----------
    nom : name of the file.
    annee : the stock is that of 1 January of this year; None: not known.
    disposition : the layout that was recognised.
    source : file, sheet, sha256, number of rows.
    logements : table `logements` of a dossier, all its columns, and `_ligne` (line of the file).
    bailleurs : landlords of the file: ident_org, siret, nom, nb; empty if it does not say.
    doublons : rows whose IDENT_REP is written more than once: see `doublons.vendus`.
    manques : what the file lacks for flux: variable, colonne, consequence.
    mobilite : the DREAL's mobility of the year before; None where it cannot be computed.
    reparations : what was read otherwise than written, made, or is to be checked.
    """

    nom: str
    annee: int | None
    disposition: Disposition
    source: Source
    logements: pd.DataFrame
    bailleurs: pd.DataFrame
    doublons: pd.DataFrame
    manques: pd.DataFrame
    mobilite: Mobilite | None
    reparations: tuple[Anomalie, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The dwellings."""
        return self.logements

    @property
    def contingents(self) -> pd.DataFrame:
        """Dwellings by declared contingent: contingent, libelle, nb; empty if the file has none."""
        return compter(self.logements)

    def vue(self) -> Vue:
        """What it shows: the layout, the contingents, what is missing, what was repaired."""
        year = f", parc au 1er janvier {self.annee}" if self.annee else ""
        notes = [f"Disposition reconnue : {self.disposition.libelle}."]
        if self.mobilite is not None:
            notes.append(
                f"Mobilité {self.mobilite.annee} : {part(self.mobilite.taux)} "
                f"({entier(self.mobilite.nb_relocations)} logements reloués "
                f"sur {entier(self.mobilite.nb_logements)})."
            )
        tables = [
            Tableau(
                titre="Contingents déclarés",
                frame=self.contingents,
                colonnes=(
                    Colonne("contingent", cle="cle", libelle="Code"),
                    Colonne("libelle", cle="nom", libelle="Contingent"),
                    Colonne("nb", cle="nb_logements"),
                ),
                total=True,
            ),
            Tableau(
                titre="Ce que ce fichier ne donne pas",
                frame=self.manques,
                colonnes=(
                    Colonne("variable", cle="cle", libelle="Variable"),
                    Colonne("consequence", cle="message", libelle="Conséquence"),
                ),
            ),
            Tableau(
                titre="Logements présents plusieurs fois",
                frame=self.doublons,
                colonnes=(
                    Colonne("id_rpls", cle="cle", libelle="Identifiant RPLS"),
                    Colonne("id_logement", cle="cle", libelle="Logement"),
                    Colonne("bailleur", cle="nom", libelle="Bailleur"),
                    Colonne("role", cle="nom", libelle="Rôle"),
                    Colonne("constat", cle="message", libelle="Constat"),
                ),
            ),
            remarques("Ce qui a été réparé ou reste à vérifier", self.reparations),
        ]
        return Vue(
            titre=f"RPLS « {self.nom} » : {entier(len(self.logements))} logements{year}",
            notes=tuple(notes),
            tableaux=tuple(t for t in tables if len(t.frame)),
        )
