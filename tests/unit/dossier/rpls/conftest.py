"""Rows of the RPLS made from the headers of each layout: no real file but Narbonne's can be had."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from flux.dossier.rpls.dictionnaire import dispositions, variable_of

LOGEMENT = {
    "IDENT_ORG": "O1",
    "SIRET": "5512345600012",
    "RS": "HABITAT DU MANS",
    "DROIT": "1",
    "DEPCOM": "72181",
    "QPV": "2",
    "TYPECONST": "C",
    "NBPIECE": "3",
    "SURFHAB": "64,5",
    "CONSTRUCT": "1975",
    "LOCAT": "1976",
    "FINAN": "13",
    "CONV": "1",
    "CODSEGPATRIM": "7",
    "MODE": "1",
    "BAIL": "03/2020",
    "LOYERPRINC": "401,25",
    "CONTRESLOG": "2",
    "SORTIEPATRIM": "9",
    "NUMVOIE": "3",
    "TYPVOIE": "RUE",
    "NOMVOIE": "DES LILAS",
}
Lignes = Iterable[dict[str, str]]


@pytest.fixture
def ecrire(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of a layout: one dwelling for each mapping of `lignes`, which completes `LOGEMENT`."""

    def write(
        disposition: str,
        lignes: Lignes = ({},),
        *,
        nom: str = "rpls.csv",
        encodage: str = "utf-8",
        entete: bool = True,
        avant: Sequence[Sequence[str]] = (),
        colonnes: Sequence[str] = (),
    ) -> Path:
        headers = colonnes or dispositions()[disposition].colonnes
        path = tmp_path / nom
        with path.open("w", encoding=encodage, newline="") as stream:
            writer = csv.writer(stream, delimiter=";")
            writer.writerows(avant)
            if entete:
                writer.writerow(headers)
            for rank, more in enumerate(lignes):
                given = {"IDENT_INT": f"L{rank}", "IDENT_REP": f"{1_000_000_000 + rank}", **LOGEMENT, **more}
                writer.writerow([given.get(h, given.get(variable_of(h), "")) for h in headers])
        return path

    return write
