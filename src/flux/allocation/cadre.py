"""What is shared and among whom: segments of the flow, groups of publics, holders, and who may receive what.

Two exact reductions make the programme small. Dwellings that no row and no cost tells apart are one
segment. Publics are counted by group (territory × QPV × typologie), the finest level at which an objective,
a demand or a rate tells two communes apart, and joined to the dwellings of each holder afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.territoires import with_duty

if TYPE_CHECKING:
    from flux.conversion import Quotas

BAILLEUR = "bailleur"
TOUS = "*"  # a row that weighs on every holder of a territory together
TERRITOIRES = ("commune", "epci", "ept", "departement", "region")
SEGMENT = ["commune", "qpv", "typologie", "financement"]
FINER = ["periode", "fragile"]  # finer segments, where the parties or an objective ask for them
GROUPE = ["zone", "qpv", "typologie"]
QUARTILES = ("q1", "q234")
PRIORITES = ("dalo", "prioritaire", "autre")
PUBLIC = ["priorite", "quartile"]
PUBLICS_OF = {"etat_agents": ("agent",), "etat_prioritaires": ("dalo", "prioritaire")}


@dataclass(frozen=True, kw_only=True)
class Cadre:
    """The frames of the allocation, each in canonical order with a plain index.

    Attributes
    ----------
    communes : `commune, departement, region, epci, ept, obligation_25, obligation_origine, territoire`
        (Paris, the EPT or the EPCI, on which the duties of mixité are judged) and `zone` (communes that no
        row tells apart).
    segments : `SEGMENT`, then what the quotas have of `FINER`; `flux` (dwellings), `zone`, `groupe` (index).
    groupes : `GROUPE`, and `fragile` where segments have it.
    porteurs : `id_reservataire, categorie, territoire_code, quota`; those with a quota, the bailleur last.
    cellules : `segment, porteur, part, groupe` (indices), `reference` (dwellings, the proportional share).
    parts : `groupe, porteur` (indices): pairs that have a cell.
    publics : `groupe, porteur, part` (indices), `priorite, quartile, id_reservataire`, columns of the group.
    """

    communes: pd.DataFrame
    segments: pd.DataFrame
    groupes: pd.DataFrame
    porteurs: pd.DataFrame
    cellules: pd.DataFrame
    parts: pd.DataFrame
    publics: pd.DataFrame

    @property
    def segment(self) -> list[str]:
        """Columns that make a segment here."""
        return [*SEGMENT, *(c for c in FINER if c in self.segments)]

    @property
    def groupe(self) -> list[str]:
        """Columns that make a group here."""
        return list(self.groupes.columns)

    def zones(self, territoire_type: str, code: str) -> NDArray[np.object_]:
        """The zones of a territory."""
        inside = self.communes.loc[within(self.communes, territoire_type, code), "zone"]
        return np.array(sorted(set(inside)), dtype=object)


def within(communes: pd.DataFrame, territoire_type: str, code: str) -> NDArray[np.bool_]:
    """Which communes a territory holds."""
    return np.asarray(communes[territoire_type].eq(code).fillna(False), bool)


def type_of(communes: pd.DataFrame, code: str) -> str:
    """The kind of territory a code names, the smallest first; a code that names none is a commune's."""
    return next((kind for kind in TERRITOIRES if within(communes, kind, code).any()), "commune")


def make_cadre(quotas: Quotas) -> Cadre:
    """The frames of the allocation, from the quotas and the dossier behind them."""
    communes = _communes(quotas)
    segments, groupes = _segments(quotas, communes)
    porteurs = _porteurs(quotas)
    cellules = _cellules(quotas, communes, segments, porteurs)
    pair = ["groupe", "porteur"]
    parts = cellules[pair].drop_duplicates().sort_values(pair, ignore_index=True)
    place = pd.MultiIndex.from_frame(parts).get_indexer(pd.MultiIndex.from_frame(cellules[pair]))
    return Cadre(communes=communes, segments=segments, groupes=groupes, porteurs=porteurs,
                 cellules=cellules.assign(part=place), parts=parts,
                 publics=_publics(parts, groupes, porteurs))


def _communes(quotas: Quotas) -> pd.DataFrame:
    columns = ["commune", "departement", "region", "epci", "ept", "obligation_25", "obligation_origine"]
    communes = quotas.dossier.communes[columns].sort_values("commune", ignore_index=True)
    communes = with_duty(communes, quotas.regles)
    named = sorted(set(_named(quotas, communes)))
    inside = [within(communes, kind, code) for kind, code in named]
    signs = [np.where(communes["obligation_25"], "25 %", "")]
    signs += [np.where(mask, code, "") for (_, code), mask in zip(named, inside, strict=True)]
    words = zip(communes["territoire"], *signs, strict=True)
    return communes.assign(zone=["+".join(filter(None, said)) for said in words])


