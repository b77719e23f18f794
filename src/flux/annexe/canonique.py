"""The annex as canonical JSON: raw values, and the lineage of each down to the cells and the articles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from flux.annexe.identite import identite
from flux.annexe.lignees import Lignees
from flux.conversion.enveloppe import jsonable
from flux.noyau.provenance import Figure, Source
from flux.rendu.glossaire import Format, clean

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section
    from flux.rendu.vue import Colonne, Tableau

SCHEMA = "flux-annexe/1"
ROW = 2  # levels of containers: a row holds its values, codes and proofs


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of the file that `annexe.save("annexe.json")` writes."""
    text = (files("flux.annexe") / "schema" / "annexe-1.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def render(annexe: Annexe) -> bytes:
    """The file: keys sorted, one line a row and a node of a proof, the same bytes twice."""
    return ("".join(_lines(document(annexe))) + "\n").encode()


def document(annexe: Annexe) -> dict[str, Any]:
    """The annex as JSON-able data: see docs/verification.md for how to read it.

    Each cell that a proof makes points to it by its rank in `preuves.figures`, where a figure that serves
    many times stands once, after its inputs: `Figure.from_dict` reads the list up to any rank.
    """
    proofs = _Preuves(Lignees.of(annexe))
    sections = [_section(section, proofs) for section in annexe.sections]
    return {
        "schema": SCHEMA,
        "identite": identite(annexe),
        "titre": annexe.titre,
        "bailleur": annexe.bailleur,
        "sections": sections,
        "preuves": proofs.number(sections),
    }


def _lines(value: Any) -> Iterator[str]:
    """A value as JSON, on one line when it nests no more than a row of a table does."""
    if not _nests(value, ROW):
        yield json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return
    keyed = isinstance(value, dict)
    inside = (
        [(f"{json.dumps(k, ensure_ascii=False)}:", value[k]) for k in sorted(value)]
        if keyed
        else [("", v) for v in value]
    )
    for k, (key, item) in enumerate(inside):
        yield f"{',' if k else '{' if keyed else '['}\n{key}"
        yield from _lines(item)
    yield "\n}" if keyed else "\n]"


def _nests(value: Any, levels: int) -> bool:
    """True when a value has containers within containers, on more than `levels` levels."""
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return not levels or any(_nests(item, levels - 1) for item in inside)


class _Preuves:
    """Figures of the cells, then one list of all their nodes."""

    def __init__(self, lignees: Lignees) -> None:
        self.lignees = lignees
        self.figures: list[Figure] = []

    def of(self, figure: Figure | None) -> int | None:
        """The place of a figure in `figures`, which `number` turns into a rank among the nodes."""
        if figure is None:
            return None
        self.figures.append(figure)
        return len(self.figures) - 1

    def number(self, sections: list[dict[str, Any]]) -> dict[str, Any]:
        """All nodes, each once, inputs first; the cells of `sections` point to them from now on."""
        whole = Figure(valeur=Fraction(0), nom="", entrees=tuple(self.figures))
        said = whole.to_dict()
        last = said["figures"].pop()
        ranks = last.get("entrees", [])
        for section in sections:
            for tableau in section["tableaux"]:
                for row in [*tableau["lignes"], *([tableau["total"]] if tableau["total"] else [])]:
                    row["preuves"] = {c: ranks[k] for c, k in row["preuves"].items()}
        return said


def _section(section: Section, proofs: _Preuves) -> dict[str, Any]:
    return {
        "cle": section.cle,
        "titre": section.titre,
        "paragraphes": list(section.paragraphes),
        "puces": list(section.puces),
        "illustrations": [
            {"cle": i.cle, "titre": i.titre, "alternative": i.alternative} for i in section.illustrations
        ],
        "tableaux": [_tableau(t, proofs) for t in section.tableaux],
    }


def _tableau(tableau: Tableau, proofs: _Preuves) -> dict[str, Any]:
    lignees, specs, totals = proofs.lignees, tableau.specs, tableau.totaux
    filiation = lignees.filiation(tableau)
    decimals = filiation.decimales
    lines = []
    for row in tableau.frame.to_dict("records"):
        known = {c.nom: proofs.of(lignees.cellule(tableau, row, c.nom)) for c in specs}
        lines.append(
            {
                "valeurs": {c.nom: _value(c, row[c.nom], decimals) for c in specs},
                "codes": lignees.codes({c.nom: row[c.nom] for c in specs}),
                "preuves": {c: k for c, k in known.items() if k is not None},
            }
        )
    total = None
    if totals is not None:
        known = {c: proofs.of(lignees.total(tableau, c, v)) for c, v in totals.items()}
        total = {
            "valeurs": {c.nom: _value(c, totals[c.nom], decimals) for c in specs if c.nom in totals},
            "preuves": {c: k for c, k in known.items() if k is not None},
        }
    return {
        "cle": tableau.cle,
        "titre": tableau.titre,
        "note": tableau.note,
        "colonnes": [_colonne(c) for c in specs],
        "lignes": lines,
        "total": total,
        "lignee": {
            "regle": filiation.regle,
            "article": tableau.article,
            "sources": [_source(s) for s in lignees.sources(tableau)],
        },
    }


def _colonne(colonne: Colonne) -> dict[str, str]:
    terme = colonne.terme
    return {
        "cle": colonne.nom,
        "libelle": colonne.libelle or terme.libelle,
        "sens": terme.sens,
        "unite": terme.unite,
        "format": terme.format.value,
        "article": terme.article,
    }


def _value(colonne: Colonne, value: Any, decimals: int) -> Any:
    """A cell: a number as it was computed, a date, yes or no; text on one line; null where there is none."""
    said = jsonable(value)
    if isinstance(said, str):
        return clean(said)
    if isinstance(said, float):
        whole = colonne.terme.format in (Format.ENTIER, Format.ANNEE) and said.is_integer()
        return int(said) if whole else round(said, decimals) + 0.0
    return said


def _source(source: Source) -> dict[str, Any]:
    return {"fichier": source.fichier, "feuille": source.feuille, "sha256": source.sha256}
