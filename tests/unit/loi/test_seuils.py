"""The thresholds of the first quartile: shipped, a user's, and what a rule makes of them."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from flux.loi import regles
from flux.loi.mixite import compte_comme_qpv, est_premier_quartile
from flux.loi.seuils_q1 import arretes, shipped
from flux.noyau.errors import DataError, RegleError
from flux.noyau.provenance import Couleur

ROOT = Path(__file__).parents[3]
CAS = tomllib.loads((ROOT / "tests" / "cas" / "loi" / "seuils_q1.toml").read_text(encoding="utf-8"))["seuil"]
SHARED = ROOT.parent / "shared" / "data" / "quartiles_2024_2026.csv"
LE_MANS = "247200132"


@pytest.mark.parametrize("cas", [pytest.param(cas, id=cas["nom"]) for cas in CAS])
def test_the_threshold_is(cas: dict[str, Any]) -> None:
    law = regles(cas["date"])
    if "erreur" in cas:
        with pytest.raises(RegleError) as caught:
            law.seuil_q1(cas["territoire"])
        assert caught.value.code == cas["erreur"]
        return
    figure = law.seuil_q1(cas["territoire"])
    assert (figure.valeur, figure.article) == (cas["attendu"], cas["article"])
    assert figure.couleur is Couleur.LOI
    assert figure.source is not None
    assert figure.source.fichier == "seuils_q1.csv"


@pytest.mark.parametrize(
    ("asked", "offered"), [("Le Mans", LE_MANS), ("CU Le Man Metropole", LE_MANS), ("247200123", LE_MANS)]
)
def test_an_unknown_territory_suggests_the_nearest(asked: str, offered: str) -> None:
    with pytest.raises(RegleError, match=offered) as caught:
        regles("2026-01-01").seuil_q1(asked)
    assert caught.value.code == "regle.territoire_hors_liste"


def test_the_table_is_the_list_of_the_year() -> None:
    law = regles("2026-01-01")
    table = law.seuils_q1
    assert set(table["territoire"]) == law.territoires_25
    assert len(table) == 424
    paris = table[table["echelle"] == "region"]
    assert set(paris["seuil_eur"]) == {12083}
    assert "75056" in set(paris["territoire"])


def test_a_year_without_list_has_no_territory() -> None:
    assert regles("2027-01-01").territoires_25 is None
    assert regles("2027-01-01").seuils_q1.empty


def test_every_arrete_has_its_thresholds() -> None:
    assert [len(shipped(a.annee)) for a in arretes()] == [425, 425, 424]
    assert all(a.depuis <= a.jusqu_a for a in arretes())


def test_a_user_s_file_prevails_territory_by_territory(tmp_path: Path) -> None:
    own = tmp_path / "seuils.csv"
    own.write_text(
        "Territoire;nom;seuil_eur\n247200132;Le Mans;9 500,50 €\n\n217500016;;12000\n", "utf-8-sig"
    )
    law = regles("2026-01-01", quartiles=own)
    figure = law.seuil_q1(LE_MANS)
    assert (figure.valeur, figure.couleur) == (Fraction(19001, 2), Couleur.DONNEE)
    assert figure.source is not None
    assert figure.source.fichier == "seuils.csv"
    assert len(figure.source.sha256 or "") == 64
    assert law.seuil_q1("75056").valeur == 12000
    assert law.seuil_q1("240100750").couleur is Couleur.LOI
    assert law.territoires_25 == regles("2026-01-01").territoires_25


def test_a_user_s_file_gives_a_year_that_is_not_shipped(tmp_path: Path) -> None:
    own = tmp_path / "seuils.csv"
    own.write_text("annee,territoire,seuil_eur\n2026,247200132,1\n2027,247200132,9600\n", "utf-8")
    assert regles("2027-01-01", quartiles=own).seuil_q1(LE_MANS).valeur == 9600
    assert regles("2027-01-01", quartiles=str(own)).territoires_25 is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("territoire;q1\n247200132;9480\n", ["quartiles.colonne_absente"]),
        ("", ["quartiles.colonne_absente"] * 2),
        (
            "territoire;seuil_eur\n24720013;9480\n247200132;beaucoup\n",
            ["quartiles.territoire", "quartiles.seuil_eur"],
        ),
        ("territoire;seuil_eur\n247200132;9480\n247200132;9480\n", ["quartiles.territoire"]),
        ("territoire;seuil_eur\n247200132;-5\n247200132;inf\n247200132\n", ["quartiles.seuil_eur"] * 3),
        ("annee;territoire;seuil_eur\n2024;247200132;9143\n", ["quartiles.annee"]),
    ],
)
def test_every_defect_of_a_user_s_file_at_once(tmp_path: Path, text: str, codes: list[str]) -> None:
    own = tmp_path / "seuils.csv"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        regles("2026-01-01", quartiles=own)
    assert [a.code for a in caught.value.anomalies] == codes


def test_a_defect_says_the_line_of_the_file(tmp_path: Path) -> None:
    own = tmp_path / "seuils.csv"
    own.write_text("territoire;seuil_eur\n\n247200132;\n", encoding="utf-8")
    with pytest.raises(DataError, match="ligne 3"):
        regles("2026-01-01", quartiles=own)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="illisible"):
        regles("2026-01-01", quartiles=tmp_path / "rien.csv")


@pytest.mark.parametrize(
    ("ressources", "q1"), [(9479, True), (Fraction("9479.99"), True), (9480, False), (0, True)]
)
def test_strictly_below_the_threshold(ressources: Fraction | int, q1: bool) -> None:
    assert est_premier_quartile(ressources, LE_MANS, regles("2026-01-01")) is q1


@pytest.mark.parametrize(
    ("jour", "sortie", "compte"),
    [
        ("2020-12-31", None, True),
        ("2021-01-01", None, False),
        ("2021-06-30", dt.date(2015, 7, 1), True),
        ("2021-07-01", dt.date(2015, 7, 1), False),
        ("2022-02-22", dt.date(2020, 2, 29), True),
        ("2022-02-23", dt.date(2020, 2, 29), False),
        ("2019-06-01", dt.date(2020, 2, 29), False),
        ("2016-06-01", None, False),
    ],
)
def test_a_former_district_counts_six_years(jour: str, sortie: dt.date | None, compte: bool) -> None:
    assert compte_comme_qpv(regles(jour), sortie) is compte


@pytest.mark.skipif(not SHARED.exists(), reason="the annexes of the arrêtés are not beside the repository")
def test_the_script_makes_the_table_that_is_shipped(tmp_path: Path) -> None:
    target = tmp_path / "seuils_q1.csv"
    subprocess.run([sys.executable, ROOT / "scripts" / "seuils_q1.py", SHARED, target], check=True)
    assert target.read_bytes() == (ROOT / "src" / "flux" / "loi" / "seuils_q1.csv").read_bytes()
