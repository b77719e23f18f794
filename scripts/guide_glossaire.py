"""The page of the guide that lists every entry of the glossary: what people read, meaning, unit, article."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

from guide_dossier import markdown

from flux.rendu import glossaire
from flux.rendu.glossaire import Terme

INTRODUCTION = """\
# Glossaire

<!-- Écrit par scripts/guide.py : ne pas modifier à la main. -->

Chaque mot que flux montre, ce qu'il veut dire, son unité, l'article qui le fonde. Sous le mot, le nom qu'il
porte dans les tables et dans `convention.toml`. Les comptes sont en logements ; une part est entre 0 et 1
dans les données, en pourcentage à l'écran.
"""
TITRES = {
    "tables": "Les tables",
    "colonnes": "Les colonnes",
    "choix": "Les choix de la convention",
    "stipulations": "Les stipulations",
    "hypotheses": "Les hypothèses",
    "assiette": "L'assiette",
    "quotas": "Les quotas",
    "plafonds": "Les plafonds",
    "soustractions": "Les soustractions",
    "hors_flux": "Hors du flux",
    "echeances": "Les échéances",
    "sur_reservations": "Plus de droits que de logements",
    "seuils": "Les seuils du premier quartile",
    "projection": "Les années à venir",
    "evenements": "Ce qui fait bouger les droits",
    "causes": "Les causes d'une part qui change",
    "bascule": "La bascule simulée",
    "decomposition": "Les causes d'un gain ou d'une perte",
    "rejeu": "Les années rejouées",
    "envie": "Qui aurait préféré la liste de qui",
    "mi_annee": "En cours d'année",
    "bilan": "Le bilan",
    "comparaison": "Comparer",
    "frontiere": "Un objectif contre un autre",
    "verification": "Vérifier une annexe",
    "lot": "Beaucoup de dossiers",
    "dus": "Les dus, pas à pas",
    "rotation": "La rotation",
    "seuils_q1": "Les territoires du premier quartile",
    "regles": "Les règles de la loi",
    "manques": "Ce que le plan ne peut pas donner",
    "backtest": "La prévision jugée sur le passé",
}
HEADERS = ("Mot", "Sens", "Unité", "Texte")


def page() -> str:
    """The whole page, in the order of the file."""
    parts = [INTRODUCTION]
    for contexte in tomllib.loads((files("flux.rendu") / "glossaire.toml").read_text(encoding="utf-8")):
        terms = sorted(glossaire.termes(contexte).values(), key=lambda t: _unaccented(t.libelle))
        lines = markdown(HEADERS, (tuple(line(terme)) for terme in terms))
        parts += [f"## {TITRES.get(contexte, contexte)}\n", f"{lines}\n"]
    return "\n".join(parts)


def line(terme: Terme) -> Iterator[str]:
    """One entry; what a coded value means follows the meaning."""
    yield f"**{terme.libelle}**<br>`{terme.cle}`"
    yield "\n".join((terme.sens, *(f"`{k}` : {v}" for k, v in terme.valeurs.items())))
    yield terme.unite
    yield terme.article


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if c.isalnum())
