"""Notebooks run from end to end, and their committed outputs are those of the code."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("notebooks", ROOT / "scripts" / "notebooks.py")
assert SPEC and SPEC.loader
notebooks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(notebooks)
REMAKE = "python scripts/notebooks.py"


@pytest.mark.parametrize("source", notebooks.SOURCES, ids=lambda p: p.stem)
def test_notebook(source: Path) -> None:
    committed = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    executed = notebooks.execute(source)
    assert [c.source for c in committed.cells] == [c.source for c in executed.cells], REMAKE
    for old, new in zip(committed.cells, executed.cells, strict=True):
        if new.cell_type == "code":
            assert said(old) == said(new), f"{REMAKE}: {new.source[:60]}"


@pytest.mark.parametrize("source", notebooks.SOURCES, ids=lambda p: p.stem)
def test_outputs_show_in_an_untrusted_notebook(source: Path) -> None:
    shown = [
        o
        for c in nbformat.read(source.with_suffix(".ipynb"), as_version=4).cells
        if c.cell_type == "code"
        for o in c.outputs
    ]
    assert shown and all(o.output_type in ("execute_result", "display_data", "stream") for o in shown)
    kinds = {kind for o in shown for kind in o.get("data", {})}
    assert kinds <= {"text/plain", "text/html", "image/png"}
    assert "image/png" in kinds and "text/html" in kinds
    assert not any("<script" in "".join(o.get("data", {}).get("text/html", "")) for o in shown)


def said(cell: nbformat.NotebookNode) -> list[str]:
    """What an output says, whatever the machine: its text; a picture only by its presence."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        text = output.get("text") or ("image" if "image/png" in data else data.get("text/plain", ""))
        texts.append(re.sub(r"0x[0-9a-f]+", "0x", text))
    return texts
