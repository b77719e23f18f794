"""A model to start from: every tag in its place, so that one deletes what one does not want."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docx import Document

from flux.annexe.docx.balises import CHIFFRES, balise, catalogue
from flux.annexe.docx.page import prepare, speak_french
from flux.annexe.fichiers import stable_zip
from flux.noyau.fichiers import write_new

JOUR = dt.date(2026, 1, 1)  # a date of file that owes nothing to the clock
BOUCLE = (("Réservataire", "id_reservataire"), ("Droits", "nb_droits"), ("Quota", "quota"))


def write_model(path: str | Path, *, ecraser: bool = False) -> Path:
    """Write the starting model and return its path.

    Raises
    ------
    FluxError
        Codes "fichier.format_inconnu", "fichier.existe" (`ecraser` is false), "fichier.repertoire_absent".
    """
    return write_new(Path(path), starting_model(), suffixes=(".docx",), ecraser=ecraser)


def starting_model() -> bytes:
    """The model itself, the same bytes twice."""
    document: Any = Document()
    prepare(document, "{{ titre }}", "{{ bailleur }}", JOUR)
    document.add_paragraph("{{ titre }}", style="Title")
    document.add_paragraph("{{ bailleur }}, droit applicable au {{ date_droit }}", style="Subtitle")
    _note(document, "Modèle de départ. Chaque balise est ici une fois : effacer celles que l'on ne veut pas. "
                    "Les paragraphes qui commencent comme celui-ci sont des notes : l'annexe ne les a pas.")
    _note(document, "Chiffres à placer dans vos phrases :")
    for name, (said, _) in CHIFFRES.items():
        document.add_paragraph(f"{said} : {{{{ {name} }}}}", style="List Bullet")
    _loop(document)
    known = catalogue()
    for section in known["sections"]:
        _section(document, section, known)
    speak_french(document)
    out = io.BytesIO()
    document.save(out)
    return stable_zip(out.getvalue(), JOUR)


def _loop(document: Any) -> None:
    """A table of the model's own, filled row by row."""
    _note(document, "Votre propre tableau, rempli ligne par ligne :")
    rows = [[titre for titre, _ in BOUCLE], ["{%tr for l in tableaux.taux_quotas.lignes %}", "", ""],
            [f"{{{{ l.{nom} }}}}" for _, nom in BOUCLE], ["{%tr endfor %}", "", ""]]
    table = document.add_table(rows=0, cols=len(BOUCLE), style="Table Grid")
    for texts in rows:
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            cell.text = text


def _section(document: Any, section: dict[str, Any], known: Mapping[str, Any]) -> None:
    """Title, sentences, pictures and tables of a section; its long tables are only named."""
    nom = balise(section["cle"])
    document.add_paragraph(f"{{%p if sections.{nom}.titre %}}")
    document.add_heading(f"{{{{ sections.{nom}.titre }}}}", level=1)
    _note(document, f"La section entière, d'un coup : section_{nom} entre deux accolades.")
    for what, style in (("paragraphes", None), ("puces", "List Bullet")):
        document.add_paragraph(f"{{%p for texte in sections.{nom}.{what} %}}")
        document.add_paragraph("{{ texte }}", style=style)
        document.add_paragraph("{%p endfor %}")
    for entry in (i for i in known["images"] if i["section"] == section["cle"]):
        document.add_paragraph(f"{{{{ image_{balise(entry['cle'])} }}}}")
    for entry in (t for t in known["tableaux"] if t["section"] == section["cle"]):
        nom_tableau = f"tableau_{balise(entry['cle'])}"
        if entry["detail"]:
            _note(document, f"Tableau de détail, souvent long : {nom_tableau} ({entry['titre']}).")
        else:
            document.add_paragraph(f"{{{{ {nom_tableau} }}}}")
    document.add_paragraph("{%p endif %}")


def _note(document: Any, text: str) -> None:
    """A comment that the annex will not have."""
    run = document.add_paragraph().add_run(f"{{#p {text} #}}")
    run.italic = True
