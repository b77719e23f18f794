"""The tree of a figure as people read it: values, what was done, articles and cells of the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from html import escape

from flux.noyau.provenance import Couleur, Figure
from flux.rendu.nombres import decimal, entier, part

TERMS_SHOWN = 8
COULEURS = {
    Couleur.LOI: "loi",
    Couleur.CONVENTION: "convention",
    Couleur.HYPOTHESE: "hypothèse",
    Couleur.DONNEE: "donnée",
    Couleur.CALCUL: "",
}


@dataclass(frozen=True)
class _Noeud:
    """One line of the tree; `children` are lines too."""

    ligne: str
    detail: str
    children: tuple[_Noeud, ...]


def value(figure: Figure) -> str:
    """The value of a figure with its unit."""
    if figure.unite.startswith("part"):
        return part(figure.valeur, 2) + (f" {figure.unite[5:]}" if figure.unite != "part" else "")
    if figure.unite == "par an":
        return part(figure.valeur, 2) + " par an"
    number = entier(figure.valeur) if figure.valeur.denominator == 1 else decimal(figure.valeur, 4)
    return f"{number} {figure.unite}"


def texte(figure: Figure) -> str:
    """The tree as indented text."""
    return "\n".join(_lines(_node(figure, set()), 0))


def html(figure: Figure) -> str:
    """The tree as nested lists that fold; every text is escaped."""
    return f'<div lang="fr">{_html(_node(figure, set()), True)}</div>'


def _node(figure: Figure, seen: set[int]) -> _Noeud:
    kind = COULEURS[figure.couleur]
    line = f"{figure.nom} : {value(figure)}" + (f" [{kind}]" if kind else "")
    details = [d for d in (figure.calcul, figure.article, figure.source and str(figure.source)) if d]
    if id(figure) in seen and figure.entrees:
        return _Noeud(f"{line} (détaillé plus haut)", "", ())
    seen.add(id(figure))
    shown = figure.entrees[:TERMS_SHOWN]
    children = [_node(f, seen) for f in shown]
    if rest := figure.entrees[TERMS_SHOWN:]:
        units = {f.unite for f in rest}
        total = sum((f.valeur for f in rest), Fraction(0))
        amount = f", ensemble {decimal(total, 4)} {units.pop()}" if len(units) == 1 else ""
        children.append(_Noeud(f"… et {len(rest)} autres termes{amount}", "", ()))
    return _Noeud(line, " ; ".join(details), tuple(children))


def _lines(node: _Noeud, depth: int) -> Iterator[str]:
    yield "  " * depth + node.ligne + (f"   ({node.detail})" if node.detail else "")
    for child in node.children:
        yield from _lines(child, depth + 1)


def _html(node: _Noeud, opened: bool) -> str:
    label = escape(node.ligne) + (f" <small>({escape(node.detail)})</small>" if node.detail else "")
    if not node.children:
        return f"<div>{label}</div>"
    inner = "".join(f"<li>{_html(child, False)}</li>" for child in node.children)
    return f"<details{' open' if opened else ''}><summary>{label}</summary><ul>{inner}</ul></details>"
