"""`fichiers-source`: what a bailleur has before it has a dossier.

A declaration to the RPLS, a register of reservations kept by hand, an extract of the SNE: the small stock
of `generate_parc`, under the names and codes of these files. The contingent declared to the RPLS disagrees
with the register on some dwellings, as in real ones; the SNE holds columns of persons, which are never
read. Beside them, two tables that such files never give: where the invented communes are, and what will be
taken out of the flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral

import pandas as pd

from flux.dossier.ecriture import csv_text
from flux.samples.classeurs import Cell, xlsx
from flux.samples.generator import generate_parc
from flux.samples.tables import Tables
from flux.samples.val_de_mire_brut import FINAN

NB_LOGEMENTS, NB_COMMUNES, SEED, ANNEE = 620, 6, 2026, 2026
SIREN, RAISON_SOCIALE = "000000000", "HABITAT DES SOURCES"
COMPLEMENTS = "territoires", "soustractions"
CONTINGENT = {"etat_agents": "1", "etat_prioritaires": "2", "action_logement": "3", "commune": "41",
              "epci": "42", "departement": "43"}
LIBRE, EN_DESACCORD = "7", 45  # CONTRESLOG of what is not reserved; one dwelling in so many is declared so
SORTIE = {"vente_occupant": "1", "vente_bailleur": "2", "vente_autre": "3", "demolition": "4", "autre": "5"}
TYPES_SNE = {"bailleur": "Organisme de logement social", "etat_prioritaires": "Préfet, ménages prioritaires",
             "etat_agents": "Préfet, agents de l'État", "action_logement": "Action Logement",
             "departement": "Conseil départemental", "epci": "EPCI", "commune": "Commune"}
"""How the SNE of this sample writes each category, or "bailleur"."""


def fichiers_source() -> Mapping[str, bytes]:
    """The files, by name."""
    parc = generate_parc(nb_logements=NB_LOGEMENTS, nb_communes=NB_COMMUNES, seed=SEED)
    return {
        "rpls_2026.csv": csv_text(_declaration(parc)).encode("utf-8"),
        "registre.xlsx": xlsx(_registre(parc), feuille="Registre"),
        "radiations_sne.csv": csv_text(_radiations(parc)).encode("utf-8"),
        **{f"{nom}.csv": csv_text(parc.frames[nom]).encode("utf-8") for nom in COMPLEMENTS},
    }


def _declaration(parc: Tables) -> pd.DataFrame:
    """One dwelling a row, by the names and codes of the restricted extract."""
    t = parc.frames["logements"]
    gone = t["motif_sortie"].notna()
    last = _leases(parc).groupby("id_logement")["date"].max()
    signed = pd.to_datetime(t["id_logement"].map(last)).dt.strftime("%m/%Y")
    return pd.DataFrame({
        "IDENT_REP": _numeros(t["id_logement"]),
        "IDENT_INT": t["id_logement"],
        "IDENT_ORG": "0000",
        "SIRET": f"{SIREN}00001",
        "RS": RAISON_SOCIALE,
        "DEPCOM": t["commune"],
        "QPV": t["qpv"].map({True: "1", False: "2"}),
        "TYPECONST": "C",
        "NBPIECE": t["typologie"].str.strip("T+"),
        "SURFHAB": t["surface"],
        "CONSTRUCT": t["annee_construction"],
        "LOCAT": t["annee_mise_location"],
        "FINAN": t["financement"].map({name: code.removesuffix(".0") for name, code in FINAN.items()}),
        "CONV": t["conventionne"].map({True: "1", False: "2"}),
        "COMPLGEO": t["programme"],
        "SORTIEPATRIM": t["motif_sortie"].map(SORTIE).fillna("9"),
        "DATVEFFECT": pd.to_datetime(t["date_sortie"]).dt.strftime("%m/%Y").fillna("01/1900"),
        "MODE": t["occupation"].astype("string").mask(gone, "9"),
        "BAIL": signed.fillna("06/" + t["annee_mise_location"].clip(upper=ANNEE - 4).astype(str)),
        "LOYERPRINC": t["loyer"],
        "CONTRESLOG": _contingents(parc),
    })


def _contingents(parc: Tables) -> list[str]:
    """Who holds each dwelling, as declared: each programme's rights in order, then some that disagree."""
    category = parc.frames["reservataires"].set_index("id_reservataire")["categorie"]
    rights = parc.frames["reservations"]
    codes = rights["id_reservataire"].map(category).map(CONTINGENT)
    waiting = {programme: [code for code, nb in zip(codes[rows], rights.loc[rows, "nb"], strict=True)
                           for _ in range(int(nb))]
               for programme, rows in rights.groupby("programme").groups.items()}
    declared = []
    for rank, programme in enumerate(parc.frames["logements"]["programme"]):
        left = waiting.get(programme)
        code = left.pop(0) if left else LIBRE
        declared.append(LIBRE if rank % EN_DESACCORD == 0 else code)
    return declared


