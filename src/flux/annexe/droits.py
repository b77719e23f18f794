"""Sections on the past and the base: rights held, assiette, turnover, dwellings subtracted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.inventaire import inventory, own_rights
from flux.annexe.section import Section
from flux.annexe.selection import folded
from flux.dossier.appellations import Noms
from flux.rendu import nombres
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.annexe.selection import Selection
    from flux.conversion import Quotas


def etat_des_lieux(
    quotas: Quotas, noms: Noms, inventaire: pd.DataFrame, vise: Selection | None = None
) -> Section:
    """Live rights by réservataire, their counterpart and share of the base; then T1, one by one."""
    base = quotas.exact["base"]
    rights = quotas.droits
    held = {
        key: sum(rows["nb"])
        for key, rows in rights.groupby(["id_reservataire", "contrepartie_garantie"], sort=False)
    }
    holders = [r for r in quotas.table["id_reservataire"] if (r, True) in held or (r, False) in held]
    frame = pd.DataFrame(
        {
            "id_reservataire": holders,
            "garantie": [held.get((r, True), 0) for r in holders],
            "autres": [held.get((r, False), 0) for r in holders],
        }
    )
    frame["nb_droits"] = frame["garantie"] + frame["autres"]
    frame["part"] = [nb / base if base else None for nb in frame["nb_droits"]]
    columns = ["garantie", "autres", "nb_droits", "part"]
    shown = folded(vise, frame, columns)
    return Section(
        cle="droits",
        titre="État des lieux des réservations",
        paragraphes=(
            f"Au 1er janvier {quotas.dossier.convention.annee}, l'assiette compte {nombres.entier(base)} "
            "logements. Le tableau donne les droits de suite en cours, avant leur conversion en flux.",
        ),
        tableaux=(
            Tableau(
                cle="droits.suite",
                titre="Droits de suite en cours par réservataire",
                frame=shown.assign(id_reservataire=shown["id_reservataire"].map(noms.reservataire)),
                colonnes=[
                    "id_reservataire",
                    Colonne("garantie", "nb_droits", "Contre garantie d'emprunt"),
                    Colonne("autres", "nb_droits", "Autres contreparties"),
                    Colonne("nb_droits", libelle="Ensemble"),
                    Colonne("part", "part_droits", "Part de l'assiette"),
                ],
                total={c: sum(frame[c].dropna()) for c in columns},
                article="CCH, art. L. 441-1, al. 39, et art. R. 441-5, I",
            ),
            *(own_rights(inventaire, vise) if vise else ()),
            inventory(inventaire, vise),
            *_too_many(quotas, noms),
        ),
    )


def _too_many(quotas: Quotas, noms: Noms) -> tuple[Tableau, ...]:
    """Dwellings and programmes that carried more rights than dwellings, and what was kept of them."""
    table = quotas.sur_reservations
    if table.empty:
        return ()
    return (
        Tableau(
            cle="droits.sur_reservations",
            titre="Logements et programmes qui portaient plus de droits que de logements",
            frame=noms.table(table),
            colonnes=[
                "id_logement",
                "programme",
                "commune",
                Colonne("nb_droits", "sur_reservations.nb_droits"),
                "nb_logements",
                "coefficient",
            ],
            detail=True,
        ),
    )


def assiette(quotas: Quotas) -> Section:
    """The base, step by step, each with its reason and its text."""
    return Section(
        cle="assiette",
        titre="Assiette du flux",
        paragraphes=(
            "Chaque logement lu est classé une fois : il sort à la première étape qui le concerne.",
        ),
        tableaux=(
            Tableau(
                cle="assiette.etapes",
                titre="De tous les logements à l'assiette",
                frame=quotas.assiette,
                colonnes=[Colonne("etape", "assiette.etape"), "nb_logements", "motif", "article"],
            ),
        ),
    )


def rotation(quotas: Quotas, noms: Noms) -> Section:
    """Relettings over dwellings by commune, year by year and pooled."""
    table = quotas.rotation
    years = sorted(c.removeprefix("stock_") for c in table.columns if c.startswith("stock_"))
    counts = [f"{kind}_{year}" for year in years for kind in ("stock", "relocations")]
    sums = [*counts, "nb_stock", "nb_relocations"]
    frame = table.assign(place=table["groupe"])
    if years:
        frame = table.groupby(_places(quotas), sort=True)[sums].sum().rename_axis("place").reset_index()
        frame["taux"] = frame["nb_relocations"].astype(float) / frame["nb_stock"].astype(float)
        frame["place"] = frame["place"].map(noms.commune)
    whole = {c: frame[c].sum() for c in sums} if years else {}
    if years and whole["nb_stock"]:
        whole["taux"] = float(whole["nb_relocations"]) / float(whole["nb_stock"])
    headings = {"stock": "Logements", "relocations": "Relocations"}
    yearly = [
        Colonne(f"{kind}_{year}", f"nb_{kind}", f"{headings[kind]} {year}")
        for year in years
        for kind in ("stock", "relocations")
    ]
    pooled = [
        Colonne("nb_stock", libelle="Logements cumulés"),
        Colonne("nb_relocations", libelle="Relocations cumulées"),
    ]
    return Section(
        cle="rotation",
        titre="Rotation",
        paragraphes=(
            "Le taux de rotation rapporte les relocations, premières mises en location exclues, aux "
            "logements en service au 1er janvier, toutes années de la fenêtre cumulées.",
        ),
        tableaux=(
            Tableau(
                cle="rotation.taux",
                titre="Taux de rotation observés",
                frame=frame,
                colonnes=[
                    Colonne("place", "commune", "Ensemble de logements"),
                    *yearly,
                    *(pooled if years else []),
                    Colonne("taux", "taux_rotation"),
                ],
                total=whole if years else False,
                article="Arrêté du 10 mars 2011, 2°",
            ),
            _retained(quotas, years),
        ),
    )


def _retained(quotas: Quotas, years: list[str]) -> Tableau:
    """The rates by group of dwellings: each year's, the pooled one, and the one retained."""
    table = quotas.rotation
    rates = {
        f"taux_{y}": table[f"relocations_{y}"].astype(float)
        / table[f"stock_{y}"].astype(float).where(table[f"stock_{y}"].astype(float) > 0)
        for y in years
    }
    return Tableau(
        cle="rotation.groupes",
        titre="Taux de rotation par ensemble de logements, et taux retenu",
        frame=table.assign(**rates),
        colonnes=[
            Colonne("groupe", "commune", "Ensemble de logements"),
            *(
                column
                for y in years
                for column in (
                    Colonne(f"stock_{y}", "nb_stock", f"Logements {y}"),
                    Colonne(f"relocations_{y}", "nb_relocations", f"Relocations {y}"),
                    Colonne(f"taux_{y}", "taux_rotation", f"Taux {y}"),
                )
            ),
            *((Colonne("taux_brut"),) if "taux_brut" in table.columns else ()),
            Colonne("taux", "taux_rotation", "Taux retenu"),
        ],
        article="Arrêté du 10 mars 2011, 2°",
        detail=True,
    )


