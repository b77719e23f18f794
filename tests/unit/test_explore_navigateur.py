"""The panel of `explore`, driven in a browser: JupyterLab, a kernel, and Chromium without a screen."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
pytest.importorskip("jupyterlab", reason="JupyterLab shows the panel")
pytest.importorskip("ipywidgets", reason="the panel is made of ipywidgets")
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("no chromium on this machine", allow_module_level=True)

ECOLE = Path(__file__).resolve().parents[2] / "data" / "samples" / "cas-ecole"
TABLE = ".jp-OutputArea-output .widget-html-content"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[sync_api.Page]:
    """A page of JupyterLab on a notebook whose one cell shows the panel."""
    cell = nbformat.v4.new_code_cell(f"import flux\nflux.explore(flux.read_dossier({str(ECOLE)!r}))")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), tmp_path / "panneau.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
               "--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"]
    private = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "IPYTHONDIR": str(tmp_path / "ipython")}
    address = f"http://127.0.0.1:{port}"
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=os.environ | private, stdout=quiet, stderr=quiet) as server:
        try:
            _wait(f"{address}/api")
            with sync_api.sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                page = browser.new_page()
                page.goto(f"{address}/doc/tree/panneau.ipynb")
                yield page
                browser.close()
        finally:
            server.terminate()


def _wait(address: str, seconds: int = 60) -> None:
    """Until the server answers."""
    for _ in range(seconds):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(1)
    pytest.fail(f"JupyterLab did not answer within {seconds} s")


def test_a_choice_made_with_the_mouse_redraws_the_table(page: sync_api.Page) -> None:
    page.locator(".jp-Cell .cm-content").first.click(timeout=60_000)
    page.keyboard.press("Shift+Enter")
    methode = page.locator(".widget-dropdown select").first
    table = page.locator(TABLE)
    sync_api.expect(methode).to_have_value("parc", timeout=60_000)
    lists = page.locator(".widget-dropdown select")
    chosen = lists.evaluate_all("all => all.map(e => e.selectedOptions[0].text)")
    assert [" ".join(text.split()) for text in chosen] == ["parc", "celle du registre", "sans plan"]
    sync_api.expect(table).to_contain_text("aucun quota entier ne change")
    methode.select_option("rotation")
    sync_api.expect(table).to_contain_text("Pondérée par la rotation", timeout=60_000)
    page.locator("input[type=date]").fill("2019-01-01")
    page.keyboard.press("Tab")
    sync_api.expect(table).to_contain_text("choisir une date de droit", timeout=60_000)
