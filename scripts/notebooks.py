"""Execute the notebooks and write their outputs: `python scripts/notebooks.py`.

The source is the `.py` file (jupytext, percent format); the `.ipynb` beside it is made from it, with outputs
that show in an untrusted notebook (text, HTML tables, PNG) and nothing that changes from run to run.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
WIDGET = "application/vnd.jupyter.widget-view+json"  # its state is not kept: the table beside it is shown
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))


def execute(source: Path) -> nbformat.NotebookNode:
    """The notebook of a source, executed beside a copy of the samples: it writes nothing in the project."""
    notebook = jupytext.read(source)
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(ROOT / "data" / "samples", Path(name) / "data" / "samples")
        folder = Path(name) / "notebooks"
        folder.mkdir()
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
        client.store_widget_state = False
        client.execute()
    for rank, cell in enumerate(notebook.cells):
        cell["id"] = f"cellule-{rank:02d}"
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET, None)
    notebook.metadata.pop("language_info", None)
    return notebook


def main() -> None:
    """Write every notebook with its outputs."""
    for source in SOURCES:
        nbformat.write(execute(source), source.with_suffix(".ipynb"))
        print(source.with_suffix(".ipynb").name)


if __name__ == "__main__":
    main()
