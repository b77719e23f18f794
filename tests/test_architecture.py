"""The floors of docs/architecture.md, and who may know what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "flux"
MODULES = sorted(SRC.rglob("*.py"))

FLOORS = (
    {"noyau"},
    {"rendu"},
    {"dossier", "loi"},
    {"conversion"},
    {"allocation"},
    {"simulation"},
    {"annexe"},
    {"bilan"},
    {"lot", "compare", "samples"},
    {"cli", "explore"},
)
LEVEL = {name: level for level, floor in enumerate(FLOORS) for name in floor}

# The library of a format or of a solver has one door.
DOORS = {
    "pulp": "noyau/solveur",
    "highspy": "noyau/solveur",
    "docx": "annexe/docx",
    "xlsxwriter": (
        *("annexe/xlsx", "bilan/classeur", "dossier/modele", "dossier/classeur"),
        *("rendu/export", "samples/classeurs"),
    ),
    "matplotlib": "rendu/images",
    "typst": "annexe/pdf",
}
# The stages read no file and no clock.
PURE = ("conversion", "allocation", "simulation")
OUTSIDE = {"os", "io", "pathlib", "tempfile", "shutil", "subprocess", "time", "random", "socket", "urllib"}
CLOCK = {"now", "today", "utcnow", "read_csv", "read_excel", "read_parquet", "open"}


def for_types(tree: ast.AST) -> set[str]:
    """What is imported for a signature only: it is never loaded."""
    blocks = (n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    return {name for block in blocks for line in block.body for name in imports(line)}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an absolute import says where it comes from"
            # `from flux import dossier` is an import of the floor, not of the package
            yield from (
                (f"flux.{alias.name}" for alias in node.names)
                if node.module == "flux"
                else (str(node.module),)
            )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_floors(module: Path) -> None:
    where = module.relative_to(SRC)
    floor = where.parts[0].removesuffix(".py")
    text = module.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 400, "a module does one thing, in 400 lines at most"
    for name in imports(tree):
        root, _, rest = name.partition(".")
        below = rest.split(".")[0]
        if root == "flux" and floor in LEVEL and below and below != floor:
            assert below not in LEVEL or LEVEL[below] < LEVEL[floor], f"{where} imports {name}, not below it"
        if root in DOORS and name not in for_types(tree):
            assert where.as_posix().startswith(DOORS[root]), f"only {DOORS[root]} knows {root}"
        if floor in PURE:
            assert root not in OUTSIDE, f"{where} imports {name}: a stage reads no file and no clock"
    if floor in PURE:
        used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        used |= {
            n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not used & CLOCK, f"{where} uses {used & CLOCK}: a stage reads no file and no clock"


def test_every_folder_is_a_floor() -> None:
    folders = {path.relative_to(SRC).parts[0] for path in MODULES if path.parent != SRC}
    assert folders <= set(LEVEL), f"not in docs/architecture.md: {folders - set(LEVEL)}"
