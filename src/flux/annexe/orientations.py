"""Sections on what the plan gives: objectives, then orientations by réservataire and by public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.allocation.phrases import conflicts_said
from flux.annexe.noms import Noms
from flux.annexe.partage import named
from flux.annexe.section import Section
from flux.rendu import glossaire
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.allocation import Plan

PUBLICS = ("agent", "dalo", "prioritaire", "autre")
BOUNDS = ("physique", "quota")
AIMS = ("equite",)
QPV = {True: "En QPV", False: "Hors QPV"}


def measured(plan: Plan) -> pd.DataFrame:
    """The objectives of the law and of the parties, without the rows that only bound the programme."""
    return plan.objectifs.loc[~plan.objectifs["niveau"].isin((*BOUNDS, *AIMS))]


def objectifs(plan: Plan, noms: Noms) -> Section:
    """Each objective: its text, what it is measured on, its threshold, what the plan reaches and misses."""
    bounds = plan.objectifs.loc[plan.objectifs["niveau"].isin(BOUNDS)]
    passed = bounds.loc[(bounds["manque"] > 0) | (bounds["manque_entier"].fillna(0) > 0)]
    columns = [
        "objectif",
        "porteur",
        "territoire_code",
        "niveau",
        "base",
        "seuil",
        "atteint",
        "manque",
        "manque_entier",
    ]
    tables = [
        Tableau(
            cle="objectifs.objectifs",
            titre="Objectifs : seuil, atteint, manque",
            frame=_owned(measured(plan), noms),
            colonnes=[*columns, "article"],
            note="« — » : sans objet, la base est vide.",
        )
    ]
    if len(passed):
        tables.append(
            Tableau(
                cle="objectifs.bornes",
                titre="Quotas et demande que le plan ne peut pas respecter",
                frame=_owned(passed, noms),
                colonnes=[c for c in columns if c not in ("niveau", "base")],
            )
        )
    aims = plan.objectifs.loc[plan.objectifs["niveau"].isin(AIMS)]
    if len(aims):
        tables.append(
            Tableau(
                cle="objectifs.equite",
                titre="Équité : logements qu'il faudrait échanger entre réservataires",
                frame=aims,
                colonnes=[
                    "objectif",
                    "base",
                    Colonne("atteint", "atteint", "Logements à échanger"),
                    "article",
                ],
                note="Écart entre ce que le plan donne à chaque réservataire et sa part proportionnelle. "
                "Aucun texte ne fixe de tolérance : les parties peuvent en stipuler une.",
            )
        )
    return Section(
        cle="objectifs",
        titre="Objectifs de l'année",
        paragraphes=(
            "L'objectif de premier quartile hors QPV se mesure sur tous les baux signés hors QPV, mutations "
            "et relogements compris, et non sur le seul flux.",
            *(() if len(passed) else ("Le plan respecte les quotas et la demande connue.",)),
            *conflicts_said(plan.phrases, bool(plan.conflits["liste_complete"].fillna(False).all())),
        ),
        tableaux=tuple(tables),
    )


def _owned(table: pd.DataFrame, noms: Noms) -> pd.DataFrame:
    """The same rows with names for codes; `*` is everybody on the territory."""
    owners = ["tous" if p == "*" else noms.reservataire(p) for p in table["porteur"]]
    return named(table.assign(porteur=owners), noms)


def orientations(plan: Plan, noms: Noms) -> Section:
    """Whole dwellings by réservataire: by public, then by size, loan and QPV."""
    table = named(plan.table, noms)
    table = table.assign(
        localisation=table["qpv"].astype(bool).map(QPV),
        financement=table["financement"].map(lambda f: glossaire.format("financement", f)),
    )
    order = [noms.reservataire(r) for r in plan.quotas.table["id_reservataire"]]
    publics = [p for p in PUBLICS if (table["priorite"] == p).any()]
    by_public = _pivot(table, "priorite", publics, order)
    first = table.loc[table["quartile"] == "q1"].groupby("id_reservataire")["nb"].sum()
    by_public["q1"] = [int(first.get(r, 0)) for r in by_public["id_reservataire"]]
    kinds = [sorted(set(table[c])) for c in ("localisation", "typologie", "financement")]
    by_kind = _pivot(table, "localisation", kinds[0], order)
    for column, values in zip(("typologie", "financement"), kinds[1:], strict=True):
        by_kind = by_kind.merge(
            _pivot(table, column, values, order).drop(columns="ensemble"), on="id_reservataire"
        )
    every_kind = [value for values in kinds for value in values]
    return Section(
        cle="orientations",
        titre="Plan d'orientation",
        paragraphes=(
            "Nombre de logements que le bailleur prévoit d'orienter vers chaque réservataire. L'orientation "
            "ne préjuge pas de l'attribution, que décide la commission d'attribution des logements.",
        ),
        tableaux=(
            Tableau(
                cle="orientations.publics",
                titre="Orientations par réservataire et par public",
                frame=by_public,
                colonnes=[
                    "id_reservataire",
                    *(Colonne(p, "nb", glossaire.format("priorite", p)) for p in publics),
                    Colonne("ensemble", "nb", "Ensemble"),
                    Colonne("q1", "nb", "dont premier quartile"),
                ],
                total=True,
                article="CCH, art. L. 441-1",
            ),
            Tableau(
                cle="orientations.qualite",
                titre="Orientations par réservataire, localisation, typologie et financement",
                frame=by_kind,
                colonnes=[
                    "id_reservataire",
                    *(Colonne(k, "nb", k) for k in every_kind),
                    Colonne("ensemble", "nb", "Ensemble"),
                ],
                total=True,
                article="CCH, art. R. 441-5-1",
            ),
        ),
    )


def _pivot(table: pd.DataFrame, column: str, values: list[str], order: list[str]) -> pd.DataFrame:
    """Whole dwellings by réservataire (in `order`) and by value of `column`, with their sum."""
    counts = table.groupby(["id_reservataire", column])["nb"].sum()
    served = set(table["id_reservataire"])
    rows = [r for r in order if r in served]
    frame = pd.DataFrame({v: [int(counts.get((r, v), 0)) for r in rows] for v in values})
    frame.insert(0, "id_reservataire", rows)
    return frame.assign(ensemble=frame[values].sum(axis=1))
