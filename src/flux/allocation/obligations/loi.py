"""The duties of the law: DALO and priority persons, mixité, the State's share of the dwellings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from flux.allocation.cadre import BAILLEUR, Cadre
from flux.allocation.hors_flux import Baux
from flux.allocation.obligations.base import NOBODY, Obligation, Support
from flux.allocation.obligations.cibles import holders, is_priority, of_holder
from flux.allocation.obligations.partage import shared
from flux.conversion.cellules import ETAT, ETAT_CATEGORIES

if TYPE_CHECKING:
    from flux.conversion import Quotas

DALO_OF = {
    "commune": "part_min_dalo_prioritaires", "epci": "part_min_dalo_prioritaires",
    "ept": "part_min_dalo_prioritaires", "ville_paris": "part_min_dalo_prioritaires",
    "departement": "part_min_dalo_prioritaires", "region": "part_min_dalo_prioritaires",
    "action_logement": "part_min_dalo_action_logement", BAILLEUR: "part_min_dalo_bailleur",
    "etat_prioritaires": "part_prioritaires_etat",
}
STIPULE = "stipulation de la convention (CCH, art. R. 441-5-2, II)"


def dalo(quotas: Quotas, cadre: Cadre) -> Iterator[Obligation]:
    """A share of what the holder receives goes to DALO or priority households.

    "Au moins un quart des attributions annuelles de logements réservés" of a collectivité or a grouping
    (CCH, art. L. 441-1, al. 39), of Action Logement (art. L. 313-26-2), of the bailleur (al. 43); the
    State's own contingent is for priority persons only (al. 41). In whole dwellings the threshold is its
    ceiling, unless the parties chose to judge it exactly or over several years (`dalo_arrondi`). A quarter of
    a réservataire's quota: of what it receives, the duty would be lighter for a plan that deprives it.
    """
    priority = is_priority(cadre)
    exactly = quotas.dossier.convention.choix.dalo_arrondi != "superieur"
    for place, (holder, categorie, code, quota) in enumerate(holders(cadre)):
        if key := DALO_OF.get(categorie):
            mine, law = of_holder(cadre, place), quotas.regles.figure(key)
            moving = categorie in (BAILLEUR, "etat_prioritaires")
            yield Obligation(
                objectif="dalo_prioritaires", porteur=holder, niveau="loi", territoire_code=code,
                article=str(law.article), part=float(law.valeur), compte=np.flatnonzero(mine & priority),
                assiette=np.flatnonzero(mine) if moving else NOBODY,
                base_fixe=0.0 if moving else float(quota), arrondi=exactly)


def mixite(quotas: Quotas, cadre: Cadre, baux: Baux) -> Iterator[Obligation]:
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
            yield shared(objectif, cadre, baux, where, frozenset(communes), territoire_code=str(code),
                         niveau="loi", article=str(law.article), part=float(law.valeur))


def etat(quotas: Quotas, cadre: Cadre) -> Iterator[Obligation]:
    """The State outside QPV and in each commune, agents and priority together.

    "Sauf stipulation contraire, la part du flux annuel de logements réservés par le préfet s'applique
    uniformément dans chacune des communes" and outside QPV "ne peut être inférieure à 30 %" (CCH,
    art. R. 441-5-2, II). Both are judged on exact dues, so that a gap under one dwelling is a matter of
    rounding. Where the State's own quota is below 30 % of the flow outside QPV, its quota is the threshold.
    """
    stipulations, departement = quotas.dossier.convention.stipulations, quotas.dossier.convention.bailleur
    state = np.asarray(cadre.porteurs["categorie"].isin(ETAT_CATEGORIES), bool)
    quota = float(cadre.porteurs.loc[state, "quota"].sum())
    if not quota:
        return
    mine = state[cadre.cellules["porteur"]]
    segments = cadre.segments.loc[cadre.cellules["segment"]]
    outside = ~segments["qpv"].to_numpy(bool)
    flux = float(cadre.segments.loc[~cadre.segments["qpv"], "flux"].sum())
    law = quotas.regles.figure("plancher_etat_hors_qpv")
    floor = float(stipulations.plancher_etat_hors_qpv)
    said = floor == float(law.valeur)
    if flux and floor:
        yield Obligation(
            objectif="etat_hors_qpv", porteur=ETAT, niveau="loi" if said else "convention",
            territoire_code=departement.departement, article=str(law.article) if said else STIPULE,
            part=min(floor, quota / flux), compte=np.flatnonzero(mine & outside), support=Support.CELLULES,
            base_fixe=flux, arrondi=True)
    if not stipulations.etat_uniforme_par_commune:
        return
    article = str(quotas.regles["etat_uniforme_par_commune"].article)
    ids = cadre.porteurs.loc[state, "id_reservataire"]
    dues = quotas.communes.loc[quotas.communes["id_reservataire"].isin(ids)]
    exact = dues.groupby("commune")["exact"].sum().clip(lower=0.0)
    scale = quota / exact.sum() if exact.sum() else 0.0
    flows = cadre.segments.groupby("commune")["flux"].sum()
    commune = segments["commune"].to_numpy()
    for code, flow in flows.items():
        if owed := float(exact.get(code, 0.0)) * scale:
            yield Obligation(
                objectif="etat_par_commune", porteur=ETAT, niveau="loi", territoire_code=str(code),
                article=article, part=owed / float(flow), compte=np.flatnonzero(mine & (commune == code)),
                support=Support.CELLULES, base_fixe=float(flow), arrondi=True)
