"""B5: the targets of the year at its half-year stops: first quartile, QPV, DALO and priority households."""

from __future__ import annotations

import pandas as pd

from flux.annexe.masque import sentence
from flux.annexe.section import Section
from flux.bilan import dalo, mixite
from flux.bilan.faits import Faits
from flux.bilan.journal import APART, HORS_CHAMP
from flux.rendu import nombres
from flux.rendu.vue import Colonne, Tableau


def objectifs(faits: Faits) -> Section:
    """Mixité by territory and half-year, then DALO and priority households by holder."""
    shares, hidden = mixite.measured(faits)
    duties, masked = dalo.measured(faits)
    tables = []
    if len(shares):
        tables.append(
            Tableau(
                cle="objectifs.mixite",
                titre="Mixité : logements du territoire, tous contingents, dans et hors du flux",
                frame=shares,
                colonnes=[
                    "objectif",
                    "territoire_code",
                    Colonne("arrete", "bilan.arrete"),
                    *(Colonne(c, f"bilan.{c}") for c in mixite.MESURES),
                ],
                article=_articles(shares),
                note="L'objectif légal s'apprécie sur le territoire, tous bailleurs ensemble : ceci est la "
                "part du bailleur. Relogés comptés : renouvellement urbain et ORCOD, hors QPV, quelles que "
                "soient les ressources." + (f" {sentence(faits.seuil_masque)}" if hidden else ""),
            )
        )
    if len(duties):
        tables.append(
            Tableau(
                cle="objectifs.dalo",
                titre="Ménages DALO et prioritaires, par réservataire",
                frame=duties,
                colonnes=[
                    "id_reservataire",
                    *(Colonne(c, f"bilan.{c}") for c in dalo.MESURES),
                ],
                article=_articles(duties),
                note=_base(faits) + (f" {sentence(faits.seuil_masque)}" if masked else ""),
            )
        )
    return Section(
        cle="objectifs",
        titre="Objectifs",
        paragraphes=("Objectifs de la loi et des parties, arrêtés au 30 juin et au 31 décembre.",),
        puces=_missing(faits, shares, duties),
        tableaux=tuple(tables),
    )


def _articles(frame: pd.DataFrame) -> str:
    """The texts that ask for the shares of a table, each once."""
    return " ; ".join(dict.fromkeys(frame["article"]))


def _base(faits: Faits) -> str:
    """What the duty of each holder is measured on."""
    what = "attributions" if dalo.event(faits) == "attribution" else "baux, faute d'attributions,"
    return (
        f"Base : {what} de l'année au compte du réservataire, hors mutations et relogements. Le bailleur "
        "répond aussi des logements dont le candidat du réservataire a échoué, s'ils sont écrits à son "
        "compte."
    )


def _missing(faits: Faits, shares: pd.DataFrame, duties: pd.DataFrame) -> tuple[str, ...]:
    """What the movements do not let the report say."""
    journal, said = faits.journal, []
    leases = journal.of("bail")
    if not faits.dossier.communes["obligation_25"].fillna(False).astype(bool).any():
        said.append("Mixité : sans objet, aucune commune du dossier n'est tenue aux objectifs de 25 %.")
    elif shares.empty:
        said.append(
            "Mixité : non calculable, aucun bail. À fournir : les lignes etape = bail de « mouvements »."
        )
    if duties.empty:
        said.append(
            "DALO et prioritaires : aucun réservataire tenu à cette obligation n'a d'attribution ni de "
            "bail à son compte. À fournir, s'il en eut : id_reservataire dans « mouvements »."
        )
    given = journal.of(dalo.event(faits))
    for colonne, nom, rows in (
        ("quartile", "Premier quartile", leases.loc[leases["porteur"] != HORS_CHAMP]),
        ("priorite", "DALO et prioritaires", given.loc[~given["porteur"].isin(list(APART))]),
    ):
        unknown = rows[colonne].isna() | (rows[colonne] == "inconnu")
        if nb := int(rows.loc[unknown, "nb"].sum()):
            said.append(
                f"{nom} : {colonne} non renseigné pour {nombres.entier(nb)} sur "
                f"{nombres.entier(rows['nb'].sum())} ; ils restent dans la base et ne comptent pas comme "
                f"atteints. À fournir : {colonne} dans « mouvements »."
            )
    if len(leases) and journal.sans_jour:
        said.append(
            f"Arrêtés au 30 juin et au 31 décembre : non calculables, aucun jour de {journal.annee} n'est "
            "donné. À fournir : date (JJ/MM/AAAA) dans « mouvements »."
        )
    elif nb := int(leases.loc[leases["jour"].isna(), "nb"].sum()):
        said.append(
            f"{'1 bail' if nb == 1 else nombres.entier(nb) + ' baux'} sans date de {journal.annee} : dans la "
            "base de l'année, dans aucun semestre. À fournir : date dans « mouvements »."
        )
    said.append(
        "Travailleurs essentiels : non calculable, la table « mouvements » ne dit pas quels ménages le "
        "sont (CCH, art. L. 441-1, al. 35)."
    )
    return tuple(said)
