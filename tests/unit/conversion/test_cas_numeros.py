"""The forty edge cases: none is forgotten, and `docs/cas.md` names every one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

RACINE = Path(__file__).parents[3]
NON_CALCULABLE = "*non calculable ici*"


def numbered() -> dict[int, list[str]]:
    """Number -> names of the cases of `tests/cas` that carry it."""
    found: dict[int, list[str]] = {}
    for file in sorted((RACINE / "tests" / "cas").glob("*/*.toml")):
        for cas in tomllib.loads(file.read_text(encoding="utf-8")).get("cas", []):
            numero = cas.get("numero", [])
            for number in numero if isinstance(numero, list) else [numero]:
                found.setdefault(number, []).append(cas["nom"])
    return found


def documented() -> dict[int, str]:
    """Number -> its line of `docs/cas.md`."""
    text = (RACINE / "docs" / "cas.md").read_text(encoding="utf-8")
    return {int(line[1]): line[0] for line in re.finditer(r"^\| (\d+) \|.*$", text, re.MULTILINE)}


def test_each_of_the_forty_is_a_case_or_says_why_not() -> None:
    lines, cases = documented(), numbered()
    assert sorted(lines) == list(range(1, 41))
    assert [n for n, line in lines.items() if n not in cases and NON_CALCULABLE not in line] == []


def test_the_document_names_every_numbered_case() -> None:
    lines = documented()
    assert [nom for n, noms in numbered().items() for nom in noms if f"« {nom} »" not in lines[n]] == []
