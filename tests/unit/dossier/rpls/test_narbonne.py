"""A real file: the old open layout, aggregated (Narbonne, 6,043 dwellings in 1,170 rows)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flux.dossier.rpls import ParcRpls, read_rpls

NOM = "rpls_narbonne_ancien_format.csv"


@pytest.fixture(scope="module")
def narbonne(donnees_partagees: Path) -> ParcRpls:
    return read_rpls(donnees_partagees / NOM)


def test_each_row_stands_for_its_dwellings(narbonne: ParcRpls, donnees_partagees: Path) -> None:
    with (donnees_partagees / NOM).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert narbonne.disposition.nom == "ouvert_2012_2020"
    assert (len(rows), len(narbonne.logements)) == (1170, 6043)
    assert narbonne.logements["surface"].sum() == pytest.approx(sum(float(r["SURFHAB"]) for r in rows))
    qpv = sum(int(float(r["nb"])) for r in rows if r["QPV"] == "1")
    assert narbonne.logements["qpv"].sum() == qpv
    assert narbonne.logements["commune"].unique().tolist() == ["11262"]
    assert narbonne.logements["id_logement"].is_unique


def test_what_was_made_and_what_cannot_be_given_is_said(narbonne: ParcRpls) -> None:
    codes = {a.code for a in narbonne.reparations}
    assert {"rpls.agrege", "rpls.identifiant_fabrique", "rpls.programme", "rpls.programme_absent"} <= codes
    lacking = set(narbonne.manques["variable"])
    assert {"IDENT_REP", "IDENT_INT", "SIRET", "CONV", "MODE", "LOYERPRINC", "CONTRESLOG"} <= lacking
    assert narbonne.contingents.empty
