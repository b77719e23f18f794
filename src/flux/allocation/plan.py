"""The plan: who should receive which vacancies, for which publics, and how far each objective is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flux.allocation.cadre import PUBLIC, PUBLICS_OF, SEGMENT, TOUS, Cadre, make_cadre
from flux.allocation.entiers import whole_plan
from flux.allocation.equite import ARTICLE, ATTRIBUTS, equites
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.melange import reference_mix
from flux.allocation.modele import Modele, exact_table, formulate
from flux.allocation.obligations import NIVEAUX, Repartition, Sens, obligations
from flux.allocation.preuves import Preuve
from flux.allocation.territoires import said
from flux.conversion.enveloppe import records
from flux.conversion.segments import FRAGILE_DES, FRAGILES
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.solveur import Voie, solve
from flux.noyau.solveur.etapes import Avancement
from flux.rendu import glossaire, images
from flux.rendu.vue import Affichable, Tableau, Vue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flux.conversion import Quotas

KEY = [*SEGMENT, "id_reservataire", *PUBLIC]
OBJECTIFS = ["objectif", "porteur", "territoire_code", "niveau", "article", "base", "seuil", "atteint",
             "manque", "manque_entier", "cout_marginal", "cout_objectif", "prouve", "borne", "ecart"]
CONFLITS = ["conflit", "objectif", "porteur", "territoire_code", "article", "nature", "assouplissement",
            "minimal", "liste_complete"]
SHOWN = ("objectif", "porteur", "territoire_code", "base", "seuil", "atteint", "manque", "article")
QUIET = ("demande", "etat_par_commune")
EXPLAINED = ["contrainte", "seuil", "atteint", "manque", "article"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Plan(Affichable):
    """The orientations of the year.

    Attributes
    ----------
    table : a row a segment × réservataire × public: `nb_exact` (9 decimals) and `nb` (whole), dwellings.
    objectifs : a row an objective: what is asked, reached, missing, and the text that founds it.
    conflits : the objectives that cannot all be reached.
    manques : where the plan departs from the whole numbers of the quotas, and why.
    hypotheses : what was supposed here; those of the conversion are in `quotas.hypotheses`.
    taille : variables, rows and coefficients of the programme; segments, blocks, holders.
    quotas : where it comes from.
    """

    table: pd.DataFrame
    objectifs: pd.DataFrame
    conflits: pd.DataFrame
    manques: pd.DataFrame
    hypotheses: tuple[str, ...]
    taille: Mapping[str, int]
    quotas: Quotas = field(repr=False)

    def explain(self, objectif: str | None = None) -> pd.DataFrame:
        """The rows that made the plan: contrainte, seuil, atteint, manque, article.

        Parameters
        ----------
        objectif : an objective ("q1_hors_qpv", "dalo_prioritaires", "quota"…), or a porteur ("etat" for its
            priority persons and its agents together); all by default.

        Raises
        ------
        FluxError
            Code "explication.inconnu": no row of that name; near-misses suggested.
        """
        rows = self.objectifs
        if objectif is not None:
            holders = self.quotas.table
            state = holders.loc[holders["categorie"].isin(PUBLICS_OF), "id_reservataire"].tolist()
            porteurs = state if objectif == "etat" else [objectif]
            kept = rows.loc[(rows["objectif"] == objectif) | rows["porteur"].isin(porteurs)]
            if kept.empty:
                raise _unknown(objectif, sorted({*rows["objectif"], *rows["porteur"], "etat"}))
            rows = kept
        return rows.assign(contrainte=_said(rows))[EXPLAINED].reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the stage `convert`, and the plan (dossier.md, "flux/1")."""
        frames = ("table", "objectifs", "conflits", "manques")
        return self.quotas.to_dict() | {
            "commande": "allocate",
            "hypotheses": [*self.quotas.hypotheses, *self.hypotheses],
            "plan": {name: records(getattr(self, name)) for name in frames} | {"taille": dict(self.taille)},
        }

    def plot(self) -> Figure:
        """What is reached against the threshold of each objective, and of the quotas that are not met."""
        rows = self.objectifs
        rows = rows.loc[(rows["base"] > 0) & (rows["niveau"] != "physique")
                        & ((rows["niveau"] != "quota") | (rows["manque"] > 0))]
        return images.objectifs(rows.assign(nom=_said(rows)))

    def vue(self) -> Vue:
        """Objectives, then the orientations by réservataire."""
        by_holder = self.table.groupby("id_reservataire", as_index=False)[["nb_exact", "nb"]].sum()
        tableaux = (Tableau(titre="Objectifs", frame=self.objectifs, colonnes=SHOWN),
                    Tableau(titre="Orientations par réservataire", frame=by_holder, total=True,
                            colonnes=("id_reservataire", "nb_exact", "nb")))
        return Vue(titre=f"Plan d'orientation : {int(self.table['nb'].sum())} logements",
                   tableaux=tableaux, notes=self.hypotheses)


