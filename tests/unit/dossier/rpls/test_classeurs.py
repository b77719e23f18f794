"""An extract in a workbook: only the columns wanted, the same refusals as for a dossier."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from flux.dossier.rpls import read_rpls
from flux.dossier.rpls.dictionnaire import dispositions
from flux.noyau.errors import DataError

DONNEES = Path(__file__).parents[3] / "donnees"
DWELLING = {"DEPCOM": 1004, "QPV": 2, "NBPIECE": 3, "FINAN": "13", "MODE": 1, "SURFHAB": 64.5, "LOCAT": 1976}


def book(path, spoil=lambda sheet, headers: None, left=0):
    made = openpyxl.Workbook()
    headers = list(dispositions()["restreint"].colonnes)
    made.active.append([None] * left + headers)
    for i in range(3):
        row = {**DWELLING, "IDENT_INT": f"L{i}"}
        made.active.append([None] * left + [row.get(h) for h in headers])
    spoil(made.active, headers)
    made.save(path)
    return path


@pytest.mark.parametrize("left", [0, 2])
def test_a_workbook_reads_as_its_csv(tmp_path, left):
    parc = read_rpls(book(tmp_path / "rpls.xlsx", left=left), annee=2026)
    assert parc.logements["id_logement"].tolist() == ["L0", "L1", "L2"]
    assert parc.logements["commune"].tolist() == ["01004"] * 3
    assert parc.logements["surface"].tolist() == [64.5] * 3
    assert parc.logements["_ligne"].tolist() == [2, 3, 4]


def test_a_cell_in_error_is_refused_where_it_is_wanted(tmp_path):
    def spoil(column):
        def write(sheet, headers):
            sheet.cell(3, headers.index(column) + 1).value = "#REF!"

        return write

    with pytest.raises(DataError) as caught:
        read_rpls(book(tmp_path / "a.xlsx", spoil("DEPCOM")), annee=2026)
    assert (caught.value.code, caught.value.anomalies[0].ligne) == ("fichier.cellule_en_erreur", 3)
    assert len(read_rpls(book(tmp_path / "b.xlsx", spoil("LIBCOM")), annee=2026).logements) == 3


@pytest.mark.parametrize("name", ["secret.xls", "secret.ods", "secret.xlsx"])
def test_a_password_is_said_to_be_one(name):
    with pytest.raises(DataError) as caught:
        read_rpls(DONNEES / name)
    assert caught.value.code == "fichier.mot_de_passe"
