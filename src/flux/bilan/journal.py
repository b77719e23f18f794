"""The events of the year, each on one account, with what the report must say of its dwelling.

"un bilan annuel des logements proposés, ainsi que des logements attribués au cours de l'année précédente, par
réservataire et par typologie de logement, type de financement, localisation hors et en quartier politique de
la ville, commune et période de construction" (CCH, art. R. 441-5-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flux.conversion.assiette import CHAMP
from flux.conversion.registre import stock_identified
from flux.conversion.segments import APRES, PERIODES, described
from flux.dossier import Dossier
from flux.dossier import vocabulaire as v
from flux.loi import Regles

ABSENTE = "non renseigné"
DIMENSIONS = ("typologie", "financement", "qpv", "commune", "periode")
#: Stage of an event -> the column that counts it.
COMPTEURS = {"proposition": "nb_proposes", "attribution": "nb_attribues", "bail": "nb_baux"}
HORS_FLUX, SANS_RESERVATAIRE, HORS_CHAMP = "hors_flux", "sans_reservataire", "hors_champ"
#: Accounts that are nobody's: events counted apart, so that the whole adds up to the table of movements.
APART = {
    HORS_FLUX: "Mutations et relogements (hors flux)",
    SANS_RESERVATAIRE: "Réservataire non renseigné",
    HORS_CHAMP: "Hors champ (foyers, logements intermédiaires, autre département…)",
}
EN_FLUX = ("relocation", "premiere_location")
QPV = {True: "en QPV", False: "hors QPV"}


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The events of one year.

    Attributes
    ----------
    annee : the year reported.
    lignes : the rows of `mouvements` of that year and of every stage, with `porteur` (whose account: an
        id_reservataire, "bailleur", or a key of `APART`), `typologie, financement, qpv, commune, periode` as
        texts never absent, `en_stock` (dwelling kept identified), `rattache` (its dwelling is in the table of
        dwellings, or it names none), `jour` (its date, absent when it is not of the year).
    sans_jour : True when no date of the year tells one half-year from the other.
    """

    annee: int
    lignes: pd.DataFrame
    sans_jour: bool

    def of(self, etape: str) -> pd.DataFrame:
        """The events of a stage."""
        return self.lignes.loc[self.lignes["etape"] == etape]

    def knows(self, etape: str) -> bool:
        """True when the data says anything of a stage."""
        return bool((self.lignes["etape"] == etape).any())

    def knows_apart(self, etape: str) -> bool:
        """True when the data says anything of a stage of mutations and relogements: often leases alone."""
        return bool(((self.lignes["etape"] == etape) & (self.lignes["porteur"] == HORS_FLUX)).any())

    def orphans(self, etape: str) -> pd.DataFrame:
        """The events of a stage, in the flow, that name no account."""
        return self.lignes.loc[
            (self.lignes["etape"] == etape) & (self.lignes["porteur"] == SANS_RESERVATAIRE)
        ]

    def counts(self, cles: Sequence[str], lignes: pd.DataFrame | None = None) -> pd.DataFrame:
        """`cles`, then one counter a stage: dwellings; absent where no event of that stage was given.

        `porteur` is among the keys, or `lignes` holds mutations and relogements only.
        """
        rows = self.lignes if lignes is None else lignes
        rows = rows.loc[rows["etape"].isin(list(COMPTEURS))]
        wide = rows.pivot_table(
            index=list(cles), columns="etape", values="nb", aggfunc="sum", fill_value=0, observed=True
        )
        out = pd.DataFrame(index=wide.index)
        apart = wide.index.get_level_values("porteur") == HORS_FLUX if "porteur" in cles else slice(None)
        for etape, compteur in COMPTEURS.items():
            known = wide[etape].astype("Int64") if etape in wide else pd.Series(0, out.index, dtype="Int64")
            out[compteur] = known if self.knows(etape) else pd.NA
            if not self.knows_apart(etape):
                out.loc[apart, compteur] = pd.NA
        return out.astype(dict.fromkeys(COMPTEURS.values(), "Int64")).reset_index()


def journal(dossier: Dossier, regles: Regles, annee: int) -> Journal:
    """The events of `annee`, in or out of the flow; a dwelling's own attributes prevail over the row's.

    Parameters
    ----------
    dossier : as it stood on 1 January of `annee`.
    regles : the law of that day: which dwellings were kept in stock.
    """
    moves = dossier.mouvements
    moves = _described(dossier, moves.loc[moves["annee"] == annee].reset_index(drop=True))
    dwelling = moves["id_logement"]
    holder = moves["id_reservataire"]
    apart = [
        (dwelling.isin(_out_of_scope(dossier)), HORS_CHAMP),
        (~moves["nature"].isin(EN_FLUX), HORS_FLUX),
        (holder.isna(), SANS_RESERVATAIRE),
    ]
    porteur = np.select([c for c, _ in apart], [p for _, p in apart], holder.astype(object))
    day = moves["date"].where(moves["date"].dt.year == annee)
    first = day.dropna() == pd.Timestamp(annee, 1, 1)
    lignes = moves.assign(
        porteur=porteur.astype(str),
        en_stock=dwelling.isin(stock_identified(dossier, regles)),
        rattache=dwelling.isna() | dwelling.isin(dossier.logements["id_logement"]),
        jour=day,
    )
    # a year alone is read as its first day: several events on that day only say no day
    undated = bool(len(first) == 0 or (len(first) > 1 and first.all()))
    return Journal(annee=annee, lignes=lignes, sans_jour=undated)


def _described(dossier: Dossier, moves: pd.DataFrame) -> pd.DataFrame:
    """The movements with what their dwelling is; failing it, what the row or its programme says."""
    stock = described(dossier.logements)
    known, dwelling = stock.set_index("id_logement"), moves["id_logement"]
    programmes = stock.groupby("programme")
    found = dwelling.isin(known.index)
    out = moves.assign(periode=None)
    for column in ("programme", *DIMENSIONS):
        out[column] = dwelling.map(known[column]).where(found, out[column])
    for column in ("commune", "periode"):
        values = programmes[column].agg(["first", "nunique"])
        alone = values.loc[values["nunique"] == 1, "first"]
        out[column] = out[column].where(out[column].notna(), out["programme"].map(alone))
    out["qpv"] = out["qpv"].map(QPV)
    for column in DIMENSIONS:
        out[column] = out[column].where(out[column].notna(), ABSENTE).astype(str)
    return out


def _out_of_scope(dossier: Dossier) -> pd.Series:
    """Dwellings that the convention does not cover, whatever the year."""
    outside = pd.Series(False, index=dossier.logements.index)
    inside = {"residence_etudiante"} if dossier.convention.choix.residences_etudiantes == "dans" else set()
    for step in CHAMP:
        if step.nom not in inside:
            outside |= step.concerne(dossier).fillna(False).astype(bool)
    return dossier.logements.loc[outside, "id_logement"]


def order(dossier: Dossier) -> dict[str, list[str]]:
    """In which order accounts and values of each dimension are listed."""
    towns = dossier.communes.sort_values(["nom", "commune"])["commune"].tolist()
    return {
        "porteur": [*dossier.reservataires["id_reservataire"].astype(str), v.BAILLEUR, *APART],
        "typologie": [*v.Typologie, ABSENTE],
        "financement": [*v.Financement, ABSENTE],
        "qpv": [*QPV.values(), ABSENTE],
        "commune": [*towns, ABSENTE],
        "periode": [*(name for _, name in PERIODES), APRES, ABSENTE],
    }