def allocate(quotas: Quotas, *, voie: str = Voie.DIRECTE, solveur: Any = None,
             avancement: Avancement | None = None) -> Plan:
    """Orient the expected vacancies to the réservataires and their publics.

    Lexicographic: each segment's flow is given out, exactly; then, the most important first, least demand
    exceeded, least shortfall of the law, of the CIA and CIL, of the quotas, of what the parties chose; then
    equity, of the worst served first; the plan nearest to proportional; a generic cost that leaves one plan
    only, whatever the order of the rows. Whole dwellings come last.

    Parameters
    ----------
    quotas : the annual quotas; demand, objectives and law are read from their parents.
    voie : the way to the solver: "directe" (HiGHS), or "pulp", with the same optimum.
    solveur : with "pulp", one of PuLP's solvers; HiGHS by default.
    avancement : called with the name of each stage, its rank and their number.

    Raises
    ------
    SolverError
        When the solver does not prove an optimum. A missed target is a result, not an error.
    """
    cadre = make_cadre(quotas)
    baux = baux_hors_flux(quotas)
    equity = equites(cadre)
    rows = obligations(quotas, cadre, baux, equity)
    melange, supposed = reference_mix(quotas, cadre)
    modele = formulate(cadre, rows, equity, melange)
    solution = solve(modele.programme, modele.etapes, ensemble=len(NIVEAUX), voie=voie, solveur=solveur,
                     avancement=avancement)
    optimum = modele.repartition(solution.valeurs)
    exact = exact_table(cadre, optimum)
    entiers = whole_plan(quotas, modele, optimum, melange, avancement=avancement)
    objectifs = _objectifs(modele, optimum, entiers.preuve)
    taille = {**modele.programme.taille, "segments": len(cadre.segments), "porteurs": len(cadre.porteurs)}
    return Plan(table=_table(cadre, exact, entiers.table), objectifs=objectifs, conflits=_conflits(objectifs),
                manques=entiers.manques, taille=taille, quotas=quotas,
                hypotheses=(*said(cadre.communes, quotas.regles), *baux.hypotheses, *supposed,
                            *_supposed(quotas), *entiers.reserves))


def _said(rows: pd.DataFrame) -> list[str]:
    """Each row as people name it: objective, holder, territory, level."""
    columns = ("objectif", "porteur", "territoire_code", "niveau")
    lists = ([glossaire.format(c, value) for value in rows[c]] for c in columns)
    return [" · ".join(words) for words in zip(*lists, strict=True)]


def _unknown(asked: str, known: Sequence[str]) -> FluxError:
    close = near_misses(asked, known)
    hint = f"Vouliez-vous dire : {', '.join(close)} ?" if close else f"Connus : {', '.join(known)}."
    return FluxError(f"Aucune contrainte « {asked} » dans le plan. {hint}", code="explication.inconnu")


