"""What an annex says of itself to programs: what it was made from, and how, to make it again."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.annexe.contenu import Annexe
    from flux.dossier import Dossier
    from flux.loi import Regles

SCHEMA = "flux-identite/1"
NOM = "flux-identite"
"""Name of the property (docx, xlsx), of the `<meta>` (html), that carries it as one line of JSON."""


def identite(annexe: Annexe) -> dict[str, Any]:
    """JSON-able identity of an annex.

    Keys `schema, version` (of flux), `annee`, `date` (of the law), `pour` (a réservataire, or null),
    `seuil_masque` (counts under it are masked), `choix, stipulations` (those that Python gave, which no
    file says), `projets, suppositions` (hypotheses on the law) and `sources` (each file with its sha256).
    """
    quotas = annexe.plan.quotas
    dossier, regles = quotas.dossier, quotas.regles
    return {
        "schema": SCHEMA,
        "version": annexe.version,
        "annee": annexe.annee,
        "date": regles.date.isoformat(),
        "pour": getattr(annexe, "pour", None),
        "seuil_masque": getattr(annexe, "seuil_masque", None),
        "choix": _from_python(dossier, "choix"),
        "stipulations": _from_python(dossier, "stipulations"),
        "projets": regles.projets,
        "suppositions": {cle: _written(v) for cle, v in sorted(regles.supposees.items())},
        "sources": [
            {"fichier": s.fichier, "feuille": s.feuille, "nb_lignes": s.nb_lignes, "sha256": s.sha256}
            for s in dossier.sources
        ],
    }


def ligne(annexe: Annexe) -> str:
    """The identity on one line of ASCII, which every format carries whole."""
    return json.dumps(identite(annexe), sort_keys=True, separators=(",", ":"))


def refaire(said: dict[str, Any], dossier: Dossier) -> Annexe:
    """The annex of `dossier`, made with the options that an identity says."""
    from flux.allocation import allocate
    from flux.annexe.contenu import draft_annexe
    from flux.conversion import convert

    regles = _law(said)
    changed = _read({**said.get("choix", {}), **said.get("stipulations", {})})
    plan: Plan = allocate(convert(dossier, regles=regles, **changed))
    return draft_annexe(plan)


def _law(said: dict[str, Any]) -> Regles | None:
    if "date" not in said:
        return None
    from flux.loi import regles

    law = regles(said["date"], projets=bool(said.get("projets")))
    supposed = _read(said.get("suppositions", {}))
    return law.suppose(**supposed) if supposed else law


def _from_python(dossier: Dossier, section: str) -> dict[str, Any]:
    convention = dossier.convention
    values = dict(getattr(convention, section))
    return {k: _written(v) for k, v in values.items() if convention.origines.get(k) == "python"}


def _written(value: Any) -> Any:
    """A choice or a value of the law as JSON: an exact share as a fraction, so that it comes back exact."""
    match value:
        case Fraction():
            return {"fraction": str(value)}
        case BaseModel():
            return {k: _written(v) for k, v in dict(value).items()}
        case list() | tuple():
            return [_written(v) for v in value]
        case dt.date():
            return value.isoformat()
        case bool() | int() | None:
            return value
        case _:
            return str(value)


def _read(value: Any) -> Any:
    match value:
        case {"fraction": text}:
            return Fraction(text)
        case dict():
            return {k: _read(v) for k, v in value.items()}
        case _:
            return value
