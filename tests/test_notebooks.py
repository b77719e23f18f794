"""Notebooks run from end to end, and their committed outputs are those of the code."""

import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
PAIRS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture
def beside_the_samples(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data" / "samples", tmp_path / "data" / "samples")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("source", PAIRS, ids=lambda p: p.stem)
def test_notebook(source: Path, beside_the_samples: Path) -> None:
    committed = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    written = jupytext.read(source)
    assert [c.source for c in committed.cells] == [c.source for c in written.cells], "jupytext --sync"
    NotebookClient(written, timeout=120, resources={"metadata": {"path": str(beside_the_samples)}}).execute()
    for old, new in zip(committed.cells, written.cells, strict=True):
        if old.cell_type == "code":
            assert _text(old) == _text(new), f"output of « {old.source[:60]} » is not the committed one"
            assert not new.outputs or old.outputs, "outputs are committed, so that they show without running"


def _text(cell: nbformat.NotebookNode) -> list[str]:
    """What does not depend on the machine: text outputs; pictures and HTML only by their presence."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        texts.append(output.get("text") or ("image" if "image/png" in data else data.get("text/plain", "")))
    return texts
