"""Rules of the first quartile that are no number: the sentence of the article, then the code."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from flux.loi.regles import Regles

DEBUT_ANCIENNES_ZUS = dt.date(2015, 1, 1)


def est_premier_quartile(ressources_eur: Fraction | int, territoire: str, regles: Regles) -> bool:
    """Whether an applicant is of the first quartile of a territory.

    "des demandeurs dont le niveau de ressources par unité de consommation est inférieur à un montant
    constaté annuellement par arrêté du ministre chargé du logement" (CCH, art. L. 441-1): strictly below, so
    resources equal to the threshold are not of the first quartile, and no resources at all are.

    Parameters
    ----------
    ressources_eur : declared resources, € a year and unit of consumption.
    territoire : SIREN of the EPCI or EPT, 75056 for Paris.

    Raises
    ------
    RegleError
        As `regles.seuil_q1` does.
    """
    return ressources_eur < regles.seuil_q1(territoire).valeur


def compte_comme_qpv(regles: Regles, sortie: dt.date | None = None) -> bool:
    """Whether a district that is no QPV on the day of the law is still counted as one.

    "sont assimilés à des quartiers prioritaires de la politique de la ville : 1° Pendant une période de six
    ans à compter du 1er janvier 2015, les quartiers classés en zones urbaines sensibles qui n'ont pas été
    classés en quartiers prioritaires […] ; 2° Pendant une période de six ans à compter de leur sortie du
    classement […], les quartiers qui n'ont pas été reclassés" (CCH, art. L. 441-1, until 22 February 2022).

    Parameters
    ----------
    sortie : the day the district ceased to be a QPV; None for a former ZUS that never was one.
    """
    cle = "assimilation_anciens_quartiers"
    if cle not in regles:
        return False
    start = sortie or DEBUT_ANCIENNES_ZUS
    # 29 February has no anniversary: the period then ends on the last day of February
    day = min(start.day, 28) if start.month == 2 else start.day
    return start <= regles.date < dt.date(start.year + regles.ans(cle), start.month, day)
