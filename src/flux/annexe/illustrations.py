"""Which picture goes to which section."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from flux.allocation import images as plan_images
from flux.allocation.images import ImagePlan
from flux.annexe.section import Section
from flux.conversion import images as quota_images
from flux.conversion.images import ImageQuotas
from flux.rendu.illustration import Illustration

if TYPE_CHECKING:
    from flux.allocation import Plan

MOST_BARS = 20  # réservataires of a picture that stays on one page
MOST_COMMUNES = 40  # communes of a picture that a lying page holds, in two columns


def illustrated(
    sections: Iterable[Section], plan: Plan, masques: frozenset[str] = frozenset()
) -> tuple[Section, ...]:
    """The sections with their pictures, found by the key of each section.

    `masques` : réservataires whose small counts the tables mask: no picture counts their households. Where
    nobody else is left, or where nothing is to be shared, there is no picture.
    """
    quotas = plan.quotas
    if not quotas.exact["flux_a_partager"]:  # nothing to share, nothing to draw
        return tuple(sections)
    aims = plan.objectifs.loc[(plan.objectifs["base"] > 0) & plan.objectifs["seuil"].notna()]
    aimed = set(aims.loc[~aims["niveau"].isin(("physique", "quota")), "porteur"]) - masques
    served = set(plan.table["id_reservataire"]) - masques
    pictures: dict[str, tuple[Illustration, ...]] = {
        "synthese": (quota_images.illustrate(quotas, ImageQuotas.CASCADE),),
        "taux": (
            quota_images.illustrate(quotas, ImageQuotas.SANKEY),
            quota_images.quota_bars(quotas, MOST_BARS),
        ),
        "communes": quota_images.by_commune(quotas, MOST_COMMUNES),
    }
    if aimed:
        pictures["objectifs"] = (plan_images.illustrate(plan, ImagePlan.OBJECTIFS, sauf=masques),)
    if served:
        pictures["orientations"] = (plan_images.illustrate(plan, ImagePlan.ORIENTATIONS, sauf=masques),)
    return tuple(replace(s, illustrations=s.illustrations + pictures.get(s.cle, ())) for s in sections)
