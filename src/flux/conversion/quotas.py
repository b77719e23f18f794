"""The verb of the stage, `convert`, and its result, `Quotas`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from flux.conversion import vues
from flux.conversion.arrondi import apportion
from flux.conversion.assiette import Classement, classify
from flux.conversion.cellules import BAILLEUR
from flux.conversion.comptes import closing, lost_to_ceilings, opening, state_ceilings
from flux.conversion.controles import check_assiette, check_convention
from flux.conversion.details import deliveries_table, dues_table, left_outside, rights_table
from flux.conversion.droits import Droits, live_rights
from flux.conversion.dus import Dus, exact_dues
from flux.conversion.exact import total
from flux.conversion.explication import Explication, Preuve, explain
from flux.conversion.feuilles import Feuilles, grow
from flux.conversion.flux import Flux, annual_flow, delivered
from flux.conversion.garanties import guarantee_ceilings
from flux.conversion.groupes import frame_of, gaps
from flux.conversion.images import ImageQuotas, illustrate
from flux.conversion.inventaire import Inventaire
from flux.conversion.lectures_garantie import guarantee_readings, readings_differ
from flux.conversion.matrice import round_matrix
from flux.conversion.methode_declaree import declared_only, weigh
from flux.conversion.methodes import Poids
from flux.conversion.mutualisation import pooled_accounts
from flux.conversion.registre import stock_identified
from flux.conversion.remarques import remarks, rounding_remarks
from flux.conversion.rotation import Rotation, pooled_turnover
from flux.conversion.tables import ceiling_table, charged, communes_table, quotas_table, targets
from flux.conversion.vacances import Vacances
from flux.dossier import Dossier
from flux.loi import Regles
from flux.loi import regles as law
from flux.noyau.errors import ConventionError, near_misses
from flux.rendu.vue import Affichable, Vue


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Quotas(Affichable):
    """Annual quotas by réservataire, and everything they were made from.

    `table, communes, plafonds, assiette, flux, soustractions, livraisons, soldes` have the columns of the
    contract. `rotation, droits, dus, hors_flux, reductions` show how they were made; `sur_reservations` the
    dwellings and programmes that carried too many rights; `lectures_garantie` what each reading of the 20 %
    of the guarantees leaves; `ecarts` the sums that whole dwellings could not
    keep and the accounts beyond one dwelling; `vacances` is the vacancies as
    chances, by commune; `exact` holds exact totals;
    `egalites, hypotheses, avertissements` are French sentences.
    """

    dossier: Dossier
    regles: Regles
    table: pd.DataFrame
    communes: pd.DataFrame
    plafonds: pd.DataFrame
    assiette: pd.DataFrame
    flux: pd.DataFrame
    soustractions: pd.DataFrame
    livraisons: pd.DataFrame
    soldes: pd.DataFrame
    rotation: pd.DataFrame
    droits: pd.DataFrame
    dus: pd.DataFrame
    hors_flux: pd.DataFrame
    reductions: pd.DataFrame
    ecarts: pd.DataFrame
    sur_reservations: pd.DataFrame
    lectures_garantie: pd.DataFrame
    exact: Mapping[str, Fraction]
    egalites: tuple[str, ...]
    hypotheses: tuple[str, ...]
    avertissements: tuple[str, ...]
    preuve: Preuve
    inventaire: Inventaire
    vacances: Vacances

    @property
    def etat_des_lieux(self) -> pd.DataFrame:
        """Every right of the register, what it counts for this year, and why: see `rights_inventory`."""
        return self.inventaire.etat_des_lieux

    @property
    def exceptions_stock(self) -> pd.DataFrame:
        """Dwellings kept identified for défense, sécurité intérieure or health: see `stock_exceptions`."""
        return self.inventaire.exceptions_stock

    @property
    def echeances(self) -> pd.DataFrame:
        """Rights that ended last year or will end in the next five years: see `expiries`."""
        return self.inventaire.echeances

    def explain(self, quoi: str, colonne: str | None = None, **cle: Any) -> Explication:
        """The tree of a figure, down to the cells of the files and the articles.

        `explain("etat")`: a quota, and why not one more. `explain("etat", commune="Le Mans")`: its whole
        dwellings there. `explain("etat", "part_flux")`: another column. `explain("flux", commune="72181")`: a
        row of a table, or the sum of several. `explain("echelle")`: a figure of `quotas.exact`.

        Parameters
        ----------
        quoi : an `id_reservataire`, "bailleur", "etat" (priority and agents together), the name of a table of
            this result, or a key of `exact`.
        colonne : the column explained; by default the one that matters most (`quota`, `nb`, `impute`…).
        **cle : what names the row: `commune` (code or name), `typologie`, `groupe`, `etape`…

        Raises
        ------
        FluxError
            Codes "explication.…": nothing of that name; near-misses suggested.
        """
        return explain(self, quoi, colonne, cle)

    def vue(self) -> Vue:
        """What a notebook or a terminal shows."""
        return vues.quotas_view(self)

    def plot(self, genre: str = ImageQuotas.QUOTAS) -> Any:
        """A picture (a matplotlib figure): "quotas", "cascade", "sankey" or "communes", see `illustrate`."""
        return illustrate(self, genre).dessin()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: tables, law, choices, sources (dossier.md, "flux/1")."""
        return vues.quotas_dict(self)


