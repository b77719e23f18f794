"""Two annexes as JSON compared: value by value, and the nodes of their proofs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flux.annexe.verification.lieux import Ecart, Lieu, Lieux, Nature
from flux.noyau.errors import FluxError

TOLERANCE = 2e-9  # the last decimal that is written, on two machines
ABSENT = object()
Chemin = tuple[str | int, ...]
Lu = dict[str, Any]


def read(content: bytes) -> Lu:
    """The document.

    Raises
    ------
    FluxError
        Code "verification.illisible": it is no JSON object.
    """
    try:
        said = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = {
            json.JSONDecodeError: f"incomplet ou abîmé à la ligne {getattr(error, 'lineno', 0)}",
            UnicodeDecodeError: "il n'est pas en UTF-8",
            RecursionError: "trop de niveaux",
        }.get(type(error), str(error))
        raise FluxError(f"Ce fichier json ne se lit pas : {why}.", code="verification.illisible") from None
    if not isinstance(said, dict) or not isinstance(said.get("sections"), list):
        raise FluxError("Ce fichier json n'est pas une annexe.", code="verification.illisible")
    return said


def _once(pairs: list[tuple[str, Any]]) -> Lu:
    """An object; a key said twice would be read one way here and another elsewhere."""
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("une clé y est deux fois")
    return said


def differences(published: Lu, expected: Lu, lieux: Lieux) -> Iterator[Ecart]:
    """What differs: the sections first, in the order of the annex, then the proofs, then the rest."""
    order = ["sections", "preuves", *sorted({*published, *expected} - {"sections", "preuves", "identite"})]
    for part in order:
        old = dict(_leaves(published.get(part, ABSENT), (part,)))
        new = dict(_leaves(expected.get(part, ABSENT), (part,)))
        for path in dict.fromkeys([*new, *old]):
            a, b = old.get(path, ABSENT), new.get(path, ABSENT)
            if not _equal(a, b):
                yield _ecart(path, a, b, expected, lieux)


def nb_figures(document: Lu) -> int:
    """Numbers in the tables of the annex."""
    rows = (
        row["valeurs"]
        for section in document["sections"]
        for tableau in section["tableaux"]
        for row in [*tableau["lignes"], *([tableau["total"]] if tableau["total"] else [])]
    )
    return sum(_is_number(v) for values in rows for v in values.values())


def _leaves(value: Any, path: Chemin) -> Iterator[tuple[Chemin, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inside in value.items():
            yield from _leaves(inside, (*path, key))
    elif isinstance(value, list) and value:
        for k, inside in enumerate(value):
            yield from _leaves(inside, (*path, k))
    elif value is not ABSENT:
        yield path, value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(a: Any, b: Any) -> bool:
    if _is_number(a) and _is_number(b):
        return bool(a == b or abs(a - b) <= TOLERANCE)
    return type(a) is type(b) and bool(a == b)


def _ecart(path: Chemin, old: Any, new: Any, expected: Lu, lieux: Lieux) -> Ecart:
    if old is ABSENT or new is ABSENT:
        nature = Nature.ABSENT if old is ABSENT else Nature.EN_TROP
    elif path[0] == "preuves":
        nature = Nature.PREUVE
    else:
        nature = Nature.CHIFFRE if _is_number(old) or _is_number(new) else Nature.TEXTE
    return Ecart(nature=nature, lieu=_place(path, expected, lieux), publie=_said(old), refait=_said(new))


def _place(path: Chemin, expected: Lu, lieux: Lieux) -> Lieu:
    """The cell that a path leads to; of anything else, the path."""
    match path:
        case ("sections", int(s), "tableaux", int(t), *rest) if s < len(lieux.annexe.sections):
            section = lieux.annexe.sections[s]
            if t < len(section.tableaux):
                tableau = section.tableaux[t]
                match rest:
                    case ["lignes", int(rang), _, str(colonne)]:
                        names = [c.nom for c in tableau.specs]
                        if colonne in names and rang < len(tableau.frame):
                            return lieux.cell(section.titre, tableau, rang, names.index(colonne))
                    case ["total", _, str(colonne)]:
                        names = [c.nom for c in tableau.specs]
                        if colonne in names:
                            rang = len(tableau.frame)
                            return lieux.cell(section.titre, tableau, rang, names.index(colonne))
                return Lieu(section=section.titre, tableau=tableau.titre, colonne=_path(tuple(rest)))
        case ("sections", int(s), *rest) if s < len(lieux.annexe.sections):
            return Lieu(section=lieux.annexe.sections[s].titre, colonne=_path(tuple(rest)))
        case ("preuves", "figures", int(k), *rest) if k < len(expected["preuves"]["figures"]):
            node = expected["preuves"]["figures"][k]
            return Lieu(
                section="Preuves",
                ligne=f"{k}. {node['nom']}",
                colonne=_path(tuple(rest)),
                articles=node.get("article", ""),
                sources=", ".join(str(v) for v in node.get("source", {}).values()),
            )
    return Lieu(colonne=_path(path))


def _path(path: Chemin) -> str:
    return " / ".join(map(str, path))


def _said(value: Any) -> str:
    return "" if value is ABSENT else json.dumps(value, ensure_ascii=False)
