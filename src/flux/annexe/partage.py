"""Sections on the sharing of the flow: quotas, caps, communes, first lettings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.annexe.noms import BAILLEUR, Noms
from flux.annexe.section import Section
from flux.conversion.territoires import communes_of
from flux.rendu import glossaire, nombres
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.conversion import Quotas

# A matrix wider than this does not fit a page: holders are then grouped by category.
MOST_COLUMNS = 8
LOCAL = ("commune", "epci", "ept")


def named(frame: pd.DataFrame, noms: Noms) -> pd.DataFrame:
    """The same frame with names in place of the codes of réservataires, communes and territories."""
    written = {
        "id_reservataire": noms.reservataire,
        "commune": noms.commune,
        "territoire_code": noms.territoire,
    }
    known = {
        column: frame[column].map({value: name(value) for value in frame[column].unique()})
        for column, name in written.items()
        if column in frame.columns
    }
    return frame.assign(**known)


def quotas(quotas: Quotas, noms: Noms) -> Section:
    """Rates, whole quotas and what is carried over; then the computation, which a holder can redo by hand."""
    annee = quotas.dossier.convention.annee
    carried = quotas.soldes.groupby("id_reservataire")["solde"].sum()
    table = quotas.table.assign(solde=quotas.table["id_reservataire"].map(carried).fillna(0.0))
    summed = ["nb_droits", "quota_exact", "quota", "solde"]
    steps = calcul(quotas)
    flux, net = quotas.exact["flux_a_partager"], quotas.exact["flux_net"]
    carried_over = Colonne("solde", libelle=f"Solde reporté en {annee + 1}")
    return Section(
        titre="Taux et quotas",
        paragraphes=(
            f"Le flux net de l'année est de {nombres.decimal(net)} logements ; il est arrondi à "
            f"{nombres.entier(flux)} logements entiers à partager. L'écart, "
            f"{nombres.decimal(quotas.exact['report_flux'])}, est reporté sur le flux de l'année "
            "suivante et n'appartient à aucun réservataire.",
            *_example(table, noms, annee),
        ),
        tableaux=(
            Tableau(
                titre="Du droit au quota, par réservataire",
                frame=named(table, noms),
                colonnes=[
                    "id_reservataire",
                    "nb_droits",
                    "part_droits",
                    "part_flux",
                    "part_patrimoine",
                    "quota_exact",
                    "plafond",
                    "plafond_atteint",
                    "quota",
                    carried_over,
                ],
                total={c: table[c].dropna().sum() for c in summed},
                article="CCH, art. R. 441-5, I",
                note="Les parts sont celles du territoire de chaque réservataire. L'arrondi n'a lieu qu'une "
                "fois : le quota est entier, et le solde, quota exact moins quota, passe à l'année suivante "
                "(négatif : une avance). Ce qu'un plafond annuel refuse n'est pas reporté.",
            ),
            Tableau(
                titre="Le calcul du quota exact, pas à pas",
                frame=named(steps, noms),
                colonnes=[
                    "id_reservataire",
                    Colonne("droits", "nb_droits", "Droits (a)"),
                    Colonne("assiette", "nb_droits", "Assiette (b)"),
                    Colonne("part", "part_patrimoine", "Part (a ÷ b)"),
                    Colonne("flux", "du_exact", "Flux (c)"),
                    Colonne("nb_uniques", libelle="Droits uniques (d)"),
                    Colonne("corrections", "du_exact", "Corrections (e)"),
                    Colonne("du_exact", libelle="Dû exact"),
                    Colonne("solde_reporte", libelle=f"Solde de {annee - 1}"),
                    "quota_exact",
                ],
                total={c: steps[c].sum() for c in ("nb_uniques", "du_exact", "solde_reporte", "quota_exact")},
                article="CCH, art. R. 441-5, I, R. 441-5-2 et R. 441-5-3",
                note=_terms(quotas),
            ),
        ),
    )


def calcul(quotas: Quotas) -> pd.DataFrame:
    """Each exact quota in the terms of its holder's own territory; `corrections` closes the sum.

    droits, assiette : dwellings, or what is expected to be vacated in them under the method `rotation`;
    absent where the share comes from elsewhere (the State's legal share, the bailleur's rest).
    flux : flow of the territory, in dwellings, once single-use rights are set apart.
    """
    holders = quotas.dossier.reservataires
    columns = ["id_reservataire", "territoire_type", "territoire_code"]
    homes = {
        str(r): set(communes_of(quotas.dossier, str(kind), str(code)))
        for r, kind, code in zip(*(holders[c] for c in columns), strict=True)
    }
    asked = ["droits_garantie", "droits_autre", "part_garantie", "part_autre"]
    rows = quotas.dus.loc[
        [c in homes.get(r, ()) for r, c in _pairs(quotas.dus)],
        ["id_reservataire", "assiette", "flux", *asked],
    ].astype({c: "float64" for c in ("assiette", "flux", *asked)})
    rows = rows.assign(
        droits=rows[["droits_garantie", "droits_autre"]].sum(axis=1, min_count=1),
        asked=(rows["part_garantie"] + rows["part_autre"]) * rows["flux"],
    )
    home = rows.groupby("id_reservataire").agg(
        droits=("droits", "max"), assiette=("assiette", "max"), flux=("flux", "sum"), asked=("asked", "sum")
    )
    table = quotas.table.join(home, on="id_reservataire")
    return table.assign(
        part=table["asked"] / table["flux"].where(table["flux"] > 0),
        corrections=table["du_exact"] - table["asked"] - table["nb_uniques"],
    )


def _terms(quotas: Quotas) -> str:
    """What a, b, c and e are, under the choices of this convention."""
    choix = quotas.dossier.convention.choix
    weighed = (
        "a et b sont les libérations attendues dans les logements réservés et dans l'assiette du territoire"
        if str(choix.methode) == "rotation"
        else "b est l'assiette du territoire"
    )
    apart = quotas.table["nb_uniques"].sum() > 0 and str(choix.droits_uniques) == "reserves_d_abord"
    flow = ", droits uniques retirés d'abord" if apart else ""
    return (
        "Dû exact = a ÷ b × c + d + e ; quota exact = dû exact + solde, jamais négatif. "
        f"Ici, {weighed} ; c, le flux de ce territoire{flow} ; e, ce que les plafonds et les "
        "réductions retirent, et ce que des droits hors du territoire ajoutent. Le bailleur a ce qui reste."
    )


def _example(table: pd.DataFrame, noms: Noms, annee: int) -> tuple[str, ...]:
    """The question of a small holder, answered on the first one that it concerns."""
    waiting = table.loc[(table["quota"] == 0) & (table["solde"] >= 0.005)]
    if waiting.empty:
        return ()
    row = waiting.iloc[0]
    return (
        f"Un quota de 0 ne fait rien perdre : « {noms.reservataire(row['id_reservataire'])} » a un quota "
        f"exact de {nombres.decimal(row['quota_exact'])} et un quota de 0 ; {nombres.decimal(row['solde'])} "
        f"logement lui reste dû et s'ajoute à son quota exact de {annee + 1}.",
    )


def plafonds(quotas: Quotas, noms: Noms) -> Section:
    """Caps of the State and of the guarantees, and what was reduced."""
    reductions = quotas.reductions
    tables = [
        Tableau(
            titre="Plafonds de l'année",
            frame=named(quotas.plafonds, noms),
            colonnes=[
                "groupe",
                "territoire_code",
                "part_max",
                "exact",
                "plafond",
                "nb",
                Colonne("atteint", "plafonds.atteint"),
                "article",
            ],
        )
    ]
    if len(reductions):
        keys = ["id_reservataire", "motif"]
        by_holder = reductions.groupby(keys, as_index=False, sort=True).agg(
            avant=("avant", "sum"), apres=("apres", "sum"), territoires=("territoire_code", "nunique")
        )
        tables.append(
            Tableau(
                titre="Dus réduits, par réservataire et par motif",
                frame=named(by_holder, noms),
                colonnes=[
                    "id_reservataire",
                    "motif",
                    Colonne("territoires", "nb_lignes", "Territoires"),
                    "avant",
                    "apres",
                ],
                note="Ce que les plafonds et les dépassements retirent revient au bailleur.",
            )
        )
    return Section(
        titre="Plafonds et réductions",
        paragraphes=() if len(reductions) else ("Aucun dû n'a été réduit.",),
        tableaux=tuple(tables),
    )


def communes(quotas: Quotas, noms: Noms) -> Section:
    """Whole quotas by commune: by holder, then in and out of QPV and against guarantees."""
    table = quotas.communes
    columns = _matrix_columns(quotas, noms)
    keys = [columns[r](c) if callable(columns[r]) else columns[r] for r, c in _pairs(table)]
    order = sorted(set(keys), key=lambda k: _rank(k, columns, noms))
    matrix = table.assign(colonne=keys).pivot_table(
        index="commune", columns="colonne", values="nb", aggfunc="sum", fill_value=0, sort=False
    )
    matrix = matrix[order].sort_index()
    holders = quotas.table.loc[quotas.table["categorie"] == "commune"]
    home = dict(zip(holders["id_reservataire"], holders["territoire_code"], strict=True))
    matrix["ensemble"] = matrix.sum(axis=1)
    flux = quotas.flux.groupby("commune")["flux_a_partager"].sum()
    own = table.loc[[home.get(r) == c for r, c in _pairs(table)]].groupby("commune")["solde"].sum()
    frame = matrix.assign(
        flux_a_partager=flux.reindex(matrix.index), solde=own.reindex(matrix.index)
    ).reset_index()
    sums = (
        table.groupby("commune", sort=True)[["nb", "nb_qpv", "nb_hors_qpv", "nb_garantie"]]
        .sum()
        .reset_index()
    )
    return Section(
        titre="Répartition par commune",
        paragraphes=(
            "Chaque ligne est une commune ; les lignes et les colonnes s'additionnent au flux de l'année. Le "
            "nombre de logements entiers d'une commune est proche de son flux exact, sans lui être égal.",
        ),
        tableaux=(
            Tableau(
                titre="Quotas par commune et par réservataire",
                frame=named(frame, noms),
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
                titre="Quotas par commune, en QPV, hors QPV et contre garantie",
                frame=named(sums, noms),
                colonnes=[
                    "commune",
                    Colonne("nb", libelle="Ensemble"),
                    "nb_qpv",
                    "nb_hors_qpv",
                    "nb_garantie",
                ],
                total=True,
                article="CCH, art. R. 441-5-2, II, et art. R. 441-5-3",
            ),
        ),
    )


def livraisons(quotas: Quotas, noms: Noms) -> Section:
    """First lettings of the year by programme, and single-use rights."""
    programmes = quotas.livraisons
    uniques = quotas.table.loc[quotas.table["nb_uniques"] > 0]
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
                titre="Premières mises en location, par programme",
                frame=named(programmes, noms),
                colonnes=["programme", "commune", "date_mise_service", "id_reservataire", "exact", "nb"],
                total=True,
                article="CCH, art. R. 441-5, I",
                note="Ces logements entrent dans l'assiette au 1er janvier suivant.",
            )
        )
    if len(uniques):
        tables.append(
            Tableau(
                titre="Droits uniques dus dans l'année",
                frame=named(uniques, noms),
                colonnes=["id_reservataire", "nb_uniques", "quota"],
                total=True,
                note="Les droits uniques sont compris dans le quota.",
            )
        )
    return Section(
        titre="Premières mises en location et droits uniques", paragraphes=tuple(said), tableaux=tuple(tables)
    )


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["id_reservataire"], table["commune"], strict=True))


def _matrix_columns(quotas: Quotas, noms: Noms) -> Mapping[str, Any]:
    """réservataire -> the column where the matrix adds it, or a function of the commune that tells it.

    A column for each holder of the département; communes and EPCI share theirs, each on its territory.
    """
    holders = quotas.table.loc[quotas.table["id_reservataire"] != BAILLEUR]
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
    if column == noms.reservataire(BAILLEUR):
        return (3, column)
    return (2 if column.startswith("Commune") else 1 if column == "EPCI et EPT" else 0, column)