def convert(dossier: Dossier, *, regles: Regles | None = None, **choix: Any) -> Quotas:
    """Turn legacy reservations into annual flow quotas.

    Parameters
    ----------
    dossier : the tables and the convention, as read by `read_dossier`.
    regles : the law; by default the law of the convention's date. Another one is stamped as a hypothesis.
    **choix : choices and stipulations of the parties, which prevail over the file (`methode="rotation"`, or
        a method of one's own: see `flux.methode`).

    Returns
    -------
    Quotas
        Whole dwellings a year by réservataire, Σ = F*, with their proof.

    Raises
    ------
    DataError
        Rights that the data cannot carry: every defect at once.
    RegleError
        A parameter that the date of the law does not know.
    ConventionError
        An unknown choice, or dues that the parties chose to refuse.
    """
    dossier = _with_keywords(dossier, choix)
    rules = regles if regles is not None else law(dossier.convention.date)
    check_convention(dossier, rules)
    classement = classify(dossier, rules, stock_identified(dossier, rules))
    check_assiette(dossier, classement)
    rotation = pooled_turnover(dossier, classement)
    flux = annual_flow(dossier, rules, classement, rotation)
    droits = live_rights(dossier, rules, classement, rotation.groupe)
    feuilles = grow(dossier, classement, rotation, flux)
    poids = weigh(dossier, classement, rotation, droits)
    dus = exact_dues(dossier, rules, feuilles, poids, droits)
    return _round(dossier, rules, classement, rotation, flux, droits, feuilles, poids, dus)


def _with_keywords(dossier: Dossier, choix: Mapping[str, Any]) -> Dossier:
    """Python prevails over the file: each keyword goes to the choices or to the stipulations."""
    declared_only(choix.get("methode"))
    known = {k: "choix" for k in type(dossier.convention.choix).model_fields} | {
        k: "stipulations" for k in type(dossier.convention.stipulations).model_fields
    }
    for key in choix:
        if key not in known:
            close = near_misses(key, known)
            hint = f" Vouliez-vous dire « {close[0]} » ?" if close else ""
            raise ConventionError(
                f"« {key} » n'est ni un choix ni une stipulation de la convention.{hint}",
                code="convention.choix_inconnu",
            )
    made = {k: v for k, v in choix.items() if known[k] == "choix"}
    agreed = {k: v for k, v in choix.items() if known[k] == "stipulations"}
    dossier = dossier.with_choix(**made) if made else dossier
    return dossier.with_stipulations(**agreed) if agreed else dossier


