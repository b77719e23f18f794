"""French typography of what people read: `python scripts/typographie.py` lists each departure as file:line.

The rule (CONTRIBUTING.md): sources hold an ordinary space before a double sign, inside guillemets and
before %; each face that lays text out makes it a no-break one (`flux.rendu.typographie.soigne`). What is
looked for is what no face mends: a space that is missing, a straight quote around French words, three dots,
"n°" without its space, a comma or a point after a space, two spaces.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# a text is judged when it has words or accents of French, and none of the words that only English has
FRENCH = re.compile(
    r"[àâçéèêëîïôùûœÀÇÉÈÊ]|\b(?:le|la|les|une|des|du|est|sont|pas|aux|qui|que|pour|dans|sur|avec|ou|et)\b"
)
ENGLISH = re.compile(r"\b(?:the|of|and|is|are|with|each|by|from|an|its?|what|that|in|one|whole|not|this)\b")
CODE = re.compile(
    r"`+[^`]*`+|\{[^{}]*\}|https?://\S+|\]\([^)]*\)|<[^<>]*>|\$[^$]*\$|\b\d\d?:\d\d\b|:[a-z-]+:|::+"
)
RULES = {
    "espace avant « ; : ! ? »": re.compile(r"(?<=[\w)»])[;!?](?=\s|$)|(?<=[^\W\d_])[»)]?:(?=\s|$)"),
    "espace avant %": re.compile(r"\d%"),
    "espace dans les guillemets": re.compile(r"«(?=[^\s\u00a0\u202f])|(?<=[^\s\u00a0\u202f])»"),
    "guillemets droits": re.compile(r'"[^"]*[àâçéèêëîïôùûœ][^"]*"'),
    "points de suspension": re.compile(r"(?<=\w)\.\.\.(?!\w)"),
    "espace après n°": re.compile(r"\bn°(?=\d)"),
    "espace avant « , . »": re.compile(r"\w +,|\w +\.(?=\s|$)"),
    "espaces en double": re.compile(r"(?<=[\w,;:.!?]) {2,}(?=\w)"),
}


class Departure(NamedTuple):
    """One place where a text departs from the rule."""

    fichier: str
    ligne: int
    regle: str
    texte: str

    def __str__(self) -> str:
        return f"{self.fichier}:{self.ligne}: {self.regle} : {self.texte}"


def departures(text: str) -> Iterator[tuple[str, str]]:
    """The rules that a French text departs from, each with the words around."""
    bare = CODE.sub("x", text)
    if not FRENCH.search(bare) or ENGLISH.search(bare) or bare.startswith("="):
        return
    for rule, pattern in RULES.items():
        for found in pattern.finditer(bare):
            yield rule, bare[max(found.start() - 25, 0) : found.end() + 15].strip()


def texts_of_toml(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a data file, one a line where it is so written."""
    tomllib.loads(path.read_text(encoding="utf-8"))
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := re.match(r'(?:libelle|sens|unite|titre|texte|phrase|\w+) = "(.*)"\s*$', line):
            yield number, found[1].replace('\\"', '"')


def texts_of_python(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that are neither its docstrings nor its patterns."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {id(v) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for v in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            said = (str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
            yield node.lineno, "".join(said)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            pattern = "\\" in node.value
            if not pattern and id(node) not in docs | parts:
                yield node.lineno, node.value


def texts_of_markdown(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of prose: code, tables of data and headers of files apart."""
    inside = header = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line == "---" and (number == 1 or header):
            header = not header
        elif header:
            continue
        elif line.lstrip().startswith(("```", "~~~", ":::")):
            inside = not inside and not line.lstrip().startswith(":::")
        elif not inside and not line.startswith(("    ", "---", "|:", "|-")):
            yield number, line


def texts_of_notebook(path: Path) -> Iterator[tuple[int, str]]:
    """The prose of a notebook paired with jupytext: its comments."""
    markdown = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("# %%"):
            markdown = "[markdown]" in line
        elif markdown:
            yield number, line.removeprefix("#").strip()


def sources() -> Iterator[tuple[Path, Iterator[tuple[int, str]]]]:
    """Every file that holds words for people, and its texts."""
    for path in sorted((ROOT / "src" / "flux").rglob("*.toml")):
        yield path, texts_of_toml(path)
    for path in sorted((ROOT / "src" / "flux").rglob("*.py")):
        yield path, texts_of_python(path)
    for folder in ("docs", ".github"):
        for path in sorted((ROOT / folder).rglob("*.md")):
            yield path, texts_of_markdown(path)
    yield ROOT / "README.md", texts_of_markdown(ROOT / "README.md")
    for path in sorted((ROOT / "notebooks").glob("*.py")):
        yield path, texts_of_notebook(path)


def every() -> list[Departure]:
    """All departures."""
    return [
        Departure(path.relative_to(ROOT).as_posix(), number, rule, around)
        for path, texts in sources()
        for number, text in texts
        for rule, around in departures(text)
    ]


if __name__ == "__main__":
    found = every()
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))
