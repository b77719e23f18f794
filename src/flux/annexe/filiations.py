"""For each table of the annex, by its key: its rule, the tables of the dossier, the cells of `Quotas`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flux.rendu import glossaire


@dataclass(frozen=True, slots=True)
class Origine:
    """Where the figures of a published column stand: a table of `Quotas`, its column, the rows kept.

    `groupe` keeps the réservataires that a column of the matrix adds up. `sur` divides the figure by another
    column of the same row, or by one of the whole ("base").
    """

    table: str
    colonne: str
    filtre: Mapping[str, Any] = field(default_factory=dict)
    groupe: str = ""
    sur: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filiation:
    """What is behind one table of the annex.

    Attributes
    ----------
    regle : what was done, in French.
    tables : tables of the dossier that were read; all of them when empty.
    cles : columns that name a row -> the same in `Quotas`.
    colonnes : published columns -> where their figures stand; the others have no proof of their own.
    par_reservataire : the other columns are called by a réservataire, or a group of them, and hold its whole
        dwellings in the commune of the row.
    decimales : of its numbers in the JSON: what a solver gives has fewer that hold on every machine.
    """

    regle: str = "mise en forme du résultat"
    tables: tuple[str, ...] = ()
    cles: Mapping[str, str] = field(default_factory=dict)
    colonnes: Mapping[str, Origine] = field(default_factory=dict)
    par_reservataire: bool = False
    decimales: int = 9


def group_of(categorie: str, *, at_home: bool) -> str:
    """The column of the matrix that adds up the réservataires of a category, on their territory or not."""
    if categorie == "commune":
        return AT_HOME if at_home else "Communes (hors de leur territoire)"
    return "EPCI et EPT" if categorie in ("epci", "ept") else glossaire.format("categorie", categorie)


def _same(table: str, *colonnes: str, **filtre: Any) -> dict[str, Origine]:
    """Columns that have the same name here and there."""
    return {c: Origine(table, c, filtre) for c in colonnes}


AT_HOME = "Commune (sur son territoire)"
BASE = ("logements", "territoires", "convention")
RIGHTS = (*BASE, "reservataires", "reservations")
FLOW = (*RIGHTS, "mouvements", "soustractions", "livraisons", "soldes")
PLAN = (*FLOW, "demande", "taux", "objectifs")
HOLDER = {"id_reservataire": "id_reservataire"}
COMMUNE = {"commune": "commune"}
LINE_BY_LINE = "chaque droit du registre, ligne à ligne : la colonne Ligne dit laquelle"
PROGRAMME = Filiation(
    regle="programme linéaire en étapes, optimum prouvé ; logements entiers arrondis en dernier",
    tables=PLAN,
    decimales=6,
)

FILIATIONS: Mapping[str, Filiation] = {
    "synthese.categories": Filiation(
        regle="quotas sommés par catégorie de réservataire",
        tables=FLOW,
        cles={"categorie": "categorie"},
        colonnes=_same("table", "quota") | {"part": Origine("table", "quota", sur="flux_a_partager")},
    ),
    "synthese.parties": Filiation(
        regle="quotas des parties, des autres réservataires ensemble, du bailleur",
        tables=FLOW,
        cles=HOLDER,
        colonnes=_same("table", "quota_exact", "quota")
        | {"part": Origine("table", "quota", sur="flux_a_partager")},
    ),
    "parties.reservataires": Filiation(regle="lu dans la table", tables=("reservataires",)),
    "clauses.matieres": Filiation(regle="ce que les textes demandent, où l'annexe le dit", tables=PLAN),
    "droits.sur_reservations": Filiation(
        regle="droits contre logements, là où il y en a trop", tables=RIGHTS
    ),
    "droits.inventaire": Filiation(regle=LINE_BY_LINE, tables=RIGHTS),
    "droits.un_a_un": Filiation(regle=LINE_BY_LINE, tables=RIGHTS),
    "echeances.synthese": Filiation(regle=LINE_BY_LINE, tables=RIGHTS),
    "echeances.droits": Filiation(regle=LINE_BY_LINE, tables=RIGHTS),
    "exceptions.logements": Filiation(regle=LINE_BY_LINE, tables=RIGHTS),
    "parties.parties": Filiation(regle="lu dans la convention", tables=("convention", "reservataires")),
    "droits.suite": Filiation(
        regle="droits de suite en cours au 1er janvier, comptés par réservataire",
        tables=RIGHTS,
        cles=HOLDER,
        colonnes={
            "garantie": Origine("droits", "nb", {"contrepartie_garantie": True}),
            "autres": Origine("droits", "nb", {"contrepartie_garantie": False}),
            "nb_droits": Origine("droits", "nb"),
            "part": Origine("droits", "nb", sur="base"),
        },
    ),
    "assiette.etapes": Filiation(
        regle="chaque logement est classé une fois, à la première étape qui le concerne",
        tables=BASE,
        cles={"etape": "etape"},
        colonnes=_same("assiette", "nb_logements"),
    ),
    "rotation.taux": Filiation(
        regle="relocations ÷ logements en service au 1er janvier, années de la fenêtre cumulées",
        tables=("logements", "mouvements", "convention"),
        cles={"place": "commune"},
        colonnes=_same("rotation", "nb_stock", "nb_relocations")
        | {"taux": Origine("rotation", "nb_relocations", sur="nb_stock")},
    ),
    "rotation.groupes": Filiation(
        regle="relocations ÷ logements en service, par ensemble de logements ; taux retenu",
        tables=("logements", "mouvements", "convention"),
        cles={"groupe": "groupe"},
        colonnes=_same("rotation", "taux"),
    ),
    "soustractions.categories": Filiation(
        regle="prévisions de l'année et réalisé de l'année précédente, par catégorie",
        tables=("soustractions", "mouvements", "logements", "convention"),
        cles={"categorie": "categorie"},
        colonnes=_same("soustractions", "nb", "impute", "non_imputable", etat="previsionnel")
        | {"realise": Origine("soustractions", "nb", {"etat": "realise"})},
    ),
    "taux.quotas": Filiation(
        regle="dus exacts, plafonds, soldes, puis un seul arrondi au plus fort reste",
        tables=FLOW,
        cles=HOLDER,
        colonnes=_same(
            "table",
            *("nb_droits", "part_droits", "part_flux", "part_patrimoine"),
            *("quota_exact", "plafond", "quota"),
        )
        | {"solde": Origine("soldes", "solde")},
    ),
    "taux.calcul": Filiation(
        regle="dû exact = droits ÷ assiette × flux + droits uniques + corrections ; + solde reporté",
        tables=FLOW,
        cles=HOLDER,
        colonnes=_same("table", "nb_uniques", "du_exact", "solde_reporte", "quota_exact"),
    ),
    "plafonds.plafonds": Filiation(
        regle="part maximale × flux du territoire, arrondie à l'entier inférieur",
        tables=FLOW,
        cles={"groupe": "groupe", "territoire_code": "territoire_code"},
        colonnes=_same("plafonds", "part_max", "exact", "plafond", "nb"),
    ),
    "plafonds.reductions": Filiation(regle="dus avant et après plafonds et dépassements", tables=FLOW),
    "plafonds.lectures": Filiation(
        regle="dus contre garantie sous chaque lecture de la part maximale", tables=FLOW, cles=HOLDER
    ),
    "communes.ecarts": Filiation(regle="sommes que les logements entiers n'ont pas pu tenir", tables=FLOW),
    "communes.quotas": Filiation(
        regle="quotas répartis par commune : lignes et colonnes s'additionnent au flux",
        tables=FLOW,
        cles=COMMUNE,
        colonnes=_same("flux", "flux_a_partager")
        | {
            "ensemble": Origine("communes", "nb"),
            "solde": Origine("communes", "solde", groupe=AT_HOME),
        },
        par_reservataire=True,
    ),
    "communes.qpv": Filiation(
        regle="quotas par commune, en QPV, hors QPV et contre garantie",
        tables=FLOW,
        cles=COMMUNE,
        colonnes=_same("communes", "nb", "nb_qpv", "nb_hors_qpv", "nb_garantie")
        | {"part_garantie": Origine("communes", "nb_garantie", sur="nb")},
    ),
    "communes.cellules": Filiation(
        regle="quotas répartis par commune : lignes et colonnes s'additionnent au flux",
        tables=FLOW,
        cles=COMMUNE | HOLDER,
        colonnes=_same("communes", "exact", "nb", "nb_qpv", "nb_hors_qpv", "nb_garantie", "solde"),
    ),
    "livraisons.programmes": Filiation(
        regle="premières mises en location, réparties selon les droits du programme",
        tables=("livraisons", "reservations", "convention"),
        cles={"programme": "programme", "commune": "commune", **HOLDER},
        colonnes=_same("livraisons", "exact", "nb"),
    ),
    "livraisons.composition": Filiation(regle="lu dans la table", tables=("livraisons",)),
    "livraisons.uniques": Filiation(
        regle="droits uniques dus dans l'année, compris dans le quota",
        tables=FLOW,
        cles=HOLDER,
        colonnes=_same("table", "nb_uniques", "quota"),
    ),
    "objectifs.objectifs": PROGRAMME,
    "objectifs.bornes": PROGRAMME,
    "objectifs.equite": PROGRAMME,
    "orientations.publics": PROGRAMME,
    "orientations.qualite": PROGRAMME,
    "qualite.caracteres": PROGRAMME,
    "qualite.croisement": PROGRAMME,
    "choix.choix": Filiation(regle="lu dans la convention, ou valeur par défaut", tables=("convention",)),
    "choix.stipulations": Filiation(
        regle="lu dans la convention, ou valeur par défaut", tables=("convention",)
    ),
    "hypotheses.reparations": Filiation(regle="constats de la lecture des fichiers"),
    "sources.loi": Filiation(
        regle="loi du jour de la convention, lue dans les textes cités", tables=("convention",)
    ),
    "sources.non_verifie": Filiation(regle="points de droit tenus pour incertains", tables=("convention",)),
    "sources.fichiers": Filiation(regle="empreinte de chaque fichier lu"),
}
