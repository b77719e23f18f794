"""B3: the forecast of the next year: what is taken out of the flow, what is left, and the quotas.

"Les réservataires sont informés avant le 28 février de chaque année du nombre prévisionnel de logements ainsi
soustraits du calcul du flux de l'année en cours, de leur affectation par catégorie d'opération" (CCH, art.
R. 441-5, I, al. 5).
"""

from __future__ import annotations

import pandas as pd

from flux.annexe.section import Section
from flux.bilan.faits import Faits
from flux.rendu.vue import Colonne, Tableau

TEXTE = "CCH, art. R. 441-5, I, al. 5"


def prevision(faits: Faits) -> Section:
    """Subtractions by category, the flow, and each quota."""
    year, quotas = faits.annee + 1, faits.suivants
    titre = f"Prévision de {year}"
    if quotas is None:
        return Section(cle="prevision", titre=titre, paragraphes=(f"Non calculable : {faits.refus[1]}",))
    planned = quotas.soustractions.loc[quotas.soustractions["etat"] == "previsionnel"]
    taken = planned.groupby("categorie", sort=False)[["nb", "impute", "non_imputable"]].sum().reset_index()
    exact = quotas.exact
    left = quotas.flux["liberations"].sum() - quotas.flux["soustraits"].sum()
    flow = pd.DataFrame(
        [
            ("Libérations attendues", quotas.flux["liberations"].sum()),
            ("Logements soustraits (mutations, relogements, reprises)", -quotas.flux["soustraits"].sum()),
            ("Report de l'année précédente", float(exact["flux_net"]) - left),
            ("Arrondi au logement entier", exact["flux_a_partager"] - exact["flux_net"]),
            ("Flux à partager", exact["flux_a_partager"]),
        ],
        columns=["ligne", "nb"],
    ).assign(nb=lambda f: f["nb"].astype(float))
    shares = quotas.table.assign(
        porteur=quotas.table["id_reservataire"],
        id_reservataire=[faits.name(i) for i in quotas.table["id_reservataire"]],
    )
    return Section(
        cle="prevision",
        titre=titre,
        paragraphes=(
            f"Prévision au 1er janvier {year}, avec les soldes écrits dans la table « soldes » : les "
            "soldes de clôture du présent bilan sont à y porter une fois convenus.",
        ),
        puces=tuple(f"Hypothèse : {faits.noms.phrase(h)}" for h in quotas.hypotheses),
        tableaux=(
            Tableau(
                cle="prevision.soustractions",
                titre=f"Logements soustraits du flux de {year}, par catégorie d'opération",
                frame=taken,
                colonnes=[
                    Colonne("categorie", "soustractions.categorie"),
                    Colonne("nb", "soustractions.nb", f"Prévu {year}"),
                    "impute",
                    "non_imputable",
                ],
                total=True,
                article=TEXTE,
                note="Sans ligne : rien n'est soustrait." if taken.empty else "",
            ),
            Tableau(
                cle="prevision.flux",
                titre=f"Des libérations attendues au flux de {year}",
                frame=flow,
                colonnes=[Colonne("ligne", "cle", "Étape"), Colonne("nb", "exact", "Logements")],
                article="CCH, art. R. 441-5, I",
            ),
            Tableau(
                cle="prevision.quotas",
                titre=f"Quotas de {year}",
                frame=faits.mine(shares),
                colonnes=["id_reservataire", "part_flux", "du_exact", "solde_reporte", "quota"],
                total={c: faits.mine(shares)[c].sum() for c in ("du_exact", "solde_reporte", "quota")},
                article="CCH, art. R. 441-5, I",
                note="La part est celle du flux du territoire de chacun : ces parts ne s'ajoutent pas.",
            ),
        ),
    )
