"""Mutation testing of rounding, ceilings and expiry: one small change at a time, do the tests see it?

    python scripts/mutations.py flux.conversion.arrondi                    every mutant
    python scripts/mutations.py flux.conversion.droits --sur 3             one in three
    python scripts/mutations.py flux.conversion.registre --fonctions effective_end alive_days overlap
    python scripts/mutations.py flux.conversion.garanties --lignes 61 130-145     those of some lines

A mutant changes one node of a function's body: an operator, a comparison, a number by one, a boolean, a
condition, `min` for `max`, a returned value for `None`. A process forked for each gives the function its
changed code, so that every name bound to it sees the change, then runs the tests that call the function, the
quickest first (`--budget` counts their seconds as just measured: on a busy machine it holds fewer tests, and
leaves alive what they would have seen). No file is written. Each mutant is printed as it is judged, so that a
run can be followed, and taken up again at a line: docs/mutations.md says why those left alive are.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import inspect
import io
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from types import CodeType, FunctionType
from typing import Any

import pytest

TESTS = ("tests/unit/conversion/test_plafonds_bornes.py", "tests/unit/conversion/test_comptes_bornes.py",
         "tests/unit/conversion/test_garanties_bornes.py", "tests/unit/conversion/test_echeances_jours.py",
         "tests/unit/conversion/test_arrondi.py",
         "tests/unit/conversion/test_comptes.py", "tests/unit/conversion/test_cas.py",
         "tests/unit/conversion/test_etat_des_lieux.py", "tests/unit/conversion/test_matrice.py",
         "tests/unit/noyau/test_arrondi.py", "tests/unit/noyau/test_arrondi_bornes.py",
         "tests/proprietes/test_arrondi_ecarts.py")
PYTEST = ("-q", "-x", "-p", "no:cacheprovider")
MEMORY = 3 << 30  # bytes that a mutant, which may never stop growing, can take
PATIENCE = 120, 10  # a mutant that takes more seconds, and times what its tests take, is one that they see
WIDTH = 90  # of what is printed of a node
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or,
    ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
NAMES = {"min": "max", "max": "min", "floor": "ceil", "ceil": "floor", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One changed node: where, in which function, what it was and what it is."""

    ligne: int
    fonction: str
    avant: str
    apres: str
    code: ast.Module


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """What a node could have been by mistake."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield ast.Compare(node.left, [SWAPS[type(op)]()], node.comparators)
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            changed = copy.copy(node)
            changed.op = SWAPS[type(op)]()
            yield changed
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Name(id=name) if name in NAMES:
            yield ast.Name(NAMES[name], ast.Load())
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare):
            negated = copy.copy(node)
            negated.test = ast.UnaryOp(ast.Not(), test)
            yield negated
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of the bodies of the functions of a module."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        function = _function(node)
        if function is None:
            continue
        for changed in variants(node):
            yield Mutant(getattr(node, "lineno", 0), function, ast.unparse(node), ast.unparse(changed),
                         _with(tree, node, changed))


def _function(node: ast.AST) -> str | None:
    """The qualified name of the outermost function in whose body the node is."""
    chain = [node]
    while (parent := getattr(chain[-1], "parent", None)) is not None:
        chain.append(parent)
    names: list[str] = []
    for child, above in zip(chain[-2::-1], chain[:0:-1], strict=True):
        if isinstance(above, ast.FunctionDef):
            return ".".join([*names, above.name]) if child in above.body else None
        if isinstance(above, ast.ClassDef):
            names.append(above.name)
    return None


def _with(tree: ast.Module, node: ast.AST, changed: ast.AST) -> ast.Module:
    """A copy of the tree in which `changed` stands for `node`."""
    out = copy.deepcopy(tree, {id(node): ast.copy_location(copy.deepcopy(changed), node)})
    return ast.fix_missing_locations(out)


def plain(found: Any) -> FunctionType:
    """The function behind a property or a decorator."""
    function = inspect.unwrap(getattr(found, "fget", None) or getattr(found, "func", None) or found)
    assert isinstance(function, FunctionType)
    return function


def install(module: str, mutant: Mutant) -> None:
    """Give the function of the module the mutant's code."""
    loaded = importlib.import_module(module)
    holder: Any = loaded
    code = compile(mutant.code, str(loaded.__file__), "exec")
    for name in mutant.fonction.split("."):
        holder = vars(holder)[name]
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
    plain(holder).__code__ = code


