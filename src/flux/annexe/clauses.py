"""What each kind of convention must contain, and where the annex answers: the matters, as data.

`clauses.toml` holds them: the clauses of every convention (CCH, art. R. 441-5), the eleven matters of the
State's (arrêté of 10 March 2011), and those of the others.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pandas as pd

from flux.annexe.section import Section
from flux.annexe.selection import Genre
from flux.rendu.vue import Colonne, Tableau

BODY = "Corps de la convention : à rédiger par les parties."


@functools.cache
def matters() -> tuple[Mapping[str, Any], ...]:
    """Every matter: `titre, article, genres` (all when absent), `sections` that answer, `precision`."""
    data = tomllib.loads((files("flux.annexe") / "clauses.toml").read_text(encoding="utf-8"))
    return tuple(data["clauses"])


def clauses(genre: Genre) -> Section:
    """The matters of one kind of convention, unanswered: `located` says where, once sections have numbers."""
    known = [m for m in matters() if genre == Genre.ENSEMBLE or genre in m.get("genres", (genre,))]
    rows = [
        (m["titre"], "", m["article"], tuple(m.get("sections", ())), m.get("precision", "")) for m in known
    ]
    return Section(
        cle="clauses",
        titre="Ce que la convention doit contenir",
        paragraphes=(
            "Chaque matière que les textes demandent, et la section de cette annexe qui y répond. Le reste "
            "se rédige dans le corps de la convention.",
        ),
        tableaux=(
            Tableau(
                cle="clauses.matieres",
                titre="Matières de la convention",
                frame=pd.DataFrame(rows, columns=["matiere", "reponse", "article", "sections", "precision"]),
                colonnes=["matiere", Colonne("reponse", "reponse"), "article"],
            ),
        ),
    )


def located(section: Section, sections: Iterable[Section]) -> Section:
    """The same with its answers: the numbered sections, or the body of the convention."""
    titles = {s.cle: s.titre for s in sections}
    (table,) = section.tableaux
    answers = [
        " ".join(
            filter(
                None,
                [
                    "Section " + " ; ".join(titles[c] for c in cles) + "." if cles else BODY,
                    precision,
                ],
            )
        )
        for cles, precision in zip(table.frame["sections"], table.frame["precision"], strict=True)
    ]
    return replace(section, tableaux=(replace(table, frame=table.frame.assign(reponse=answers)),))
