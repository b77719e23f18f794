"""What the tables leave to be understood, filled in before they are checked against each other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

import pandas as pd

from flux.dossier import vocabulaire as v
from flux.dossier.communes import current_codes
from flux.dossier.convention import Convention
from flux.noyau.errors import Anomalie, Gravite
from flux.noyau.provenance import Source
from flux.noyau.tables import anomaly_at, grouped

SPECIALES = frozenset({v.Categorie.DEFENSE_SECURITE.value, v.Categorie.HOPITAL.value})
"""Categories whose rights may stay in stock (CCH, art. L. 441-1, al. 39: défense, sécurité, santé)."""


_WIDTHS = {
    v.TerritoireType.COMMUNE.value: 5,
    v.TerritoireType.DEPARTEMENT.value: 2,
    v.TerritoireType.REGION.value: 2,
}


def complete(
    tables: Mapping[str, pd.DataFrame],
    sources: Mapping[str, Source],
) -> tuple[dict[str, pd.DataFrame], list[Anomalie]]:
    """Communes brought to today's, territory codes to their full form, `mode` to its default."""
    own = set(tables["territoires"]["commune"].dropna())
    out: dict[str, pd.DataFrame] = {}
    anomalies: list[Anomalie] = []
    for nom, frame in tables.items():
        out[nom] = frame
        if "commune" in frame and nom != "territoires":
            codes, found = current_codes(frame, "commune", nom, sources[nom], own)
            out[nom] = frame.assign(commune=codes)
            anomalies += found
    for nom in ("reservataires", "demande"):
        out[nom], found = with_territory_codes(out[nom], nom, sources[nom], own)
        anomalies += found
    out["reservations"] = with_mode(out["reservations"], out["reservataires"])
    return out, anomalies


def with_territory_codes(
    frame: pd.DataFrame,
    table: str,
    source: Source,
    own: Set[str],
) -> tuple[pd.DataFrame, list[Anomalie]]:
    """Codes of territories without the marks of a spreadsheet, with their zeros; communes of today."""
    kind, written = frame["territoire_type"], frame["territoire_code"]
    widths = kind.map(_WIDTHS).fillna(0).astype(int)
    codes = pd.Series(map(_code, written, widths), index=frame.index, dtype=written.dtype)
    repair = anomaly_at(
        source,
        code=f"{table}.territoire_code.code_retouche",
        colonne="territoire_code",
        message="Code touché par un tableur, remis en forme",
    )
    found = list(grouped(repair, frame, written.notna() & (codes != written)))
    frame = frame.assign(territoire_code=codes)
    communes = kind.eq(v.TerritoireType.COMMUNE)
    current, said = current_codes(frame.loc[communes], "territoire_code", table, source, own)
    return frame.assign(
        territoire_code=current.reindex(frame.index).where(communes, frame["territoire_code"])
    ), [*found, *said]


def _code(written: str, width: int) -> str:
    """A code without its spaces nor its `.0`, with its zeros; a name, or an absence, as it is."""
    if pd.isna(written) or not written[0].isdigit():
        return written
    return re.sub(r"\s|[.,]0$", "", written).upper().zfill(width)


def with_mode(reservations: pd.DataFrame, reservataires: pd.DataFrame) -> pd.DataFrame:
    """`mode` where it is not written: stock for an identified dwelling of defence, security or health."""
    category = reservataires.drop_duplicates("id_reservataire").set_index("id_reservataire")["categorie"]
    special = reservations["id_reservataire"].map(category).isin(SPECIALES)
    stock = special & reservations["id_logement"].notna()
    default = pd.Series(v.Mode.FLUX.value, index=reservations.index).mask(stock, v.Mode.STOCK.value)
    mode = reservations["mode"]
    return reservations.assign(mode=mode.where(mode.notna(), default).astype(mode.dtype))


def with_departement(
    convention: Convention, tables: Mapping[str, pd.DataFrame], communes: pd.DataFrame, source: Source
) -> tuple[Convention, list[Anomalie]]:
    """The département of the convention with the zero it lost; unwritten, the only one of its dwellings."""
    written = convention.bailleur.departement or ""
    if written.isdigit() and len(written) == 1:
        said = anomaly_at(
            source,
            code="convention.bailleur.departement.zero_rendu",
            gravite=Gravite.INFORMATION,
            colonne="bailleur.departement",
            valeur=written,
            message=f"Zéro perdu par un tableur, rendu au code : {written.zfill(2)}",
        )
        return convention.in_departement(written.zfill(2)), [said]
    if convention.bailleur.departement or tables["logements"].empty:
        return convention, []
    known = communes.set_index("commune")["departement"]
    found = sorted(set(tables["logements"]["commune"].map(known).dropna()))
    if len(found) == 1:
        said = anomaly_at(
            source,
            code="convention.bailleur.departement.deduit",
            gravite=Gravite.INFORMATION,
            colonne="bailleur.departement",
            valeur=found[0],
            message="Département déduit des logements",
        )
        return convention.in_departement(found[0]), [said]
    return convention, [
        anomaly_at(
            source,
            code="convention.bailleur.departement.absent",
            colonne="bailleur.departement",
            message="Le département de la convention manque",
            attendu=f"un code de département (ceux des logements : {', '.join(found) or 'inconnus'})",
            correction='Ajouter departement = "…" dans la section [bailleur].',
        )
    ]
