"""What a mayor must find on the first page, and what two tables must not seem to contradict."""

import re
from pathlib import Path

import openpyxl
import pytest

from flux import allocate, convert, draft_annexe, draft_bilan, read_dossier
from flux.annexe.verification.verification import against
from flux.noyau.errors import FluxError

SAMPLE = Path(__file__).parents[3] / "data/samples/val-de-mire"


@pytest.fixture(scope="module")
def plan():
    return allocate(convert(read_dossier(SAMPLE)))


def bullets(plan, pour):
    return draft_annexe(plan, pour=pour).sections[0].puces


def tables(annexe):
    return {t.cle: t for s in annexe.sections for t in s.tableaux}


def test_the_first_page_says_what_ceilings_take_and_what_is_lost(plan):
    said = bullets(plan, "commune_00108")
    cut = plan.quotas.reductions.query("id_reservataire == 'commune_00108'").iloc[0]
    taken = f"{cut['avant'] - cut['apres']:.2f}".replace(".", ",")
    assert said[0].startswith("Ma part : 30,1")
    assert said[1].startswith(f"Plafonds et réductions : {taken} logement du dû de l'année ; 0,10 logement")
    assert said[2] == "En 2027 : rien n'est reporté."


@pytest.mark.parametrize(
    ("pour", "owed"),
    [
        ("commune_00111", "0,68 logement de plus au quota exact"),
        ("etat", "0,56 logement de moins au quota exact, servi d'avance"),
    ],
)
def test_the_first_page_says_what_the_next_year_owes(plan, pour, owed):
    said = bullets(plan, pour)
    assert f"En 2027 : {owed}." in said
    assert not any(s.startswith("Plafonds et réductions") for s in said)


def test_who_has_no_right_in_the_flow_is_told_no_share(plan):
    assert bullets(plan, "defense")[0] == "En 2027 : rien n'est reporté."


def test_rates_are_those_of_the_law_to_the_last_decimal(plan):
    rates = tables(draft_annexe(plan))["objectifs.objectifs"].frame["taux"].dropna()
    assert set(rates) <= {0.25, 0.3, 0.5, 1.0}


def test_the_two_splits_in_and_out_of_qpv_tell_each_other(plan):
    found = tables(draft_annexe(plan))
    assert "le plan d'orientation" in found["communes.qpv"].note
    assert "Répartition par commune" in found["orientations.qualite"].note


FOREIGN = {
    "vide.json": b"",
    "tronque.json": b'{"sections": [{"titre": "1. Synth',
    "autre.json": b'{"a": 1}',
    "latin.json": '{"a": "é"}'.encode("latin-1"),
    "vide.docx": b"",
    "page.html": b"<html><body><p>Bonjour</p></body></html>",
}


@pytest.mark.parametrize("nom", FOREIGN)
def test_what_is_no_annex_gets_one_french_sentence(plan, tmp_path, nom):
    path = tmp_path / nom
    path.write_bytes(FOREIGN[nom])
    with pytest.raises(FluxError) as error:
        against(path, draft_annexe(plan))
    assert error.value.code in ("verification.illisible", "verification.etranger")
    said = str(error.value)
    assert "\n" not in said and said.endswith(".")
    assert not any(word in said for word in ("Expecting", "Unterminated", "zip", "codec"))


def test_a_workbook_that_is_not_ours_is_refused_at_once(plan, tmp_path):
    openpyxl.Workbook().save(tmp_path / "autre.xlsx")
    with pytest.raises(FluxError) as error:
        against(tmp_path / "autre.xlsx", draft_annexe(plan))
    assert error.value.code == "verification.etranger"


def test_a_report_is_no_annex(plan, tmp_path):
    report = draft_bilan(plan.quotas.dossier, annee=2025).save(tmp_path / "bilan.docx")
    with pytest.raises(FluxError) as error:
        against(report, draft_annexe(plan))
    assert error.value.code == "verification.etranger"


@pytest.mark.parametrize("choix", [{}, {"premieres_locations": "dans_le_flux"}])
def test_the_net_flow_is_a_sum_that_a_reader_redoes(choix):
    quotas = convert(read_dossier(SAMPLE).with_choix(**choix))
    section = next(s for s in draft_annexe(allocate(quotas)).sections if s.cle == "taux")
    numbers = [float(n.replace(",", ".")) for n in re.findall(r"\d+,\d\d", section.paragraphes[0])[:4]]
    expected, taken, more, net = numbers
    assert expected - taken + more == pytest.approx(net, abs=0.011)
    assert net == pytest.approx(float(quotas.exact["flux_net"]), abs=0.005)
