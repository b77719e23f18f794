"""B2: mutations and relogements done, by category of operation.

"[…] ainsi que du bilan des attributions réalisées l'année précédente au titre de ces relogements" (CCH,
art. R. 441-5, I, al. 5).
"""

from __future__ import annotations

import pandas as pd

from flux.annexe.section import Section
from flux.bilan.faits import Faits
from flux.bilan.journal import HORS_CHAMP, HORS_FLUX
from flux.dossier.vocabulaire import CategorieSoustraction
from flux.rendu import glossaire, nombres
from flux.rendu.vue import Colonne, Tableau

TEXTE = "CCH, art. R. 441-5, I, al. 5"
CATEGORIE = Colonne("categorie", "soustractions.categorie")
COMPTES = ("nb_attribues", "nb_baux")


def relogements(faits: Faits) -> Section:
    """By category, then by commune; the same for every réservataire: none of them is charged.

    Never both at once: one relogement in a small commune points to a household.
    """
    declared = faits.dossier.soustractions
    declared = declared.loc[declared["annee"] == faits.annee]
    done = declared.loc[declared["etat"] == "realise"].groupby("categorie")["nb"].sum()
    planned = declared.loc[declared["etat"] == "previsionnel"].groupby("categorie")["nb"].sum()
    rows = faits.journal.lignes
    rows = rows.loc[rows["porteur"] == HORS_FLUX].rename(columns={"nature": "categorie"})
    counts = faits.journal.counts(["categorie"], rows).set_index("categorie")[list(COMPTES)]
    frame = pd.DataFrame(index=pd.Index([str(c) for c in CategorieSoustraction], name="categorie"))
    frame = frame.join(counts).assign(prevu=planned, realise=done).dropna(how="all")
    for compteur, etape in zip(COMPTES, ("attribution", "bail"), strict=True):
        if faits.journal.knows_apart(etape):
            # the préfet's own attributions are no nature of movement: nothing is known of them here
            moved = frame.index != CategorieSoustraction.REPRISE_PREFET
            frame.loc[moved, compteur] = frame.loc[moved, compteur].fillna(0)
    frame["retenu"] = frame["realise"].where(frame["realise"].notna(), frame["nb_baux"])
    if frame.empty:
        return Section(
            cle="relogements",
            titre="Mutations et relogements",
            paragraphes=(
                f"Aucune mutation ni aucun relogement de {faits.annee} dans « mouvements » ni dans « "
                f"soustractions » ({TEXTE}).",
            ),
        )
    towns = faits.sorted(faits.journal.counts(["commune"], rows), "commune")
    return Section(
        cle="relogements",
        titre="Mutations et relogements",
        paragraphes=(
            "Ces logements ne sont pas comptés dans le flux annuel : ils ne consomment le quota de personne.",
        ),
        puces=_differences(faits, frame),
        tableaux=(
            Tableau(
                cle="relogements.categories",
                titre=f"Mutations et relogements de {faits.annee}, par catégorie d'opération",
                frame=frame.reset_index(),
                colonnes=[
                    CATEGORIE,
                    Colonne("prevu", "bilan.prevu"),
                    *(Colonne(c, f"bilan.{c}") for c in COMPTES),
                    Colonne("realise", "bilan.realise"),
                    Colonne("retenu", "bilan.retenu"),
                ],
                total=True,
                article=TEXTE,
                note="Le réalisé déclaré (table « soustractions ») prévaut sur les baux (« mouvements »).",
            ),
            Tableau(
                cle="relogements.communes",
                titre=f"Mutations et relogements de {faits.annee}, par commune",
                frame=towns.assign(commune=[faits.noms.commune(c) for c in towns["commune"]]),
                colonnes=["commune", *(Colonne(c, f"bilan.{c}") for c in COMPTES)],
                total=True,
                article=TEXTE,
            ),
        ),
    )


def _differences(faits: Faits, frame: pd.DataFrame) -> tuple[str, ...]:
    """What was declared and the movements do not show, what they do not say, what was not forecast."""
    annee, leases = faits.annee, faits.journal.of("bail")
    away = leases.loc[leases["porteur"] == HORS_CHAMP].groupby("nature")["nb"].sum()
    both = frame.dropna(subset=["realise", "nb_baux"])
    said = []
    for categorie, row in both.loc[both["realise"] != both["nb_baux"]].iterrows():
        outside = int(away.get(str(categorie), 0))
        said.append(
            f"{glossaire.format('soustractions.categorie', categorie)} : {nombres.entier(row['realise'])} "
            f"déclarés, {nombres.entier(row['nb_baux'])} baux dans « mouvements »"
            + (f", et {nombres.entier(outside)} hors du champ de la convention." if outside else ".")
        )
    if faits.journal.knows("attribution") and not faits.journal.knows_apart("attribution"):
        said.append(
            f"Attribués : non calculable, aucune mutation ni relogement de {annee} n'a etape = attribution "
            "dans « mouvements » ; les baux signés en tiennent lieu."
        )
    if frame["prevu"].isna().all():
        said.append(
            f"Prévu {annee} : non renseigné. À fournir : les lignes annee = {annee}, etat = previsionnel de "
            "« soustractions »."
        )
    return tuple(said)
