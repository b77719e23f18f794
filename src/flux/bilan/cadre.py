"""Around the figures: what the report says first, to whom it goes, and what it was made from."""

from __future__ import annotations

from textwrap import wrap

import pandas as pd

from flux.annexe.section import Section
from flux.bilan import images
from flux.bilan.decompte import how_counted
from flux.bilan.designations import summed
from flux.bilan.faits import Faits
from flux.bilan.journal import COMPTEURS, HORS_CHAMP, HORS_FLUX
from flux.conversion.cellules import BAILLEUR
from flux.rendu import glossaire, nombres
from flux.rendu.vue import Colonne, Tableau


def synthese(faits: Faits) -> Section:
    """Three sentences, one table, and to whom the report goes."""
    annee, journal = faits.annee, faits.journal
    counts = summed(faits, "porteur").set_index("porteur")
    last = next((c for c in reversed(COMPTEURS.values()) if counts[c].notna().any()), "nb_baux")
    nb = counts[last].fillna(0)
    inside = nb.drop(labels=[HORS_CHAMP], errors="ignore").sum()
    apart = nb.get(HORS_FLUX, 0)
    what = glossaire.libelle(f"bilan.{last}").lower()
    table = faits.mine(faits.comptes)
    reserved = table.loc[table["porteur"] != BAILLEUR]
    said = [
        f"En {annee} : {nombres.entier(inside)} {what}, dont {nombres.entier(apart)} mutations et "
        f"relogements, hors du flux, et {nombres.entier(inside - apart)} relocations et premières locations."
    ]
    shown = [c for c in ("quota", "compte", "solde_cloture") if c in table]
    if "quota" in table and table["compte"].notna().any():
        due, given = reserved["quota"].sum(), reserved["compte"].sum()
        said.append(
            f"Dus {'au réservataire' if faits.reservataire else 'aux réservataires'} : "
            f"{nombres.combien(due, 'logement')} ; {nombres.combien(given, 'compté')} ({how_counted(faits)})."
        )
    gaps = [e for e in COMPTEURS if not journal.knows(e)]
    if gaps:
        names = ", ".join(glossaire.libelle(f"bilan.{COMPTEURS[e]}").lower() for e in gaps)
        said.append(
            f"Non calculable avec les données fournies : {names} ; chaque section dit ce qu'il manque."
        )
    return Section(
        cle="synthese",
        titre="Synthèse",
        paragraphes=tuple(said),
        puces=_recipients(faits),
        illustrations=images.illustrate(faits),
        tableaux=()
        if table.empty
        else (
            Tableau(
                cle="synthese.categories",
                titre=f"L'année {annee}, par catégorie de réservataire",
                frame=_by_category(faits, table, shown),
                colonnes=[
                    "categorie",
                    *(Colonne(c, "quota" if c == "quota" else f"bilan.{c}") for c in shown),
                ],
                total={c: table[c].sum() for c in shown if table[c].notna().any()},
                article="CCH, art. R. 441-5-1",
            ),
        ),
    )


def _by_category(faits: Faits, table: pd.DataFrame, colonnes: list[str]) -> pd.DataFrame:
    """The accounts by category, as the dossier lists them, the bailleur last; unknown sums stay absent."""
    holders = faits.dossier.reservataires.set_index("id_reservataire")["categorie"]
    kinds = table["porteur"].map(holders).fillna(BAILLEUR)
    sums = table.groupby(kinds.rename("categorie"))[colonnes].sum(min_count=1)
    return sums.reindex([k for k in (*dict.fromkeys(holders), BAILLEUR) if k in sums.index]).reset_index()


def _recipients(faits: Faits) -> tuple[str, ...]:
    """Who receives it, and before when."""
    year, towns = faits.annee + 1, faits.dossier.communes
    under = towns.loc[towns["obligation_25"].fillna(False).astype(bool), "obligation_territoire"]
    places = sorted({faits.noms.territoire(code) for code in under.dropna()})
    said = [
        f"À transmettre à l'ensemble des réservataires avant le 28 février {year} (CCH, art. R. 441-5-1)."
    ]
    if places:
        said.append(
            f"À transmettre aussi à : {', '.join(places)} ; à soumettre à la conférence intercommunale du "
            f"logement avant le 31 mars {year}."
        )
    return tuple(said)


def sources(faits: Faits, version: str) -> Section:
    """The files that were read, and what the conversions supposed."""
    read = [
        (s.fichier, s.feuille, s.nb_lignes, " ".join(wrap(s.sha256 or "", 16))) for s in faits.dossier.sources
    ]
    quotas = faits.quotas
    supposed = () if quotas is None else (*quotas.hypotheses, *quotas.avertissements)
    return Section(
        cle="sources",
        titre="Sources et hypothèses",
        paragraphes=(
            f"Bilan fait par flux, version {version}. Droit en vigueur au {nombres.date(faits.regles.date)}.",
        ),
        puces=tuple(f"Quotas de {faits.annee} : {faits.noms.phrase(h)}" for h in supposed),
        tableaux=(
            Tableau(
                cle="sources.fichiers",
                titre="Fichiers lus",
                frame=pd.DataFrame(read, columns=["fichier", "feuille", "nb_lignes", "sha256"]),
                colonnes=["fichier", "feuille", "nb_lignes", "sha256"],
            ),
        ),
    )
