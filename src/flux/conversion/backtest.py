"""Which turnover would have predicted best? Each past year is hidden, and predicted from those before.

What is predicted is what the quotas need: the relettings of each commune in the year, as a law. Estimators
are judged on their error, on the chance that they gave to what happened, and on their intervals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flux.conversion.assiette import Classement, classify, in_service
from flux.conversion.enveloppe import envelope, records
from flux.conversion.lissage import predicted
from flux.conversion.probabilites import interval
from flux.conversion.registre import stock_identified
from flux.conversion.rotation import MAILLES, NOMS, estimated, finest, label, observed, relettings
from flux.dossier import Dossier
from flux.loi import Regles
from flux.loi import regles as law
from flux.noyau.errors import FluxError
from flux.rendu import images
from flux.rendu.nombres import decimal, entier, part
from flux.rendu.vue import Affichable, Tableau, Vue

LEAST = 1e-12  # the smallest chance that a law tells from none
ENOUGH = 10  # forecasts under which nothing is said of a difference
KEYS = ["annee", "commune"]


@dataclass(frozen=True, repr=False, eq=False)
class Backtest(Affichable):
    """What each estimator of the turnover would have predicted, and how wrong it would have been.

    table : one row an estimator, the best first: estimateur, maille, lissage, nb_previsions,
        erreur_moyenne (dwellings), perte (mean of −log of the chance given to what happened: the less the
        better), couverture (share of what happened that fell in the 90 % interval), couverture_attendue
        (that share if the laws were true), retenu (the choice of the convention).
    previsions : one row an estimator × year × commune: estimateur, annee, commune, nb_logements, attendues,
        bas, haut, observees, perte.
    """

    dossier: Dossier
    regles: Regles
    table: pd.DataFrame
    previsions: pd.DataFrame
    avertissements: tuple[str, ...]

    @property
    def phrase(self) -> str:
        """Which predicts best on this dossier, and how surely."""
        best = self.table["estimateur"].iloc[0]
        kept = self.table.loc[self.table["retenu"], "estimateur"]
        annees = self.previsions["annee"].nunique()
        nb = int(self.table["nb_previsions"].iloc[0])
        said = (
            f"Sur ce dossier ({annees} année{'s' if annees > 1 else ''} cachée{'s' if annees > 1 else ''}, "
            f"{entier(nb)} prévisions, une par commune et par an), le mieux prédit par : {best}"
        )
        if len(self.table) == 1:
            return f"{said}, seul estimateur possible."
        if kept.iloc[0] == best:
            rival = self.table["estimateur"].iloc[1]
            said += f" (le choix de la convention) ; le suivant, {rival}, "
        else:
            rival = kept.iloc[0]
            said += f" ; le choix de la convention, {rival}, "
        return said + f"{_verdict(*self._gap(best, rival))}."

    def _gap(self, best: str, rival: str) -> tuple[float, float, int]:
        """Mean loss of `rival` above `best`, its standard error, and the number of forecasts."""
        loss = self.previsions.pivot(index=KEYS, columns="estimateur", values="perte")
        gap = (loss[rival] - loss[best]).to_numpy()
        error = float(np.std(gap, ddof=1)) / math.sqrt(len(gap)) if len(gap) > 1 else math.inf
        return float(np.mean(gap)), error, len(gap)

    def vue(self) -> Vue:
        """The estimators side by side, and which predicts best."""
        return Vue(
            titre=f"Rotation de {self.dossier.convention.bailleur.nom} : quel taux aurait le mieux prédit ?",
            tableaux=(
                Tableau(
                    titre="Estimateurs, du meilleur au moins bon",
                    frame=self.table,
                    colonnes=[
                        "estimateur",
                        "erreur_moyenne",
                        "perte",
                        "couverture",
                        "couverture_attendue",
                        "retenu",
                    ],
                    note="Chaque année est prévue par celles d'avant seulement, commune par commune. Perte : "
                    "plus elle est petite, plus ce qui est arrivé avait été donné pour probable.",
                ),
            ),
            notes=(self.phrase, *self.avertissements),
        )

    def plot(self) -> Any:
        """What the best estimator gave of the last year, by commune, and what happened."""
        rows = self.previsions
        best = rows["estimateur"] == self.table["estimateur"].iloc[0]
        last = rows["annee"].max()
        noms = self.dossier.communes.set_index("commune")["nom"]
        shown = rows.loc[best & (rows["annee"] == last)]
        return images.intervalles(
            shown.assign(nom=[str(noms.get(c, c)) for c in shown["commune"]])
            .rename(columns={"observees": "marque"})
            .reset_index(drop=True),
            titre=f"Relocations de {last} : prévues par les années d'avant, et observées",
            marque="observé",
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: both tables, the sentence, law, choices, sources."""
        return envelope(self.dossier, self.regles, "backtest", self.avertissements) | {
            "backtest": {
                "phrase": self.phrase,
                "table": records(self.table),
                "previsions": records(self.previsions),
            }
        }


