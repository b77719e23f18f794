"""The page of the guide that lists every column of the dossier and every key of the convention.

What it says comes from the schemas, from the convention and from the words of the workbook to fill in:
`python scripts/guide.py` writes it, and a test says when it is out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from flux.dossier.modele_contenu import Champ, champs, convention
from flux.dossier.schemas import TABLES
from flux.noyau.errors import FluxError
from flux.noyau.tables import Colonne
from flux.rendu import glossaire

INTRODUCTION = """\
# Le dossier, colonne par colonne

<!-- Écrit par scripts/guide.py : ne pas modifier à la main. -->

Un dossier est un répertoire de tables (`.csv`, `.xlsx`, `.xls`, `.ods` ou `.parquet`, une par table) avec
un fichier `convention.toml`, ou un seul classeur (`.xlsx`, `.xls`, `.ods`) avec une feuille par table et
une feuille `convention`. `flux template dossier.xlsx` écrit le classeur vide, avec ses listes et ses notes.

Le plus petit dossier utile : `logements`, `reservataires`, `reservations`, et soit un `taux_rotation`, soit
une année de `mouvements`. Une colonne facultative que l'on n'a pas s'omet : ce que cela coûte est dit. Une
colonne de plus que celles-ci n'est pas lue. Aucune colonne ne demande une donnée sur une personne.

Sont admis : séparateur `;`, `,` ou tabulation, UTF-8 ou cp1252, virgule ou point décimal, espaces dans les
nombres, `12,5 %`, dates `JJ/MM/AAAA`, `AAAA-MM-JJ`, `MM/AAAA`, `AAAA`. Rien n'est réparé en silence : `flux
check` dit chaque réparation.
"""

ROLES = {
    "logements": "Une ligne par logement.",
    "reservataires": "Une ligne par titulaire de droits. `bailleur` et `*` sont des mots réservés.",
    "reservations": (
        "Une ligne par droit, ou par lot : un `id_logement`, ou un `programme`, une `commune` et un "
        "`nb`. Sans `date_debut` : depuis toujours ; sans `date_fin` : sans terme. Un droit unique veut "
        "`annee_prevue`, ou ses deux dates."
    ),
    "mouvements": "Les baux et attributions des années passées : une ligne par événement, ou un décompte.",
    "soustractions": "Les logements retirés du flux, prévus et faits (CCH, art. R. 441-5, I, al. 5).",
    "livraisons": "Les programmes mis en service dans l'année ; leurs droits sont dans `reservations`.",
    "soldes": "Ce que l'année précédente a laissé ; `quotas.soldes` est celle de l'an prochain.",
    "territoires": "Complète ou remplace la liste officielle des communes ; montré comme une hypothèse.",
    "demande": "La demande de logement, en nombres : jamais des personnes.",
    "taux": "Refus, échecs, saison. Ce qui n'est pas donné vaut zéro, et c'est dit.",
    "objectifs": "Ce que la CIA, la CIL ou les parties ont choisi au-delà de la loi.",
}
SECTIONS = {
    "bailleur": "Qui signe.",
    "convention": "L'année, et le jour qui fixe le droit.",
    "hypotheses": "Ce qui est supposé quand rien ne le mesure.",
    "choix": "Ce que la loi laisse aux parties : un nom, un choix par défaut.",
    "stipulations": "Ce dont les parties peuvent s'écarter : l'annexe montre l'écart au défaut.",
    "signataires": "Des fonctions, jamais des noms.",
}
DTYPES = {"Int64": "nombre entier", "float64": "nombre", "boolean": "oui ou non", "datetime64[s]": "date"}
UNITES = {"surface": "m²", "loyer": "€ par mois", "taux": "part", "part": "part"}  # unsaid by the glossary
AUCUN_TEXTE = "aucun texte"
CONVENTION = """\
Dans `convention.toml` (ou sur la feuille `convention` : section, clé, valeur). Un choix donné en Python
(`flux.convert(dossier, methode="rotation")`) prévaut sur le fichier, le fichier sur le défaut ; l'annexe
dit d'où vient chacun. En TOML, oui et non s'écrivent `true` et `false`, une liste `[3, 4, 5]`, un nombre
avec un point.

« Aucun texte » : aucun des textes que l'on a lus ne règle la question, les parties en décident. Un article
cité en face d'un choix pose la règle, et laisse ouverte la réponse : le choix est une lecture. En face
d'une stipulation, il donne le défaut.

```toml
[bailleur]
nom = "Habitat d'essai"
departement = "72"

[convention]
annee = 2026

[choix]
methode = "rotation"

[stipulations]
part_etat = "legale"
```
"""


def markdown(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would break a line or a cell is written otherwise."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|").replace("\n", "<br>") for c in line) + " |" for line in lines
    )


def code(words: Iterable[str]) -> str:
    """Words to be written exactly so."""
    return ", ".join(f"`{word}`" for word in words)


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## Les tables\n"]
    for nom, table in TABLES.items():
        requise = "Table obligatoire. " if table.requise else ""
        lines = (column(nom, c, champ) for c, champ in zip(table.colonnes, champs(nom), strict=True))
        parts += [
            f"### {nom}\n",
            f"{requise}{ROLES[nom]}\n",
            markdown(("Colonne", "Type et unité", "Sens", "Valeurs admises", "Exemple"), lines) + "\n",
        ]
    parts += ["## La convention\n", CONVENTION]
    for section, keys in groupby(convention(), key=lambda pair: pair[0]):
        parts += [
            f"### [{section}]\n",
            f"{SECTIONS[section]}\n",
            markdown(("Clé", "Sens", "Valeurs admises", "Défaut", "Texte"), map(key, keys)) + "\n",
        ]
    return "\n".join(parts)


def column(table: str, colonne: Colonne, champ: Champ) -> Iterator[str]:
    """One line: name, kind and unit, meaning, allowed values, example."""
    yield f"**`{colonne.nom}`**<br>obligatoire" if colonne.requis else f"`{colonne.nom}`"
    unit = UNITES.get(colonne.nom) or _unit(table, colonne.nom)
    kind = DTYPES.get(str(colonne.type.dtype), "texte")
    kind = "année" if "année" in colonne.type.attendu else kind
    yield kind + (f", {unit}" if unit and unit != kind else "")
    yield champ.sens + (f" RPLS : {champ.rpls}." if champ.rpls else "")
    allowed = code(champ.liste) if champ.liste else champ.valeurs
    yield allowed + (f" (vide : `{champ.defaut}`)" if champ.defaut else "")
    yield champ.exemple and f"`{champ.exemple}`"


def _choice(line: str) -> str:
    """A choice, "parc : Au prorata du parc", with its word to be written exactly so."""
    word, _, sentence = line.partition(" : ")
    return f"`{word}` : {sentence}" if sentence and word.replace("_", "").isalnum() else line


def _unit(table: str, nom: str) -> str:
    try:
        return glossaire.terme(f"{table}.{nom}").unite
    except FluxError:  # a column that no result shows has no entry
        return ""


def key(pair: tuple[str, Champ]) -> Iterator[str]:
    """One line: key, meaning, allowed values, default, text."""
    section, champ = pair
    yield f"**`{champ.nom}`**<br>obligatoire" if champ.requis else f"`{champ.nom}`"
    yield champ.sens
    yield "\n".join(map(_choice, champ.valeurs.split("\n")))
    yield f"`{champ.defaut}`" if champ.defaut else "—"
    yield champ.article or (AUCUN_TEXTE if section == "choix" else "—")
