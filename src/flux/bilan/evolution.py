"""B6: what changed the base and the rights between 1 January of the year and 1 January of the next.

"la convention de réservation est actualisée annuellement […] en fonction des mises en service de programmes
intervenues l'année précédente et de l'échéance des droits de réservation" (CCH, art. R. 441-5, I, al. 12).
"""

from __future__ import annotations

import pandas as pd

from flux.annexe.section import Section
from flux.bilan.faits import Faits
from flux.conversion import Quotas
from flux.rendu import glossaire
from flux.rendu.vue import Colonne, Tableau

TEXTE = "CCH, art. R. 441-5, I, al. 12"


def evolution(faits: Faits) -> Section:
    """The base from one 1 January to the next, by commune; then the rights that ended or began."""
    titre = "Évolution de l'assiette"
    moves = faits.evenements
    if faits.quotas is None or faits.suivants is None or moves is None:
        why = faits.refus[0] if faits.quotas is None else faits.refus[1]
        return Section(cle="evolution", titre=titre, paragraphes=(f"Non calculable : {why}",))
    base = moves.loc[moves["effet_assiette"] != 0]
    rights = moves.loc[moves["effet_droits"] != 0]
    rights = faits.mine(rights.rename(columns={"id_reservataire": "porteur"}))
    return Section(
        cle="evolution",
        titre=titre,
        paragraphes=(f"Entre le 1er janvier {faits.annee} et le 1er janvier {faits.annee + 1}.",),
        tableaux=(
            _bridge(faits, faits.quotas, faits.suivants, base),
            Tableau(
                cle="evolution.communes",
                titre="Entrées et sorties de l'assiette, par commune et par programme",
                frame=base.assign(commune=[faits.noms.commune(c) for c in base["commune"]]),
                colonnes=[
                    Colonne("nature", "evenements.nature"),
                    "commune",
                    "programme",
                    Colonne("date", "evenements.date"),
                    Colonne("effet_assiette", "evenements.effet_assiette"),
                ],
                total={"effet_assiette": base["effet_assiette"].sum()},
                article=TEXTE,
            ),
            Tableau(
                cle="evolution.droits",
                titre="Droits de réservation éteints ou nés",
                frame=rights.assign(
                    id_reservataire=[faits.name(p) for p in rights["porteur"]],
                    commune=[faits.noms.commune(c) for c in rights["commune"]],
                ),
                colonnes=[
                    "id_reservataire",
                    Colonne("nature", "evenements.nature"),
                    "commune",
                    "programme",
                    Colonne("date", "evenements.date"),
                    Colonne("effet_droits", "evenements.effet_droits"),
                ],
                total={"effet_droits": rights["effet_droits"].sum()} if len(rights) else False,
                article=TEXTE,
                note="Aucun droit né ni éteint."
                if rights.empty
                else "En logements : ce que chaque événement ajoute aux droits comptés au 1er janvier.",
            ),
        ),
    )


def _bridge(faits: Faits, before: Quotas, after: Quotas, base: pd.DataFrame) -> Tableau:
    """From one base to the other, by cause; the last row is counted, not summed."""
    effects = base.groupby("nature", sort=False)["effet_assiette"].sum()
    rows = [
        (f"Assiette au 1er janvier {faits.annee}", int(before.exact["base"])),
        *((glossaire.format("evenements.nature", n).capitalize(), int(v)) for n, v in effects.items()),
        (f"Assiette au 1er janvier {faits.annee + 1}", int(after.exact["base"])),
    ]
    return Tableau(
        cle="evolution.assiette",
        titre="De l'assiette de l'année à la suivante",
        frame=pd.DataFrame(rows, columns=["ligne", "nb"]),
        colonnes=[Colonne("ligne", "cle", "Étape"), Colonne("nb", "nb_logements")],
        article=TEXTE,
    )
