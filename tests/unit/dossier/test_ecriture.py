"""How the tables of a dossier are written."""

from __future__ import annotations

import datetime
import tomllib

from flux.dossier.ecriture import csv_text, toml_text
from flux.samples.tables import frame


def test_a_cell_of_each_kind_and_its_absence() -> None:
    columns = ["id_logement", "qpv", "nb", "part", "surface", "date_fin"]
    table = frame(
        columns,
        [("A;1", True, 3, 0.5, 64.0, datetime.date(2026, 6, 30)), (None, None, None, None, None, None)],
    )
    assert csv_text(table).splitlines() == [";".join(columns), '"A;1";oui;3;0,5;64;2026-06-30', ";;;;;"]


def test_toml_is_read_back_as_it_was() -> None:
    day = datetime.date(2026, 1, 1)
    sections = {
        "bailleur": {"nom": 'Habitat « du » "Val"', "actif": True},
        "convention": {"annee": 2026, "date": day, "part": 0.3, "codes": [3, 4]},
    }
    assert tomllib.loads(toml_text(sections)) == sections
