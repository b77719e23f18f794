"""A model is read before anything is written: every unknown tag, every tag that is missing, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from flux.annexe.docx.balises import REQUISES
from flux.noyau.errors import FluxError, near_misses

ANYTHING = object()  # a value of which nothing is known before the model is rendered
LINE = "\n"
FILTRES = {"capitalize", "default", "first", "join", "last", "length", "lower", "title", "trim", "upper"}
"""What a model may ask of a text or of a list: nothing that escapes less, nothing that grows without end."""


@dataclass
class Lecture:
    """What a model asks for: its tags, those that do not exist with what looks like them, what it may not."""

    employees: set[str] = field(default_factory=set)
    inconnues: dict[str, list[str]] = field(default_factory=dict)
    interdites: set[str] = field(default_factory=set)

    def read(self, source: str, environment: Environment, context: Mapping[str, Any]) -> None:
        """Add the tags of one part of the model (its body, a header…), as jinja reads it.

        Raises
        ------
        FluxError
            Code "modele.syntaxe": a tag that is not closed, or a loop that has no end.
        """
        try:
            tree = environment.parse(source)
        except TemplateSyntaxError as error:
            raise FluxError(
                f"Le modèle ne se lit pas : « {error.message} » (message de jinja). À faire : vérifier que "
                "chaque {{ a son }}, chaque {% son %}, chaque « for » son « endfor », chaque « if » son "
                "« endif ».",
                code="modele.syntaxe",
            ) from None
        made = {n.name: ANYTHING for n in tree.find_all(nodes.Name) if n.ctx in ("store", "param")}
        self._walk(tree, {**environment.globals, **made, "loop": ANYTHING, **context})

    def _walk(self, node: nodes.Node, scope: Mapping[str, Any]) -> None:
        match node:
            case nodes.Call() | nodes.Mul() | nodes.Pow():
                self.interdites.add("un calcul ou un appel")
            case nodes.Filter() if node.name not in FILTRES:
                self.interdites.add(f"le filtre « {node.name} »")
            case nodes.Import() | nodes.FromImport() | nodes.Include() | nodes.Extends() | nodes.Macro():
                self.interdites.add("un autre fichier ou une macro")
            case nodes.For():
                listed = self._value(node.iter, scope)
                first = listed[0] if isinstance(listed, list) and listed else ANYTHING
                inner = {**scope, node.target.name: first} if isinstance(node.target, nodes.Name) else scope
                for child in (*node.body, *node.else_, *([node.test] if node.test else [])):
                    self._walk(child, inner)
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                self._value(node, scope)
            case _:
                for child in node.iter_child_nodes():
                    self._walk(child, scope)

    def _value(self, node: nodes.Node, scope: Mapping[str, Any]) -> Any:
        """The value of a name or of what hangs on it; ANYTHING when only the rendering can tell."""
        match node:
            case nodes.Name():
                return self._found(node.name, node.name, scope)
            case nodes.Getattr() | nodes.Getitem():
                owner = self._value(node.node, scope)
                key = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
                if isinstance(owner, SimpleNamespace) and isinstance(key, str):
                    return self._found(key, f"{_dotted(node.node)}.{key}", vars(owner))
                if isinstance(owner, list) and owner and isinstance(key, int):
                    return owner[0]
                return ANYTHING
            case _:
                self._walk(node, scope)
                return ANYTHING

    def _found(self, key: str, path: str, known: Mapping[str, Any]) -> Any:
        if key not in known:
            self.inconnues[path] = near_misses(key, [k for k in known if not callable(known[k])])
            return ANYTHING
        self.employees.add(path)
        return known[key]

    @property
    def manquantes(self) -> list[tuple[str, ...]]:
        """What no annex goes without, and that the model does not say."""
        return [tags for tags in REQUISES if not self.employees & set(tags)]

    def refuse(self, deplacees: Iterator[str]) -> None:
        """Raise when a tag is unknown, forbidden, missing, or where it cannot be.

        Parameters
        ----------
        deplacees : block tags that are not alone in a paragraph of the body.

        Raises
        ------
        FluxError
            Code "modele.balises": all of them at once, with near-misses.
        """
        said = [
            f"balise inconnue « {path} »"
            + (f" : vouliez-vous dire {', '.join(f'« {c} »' for c in close)} ?" if close else ".")
            for path, close in sorted(self.inconnues.items())
        ]
        said += [f"interdit dans un modèle : {what}." for what in sorted(self.interdites)]
        said += [f"balise manquante : {' ou '.join(f'« {t} »' for t in tags)}." for tags in self.manquantes]
        said += [
            f"balise mal placée « {nom} » : elle veut un paragraphe du corps pour elle seule."
            for nom in deplacees
        ]
        if said:
            listed = LINE.join(f"{rank}. {text}" for rank, text in enumerate(said, start=1))
            raise FluxError(
                f"{len(said)} défaut(s) dans le modèle Word :{LINE}{listed}{LINE}"
                "Balises possibles : flux template --annexe MODELE.docx en écrit un qui les montre toutes.",
                code="modele.balises",
            )


def _constant(node: nodes.Node) -> Any:
    return node.value if isinstance(node, nodes.Const) else None


def _dotted(node: nodes.Node) -> str:
    """The words of a chain, as the author of the model wrote it."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_dotted(node.node)}.{node.attr}"
        case nodes.Getitem():
            return f"{_dotted(node.node)}[…]"
        case _:
            return "…"