def _places(quotas: Quotas) -> pd.Series:
    """Where each row of the turnover stands: its commune, that of its programme, or the group as it is."""
    table = quotas.rotation
    if "commune" in table.columns:
        towns = table["commune"]
    elif "programme" in table.columns:
        known = quotas.dossier.logements.groupby("programme")["commune"].agg(["first", "nunique"])
        towns = table["programme"].map(known.loc[known["nunique"] == 1, "first"])
    else:
        return table["groupe"]
    return towns.where(towns.notna(), table["groupe"])


def soustractions(quotas: Quotas) -> Section:
    """Dwellings taken out of the flow, by category: done last year, expected this year."""
    table = quotas.soustractions
    annee = quotas.dossier.convention.annee
    done = table.loc[table["etat"] == "realise"].groupby("categorie")["nb"].sum()
    planned = (
        table.loc[table["etat"] == "previsionnel"]
        .groupby("categorie")[["nb", "impute", "non_imputable"]]
        .sum()
    )
    frame = planned.join(done.rename("realise"), how="outer").rename_axis("categorie").reset_index()
    article = "CCH, art. R. 441-5, I, al. 5"
    if frame.empty:
        return Section(
            cle="soustractions",
            titre="Logements soustraits du flux",
            paragraphes=(f"Aucun logement soustrait ({article}).",),
        )
    return Section(
        cle="soustractions",
        titre="Logements soustraits du flux",
        paragraphes=(
            "Les logements nécessaires aux mutations et aux relogements ne sont pas comptés dans le flux. "
            "Une case vide dit qu'aucun nombre n'a été donné.",
        ),
        tableaux=(
            Tableau(
                cle="soustractions.categories",
                titre="Logements soustraits par catégorie d'opération",
                frame=frame,
                colonnes=[
                    Colonne("categorie", "soustractions.categorie"),
                    Colonne("realise", "soustractions.nb", f"Réalisé {annee - 1}"),
                    Colonne("nb", "soustractions.nb", f"Prévu {annee}"),
                    "impute",
                    "non_imputable",
                ],
                total=True,
                article=article,
            ),
        ),
    )
