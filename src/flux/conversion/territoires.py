"""Where a holder's rights bear, and where a table was read."""

from __future__ import annotations

from flux.dossier import Dossier
from flux.noyau.provenance import Source


def communes_of(dossier: Dossier, territoire_type: str, code: str) -> list[str]:
    """Communes of a territory that the dossier cites, sorted by code.

    `departement` is the convention's own: one convention per bailleur, réservataire and département
    (CCH, art. R. 441-5, I), so a holder of the département or of the region bears on all of it.
    """
    communes = dossier.communes
    match territoire_type:
        case "commune":
            kept = communes["commune"] == code
        case "epci":
            kept = communes["epci"] == code
        case "ept":
            kept = communes["ept"] == code
        case _:
            kept = communes["departement"] == dossier.convention.bailleur.departement
    return sorted(communes.loc[kept.fillna(False).astype(bool), "commune"])


def source_of(dossier: Dossier, table: str) -> Source:
    """The file or sheet in which a table was read."""
    for source in dossier.sources:
        if source.feuille == table or (source.feuille is None and source.fichier.rsplit(".", 1)[0] == table):
            return source
    return Source(fichier=f"{table} (table absente du dossier)")
