"""The plan: who should receive which vacancies, for which publics, and how far each objective is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd

from flux.allocation.cadre import PUBLIC, PUBLICS_OF, SEGMENT, TOUS, Cadre, make_cadre
from flux.allocation.conflits import conflicts
from flux.allocation.couts import COLONNES, Cout, marginal_costs
from flux.allocation.entiers import whole_plan
from flux.allocation.equite import ARTICLE, ATTRIBUTS, equites
from flux.allocation.explication import OrientationExpliquee, explain_cell, row_name
from flux.allocation.hors_flux import baux_hors_flux
from flux.allocation.images import ImagePlan, illustrate
from flux.allocation.melange import reference_mix
from flux.allocation.modele import UNICITE, Modele, exact_table, formulate
from flux.allocation.obligations import NIVEAUX, Obligation, Repartition, Sens, obligations
from flux.allocation.phrases import conflict_said, conflicts_said, cost_said
from flux.allocation.preuves import Preuve
from flux.allocation.recherche import Nature
from flux.allocation.tenue import held
from flux.allocation.territoires import said
from flux.conversion.enveloppe import records
from flux.conversion.noms import Noms
from flux.conversion.segments import FRAGILE_DES, FRAGILES
from flux.dossier import appellations
from flux.noyau.errors import FluxError, near_misses
from flux.noyau.solveur import Solution, Voie, model_text, solve
from flux.noyau.solveur.etapes import Avancement
from flux.rendu import nombres
from flux.rendu.vue import Affichable, Tableau, Vue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flux.conversion import Quotas

KEY = [*SEGMENT, "id_reservataire", *PUBLIC]
OBJECTIFS = ["objectif", "porteur", "territoire_code", "niveau", "article", "base", "seuil", "atteint",
             "manque", "manque_entier", "cout_marginal", "cout_objectif", "prouve", "borne", "ecart"]
CONFLITS = ["conflit", "objectif", "porteur", "territoire_code", "article", "nature", "assouplissement",
            "minimal", "liste_complete"]
MEMBER = ["objectif", "porteur", "territoire_code"]
SHOWN = ("objectif", "porteur", "territoire_code", "base", "seuil", "atteint", "manque", "article")
QUIET = ("demande", "etat_par_commune")
EXPLAINED = ["contrainte", "seuil", "atteint", "manque", "article", "cout", "conflit"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Plan(Affichable):
    """The orientations of the year.

    Attributes
    ----------
    table : a row a segment × réservataire × public: `nb_exact` (9 decimals) and `nb` (whole), dwellings.
    objectifs : a row an objective: what is asked, reached, missing, and the text that founds it.
    conflits : sets of obligations that cannot hold together, a row a member; `assouplissement` is what the
        plan misses of it, the cheapest relaxation in the order of the levels.
    phrases : one French sentence a conflict, in the order of its number.
    manques : where the plan departs from the whole numbers of the quotas, and why.
    hypotheses : what was supposed here; those of the conversion are in `quotas.hypotheses`.
    taille : variables, rows and coefficients of the programme; segments, blocks, holders.
    quotas : where it comes from.
    modele, solution : the programme, and the values of its columns.
    """

    table: pd.DataFrame
    objectifs: pd.DataFrame
    conflits: pd.DataFrame
    phrases: tuple[str, ...]
    manques: pd.DataFrame
    hypotheses: tuple[str, ...]
    taille: Mapping[str, int]
    quotas: Quotas = field(repr=False)
    modele: Modele = field(repr=False)
    solution: Solution = field(repr=False)

    @property
    def optimum(self) -> Repartition:
        """The exact plan, on the frames of the model."""
        return self.modele.repartition(self.solution.valeurs)

    @overload
    def explain(self, objectif: str | None = None) -> pd.DataFrame: ...

    @overload
    def explain(self, objectif: str, *, commune: str) -> OrientationExpliquee: ...

    def explain(self, objectif: str | None = None, *,
                commune: str | None = None) -> pd.DataFrame | OrientationExpliquee:
        """The rows that made the plan: contrainte, seuil, atteint, manque, article, and why no better.

        `cout` says what one dwelling more would cost, and to what; `conflit` with what the row cannot hold.

        Parameters
        ----------
        objectif : an objective ("q1_hors_qpv", "dalo_prioritaires", "quota"…), or a porteur ("etat" for its
            priority persons and its agents together); all by default.
        commune : with a porteur, why it receives this many in that commune (code or name): the proportional
            share, the rows that bind, the quota there and its proof.

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
            if commune is not None:
                if unknown := set(porteurs) - set(holders["id_reservataire"]):
                    raise _unknown(unknown.pop(), [*holders["id_reservataire"], "etat"])
                return explain_cell(self, objectif, porteurs, commune)
            kept = rows.loc[(rows["objectif"] == objectif) | rows["porteur"].isin(porteurs)]
            if kept.empty:
                raise _unknown(objectif, sorted({*rows["objectif"], *rows["porteur"], "etat"}))
            rows = kept
        costs = rows["cout_objectif"].astype(object).where(rows["cout_objectif"].notna(), None)
        return rows.assign(
            contrainte=_said(rows), cout=list(map(cost_said, rows["cout_marginal"], costs)),
            conflit=[self._conflict_of(*key) for key in zip(*(rows[c] for c in MEMBER), strict=True)],
        )[EXPLAINED].reset_index(drop=True)

    def lp(self, etape: str = UNICITE, forme: Literal["lp", "mps"] = "lp") -> str:
        """One stage of the programme as a text that any solver reads, the stages before held at their level.

        Parameters
        ----------
        etape : a level ("physique", "loi", "cia/cil", "quota", "convention", "souhait"), "equite_pire",
            "equite", "proportionnel" or "unicite", the last one, whose optimum is the plan.
        forme : "lp", to be read by people, or "mps".

        Raises
        ------
        FluxError
            Code "explication.inconnu": no stage of that name.
        """
        names = [e.nom for e in self.modele.etapes]
        if etape not in names:
            raise _unknown(etape, names)
        rank = names.index(etape)
        programme = held(self.modele.programme, self.modele.etapes[:rank], self.solution.niveaux[:rank])
        return model_text(programme, self.modele.etapes[rank].couts, forme)

    def _conflict_of(self, *key: str) -> str:
        """The sentences of the conflicts that an objective is in."""
        inside = (self.conflits[MEMBER] == list(key)).all(axis=1)
        return " ".join(self.phrases[n - 1] for n in dict.fromkeys(self.conflits.loc[inside, "conflit"]))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the stage `convert`, and the plan (dossier.md, "flux/1")."""
        frames = ("table", "objectifs", "conflits", "manques")
        return self.quotas.to_dict() | {
            "commande": "allocate",
            "hypotheses": [*self.quotas.hypotheses, *self.hypotheses],
            "plan": {name: records(getattr(self, name)) for name in frames}
            | {"phrases": list(self.phrases), "taille": dict(self.taille)},
        }

    def plot(self, genre: str = ImagePlan.OBJECTIFS) -> Figure:
        """A picture: "objectifs" (reached against threshold) or "orientations" (who gets which kind)."""
        return illustrate(self, genre).dessin()

    def vue(self) -> Vue:
        """Objectives, then the orientations by réservataire."""
        known = appellations.Noms.of(self.quotas.dossier)
        by_holder = self.table.groupby("id_reservataire", as_index=False)[["nb_exact", "nb"]].sum()
        tableaux = (Tableau(titre="Objectifs", frame=known.table(self.objectifs), colonnes=SHOWN),
                    Tableau(titre="Orientations par réservataire", frame=known.table(by_holder), total=True,
                            colonnes=("id_reservataire", "nb_exact", "nb")))
        complete = bool(self.conflits["liste_complete"].fillna(False).all())
        notes = (*conflicts_said(self.phrases, complete), *self.hypotheses)
        return Vue(titre=f"Plan d'orientation : {int(self.table['nb'].sum())} logements",
                   tableaux=tableaux, notes=tuple(map(known.phrase, notes)))


def allocate(quotas: Quotas, *, voie: str = Voie.DIRECTE, solveur: Any = None, couts: bool | None = None,
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
    couts : whether to compute what one dwelling more would cost to each objective; by default, yes up to
        10,000 variables (a département has 20,000 to 50,000).
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
    whole = entiers.preuve.plan
    priced = couts if couts is not None else len(modele.programme.keys) <= COLONNES
    costs: Mapping[int, Cout] = {}
    if priced:
        costs = marginal_costs(modele, optimum, _priced(modele, optimum, whole), avancement=avancement)
    objectifs = _objectifs(modele, optimum, entiers.preuve, costs)
    table, phrases = _conflits(quotas, modele, optimum, whole, avancement)
    taille = {**modele.programme.taille, "segments": len(cadre.segments), "porteurs": len(cadre.porteurs)}
    unpriced = () if priced else (
        f"Coûts marginaux non calculés : {nombres.entier(len(modele.programme.keys))} variables ; les "
        "demander par couts=True.",)
    return Plan(table=_table(cadre, exact, entiers.table), objectifs=objectifs, conflits=table,
                phrases=phrases, manques=entiers.manques, taille=taille, quotas=quotas, modele=modele,
                solution=solution,
                hypotheses=(*said(cadre.communes, quotas.regles), *baux.hypotheses, *supposed,
                            *_supposed(quotas), *entiers.reserves, *unpriced))


def _said(rows: pd.DataFrame) -> list[str]:
    """Each row as people name it."""
    columns = ("objectif", "porteur", "territoire_code", "niveau")
    return [row_name(*words) for words in zip(*(rows[c] for c in columns), strict=True)]


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


def _objectifs(modele: Modele, exact: Repartition, preuve: Preuve,
               costs: Mapping[int, Cout]) -> pd.DataFrame:
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
    for place, row in enumerate(modele.obligations):
        if _quiet(row, exact, whole):
            continue
        floor, reached, missing = (round(f(exact), 9) for f in (row.seuil, row.atteint, row.manque))
        void, cost = _void(row, exact), costs.get(place, Cout(np.nan, ""))
        records.append((row.objectif, row.porteur, row.territoire_code, row.niveau, row.article,
                        round(row.base(exact), 9), *((np.nan,) * 3 if void else (floor, reached, missing)),
                        pd.NA if void else row.manque_entier(whole),
                        round(cost.valeur, 6), cost.objectif or None,
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


def _void(row: Obligation, exact: Repartition) -> bool:
    """True where nothing is asked: the base is empty."""
    return round(row.base(exact), 9) <= 0 and row.sens is not Sens.PLAFOND


def _quiet(row: Obligation, exact: Repartition, whole: Repartition) -> bool:
    """True for a row that explains nothing: a demand far away, a commune where the State has its share."""
    floor, reached, missing = (round(f(exact), 9) for f in (row.seuil, row.atteint, row.manque))
    met = not row.manque_entier(whole) and (reached < floor if row.sens is Sens.PLAFOND else not missing)
    return met and row.objectif in QUIET


def _priced(modele: Modele, exact: Repartition, whole: Repartition) -> list[int]:
    """The objectives whose marginal cost is shown: a demand is a fact, that nobody can raise."""
    return [i for i, row in enumerate(modele.obligations) if row.niveau != "physique"
            and not _void(row, exact) and not _quiet(row, exact, whole)]


def _conflits(quotas: Quotas, modele: Modele, exact: Repartition, whole: Repartition,
              avancement: Avancement | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The conflicts, a row a member, and their sentences."""
    noms, rows, said = Noms(quotas.dossier), [], []
    for number, found in enumerate(conflicts(modele, exact, whole, avancement=avancement), 1):
        members = [modele.obligations[i] for i in found.places]
        parts = found.nature is Nature.PARTS
        yields = [round(o.manque(exact), 9) if parts else float(o.manque_entier(whole)) for o in members]
        rows += [(number, o.objectif, o.porteur, o.territoire_code, o.article, found.nature.value, nb,
                  found.minimal, found.liste_complete) for o, nb in zip(members, yields, strict=True)]
        said.append(conflict_said(found, members, yields, noms))
    table = pd.DataFrame(rows, columns=CONFLITS)
    return table.astype({"minimal": "boolean", "liste_complete": "boolean"}), tuple(said)


def _supposed(quotas: Quotas) -> Iterator[str]:
    """What the data do not say about an objective, and what was taken for it."""
    asked, demande = set(quotas.dossier.objectifs["objectif"]), quotas.dossier.demande
    if "travailleurs_essentiels" in asked and not (demande["public"] == "travailleurs_essentiels").any():
        yield ("Travailleurs essentiels : aucune demande connue, le plan suppose qu'un candidat se trouve "
               "toujours. La loi ne fixe aucun taux (CCH, art. L. 441-1, al. 35).")
    if asked & set(FRAGILES):
        yield (f"Résidences fragiles : logements de fragilité {FRAGILE_DES} ou 3 ; un logement dont elle "
               "n'est pas renseignée n'en est pas (CCH, art. L. 441-1-6, 3° bis).")
