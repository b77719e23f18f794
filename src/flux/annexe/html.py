"""The annex as one HTML page: a fragment for a notebook, a whole page for a browser and its printer."""

from __future__ import annotations

import base64
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from flux.annexe import identite
from flux.rendu import nombres
from flux.rendu.typographie import NAMED, NAMED_NOTE, pieces, soigne
from flux.rendu.vue import LINES_SHOWN, html_tableau

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section
    from flux.rendu.illustration import Illustration
    from flux.rendu.tableau import Tableau

MANY = 9  # columns: a section that has a table as wide is printed on lying pages


def fragment(annexe: Annexe, *, lignes: int | None = LINES_SHOWN) -> str:
    """The sections of the annex, for a notebook: no script, no style sheet, no outside request."""
    parts = [
        f"<h1>{escape(annexe.titre)}</h1>",
        f"<p>{escape(annexe.bailleur)}, droit au {nombres.date_longue(annexe.date)}</p>",
    ]
    for section in annexe.sections:
        parts += [f"<h2>{escape(section.titre)}</h2>", _sentences(section)]
        parts += map(_picture, section.illustrations)
        parts += [
            f'<div style="overflow-x:auto;">{html_tableau(t, lignes=lignes)}</div>'
            for t in section.tableaux_de_page
        ]
    return f'<div class="flux" lang="fr">{"".join(parts)}</div>'


def render(annexe: Annexe) -> bytes:
    """The whole page, in one file that asks for nothing outside: landmarks, contents, captioned tables."""
    style = (files("flux.annexe") / "annexe.css").read_text(encoding="utf-8")
    contents = "".join(f'<li><a href="#{escape(s.cle)}">{_text(s.titre)}</a></li>' for s in annexe.sections)
    sections = "".join(map(_section, annexe.sections))
    note = f"<p>{NAMED_NOTE}</p>\n" if NAMED in sections + _text(annexe.bailleur) else ""
    page = (
        f'<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{_text(f'{annexe.titre}, {annexe.bailleur}', cut=False)}</title>\n"
        f'<meta name="{identite.NOM}" content="{escape(identite.ligne(annexe))}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>\n{style}</style>\n'
        '</head>\n<body>\n<a class="saut" href="#contenu">Aller au contenu</a>\n'
        f"<header>\n<h1>{_text(annexe.titre)}</h1>\n<p>{_text(annexe.bailleur)}</p>\n"
        f"<p>Droit applicable au {nombres.date_longue(annexe.date)}</p>\n</header>\n"
        f'<nav aria-labelledby="sommaire">\n<h2 id="sommaire">Sommaire</h2>\n<ul>{contents}</ul>\n</nav>\n'
        f'<main id="contenu" tabindex="-1">\n{sections}</main>\n'
        f"<footer>\n{note}<p>Document fait par flux, version {_text(annexe.version)}.</p>\n</footer>\n"
        "</body>\n</html>\n"
    )
    return page.encode()


def _text(text: str, *, cut: bool = True) -> str:
    """`text` as text: nothing in it is markup; a word too long for a line may be cut, but in an attribute."""
    if not cut:
        return escape(soigne(text))
    return " ".join("<wbr>".join(map(escape, pieces(word))) for word in soigne(text).split(" "))


def _section(section: Section) -> str:
    cle = escape(section.cle)
    wide = any(len(t.colonnes) >= MANY for t in section.tableaux_de_page)
    return (
        f'<section id="{cle}" aria-labelledby="{cle}.titre"{" class=large" if wide else ""}>\n'
        f'<h2 id="{cle}.titre">{_text(section.titre)}</h2>\n{_sentences(section)}'
        + "".join(map(_picture, section.illustrations))
        + "".join(map(_table, section.tableaux_de_page))
        + "</section>\n"
    )


def _sentences(section: Section) -> str:
    paragraphs = "".join(f"<p>{_text(p)}</p>\n" for p in section.paragraphes)
    points = "".join(f"<li>{_text(p)}</li>" for p in section.puces)
    return paragraphs + (f"<ul>{points}</ul>\n" if points else "")


def _picture(picture: Illustration) -> str:
    data = base64.b64encode(picture.png).decode()
    return (
        f"<figure><figcaption>{_text(picture.titre)}</figcaption>"
        f'<img src="data:image/png;base64,{data}" alt="{_text(picture.alternative, cut=False)}" '
        'style="max-width:100%;height:auto;"></figure>\n'
    )


def _table(tableau: Tableau) -> str:
    """A captioned table in a region that the keyboard can scroll; its first column names its rows."""
    cells, cle = tableau.cellules(), escape(tableau.cle)
    head = "".join(
        f'<th scope="col"{_right(right)}>{_text(text)}</th>'
        for text, right in zip(cells.entetes, cells.a_droite, strict=True)
    )
    body = "".join(_row(row, cells.a_droite) for row in cells.lignes)
    total = f"<tfoot>{_row(cells.total, cells.a_droite)}</tfoot>" if cells.total else ""
    under = f'<p class="pied">{_text(tableau.pied)}</p>\n' if tableau.pied else ""
    return (
        f'<div class="tableau" role="region" aria-labelledby="{cle}" tabindex="0"><table>\n'
        f'<caption id="{cle}">{_text(tableau.titre)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n{total}</table></div>\n{under}"
    )


def _row(row: Sequence[str], right: Sequence[bool]) -> str:
    first, *others = zip(row, right, strict=True)
    cells = "".join(f"<td{_right(to_right)}>{_text(text)}</td>" for text, to_right in others)
    return f'<tr><th scope="row"{_right(first[1])}>{_text(first[0])}</th>{cells}</tr>\n'


def _right(to_right: bool) -> str:
    return " class=n" if to_right else ""
