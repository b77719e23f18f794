"""`val-de-mire-brut`: the files of `val-de-mire` as three services would send them.

Nothing is drawn: the same dwellings, rights and leases, in four formats (csv, xlsx, ods, text with
tabulations), with the dirt that real files carry. Every repair that they ask for is stated by the contract.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence

import pandas as pd

from flux.dossier.ecriture import csv_text, toml_text
from flux.samples.classeurs import Cell, ods, xlsx
from flux.samples.val_de_mire import val_de_mire

FINAN = {"PLUS": "13.0", "PLAI": "10.0", "PLS": "14.0", "PLI": "16.0"}
RPLS = {
    "id_logement": "IDENT_INT", "commune": "DEPCOM", "qpv": "QPV", "typologie": "NBPIECE",
    "financement": "FINAN", "annee_construction": "CONSTRUCT", "conventionne": "CONV",
    "annee_mise_location": "LOCAT", "surface": "SURFHAB", "loyer": "LOYERPRINC", "occupation": "MODE",
}  # fmt: skip
EN_TETES = {
    "id_reservataire": "Id_Réservataire", "id_logement": "ID LOGEMENT", "programme": "Programme ",
    "commune": "COMMUNE", "nb": "Nb", "type_droit": "Type droit", "annee_prevue": "Année prévue",
    "contrepartie": "Contrepartie", "date_debut": "Date début", "date_fin": "Date fin",
    "date_remboursement": "Date remboursement", "mode": "Mode", "part": "Part", "annee": "Année",
    "etape": "Étape", "nature": "Nature", "date": "Date", "priorite": "Priorité", "quartile": "Quartile",
    "categorie": "Catégorie", "etat": "État", "obligation_25": "Obligation 25",
}  # fmt: skip


def val_de_mire_brut() -> Mapping[str, bytes]:
    """The files, by name."""
    clean = val_de_mire()
    tables = {nom: _texts(frame) for nom, frame in clean.frames.items()}
    return {
        "logements.csv": _logements(tables["logements"]),
        "reservations.xlsx": _reservations(tables["reservations"]),
        "mouvements.txt": _mouvements(tables["mouvements"]),
        "soustractions.xlsx": xlsx(_soustractions(tables["soustractions"]), feuille="Soustractions"),
        **{
            f"{nom}.ods": ods(_sheet(_small(tables[nom])), feuille="Feuille1")
            for nom in ("reservataires", "livraisons", "soldes", "territoires", "demande")
        },
        "convention.toml": toml_text(clean.convention).encode(),
    }


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """The cells as our csv writes them; "" where absent."""
    return pd.read_csv(io.StringIO(csv_text(frame)), sep=";", dtype=str, keep_default_na=False)


def _logements(t: pd.DataFrame) -> bytes:
    """An extract of the RPLS: its names and codes, a column of persons, cp1252, a blank line on top."""
    t = t.assign(
        commune=_without_zero(t["commune"]),
        qpv=t["qpv"].map({"oui": "1", "non": "2"}),
        conventionne=t["conventionne"].map({"oui": "1", "non": "2", "": ""}),
        typologie=t["typologie"].str.strip("T+"),
        financement=t["financement"].map(FINAN),
        annee_mise_location=t["annee_mise_location"] + ".0",
        date_sortie=t["date_sortie"].map(lambda day: _french(day) or "01/1900"),
    )
    t["Identité du locataire"] = [f"Personne {rank % 90 + 1}" for rank in range(len(t))]
    header = [RPLS.get(name, name) for name in t.columns]
    rows = [[], header, *t.to_numpy().tolist(), *([""] * len(header) for _ in range(3))]
    return "".join(";".join(row) + "\r\n" for row in rows).encode("cp1252")


def _reservations(t: pd.DataFrame) -> bytes:
    """The register: titles over the header, days written in every way, per cent, lost zeros."""
    days = ["date_debut", "date_fin", "date_remboursement"]
    t = t.assign(
        commune=_without_zero(t["commune"]),
        part=t["part"].map({"": "", "0,5": "50\u00a0%"}),
    )
    rows: list[list[Cell]] = []
    for rank, row in enumerate(t.to_dict("records")):
        shown = {str(name): _number(value) if name == "nb" else value for name, value in row.items()}
        shown |= {name: _day(row[name], rank, end=name == "date_fin") for name in days}
        rows.append([*shown.values(), f"Personne {rank % 5 + 1}"])
    titles: list[list[Cell]] = [["Registre des réservations"], ["Extraction du 2 janvier 2026"], []]
    header: list[Cell] = [*_headers(t), "Nom du gestionnaire"]
    return xlsx([*titles, header, *rows, [" "], [" "]], feuille="Registre")


def _mouvements(t: pd.DataFrame) -> bytes:
    """« Texte Unicode » of Excel: tabulations, UTF-16, days with their hour, words with their capital."""
    t = t.assign(
        date=t["date"].map(lambda day: day and f"{_french(day).replace('/', '-')} 00:00:00"),
        nature=t["nature"].str.capitalize(),
        quartile=t["quartile"].str.upper(),
    )
    rows = [_headers(t), *t.to_numpy().tolist()]
    return b"\xff\xfe" + "".join("\t".join(row) + "\r\n" for row in rows).encode("utf-16-le")


def _soustractions(t: pd.DataFrame) -> list[list[Cell]]:
    """Words with accents and capitals; in QPV or not, by the codes of the RPLS."""
    words = {"previsionnel": "Prévisionnel", "realise": "RÉALISÉ"}
    t = t.assign(
        etat=t["etat"].map(words),
        commune=_without_zero(t["commune"]),
        qpv=t["qpv"].map({"oui": "1", "non": "2", "": ""}),
        nb=t["nb"] + ",0",
    )
    return _sheet(t)


def _small(t: pd.DataFrame) -> pd.DataFrame:
    """A table kept by hand: lost zeros, Oui and 1, days of France."""
    for name in t.columns.intersection(["commune", "territoire_code"]):
        short = t[name].str.len() == 5
        t = t.assign(**{name: t[name].mask(short, _without_zero(t[name]))})
    for name in t.columns.intersection(["qpv", "obligation_25", "carencee", "zone_tendue"]):
        said = {"oui": ("Oui", "1"), "non": ("Non", "0")}
        t = t.assign(**{name: [said[x][rank % 2] if x else "" for rank, x in enumerate(t[name])]})
    for name in t.columns.intersection(["date_mise_service"]):
        t = t.assign(**{name: t[name].map(_french)})
    return t


def _sheet(t: pd.DataFrame) -> list[list[Cell]]:
    return [list(_headers(t)), *t.to_numpy().tolist(), [" "]]


def _headers(t: pd.DataFrame) -> Sequence[str]:
    return [EN_TETES.get(name, name) for name in t.columns]


def _without_zero(codes: pd.Series) -> pd.Series:
    """`"00101"` -> `"0101"`: a code of our fictitious département, that has two zeros, less one."""
    return codes.str.removeprefix("0")


def _french(day: str) -> str:
    """`"2026-06-15"` -> `"15/06/2026"`."""
    return "/".join(reversed(day.split("-")))


def _number(text: str) -> Cell:
    return int(text) if text else None


def _day(day: str, rank: int, *, end: bool) -> Cell:
    """One of the ways of writing a day; a month or a year alone only where its first (last) day is meant."""
    if not day:
        return None
    year, month, _ = day.split("-")
    if rank % 5 == 1 and day[5:] == ("12-31" if end else "01-01"):
        return year
    if rank % 5 == 2 and pd.Timestamp(day) == (
        pd.Timestamp(day) + pd.offsets.MonthEnd(0) if end else pd.Timestamp(f"{year}-{month}-01")
    ):
        return f"{month}/{year}"
    if rank % 5 == 3:
        return datetime.date.fromisoformat(day)
    return day if rank % 5 == 4 else _french(day)