def _named(quotas: Quotas, communes: pd.DataFrame) -> Iterable[tuple[str, str]]:
    """Territories that an applicants' count, an objective or a rate of refusal names."""
    demande = quotas.dossier.demande
    yield from zip(demande["territoire_type"], demande["territoire_code"], strict=True)
    codes = quotas.dossier.objectifs["territoire_code"].dropna().unique()
    yield from ((type_of(communes, code), code) for code in codes)
    yield from (("commune", code) for code in refus(quotas)["commune"].dropna().unique())


def refus(quotas: Quotas) -> pd.DataFrame:
    """Rates of refusal of the dossier: `commune, qpv, typologie` (absent: everywhere) and `taux`."""
    taux = quotas.dossier.taux
    return taux.loc[(taux["nature"] == "refus") & taux["mois"].isna()]


def _segments(quotas: Quotas, communes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = [*SEGMENT, *(c for c in FINER if c in quotas.flux)]
    flow = quotas.flux[columns].assign(flux=quotas.flux["flux_a_partager"].astype(float))
    flow["qpv"] = flow["qpv"].astype(bool)
    flow = flow.loc[flow["flux"] > 0].sort_values([*columns, "flux"])
    segments = flow.groupby(columns, as_index=False, sort=True)[["flux"]].sum()
    segments["zone"] = segments["commune"].map(communes.set_index("commune")["zone"])
    groupe = [*GROUPE, *(c for c in ("fragile",) if c in columns)]
    groupes = segments[groupe].drop_duplicates().sort_values(groupe, ignore_index=True)
    segments["groupe"] = segments.groupby(groupe, sort=True).ngroup()
    return segments, groupes


def _porteurs(quotas: Quotas) -> pd.DataFrame:
    """Holders that have something to receive; the bailleur always, last, since it takes what is left."""
    table = quotas.table[["id_reservataire", "categorie", "territoire_code", "quota"]]
    table = table.assign(quota=table["quota"].astype(int), categorie=table["categorie"].fillna(BAILLEUR),
                         last=table["id_reservataire"] == BAILLEUR)
    table = table.loc[(table["quota"] > 0) | table["last"]]
    return table.sort_values(["last", "id_reservataire"], ignore_index=True).drop(columns="last")


def _cellules(quotas: Quotas, communes: pd.DataFrame, segments: pd.DataFrame,
              porteurs: pd.DataFrame) -> pd.DataFrame:
    """Who may receive what, and the share that proportion would give: flux × due of the holder / dues."""
    places = pd.Index(communes["commune"])
    ids = pd.Index(porteurs["id_reservataire"])
    dues = quotas.communes[["commune", "id_reservataire", "exact", "nb"]]
    dues = dues.loc[dues["id_reservataire"].isin(ids)].sort_values(["commune", "id_reservataire"])
    here, who = places.get_indexer(dues["commune"]), ids.get_indexer(dues["id_reservataire"])
    exact, whole = np.zeros((len(places), len(ids))), np.zeros((len(places), len(ids)))
    np.add.at(exact, (here, who), dues["exact"].astype(float).clip(lower=0.0))
    np.add.at(whole, (here, who), dues["nb"].astype(float))
    total = exact.sum(axis=0)
    # Each holder's dues are scaled to its whole quota, which the plan gives; balances alone follow nb.
    scale = porteurs["quota"].to_numpy() / np.where(total > 0, total, 1.0)
    weight = np.where(total > 0, exact * scale, whole)

    allowed = (exact > 0) | (whole > 0)
    territory = quotas.dossier.reservataires.set_index("id_reservataire")
    for j, holder in enumerate(ids):
        if holder == BAILLEUR:
            allowed[:, j] = True
        else:
            kind, code = territory.loc[holder, ["territoire_type", "territoire_code"]]
            allowed[:, j] |= within(communes, str(kind), str(code))
    place = places.get_indexer(segments["commune"])
    segment, porteur = np.nonzero(allowed[place])
    share = weight[place] / np.maximum(weight[place].sum(axis=1, keepdims=True), 1e-300)
    return pd.DataFrame({
        "segment": segment, "porteur": porteur, "groupe": segments["groupe"].to_numpy()[segment],
        "reference": segments["flux"].to_numpy()[segment] * share[segment, porteur],
    })


def _publics(parts: pd.DataFrame, groupes: pd.DataFrame, porteurs: pd.DataFrame) -> pd.DataFrame:
    """One row a group × holder × public that may receive."""
    kinds = pd.DataFrame([(c, p, q) for c in sorted(set(porteurs["categorie"]))
                          for p in PUBLICS_OF.get(c, PRIORITES) for q in QUARTILES],
                         columns=["categorie", *PUBLIC])
    who = parts.assign(part=parts.index, categorie=porteurs["categorie"].to_numpy()[parts["porteur"]],
                       id_reservataire=porteurs["id_reservataire"].to_numpy()[parts["porteur"]])
    out = who.merge(groupes, left_on="groupe", right_index=True).merge(kinds, on="categorie")
    return out.sort_values(["part", *PUBLIC], ignore_index=True)
