"""The elastic rows of the plan, each a named object that carries its article: what is asked, of whom, where."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import BAILLEUR, TOUS, Cadre, type_of, within
from flux.allocation.hors_flux import Baux

if TYPE_CHECKING:
    from flux.conversion import Quotas

Mask = NDArray[np.bool_]

DALO_OF = {
    "commune": "part_min_dalo_prioritaires", "epci": "part_min_dalo_prioritaires",
    "ept": "part_min_dalo_prioritaires", "ville_paris": "part_min_dalo_prioritaires",
    "departement": "part_min_dalo_prioritaires", "region": "part_min_dalo_prioritaires",
    "action_logement": "part_min_dalo_action_logement", BAILLEUR: "part_min_dalo_bailleur",
    "etat_prioritaires": "part_prioritaires_etat",
}
NIVEAUX = (("physique",), ("loi",), ("cia", "cil"), ("quota",), ("convention",), ("souhait",))
"""The stages of the plan, the most important first: what one level gains, no lower level may cost."""


class Sens(StrEnum):
    """How the threshold binds: at least; at most; at least, and never more."""

    PLANCHER = "plancher"
    PLAFOND = "plafond"
    EGALITE = "egalite"


@dataclass(frozen=True, kw_only=True, eq=False)
class Obligation:
    """What the plan should reach, and may miss at a price that its level sets.

    Attributes
    ----------
    objectif, porteur, territoire_code, niveau, article : its name; `*` stands for all holders, for everywhere.
    part : share of the base that is asked [0, 1].
    compte : publics that count, on the rows of `cadre.publics`.
    assiette : publics that make the base, on the same rows.
    base_fixe : dwellings of the base that the plan does not decide.
    acquis : dwellings that count already.
    sens : floor, ceiling, or a quota that is never passed.
    unite : of `seuil`, `atteint` and `manque`.
    """

    objectif: str
    porteur: str
    territoire_code: str
    niveau: str
    article: str
    part: float
    compte: Mask
    assiette: Mask
    base_fixe: float = 0.0
    acquis: float = 0.0
    sens: Sens = Sens.PLANCHER
    unite: str = "logements"

    @property
    def cle(self) -> str:
        """Canonical name."""
        return "|".join((self.objectif, self.porteur, self.territoire_code, self.niveau, repr(self.part)))

    def base(self, nb: NDArray[np.float64]) -> float:
        """Dwellings on which it is judged, for `nb` dwellings on each row of `cadre.publics`."""
        return self.base_fixe + float(nb[self.assiette].sum())

    def seuil(self, nb: NDArray[np.float64]) -> float:
        """Dwellings to reach (not to pass, for a ceiling)."""
        return self.part * self.base(nb)

    def atteint(self, nb: NDArray[np.float64]) -> float:
        """Dwellings reached."""
        return self.acquis + float(nb[self.compte].sum())

    def manque(self, nb: NDArray[np.float64]) -> float:
        """Dwellings short of the floor or above the ceiling, never negative."""
        gap = self.seuil(nb) - self.atteint(nb)
        return max(0.0, -gap if self.sens is Sens.PLAFOND else gap)

    def manque_entier(self, nb: NDArray[np.float64]) -> int:
        """The same in whole dwellings: "au moins un quart" of 5 is 2."""
        return math.ceil(self.manque(nb) - 1e-9)


def obligations(quotas: Quotas, cadre: Cadre, baux: Baux) -> list[Obligation]:
    """Every elastic row: quotas, demand, legal duties, and what the parties chose beyond the law."""
    rows = [*_demande(quotas, cadre), *_dalo(quotas, cadre), *_mixite(quotas, cadre, baux),
            *_objectifs(quotas, cadre, baux), *_quotas(cadre)]
    return sorted(rows, key=lambda o: o.cle)


def is_priority(cadre: Cadre) -> Mask:
    """Publics that are DALO or prioritaires."""
    return np.asarray(cadre.publics["priorite"].isin(["dalo", "prioritaire"]), bool)


def _everyone(cadre: Cadre) -> Mask:
    return np.ones(len(cadre.publics), bool)


def _of(cadre: Cadre, porteur: str) -> Mask:
    return np.asarray(cadre.publics["id_reservataire"] == porteur, bool)


def _in(cadre: Cadre, kind: str, code: str) -> Mask:
    return np.asarray(cadre.publics["zone"].isin(cadre.zones(kind, code)), bool)


def _quotas(cadre: Cadre) -> Iterator[Obligation]:
    """Each holder's whole quota; the bailleur's is a floor, since it takes what no one else may receive."""
    for holder in cadre.porteurs.itertuples():
        mine = _of(cadre, holder.id_reservataire)
        yield Obligation(
            objectif="quota", porteur=holder.id_reservataire, niveau="quota", article="CCH, art. R. 441-5, I",
            territoire_code=_territory(holder), part=1.0, compte=mine, assiette=~_everyone(cadre),
            base_fixe=float(holder.quota),
            sens=Sens.PLANCHER if holder.id_reservataire == BAILLEUR else Sens.EGALITE)


def _dalo(quotas: Quotas, cadre: Cadre) -> Iterator[Obligation]:
    """A share of what the holder receives goes to DALO or priority households.

    "Au moins un quart des attributions annuelles de logements réservés" of a collectivité or a grouping
    (CCH, art. L. 441-1, al. 39), of Action Logement (art. L. 313-26-2), of the bailleur (al. 43); the
    State's own contingent is for priority persons only (al. 41).
    """
    for holder in cadre.porteurs.itertuples():
        if key := DALO_OF.get(holder.categorie):
            mine, law = _of(cadre, holder.id_reservataire), quotas.regles.figure(key)
            yield Obligation(
                objectif="dalo_prioritaires", porteur=holder.id_reservataire, niveau="loi",
                territoire_code=_territory(holder), article=str(law.article), part=float(law.valeur),
                compte=mine & is_priority(cadre), assiette=mine)


def _mixite(quotas: Quotas, cadre: Cadre, baux: Baux) -> Iterator[Obligation]:
    """First quartile outside QPV, other quartiles in QPV, on each territory under the duty.

    "Au moins 25 % des attributions annuelles, suivies de baux signés, de logements situés en dehors
    des quartiers prioritaires" and "au moins 50 % des attributions annuelles de logements situés dans
    les quartiers prioritaires" (CCH, art. L. 441-1, al. 24 to 27): of all leases, in the flow or not.
    """
    under = cadre.communes.loc[cadre.communes["obligation_25"]]
    for code, communes in under.groupby("territoire", sort=True)["commune"]:
        zones = under.loc[under["territoire"] == code, "zone"]
        where = np.asarray(cadre.publics["zone"].isin(zones), bool)
        for objectif, key in (("q1_hors_qpv", "part_min_q1_hors_qpv"), ("autres_qpv", "part_min_autres_qpv")):
            law = quotas.regles.figure(key)
            yield _shared(objectif, cadre, baux, where, frozenset(communes), territoire_code=str(code),
                          niveau="loi", article=str(law.article), part=float(law.valeur))


def _objectifs(quotas: Quotas, cadre: Cadre, baux: Baux) -> Iterator[Obligation]:
    """What the CIA, the CIL or the parties chose beyond the law (CCH, art. L. 441-1-5 and L. 441-1-6)."""
    for row in modelled(quotas).itertuples():
        article = str(row.source) if pd.notna(row.source) else "CCH, art. L. 441-1-6"
        where, communes, code = _everyone(cadre), frozenset(cadre.communes["commune"]), TOUS
        if pd.notna(row.territoire_code):
            code = str(row.territoire_code)
            kind = type_of(cadre.communes, code)
            where = _in(cadre, kind, code)
            communes = frozenset(cadre.communes.loc[within(cadre.communes, kind, code), "commune"])
        if pd.notna(row.id_reservataire):
            where, communes = where & _of(cadre, str(row.id_reservataire)), frozenset()
        porteur = str(row.id_reservataire) if pd.notna(row.id_reservataire) else TOUS
        yield _shared(str(row.objectif), cadre, baux, where, communes, territoire_code=code, porteur=porteur,
                      niveau=str(row.niveau), article=article, part=float(row.part))


def modelled(quotas: Quotas) -> pd.DataFrame:
    """The objectives that the publics of the plan can measure, each written once."""
    known = quotas.dossier.objectifs
    known = known.loc[known["objectif"].isin(["q1_hors_qpv", "autres_qpv", "dalo_prioritaires"])]
    return known.drop_duplicates(["objectif", "niveau", "territoire_code", "id_reservataire", "part"])


def _shared(objectif: str, cadre: Cadre, baux: Baux, where: Mask, communes: frozenset[str], *, part: float,
            territoire_code: str, niveau: str, article: str, porteur: str = TOUS) -> Obligation:
    """A share of the leases of a territory; leases outside the flow are nobody's in particular."""
    publics = cadre.publics
    in_qpv, q1 = publics["qpv"].to_numpy(bool), np.asarray(publics["quartile"] == "q1", bool)
    base_fixe = acquis = 0.0
    if objectif == "q1_hors_qpv":
        assiette, compte = where & ~in_qpv, where & ~in_qpv & q1
        base_fixe, acquis = baux.total(communes, qpv=False), baux.q1(communes)
    elif objectif == "autres_qpv":
        assiette, compte = where & in_qpv, where & in_qpv & ~q1
        base_fixe, acquis = baux.total(communes, qpv=True), baux.others(communes)
    else:
        assiette, compte = where, where & is_priority(cadre)
    return Obligation(objectif=objectif, porteur=porteur, territoire_code=territoire_code, niveau=niveau,
                      article=article, part=part, compte=compte, assiette=assiette, base_fixe=base_fixe,
                      acquis=acquis)