def _registre(parc: Tables) -> list[list[Cell]]:
    """The register, its holders beside their rights, under a title."""
    holders = parc.frames["reservataires"]
    t = parc.frames["reservations"].merge(holders, on="id_reservataire", how="left", validate="many_to_one")
    header = {"id_reservataire": "Id réservataire", "nom": "Nom", "categorie": "Catégorie",
              "territoire_type": "Territoire type", "territoire_code": "Territoire code",
              "programme": "Programme", "commune": "Commune", "nb": "Nb", "contrepartie": "Contrepartie",
              "date_debut": "Date début", "date_fin": "Date fin"}
    rows: list[list[Cell]] = [["Registre des réservations, au 1er janvier 2026"], [], list(header.values())]
    for row in t[list(header)].itertuples(index=False):
        rows.append([_cell(value) for value in row])
    return rows


def _cell(value: object) -> Cell:
    match value:
        case pd.Timestamp():
            return value.date()
        case Integral():
            return int(value)
    return value if isinstance(value, str) else None


def _leases(parc: Tables) -> pd.DataFrame:
    t = parc.frames["mouvements"]
    return t.loc[(t["etape"] == "bail") & t["id_logement"].notna()]


def _radiations(parc: Tables) -> pd.DataFrame:
    """One lease a row, by the names of the SNE, with what it says of persons."""
    dwellings = parc.frames["logements"][["id_logement", "commune", "typologie", "qpv"]]
    t = _leases(parc).merge(dwellings, on="id_logement", how="left", validate="many_to_one")
    category = parc.frames["reservataires"].set_index("id_reservataire")["categorie"]
    yes = {True: "1", False: "0"}
    return pd.DataFrame({
        "NUMERO_UNIQUE": [f"FICTIF{rank:05d}" for rank in range(len(t))],
        "NUMERORPLS": _numeros(t["id_logement"]),
        "COMMUNE_LOGEMENT_ATTRIB": t["commune"],
        "TYPE_LOGEMENT_ATTRIB": t["typologie"].str.strip("+"),
        "DATE_SIGNATURE_BAIL": pd.to_datetime(t["date"]).dt.strftime("%d/%m/%Y"),
        "TYPE_RESERVATAIRE": t["id_reservataire"].map(category).fillna("bailleur").map(TYPES_SNE),
        "ATTRIBUE_DALO": t["priorite"].eq("dalo").map(yes),
        "NB_MENAGE_PRIORITAIRE": t["priorite"].isin(["dalo", "prioritaire"]).map(yes),
        "NB_Q1_RADIATION": t["quartile"].eq("q1").map(yes),
        "NB_Q2_RADIATION": t["quartile"].eq("q234").map(yes),
        "NB_QPV": t["qpv"].map(yes),
        "MODE_MUTATION": t["nature"].eq("mutation").map(yes),
        "NB_ANRU": t["nature"].eq("relogement_ru").map(yes),
    })


def _numeros(id_logement: pd.Series) -> pd.Series:
    """Numbers in the RPLS: 2000000001 for L000001."""
    return "2" + id_logement.str.removeprefix("L").str.zfill(9)
