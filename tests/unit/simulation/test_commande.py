"""`flux simulate` in a terminal."""

from __future__ import annotations

import json

import pytest

from flux.cli import run


@pytest.fixture
def ecole(racine):
    return str(racine / "data" / "samples" / "cas-ecole")


def test_the_answer_alone_on_standard_output(ecole, capsys):
    assert run(["simulate", ecole, "--runs", "20", "--seed", "1"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Du stock au flux, 2026")
    assert err == ""


def test_json_twice_the_same(ecole, capsys):
    answers = []
    for _ in range(2):
        arguments = ["simulate", ecole, "--runs", "20", "--seed", "1", "--annees", "2", "--orientation",
                     "plan", "--json", "--quiet"]
        assert run(arguments) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    bascule = json.loads(answers[0])["bascule"]
    assert (bascule["annees"], bascule["orientation"]) == ([2026, 2027], "plan")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--runs", "20"],
        ["--seed", "1"],
        ["--runs", "1", "--seed", "1"],
        ["--runs", "20", "--seed", "-1"],
        ["--runs", "20", "--seed", "1", "--annees", "0"],
        ["--runs", "20", "--seed", "1", "--orientation", "hasard"],
    ],
)
def test_wrong_usage_in_french(ecole, capsys, wrong):
    assert run(["simulate", ecole, *wrong]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err
    assert not any(word in err for word in ("Error", "Missing", "Invalid", "Traceback"))
