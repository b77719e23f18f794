"""The verb `verify` and its result."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import pandas as pd

from flux.annexe import fichiers, identite
from flux.annexe.verification import classeur, donnees, page_docx, page_html, pages, tableur
from flux.annexe.verification.lieux import Ecart, Lieu, Lieux, Nature
from flux.conversion.enveloppe import library_version
from flux.dossier import Dossier, read_dossier
from flux.noyau.errors import FluxError
from flux.rendu.nombres import entier
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe

COLUMNS = ["nature", "section", "tableau", "ligne", "colonne", "publie", "refait", "articles", "sources"]
UNSEEN = "Non comparé : l'apparence (images, dont le texte l'est, couleurs, formats d'affichage)."
SHOWN = 20  # differences that people see; the table has them all
READ: dict[str, Callable[[bytes], Any]] = {
    ".json": donnees.read,
    ".xlsx": classeur.read,
    ".docx": page_docx.read,
    ".html": page_html.read,
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Verification(Affichable):
    """What became of an annex since it was written, or of its dossier.

    Attributes
    ----------
    fichier : name of the annex.
    remarques : what must be known first: files of the dossier that changed, another version, options.
    table : one row a difference: nature, section, tableau, ligne, colonne, publie, refait, articles, sources.
    nb_chiffres : figures made again and compared.
    annexe : the annex made again.
    """

    fichier: str
    remarques: tuple[str, ...]
    table: pd.DataFrame
    nb_chiffres: int
    annexe: Annexe = field(repr=False)

    @property
    def conforme(self) -> bool:
        """True when nothing differs."""
        return self.table.empty

    def vue(self) -> Vue:
        """OK and how many figures, or the first differences with their lineage."""
        done = f"{entier(self.nb_chiffres)} chiffres refaits"
        if self.conforme:
            unseen = () if self.fichier.lower().endswith(".json") else (UNSEEN,)
            return Vue(titre=f"{self.fichier} : OK, {done}", notes=(*self.remarques, *unseen))
        nb = len(self.table)
        first = self.table.head(SHOWN)
        frame = pd.DataFrame(
            {
                "lieu": [_joined(*row) for row in first[COLUMNS[1:5]].itertuples(index=False)],
                "publie": first["publie"],
                "refait": first["refait"],
                "nature": first["nature"],
                "lignee": [_joined(*row) for row in first[["articles", "sources"]].itertuples(index=False)],
            }
        )
        shown = f" (les {SHOWN} premiers ici)" if nb > SHOWN else ""
        return Vue(
            titre=f"{self.fichier} : {entier(nb)} écart{'s' if nb > 1 else ''}{shown}, {done}",
            notes=self.remarques,
            tableaux=(
                Tableau(
                    titre="Ce que le fichier dit, ce que le dossier donne",
                    frame=frame,
                    colonnes=[Colonne(c, f"verification.{c}") for c in frame.columns],
                ),
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the answer, what must be known, every difference."""
        return {
            "schema": "flux-verification/1",
            "fichier": self.fichier,
            "conforme": self.conforme,
            "nb_chiffres": self.nb_chiffres,
            "remarques": list(self.remarques),
            "ecarts": self.table.to_dict("records"),
        }


def verify(path: str | Path, dossier: str | Path | Dossier) -> Verification:
    """Make an annex again from the files of its dossier, with the options that it says, and compare.

    Parameters
    ----------
    path : the annex as received: .json, .xlsx, .docx or .html.
    dossier : its dossier, as `read_dossier` takes it, or already read.

    Raises
    ------
    FluxError
        Codes "verification.format", "verification.illisible": the annex cannot be read back;
        "verification.etranger": nothing tells that it is one.
    DataError
        The dossier cannot be read.
    """
    published = _read(Path(path))
    read = dossier if isinstance(dossier, Dossier) else read_dossier(dossier)
    return _against(Path(path), published, identite.refaire(_identity_of(published) or {}, read))


def against(path: str | Path, annexe: Annexe) -> Verification:
    """The same as `verify`, with the annex already made again."""
    return _against(Path(path), _read(Path(path)), annexe)


def _against(path: Path, published: Any, annexe: Annexe) -> Verification:
    suffix, said = path.suffix.lower(), _identity_of(published)
    expected = READ[suffix](fichiers.render(annexe, suffix))
    if said is None and not _alike(published, expected):
        raise FluxError(
            f"« {path.name} » n'est pas une annexe faite par flux : il n'en a ni l'identité ni les titres.",
            code="verification.etranger",
        )
    differ, nb = _compared(published, expected, Lieux(annexe))
    ecarts = [e for e in (*_identity(said, annexe), *differ) if not _only_version(e, said)]
    return Verification(
        fichier=path.name,
        remarques=(*_remarks(said, annexe), *_uncomputed(published, expected)),
        table=pd.DataFrame([_row(e) for e in ecarts], columns=COLUMNS),
        nb_chiffres=nb,
        annexe=annexe,
    )


