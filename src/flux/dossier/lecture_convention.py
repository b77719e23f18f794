"""From `convention.toml`, the sheet `convention` or Python keywords to a `Convention`; defects in French."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, get_args

import pandas as pd
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from flux.dossier.cellules import CONTROLE, cle, sans_accent
from flux.dossier.convention import SECTIONS, Attendu, Convention, _Section
from flux.noyau.errors import Anomalie, ConventionError
from flux.noyau.provenance import Source
from flux.noyau.tables import LIGNE, anomaly_at, enumerate_fr, suggestion, visible

SIGNATAIRES = "signataires"


def parse_toml(text: str, source: Source) -> tuple[dict[str, Any] | None, list[Anomalie]]:
    """The sections written in TOML, numbers as the decimal written; None if it is not TOML."""
    try:
        return tomllib.loads(text, parse_float=Decimal), []
    except tomllib.TOMLDecodeError as error:
        line, message = _in_french(str(error), text)
        return None, [
            Anomalie(
                code="convention.illisible",
                fichier=source.fichier,
                ligne=line,
                valeur=text.splitlines()[line - 1].strip() if line else None,
                message=message,
                attendu="des sections [choix], une seule fois chacune, puis des lignes clé = valeur",
                correction=_remede_toml(text.splitlines()[line - 1]) if line else _ECRIRE,
            )
        ]


_ECRIRE = (
    "Corriger cette ligne ou celle d'avant : textes entre guillemets, nombres avec un point, dates comme "
    "2026-01-01."
)


def _remede_toml(line: str) -> str:
    """What to write in the place of a line written as in a letter: comma, date, accent, no quote."""
    key, _, value = (part.strip() for part in line.partition("="))
    if key != sans_accent(key) and re.fullmatch(r"\w+", key):
        return f"Écrire la clé sans accent ni majuscule : {sans_accent(key)} = {value}"
    if m := re.fullmatch(r"(\d+),(\d+)", value):
        return f"Écrire le nombre avec un point : {key} = {m[1]}.{m[2]}"
    if m := re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", value):
        return f"Écrire l'année, le mois, le jour : {key} = {m[3]}-{int(m[2]):02}-{int(m[1]):02}"
    if re.fullmatch(r"\w+", key) and value and value[0] not in "\"'[{":
        return f'Mettre le texte entre guillemets : {key} = "{value}"'
    return _ECRIRE


def _in_french(error: str, text: str) -> tuple[int | None, str]:
    """The line where a TOML reader stopped, and why; it only says it in English, in its message."""
    found = re.search(r"at line (\d+)", error)
    line = int(found[1]) if found else len(text.splitlines()) or None
    said = (
        ("twice", "Cette section est déjà écrite plus haut"),
        ("overwrite", "Cette clé est déjà écrite plus haut dans sa section"),
        ("Illegal character", "Cette ligne contient un caractère interdit"),
    )
    other = "Cette ligne n'est ni une section, ni une clé et sa valeur"
    return line, next((fr for en, fr in said if en in error), other)


def parse_sheet(frame: pd.DataFrame, source: Source) -> tuple[dict[str, Any] | None, list[Anomalie]]:
    """The sections written on a sheet: columns section, key (or clé), value (or valeur).

    A dotted key is a table: `derogation_prefectorale.part` is `part` inside `derogation_prefectorale`.
    """
    names = {LIGNE: LIGNE, "cle": "key", "valeur": "value"}
    frame = frame.rename(columns={c: names.get(c, names.get(cle(c), cle(c))) for c in frame.columns})
    missing = [c for c in ("section", "key", "value") if c not in frame]
    if missing:
        return None, [
            anomaly_at(
                source,
                code="convention.colonne_absente",
                message=f"Il manque {enumerate_fr(missing)} à la feuille de la convention",
                attendu="les colonnes section, clé, valeur",
                correction="Reprendre les en-têtes du modèle de classeur.",
            )
        ]
    sections: dict[str, Any] = {}
    anomalies: list[Anomalie] = []
    filled = frame.loc[frame["value"].notna()]
    for line, section, key, value in filled[[LIGNE, "section", "key", "value"]].itertuples(index=False):
        if pd.isna(section) or pd.isna(key):
            anomalies.append(
                anomaly_at(
                    source,
                    code="convention.vide",
                    ligne=int(line),
                    valeur=value,
                    message="Une valeur sans section ou sans clé",
                    correction="Compléter la ligne.",
                )
            )
            continue
        *above, last = str(key).strip().split(".")
        inside = sections.setdefault(str(section).strip(), {})
        for step in above:
            inside = inside.setdefault(step, {}) if isinstance(inside, dict) else inside
        if isinstance(inside, dict) and last not in inside:
            inside[last] = value
            continue
        anomalies.append(
            anomaly_at(
                source,
                code="convention.cle_en_double",
                ligne=int(line),
                colonne=f"{section}.{key}",
                valeur=value,
                message="Cette clé est déjà écrite plus haut",
                attendu="une seule ligne par clé",
                correction="Supprimer l'une des deux lignes.",
            )
        )
    return sections, anomalies


def build(raw: Mapping[str, Any] | None, source: Source) -> tuple[Convention | None, list[Anomalie]]:
    """The convention, or every defect of it. `raw` None: nothing was found."""
    if raw is None:
        return None, [
            Anomalie(
                code="convention.absente",
                message="La convention manque",
                fichier=source.fichier,
                attendu="un fichier convention.toml, ou une feuille « convention » dans le classeur",
                correction="Écrire un fichier texte nommé convention.toml, de deux lignes au moins : "
                "[convention], puis annee = 2026. Dans un classeur : une feuille « convention », colonnes "
                "section, clé, valeur, comme dans le modèle (flux template modele.xlsx).",
            )
        ]
    anomalies = [_unknown_section(name, source) for name in raw if name not in {*SECTIONS, SIGNATAIRES}]
    signataires = raw.get(SIGNATAIRES, {})
    if isinstance(signataires, Mapping):
        anomalies += [
            _defect(
                "valeur_inconnue",
                "Valeur inconnue ou illisible",
                f"{SIGNATAIRES}.{key}",
                source,
                _written(value),
                attendu="un texte entre guillemets",
                correction="Corriger la valeur.",
            )
            for key, value in signataires.items()
            if not isinstance(value, str) or CONTROLE.search(value)
        ]
    else:
        anomalies.append(_no_section(SIGNATAIRES, source, signataires))
    sections: dict[str, _Section] = {}
    for name, model in SECTIONS.items():
        values = raw.get(name, {})
        if not isinstance(values, Mapping):
            anomalies.append(_no_section(name, source, values))
            continue
        try:
            sections[name] = model.model_validate(dict(values))
        except ValidationError as error:
            anomalies += _translate(error, name, model, source)
    if anomalies:
        return None, anomalies
    return Convention.from_sections(sections, signataires), []


def changed(convention: Convention, section: str, values: Mapping[str, Any]) -> Convention:
    """The convention with other choices or stipulations, given from Python.

    Raises
    ------
    ConventionError
        Code "convention.choix_inconnu" (name) or "convention.valeur_inconnue" (value), near-miss suggested.
    """
    model = SECTIONS[section]
    for name in values:
        if name not in model.model_fields:
            hint = suggestion(name, model.model_fields) or f"Clés : {enumerate_fr(model.model_fields)}."
            message = f"« {name} » n'est pas une clé de [{section}]. {hint}"
            raise ConventionError(message, code="convention.choix_inconnu")
    try:
        read = model.model_validate(dict(values))
    except ValidationError as error:
        defects = _translate(error, section, model, Source(fichier="Python"))
        raise ConventionError("\n".join(map(str, defects)), code="convention.valeur_inconnue") from error
    return convention.changed(section, {name: getattr(read, name) for name in values})


# ── pydantic's errors, in French ──────────────────────────────────────────────────────────────────


def _defect(
    code: str,
    message: str,
    key: str,
    source: Source,
    valeur: str | None = None,
    *,
    attendu: str = "",
    correction: str = "",
) -> Anomalie:
    return anomaly_at(
        source,
        code=f"convention.{code}",
        message=message,
        colonne=key,
        valeur=valeur,
        attendu=attendu,
        correction=correction,
    )


def _no_section(name: str, source: Source, read: object) -> Anomalie:
    return _defect(
        "section",
        f"« {name} » doit être une section",
        name,
        source,
        _written(read),
        attendu=f"une ligne [{name}], puis des lignes clé = valeur",
        correction="Écrire la section.",
    )


def _unknown_section(name: str, source: Source) -> Anomalie:
    known = [*SECTIONS, SIGNATAIRES]
    return _defect(
        "section_inconnue",
        "Section inconnue",
        name,
        source,
        attendu=enumerate_fr(known, " ou "),
        correction=suggestion(name, known) or "Supprimer la section, ou corriger son nom.",
    )


def _translate(error: ValidationError, section: str, model: type[_Section], source: Source) -> list[Anomalie]:
    """One anomaly a key: an item of a list, or a branch of a union, counts as its key."""
    found: dict[str, Anomalie] = {}
    for detail in error.errors(include_url=False, include_context=False):
        owner, path = _owner(model, [str(step) for step in detail["loc"]])
        key = ".".join([section, *path])
        read = None if detail["type"] == "missing" else _written(detail["input"])
        if detail["type"] == "missing":
            anomaly = _defect(
                "cle_absente",
                "Clé obligatoire absente",
                key,
                source,
                attendu=_attendu(owner.model_fields[path[-1]]),
                correction=f"Ajouter une ligne « {path[-1]} = … » sous [{section}].",
            )
        elif detail["type"] == "extra_forbidden":
            hint = suggestion(path[-1], owner.model_fields)
            anomaly = _defect(
                "choix_inconnu",
                "Clé inconnue",
                key,
                source,
                read,
                attendu="" if hint else enumerate_fr(owner.model_fields, " ou "),
                correction=hint or "Supprimer la ligne.",
            )
        else:
            info = owner.model_fields[path[-1]]
            anomaly = _defect(
                "valeur_inconnue",
                "Valeur inconnue ou illisible",
                key,
                source,
                read,
                attendu=_attendu(info),
                correction=suggestion(str(read), _members(info.annotation)) or "Corriger la valeur.",
            )
        found.setdefault(key, anomaly)
    return list(found.values())


def _owner(model: type[_Section], loc: list[str]) -> tuple[type[_Section], list[str]]:
    """The model that holds the key in error, and the path of the key inside the section.

    Beyond the key, pydantic's place names the item of a list or the branch of a union: left out.
    """
    head, *rest = loc
    annotation = model.model_fields[head].annotation if head in model.model_fields else None
    for inner in (annotation, *get_args(annotation)):
        if rest and isinstance(inner, type) and issubclass(inner, _Section):
            owner, path = _owner(inner, rest)
            return owner, [head, *path]
    return model, [head]


def _members(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return [word for argument in get_args(annotation) for word in _members(argument)]


def _attendu(info: FieldInfo) -> str:
    """What a key accepts: the phrase of its type, else the members of its list."""
    marks = [
        *info.metadata,
        *(m for arg in get_args(info.annotation) for m in getattr(arg, "__metadata__", ())),
    ]
    phrase = next((mark.phrase for mark in marks if isinstance(mark, Attendu)), "")
    return phrase or enumerate_fr(_members(info.annotation), " ou ")


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return visible(str(value))
