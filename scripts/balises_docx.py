"""Write the catalogue of the tags of a Word model, and the French page that lists them.

    python scripts/balises_docx.py

from the annexes of the sample dossiers, whole and by réservataire: run it when a section, a table or a column
of the annex changes (`tests/unit/annexe/test_modele_docx.py` says when).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import flux
from flux.annexe.contenu import draft_annexes
from flux.annexe.docx.balises import CHIFFRES, balise, catalogue
from flux.annexe.filiations import FILIATIONS

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "src/flux/annexe/docx/balises.toml"
PAGE = ROOT / "docs/modele-docx.md"
# tables that appear where something went wrong, and that no sample has: their titles
RARES = {
    "communes.ecarts": "Sommes et comptes que l'arrondi n'a pas pu tenir",
    "droits.sur_reservations": "Logements et programmes qui portaient plus de droits que de logements",
    "objectifs.bornes": "Quotas et demande que le plan ne peut pas respecter",
}
START, END = "<!-- balises -->", "<!-- fin des balises -->"


def collected() -> dict[str, dict[str, dict[str, Any]]]:
    """Every section, table and picture of the annexes of the samples, in the order in which they come."""
    found: dict[str, dict[str, dict[str, Any]]] = {"sections": {}, "tableaux": {}, "images": {}}
    for sample in ("val-de-mire", "cas-ecole"):
        plan = flux.allocate(flux.convert(flux.read_dossier(ROOT / "data/samples" / sample)))
        for annexe in (flux.draft_annexe(plan), *draft_annexes(plan)):
            for section in annexe.sections:
                titre = section.titre.split(". ", 1)[-1]
                found["sections"].setdefault(section.cle, {"titre": titre})
                for t in section.tableaux:
                    bare = t.titre.split(". ", 1)[-1]
                    entry = {"titre": bare, "section": section.cle, "detail": t.detail}
                    columns = [c.nom for c in t.specs if c.nom.isidentifier()]
                    found["tableaux"].setdefault(t.cle, {**entry, "colonnes": columns})
                for picture in section.illustrations:
                    found["images"].setdefault(picture.cle, {"titre": picture.titre, "section": section.cle})
    for cle in sorted(set(FILIATIONS) - set(found["tableaux"])):
        entry = {"titre": RARES[cle], "section": cle.split(".")[0], "detail": False, "colonnes": []}
        found["tableaux"][cle] = entry
    return found


def toml(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The catalogue as TOML; JSON strings, booleans and lists are TOML's."""
    lines = ["# Written by scripts/balises_docx.py: what a tag of a Word model may name."]
    for genre, entries in found.items():
        for cle, entry in entries.items():
            lines += ["", f"[[{genre}]]", f"cle = {json.dumps(cle, ensure_ascii=False)}"]
            lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in entry.items()]
    return "\n".join(lines) + "\n"


def page() -> str:
    """The list of tags, as the French page gives it."""
    known = catalogue()
    lines = ["### Chiffres et textes", "", "| balise | ce qu'elle écrit |", "|---|---|"]
    lines += [f"| `{{{{ {name} }}}}` | {said} |" for name, (said, _) in CHIFFRES.items()]
    lines += ["", "### Sections entières", "", "| balise | section |", "|---|---|"]
    lines += [f"| `{{{{ section_{balise(s['cle'])} }}}}` | {s['titre']} |" for s in known["sections"]]
    lines += ["", "### Images", "", "| balise | image |", "|---|---|"]
    lines += [f"| `{{{{ image_{balise(i['cle'])} }}}}` | {i['titre']} |" for i in known["images"]]
    lines += ["", "### Tableaux", "", "| balise | tableau | colonnes, dans une boucle |", "|---|---|---|"]
    for t in known["tableaux"]:
        columns = ", ".join(f"`{c}`" for c in t["colonnes"])
        lines.append(f"| `{{{{ tableau_{balise(t['cle'])} }}}}` | {t['titre']} | {columns} |")
    return "\n".join(lines)


def main() -> None:
    """Both files."""
    CATALOGUE.write_text(toml(collected()), encoding="utf-8")
    catalogue.cache_clear()
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{page()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