def _table(cadre: Cadre, exact: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """The published rows: those where the exact or the whole plan gives something."""
    both = exact[["segment", "public", "nb_exact"]].merge(whole, on=["segment", "public"], how="outer")
    both = both.join(cadre.segments[cadre.segment], on="segment").join(
        cadre.publics[["id_reservataire", *PUBLIC]], on="public")
    both = both.groupby(KEY, as_index=False, sort=True)[["nb_exact", "nb"]].sum()
    return both.assign(nb_exact=both["nb_exact"].round(9), nb=both["nb"].astype("int64"))


def _objectifs(modele: Modele, exact: Repartition, preuve: Preuve) -> pd.DataFrame:
    """One row an obligation; an empty base makes it "sans objet": no threshold and nothing missing.

    A demand that the plan does not come near and a commune where the State has its share explain
    nothing: they are left out. `borne` is a proven floor of all that a whole plan misses at the level of
    the row, those before held; `ecart` what this one misses there beyond it; `prouve`: that is nothing.
    """
    whole = preuve.plan
    proofs = {niveau: (missed == bound, float(bound), float(missed - bound))
              for level, missed, bound in zip(NIVEAUX, preuve.manques, preuve.bornes, strict=True)
              for niveau in level}
    records = []
    for row in modele.obligations:
        floor, reached, missing = (round(f(exact), 9) for f in (row.seuil, row.atteint, row.manque))
        met = not row.manque_entier(whole) and (reached < floor if row.sens is Sens.PLAFOND else not missing)
        if met and row.objectif in QUIET:
            continue
        base = round(row.base(exact), 9)
        void = base <= 0 and row.sens is not Sens.PLAFOND
        records.append((row.objectif, row.porteur, row.territoire_code, row.niveau, row.article, base,
                        *((np.nan,) * 3 if void else (floor, reached, missing)),
                        pd.NA if void else row.manque_entier(whole), np.nan, None,
                        *((True, np.nan, np.nan) if void else proofs[row.niveau])))
    records += _equity_rows(modele, exact)
    table = pd.DataFrame(records, columns=OBJECTIFS)
    return table.astype({"manque_entier": "Int64", "cout_objectif": "string", "prouve": "boolean"})


def _equity_rows(modele: Modele, exact: Repartition) -> Iterator[tuple[Any, ...]]:
    """Dwellings that each attribute would have to exchange: an aim without a threshold."""
    whole = float(modele.cadre.segments["flux"].sum())
    for attribut in ATTRIBUTS:
        away = [e for e, of in zip(exact.ecarts, modele.equites, strict=True) if of.attribut == attribut]
        if away:
            yield (f"equite_{attribut}", TOUS, TOUS, "equite", ARTICLE, round(whole, 9), np.nan,
                   round(sum(away), 9), np.nan, pd.NA, np.nan, None, True, np.nan, np.nan)


def _conflits(objectifs: pd.DataFrame) -> pd.DataFrame:
    """What is missed: by the shares themselves, or by whole dwellings only."""
    missed = objectifs.loc[(objectifs["manque"] > 0) | (objectifs["manque_entier"].fillna(0) > 0)]
    parts = missed["manque"] > 0
    unknown = pd.Series([pd.NA] * len(missed), index=missed.index, dtype="boolean")
    table = missed.assign(
        conflit=range(1, len(missed) + 1), nature=np.where(parts, "parts", "entiers"),
        assouplissement=missed["manque"].where(parts, missed["manque_entier"].fillna(0).astype(float)),
        minimal=unknown, liste_complete=unknown)
    return table[CONFLITS].reset_index(drop=True)


def _supposed(quotas: Quotas) -> Iterator[str]:
    """What the data do not say about an objective, and what was taken for it."""
    asked, demande = set(quotas.dossier.objectifs["objectif"]), quotas.dossier.demande
    if "travailleurs_essentiels" in asked and not (demande["public"] == "travailleurs_essentiels").any():
        yield ("Travailleurs essentiels : aucune demande connue, le plan suppose qu'un candidat se trouve "
               "toujours. La loi ne fixe aucun taux (CCH, art. L. 441-1, al. 35).")
    if asked & set(FRAGILES):
        yield (f"Résidences fragiles : logements de fragilité {FRAGILE_DES} ou 3 ; un logement dont elle "
               "n'est pas renseignée n'en est pas (CCH, art. L. 441-1-6, 3° bis).")
