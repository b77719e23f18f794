"""Every line of code in the README runs: Python, `flux` commands; the set-up commands are those of CI."""

import re
import shutil
from pathlib import Path

import pytest

from flux.cli import run

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
LINES = [line for kind, block in BLOCKS if kind == "bash" for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("flux ")]


@pytest.fixture(autouse=True)
def beside_the_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "data" / "samples", tmp_path / "data" / "samples")
    monkeypatch.chdir(tmp_path)


def test_python(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = [block for kind, block in BLOCKS if kind == "python"]
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert "CCH, art. R. 441-5" in capsys.readouterr().out
    assert Path("annexe_2026.docx").stat().st_size and Path("annexe_2026.xlsx").stat().st_size
    shown = re.search(r"print\((quotas\.table\[.+?\]\])\)", README)
    assert shown
    table = eval(shown[1], names).set_index("id_reservataire")
    alone = ["etat_agents", "etat_prioritaires", "action_logement", "bailleur"]
    groups = {
        "État, priorité et agents": alone[:2],
        "Action Logement Services": alone[2:3],
        "Dix communes, l'EPCI, le département, un employeur": table.index.difference(alone),
        "Habitat du Val de Mire (non réservé)": alone[3:],
        "Ensemble": table.index,
    }
    for name, holders in groups.items():
        [told] = re.findall(rf"^\| {re.escape(name)} \|(.+)\|$", README, flags=re.MULTILINE)
        numbers = [float(cell.replace(" ", "").replace(",", ".")) for cell in told.split("|")]
        assert numbers == table.loc[holders].sum().round(3).tolist()


def test_commands_one_after_the_other() -> None:
    """Some read what those before them wrote."""
    assert {command: run(command.split()[1:]) for command in COMMANDS} == dict.fromkeys(COMMANDS, 0)


def test_demo_as_the_readme_runs_it() -> None:
    [line] = [b for kind, b in BLOCKS if kind == "bash" and b.startswith("python3") and "flux demo" in b]
    arguments = line.split(".venv/bin/flux ")[1].split()
    assert run(arguments) == 0
    assert run(arguments) == 2  # what exists is not overwritten without being asked
    assert {p.name for p in Path("demo").iterdir()} == {"val-de-mire", "annexe_2026.docx", "annexe_2026.xlsx"}


def test_set_up_commands_are_those_of_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "-m venv .venv-tests" in script and "pip install -q -c constraints.txt -e '.[dev]'" in script
    assert "-m pytest -n 2" in script
