"""How `Bascule` shows itself: a view for people, a dictionary for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flux.conversion.cellules import BAILLEUR, ETAT
from flux.conversion.enveloppe import records
from flux.conversion.images import GROUPE, named
from flux.conversion.noms import Noms
from flux.rendu import glossaire
from flux.rendu.nombres import decimal, entier, part
from flux.rendu.vue import Colonne, Tableau, Vue
from flux.simulation.ecarts import CLES, ORIENTATIONS, PARTOUT, TOUS_RESERVES, taken_means
from flux.simulation.objectifs import CLES as CLES_OBJECTIFS
from flux.simulation.phrases import SHOWN, summary
from flux.simulation.vecu import Mutations

if TYPE_CHECKING:
    from flux.simulation.bascule import Bascule

MOST = 20  # holders or communes at each end of a table
AUTRE = Colonne("ecart_autre", "bascule.ecart_autre")
TOUS, NOM_ETAT = "tous", "État"
DONNEES = {"refus": "de refus", "echec": "d'échec", "saison": "de saisons"}


def bascule_view(bascule: Bascule) -> Vue:
    """Who gains and who loses, by group, by holder then by commune, then the targets."""
    convention = bascule.quotas.dossier.convention
    years = bascule.axes.annees
    judged, said = _least_met(targets(bascule))
    return Vue(
        titre=f"Du stock au flux, {bascule.axes.periode}, {convention.bailleur.nom} : les mêmes libérations "
        f"vécues {entier(bascule.runs)} fois, graine {bascule.seed}",
        notes=(*summary(bascule), *bascule.hypotheses),
        tableaux=(
            Tableau(titre="Logements par an, par groupe", frame=groups(bascule),
                    colonnes=(Colonne("groupe", "bascule.groupe"), *_shown())),
            _ends("Logements par an, par réservataire", "nom", holders(bascule)),
            _ends("Logements par an, par commune, tous réservataires", Colonne("nom", libelle="Commune"),
                  communes(bascule)),
            Tableau(
                titre=f"Objectifs au 31 décembre {years[0]}{said}",
                frame=judged,
                colonnes=(
                    "objectif", Colonne("concerne", "porteur", "Pour"),
                    *(Colonne(f"{c}_{r}", f"bascule.{c}", f"{glossaire.libelle(f'bascule.{c}')}, en {r}")
                      for c in ("p_atteint", "manque_moyen") for r in ("stock", "flux")),
                ),
            ),
        ),
    )


def _shown() -> list[str | Colonne]:
    """The columns of every table of differences: the other reading beside the mean difference."""
    return [c for shown in SHOWN for c in ((shown, AUTRE) if shown == "ecart_moyen" else (shown,))]


def _ends(titre: str, nom: str | Colonne, rows: pd.DataFrame) -> Tableau:
    """All rows, or the lowest and the highest differences where they are many."""
    if len(rows) > 2 * MOST:
        titre += f" ({MOST} écarts les plus bas, {MOST} les plus hauts, sur {entier(len(rows))})"
        rows = rows.sort_values("ecart_moyen", kind="stable")
        rows = pd.concat([rows.head(MOST), rows.tail(MOST)])
    return Tableau(titre=titre, frame=rows, colonnes=(nom, *_shown()))


def _least_met(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The targets that some run judges, and what the title says where only the least met are kept.

    Those of all réservataires, or of the State, are always shown.
    """
    rows = rows.loc[rows["p_atteint_stock"].notna() | rows["p_atteint_flux"].notna()]
    common = rows["porteur"].isin([TOUS, NOM_ETAT])
    own = rows.loc[~common]
    if len(own) <= 2 * MOST:
        return rows, ""
    least = own["p_atteint_flux"].nsmallest(2 * MOST, keep="first").index
    return (
        rows.loc[common | rows.index.isin(least)],
        f" (ceux de tous, et les {2 * MOST} moins souvent atteints en flux sur {entier(len(own))} autres)",
    )


def groups(bascule: Bascule) -> pd.DataFrame:
    """`groupes`, with the mean difference under the other reading of mutations."""
    rows, each = bascule.groupes, _other(bascule)
    categories = bascule.quotas.table.set_index("id_reservataire")["categorie"]
    by_group = each.groupby(each["id_reservataire"].map(categories).map(GROUPE))["autre"].sum()
    by_group[TOUS_RESERVES] = each.loc[each["id_reservataire"] != BAILLEUR, "autre"].sum()
    return rows.assign(ecart_autre=rows["ecart_moyen"] + rows["groupe"].map(by_group))


def _other(bascule: Bascule) -> pd.DataFrame:
    """What the other reading of mutations under stock adds to each difference, `autre`, by cell."""
    sign = -1 if bascule.options.mutations_en_stock is Mutations.RETIREES else 1
    each = taken_means(bascule.axes, bascule.vies.retires)
    return each.assign(autre=sign * each["retires"])


def holders(bascule: Bascule) -> pd.DataFrame:
    """Rows of `table` on the whole, with the names; holders that never receive anything are left out."""
    table = bascule.table
    rows = table.loc[(table["territoire_code"] == PARTOUT) & (table["indicateur"] == ORIENTATIONS)]
    rows = rows.merge(named(bascule.quotas)[["id_reservataire", "nom"]], on="id_reservataire")
    other = _other(bascule).groupby("id_reservataire")["autre"].sum()
    rows = rows.assign(ecart_autre=rows["ecart_moyen"] + rows["id_reservataire"].map(other))
    return rows.loc[(rows["stock_moyen"] > 0) | (rows["flux_moyen"] > 0)].reset_index(drop=True)