class Calls:
    """A pytest plugin: which functions of a file each test calls, and how long it takes."""

    def __init__(self, path: str) -> None:
        self.path, self.seen, self.tests = path, set[str](), dict[str, tuple[float, list[str]]]()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Look at the calls of one test, its fixtures included."""
        self.seen, start = set(), time.perf_counter()
        sys.settrace(self._call)
        yield
        sys.settrace(None)
        self.tests[item.nodeid] = (time.perf_counter() - start, sorted(self.seen))

    def _call(self, frame: Any, event: str, arg: object) -> None:
        if frame.f_code.co_filename == self.path:
            self.seen.add(frame.f_code.co_qualname.split(".<locals>")[0])


def forked(work: Callable[[], int], seconds: float) -> int:
    """The exit code of `work` in a process of its own; not to end in time, or in memory, counts as 1."""
    process = multiprocessing.get_context("fork").Process(target=_quietly, args=(work,))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        return 1
    return process.exitcode or 0


def _quietly(work: Callable[[], int]) -> None:
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with redirect_stdout(io.StringIO()):
        code = work()
    os._exit(code)


def calls_of(path: str, tests: list[str]) -> dict[str, tuple[float, list[str]]]:
    """Seconds and functions called, by test; the tests must pass."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "calls.json"

        def work() -> int:
            plugin = Calls(path)
            code = int(pytest.main([*PYTEST, *tests], plugins=[plugin]))
            out.write_text(json.dumps(plugin.tests))
            return code

        if code := forked(work, 3_600):
            raise SystemExit(f"the tests do not pass without a mutant (pytest: {code})")
        return dict(json.loads(out.read_text()))


def lines(text: str) -> range:
    """The lines that `61` or `130-145` names."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main() -> None:
    """Try the mutants of one module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module")
    parser.add_argument("--fonctions", nargs="+", default=[], help="these alone")
    parser.add_argument("--lignes", nargs="+", type=lines, default=[], help="those alone: 61 130-145")
    parser.add_argument("--sur", type=int, default=1, help="one mutant in so many")
    parser.add_argument("--tests", nargs="+", default=list(TESTS))
    parser.add_argument("-k", default="", help="those of the tests whose names match, as pytest reads it")
    parser.add_argument("--budget", type=float, default=float("inf"), help="seconds of tests a mutant")
    parser.add_argument("--travailleurs", type=int, default=2)
    options = parser.parse_args()
    import flux

    flux.regles("2026-01-01")
    path = str(importlib.import_module(options.module).__file__)
    found = [m for m in sorted(mutants(Path(path).read_text(encoding="utf-8")), key=lambda m: m.ligne)
             if (not options.fonctions or m.fonction in options.fonctions)
             and (not options.lignes or any(m.ligne in some for some in options.lignes))][::options.sur]
    calls = calls_of(path, [*options.tests, "-k", options.k])

    def survives(mutant: Mutant) -> bool:
        chosen: list[str] = []
        spent = 0.0
        for test, (seconds, functions) in sorted(calls.items(), key=lambda x: x[1][0]):
            if mutant.fonction in functions and (not chosen or spent + seconds <= options.budget):
                chosen, spent = [*chosen, test], spent + seconds

        def work() -> int:
            install(options.module, mutant)
            return int(pytest.main([*PYTEST, *chosen]))

        least, times = PATIENCE
        return not chosen or forked(work, max(least, times * spent)) == 0

    with ThreadPoolExecutor(options.travailleurs) as pool:
        alive = 0
        for mutant, survived in zip(found, pool.map(survives, found), strict=True):
            alive += survived
            print(f"{'ALIVE' if survived else 'seen':5} {mutant.ligne:4} {mutant.fonction}: "
                  f"{shorten(mutant.avant, WIDTH)}  ->  {shorten(mutant.apres, WIDTH)}", flush=True)
    print(f"{options.module}: {len(found)} mutants, {len(found) - alive} seen by the tests, {alive} alive")


if __name__ == "__main__":
    main()
