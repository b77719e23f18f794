"""Sections on the sharing of the flow: communes, first lettings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.annexe.section import Section
from flux.annexe.selection import ELSEWHERE, OTHERS, Selection
from flux.conversion.remarques import KINDS
from flux.dossier.appellations import BAILLEUR, Noms
from flux.rendu import glossaire
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.conversion import Quotas

# A matrix wider than this does not fit a page: holders are then grouped by category.
MOST_COLUMNS = 8
LOCAL = ("commune", "epci", "ept")


def _placed(quotas: Quotas, vise: Selection | None) -> pd.DataFrame:
    """The matrix by commune, the communes where the parties have no due added up in one."""
    table = quotas.communes
    if vise is None:
        return table
    return table.assign(commune=table["commune"].where(table["commune"].isin(vise.communes), ELSEWHERE))


def communes(quotas: Quotas, noms: Noms, vise: Selection | None = None) -> Section:
    """Whole quotas by commune: by holder, in and out of QPV, against guarantees; then cell by cell (T6)."""
    table = _placed(quotas, vise)
    columns = _matrix_columns(quotas, noms, vise)
    keys = [columns[r](c) if callable(columns[r]) else columns[r] for r, c in pairs(table)]
    order = sorted(set(keys), key=lambda k: _rank(k, columns, noms))
    matrix = table.assign(colonne=keys).pivot_table(
        index="commune", columns="colonne", values="nb", aggfunc="sum", fill_value=0, sort=False
    )
    matrix = matrix[order].sort_index(key=lambda codes: codes.where(codes != ELSEWHERE, "~"))
    holders = quotas.table.loc[quotas.table["categorie"] == "commune"]
    home = dict(zip(holders["id_reservataire"], holders["territoire_code"], strict=True))
    matrix["ensemble"] = matrix.sum(axis=1)
    flux = _flow(quotas, vise)
    own = table.loc[[home.get(r) == c for r, c in pairs(table)]].groupby("commune")["solde"].sum()
    frame = matrix.assign(
        flux_a_partager=flux.reindex(matrix.index), solde=own.reindex(matrix.index)
    ).reset_index()
    sums = table.groupby("commune")[["nb", "nb_qpv", "nb_hors_qpv", "nb_garantie"]].sum().loc[matrix.index]
    rate = float(quotas.regles.part("part_max_garantie")) if "part_max_garantie" in quotas.regles else None
    sums = sums.assign(
        part_garantie=sums["nb_garantie"] / sums["nb"].where(sums["nb"] > 0), part_max=rate
    ).reset_index()
    counted = table if vise is None else vise.rows(table)
    return Section(
        cle="communes",
        titre="Répartition par commune",
        paragraphes=(
            "Chaque ligne est une commune ; les lignes et les colonnes s'additionnent au flux de l'année. Le "
            "nombre de logements entiers d'une commune est proche de son flux exact, sans lui être égal.",
        ),
        tableaux=(
            Tableau(
                cle="communes.quotas",
                titre="Quotas par commune et par réservataire",
                frame=noms.table(frame),
                colonnes=[
                    "commune",
                    Colonne("flux_a_partager", libelle="Flux exact"),
                    *(Colonne(c, "nb", c) for c in order),
                    Colonne("ensemble", "nb", "Ensemble"),
                    *([Colonne("solde", libelle="Commune : solde reporté")] if home else []),
                ],
                total=True,
                article="CCH, art. R. 441-5-2, II, et art. R. 441-5-3",
                note="Le solde reporté est ce que la commune garde pour l'année suivante sur son territoire "
                "(négatif : une avance) ; « — » : la commune n'a pas de droit."
                if home
                else "",
            ),
            Tableau(
                cle="communes.qpv",
                titre="Quotas par commune, en QPV, hors QPV et contre garantie",
                frame=noms.table(sums),
                colonnes=[
                    "commune",
                    Colonne("nb", libelle="Ensemble"),
                    "nb_qpv",
                    "nb_hors_qpv",
                    "nb_garantie",
                    Colonne("part_garantie", "part", "Part contre garantie"),
                    "part_max",
                ],
                total={c: sums[c].sum() for c in ("nb", "nb_qpv", "nb_hors_qpv", "nb_garantie")},
                article="CCH, art. R. 441-5-2, II, et art. R. 441-5-3",
                note="La part contre garantie rapporte des logements entiers : dans une petite commune, elle "
                "peut passer la part maximale sans que le plafond le soit ; la section Plafonds fait foi. "
                "Chacun a ici en QPV la part du flux de la commune qui s'y trouve ; le plan d'orientation, "
                "qui vise les objectifs, peut placer les mêmes logements autrement.",
            ),
            Tableau(
                cle="communes.cellules",
                titre="Quotas par commune et par réservataire, cellule par cellule",
                frame=noms.table(counted.loc[counted["commune"] != ELSEWHERE]),
                colonnes=[
                    "commune",
                    "id_reservataire",
                    "exact",
                    "nb",
                    "nb_qpv",
                    "nb_hors_qpv",
                    "nb_garantie",
                    "solde",
                ],
                total=True,
                article="CCH, art. R. 441-5-2, II, et art. R. 441-5-3",
                detail=True,
            ),
            *_gaps(quotas, noms, vise),
        ),
    )


def _gaps(quotas: Quotas, noms: Noms, vise: Selection | None) -> tuple[Tableau, ...]:
    """Sums that whole dwellings could not keep between their floor and ceiling, and accounts beyond one."""
    table = quotas.ecarts if vise is None else vise.rows(quotas.ecarts)
    if table.empty:
        return ()
    return (
        Tableau(
            cle="communes.ecarts",
            titre="Sommes et comptes que l'arrondi n'a pas pu tenir",
            frame=noms.table(table).assign(somme=table["groupe"].map({**KINDS, "compte": "compte"})),
            colonnes=[
                Colonne("somme", "motif", "Somme"),
                "territoire_code",
                "id_reservataire",
                "exact",
                "nb",
                "limite",
            ],
            detail=True,
        ),
    )


def _flow(quotas: Quotas, vise: Selection | None) -> pd.Series:
    flux: pd.Series = quotas.flux.groupby("commune")["flux_a_partager"].sum()
    if vise is None:
        return flux
    return flux.groupby(lambda c: c if c in vise.communes else ELSEWHERE).sum()


def livraisons(quotas: Quotas, noms: Noms, vise: Selection | None = None) -> Section:
    """First lettings by programme (T8), what the programmes are made of, and single-use rights."""
    programmes, uniques = quotas.livraisons, quotas.table.loc[quotas.table["nb_uniques"] > 0]
    if vise is not None:
        programmes, uniques = vise.rows(programmes), vise.rows(uniques)
    built = quotas.dossier.livraisons
    built = built.loc[built["date_mise_service"].dt.year == quotas.dossier.convention.annee]
    if vise is not None:
        built = built.loc[built["programme"].isin(programmes["programme"])]
    said = [
        *(
            ()
            if len(programmes)
            else ("Aucune première mise en location n'est répartie à part cette année.",)
        ),
        *(() if len(uniques) else ("Aucun droit unique n'est dû cette année.",)),
    ]
    tables = []
    if len(programmes):
        tables.append(
            Tableau(
                cle="livraisons.programmes",
                titre="Premières mises en location, par programme",
                frame=noms.table(programmes),
                colonnes=["programme", "commune", "date_mise_service", "id_reservataire", "exact", "nb"],
                total=True,
                article="CCH, art. R. 441-5, I",
                note="Ces logements entrent dans l'assiette au 1er janvier suivant.",
            )
        )
    if len(built):
        tables.append(
            Tableau(
                cle="livraisons.composition",
                titre="Programmes livrés dans l'année, par typologie et financement",
                frame=noms.table(
                    built.assign(annee_assiette=quotas.dossier.convention.annee + 1).reset_index(drop=True)
                ),
                colonnes=[
                    "programme",
                    "commune",
                    "date_mise_service",
                    "qpv",
                    "typologie",
                    "financement",
                    "nb",
                    Colonne("annee_assiette", "annee", "Entrée dans l'assiette"),
                ],
                total={"nb": built["nb"].sum()},
                article="CCH, art. R. 441-5, I, al. 12",
            )
        )
    if len(uniques):
        tables.append(
            Tableau(
                cle="livraisons.uniques",
                titre="Droits uniques dus dans l'année",
                frame=noms.table(uniques),
                colonnes=["id_reservataire", "nb_uniques", "quota"],
                total=True,
                note="Les droits uniques sont compris dans le quota.",
            )
        )
    return Section(
        cle="livraisons",
        titre="Premières mises en location et droits uniques",
        paragraphes=tuple(said),
        tableaux=tuple(tables),
    )


def pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    """réservataire and commune of each row."""
    return list(zip(table["id_reservataire"], table["commune"], strict=True))


def _matrix_columns(quotas: Quotas, noms: Noms, vise: Selection | None) -> Mapping[str, Any]:
    """réservataire -> the column where the matrix adds it, or a function of the commune that tells it.

    A column for each holder of the département; communes and EPCI share theirs, each on its territory. For
    one convention, a column for each of its parties, and one for all the others.
    """
    holders = quotas.table.loc[quotas.table["id_reservataire"] != BAILLEUR]
    if vise is not None and len(vise.idents) <= MOST_COLUMNS:
        return {
            BAILLEUR: noms.reservataire(BAILLEUR),
            **{r: noms.reservataire(r) if r in vise.idents else OTHERS for r in holders["id_reservataire"]},
        }
    wide = [
        r for r, k in zip(holders["id_reservataire"], holders["categorie"], strict=True) if k not in LOCAL
    ]
    columns: dict[str, Any] = {BAILLEUR: noms.reservataire(BAILLEUR)}
    for r, categorie, home in zip(
        holders["id_reservataire"], holders["categorie"], holders["territoire_code"], strict=True
    ):
        if categorie == "commune":
            columns[r] = lambda c, home=home: (
                "Commune (sur son territoire)" if c == home else "Communes (hors de leur territoire)"
            )
        elif categorie in LOCAL:
            columns[r] = "EPCI et EPT"
        else:
            columns[r] = (
                noms.reservataire(r)
                if len(wide) <= MOST_COLUMNS
                else glossaire.format("categorie", categorie)
            )
    return columns


def _rank(column: str, columns: Mapping[str, Any], noms: Noms) -> tuple[int, str]:
    """Holders of the département, then EPCI, then communes, the bailleur last."""
    if column in (OTHERS, noms.reservataire(BAILLEUR)):
        return (3, column)
    return (2 if column.startswith("Commune") else 1 if column == "EPCI et EPT" else 0, column)
