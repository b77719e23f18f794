"""The état des lieux of the reservations: every right of the register, and why it counts or not.

"Un état des lieux des réservations" is asked by décret 2020-145; its columns follow the frame of the
regions: the dwelling, the réservataire, the counterpart, the dates, what the right is worth this year.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from flux.conversion.assiette import ASSIETTE, Classement
from flux.conversion.droits import Droits
from flux.conversion.registre import AILLEURS, BASE, LIVRAISON, repaid_guarantees
from flux.conversion.territoires import communes_of
from flux.dossier import Dossier
from flux.noyau.tables import TEXTE
from flux.rendu import glossaire

COLUMNS = [
    "id_reservataire",
    "id_logement",
    "programme",
    "commune",
    "nb",
    "qpv",
    "typologie",
    "financement",
    "type_droit",
    "contrepartie",
    "mode",
    "gestion",
    "part",
    "ordre",
    "convention_ref",
    "date_debut",
    "date_fin",
    "date_remboursement",
    "fin_effective",
    "motif_fin",
    "regle_echeance",
    "annee_prevue",
    "dans_assiette",
    "situation",
    "precision",
    "hors_territoire",
    "nb_compte",
    "nb_unique",
    "ligne",
]
LOGEMENT = ["qpv", "typologie", "financement"]
EXCEPTIONS = [
    *("id_reservataire", "id_logement", "programme", "commune", *LOGEMENT, "date_debut", "fin_effective"),
    *("situation", "date_sortie", "motif_sortie", "remplacement_du", "ligne"),
]
PAS_EN_SERVICE = "pas_en_service"
VENTES = ("vente_occupant", "vente_bailleur", "vente_autre")


def rights_inventory(dossier: Dossier, classement: Classement, droits: Droits) -> pd.DataFrame:
    """`quotas.etat_des_lieux`: a row a right of the register, in the order of the file.

    Returns
    -------
    Columns `COLUMNS`. `nb` is what the register says (1 for a dwelling); `qpv`, `typologie`, `financement`
    those of the dwelling, or of the programme where all its dwellings are alike. `fin_effective` and
    `motif_fin` ("date_fin", "remboursement", "sans_terme"): when it ends, and why. `dans_assiette`: what it
    stands on bears the flow. `nb_compte`: dwellings that it counts for this year under `regle_echeance`;
    `nb_unique`: the same, of a single-use right. `situation` and `precision` say why. Σ `nb_compte` of the
    rights that are not `hors_territoire` is `nb_droits` of `quotas.table`; Σ `nb_unique`, its `nb_uniques`.
    """
    rights = droits.registre
    place = _places(dossier, rights)
    etape = _etapes(dossier, classement, rights)
    holders = dossier.reservataires.set_index("id_reservataire")
    repaid = repaid_guarantees(dossier)
    frame = rights.assign(
        commune=rights["commune"].where(rights["commune"].notna(), place["commune"]),
        programme=rights["programme"].where(rights["programme"].notna(), place["programme"]),
        gestion=rights["id_reservataire"].map(holders["gestion"]),
        fin_effective=rights["fin"],
        motif_fin=np.select([repaid, rights["fin"].notna()], ["remboursement", "date_fin"], "sans_terme"),
        regle_echeance=str(dossier.convention.choix.regle_echeance),
        dans_assiette=rights["lieu"] == BASE,
        nb_compte=rights["poids"].astype(float),
        nb_unique=rights["unique"].astype(float),
        ligne=rights["_ligne"],
        **{column: place[column] for column in LOGEMENT},
    )
    frame["hors_territoire"] = _outside(dossier, frame)
    frame["situation"] = _situations(dossier, frame, etape, droits.sur_reservations)
    frame["precision"] = _precisions(dossier, classement, frame, etape)
    return frame[COLUMNS].reset_index(drop=True)


def stock_exceptions(dossier: Dossier, droits: Droits, inventaire: pd.DataFrame) -> pd.DataFrame:
    """`quotas.exceptions_stock`: dwellings kept identified for défense, sécurité intérieure or a hospital.

    The sale of such a dwelling while the right is alive owes the réservataire an equivalent one, in the same
    building, else the same commune (CCH, art. L. 443-9): `remplacement_du`.
    """
    kept = droits.registre["stock"].reset_index(drop=True)
    table = inventaire.loc[kept]
    exits = dossier.logements.set_index("id_logement")[["date_sortie", "motif_sortie"]]
    exits = exits.reindex(table["id_logement"]).set_axis(table.index)
    alive = ~(exits["date_sortie"] < table["date_debut"]) & ~(exits["date_sortie"] > table["fin_effective"])
    sold = exits["motif_sortie"].isin(VENTES) & exits["date_sortie"].notna()
    table = table.assign(**exits, remplacement_du=sold & alive.fillna(True).astype(bool))
    return table[EXCEPTIONS].reset_index(drop=True)


def _places(dossier: Dossier, rights: pd.DataFrame) -> pd.DataFrame:
    """Where each right stands and what its dwellings are; absent where they differ."""
    known = ["commune", "programme", *LOGEMENT]
    dwellings = dossier.logements.set_index("id_logement")[known]
    one = dwellings.reindex(rights["id_logement"]).set_axis(rights.index)
    groups = dwellings.groupby(["programme", "commune"], dropna=True)[LOGEMENT]
    alike = groups.first().where(groups.nunique() == 1)
    keys = pd.MultiIndex.from_frame(rights[["programme", "commune"]])
    lots = alike.reindex(keys).set_axis(rights.index)
    is_lot = rights["id_logement"].isna()
    for column in LOGEMENT:
        one[column] = one[column].where(~is_lot, lots[column])
    return one


def _etapes(dossier: Dossier, classement: Classement, rights: pd.DataFrame) -> pd.Series:
    """The step that takes what each right stands on out of the base; of a programme, the most frequent."""
    logements = dossier.logements.assign(etape=classement.etape)
    one = rights["id_logement"].map(logements.set_index("id_logement")["etape"])
    counts = logements.groupby(["programme", "commune", "etape"]).size().sort_values(kind="stable")
    steps = counts.reset_index().drop_duplicates(["programme", "commune"], keep="last")
    by_programme = steps.set_index(["programme", "commune"])["etape"]
    keys = pd.MultiIndex.from_frame(rights[["programme", "commune"]])
    lots = by_programme.reindex(keys).set_axis(rights.index).fillna(PAS_EN_SERVICE)
    return one.where(rights["id_logement"].notna(), lots).mask(rights["lieu"] == BASE, ASSIETTE)


def _situations(dossier: Dossier, rights: pd.DataFrame, etape: pd.Series, exces: pd.DataFrame) -> pd.Series:
    """Why each right counts or not; the first reason that holds."""
    first = pd.Timestamp(date(dossier.convention.annee, 1, 1))
    unique = rights["type_droit"] == "unique"
    started = (rights["date_debut"] > first).fillna(False).astype(bool)
    ended = (rights["fin"] < first).fillna(False).astype(bool)
    unused = (rights["jours"] == 0) & ~unique
    reasons = {
        "unique": rights["nb_unique"] > 0,
        "unique_autre_annee": unique & ~rights["stock"] & rights["lieu"].ne(AILLEURS),
        "termine": ended & ~unique,
        "premiere_location": (rights["lieu"] == LIVRAISON) & ~unique & ~rights["stock"],
        "pas_commence": unused & started,
        "annee_incomplete": unused & ~rights["stock"],
        "sorti": etape == "sorti",
        "exception_stock": rights["stock"],
        "pas_en_service": etape == PAS_EN_SERVICE,
        "hors_assiette": etape != ASSIETTE,
        "second_rang": rights["nb_compte"] == 0,
        "reduit": _among(rights, exces),
    }
    return pd.Series(
        np.select([c.fillna(False).astype(bool) for c in reasons.values()], list(reasons), "compte"),
        index=rights.index,
    )


def _among(rights: pd.DataFrame, exces: pd.DataFrame) -> pd.Series:
    """Rights on a dwelling or in a programme that carries too many of them."""
    lots = exces.loc[exces["id_logement"].isna(), ["programme", "commune"]]
    keys = pd.MultiIndex.from_frame(rights[["programme", "commune"]])
    inside = keys.isin(pd.MultiIndex.from_frame(lots))
    return rights["id_logement"].isin(exces["id_logement"].dropna()) | inside


def _precisions(
    dossier: Dossier, classement: Classement, rights: pd.DataFrame, etape: pd.Series
) -> pd.Series:
    """What the situation does not say by itself: the day, the cause, the part kept."""
    situation = rights["situation"]
    motifs = classement.table.set_index("etape")["motif"]
    exits = dossier.logements.set_index("id_logement")[["date_sortie", "motif_sortie"]]
    exits = exits.reindex(rights["id_logement"]).set_axis(rights.index)
    motif = exits["motif_sortie"].astype(TEXTE)
    causes = motif.map(lambda m: glossaire.format("motif_sortie", m), na_action="ignore").astype(TEXTE)
    planned = rights["annee_prevue"].astype("string").fillna("plusieurs années")
    said = {
        "termine": "le " + _days(rights["fin"], situation == "termine"),
        "pas_commence": "le " + _days(rights["date_debut"], situation == "pas_commence"),
        "sorti": (causes.fillna("sortie") + " le " + _days(exits["date_sortie"], situation == "sorti")),
        "unique_autre_annee": "prévu en " + planned,
        "hors_assiette": etape.map(motifs),
        "pas_en_service": etape.map(motifs),
        "exception_stock": etape.map(motifs),
    }
    out: pd.Series = pd.Series(None, index=rights.index, dtype=TEXTE)
    for name, text in said.items():
        out = out.mask(situation == name, text.astype(TEXTE))
    return out


def _days(dates: pd.Series, where: pd.Series) -> pd.Series:
    """The days as text, only where they are asked for: writing dates is slow."""
    written: pd.Series = dates.loc[where].dt.strftime("%d/%m/%Y").reindex(dates.index)
    return written


def _outside(dossier: Dossier, rights: pd.DataFrame) -> pd.Series:
    """Rights in a commune that is not of their holder's territory (CCH, art. R. 441-5-3)."""
    table = dossier.reservataires
    columns = ("id_reservataire", "territoire_type", "territoire_code")
    home = [
        (ident, commune)
        for ident, kind, code in zip(*(table[c] for c in columns), strict=True)
        for commune in communes_of(dossier, str(kind), str(code))
    ]
    keys = pd.MultiIndex.from_frame(rights[["id_reservataire", "commune"]])
    inside = keys.isin(pd.MultiIndex.from_tuples(home, names=keys.names)) if home else False
    return rights["commune"].notna() & ~pd.Series(inside, index=rights.index)
