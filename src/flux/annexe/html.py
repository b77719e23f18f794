"""The annex as one HTML page: a fragment for a notebook, a whole page for a browser and its printer."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from flux.rendu import nombres
from flux.rendu.vue import LINES_SHOWN, html_tableau

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe

STYLE = """
body { font-family: Arial, "Liberation Sans", sans-serif; font-size: 14px; max-width: 75em; margin: 2em auto;
       padding: 0 1em; color: #222; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; border-bottom: 1px solid #888; }
.tableau { overflow-x: auto; }
tbody tr:nth-child(even) { background: #f5f7fa; }
@media print { body { font-size: 10px; max-width: none; margin: 0; } .tableau { overflow: visible; }
  thead { display: table-header-group; } tr { break-inside: avoid; } h2 { break-after: avoid; } }
"""


def fragment(annexe: Annexe, *, lignes: int | None = LINES_SHOWN) -> str:
    """The sections of the annex, for a notebook: no script, no style sheet, no outside request."""
    parts = [
        f"<h1>{escape(annexe.titre)}</h1>",
        f"<p>{escape(annexe.bailleur)}, droit au {nombres.date_longue(annexe.date)}</p>",
    ]
    for section in annexe.sections:
        parts.append(f"<h2>{escape(section.titre)}</h2>")
        parts += [f"<p>{escape(p)}</p>" for p in section.paragraphes]
        if section.puces:
            parts.append("<ul>" + "".join(f"<li>{escape(p)}</li>" for p in section.puces) + "</ul>")
        parts += [f'<div class="tableau">{html_tableau(t, lignes=lignes)}</div>' for t in section.tableaux]
    return f'<div class="flux" lang="fr">{"".join(parts)}</div>'


def render(annexe: Annexe) -> bytes:
    """The whole page, every row of every table shown."""
    title = escape(f"{annexe.titre}, {annexe.bailleur}")
    page = (
        f'<!doctype html>\n<html lang="fr"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n'
        f"<body>{fragment(annexe, lignes=None)}</body></html>\n"
    )
    return page.encode()
