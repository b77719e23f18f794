"""A dossier from plain rows, without files: read and typed by the same code as a real one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from flux.dossier import Dossier, completion, lecture_convention
from flux.dossier.communes import communes_frame
from flux.dossier.schemas import TABLES
from flux.noyau.errors import Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, TEXTE, check

DEPARTEMENT, EPCI, ANNEE = "00", "000000001", 2026
Row = Mapping[str, Any]


def dossier(
    *, annee: int = ANNEE, convention: Mapping[str, Any] | None = None, **tables: Iterable[Row]
) -> Dossier:
    """The dossier of these rows.

    Parameters
    ----------
    convention : sections `choix`, `stipulations`, `hypotheses`, and `convention` for another date of law.
    tables : rows of each table, by column; communes that `territoires` does not name are made up, in one
        EPCI of one département.
    """
    rows = {nom: list(lines) for nom, lines in tables.items()}
    known = {row["commune"] for row in rows.get("territoires", ())}
    cited = {row["commune"] for lines in rows.values() for row in lines if row.get("commune")}
    rows["territoires"] = [
        *rows.get("territoires", ()),
        *(
            {"commune": code, "nom": f"Commune {code}", "departement": DEPARTEMENT, "epci": EPCI}
            for code in sorted(cited - known)
        ),
    ]
    sources = {nom: Source(fichier=f"{nom}.csv", nb_lignes=len(rows.get(nom, ()))) for nom in TABLES}
    typed = {nom: table.empty() for nom, table in TABLES.items()}
    for nom in [nom for nom in typed if rows.get(nom)]:
        typed[nom], found = check(_texte(rows[nom]), TABLES[nom], sources[nom])
        blocking = [a for a in found if a.gravite is Gravite.BLOQUANT]
        assert not blocking, "\n".join(map(str, blocking))
    typed, found = completion.complete(typed, sources)
    assert not found, "\n".join(map(str, found))
    sections = dict(convention or {})
    sections["convention"] = {"annee": annee, **sections.get("convention", {})}
    sections["bailleur"] = {
        "nom": "Bailleur d'essai",
        "departement": DEPARTEMENT,
        **sections.get("bailleur", {}),
    }
    built, defects = lecture_convention.build(sections, Source(fichier="convention.toml"))
    assert built is not None, "\n".join(map(str, defects))
    return Dossier(
        nom="essai",
        convention=built,
        tables=typed,
        sources=tuple(sources.values()),
        reparations=(),
        communes=communes_frame(typed),
    )


def logements(nb: int, commune: str, programme: str, **columns: Any) -> list[Row]:
    """`nb` dwellings of one programme, all alike: T3, PLUS, outside QPV unless `columns` says otherwise."""
    row = {"commune": commune, "programme": programme, "qpv": False, "typologie": "T3", "financement": "PLUS"}
    return [{**row, "id_logement": f"{programme}-{n:05d}", **columns} for n in range(1, nb + 1)]


def reservataire(ident: str, categorie: str | None = None, territoire: str | None = None) -> Row:
    """A holder whose name says what it is: `commune_00001`, `epci_000000001`, else its category."""
    kind, _, code = ident.partition("_")
    local = kind in ("commune", "epci", "ept") and bool(code)
    return {
        "id_reservataire": ident,
        "nom": ident.replace("_", " ").capitalize(),
        "categorie": categorie or (kind if local else ident),
        "territoire_type": kind if local else "departement",
        "territoire_code": territoire or (code if local else DEPARTEMENT),
    }


def _texte(rows: list[Row]) -> pd.DataFrame:
    """What a file would hold: text, and nothing where there is nothing."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    frame = pd.DataFrame(
        [[_cell(row.get(key)) for key in columns] for row in rows], columns=columns, dtype=TEXTE
    )
    return frame.assign(**{LIGNE: pd.array(range(2, len(rows) + 2), dtype="Int64")})


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "oui" if value else "non"
    return value.isoformat() if isinstance(value, dt.date) else str(value)
