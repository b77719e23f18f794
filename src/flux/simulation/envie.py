"""Would a réservataire rather have had another's list? What each received, dwelling for dwelling.

No weight is hidden: each attribute is judged alone, in its own unit, and the direction taken for "better" is
written; the score is the mean of the ranks in each attribute, with weights that are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from flux.conversion.enveloppe import records
from flux.noyau.errors import FluxError
from flux.rendu import glossaire
from flux.rendu.nombres import decimal, entier, part
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue
from flux.simulation.annee import Vacances
from flux.simulation.permutations import permutation_test
from flux.simulation.politiques import Regle
from flux.simulation.tirages import Places, Reels
from flux.simulation.vecu import Annee, live

SENS = {"loyer_m2": -1, "hors_qpv": 1, "pieces": 1, "annee_construction": 1}
"""What is looked at, and whether more (1) or less (−1) is taken for better."""
SCORE = "score"
PERMUTATIONS = 2_000
NIVEAU = 0.05
SHOWN = 12
COLUMNS = ["id_reservataire", "autre", "attribut", "nb", "nb_autre", "moyenne", "moyenne_autre", "envie",
           "envie_quota", "p", "erreur_p", "p_holm"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Envie(Affichable):
    """Who would have preferred whose list.

    Attributes
    ----------
    table : a row a pair and attribute: `id_reservataire` looks at the list of `autre`; `nb, nb_autre`
        dwellings received; `moyenne, moyenne_autre` (unit of the attribute, a dwelling); `envie`, how much
        better the other's mean is (positive: it is envied); `envie_quota`, the same for all of its own
        dwellings; `p`, the chance that a lot inside the strates gives at least that, absent where nothing
        could be exchanged; `erreur_p`, its standard error, 0 where it is exact; `p_holm`, corrected for the
        number of pairs of the attribute.
    noms : name of each holder. poids : weights of the score. titre : which lists.
    """

    table: pd.DataFrame = field(repr=False)
    noms: Mapping[str, str]
    poids: Mapping[str, float]
    titre: str
    seed: int
    permutations: int

    @property
    def phrases(self) -> tuple[str, ...]:
        """How many envy, how surely, and the strongest of each attribute."""
        said = []
        for attribut, rows in self.table.groupby("attribut", sort=False):
            name = glossaire.format("envie.attribut", str(attribut))
            judged = rows.loc[rows["p"].notna()]
            sure, alone = (int((judged[c] <= NIVEAU).sum()) for c in ("p_holm", "p"))
            said.append(
                f"{name} : {entier(len(judged))} comparaisons d'une liste à une autre ; p ≤ "
                f"{part(NIVEAU, 0)} dans {entier(alone)} (un tirage au sort en donnerait environ "
                f"{entier(round(NIVEAU * len(judged)))}), {entier(sure)} après correction de Holm."
            )
            for row in strongest(judged).head(1).to_dict("records"):
                own, other = (_mean(str(attribut), row[c]) for c in ("moyenne", "moyenne_autre"))
                said.append(
                    f"{name}, la moins due au hasard : {self.noms[row['id_reservataire']]} a {own} en "
                    f"moyenne, {self.noms[row['autre']]} {other} (p = {decimal(row['p'], 4)})."
                )
        return tuple(said)

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What is taken for better, and what the test supposes."""
        better = [f"{glossaire.format('envie.attribut', a)} : {'plus' if s > 0 else 'moins'}"
                  for a, s in SENS.items() if a in self.poids]
        weights = [f"{glossaire.format('envie.attribut', a)} {decimal(w, 1)}" for a, w in self.poids.items()]
        return (
            f"Ce qui est pris pour meilleur : {' ; '.join(better)}. Ce choix est une convention : un plus "
            "grand logement n'est pas meilleur pour tous.",
            f"Score : rang moyen parmi les logements reçus (0 le moins bon, 1 le meilleur), poids "
            f"{' ; '.join(weights)}.",
            "Test : à nombre de logements égal dans chaque strate (communes de mêmes parts), les logements "
            "des deux listes auraient pu être échangés ; p est la part des échanges au moins aussi "
            "défavorables. Exact pour les nombres entiers de peu d'étendue et les listes "
            "courtes, sinon "
            f"{entier(self.permutations)} permutations, graine {self.seed}.",
        )

    def vue(self) -> Vue:
        """Sentences, then the pairs of the score that are least due to chance."""
        rows = strongest(self.table.loc[self.table["attribut"] == SCORE]).head(SHOWN)
        rows = rows.assign(nom=rows["id_reservataire"].map(self.noms), autre=rows["autre"].map(self.noms))
        shown = ("autre", "nb", "nb_autre", "moyenne", "moyenne_autre", "envie_quota", "p", "p_holm")
        return Vue(titre=self.titre, notes=(*self.phrases, *self.hypotheses), tableaux=(Tableau(
            titre=f"Score : qui aurait préféré la liste de qui, les {SHOWN} envies les moins dues au hasard",
            frame=rows,
            colonnes=["nom", *(Colonne(c, f"envie.{c}") for c in shown)]),))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"titre": self.titre, "table": records(self.table), "phrases": list(self.phrases),
                "poids": dict(self.poids), "seed": self.seed, "permutations": self.permutations}


