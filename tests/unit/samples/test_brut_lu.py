"""`val-de-mire-brut`: once repaired, the figures of the clean sample."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import flux
from flux.dossier import Dossier, read_dossier
from flux.noyau.tables import LIGNE

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
BRUT = SAMPLES / "val-de-mire-brut"


@pytest.fixture(scope="module")
def propre() -> Dossier:
    return read_dossier(SAMPLES / "val-de-mire")


@pytest.fixture(scope="module")
def brut() -> Dossier:
    return read_dossier(BRUT)


def test_the_same_tables(propre: Dossier, brut: Dossier) -> None:
    for nom, clean in propre.tables.items():
        pd.testing.assert_frame_equal(
            clean.drop(columns=LIGNE).convert_dtypes(),
            brut.tables[nom].drop(columns=LIGNE).convert_dtypes(),
            obj=nom,
        )


def test_the_same_quotas(propre: Dossier, brut: Dossier) -> None:
    clean, dirty = flux.convert(propre), flux.convert(brut)
    for nom in ("table", "communes", "plafonds", "flux"):
        pd.testing.assert_frame_equal(getattr(clean, nom), getattr(dirty, nom), obj=nom)


def test_every_repair_is_said_and_none_blocks(brut: Dossier) -> None:
    said = {a.code for a in brut.reparations}
    assert {
        "fichier.cp1252",
        "logements.entetes",
        "logements.colonne_inconnue",
        "logements.commune.zero_rendu",
        "logements.typologie.nombre_de_pieces",
        "logements.date_sortie.absence",
        "reservations.entetes",
        "reservations.ligne_titre",
        "reservations.colonne_inconnue",
        "reservations.date_debut.date_incomplete",
        "reservations.date_fin.date_incomplete",
        "fichier.utf16",
    } <= said


def test_names_of_persons_are_invented_and_never_read(brut: Dossier) -> None:
    kept = [frame.to_csv() for frame in brut.tables.values()] + [str(a) for a in brut.reparations]
    assert b"Personne 1" in (BRUT / "logements.csv").read_bytes()
    assert not any("Personne" in text for text in kept)