def backtest(dossier: Dossier, *, regles: Regles | None = None) -> Backtest:
    """Hide each past year in turn, predict it from the years before, by every estimator of the turnover.

    Parameters
    ----------
    dossier : its `mouvements` hold two years of relettings at least, with their communes.
    regles : the law; by default that of the convention's date.

    Raises
    ------
    FluxError
        Code "backtest.annees": fewer than two years; "backtest.communes": relettings without commune.
    """
    rules = regles if regles is not None else law(dossier.convention.date)
    classement = classify(dossier, rules, stock_identified(dossier, rules))
    choix, annee = dossier.convention.choix, dossier.convention.annee
    first = int(dossier.mouvements["annee"].min()) if len(dossier.mouvements) else annee
    relets = relettings(
        dossier, classement, [a for a in range(first, annee) if a not in choix.annees_exclues], []
    )
    annees = sorted(set(relets["annee"].astype(int)))
    if len(annees) < 2:
        raise FluxError(
            f"Cacher une année demande deux années de relocations au moins ; lues avant {annee} : "
            f"{', '.join(map(str, annees)) or 'aucune'}. Compléter la table des mouvements.",
            code="backtest.annees",
        )
    grain = finest(relets, dossier.logements)
    if grain == "aucun":
        raise FluxError(
            "Des relocations sont sans commune ni logement : rien ne peut être comparé commune par commune. "
            "Compléter la table des mouvements.",
            code="backtest.communes",
        )
    mailles = list(MAILLES)[list(MAILLES).index(grain) :]
    kept = (grain if choix.segment_rotation == "auto" else str(choix.segment_rotation), str(choix.lissage))
    if kept[0] == "aucun":
        kept = ("aucun", "aucun")
    notes, rows = [], []
    for hidden in annees[1:]:
        known = [a for a in annees if hidden - choix.fenetre_rotation <= a < hidden]
        if len(known) == 1:
            notes.append(f"{hidden} est prévue par une seule année, {known[0]}.")
        if known:
            rows += list(_forecasts(dossier, classement, relets, mailles, known, hidden))
    previsions = pd.DataFrame(rows)
    return Backtest(dossier, rules, _scores(previsions, kept), previsions.drop(columns=HIDDEN), tuple(notes))


HIDDEN = ["maille", "lissage", "dans", "chances"]


def _forecasts(
    dossier: Dossier,
    classement: Classement,
    relets: pd.DataFrame,
    mailles: Sequence[str],
    known: Sequence[int],
    hidden: int,
) -> Iterator[dict[str, Any]]:
    """What every estimator says of the year `hidden`, from the years `known`, commune by commune."""
    logements = dossier.logements
    present = logements.loc[in_service(logements, hidden) & classement.dans_champ]
    past = relets.loc[relets["annee"].isin(known)]
    seen = relets.loc[relets["annee"] == hidden].groupby("commune")["nb"].sum()
    for maille in mailles:
        groupe = label(logements, MAILLES[maille])
        wide = observed(dossier, classement, past, groupe, maille, known)
        counts = present.assign(groupe=groupe).groupby(["commune", "groupe"]).size()
        for lissage in ("aucun", "bayes") if maille != "aucun" else ("aucun",):
            estimations, lets = estimated(wide, maille, lissage)
            for commune, cells in counts.groupby(level="commune"):
                nb = {str(g): int(n) for g, n in cells.droplevel("commune").items()}
                loi = predicted(nb, estimations, lets)
                low, high = interval(loi)
                found = int(seen.get(commune, 0))
                yield {
                    "estimateur": _name(maille, lissage),
                    "maille": maille,
                    "lissage": lissage,
                    "annee": hidden,
                    "commune": commune,
                    "nb_logements": sum(nb.values()),
                    "attendues": sum(n * float(estimations[g].taux) for g, n in nb.items()),
                    "bas": low,
                    "haut": high,
                    "observees": found,
                    "perte": -math.log(max(loi[found], LEAST) if found < len(loi) else LEAST),
                    "dans": low <= found <= high,
                    "chances": float(loi[low : high + 1].sum()),
                }


def _scores(previsions: pd.DataFrame, kept: tuple[str, str]) -> pd.DataFrame:
    """One row an estimator, the least loss first."""
    errors = previsions.assign(erreur=(previsions["attendues"] - previsions["observees"]).abs())
    table = (
        errors.groupby(["estimateur", "maille", "lissage"], sort=False)
        .agg(
            nb_previsions=("perte", "size"),
            erreur_moyenne=("erreur", "mean"),
            perte=("perte", "mean"),
            couverture=("dans", "mean"),
            couverture_attendue=("chances", "mean"),
        )
        .reset_index()
    )
    table["retenu"] = [(m, s) == kept for m, s in zip(table["maille"], table["lissage"], strict=True)]
    return table.sort_values(["perte", "estimateur"], ignore_index=True)


def _name(maille: str, lissage: str) -> str:
    if maille == "aucun":
        return "un seul taux"
    return f"un taux par {NOMS[maille][0]}, {'brut' if lissage == 'aucun' else 'lissé'}"


def _verdict(gap: float, error: float, nb: int) -> str:
    """How surely the rival predicts less well: the gap in standard errors, as a one-sided chance."""
    if nb < ENOUGH:
        return f"perd {decimal(gap, 3)} de plus : {nb} prévisions ne suffisent pas à conclure"
    if gap <= error * 1e-9:
        return "prédit aussi bien"
    sure = (1 + math.erf(gap / error / math.sqrt(2))) / 2
    words = (
        "c'est net" if sure > 0.975 else "c'est probable" if sure > 0.84 else "c'est trop peu pour conclure"
    )
    how = "plus de 99\u202f%" if sure > 0.995 else part(sure, 0)
    return f"perd {decimal(gap, 3)} de plus (assurance de {how} : {words})"
