"""The edges of every command: its help page, what it says of a mistake, and of a defect of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from flux.cli import app, cadre, calculs, run
from flux.noyau.errors import FluxError

ENGLISH = re.compile(
    r"Usage:|\b(Error|Invalid|Missing|required|default|Show this|Input should|not one of|does not|No such|"
    r"Commands|Traceback|Did you mean|Possible options|is a directory)\b|<(bool|path|int|str|list)",
    re.IGNORECASE,
)
ECOLE = str(Path(__file__).parents[2] / "data" / "samples" / "cas-ecole")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def flux(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: object) -> Answer:
        code = run([str(a) for a in arguments])
        return Answer(code, *capsys.readouterr())

    return call


def commands(of: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group below the application, by the words that call it."""
    yield path, of
    for name, below in getattr(of, "commands", {}).items():
        yield from commands(below, (*path, name))


EVERY = dict(commands(typer.main.get_command(app)))
LEAVES = {path: c for path, c in EVERY.items() if not hasattr(c, "commands")}


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_page_is_in_french(path: tuple[str, ...], flux: Any) -> None:
    code, out, err = flux(*path, "--help")
    assert (code, err) == (0, "")
    assert "Usage : flux" in out
    assert not ENGLISH.search(out), ENGLISH.search(out)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_an_example_and_can_be_quiet(path: tuple[str, ...], flux: Any) -> None:
    out = flux(*path, "--help").out
    assert f"Exemple : flux {' '.join(path)}" in out
    assert "--quiet" in out
    assert all(getattr(p, "help", "x") for p in LEAVES[path].params), "an option without a word of help"


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_the_example_is_understood(path: tuple[str, ...]) -> None:
    """Each word of an example is an option of the command, or one of its arguments."""
    words = LEAVES[path].epilog.removeprefix("Exemple : ").split(" >> ")[0].split()[1 + len(path) :]
    known = {o for p in LEAVES[path].params for o in (*p.opts, *p.secondary_opts)}
    assert {w for w in words if w.startswith("--")} <= known


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["convrt"], "Vouliez-vous dire convert ?"),
        (["zzz"], "Commandes : demo, template"),
        (["rpls", "partitoin"], "Vouliez-vous dire partition ? Commandes : partition, liste."),
        (["completion", "bach"], "SHELL : « bach » est inconnu. Vouliez-vous dire bash ?"),
        (["convert", ECOLE, "--quite"], "Vouliez-vous dire --quiet ?"),
        (["convert", ECOLE, "--json=oui"], "L'option --json n'attend pas de valeur."),
        (["simulate", ECOLE, "--runs", "dix", "--seed", "1"], "--runs attend un nombre entier."),
        (["simulate", ECOLE, "--runs", "5", "--seed", "1", "--orientation", "plna"], "plan"),
        (["simulate", ECOLE, "--runs", "5", "--seed", "1", "--moteur", "nunpy"], "numpy"),
        (["annexe", ECOLE, "--out", "a", "--seuil-masque", "-3"], "--seuil-masque attend 0 au moins."),
        (["annexe", ECOLE, "--out", "a", "--format", "dox"], "docx"),
        (["annexe", ECOLE, "--out", "a", "--pour", "mairie"], "commune"),
        (["lot", ECOLE, "--out", "l", "--etapes", "convret"], "convert"),
        (["lot", ECOLE, "--out", "l", "--executeur", "joblb"], "joblib"),
        (["lot"], "Il manque DOSSIERS."),
        (["rpls", "partition", ECOLE, "--sortie", "x"], "est un répertoire : un fichier est attendu"),
        (["regles", "--date", "2026-02-30"], "n'est pas une date"),
    ],
    ids=lambda value: " ".join(value[:1]) if isinstance(value, list) else "",
)
def test_a_mistake_is_said_in_french_with_what_to_do(
    arguments: list[str], said: str, flux: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = flux(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert not ENGLISH.search(err), ENGLISH.search(err)
    assert not list(tmp_path.iterdir())


def test_the_help_of_the_command_itself_is_named(flux: Any) -> None:
    assert flux("rpls", "partition").err.endswith("Aide : flux rpls partition --help\n")


def test_a_group_alone_shows_its_page_once(flux: Any) -> None:
    code, out, err = flux("rpls")
    assert code == 2
    assert (out + err).count("Usage :") == 1
    assert "Aide :" not in out + err


def test_a_defect_of_ours_is_said_then_traced(flux: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("notre faute")

    monkeypatch.setattr(calculs, "dossier_at", broken)
    code, out, err = flux("convert", ECOLE)
    first, rest = err.split("\n", 1)
    assert (code, out) == (cadre.BOGUE, "")
    assert version("gestion-en-flux") in first and "la signaler" in first
    assert "Traceback" in rest and rest.endswith("ZeroDivisionError: notre faute\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FluxError("Un défaut.", code="donnees.defauts"), cadre.DEFAUTS),
        (FluxError("Existe déjà.", code="fichier.existe"), cadre.USAGE),
        (PermissionError(13, "Permission denied", "f.xlsx"), cadre.USAGE),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(error: BaseException, code: int, flux: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: object) -> None:
        raise error

    monkeypatch.setattr(calculs, "dossier_at", stops)
    answer = flux("convert", ECOLE)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err and "Traceback" not in answer.err and "denied" not in answer.err


def test_nothing_but_the_answer_where_nobody_looks(flux: Any) -> None:
    assert flux("convert", ECOLE).err == ""


def test_progress_is_shown_to_a_person_and_colours_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    with cadre.progress(False, "Lecture") as said:
        said("logements", 0, 3)
    shown = capsys.readouterr().err
    assert "logements… (1/3)" in shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", shown), "a colour, in spite of NO_COLOR"
    with cadre.progress(True, "Lecture"):
        pass
    assert capsys.readouterr().err == ""
