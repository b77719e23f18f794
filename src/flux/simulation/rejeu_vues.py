"""How `Rejeu` shows itself: what was supposed, sentences and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.conversion.images import named
from flux.conversion.noms import Noms
from flux.noyau.provenance import line_ranges
from flux.rendu import glossaire
from flux.rendu.nombres import decimal, entier
from flux.rendu.vue import Colonne, Tableau, Vue
from flux.simulation.ecarts import ORIENTATIONS, PARTOUT
from flux.simulation.vecu import Mutations

if TYPE_CHECKING:
    from flux.simulation.rejeu import Rejeu

SHOWN = (Colonne("reel", "rejeu.reel"), "stock_moyen", "flux_moyen", "ecart_moyen", "ecart_q05", "ecart_q95")

POLITIQUES = {"reel": "constaté", "stock": "en stock", "flux": "en flux"}


def when(rejeu: Rejeu) -> str:
    """The years: "2024-2025"."""
    return line_ranges([y.annee.parc.annee for y in rejeu.annees])


def holders(rejeu: Rejeu) -> pd.DataFrame:
    """Rows of `table` on the whole."""
    table = rejeu.table
    rows = table.loc[(table["territoire_code"] == PARTOUT) & (table["indicateur"] == ORIENTATIONS)]
    return rows.reset_index(drop=True)


def communes(rejeu: Rejeu) -> pd.DataFrame:
    """What all réservataires together have in each commune."""
    table = rejeu.table
    rows = table.loc[(table["territoire_code"] != PARTOUT) & (table["id_reservataire"] != rejeu.porteurs[-1])]
    sums = rows.groupby("territoire_code", as_index=False)[
        ["reel", "stock_moyen", "flux_moyen", "ecart_moyen"]].sum(min_count=1)
    noms = Noms(rejeu.dossier)
    return sums.assign(nom=[noms.a(c) for c in sums["territoire_code"]])


def sentences(rejeu: Rejeu) -> tuple[str, ...]:
    """Who would have had more, who less, and how far from its due each was: the largest of each."""
    names = named(rejeu.annees[-1].quotas).set_index("id_reservataire")["nom"]
    rows = holders(rejeu)
    rows = rows.loc[rows["id_reservataire"] != rejeu.porteurs[-1]]
    stock, flux, reel = (rows[c].sum(min_count=1) for c in ("stock_moyen", "flux_moyen", "reel"))
    said = [
        f"Relocations de {when(rejeu)}, par an, réservataires ensemble : {decimal(stock, 1)} en stock, "
        f"{decimal(flux, 1)} en flux" + (f", {decimal(reel, 1)} constatées." if rejeu.nomme else ".")
    ]
    ordered = rows.sort_values("ecart_moyen", kind="stable").to_dict("records")
    ends = [("plus forte baisse", r) for r in ordered[:1] if r["ecart_moyen"] < 0]
    ends += [("plus forte hausse", r) for r in ordered[-1:] if r["ecart_moyen"] > 0]
    for word, row in ends:
        said.append(
            f"Du stock au flux, {word} : {names[row['id_reservataire']]}, {decimal(row['stock_moyen'], 1)} "
            f"en stock, {decimal(row['flux_moyen'], 1)} en flux"
            + (f" (constaté : {decimal(row['reel'], 1)})." if rejeu.nomme else ".")
        )
    worst = rejeu.ecarts.set_index(["orientation", "strate"])["ecart_max"]
    gaps = [f"{glossaire.format('rejeu.orientation', o)} {decimal(worst[o, PARTOUT], 1)}"
            for o in dict.fromkeys(rejeu.ecarts["orientation"])]
    said.append("Plus grand écart d'un réservataire à son dû au fil de l'année, en logements : "
                f"{' ; '.join(gaps)}.")
    return tuple(said)


def hypotheses(rejeu: Rejeu) -> tuple[str, ...]:
    """What the record does not say, and what was done about it."""
    said = [
        f"Baux de {when(rejeu)} de la table « mouvements » ; quotas de chaque année convertis à son 1er "
        "janvier, sur les droits du registre à cette date.",
        "En et hors QPV, chacun a la part qu'il a de la commune : le plan d'orientation d'une année passée "
        "n'est pas connu.",
        "Mutations et relogements : "
        + ("là où ils ont eu lieu, en stock comme en flux." if rejeu.mutations is Mutations.RETIREES else
           "retirés du flux ; en stock, un logement réservé va à son titulaire quand même.")
        + " Premières locations : hors du rejeu, les mêmes sous les deux régimes.",
    ]
    for year in rejeu.annees:
        p, annee = year.passe, year.annee.parc.annee
        missing = [(p.hors, "sur un logement hors de l'assiette, laissées de côté"),
                   (p.sans_logement, "sans logement nommé, tiré parmi ceux qu'elles décrivent"),
                   (p.sans_jour, "sans date, jour tiré"),
                   (p.sans_titulaire, "sans réservataire nommé, au constaté de personne")]
        told = [f"{entier(nb)} {what}" for nb, what in missing if nb]
        if told:
            said.append(f"{annee}, {entier(p.nb)} relocations : {' ; '.join(told)}.")
    said += [f"{annee}, non rejouée : {' '.join(why.split())}" for annee, why in rejeu.refus.items()]
    if rejeu.runs > 1:
        said.append(
            f"{entier(rejeu.runs)} tirages de ce que les tables ne disent pas (ordre d'un même jour ; "
            "logements visés par un droit inscrit sur un nombre de logements d'un programme) ; graine "
            f"{rejeu.seed}."
        )
    return tuple(said)


def replay_view(rejeu: Rejeu) -> Vue:
    """Sentences, holders, communes, deviations."""
    names = named(rejeu.annees[-1].quotas).set_index("id_reservataire")["nom"]
    rows = holders(rejeu)
    convention = rejeu.dossier.convention
    return Vue(
        titre=f"Rejeu {when(rejeu)}, {convention.bailleur.nom} : les relocations constatées, en stock et en "
        "flux",
        notes=(*sentences(rejeu), *hypotheses(rejeu)),
        tableaux=(
            Tableau(titre="Relocations par an, par réservataire",
                    frame=rows.assign(nom=rows["id_reservataire"].map(names)), colonnes=("nom", *SHOWN),
                    total={c: rows[c].sum(min_count=1) for c in ("reel", "stock_moyen", "flux_moyen")}),
            Tableau(titre="Relocations par an, par commune, réservataires ensemble", frame=communes(rejeu),
                    colonnes=(Colonne("nom", libelle="Commune"), *SHOWN[:4])),
            Tableau(titre="Écarts au dû, au pire moment et à la fin", frame=rejeu.ecarts,
                    colonnes=[Colonne(str(c), f"rejeu.{c}") for c in rejeu.ecarts]),
        ),
    )
