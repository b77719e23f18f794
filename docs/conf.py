"""The guide as a site: French for those who use flux, English for those who build it. No network."""

from __future__ import annotations

import re
from importlib.metadata import version as installed
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from flux.rendu.typographie import NO_BREAK, soigne

project = "flux"
author = "les auteurs de flux"
release = version = installed("gestion-en-flux")
language = "fr"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
default_role = "code"
smartquotes = False  # it would put the quotes of one language in the pages of the other
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = "flux, la gestion en flux"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["guide.css"]

HEADING = re.compile(r"-{3,}$")
ITEM = re.compile(r"(?P<name>[*\w`, ]+?) : (?P<text>.+)")


def plain(text: str) -> str:
    """What reStructuredText would take for markup, outside of code: `nb_` is a name, not a link."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"(?<=\w)_(?!\w)|\*", r"\\\g<0>", p) for p in parts)


def docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings of the house: under a heading, `name : what it is`, or a name and what it is below it."""
    out: list[str] = []
    listed = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        item = ITEM.fullmatch(line) if listed else None
        if HEADING.match(following) and line and not line.startswith(" "):
            listed = line != "Examples"
            out += [f".. rubric:: {line}", ""]
        elif HEADING.match(line):
            continue
        elif item:
            out.append(f"- ``{item['name']}``: {plain(item['text'])}")
        elif listed and line and not line.startswith(" "):
            out.append(f"- ``{line}``:")
        elif listed:
            out.append(line and f"  {plain(line.strip())}")
        else:
            out.append(line if line.startswith((">>>", "...")) else plain(line))
    lines[:] = out


def signature(app: Sphinx, what: str, name: str, obj: Any, options: Any, args: str, returned: str) -> Any:
    """Results are made by the verbs: how their classes are built is nobody's business."""
    return ("", "") if what in ("class", "exception") else (args, returned)


def typography(app: Sphinx, tree: nodes.document) -> None:
    """Set the texts as the annexes are: spaces that hold, in numbers too, and curled apostrophes."""
    for text in list(tree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.literal | nodes.literal_block | nodes.raw | nodes.comment):
            held = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", NO_BREAK, soigne(str(text)))
            text.parent.replace(text, nodes.Text(re.sub(r"(?<=\w)'(?=\w)", "’", held)))


def setup(app: Sphinx) -> None:
    """Read the docstrings as the house writes them, and set the pages as French is."""
    app.connect("doctree-read", typography, priority=100)  # before titles are collected
    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-process-signature", signature)
