"""Sections around the figures: parties, one-page summary, choices, hypotheses, law and sources."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.annexe.noms import BAILLEUR, Noms
from flux.annexe.orientations import measured
from flux.annexe.section import Section
from flux.noyau.provenance import line_ranges
from flux.rendu import glossaire, nombres
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.allocation import Plan
    from flux.conversion import Quotas
    from flux.dossier.convention import Convention
    from flux.loi import Regles
    from flux.noyau.errors import Anomalie

TOLERANCE = 5e-7  # half of the last decimal that a plan promises: below it, nothing is missing


def parties(convention: Convention, regles: Regles, noms: Noms) -> Section:
    """Who signs, for which dwellings, under which law."""
    bailleur = convention.bailleur
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
        ),
    )


def synthese(plan: Plan) -> Section:
    """One page for those who vote: three sentences, one table."""
    quotas = plan.quotas
    table, annee = quotas.table, quotas.dossier.convention.annee
    flux = quotas.exact["flux_a_partager"]
    expected, taken = (nombres.decimal(quotas.flux[c].sum(), 0) for c in ("liberations", "soustraits"))
    own = int(table.loc[table["id_reservataire"] == BAILLEUR, "quota"].sum())
    holders = int((table.loc[table["id_reservataire"] != BAILLEUR, "quota"] > 0).sum())
    objectives = measured(plan).dropna(subset=["seuil"])
    missed = int((objectives["manque"] > TOLERANCE).sum())
    lost = objectives.loc[objectives["manque"] > TOLERANCE, "manque"].sum()
    met = f"Objectifs atteints par le plan : {len(objectives) - missed} sur {len(objectives)}"
    by_category = (
        table.groupby("categorie", sort=False).agg(nb=("quota", "size"), quota=("quota", "sum")).reset_index()
    )
    by_category["part"] = by_category["quota"] / float(flux)
    base = quotas.exact["base"]
    return Section(
        cle="synthese",
        titre="Synthèse",
        paragraphes=(
            f"En {annee}, le bailleur s'attend à ce qu'environ {expected} de ses {nombres.entier(base)} "
            f"logements se libèrent ; {taken} servent aux mutations et aux relogements, que la loi met à "
            f"part ; {nombres.entier(flux)} logements sont à partager, report de l'an dernier et arrondi "
            "compris.",
            f"{nombres.entier(int(flux) - own)} de ces logements sont dus à {holders} réservataires, selon "
            f"leurs droits et les plafonds de la loi ; {nombres.entier(own)} restent au bailleur.",
            f"{met}."
            if not missed
            else f"{met} ; il manque {nombres.decimal(lost)} logements pour les autres.",
        ),
        puces=(
            "Ma part : la section « Taux et quotas » donne le quota de chaque réservataire, puis son calcul.",
            "Ma commune : la section « Répartition par commune » donne ce qui y est dû à chacun, et le solde "
            "que la commune garde pour l'année suivante.",
            "Mes droits : la section « État des lieux des réservations » donne les droits comptés au départ.",
        ),
        tableaux=(
            Tableau(
                cle="synthese.categories",
                titre=f"Logements à orienter en {annee}",
                frame=by_category,
                colonnes=[
                    "categorie",
                    Colonne("nb", "nb_lignes", "Réservataires"),
                    "quota",
                    Colonne("part", "part_flux"),
                ],
                total={c: by_category[c].dropna().sum() for c in ("quota", "part")},
                article="CCH, art. R. 441-5, I",
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


def hypotheses(plan: Plan, noms: Noms) -> Section:
    """What was assumed, what deserves attention, what was read otherwise than written."""
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
        else ("Aucune hypothèse, aucun avertissement, aucune correction.",),
        puces=tuple(map(noms.phrase, sentences)),
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
