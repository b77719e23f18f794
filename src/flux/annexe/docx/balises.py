"""The tags of a bailleur's own Word model, and what each stands for in an annex.

`balises.toml` lists the sections, the tables, their columns and the pictures that an annex may hold
(`scripts/balises_docx.py` writes it, and the French page of the tags): a dossier without deliveries has no
table of deliveries, and its tag is still a known one.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from flux.annexe.docx.xml import legal
from flux.annexe.selection import select
from flux.dossier.appellations import BAILLEUR, Noms
from flux.rendu import glossaire, nombres
from flux.rendu.typographie import soigne

if TYPE_CHECKING:
    from flux.annexe.contenu import Annexe
    from flux.annexe.section import Section
    from flux.rendu.tableau import Tableau

BORNE = "\ue0f1"  # private use: around the name of a block, in the place where it will stand
BLOCS = ("section", "tableau", "image")
REQUISES = (
    ("bailleur",),
    ("annee", "titre"),
    ("flux", "section_synthese", "section_taux"),
    ("tableau_taux_quotas", "section_taux", "tableaux.taux_quotas"),
)
"""What no annex goes without; each may be said by one tag or another."""


def _quota_bailleur(annexe: Annexe) -> int:
    table = annexe.plan.quotas.table
    return int(table.loc[table["id_reservataire"] == BAILLEUR, "quota"].sum())


def _parties(annexe: Annexe) -> str:
    quotas = annexe.plan.quotas
    asked = annexe.pour.split("+") if annexe.pour else None
    chosen = select(quotas, Noms.of(quotas.dossier), asked)
    return chosen.nom if chosen else "tous les réservataires"


# name of the tag -> what it says, in French for who writes the model, and how
CHIFFRES: Mapping[str, tuple[str, Callable[[Annexe], str]]] = {
    "titre": ("Titre de l'annexe", lambda a: a.titre),
    "bailleur": ("Nom du bailleur", lambda a: a.bailleur),
    "siren": ("SIREN du bailleur", lambda a: _bailleur(a).siren or nombres.ABSENT),
    "famille": ("Famille du bailleur", lambda a: glossaire.format("famille", _bailleur(a).famille)),
    "departement": ("Département", lambda a: _bailleur(a).departement or nombres.ABSENT),
    "parties": ("Réservataires que l'annexe concerne", _parties),
    "annee": ("Année de l'annexe", lambda a: str(a.annee)),
    "date_droit": ("Jour du droit appliqué", lambda a: nombres.date_longue(a.plan.quotas.regles.date)),
    "version": ("Version de flux", lambda a: a.version),
    "nb_logements": (
        "Logements lus",
        lambda a: nombres.entier(a.plan.quotas.assiette["nb_logements"].iloc[0]),
    ),
    "assiette": ("Logements de l'assiette", lambda a: nombres.entier(a.plan.quotas.exact["base"])),
    "liberations": ("Libérations attendues dans l'année", lambda a: _flux(a, "liberations")),
    "soustraits": ("Logements soustraits du flux", lambda a: _flux(a, "soustraits")),
    "flux_net": ("Flux net exact", lambda a: nombres.decimal(a.plan.quotas.exact["flux_net"])),
    "flux": ("Flux à partager", lambda a: nombres.entier(a.plan.quotas.exact["flux_a_partager"])),
    "report_flux": (
        "Écart reporté sur le flux de l'année suivante",
        lambda a: nombres.decimal(a.plan.quotas.exact["report_flux"]),
    ),
    "nb_reserves": (
        "Logements dus aux réservataires",
        lambda a: nombres.entier(int(a.plan.quotas.table["quota"].sum()) - _quota_bailleur(a)),
    ),
    "nb_bailleur": ("Logements qui restent au bailleur", lambda a: nombres.entier(_quota_bailleur(a))),
}


def _bailleur(annexe: Annexe) -> Any:
    return annexe.plan.quotas.dossier.convention.bailleur


def _flux(annexe: Annexe, column: str) -> str:
    return nombres.decimal(annexe.plan.quotas.flux[column].sum(), 1)


@functools.cache
def catalogue() -> Mapping[str, Any]:
    """`sections` (cle, titre), `tableaux` (cle, titre, detail, colonnes), `images` (cle, titre)."""
    return tomllib.loads((files("flux.annexe.docx") / "balises.toml").read_text(encoding="utf-8"))


def balise(cle: str) -> str:
    """The key of a section or of a table as a name: "taux.quotas" -> "taux_quotas"."""
    return cle.replace(".", "_")


def bloc(genre: str, nom: str) -> str:
    """What marks the place of a block in the rendered document."""
    return f"{BORNE}{genre}_{nom}{BORNE}"


def contexte(annexe: Annexe) -> dict[str, Any]:
    """Every tag and its value: texts, lists of texts, marks of blocks; nothing that a model could call."""
    known = catalogue()
    context: dict[str, Any] = {name: _clean(value(annexe)) for name, (_, value) in CHIFFRES.items()}
    for genre, entries in zip(BLOCS, ("sections", "tableaux", "images"), strict=True):
        names = [balise(entry["cle"]) for entry in known[entries]]
        context |= {f"{genre}_{name}": bloc(genre, name) for name in names}
    context["sections"] = SimpleNamespace(
        **{balise(entry["cle"]): _empty_section() for entry in known["sections"]}
        | {balise(s.cle): _section(s) for s in annexe.sections}
    )
    context["tableaux"] = SimpleNamespace(
        **{balise(entry["cle"]): _empty_table() for entry in known["tableaux"]}
        | {balise(t.cle): _table(t) for s in annexe.sections for t in s.tableaux}
    )
    return context


def _clean(text: str) -> str:
    return legal(text).replace(BORNE, "")


def _section(section: Section) -> SimpleNamespace:
    return SimpleNamespace(
        titre=_clean(section.titre),
        paragraphes=[_clean(soigne(p)) for p in section.paragraphes],
        puces=[_clean(soigne(p)) for p in section.puces],
    )


def _empty_section() -> SimpleNamespace:
    return SimpleNamespace(titre="", paragraphes=[], puces=[])


def _empty_table() -> SimpleNamespace:
    return SimpleNamespace(titre="", entetes=[], lignes=[], total=[], pied="")


def _table(tableau: Tableau) -> SimpleNamespace:
    """The table as text; a row gives its cells by the name of their column, and in order."""
    cells = tableau.cellules()
    names = [c.nom for c in tableau.specs]

    def row(texts: tuple[str, ...]) -> SimpleNamespace:
        clean = [_clean(t) for t in texts]
        by_name = {n: t for n, t in zip(names, clean, strict=True) if n.isidentifier()}
        return SimpleNamespace(**by_name, cellules=clean)

    return SimpleNamespace(
        titre=_clean(tableau.titre),
        entetes=[_clean(t) for t in cells.entetes],
        lignes=[row(r) for r in cells.lignes],
        total=[_clean(t) for t in cells.total or ()],
        pied=_clean(tableau.pied),
    )
