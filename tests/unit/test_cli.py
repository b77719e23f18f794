"""The verbs in a terminal: what is on which stream, which exit code, and every word in French."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

from flux.cli import run
from flux.rendu.usage import french

COMMANDS = (
    "demo", "template", "check", "convert", "allocate", "simulate", "annexe", "bilan", "verify", "regles",
)
ENGLISH = ("Error", "Usage:", "No such", "Missing", "Invalid", "Traceback", "does not", "requires")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def flux(capsys):
    def call(*arguments: object) -> Answer:
        code = run([str(a) for a in arguments])
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture
def bon(racine, tmp_path):
    return Path(shutil.copytree(racine / "data" / "samples" / "cas-ecole", tmp_path / "bon"))


@pytest.fixture
def faux(bon):
    path = bon / "logements.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(";PLUS;", ";PLUSS;", 1), encoding="utf-8")
    return bon


# ── what is asked is answered ─────────────────────────────────────────────────────────────────────


def test_check_of_a_sound_dossier(flux, bon):
    code, out, err = flux("check", bon)
    assert (code, err) == (0, "")
    assert out.endswith("Aucun défaut bloquant : le dossier peut être converti.\n")


def test_check_lists_on_standard_output(flux, faux):
    code, out, err = flux("check", faux)
    assert (code, err) == (1, "")
    assert "[bloquant] colonne « financement » : Valeur inconnue" in out
    assert "ligne 2, lu « PLUSS »" in out and "Bilan : 1 défaut bloquant, 5 informations." in out
    assert "Les contrôles de droit seront faits" in out and "\033" not in out


def test_check_sees_what_only_a_conversion_sees(flux, bon):
    convention = bon / "convention.toml"
    text = convention.read_text(encoding="utf-8")
    rights = bon / "reservations.csv"
    lines = rights.read_text(encoding="utf-8").splitlines()
    rights.write_text("\n".join(x for x in lines if not x.startswith("etat_")), encoding="utf-8")
    assert "part_etat" not in text or 'part_etat = "registre"' in text
    code, out, _ = flux("check", bon)
    assert code == 1 and "part_etat" in out


def test_check_colours_the_workbook(flux, faux, tmp_path):
    target = tmp_path / "f.xlsx"
    code, out, _ = flux("check", faux, "--classeur", target)
    assert code == 1 and str(target) in out
    assert openpyxl.load_workbook(target)["logements"]["E2"].value == "PLUSS"


def test_template_says_where_it_is(flux, tmp_path):
    assert flux("template", tmp_path / "d.xlsx") == (0, f"{tmp_path / 'd.xlsx'}\n", "")
    assert openpyxl.load_workbook(tmp_path / "d.xlsx").sheetnames[0] == "lisez-moi"


def test_convert_shows_a_table(flux, bon):
    code, out, err = flux("convert", bon)
    assert (code, err) == (0, "") and "Action Logement" in out


@pytest.mark.parametrize(("command", "stages"), [("convert", ["quotas"]), ("allocate", ["quotas", "plan"])])
def test_json_is_one_object(command, stages, flux, bon):
    code, out, err = flux(command, bon, "--json", "--quiet")
    answer = json.loads(out)
    assert (code, err) == (0, "") and answer["schema"] == "flux/1" and set(stages) <= set(answer)
    assert sum(row["quota"] for row in answer["quotas"]["table"]) == 53


def test_annexe_writes_the_formats_that_are_asked(flux, bon, tmp_path):
    out = tmp_path / "sortie"
    answer = flux("annexe", bon, "--out", out, "--format", "docx,xlsx")
    paths = [out / "annexe_2026.docx", out / "annexe_2026.xlsx"]
    assert answer == (0, "".join(f"{p}\n" for p in paths), "") and all(p.is_file() for p in paths)
    before = [p.read_bytes() for p in paths]
    code, said, err = flux("annexe", bon, "--out", out, "--format", "xlsx")
    assert (code, said) == (2, "") and "--ecraser" in err
    assert flux("annexe", bon, "--out", out, "--format", "docx,xlsx", "--ecraser").code == 0
    assert [p.read_bytes() for p in paths] == before
    assert sorted(p.name for p in out.iterdir()) == ["annexe_2026.docx", "annexe_2026.xlsx"]


def test_annexe_writes_every_format_by_default(flux, bon, tmp_path):
    assert flux("annexe", bon, "--out", tmp_path / "s", "--pour", "etat_agents").code == 0
    names = {p.name for p in (tmp_path / "s").iterdir()}
    assert names == {f"annexe_2026_etat.{f}" for f in ("docx", "html", "json", "pdf", "xlsx")}


def test_one_annex_a_reservataire(flux, bon, tmp_path):
    holders = (bon / "reservataires.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    code, out, err = flux("annexe", bon, "--out", tmp_path / "s", "--tous", "--format", "json")
    assert (code, err) == (0, "")
    idents = ["etat" if r.startswith("etat_") else r for r in (h.split(";")[0] for h in holders)]
    assert out.split() == [str(tmp_path / "s" / f"annexe_2026_{r}.json") for r in dict.fromkeys(idents)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pour", "etat_agent"], "Vouliez-vous dire « etat"),
        (["--pour", "etat", "--tous"], "s'excluent"),
        (["--format", "docx,odt"], "Formats possibles : docx, html"),
    ],
)
def test_annexe_refuses_before_any_work(arguments, said, flux, bon, tmp_path):
    code, out, err = flux("annexe", bon, "--out", tmp_path / "s", *arguments)
    assert (code, out) == (2, "") and said in err and not (tmp_path / "s").exists()


def test_demo_from_nothing(flux, tmp_path):
    code, out, err = flux("demo", "--out", tmp_path / "demo", "--quiet")
    assert (code, err) == (0, "") and "fictif" in out
    assert flux("demo", "--out", tmp_path / "demo").code == 2


def test_regles_and_what_changes(flux):
    code, out, err = flux("regles", "--date", "2026-01-01")
    assert (code, err) == (0, "") and "CCH" in out
    code, out, _ = flux("regles", "--date", "2026-01-01", "--diff", "2021-01-01")
    assert code == 0 and "Ce qui change" in out


# ── defects of the data: 1, on standard error ─────────────────────────────────────────────────────


@pytest.mark.parametrize("command", ["convert", "allocate"])
def test_defects_are_on_standard_error(command, flux, faux):
    code, out, err = flux(command, faux, "--json")
    assert (code, out) == (1, "")
    assert "1 défaut à corriger" in err and "ligne 2" in err and "Vouliez-vous dire « PLUS »" in err


def test_no_annex_from_faulty_data(flux, faux, tmp_path):
    code, out, err = flux("annexe", faux, "--out", tmp_path / "sortie")
    assert (code, out) == (1, "") and err and not (tmp_path / "sortie").exists()


# ── wrong usage: 2, in French, on standard error ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "Commande : « chek » est inconnu. Vouliez-vous dire check ? Commandes : demo, template, "),
        (["check"], "Il manque DOSSIER"),
        (["check", "nulle-part"], "n'existe pas"),
        (["convert", ".", "--jsn"], "Option inconnue : --jsn. Vouliez-vous dire --json ?"),
        (["convert", ".", "--rien"], "Option inconnue : --rien."),
        (["annexe", "."], "Il manque l'option --out"),
        (["annexe", ".", "--out"], "L'option --out attend une valeur"),
        (["template"], "Il manque FICHIER.xlsx"),
        (["template", "d.ods"], "Formats possibles : .xlsx"),
        (["template", "absent/d.xlsx"], "n'existe pas. À faire : le créer"),
        (["regles", "--date", "hier"], "hier"),
        (["convert", ".", "de", "trop"], "En trop : de trop"),
    ],
)
def test_usage_errors_speak_french(arguments, said, flux, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = flux(*arguments)
    assert (code, out) == (2, "") and said in err
    assert not any(word in err for word in ENGLISH)


def test_an_existing_workbook_is_kept(flux, bon, tmp_path):
    path = tmp_path / "f.xlsx"
    path.write_text("à moi")
    for arguments in (["template", path], ["check", bon, "--classeur", path]):
        code, out, err = flux(*arguments)
        assert (code, out) == (2, "") and "--ecraser" in err and path.read_text() == "à moi"
        assert flux(*arguments, "--ecraser").code == 0
        path.write_text("à moi")


def test_the_workbook_is_never_written_where_it_would_be_read(flux, bon, tmp_path):
    flux("check", bon, "--classeur", tmp_path / "f.xlsx")
    for dossier, target in ((bon, bon / "f.xlsx"), (tmp_path / "f.xlsx", tmp_path / "f.xlsx")):
        code, out, err = flux("check", dossier, "--classeur", target, "--ecraser")
        assert (code, out) == (2, "") and "serait lu avec le dossier" in err
    assert not (bon / "f.xlsx").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_in_french(command, flux):
    code, out, _ = flux(command, "--help")
    assert code == 0 and "--quiet" in out and "Commandes" not in out
    assert not any(word in out for word in ("Usage:", "Show this message", "[required]"))


def test_without_a_command_the_help(flux):
    code, out, err = flux()
    assert all(command in out + err for command in COMMANDS) and code in (0, 2)


def test_an_unknown_message_stays_as_it_is():
    assert french("Something new") == "Something new"


def test_as_a_program(bon):
    ended = subprocess.run(
        [sys.executable, "-m", "flux.cli", "check", str(bon), "--quiet"], capture_output=True, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "Aucun défaut bloquant" in ended.stdout.decode()
