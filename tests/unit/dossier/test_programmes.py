"""The programme where the table has the variables of the RPLS and not ours."""

from __future__ import annotations

import pytest

from flux.dossier import examine, read_dossier

HEADER = "id_logement;commune;qpv;typologie;financement"
ROWS = ("L1;72181;non;T2;PLUS", "L2;72181;oui;T3;PLAI", "L3;72003;non;T5+;PLS")


def table(columns: str, *cells: str) -> str:
    rows = [f"{row};{more}" for row, more in zip(ROWS, cells, strict=True)]
    return "\n".join([f"{HEADER};{columns}", *rows]) + "\n"


@pytest.mark.parametrize(
    ("columns", "cells", "programmes", "said"),
    [
        ("CODSEGPATRIM", ("P1", "P1", "P2"), ["P1", "P1", "P2"], ["rpls"]),
        ("NUMCONV", ("P1", "P1", "P2"), ["P1", "P1", "P2"], ["rpls"]),
        ("complgeo", ("P1", "P1", "P2"), ["P1", "P1", "P2"], ["rpls"]),
        # several: for each dwelling the first that is filled, whatever the order of the columns
        ("COMPLGEO;NUMCONV;CODSEGPATRIM", ("a;b;P1", "a;P1;", "P2;;"), ["P1", "P1", "P2"], ["rpls"] * 3),
        ("CODSEGPATRIM;NUMCONV", ("P1;NA", "P1;b", "P2;c"), ["P1", "P1", "P2"], ["rpls"]),
        ("CODSEGPATRIM;NUMCONV", ("NA;P1", ";P1", "na;"), ["P1", "P1", None], ["rpls", "rpls_vide"]),
        ("programme;CODSEGPATRIM", ("P1;x", "P1;y", ";z"), ["P1", "P1", None], []),
    ],
)
def test_the_programme_is_the_first_that_is_filled(ecrire, columns, cells, programmes, said):
    dossier = read_dossier(ecrire(logements=table(columns, *cells)))
    read = dossier.logements["programme"]
    assert [None if absent else name for name, absent in zip(read, read.isna(), strict=True)] == programmes
    found = [a.code for a in dossier.reparations if a.code.startswith("logements.programme.")]
    assert found == [f"logements.programme.{code}" for code in said]


def test_each_line_is_said_once(ecrire):
    dossier = read_dossier(ecrire(logements=table("NUMCONV;CODSEGPATRIM", "b;P1", "P1;", ";")))
    lines = {a.message: list(a.lignes) for a in dossier.reparations if ".programme." in a.code}
    assert list(lines.values()) == [[2], [3], [4]]


def test_empty_variables_name_nothing(ecrire):
    folder = ecrire(
        logements=table("NUMCONV", "", "NA", ""), reservations="id_reservataire;id_logement\nprefet;L1\n"
    )
    assert read_dossier(folder).logements["programme"].isna().all()
    assert not any(".programme." in a.code for a in examine(folder).anomalies)
