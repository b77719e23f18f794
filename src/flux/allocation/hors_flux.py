"""Leases signed outside the flow: in the base of the duties of mixité, and in part already counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pandas as pd

from flux.conversion.segments import FRAGILE_DES
from flux.rendu import glossaire, nombres

if TYPE_CHECKING:
    from flux.conversion import Quotas


@dataclass(frozen=True)
class Baux:
    """`commune, qpv, categorie, nb`; `q1`: those that count as first quartile; `autres`: as the others.

    emmenages : `commune, nb, q1`, past leases of known quartile in fragile residences.
    """

    table: pd.DataFrame
    emmenages: pd.DataFrame
    hypotheses: tuple[str, ...]

    def total(self, communes: frozenset[str], *, qpv: bool) -> float:
        """All of them, in or outside QPV."""
        return float(self._of(communes, qpv=qpv)["nb"].sum())

    def q1(self, communes: frozenset[str]) -> float:
        """Outside QPV: those that count with the first quartile."""
        return float(self._of(communes, qpv=False)["q1"].sum())

    def others(self, communes: frozenset[str]) -> float:
        """In QPV: those to the other quartiles."""
        return float(self._of(communes, qpv=True)["autres"].sum())

    def recents(self, communes: frozenset[str]) -> tuple[float, float]:
        """Recent move-ins in fragile residences, and those of the first quartile among them."""
        inside = self.emmenages.loc[self.emmenages["commune"].isin(communes)]
        return float(inside["nb"].sum()), float(inside["q1"].sum())

    def _of(self, communes: frozenset[str], *, qpv: bool) -> pd.DataFrame:
        return self.table.loc[self.table["commune"].isin(communes) & (self.table["qpv"] == qpv)]


def baux_hors_flux(quotas: Quotas) -> Baux:
    """What the leases outside the flow already bring to the duties of mixité.

    "Ou à des personnes relogées dans le cadre d'une opération de renouvellement urbain ou d'une ORCOD"
    (CCH, art. L. 441-1, al. 26): these count whatever their income, outside QPV. Every other lease, and
    these in QPV, count as their quartile: the past share observed in `mouvements`, zero when there is none.
    """
    relogements = cast("tuple[str, ...]", quotas.regles.valeur("relogements_comptes_q1"))
    article = quotas.regles["relogements_comptes_q1"].article
    past = _past_q1(quotas.dossier.mouvements)
    columns = ["commune", "qpv", "categorie", "nb"]
    table = quotas.hors_flux[columns].sort_values(columns)
    nb, known = table["nb"].astype(float), table["categorie"].map(past).astype(float)
    whatever = table["categorie"].isin(relogements)
    table = table.assign(
        qpv=table["qpv"].astype(bool), nb=nb,
        q1=nb.where(whatever, nb * known.fillna(0.0)),
        autres=nb * (1.0 - known).fillna(0.0),
    )
    present = sorted(set(table["categorie"]))
    hypotheses = [f"Baux hors du flux ({_said(c)}) : {nombres.part(past[c])} au premier quartile, part passée"
                  " des mouvements." for c in present if c in past]
    if unknown := [c for c in present if c not in past]:
        hypotheses.append(f"Baux hors du flux ({_said(*unknown)}) : quartile non connu, ils restent "
                          "dans la base des objectifs de mixité et n'y comptent pas.")
    if of_right := [c for c in present if c in relogements]:
        hypotheses.append("Hors QPV, comptent avec le premier quartile quelles que soient les ressources : "
                          f"{_said(*of_right)} ({article}).")
    return Baux(table.reset_index(drop=True), _recent(quotas), tuple(hypotheses))


def _recent(quotas: Quotas) -> pd.DataFrame:
    """Leases of the window in fragile residences, by commune (CCH, art. L. 441-1-6, 3° bis)."""
    dossier = quotas.dossier
    logements = dossier.logements.loc[dossier.logements["fragilite"].ge(FRAGILE_DES).fillna(False)]
    first = dossier.convention.annee - dossier.convention.choix.fenetre_rotation
    moves = dossier.mouvements
    moves = moves.loc[(moves["etape"] == "bail") & moves["quartile"].isin(["q1", "q234"])
                      & (moves["annee"] >= first).fillna(False)
                      & moves["id_logement"].isin(logements["id_logement"])]
    commune = moves["id_logement"].map(logements.set_index("id_logement")["commune"])
    moves = moves.assign(commune=commune, q1=moves["nb"].where(moves["quartile"] == "q1", 0))
    return moves.groupby("commune", as_index=False)[["nb", "q1"]].sum()


def _said(*categories: str) -> str:
    return ", ".join(glossaire.format("hors_flux.categorie", c) for c in categories)


def _past_q1(mouvements: pd.DataFrame) -> dict[str, float]:
    """Share of the first quartile by nature, among past leases whose quartile is known."""
    known = mouvements.loc[(mouvements["etape"] == "bail") & mouvements["quartile"].isin(["q1", "q234"])]
    total = known.groupby("nature")["nb"].sum()
    first = known.loc[known["quartile"] == "q1"].groupby("nature")["nb"].sum()
    return {str(nature): float(first.get(nature, 0)) / float(nb) for nature, nb in total.items() if nb}