def liste(annee: Annee, vacances: Vacances, qui: Places) -> pd.DataFrame:
    """What one policy gave in one year, a row a dwelling, all runs of `vacances` together.

    Columns `id_reservataire, strate` (year and strate of the bound), `loyer_m2` (€ a month and m²),
    `hors_qpv` (0 or 1), `pieces` (1 to 5), `annee_construction`; absent where the dossier does not say.
    """
    parc, kept = annee.parc, np.flatnonzero(qui >= 0)
    dwellings = parc.logements.iloc[vacances.logement[kept]].reset_index(drop=True)
    surface = dwellings["surface"].astype("float64")
    strate = annee.strates.strate[parc.commune[vacances.logement[kept]]]
    return pd.DataFrame({
        "id_reservataire": np.array(parc.porteurs)[qui[kept]],
        "strate": [f"{parc.annee}-{s}" for s in strate],
        "loyer_m2": dwellings["loyer"].astype("float64") / surface.where(surface > 0),
        "hors_qpv": 1.0 - dwellings["qpv"].astype("float64"),
        "pieces": dwellings["typologie"].str.extract(r"(\d)")[0].astype("float64"),
        "annee_construction": dwellings["annee_construction"].astype("float64"),
    })


def lived_lists(annees: Sequence[Annee], seed: int, run: int, regle: Regle) -> dict[str, pd.DataFrame]:
    """The lists of one run of a simulation, "stock" and "flux": see `liste`."""
    years = list(live(annees, seed, np.array([run]), regle))
    return {
        regime: pd.concat([liste(y.annee, y.vacances, getattr(y, regime)) for y in years], ignore_index=True)
        for regime in ("stock", "flux")
    }


def envie(
    listes: pd.DataFrame,
    noms: Mapping[str, str],
    *,
    seed: int,
    titre: str = "Envie entre réservataires",
    poids: Mapping[str, float] | None = None,
    permutations: int = PERMUTATIONS,
) -> Envie:
    """Compare the lists of every two holders.

    Parameters
    ----------
    listes : see `liste`. noms : name of each holder, as people read it.
    poids : weight of each attribute in the score, 1 each by default.
    permutations : drawn where the law cannot be counted.

    Raises
    ------
    FluxError
        Code "envie.attribut": a weight for what is not an attribute, or no attribute that the lists know.
    """
    told = [a for a in SENS if listes[a].notna().any()]
    weights = dict.fromkeys(told, 1.0) if poids is None else {a: float(w) for a, w in poids.items()}
    if not told or (unknown := [a for a in weights if a not in told]):
        what = ", ".join(unknown) if told else "aucun attribut renseigné"
        raise FluxError(f"Envie : {what}. Attributs de ces listes : {', '.join(told) or 'aucun'}.",
                        code="envie.attribut")
    better = {a: SENS[a] * listes[a].to_numpy(float) for a in told}
    better[SCORE] = _score(better, weights)
    raw = {a: listes[a].to_numpy(float) for a in told} | {SCORE: better[SCORE]}
    ids = listes["id_reservataire"].to_numpy(str)
    strate = pd.factorize(listes["strate"])[0].astype(np.int64)
    rows: list[tuple[Any, ...]] = []
    for attribut, values in better.items():
        for one, other in combinations([i for i in noms if (ids == i).any()], 2):
            here = np.flatnonzero(np.isin(ids, (one, other)) & ~np.isnan(values))
            mine = ids[here] == one
            if mine.all() or not mine.any():
                continue
            test = permutation_test(-values[here], mine, strate[here], seed, permutations)
            for who, whom, own, p in ((one, other, mine, test.haut if test else np.nan),
                                      (other, one, ~mine, test.bas if test else np.nan)):
                gap = values[here][~own].mean() - values[here][own].mean()
                nb, means = int(own.sum()), [raw[attribut][here][m].mean() for m in (own, ~own)]
                rows.append((who, whom, attribut, nb, int((~own).sum()), *means, gap, nb * gap,
                             p, test.erreur(p) if test else np.nan))
    table = pd.DataFrame(rows, columns=COLUMNS[:-1])
    table["p_holm"] = np.nan
    for attribut in better:
        judged = table["attribut"] == attribut
        table.loc[judged, "p_holm"] = _holm(table.loc[judged, "p"].to_numpy(float))
    return Envie(table=table, noms=noms, poids=weights, titre=titre, seed=seed, permutations=permutations)


def strongest(table: pd.DataFrame) -> pd.DataFrame:
    """The envies that something could have been exchanged for, the least due to chance first."""
    rows = table.loc[(table["envie"] > 0) & table["p"].notna()]
    return rows.sort_values(["p", "envie"], ascending=[True, False], kind="stable")


def _mean(attribut: str, value: float) -> str:
    return str(round(value)) if attribut == "annee_construction" else decimal(value)


def _score(better: Mapping[str, Reels], weights: Mapping[str, float]) -> Reels:
    """Mean rank, from 0 (the worst) to 1, over the attributes that are known of each dwelling."""
    ranks = {a: pd.Series(better[a]).rank() for a in weights}
    scaled = {a: (r - 1) / max(r.count() - 1, 1) for a, r in ranks.items()}
    known = {a: r.notna() for a, r in scaled.items()}
    above = np.sum([scaled[a].fillna(0.0) * w for a, w in weights.items()], axis=0)
    below = np.sum([known[a] * w for a, w in weights.items()], axis=0)
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _holm(p: Reels) -> Reels:
    """Holm's correction: each chance times the number of those that are not smaller, never decreasing."""
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    out[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * (len(order) - np.arange(len(order)))))
    return out
