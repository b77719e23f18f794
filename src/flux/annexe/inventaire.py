"""Rights one by one (T1), those that end (T9), and the dwellings kept in stock (T11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flux.annexe.section import PAGE_ROWS, Section
from flux.dossier.appellations import Noms
from flux.rendu import nombres
from flux.rendu.vue import Colonne, Tableau

if TYPE_CHECKING:
    from flux.annexe.selection import Selection
    from flux.conversion import Quotas

LOGEMENT = ("id_rpls", "adresse", "surface", "conventionne", "annee_construction", "annee_mise_location")


def rights(quotas: Quotas, noms: Noms) -> pd.DataFrame:
    """T1: `quotas.etat_des_lieux` with what the dwelling is, names in place of codes.

    Rights given by lot (`programme`, `nb`) have one row; what differs inside the lot is absent.
    """
    table = quotas.etat_des_lieux
    dwellings = quotas.dossier.logements.set_index("id_logement")
    of_dwelling = dwellings[[*LOGEMENT, "contingent"]].reindex(table["id_logement"]).set_axis(table.index)
    towns = quotas.dossier.communes.set_index("commune")
    written = noms.table(table)
    return written.assign(
        commune_code=table["commune"],
        epci=table["commune"].map(towns["epci"]).map(noms.territoire),
        contingent_rpls=of_dwelling["contingent"],
        ident=table["id_reservataire"],
        **{c: of_dwelling[c] for c in LOGEMENT},
    )


def inventory(frame: pd.DataFrame, vise: Selection | None) -> Tableau:
    """T1, one row a right of the register: those of everybody, or of the parties of one convention."""
    return Tableau(
        cle="droits.inventaire",
        titre="Inventaire des droits de réservation",
        frame=frame if vise is None else vise.rows(frame, "ident"),
        colonnes=[
            "id_reservataire",
            "id_logement",
            "id_rpls",
            "programme",
            "adresse",
            Colonne("commune_code", "commune", "Code commune"),
            "commune",
            "epci",
            "qpv",
            "typologie",
            "surface",
            "financement",
            "conventionne",
            "annee_construction",
            "annee_mise_location",
            Colonne("contingent_rpls", "contingent"),
            "nb",
            "type_droit",
            "contrepartie",
            "mode",
            "gestion",
            "part",
            "ordre",
            "convention_ref",
            "date_debut",
            "date_fin",
            "date_remboursement",
            "fin_effective",
            "motif_fin",
            "dans_assiette",
            "nb_compte",
            "nb_unique",
            "situation",
            "precision",
            "ligne",
        ],
        article="CCH, art. L. 441-1, al. 39, R. 441-5 et R. 441-6 ; décret n° 2020-145 (état des lieux)",
        note="Une ligne par droit du registre. L'état logement par logement n'est destiné qu'au réservataire "
        "concerné : l'annexe de chacun n'a que ses lignes.",
        detail=True,
    )


def own_rights(frame: pd.DataFrame, vise: Selection) -> tuple[Tableau, ...]:
    """The rights of the parties of one convention, where they are few: in as many columns as a page holds."""
    rights = vise.rows(frame, "ident")
    if not 0 < len(rights) <= PAGE_ROWS:
        return ()
    table = Tableau(
        cle="droits.un_a_un",
        titre="Droits de réservation, un à un",
        frame=rights,
        colonnes=[
            *(("id_reservataire",) if len(vise.idents) > 1 else ()),
            "programme",
            "id_logement",
            "commune",
            "nb",
            "type_droit",
            "contrepartie",
            "date_debut",
            "fin_effective",
            "motif_fin",
            "nb_compte",
            "situation",
            "precision",
        ],
        article="CCH, art. L. 441-1, al. 39, R. 441-5 et R. 441-6",
    )
    return (table,)


def echeances(quotas: Quotas, noms: Noms, vise: Selection | None = None) -> Section:
    """T9: rights that ended last year or will end in five, and what this takes from their holder."""
    annee = quotas.dossier.convention.annee
    table = quotas.echeances if vise is None else vise.rows(quotas.echeances)
    article = "CCH, art. R. 441-5, I, al. 12, et art. R. 441-6"
    if table.empty:
        said = f"Aucun droit ne s'éteint de {annee - 1} à {annee + 4} ({article})."
        return Section(cle="echeances", titre="Échéances des droits", paragraphes=(said,))
    keys = ["id_reservataire", "cause", "annee_effet"]
    sums = table.groupby(keys, sort=True, as_index=False).agg(
        nb_lignes=("ligne", "size"), effet_droits=("effet_droits", "sum")
    )
    return Section(
        cle="echeances",
        titre="Échéances des droits",
        paragraphes=(
            f"Droits éteints en {annee - 1}, ou qui s'éteindront d'ici la fin de {annee + 4}. Un droit "
            "éteint ne compte plus à partir du 1er janvier de l'année d'effet.",
        ),
        tableaux=(
            Tableau(
                cle="echeances.synthese",
                titre="Droits qui s'éteignent, par réservataire, cause et année",
                frame=noms.table(sums),
                colonnes=[
                    "id_reservataire",
                    "cause",
                    "annee_effet",
                    Colonne("nb_lignes", libelle="Droits du registre"),
                    "effet_droits",
                ],
                total={c: sums[c].sum() for c in ("nb_lignes", "effet_droits")},
                article=article,
            ),
            Tableau(
                cle="echeances.droits",
                titre="Les droits qui s'éteignent, un à un",
                frame=noms.table(table),
                colonnes=[
                    "id_reservataire",
                    "programme",
                    "id_logement",
                    "commune",
                    "nb",
                    "contrepartie",
                    "cause",
                    Colonne("date", "echeances.date"),
                    "annee_effet",
                    "effet_droits",
                    "article",
                    Colonne("ligne", "ligne", "Ligne du registre"),
                ],
                total={"effet_droits": table["effet_droits"].sum()},
                article=article,
                detail=True,
            ),
        ),
    )


def exceptions(quotas: Quotas, noms: Noms, vise: Selection | None = None) -> Section:
    """T11: dwellings kept identified for défense, sécurité intérieure or health."""
    table = quotas.exceptions_stock if vise is None else vise.rows(quotas.exceptions_stock)
    article = "CCH, art. L. 441-1, al. 39, et art. L. 443-9"
    if table.empty:
        said = f"Aucun logement ne reste réservé en stock ({article})."
        return Section(cle="exceptions", titre="Logements réservés en stock", paragraphes=(said,))
    due = int(table["remplacement_du"].sum())
    return Section(
        cle="exceptions",
        titre="Logements réservés en stock",
        paragraphes=(
            f"La défense nationale, la sécurité intérieure et la santé gardent {nombres.entier(len(table))} "
            f"{'logements identifiés' if len(table) > 1 else 'logement identifié'}, hors du flux. "
            + (
                f"{nombres.entier(due)} à remplacer après une vente."
                if due
                else "Aucun remplacement n'est dû après une vente."
            ),
        ),
        tableaux=(
            Tableau(
                cle="exceptions.logements",
                titre="Logements réservés en stock, un à un",
                frame=noms.table(table),
                colonnes=[
                    "id_reservataire",
                    "id_logement",
                    "programme",
                    "commune",
                    "qpv",
                    "typologie",
                    "financement",
                    "date_debut",
                    "fin_effective",
                    "situation",
                    "date_sortie",
                    "motif_sortie",
                    "remplacement_du",
                ],
                article=article,
                detail=True,
            ),
        ),
    )
