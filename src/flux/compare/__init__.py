"""The verb `compare`: methods, rounding rules, dates of law or scenarios side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

from flux.allocation import Plan
from flux.compare.comparaison import Comparaison
from flux.compare.differences import differences, labels
from flux.compare.tableaux import (
    communes_side_by_side,
    objectives_side_by_side,
    orientations_side_by_side,
    quotas_side_by_side,
    sentences,
)
from flux.conversion import Quotas
from flux.noyau.errors import FluxError

__all__ = ["Comparaison", "compare"]


@overload
def compare(*resultats: Quotas, **nommes: Quotas) -> Comparaison: ...


@overload
def compare(*resultats: Plan, **nommes: Plan) -> Comparaison: ...


def compare(*resultats: Quotas | Plan, **nommes: Quotas | Plan) -> Comparaison:
    """Put results side by side, each against the first.

    Parameters
    ----------
    resultats : quotas, or plans, named after what makes them differ.
    nommes : the same under names of one's own: `flux.compare(parc=q1, rotation=q2)`.

    Raises
    ------
    FluxError
        Code "comparaison.nombre": fewer than two; "comparaison.nature": results of different kinds;
        "comparaison.bailleur": of different bailleurs.
    """
    every = [*resultats, *nommes.values()]
    kinds = {type(r) for r in every}
    if len(every) < 2:
        raise FluxError(
            "Comparer demande au moins deux résultats : flux.compare(parc=q1, rotation=q2).",
            code="comparaison.nombre",
        )
    if len(kinds) > 1 or not kinds <= {Quotas, Plan}:
        said = ", ".join(sorted(k.__name__ for k in kinds))
        raise FluxError(
            f"On compare des quotas entre eux, ou des plans entre eux ; reçu : {said}.",
            code="comparaison.nature",
        )
    quotas = [r.quotas if isinstance(r, Plan) else r for r in every]
    _same_bailleur(quotas)
    names = [*labels(quotas[: len(resultats)]), *nommes]
    scenarios = dict(zip(names, every, strict=True))
    if len(scenarios) < len(every):
        raise FluxError(
            f"Deux scénarios ont le même nom ({', '.join(names)}) : les nommer tous autrement.",
            code="comparaison.nombre",
        )
    by_name = dict(zip(names, quotas, strict=True))
    plans = {n: r for n, r in scenarios.items() if isinstance(r, Plan)}
    return _compared(by_name, plans)


def _compared(quotas: Mapping[str, Quotas], plans: Mapping[str, Plan]) -> Comparaison:
    table = quotas_side_by_side(quotas)
    communes = communes_side_by_side(quotas)
    return Comparaison(
        scenarios=plans or quotas,
        table=table,
        communes=communes,
        orientations=orientations_side_by_side(plans),
        objectifs=objectives_side_by_side(plans),
        differences=differences(quotas),
        phrases=sentences(quotas, table, communes, plans),
    )


def _same_bailleur(quotas: Sequence[Quotas]) -> None:
    known = {}
    for q in quotas:
        bailleur = q.dossier.convention.bailleur
        siren = (bailleur.siren or "").strip("0")  # invented dossiers write a SIREN of zeros
        known[siren or bailleur.nom, bailleur.departement] = bailleur.nom
    if len(known) > 1:
        said = " et ".join(f"{nom} ({departement})" for (_, departement), nom in sorted(known.items()))
        raise FluxError(
            "Ces résultats ne se comparent pas : ils sont de bailleurs ou de départements différents "
            f"({said}).",
            code="comparaison.bailleur",
        )
