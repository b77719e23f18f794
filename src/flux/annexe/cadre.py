"""Sections around the figures: parties, one-page summary, choices, hypotheses, law and sources."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.annexe.incertitudes import uncertain
from flux.annexe.section import Section
from flux.dossier.appellations import BAILLEUR, Noms
from flux.noyau.provenance import line_ranges
from flux.rendu import glossaire, nombres
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.annexe.selection import Selection
    from flux.conversion import Quotas
    from flux.dossier import Dossier
    from flux.dossier.convention import Convention
    from flux.loi import Regles
    from flux.noyau.errors import Anomalie


def parties(dossier: Dossier, regles: Regles, noms: Noms, vise: Selection | None = None) -> Section:
    """Who signs, on which territory, how candidates are proposed, under which law."""
    convention, holders = dossier.convention, dossier.reservataires
    bailleur = convention.bailleur
    signing = (holders if vise is None else vise.rows(holders)).assign(
        territoire_code=lambda t: t["territoire_code"].map(noms.territoire),
        id_reservataire=lambda t: t["id_reservataire"].map(noms.reservataire),
    )
    rows = [
        ("Bailleur", bailleur.nom),
        ("SIREN", bailleur.siren),
        ("Famille", glossaire.format("famille", bailleur.famille)),
        ("Département", bailleur.departement),
        ("Année", str(convention.annee)),
        ("État des droits et du patrimoine", f"1er janvier {convention.annee}"),
        ("Droit applicable au", nombres.date_longue(regles.date)),
        *(
            ("Signataire", f"{bailleur.nom if qui == BAILLEUR else noms.reservataire(qui)} : {nom}")
            for qui, nom in convention.signataires.items()
        ),
    ]
    return Section(
        cle="parties",
        titre="Parties et objet",
        paragraphes=(
            "La présente annexe fixe, pour l'année, la part du flux annuel de logements réservée à chaque "
            "réservataire dans le département, et le nombre de logements qui en résulte.",
        ),
        tableaux=(
            Tableau(
                cle="parties.parties",
                titre="Parties",
                frame=pd.DataFrame(rows, columns=["champ", "valeur"]),
                colonnes=[Colonne("champ", "cle", "Champ"), "valeur"],
                article="CCH, art. R. 441-5, I",
            ),
            Tableau(
                cle="parties.reservataires",
                titre="Réservataires, territoire et gestion",
                frame=signing,
                colonnes=["id_reservataire", "categorie", "territoire_code", "gestion"],
                article="CCH, art. R. 441-5, I, et art. R. 441-5-3",
            ),
        ),
    )


def choix(convention: Convention) -> Section:
    """Every choice that the law leaves to the parties, and every stipulation, with who set it."""
    tables = []
    for section, titre in (("choix", "Choix des parties"), ("stipulations", "Stipulations")):
        model = getattr(convention, section)
        rows = []
        for nom, spec in type(model).model_fields.items():
            cle, value = f"{section}.{nom}", getattr(model, nom)
            rows.append(
                (
                    glossaire.libelle(cle),
                    glossaire.format(cle, value.model_dump() if hasattr(value, "model_dump") else value),
                    convention.origines.get(nom, "défaut"),
                    value != spec.default,
                    glossaire.terme(cle).article or nombres.ABSENT,
                )
            )
        tables.append(
            Tableau(
                cle=f"choix.{section}",
                titre=titre,
                frame=pd.DataFrame(rows, columns=["cle", "valeur", "origine", "ecart_au_defaut", "article"]),
                colonnes=[Colonne("cle", libelle="Objet"), "valeur", "origine", "ecart_au_defaut", "article"],
            )
        )
    return Section(
        cle="choix",
        titre="Choix des parties",
        paragraphes=(
            "La loi laisse ces points aux parties. Sans choix de leur part, la valeur par défaut s'applique.",
        ),
        tableaux=tuple(tables),
    )


def hypotheses(plan: Plan, noms: Noms, masking: str) -> Section:
    """What was assumed, what deserves attention, what was read otherwise; how counts are masked."""
    quotas = plan.quotas
    repairs = quotas.dossier.reparations
    said = list(dict.fromkeys((*quotas.hypotheses, *plan.hypotheses)))
    sentences = [
        *(f"Hypothèse : {s}" for s in said),
        *(f"À noter : {s}" for s in (*quotas.avertissements, *quotas.egalites)),
    ]
    tables: tuple[Tableau, ...] = ()
    if repairs:
        columns = ["fichier", "colonne", "message", "nb", "ligne"]
        tables = (
            Tableau(
                cle="hypotheses.reparations",
                titre="Constats de la lecture : valeurs lues autrement qu'écrites, points à vérifier",
                frame=pd.DataFrame(_repairs(repairs), columns=columns),
                colonnes=[
                    "fichier",
                    "colonne",
                    Colonne("message", libelle="Exemple"),
                    Colonne("nb", "nb_lignes", "Nombre"),
                    Colonne("ligne", "lieu", "Lignes"),
                ],
            ),
        )
    return Section(
        cle="hypotheses",
        titre="Hypothèses, avertissements et corrections de lecture",
        paragraphes=()
        if sentences or repairs
        else ("Aucune hypothèse du calcul, aucun avertissement, aucune correction.",),
        puces=(*map(noms.phrase, sentences), masking),
        tableaux=tables,
    )


def sources(quotas: Quotas, version: str) -> Section:
    """The law that was applied, and the files that were read."""
    regles, files = quotas.regles, quotas.dossier.sources
    law = [(p.description, p.lisible, p.depuis, p.article, p.statut.value) for p in regles if p.calcul]
    read = [(s.fichier, s.feuille, s.nb_lignes, " ".join(wrap(s.sha256 or "", 16))) for s in files]
    return Section(
        cle="sources",
        titre="Textes appliqués et sources",
        paragraphes=(
            f"Calcul fait par flux, version {version}. Une empreinte qui change dit que le fichier a changé.",
        ),
        tableaux=(
            Tableau(
                cle="sources.loi",
                titre=f"Paramètres de droit en vigueur au {nombres.date(regles.date)}",
                frame=pd.DataFrame(law, columns=["description", "valeur", "depuis", "article", "statut"]),
                colonnes=["description", "valeur", "depuis", "article", "statut"],
            ),
            uncertain(quotas),
            Tableau(
                cle="sources.fichiers",
                titre="Fichiers lus",
                frame=pd.DataFrame(read, columns=["fichier", "feuille", "nb_lignes", "sha256"]),
                colonnes=["fichier", "feuille", "nb_lignes", "sha256"],
            ),
        ),
    )


def _repairs(repairs: Iterable[Anomalie]) -> list[tuple[Any, ...]]:
    """Repairs of one kind in one column on one line: an example, how many, on which lines."""
    groups: dict[tuple[str, str, str], list[Anomalie]] = {}
    for repair in repairs:
        place = " / ".join(p for p in (repair.fichier, repair.feuille) if p)
        groups.setdefault((place, repair.colonne or "", repair.code), []).append(repair)
    return [
        (place, column, some[0].message, len(some), line_ranges([r.ligne for r in some if r.ligne]))
        for (place, column, _), some in groups.items()
    ]
