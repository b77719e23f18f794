"""How what was repaired, supposed or is to be checked is shown: one row for all the lines alike."""

from __future__ import annotations

from collections.abc import Iterable

from flux.noyau.errors import Anomalie, anomalies_table
from flux.rendu.vue import Colonne, Tableau


def remarques(titre: str, anomalies: Iterable[Anomalie]) -> Tableau:
    """The anomalies; those that differ by their line alone make one row: the first line, their number."""
    table = anomalies_table(anomalies)
    keys = ["gravite", "fichier", "colonne", "message", "correction"]
    alike = table.groupby(keys, sort=False, dropna=False)["ligne"].agg(["first", "size"]).reset_index()
    return Tableau(
        titre=titre,
        frame=alike.rename(columns={"first": "ligne", "size": "nb_lignes"}),
        colonnes=(
            "gravite",
            "fichier",
            "colonne",
            Colonne("ligne", libelle="Première ligne"),
            Colonne("nb_lignes", cle="nb_lignes", libelle="Fois"),
            "message",
            "correction",
        ),
    )
