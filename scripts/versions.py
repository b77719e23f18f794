"""The quick part of the tests under the lowest and the newest versions that flux takes, on each Python found.

    python scripts/versions.py                        every Python found, both sets
    python scripts/versions.py --lowest 3.11          one of each

The lowest versions are the bounds of pyproject.toml, each exactly. Each set has its own environment under
`.venv-versions/`, made once; remove the folder to start again.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".venv-versions"
PYTHONS = ("3.11", "3.12", "3.13")
QUICK = (
    "tests/unit/conversion/test_cas.py",
    "tests/unit/allocation/test_cas.py",
    "tests/unit/annexe/test_docx.py",
    "tests/unit/annexe/test_xlsx.py",
    "tests/unit/rendu/test_vue.py",
    "tests/unit/test_cli_bords.py",
)
TOOLS = ("pytest", "hypothesis", "openpyxl", "pyarrow", "formulas", "jsonschema")


def bounds() -> list[str]:
    """The lowest version of each direct dependency, as pip takes it: "pandas==2.3"."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    found = [re.match(r"([\w.-]+)>=([\w.]+)", line) for line in wanted]
    return [f"{match[1]}=={match[2]}" for match in found if match]


def interpreter(version: str) -> str | None:
    """A Python of that version: on the path, or under pyenv."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return shutil.which(f"python{version}") or (str(pyenv[-1]) if pyenv else None)


def environment(version: str, lowest: bool) -> Path | None:
    """The python of an environment with these versions, made if absent; None without such a Python."""
    python = interpreter(version)
    if python is None:
        return None
    folder = PLACE / f"{version}-{'lowest' if lowest else 'newest'}"
    inside = folder / "bin" / "python"
    if not (folder / "whole").exists():
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        exact = bounds() if lowest else []
        subprocess.run([inside, "-m", "pip", "install", "-q", "-e", str(ROOT), *exact, *TOOLS], check=True)
        (folder / "whole").touch()
    return inside


def main() -> int:
    """0 when all that could be tried passes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("pythons", nargs="*", default=PYTHONS)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--lowest", action="store_true")
    which.add_argument("--newest", action="store_true")
    asked = parser.parse_args()
    sets = [lowest for lowest in (True, False) if not (asked.newest if lowest else asked.lowest)]
    failed = False
    for version in asked.pythons:
        for lowest in sets:
            name = f"Python {version}, {'lowest' if lowest else 'newest'} versions"
            inside = environment(version, lowest)
            if inside is None:
                print(f"{name}: no such Python here")
                continue
            # an old library may warn of what is newer than itself: that is not ours to mend
            warned = ["-o", "filterwarnings=default"] if lowest else []
            command = [inside, "-m", "pytest", "-q", "-p", "no:cacheprovider", *warned, *QUICK]
            done = subprocess.run(command, cwd=ROOT)
            print(f"{name}: {'pass' if done.returncode == 0 else 'FAIL'}", flush=True)
            failed |= done.returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
