"""The elastic rows of the plan: what is asked, of whom, where, and the article that asks it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flux.allocation.cadre import BAILLEUR, PRIORITES, QUARTILES, TOUS, Cadre, type_of, within
from flux.allocation.hors_flux import Baux

if TYPE_CHECKING:
    from flux.conversion import Quotas

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

DALO_OF = {
    "commune": "part_min_dalo_prioritaires", "epci": "part_min_dalo_prioritaires",
    "ept": "part_min_dalo_prioritaires", "ville_paris": "part_min_dalo_prioritaires",
    "departement": "part_min_dalo_prioritaires", "region": "part_min_dalo_prioritaires",
    "action_logement": "part_min_dalo_action_logement", BAILLEUR: "part_min_dalo_bailleur",
    "etat_prioritaires": "part_prioritaires_etat",
}
NIVEAUX = (("physique",), ("loi",), ("cia", "cil"), ("quota",), ("convention",), ("souhait",))
"""The stages of the plan, the most important first: what one level gains, no lower level may cost."""

NOBODY = np.zeros(0, np.int64)
COLUMNS_OBJECTIFS = ["objectif", "niveau", "territoire_code", "id_reservataire", "part", "source"]


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
    objectif, porteur, territoire_code, niveau, article : its name; `*` is every holder, or everywhere.
    part : share of the base that is asked [0, 1].
    compte : publics that count: indices of `cadre.publics`.
    assiette : publics that make the base: indices of `cadre.publics`.
    base_fixe : dwellings of the base that the plan does not decide.
    acquis : dwellings that count already.
    sens : floor, ceiling, or a quota that is never passed.
    unite : of `seuil`, `atteint` and `manque`.
    precision : what the name leaves open: kind of territory and size, for a demand.
    """

    objectif: str
    porteur: str
    territoire_code: str
    niveau: str
    article: str
    part: float
    compte: Ints
    assiette: Ints
    base_fixe: float = 0.0
    acquis: float = 0.0
    sens: Sens = Sens.PLANCHER
    unite: str = "logements"
    precision: str = ""

    @property
    def cle(self) -> str:
        """Canonical name."""
        return "|".join((self.objectif, self.porteur, self.territoire_code, self.niveau, self.precision,
                         repr(self.part)))

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


def _of(cadre: Cadre, porteur: int) -> Mask:
    return np.asarray(cadre.publics["porteur"] == porteur, bool)


def _in(cadre: Cadre, kind: str, code: str) -> Mask:
    return np.asarray(cadre.publics["zone"].isin(cadre.zones(kind, code)), bool)


def _quotas(cadre: Cadre) -> Iterator[Obligation]:
    """Each holder's whole quota; the bailleur's is a floor, since it takes what no one else may receive."""
    for place, (holder, _, code, quota) in enumerate(_holders(cadre)):
        yield Obligation(
            objectif="quota", porteur=holder, niveau="quota", article="CCH, art. R. 441-5, I",
            territoire_code=code, part=1.0, compte=np.flatnonzero(_of(cadre, place)), assiette=NOBODY,
            base_fixe=float(quota),
            sens=Sens.PLANCHER if holder == BAILLEUR else Sens.EGALITE)


