"""`flux doctor` and `flux completion`: what is there, what is not, how to add it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from flux.cli import diagnostic, run

ROOT = Path(__file__).parents[2]
OURS = {"tests", "dev", "docs"}


def test_every_part_that_a_user_may_add_is_described() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(diagnostic.EXTRAS) == set(extras["optional-dependencies"]) - OURS


def test_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "pandas" in said and "Tout ce qu'il faut est là" in said


def test_what_is_missing_is_said_with_the_command_that_adds_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = diagnostic.version

    def version(name: str) -> str:
        if name in ("numba", "babel"):
            raise PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(diagnostic, "version", version)
    assert run(["doctor"]) == 1
    said = capsys.readouterr()
    assert 'pip install "gestion-en-flux[fast]"' in said.out
    assert "Il manque babel" in said.err


@pytest.mark.parametrize("shell", list(diagnostic.Shell))
def test_a_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_FLUX_COMPLETE" in capsys.readouterr().out


def test_commands_are_completed() -> None:
    asked = {**os.environ, "COMP_WORDS": "flux ann", "COMP_CWORD": "1", "_FLUX_COMPLETE": "complete_bash"}
    command = [sys.executable, "-m", "flux.cli"]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["annexe"]


def test_the_help_is_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "completion for" not in capsys.readouterr().out
