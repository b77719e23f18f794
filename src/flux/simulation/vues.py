"""How `Bascule` shows itself: a view for people, a dictionary for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from flux.conversion.cellules import ETAT
from flux.conversion.enveloppe import records
from flux.conversion.images import named
from flux.conversion.noms import Noms
from flux.rendu import glossaire
from flux.rendu.nombres import decimal, entier, part
from flux.rendu.vue import Colonne, Tableau, Vue
from flux.simulation.ecarts import CLES, ORIENTATIONS, PARTOUT, TOUS_RESERVES
from flux.simulation.objectifs import CLES as CLES_OBJECTIFS
from flux.simulation.phrases import SHOWN
from flux.simulation.vecu import Mutations

if TYPE_CHECKING:
    from flux.simulation.bascule import Bascule

PRECISION = 0.05  # dwellings: the error that the notes say how many runs would reach
MOST = 20  # communes at each end of the table
TOUS = "tous"
DONNEES = {"refus": "de refus", "echec": "d'échec", "saison": "de saisons"}


def bascule_view(bascule: Bascule) -> Vue:
    """Who gains and who loses, by holder then by commune, then the targets."""
    convention = bascule.quotas.dossier.convention
    years = bascule.axes.annees
    return Vue(
        titre=f"Du stock au flux, {bascule.axes.periode}, {convention.bailleur.nom} : les mêmes libérations "
        f"vécues {entier(bascule.runs)} fois, graine {bascule.seed}",
        notes=bascule.hypotheses,
        tableaux=(
            Tableau(titre="Logements par an, par réservataire", frame=holders(bascule),
                    colonnes=("nom", *SHOWN)),
            _ends(communes(bascule)),
            Tableau(
                titre=f"Objectifs au 31 décembre {years[0]}",
                frame=targets(bascule),
                colonnes=(
                    "objectif", "porteur", "territoire_code",
                    *(Colonne(f"{c}_{r}", f"bascule.{c}", f"{glossaire.libelle(f'bascule.{c}')}, en {r}")
                      for c in ("p_atteint", "manque_moyen") for r in ("stock", "flux")),
                ),
            ),
        ),
    )


def _ends(rows: pd.DataFrame) -> Tableau:
    """Communes, the largest losses and the largest gains where they are many."""
    titre = "Logements par an, par commune, tous réservataires"
    if len(rows) > 2 * MOST:
        titre += f" ({MOST} plus grandes pertes, {MOST} plus grands gains, sur {entier(len(rows))})"
        rows = pd.concat([rows.head(MOST), rows.tail(MOST)])
    return Tableau(titre=titre, frame=rows, colonnes=(Colonne("nom", libelle="Commune"), *SHOWN))


def holders(bascule: Bascule) -> pd.DataFrame:
    """Rows of `table` on the whole, with the names; holders that never receive anything are left out."""
    table = bascule.table
    rows = table.loc[(table["territoire_code"] == PARTOUT) & (table["indicateur"] == ORIENTATIONS)]
    rows = rows.merge(named(bascule.quotas)[["id_reservataire", "nom"]], on="id_reservataire")
    return rows.loc[(rows["stock_moyen"] > 0) | (rows["flux_moyen"] > 0)].reset_index(drop=True)


def communes(bascule: Bascule) -> pd.DataFrame:
    """What all réservataires have in each commune, where they ever do, the largest loss first."""
    noms = Noms(bascule.quotas.dossier)
    rows = bascule.communes.loc[bascule.communes["groupe"] == TOUS_RESERVES]
    rows = rows.loc[(rows["stock_moyen"] > 0) | (rows["flux_moyen"] > 0)]
    rows = rows.assign(nom=[noms.a(c) for c in rows["commune"]])
    return rows.sort_values(["ecart_moyen", "commune"], ignore_index=True)


def targets(bascule: Bascule) -> pd.DataFrame:
    """`objectifs` with both regimes on a row."""
    rows = bascule.objectifs
    stock, flux = (rows.loc[rows["regime"] == r].reset_index(drop=True) for r in ("stock", "flux"))
    columns = ["p_atteint", "manque_moyen"]
    holders, noms = named(bascule.quotas), Noms(bascule.quotas.dossier)
    names = dict(zip(holders["id_reservataire"], holders["nom"], strict=True))
    said = stock[CLES_OBJECTIFS].assign(
        porteur=stock["porteur"].map(names | {PARTOUT: TOUS, ETAT: "État"}),
        territoire_code=stock["territoire_code"].map(noms.a))
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
        f"Erreur de tirage la plus grande, par réservataire : {decimal(bascule.erreur)} logement par an ; "
        f"pour {decimal(PRECISION)}, il faudrait {entier(bascule.runs_for(PRECISION))} tirages.",
    ]
    if absent:
        said.append(f"Taux {', '.join(absent)} : non donnés, pris à zéro (saisons : année égale).")
    if bascule.quotas.table["nb_uniques"].sum():
        said.append("Droits uniques : servis en flux, dans le quota ; non comptés en stock.")
    if len(bascule.axes.annees) > 1:
        said.append("Années suivantes : le plan de la première est gardé ; les retards d'orientation passent "
                    f"d'une année à l'autre ; objectifs jugés sur {bascule.axes.annees[0]}.")
    return tuple(said)


def _mutations(bascule: Bascule) -> str:
    each = bascule.retires()
    taken = float(each.mean())
    if bascule.options.mutations_en_stock is Mutations.RETIREES:
        return (f"Mutations et relogements : {decimal(taken, 1)} logements par an, retirés avant partage en "
                "stock comme en flux.")
    free = bascule.libres()
    return (
        f"Mutations et relogements : {decimal(taken, 1)} logements par an. En flux, retirés avant partage ; "
        f"en stock, pris par le bailleur sur les {decimal(free.mean(), 1)} libérés sans droit, qui n'y "
        f"suffisent pas dans {part((each > free).mean())} des tirages. Les écarts ont pour somme l'opposé de "
        "ce nombre."
    )


def bascule_dict(bascule: Bascule) -> dict[str, Any]:
    """The stage `simulate` of the schema "flux/1", with those before it."""
    options, plan = bascule.options, bascule.plan.to_dict()
    frames = {
        "table": bascule.table.sort_values(CLES),
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
