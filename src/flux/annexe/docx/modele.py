"""The annex in a Word model of the bailleur or of its association: docxtpl fills the tags, we set the blocks.

A model comes from outside: it is rendered in jinja's sandbox, with texts and lists only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate
from jinja2 import Environment, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flux.annexe.docx.balises import BLOCS, BORNE, balise, contexte
from flux.annexe.docx.blocs import Poseur
from flux.annexe.docx.controle import Lecture
from flux.annexe.docx.page import describe
from flux.annexe.fichiers import stable_zip
from flux.noyau.errors import FluxError

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe

_BLOC = re.compile(rf"\{{\{{\s*((?:{'|'.join(BLOCS)})_\w+)\s*\}}\}}")
# docxtpl takes away the whole paragraph, or the whole row, of these
_ALONE = re.compile(r"\{[{%#]p .*?[}%#]\}")
_ROW = re.compile(r"\{[{%#]tr .*?[}%#]\}")
_PLACE = re.compile(f"{BORNE}([^{BORNE}]+){BORNE}")


def render(annexe: Annexe, modele: Path) -> bytes:
    """The model with the annex's figures, texts, tables and pictures.

    Parameters
    ----------
    modele : a .docx file with tags: `{{ flux }}`, `{{ tableau_taux_quotas }}` alone in its paragraph, or a
        loop over the rows of a table; `docs/modele-docx.md` lists them.

    Raises
    ------
    FluxError
        Codes "modele.illisible", "modele.syntaxe", "modele.balises" (unknown, missing or misplaced, all at
        once), "modele.rendu" (what only the rendering could see).
    """
    template = _opened(modele)
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    context = contexte(annexe)
    lecture = Lecture()
    for source in _sources(template):
        lecture.read(source, environment, context)
    lecture.refuse(_misplaced(template))
    _fill(template, context, environment)
    document = template.docx
    _set_blocks(document, annexe)
    describe(document, annexe.titre, annexe.bailleur, annexe.date)
    out = io.BytesIO()
    document.save(out)
    return stable_zip(out.getvalue(), annexe.date)


def _opened(modele: Path) -> Any:
    try:
        template = DocxTemplate(io.BytesIO(modele.read_bytes()))
        template.init_docx()
    except (BadZipFile, PackageNotFoundError, KeyError, ValueError, OSError):
        raise FluxError(
            f"« {modele} » n'est pas un document Word lisible. À faire : l'enregistrer au format .docx.",
            code="modele.illisible",
        ) from None
    return template


def _fill(template: Any, context: dict[str, Any], environment: Environment) -> None:
    """Render the model; docxtpl would mend broken XML by dropping its end: it is parsed strictly first."""
    try:
        template.render_init()
        parse_xml(template.build_xml(context, environment))
        template.render(context, environment)
    except (TemplateError, TypeError, ValueError, OverflowError, SyntaxError) as error:
        raise FluxError(f"Le modèle ne peut pas être rempli : {error}", code="modele.rendu") from None


def _sources(template: Any) -> Iterator[str]:
    """The body, the headers, the footers, as jinja will read them."""
    yield template.patch_xml(template.get_xml())
    for uri in (template.HEADER_URI, template.FOOTER_URI):
        for _, part in template.get_headers_footers(uri):
            yield template.patch_xml(template.get_part_xml(part))


def _misplaced(template: Any) -> Iterator[str]:
    """Block tags in a sentence, in a header or in a footer; words that a loop would take away."""
    body = template.docx.element.body
    for paragraph in body.iter(qn("w:p")):
        text = _text(paragraph)
        found = _BLOC.findall(text)
        if found and not _BLOC.fullmatch(text.strip()):
            yield from found
        if _ALONE.search(text) and not _ALONE.fullmatch(text.strip()):
            yield _ALONE.findall(text)[0]
    for row in body.iter(qn("w:tr")):
        text = _text(row)
        if _ROW.search(text) and not _ROW.fullmatch(text.strip()):
            yield _ROW.findall(text)[0]
    for uri in (template.HEADER_URI, template.FOOTER_URI):
        for _, part in template.get_headers_footers(uri):
            yield from _BLOC.findall(re.sub(r"<[^>]+>", "", template.get_part_xml(part)))


def _text(paragraph: Any) -> str:
    return "".join(t.text or "" for t in paragraph.iter(qn("w:t")))


def _set_blocks(document: Any, annexe: Annexe) -> None:
    """Each mark gives way to its section, its table or its picture; what the annex has not leaves nothing."""
    poseur = Poseur(document)
    blocks: dict[str, Any] = {}
    for section in annexe.sections:
        blocks[f"section_{balise(section.cle)}"] = section
        blocks |= {f"tableau_{balise(t.cle)}": t for t in section.tableaux}
        blocks |= {f"image_{balise(i.cle)}": i for i in reversed(section.illustrations)}
    for element in list(document.element.body.iter(qn("w:p"))):
        found = _PLACE.fullmatch(_text(element).strip())
        if found:
            poseur.set(Paragraph(element, document._body), blocks.get(found[1]))