def _row(ecart: Ecart) -> list[str]:
    place = ecart.lieu
    where = [place.section, place.tableau, place.ligne, place.colonne]
    return [ecart.nature.value, *where, ecart.publie, ecart.refait, place.articles, place.sources]


def _identity_of(published: Any) -> dict[str, Any] | None:
    """What an annex says of itself, None when it does not, or not as we write it."""
    identity = published.get("identite") if isinstance(published, dict) else published.identite
    if not isinstance(identity, dict) or identity.get("schema") != identite.SCHEMA:
        return None
    return identity if identity.keys() >= identite.CLES else None


def _read(path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix not in READ:
        raise FluxError(
            f"« {path.name} » ne se relit pas : formats possibles, {', '.join(READ)}.",
            code="verification.format",
        )
    try:
        return READ[suffix](path.read_bytes())
    except (zipfile.BadZipFile, KeyError, ParseError, ValueError):
        raise FluxError(
            f"« {path.name} » n'est pas un fichier {suffix} lisible : il est vide, incomplet, abîmé ou d'un "
            "autre format. À faire : le redemander.",
            code="verification.illisible",
        ) from None


def _alike(published: Any, expected: Any) -> bool:
    """True when half of the titles of the annex, or of the sheets of its workbook, are in a file at least."""
    ours, theirs = _titles(expected), _titles(published)
    return 2 * len(ours & theirs) >= len(ours)


def _titles(document: Any) -> set[str]:
    match document:
        case dict():
            return {str(s.get("titre")) for s in document["sections"] if isinstance(s, dict)}
        case classeur.Classeur():
            return {sheet for sheet, _ in document.cases}
        case _:
            return {b for b in document.blocs if isinstance(b, str) and b[:1].isdigit() and len(b) < 100}


def _compared(published: Any, expected: Any, lieux: Lieux) -> tuple[Iterator[Ecart], int]:
    match expected:
        case dict():
            return donnees.differences(published, expected, lieux), donnees.nb_figures(expected)
        case classeur.Classeur():
            nb = tableur.nb_figures(expected) - tableur.uncomputed(published, expected)
            return tableur.differences(published, expected, lieux), nb
        case _:
            return pages.differences(published, expected, lieux), pages.nb_figures(expected)


def _remarks(said: dict[str, Any] | None, annexe: Annexe) -> Iterator[str]:
    """What must be known before the differences."""
    if said is None:
        yield (
            "Ce fichier ne dit plus de quoi il a été fait (son identité a été retirée) : il est comparé à "
            "l'annexe entière du dossier, sans option."
        )
        return
    now = identite.identite(annexe)
    before, after = (
        {(s["fichier"], s["feuille"] or ""): s["sha256"] for s in one["sources"]} for one in (said, now)
    )
    for place in sorted({*before, *after}):
        nom = " / ".join(p for p in place if p)
        if place not in after:
            yield f"Le fichier {nom}, lu pour l'annexe, n'est plus dans le dossier."
        elif place not in before:
            yield f"Le fichier {nom} est venu dans le dossier depuis l'annexe."
        elif before[place] != after[place]:
            yield f"Le fichier {nom} a changé depuis l'annexe."
    if said["version"] != now["version"]:
        yield f"L'annexe a été faite par flux {said['version']}, et refaite par flux {now['version']}."
    options = {**said["choix"], **said["stipulations"], **said["suppositions"]}
    if options:
        yield f"Options de l'annexe que le dossier ne dit pas : {', '.join(sorted(options))}."


def _uncomputed(published: Any, expected: Any) -> Iterator[str]:
    """What a workbook saved without being computed cannot show."""
    nb = tableur.uncomputed(published, expected) if isinstance(expected, classeur.Classeur) else 0
    if nb:
        yield (
            f"{entier(nb)} formules sont celles de l'annexe, mais sans valeur enregistrée (le programme qui "
            "a enregistré le classeur ne calcule pas) : leur valeur n'est pas comparée. À faire : l'ouvrir "
            "dans Excel ou LibreOffice, l'enregistrer, le vérifier de nouveau."
        )


def _identity(said: dict[str, Any] | None, annexe: Annexe) -> Iterator[Ecart]:
    """The identity that was removed, or that does not agree with the annex made from it."""
    now = identite.identite(annexe)
    lieu = Lieu(section="Identité du fichier")
    if said is None:
        yield Ecart(nature=Nature.IDENTITE, lieu=lieu, publie="", refait=identite.NOM)
        return
    for cle in now:
        if cle not in ("version", "sources") and said.get(cle) != now[cle]:
            place = Lieu(section="Identité du fichier", colonne=cle)
            yield Ecart(nature=Nature.IDENTITE, lieu=place, publie=str(said.get(cle)), refait=str(now[cle]))


def _only_version(ecart: Ecart, said: dict[str, Any] | None) -> bool:
    """The sentence that names the version, which a remark says already."""
    before = (said or {}).get("version", "")
    return bool(before) and ecart.publie == ecart.refait.replace(
        f"version {library_version()}", f"version {before}"
    )


def _joined(*parts: str) -> str:
    return " · ".join(p for p in parts if p)