def communes(bascule: Bascule) -> pd.DataFrame:
    """What all réservataires have in each commune, where they ever do, the largest loss first."""
    noms = Noms(bascule.quotas.dossier)
    rows = bascule.communes.loc[bascule.communes["groupe"] == TOUS_RESERVES]
    rows = rows.loc[(rows["stock_moyen"] > 0) | (rows["flux_moyen"] > 0)]
    each = _other(bascule)
    other = each.loc[each["id_reservataire"] != BAILLEUR].groupby("commune")["autre"].sum()
    rows = rows.assign(nom=[noms.a(c) for c in rows["commune"]],
                       ecart_autre=rows["ecart_moyen"] + rows["commune"].map(other))
    return rows.sort_values(["ecart_moyen", "commune"], ignore_index=True)


def targets(bascule: Bascule) -> pd.DataFrame:
    """`objectifs` with both regimes on a row; `concerne`: whose the target is, or where if it is of all."""
    rows = bascule.objectifs
    stock, flux = (rows.loc[rows["regime"] == r].reset_index(drop=True) for r in ("stock", "flux"))
    columns = ["p_atteint", "manque_moyen"]
    holders, noms = named(bascule.quotas), Noms(bascule.quotas.dossier)
    names = dict(zip(holders["id_reservataire"], holders["nom"], strict=True))
    said = stock[CLES_OBJECTIFS].assign(
        porteur=stock["porteur"].map(names | {PARTOUT: TOUS, ETAT: NOM_ETAT}),
        territoire_code=stock["territoire_code"].map(noms.a))
    said["concerne"] = said["porteur"].where(said["porteur"] != TOUS, said["territoire_code"])
    return said.join(stock[columns].add_suffix("_stock")).join(flux[columns].add_suffix("_flux"))


def hypotheses(bascule: Bascule) -> tuple[str, ...]:
    """What is supposed here, and how sure the means are."""
    options, dossier = bascule.options, bascule.quotas.dossier
    given = set(dossier.taux["nature"])
    absent = [words for nature, words in DONNEES.items() if nature not in given]
    said = [
        f"Orientation en flux : {glossaire.format('bascule.orientation', options.regle)}.",
        _mutations(bascule),
        "Taux de rotation : tirés dans leur loi, une fois par tirage." if options.incertitude
        else "Taux de rotation : ceux de la conversion, dans tous les tirages.",
        "Droits inscrits sur un nombre de logements d'un programme : chacun d'eux peut être réservé, avec la "
        "même chance.",
        *bascule.cibles.hypotheses,
        _precision(bascule),
    ]
    if absent:
        said.append(f"Taux {', '.join(absent)} : non donnés, pris à zéro (saisons : année égale).")
    if uniques := bascule.quotas.table["nb_uniques"].sum():
        said.append(f"Droits uniques : {decimal(uniques, 1)} servis en flux, dans le quota ; non "
                    "comptés en stock, l'écart de leurs titulaires en est plus haut d'autant.")
    if len(bascule.axes.annees) > 1:
        said.append("Années suivantes : le plan de la première est gardé ; les retards d'orientation passent "
                    f"d'une année à l'autre ; objectifs jugés sur {bascule.axes.annees[0]}.")
    return tuple(said)


def _precision(bascule: Bascule) -> str:
    """The largest error of a mean, and how many runs would bring it down to the power of ten below."""
    said = f"Erreur de tirage la plus grande, par réservataire : {decimal(bascule.erreur)} logement par an"
    if not bascule.erreur:
        return f"{said}."
    asked = 10.0 ** (math.ceil(math.log10(bascule.erreur)) - 1)
    digits = max(0, round(-math.log10(asked)))
    return f"{said} ; pour {decimal(asked, digits)}, il faudrait {entier(bascule.runs_for(asked))} tirages."


def _mutations(bascule: Bascule) -> str:
    each = bascule.retires()
    taken = float(each.mean())
    if not taken:
        return "Mutations et relogements : aucun."
    if bascule.options.mutations_en_stock is Mutations.RETIREES:
        return (f"Mutations et relogements : {decimal(taken, 1)} logements par an, retirés avant partage en "
                "stock comme en flux.")
    free = bascule.libres()
    left = np.maximum(bascule.runs_of(BAILLEUR)[0] - each, 0.0).mean()
    return (
        f"Mutations et relogements : {decimal(taken, 1)} logements par an. En flux, retirés avant partage ; "
        f"en stock, pris par le bailleur sur les {decimal(free.mean(), 1)} libérés sans droit, qui n'y "
        f"suffisent pas dans {part((each > free).mean())} des tirages. Les écarts ont pour somme l'opposé de "
        "ce nombre, et celui du bailleur le compte : hors mutations et relogements, il lui reste "
        f"{decimal(left, 1)} logements en stock, {decimal(bascule.runs_of(BAILLEUR)[1].mean(), 1)} en flux."
    )


def bascule_dict(bascule: Bascule) -> dict[str, Any]:
    """The stage `simulate` of the schema "flux/1", with those before it."""
    options, plan = bascule.options, bascule.plan.to_dict()
    frames = {
        "table": bascule.table.sort_values(CLES),
        "groupes": bascule.groupes,
        "communes": bascule.communes,
        "calendrier": bascule.calendrier,
        "objectifs": bascule.objectifs,
    }
    return plan | {
        "commande": "simulate",
        "hypotheses": [*plan["hypotheses"], *bascule.hypotheses],
        "bascule": {name: records(frame) for name, frame in frames.items()}
        | {
            "phrases": {code: list(three) for code, three in bascule.phrases.items()},
            "runs": bascule.runs,
            "seed": bascule.seed,
            "annees": list(bascule.axes.annees),
            "orientation": options.regle,
            "incertitude": options.incertitude,
            "mutations_en_stock": str(options.mutations_en_stock),
            "erreur": round(bascule.erreur, 9),
        },
    }
