"""The page of the guide that lists every rule of law as data: value, date, article, status, sentence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from guide_dossier import markdown

import flux
from flux.loi.lecture import read_fiches
from flux.loi.modele import Fiche, Statut, Version
from flux.rendu import glossaire, nombres

INTRODUCTION = """\
# Les règles, leur article, leur statut

<!-- Écrit par scripts/guide.py : ne pas modifier à la main. -->

Chaque règle que flux connaît comme une donnée, avec ses valeurs de la plus ancienne à la plus récente :
depuis quand, selon quel texte, et ce que l'on en a lu. Une règle qui n'est pas une donnée (une exclusion,
un ordre) est une fonction qui cite sa phrase : [la loi, règle par règle](../loi.md) dit où est chacune.
`flux.regles("2026-01-01")` donne celles d'un jour, `flux regles --date 2021-01-01 --diff 2026-01-01` ce qui
change d'un jour à l'autre.

- **texte lu** : la phrase a été lue, dans l'état du code à fin 2023 ; après cette date, seules la presse et
  les pages du Parlement l'ont été ;
- **texte lu en partie** : le texte, sa date d'entrée en vigueur ou une part de son contenu n'est connu que
  de seconde main ;
- **texte non lu** : un usage ;
- **projet, non en vigueur** : lu seulement avec `flux.regles(date, projets=True)`, et montré comme une
  hypothèse.

« Calcul » : la règle entre dans un calcul. Sans cette mention, elle est connue et montrée, mais aucun
chiffre n'en dépend.
"""
HEADERS = ("Règle", "Depuis", "Valeur", "Texte", "Statut")


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for theme, some in groupby(read_fiches().items(), key=lambda pair: pair[1].theme):
        rows = [row for cle, fiche in some for row in versions(cle, fiche)]
        parts += [f"## {theme}\n", markdown(HEADERS, rows) + "\n"]
    return "\n".join(parts)


def versions(cle: str, fiche: Fiche) -> Iterator[tuple[str, ...]]:
    """One line a value; the rule is named on the first."""
    calcul = "<br>*calcul*" if fiche.calcul else ""
    name = f"{fiche.description}<br>`{cle}` ({fiche.unite}){calcul}"
    for version in fiche.valeurs:
        yield name, *value(cle, version)
        name = ""


def value(cle: str, version: Version) -> tuple[str, ...]:
    """Since when, the value, the text and its sentence, how far it was read."""
    law = flux.regles(version.depuis, projets=version.statut is Statut.PROJET)
    parametre = law[cle]
    since = nombres.date(version.depuis)
    if version.jusqu_a:
        since += f"<br>jusqu'au {nombres.date(version.jusqu_a)}"
    quoted = f"<br>« {version.citation} »" if version.citation else ""
    return (
        since,
        parametre.lisible,
        parametre.textes + quoted,
        glossaire.format("statut", version.statut.value),
    )
