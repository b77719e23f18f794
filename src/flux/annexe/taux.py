"""Section on rates and quotas: the result, then the computation that a holder redoes by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.partage import pairs
from flux.annexe.section import Section
from flux.annexe.selection import folded
from flux.conversion.territoires import communes_of
from flux.dossier.appellations import Noms
from flux.rendu import nombres
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.annexe.selection import Selection
    from flux.conversion import Quotas


def quotas(
    quotas: Quotas,
    noms: Noms,
    steps: pd.DataFrame,
    vise: Selection | None = None,
    pourquoi: tuple[str, ...] = (),
) -> Section:
    """Rates, whole quotas and what is carried over; then the computation, which a holder can redo by hand.

    `steps` is that of `calcul`; `pourquoi`, the sentences on the quotas of the parties of one convention.
    """
    annee = quotas.dossier.convention.annee
    carried = quotas.soldes.groupby("id_reservataire")["solde"].sum()
    table = quotas.table.assign(solde=quotas.table["id_reservataire"].map(carried).fillna(0.0))
    summed = ["nb_droits", "quota_exact", "quota", "solde"]
    flux = quotas.exact["flux_a_partager"]
    carried_over = Colonne("solde", libelle=f"Solde reporté en {annee + 1}")
    return Section(
        cle="taux",
        titre="Taux et quotas",
        paragraphes=(
            f"{_net(quotas)} Il est arrondi à {nombres.entier(flux)} logements entiers à partager. L'écart, "
            f"{nombres.decimal(quotas.exact['report_flux'])}, est reporté sur le flux de l'année "
            "suivante et n'appartient à aucun réservataire.",
            *(_example(table, noms, annee) if vise is None else ()),
        ),
        puces=pourquoi,
        tableaux=(
            Tableau(
                cle="taux.quotas",
                titre="Du droit au quota, par réservataire",
                frame=noms.table(folded(vise, table, ["nb_droits", "quota_exact", "quota", "solde"])),
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
                cle="taux.calcul",
                titre="Le calcul du quota exact, pas à pas",
                frame=noms.table(
                    folded(vise, steps, ["nb_uniques", "du_exact", "solde_reporte", "quota_exact"])
                ),
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


def _net(quotas: Quotas) -> str:
    """The net flow as a sum that a reader redoes: what is vacated, less what is set apart, and the rest."""
    net = float(quotas.exact["flux_net"])
    expected, taken = (float(quotas.flux[c].sum()) for c in ("liberations", "soustraits"))
    more = net - expected + taken
    inside = str(quotas.dossier.convention.choix.premieres_locations) == "dans_le_flux"
    what = "report de l'an dernier et premières locations" if inside else "report de l'an dernier"
    return (
        f"Libérations attendues {nombres.decimal(expected)} − logements soustraits {nombres.decimal(taken)} "
        f"{nombres.MINUS if more < 0 else '+'} {what} {nombres.decimal(abs(more))} = flux net de l'année "
        f"{nombres.decimal(net)}."
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
        [c in homes.get(r, ()) for r, c in pairs(quotas.dus)],
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
    weighed = {
        "parc": "b est l'assiette du territoire",
        "rotation": "a et b sont les libérations attendues dans les logements réservés et dans l'assiette du "
        "territoire",
    }.get(str(choix.methode), f"a et b sont pesés par la méthode « {choix.methode} »")
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
