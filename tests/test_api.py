"""The public names: each one explained as numpydoc asks, and a package that is quick to import."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

import flux

#: What each verb starts from, and the number that makes chance repeatable: said once, in the guide.
SEEN = {"dossier", "quotas", "seed"}
OWN_RATIO = 3  # what flux may take of its own, in imports of pandas; measured: 1.6


def public() -> Iterator[tuple[str, Any]]:
    """Verbs, results, and the public methods of the results that flux itself writes."""
    for name in flux.__all__:
        thing = getattr(flux, name)
        yield name, thing
        if inspect.isclass(thing):
            for attribute, member in vars(thing).items():
                if inspect.isfunction(member) and not attribute.startswith("_"):
                    yield f"{name}.{attribute}", member


def raises(function: Any) -> bool:
    """Whether the body itself raises."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


PUBLIC = dict(public())


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_explained(name: str) -> None:
    thing = PUBLIC[name]
    doc = inspect.getdoc(thing)
    assert doc, "no docstring"
    if inspect.isfunction(thing) and "." not in name:  # a verb
        parameters = set(inspect.signature(thing).parameters) - SEEN
        assert not parameters or "Parameters\n" in doc
        missing = {p for p in parameters if p not in doc}
        assert not missing, f"not explained: {missing}"
    if inspect.isfunction(thing) and raises(thing):
        assert "Raises\n" in doc


def cpu_seconds(code: str) -> float:
    """The least of three runs in a process of its own."""
    timed = f"import time\n{code}\nprint(time.process_time())"
    runs = (subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
            for _ in range(3))
    return min(float(run.stdout) for run in runs)


def test_importing_flux_is_quick() -> None:
    if os.getloadavg()[0] > 2 * (os.cpu_count() or 1):
        pytest.skip("la machine est trop chargée pour une mesure")
    nothing, pandas, both = map(cpu_seconds, ("pass", "import pandas", "import pandas, flux"))
    assert both - pandas < OWN_RATIO * (pandas - nothing)


def test_importing_flux_loads_nothing_for_pictures_or_compiled_code() -> None:
    heavy = "{'matplotlib', 'numba', 'scipy', 'duckdb', 'dask', 'docx', 'typst', 'openpyxl', 'IPython'}"
    code = f"import sys, flux; found = {heavy} & set(sys.modules); assert not found, found"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
