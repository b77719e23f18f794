"""The law on a day: access, proof, hypotheses, differences, faces."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

import flux
from flux.loi import Regles, regles
from flux.loi.lecture import read_fiches
from flux.noyau.errors import RegleError
from flux.noyau.provenance import Couleur


@pytest.fixture(scope="module")
def loi() -> Regles:
    return regles("2026-01-01")


def code(call: Callable[[], object]) -> str:
    with pytest.raises(RegleError) as caught:
        call()
    return caught.value.code


def test_every_parameter_has_an_article_and_a_unit() -> None:
    for cle, fiche in read_fiches().items():
        assert fiche.unite, cle
        assert all(version.references[0].titre for version in fiche.valeurs), cle


@pytest.mark.parametrize(
    "day", ["2026-01-01", dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 12), pd.Timestamp("2026-01-01")]
)
def test_a_day_is_text_or_date(day: str | dt.date, loi: Regles) -> None:
    assert regles(day) == loi


def test_a_date_that_is_not_one_is_refused() -> None:
    assert code(lambda: regles("01/01/2026")) == "regle.date_illisible"


def test_before_everything_names_the_first_date_and_its_article() -> None:
    with pytest.raises(RegleError, match=r"01/01/1986 \(CCH, art\. R\. 441-5\)") as caught:
        regles("1950-01-01")
    assert caught.value.code == "regle.avant_premiere_valeur"


def test_not_yet_in_force_names_the_first_date_and_its_article() -> None:
    with pytest.raises(RegleError, match=r"22/02/2020 \(CCH, art\. R\. 441-5-2, I\)") as caught:
        regles("2019-01-01").valeur("part_max_etat")
    assert caught.value.code == "regle.avant_premiere_valeur"


def test_an_unknown_parameter_suggests_the_nearest(loi: Regles) -> None:
    with pytest.raises(RegleError, match="Vouliez-vous dire : part_max_etat") as caught:
        loi["part_max_eta"]
    assert caught.value.code == "regle.inconnue"


def test_a_share_is_exact(loi: Regles) -> None:
    assert loi.valeur("part_max_etat") == Fraction(3, 10)
    assert loi.valeur("part_max_agents") == Fraction(1, 20)


def test_a_value_is_asked_by_its_nature(loi: Regles) -> None:
    assert loi.part("part_max_garantie") == Fraction(1, 5)
    assert loi.ans("duree_garantie_apres_remboursement") == 5
    assert loi.liste("relogements_comptes_q1") == ("relogement_ru", "relogement_orcod")
    assert code(lambda: loi.ans("exclusion_foyer")) == "regle.autre_nature"
    assert code(lambda: loi.liste("part_max_etat")) == "regle.autre_nature"
    assert loi.figure("duree_max_derogation_etat").valeur == 1
    assert loi.figure("delai_proposition_zone_tendue").unite == "mois"
    assert code(lambda: loi.ans("delai_proposition_zone_tendue")) == "regle.autre_nature"


def test_a_figure_has_the_colour_of_the_law(loi: Regles) -> None:
    figure = loi.figure("part_max_etat")
    assert (figure.valeur, figure.couleur) == (Fraction(3, 10), Couleur.LOI)
    assert figure.article == "CCH, art. R. 441-5-2, I"
    assert not figure.hypothetique


@pytest.mark.parametrize("cle", ["exclusion_foyer", "categories_soustraites", "date_fin_stock"])
def test_what_is_not_a_number_is_not_a_figure(cle: str, loi: Regles) -> None:
    assert code(lambda: loi.figure(cle)) == "regle.autre_nature"


@pytest.mark.parametrize("part", [0.35, Fraction(7, 20)])
def test_a_hypothesis_is_another_value_and_stamps_the_figure(part: object, loi: Regles) -> None:
    supposed = loi.suppose(part_max_etat=part)
    assert supposed.valeur("part_max_etat") == Fraction(7, 20)
    assert supposed.figure("part_max_etat").couleur is Couleur.HYPOTHESE
    assert supposed.figure("part_max_agents").couleur is Couleur.LOI
    assert len(supposed.hypotheses) == 1
    assert "au lieu de" in supposed.hypotheses[0]
    assert loi.valeur("part_max_etat") == Fraction(3, 10)
    assert loi.hypotheses == ()


def test_a_whole_share_may_be_supposed_as_an_integer(loi: Regles) -> None:
    assert loi.suppose(part_max_garantie=1).valeur("part_max_garantie") == 1


@pytest.mark.parametrize("part", [35, -0.1, True, float("nan"), None, "0.35"])
def test_an_impossible_share_is_refused(part: object, loi: Regles) -> None:
    assert code(lambda: loi.suppose(part_max_etat=part)) == "regle.valeur_impossible"


def test_supposing_an_unknown_parameter_suggests_the_nearest(loi: Regles) -> None:
    assert code(lambda: loi.suppose(part_maxi_etat=0.35)) == "regle.inconnue"


def test_a_rule_not_yet_in_force_may_be_supposed() -> None:
    early = regles("2019-12-01").suppose(part_max_etat=0.3)
    assert early.valeur("part_max_etat") == Fraction(3, 10)
    assert "au lieu de" not in early.hypotheses[0]


def test_the_health_exception_is_a_difference() -> None:
    diff = regles("2021-01-01").diff(regles("2022-03-01")).table.set_index("cle")
    row = diff.loc["categories_exception_stock"]
    assert "Établissement public de santé" not in row["avant"]
    assert "Établissement public de santé" in row["apres"]
    assert row["depuis"] == pd.Timestamp("2022-02-23")
    assert "L. 441-1" in row["article"]
    assert "part_max_etat" not in diff.index


def test_what_enters_into_force_is_a_difference_without_before() -> None:
    diff = regles("2019-01-01").diff(regles("2021-01-01")).table.set_index("cle")
    assert pd.isna(diff.loc["part_max_etat", "avant"])
    assert diff.loc["part_max_etat", "depuis"] == pd.Timestamp("2020-02-22")


def test_the_same_law_has_no_difference(loi: Regles) -> None:
    same = loi.diff(regles("2026-01-01"))
    assert same.table.empty
    assert "Aucun paramètre ne change." in repr(same)


def test_what_is_repealed_is_a_difference_without_after() -> None:
    row = (
        regles("2020-02-21").diff(regles("2020-02-22")).table.set_index("cle").loc["part_max_etat_patrimoine"]
    )
    assert (row["avant"], pd.isna(row["apres"])) == ("30,0\u202f%", True)
    assert row["depuis"] == pd.Timestamp("2020-02-22")
    assert row["statut"] == "verifie"


def test_back_in_time_what_comes_back_has_no_before() -> None:
    diff = regles("2022-03-01").diff(regles("2022-01-01")).table.set_index("cle")
    assert pd.isna(diff.loc["transfert_carence", "avant"])
    assert pd.isna(diff.loc["reprise_hors_flux", "apres"])


def test_another_number_of_the_same_paragraph_is_no_change() -> None:
    before, after = regles("2022-02-08"), regles("2022-02-09")
    assert before["part_min_q1_hors_qpv"].article == "CCH, art. L. 441-1, al. 23 à 25"
    assert after["part_min_q1_hors_qpv"].article == "CCH, art. L. 441-1, al. 24 à 26"
    assert before.diff(after).table.empty


def test_a_repealed_rule_says_when_it_was_law() -> None:
    with pytest.raises(RegleError, match="09/05/2012 au 21/02/2020") as caught:
        regles("2020-02-22").valeur("part_max_etat_patrimoine")
    assert caught.value.code == "regle.plus_en_vigueur"


def test_a_differences_faces() -> None:
    diff = regles("2021-01-01").diff(regles("2022-03-01"))
    assert "Ce qui change entre le 01/01/2021 et le 01/03/2022" in repr(diff)
    assert "<table" in diff._repr_html_()


def test_a_bill_is_read_only_on_request_and_said() -> None:
    assert regles("2026-10-01").hypotheses == ()
    said = regles("2026-10-01", projets=True).hypotheses
    assert len(said) == 3
    assert all("en projet" in sentence for sentence in said)
    assert code(lambda: regles("2026-10-01")["maire_classe_premiere_location"]) == "regle.projet"


def test_a_text_to_reread_is_said_once_its_day_has_come(loi: Regles) -> None:
    assert loi.a_revoir == ()
    (said,) = regles("2027-04-01").a_revoir
    assert "31/03/2027" in said
    assert "categories_exception_stock" in said


def test_no_text_has_passed_its_review_date() -> None:
    """The day it fails: read the texts again, move `revoir_avant`, and note what was looked for."""
    late = [
        f"[{cle}] à relire depuis le {fiche.revoir_avant} : {fiche.valeurs[-1].references[0].titre}"
        for cle, fiche in read_fiches().items()
        if fiche.revoir_avant < dt.date.today()
    ]
    assert not late, "\n".join(late)


def test_what_a_computation_reads_is_said_to_be_computed_with() -> None:
    """The annex shows the parameters marked `calcul`: none that the code reads may be missing."""
    sources = Path(flux.__file__).parent.rglob("*.py")
    code = "\n".join(f.read_text(encoding="utf-8") for f in sources if f.parent.name != "loi")
    unmarked = [cle for cle, fiche in read_fiches().items() if f'"{cle}"' in code and not fiche.calcul]
    assert unmarked == []


def test_a_word_that_is_no_parameter_is_not_in_the_law(loi: Regles) -> None:
    assert "part_max_etat" in loi
    assert "part_max_etat_patrimoine" not in loi
    assert code(lambda: "part_max" in loi) == "regle.inconnue"


@pytest.mark.parametrize(
    ("cle", "lisible"),
    [
        ("echeance_bilan", "28 février"),
        ("echeance_rpls", "1er mars"),
        ("candidats_min", "3 demandes"),
        ("delai_reponse_demandeur", "10 jours"),
        ("delai_proposition_zone_tendue", "1 mois"),
        ("duree_max_derogation_etat", "1 an"),
        ("autorite_seuil_q1", "le ministre chargé du logement"),
        ("contreparties", "apport de terrain, financement, garantie d'emprunt"),
    ],
)
def test_a_value_as_people_read_it(cle: str, lisible: str, loi: Regles) -> None:
    assert loi[cle].lisible.replace("\u202f", " ").casefold() == lisible.casefold()


def test_the_table_holds_every_parameter_in_force() -> None:
    table = regles("2021-01-01").table.set_index("cle")
    row = table.loc["categories_exception_stock"]
    assert row["valeur"] == ("defense_securite",)
    assert row["depuis"] == pd.Timestamp("2018-11-25")
    assert row["jusqu_a"] == pd.Timestamp("2022-02-22")
    assert not table["hypothese"].any()
    assert (table["article"] != "").all()
    assert "part_max_etat" not in set(regles("2019-01-01").table["cle"])


def test_faces(loi: Regles) -> None:
    assert "Règles de droit au 01/01/2026" in repr(loi)
    assert "part_max_etat" in repr(loi)
    assert "<table" in loi._repr_html_()
    told = json.loads(json.dumps(loi.to_dict()))
    assert told["date"] == "2026-01-01"
    (etat,) = (p for p in told["parametres"] if p["cle"] == "part_max_etat")
    assert (etat["valeur"], etat["depuis"]) == (0.3, "2020-02-22")


def test_the_law_travels_to_another_process(loi: Regles) -> None:
    assert pickle.loads(pickle.dumps(loi)) == loi


def test_every_parameter_is_in_the_table_of_the_rules() -> None:
    document = Path(__file__).parents[3] / "docs" / "loi.md"
    text = document.read_text(encoding="utf-8")
    assert [cle for cle in read_fiches() if f"`{cle}`" not in text] == []
