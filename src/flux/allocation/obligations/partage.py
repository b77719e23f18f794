"""A share of the leases of a territory, or of one holder: the form of most objectives."""

from __future__ import annotations

import numpy as np

from flux.allocation.cadre import TOUS, Cadre
from flux.allocation.hors_flux import Baux
from flux.allocation.obligations.base import Obligation, Sens, Support
from flux.allocation.obligations.cibles import Mask, is_priority
from flux.conversion.segments import FRAGILES


def shared(objectif: str, cadre: Cadre, baux: Baux, where: Mask, communes: frozenset[str], *, part: float,
           territoire_code: str, niveau: str, article: str, porteur: str = TOUS) -> Obligation:
    """One objective on some publics.

    Parameters
    ----------
    where : the publics concerned.
    communes : communes whose leases outside the flow are in the base; none for an objective of one holder.
    """
    publics = cadre.publics
    in_qpv, q1 = publics["qpv"].to_numpy(bool), np.asarray(publics["quartile"] == "q1", bool)
    base_fixe = acquis = 0.0
    sens, support, assiette = Sens.PLANCHER, Support.PUBLICS, where
    if objectif == "q1_hors_qpv":
        assiette, compte = where & ~in_qpv, where & ~in_qpv & q1
        base_fixe, acquis = baux.total(communes, qpv=False), baux.q1(communes)
    elif objectif == "autres_qpv":
        assiette, compte = where & in_qpv, where & in_qpv & ~q1
        base_fixe, acquis = baux.total(communes, qpv=True), baux.others(communes)
    elif objectif == "travailleurs_essentiels":
        compte, support = where, Support.ESSENTIELS
    elif objectif in FRAGILES:
        assiette = where & publics["fragile"].to_numpy(bool)
        compte, sens = assiette & q1, Sens.PLAFOND
        if objectif == "emmenages_recents":
            base_fixe, acquis = baux.recents(communes)
    else:
        compte = where & is_priority(cadre)
    return Obligation(objectif=objectif, porteur=porteur, territoire_code=territoire_code, niveau=niveau,
                      article=article, part=part, compte=np.flatnonzero(compte), support=support,
                      assiette=np.flatnonzero(assiette), base_fixe=base_fixe, acquis=acquis, sens=sens)