def _round(
    dossier: Dossier,
    rules: Regles,
    classement: Classement,
    rotation: Rotation,
    flux: Flux,
    droits: Droits,
    feuilles: Feuilles,
    poids: Poids,
    dus: Dus,
) -> Quotas:
    """Round once, last: the quotas, then the matrix by commune that adds up to them."""
    choix, ouverture = dossier.convention.choix, opening(dossier)
    holders = [str(i) for i in dossier.reservataires["id_reservataire"]]
    du = {i: total([c.amount() for c in dus.of(i).values()]) for i in holders}
    solde = {i: ouverture.of(ouverture.soldes, i) for i in holders}
    quota_exact = {i: max(Fraction(0), du[i] + solde[i]) for i in holders}
    asked = total(quota_exact)
    fitted = (
        quota_exact if asked <= flux.entier else {i: v * flux.entier / asked for i, v in quota_exact.items()}
    )
    quota_exact[BAILLEUR] = max(Fraction(0), flux.entier - asked)
    comptes = pooled_accounts(dossier, feuilles, dus)
    garanties = guarantee_ceilings(dossier, rules, feuilles, dus, ouverture, comptes)
    plafonds = [*state_ceilings(dossier, rules, feuilles, dus, quota_exact, ouverture), *garanties.plafonds]
    kept = {i: max(Fraction(0), v - garanties.retenues.get(i, Fraction(0))) for i, v in fitted.items()}
    arrondi = apportion(
        {**kept, BAILLEUR: quota_exact[BAILLEUR]},
        flux.entier,
        plafonds,
        reste=BAILLEUR,
        methode=str(choix.arrondi),
        minimum=choix.minimum_par_reservataire,
    )
    wanted = targets(dossier, feuilles, dus, ouverture, garanties.plafonnees, comptes)
    rows = garanties.split(dus, arrondi.nb)
    matrice = round_matrix(
        wanted, rows, flux.by_commune_qpv(), garanties.limits(rows), frame_of(dossier, comptes)
    )
    counts = charged(matrice.cases)
    lost = lost_to_ceilings(quota_exact, arrondi.nb, plafonds, garanties.perdues)
    soldes = closing(dossier, feuilles, wanted, comptes, counts, ouverture, lost, flux.report)
    ecarts = gaps(matrice.groupes, matrice.cellules, soldes)
    arriving = delivered(dossier)
    lectures = guarantee_readings(dossier, rules, feuilles, dus)
    notes = [
        *rotation.avertissements,
        *droits.avertissements,
        *poids.avertissements,
        *readings_differ(lectures),
        *flux.soustractions.avertissements,
        *garanties.avertissements,
        *remarks(dossier, rules, feuilles, dus, plafonds, lost, quota_exact, arrondi, flux.entier),
        *rounding_remarks(dossier, ecarts, matrice.non_prouves),
    ]
    return Quotas(
        dossier=dossier,
        regles=rules,
        table=quotas_table(dossier, feuilles, dus, poids, droits, du, solde, quota_exact, arrondi, plafonds),
        communes=communes_table(dus, matrice.cases, counts, soldes),
        plafonds=ceiling_table(plafonds, counts, arrondi, dus),
        assiette=classement.table,
        flux=flux.table,
        soustractions=flux.soustractions.table.drop(columns="origine"),
        livraisons=deliveries_table(dossier, droits, arriving),
        soldes=soldes,
        rotation=rotation.table,
        droits=rights_table(droits),
        dus=dues_table(dossier, dus),
        hors_flux=left_outside(dossier, flux, arriving),
        reductions=dus.reductions,
        ecarts=ecarts,
        sur_reservations=droits.sur_reservations,
        lectures_garantie=lectures,
        exact={
            "base": feuilles.base_totale.valeur,
            "flux_net": flux.net_total,
            "flux_a_partager": Fraction(flux.entier),
            "report_flux": flux.report,
            "echelle": flux.echelle,
        },
        egalites=arrondi.egalites,
        hypotheses=(*rules.hypotheses, *flux.hypotheses, *poids.hypotheses),
        avertissements=tuple(notes),
        preuve=Preuve(
            dossier=dossier,
            classement=classement,
            rotation=rotation,
            droits=droits,
            feuilles=feuilles,
            poids=poids,
            dus=dus,
            ouverture=ouverture,
            soldes=solde,
            quota_exact=quota_exact,
            comptes=comptes,
            garanties=garanties,
            plafonds=tuple(plafonds),
            arrondi=arrondi,
            cibles=wanted,
            cases=matrice.cases,
            perdus=lost,
        ),
        inventaire=Inventaire(dossier, rules, classement, droits),
        vacances=Vacances(dossier, rules, classement, rotation, flux),
    )