def _dalo(quotas: Quotas, cadre: Cadre) -> Iterator[Obligation]:
    """A share of what the holder receives goes to DALO or priority households.

    "Au moins un quart des attributions annuelles de logements réservés" of a collectivité or a grouping
    (CCH, art. L. 441-1, al. 39), of Action Logement (art. L. 313-26-2), of the bailleur (al. 43); the
    State's own contingent is for priority persons only (al. 41).
    """
    priority = is_priority(cadre)
    for place, (holder, categorie, code, _) in enumerate(_holders(cadre)):
        if key := DALO_OF.get(categorie):
            mine, law = _of(cadre, place), quotas.regles.figure(key)
            yield Obligation(
                objectif="dalo_prioritaires", porteur=holder, niveau="loi", territoire_code=code,
                article=str(law.article), part=float(law.valeur), compte=np.flatnonzero(mine & priority),
                assiette=np.flatnonzero(mine))


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
    ids = pd.Index(cadre.porteurs["id_reservataire"])
    chosen = modelled(quotas)
    # Leases outside the flow are nobody's in particular: they count on a territory, not for one holder.
    for row in zip(*(chosen[c] for c in COLUMNS_OBJECTIFS), strict=True):
        given: list[Any] = [None if pd.isna(value) else value for value in row]
        objectif, niveau, code, holder, part, source = given
        where, communes = _everyone(cadre), frozenset(cadre.communes["commune"])
        if code is not None:
            kind = type_of(cadre.communes, code)
            where = _in(cadre, kind, code)
            communes = frozenset(cadre.communes.loc[within(cadre.communes, kind, code), "commune"])
        if holder is not None:
            where, communes = where & _of(cadre, ids.get_indexer([holder])[0]), frozenset()
        yield _shared(objectif, cadre, baux, where, communes, territoire_code=code or TOUS, niveau=niveau,
                      porteur=holder or TOUS, article=source or "CCH, art. L. 441-1-6", part=float(part))


def modelled(quotas: Quotas) -> pd.DataFrame:
    """The objectives that the publics of the plan can measure, each written once."""
    known = quotas.dossier.objectifs
    known = known.loc[known["objectif"].isin(["q1_hors_qpv", "autres_qpv", "dalo_prioritaires"])]
    return known.drop_duplicates(COLUMNS_OBJECTIFS[:-1])


def _shared(objectif: str, cadre: Cadre, baux: Baux, where: Mask, communes: frozenset[str], *, part: float,
            territoire_code: str, niveau: str, article: str, porteur: str = TOUS) -> Obligation:
    """A share of the leases of a territory, or of one holder."""
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
                      article=article, part=part, compte=np.flatnonzero(compte),
                      assiette=np.flatnonzero(assiette), base_fixe=base_fixe, acquis=acquis)


def _demande(quotas: Quotas, cadre: Cadre) -> Iterator[Obligation]:
    """No more dwellings of a size to a public than applicants of that public: a fact, not a rule.

    A territory and a size that the table cites have no other applicants than those it counts.
    """
    publics, demande = cadre.publics, quotas.dossier.demande
    demande = demande.loc[demande["public"] == "tous"]
    territory, cell = ["territoire_type", "territoire_code"], ["typologie", "priorite", "quartile"]
    counts = demande.groupby([*territory, *cell])["nb"].sum().to_dict()
    sizes: dict[tuple[str, str], set[str]] = {}
    for kind, code, typologie in zip(*(demande[c] for c in [*territory, "typologie"]), strict=True):
        sizes.setdefault((kind, code), set()).add(typologie)
    is_kind = {(t, p, q): np.asarray((publics["typologie"] == t) & (publics["priorite"] == p)
                                     & (publics["quartile"] == q), bool)
               for t in sorted(set(demande["typologie"])) for p in PRIORITES for q in QUARTILES}
    for (kind, code), cited in sorted(sizes.items()):
        where = _in(cadre, kind, code)
        for (typologie, priorite, quartile), public in is_kind.items():
            if typologie in cited:
                nb = counts.get((kind, code, typologie, priorite, quartile), 0)
                yield Obligation(
                    objectif="demande", porteur=f"{typologie}, {priorite}, {quartile}", territoire_code=code,
                    niveau="physique", article="table demande du dossier", part=1.0, base_fixe=float(nb),
                    compte=np.flatnonzero(where & public), assiette=NOBODY, sens=Sens.PLAFOND,
                    precision=f"{kind} {typologie}")


def _holders(cadre: Cadre) -> Iterator[tuple[str, str, str, int]]:
    """Id, category, territory and quota of each holder."""
    porteurs = cadre.porteurs
    return zip(porteurs["id_reservataire"], porteurs["categorie"], porteurs["territoire_code"].fillna(TOUS),
               porteurs["quota"], strict=True)
