"""From the TOML files of `parametres/` to the parameters through time."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import ValidationError

from flux.loi.alineas import alineas
from flux.loi.modele import Fiche
from flux.noyau.errors import RegleError


def read_fiches(parametres: Traversable | None = None) -> dict[str, Fiche]:
    """Read every parameter of the law, in the order of the files and of their tables.

    Parameters
    ----------
    parametres : folder of TOML files, one theme a file, named by its key `theme`; those of the package by
        default.

    Raises
    ------
    RegleError
        Code "regle.fichier", every defect at once: a file that is not TOML, a value without article,
        unit, date or status, a value that its unit does not allow, a paragraph that `alineas.toml` does not
        number, a key written in two files.
    """
    folder = files("flux.loi") / "parametres" if parametres is None else parametres
    fiches: dict[str, Fiche] = {}
    defects: list[str] = []
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name):
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            defects.append(f"{file.name} : ce n'est pas du TOML ({error})")
            continue
        theme = tables.pop("theme", "")
        for cle, table in tables.items():
            if cle in fiches:
                defects.append(f"{file.name}, [{cle}] : ce paramètre est déjà défini ailleurs")
            try:
                fiches[cle] = Fiche.model_validate({"theme": theme, **table})
            except ValidationError as error:
                defects.extend(f"{file.name}, [{cle}]{text}" for text in _in_french(error))
                continue
            defects.extend(
                f"{file.name}, [{cle}] : alinéa inconnu, « {name} »"
                for version in fiches[cle].valeurs
                for reference in version.references
                for name in reference.alineas
                if name not in alineas()
            )
    if defects:
        raise RegleError("Paramètres de la loi illisibles :\n" + "\n".join(defects), code="regle.fichier")
    return fiches


# The defects a jurist makes, by pydantic's own names; what is not here keeps pydantic's English.
_FRENCH: Mapping[str, str] = {
    "missing": "champ obligatoire absent",
    "extra_forbidden": "champ inconnu",
    "enum": "valeur possible : verifie, partiel, non_verifie ou projet",
    "too_short": "au moins un élément est nécessaire",
    "string_too_short": "ce texte est vide",
}


def _in_french(error: ValidationError) -> Iterator[str]:
    for defect in error.errors(include_url=False):
        place = "".join(f", n° {at + 1}" if isinstance(at, int) else f", {at}" for at in defect["loc"])
        yield f"{place} : {_message(defect)}"


def _message(defect: Mapping[str, Any]) -> str:
    raised = defect.get("ctx", {}).get("error")
    return str(raised) if raised else _FRENCH.get(defect["type"], defect["msg"])