def _demande(quotas: Quotas, cadre: Cadre) -> Iterator[Obligation]:
    """No more dwellings of a size to a public than applicants of that public: a fact, not a rule.

    A territory and a size that the table cites have no other applicants than those it counts.
    """
    publics, demande = cadre.publics, quotas.dossier.demande
    counts = demande.loc[demande["public"] == "tous"]
    for (kind, code, typologie), rows in counts.groupby(["territoire_type", "territoire_code", "typologie"]):
        where = _in(cadre, kind, code) & np.asarray(publics["typologie"] == typologie, bool)
        nb = rows.groupby(["priorite", "quartile"])["nb"].sum()
        for key, group in publics.loc[where & (publics["priorite"] != "agent")].groupby(["priorite", "quartile"]):
            asked = np.zeros(len(publics), bool)
            asked[group.index] = True
            yield Obligation(
                objectif="demande", porteur=f"{typologie}, {key[0]}, {key[1]}", territoire_code=str(code),
                niveau="physique", article="table demande du dossier", part=1.0, compte=asked,
                assiette=~_everyone(cadre), base_fixe=float(nb.get(key, 0)), sens=Sens.PLAFOND)


def _territory(holder: tuple[object, ...]) -> str:
    code = getattr(holder, "territoire_code", None)
    return TOUS if pd.isna(code) else str(code)
