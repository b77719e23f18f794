"""What an annex says of itself to programs: what it was made from, and how, to make it again."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from fractions import Fraction
from functools import singledispatch
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from pydantic import BaseModel

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.annexe.contenu import Annexe
    from flux.dossier import Dossier
    from flux.loi import Regles

SCHEMA = "flux-identite/1"
NOM = "flux-identite"
"""Name of the property (docx, xlsx), of the `<meta>` (html), that carries it as one line of JSON."""
CLES = frozenset(
    (
        *("schema", "version", "annee", "date", "pour", "seuil_masque"),
        *("choix", "stipulations", "projets", "suppositions", "sources"),
    )
)
PART = 250
CUSTOM = "docProps/custom.xml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/"


@singledispatch
def identite(annexe: Any) -> dict[str, Any]:
    """JSON-able identity of an annex; another document that its writers lay out registers its own.

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
        "pour": annexe.pour,
        "seuil_masque": annexe.seuil_masque,
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
    """The annex of `dossier`, made with the options that an identity says; without any when it is empty."""
    from flux.allocation import allocate
    from flux.annexe.contenu import draft_annexe
    from flux.conversion import convert

    regles = _law(said)
    changed = _read({**said.get("choix", {}), **said.get("stipulations", {})})
    plan: Plan = allocate(convert(dossier, regles=regles, **changed))
    options = {"seuil_masque": said["seuil_masque"]} if "seuil_masque" in said else {}
    pour = said.get("pour")
    return draft_annexe(plan, pour=pour.split("+") if pour else None, **options)


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


def proprietes(annexe: Annexe) -> list[tuple[str, str]]:
    """The identity as custom properties of an Office file, which Excel wants under 255 characters each."""
    text = ligne(annexe)
    parts = [text[k : k + PART] for k in range(0, len(text), PART)]
    return [(f"{NOM}-{k:02d}", part) for k, part in enumerate(parts, start=1)]


def signed(content: bytes, annexe: Annexe) -> bytes:
    """An Office file with the identity among its custom properties; it has none yet."""
    properties = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{k}" name="{nom}">'
        f"<vt:lpwstr>{escape(valeur)}</vt:lpwstr></property>"
        for k, (nom, valeur) in enumerate(proprietes(annexe), start=2)
    )
    part = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<Properties xmlns="{_OFFICE}custom-properties" xmlns:vt="{_OFFICE}docPropsVTypes">'
        f"{properties}</Properties>"
    )
    added = {
        "[Content_Types].xml": (
            "</Types>",
            f'<Override PartName="/{CUSTOM}" ContentType="application/vnd.openxmlformats-officedocument.'
            'custom-properties+xml"/></Types>',
        ),
        "_rels/.rels": (
            "</Relationships>",
            f'<Relationship Id="rIdFlux" Type="{_OFFICE}relationships/custom-properties" '
            f'Target="{CUSTOM}"/></Relationships>',
        ),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            old, new = added.get(name, ("", ""))
            read = source.read(name)
            target.writestr(name, read.replace(old.encode(), new.encode()) if old else read)
        target.writestr(CUSTOM, part)
    return out.getvalue()


def read_properties(archive: zipfile.ZipFile) -> dict[str, Any] | None:
    """The identity in the custom properties of an Office file; None when it is not there."""
    if CUSTOM not in archive.namelist():
        return None
    root = ElementTree.fromstring(archive.read(CUSTOM))
    parts = {str(p.get("name")): "".join(p.itertext()) for p in root}
    text = "".join(parts[nom] for nom in sorted(parts) if nom.startswith(NOM))
    read: dict[str, Any] | None = json.loads(text) if text else None
    return read
