"""Why this number: the quota of each party of a convention, in a few sentences, from its own proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flux.dossier.appellations import Noms
from flux.rendu.nombres import absent, decimal, entier, part

if TYPE_CHECKING:
    import pandas as pd

    from flux.annexe.selection import Selection
    from flux.conversion import Quotas

NEGLIGIBLE = 0.005  # below it, two decimals show nothing


def dwellings(nb: Any) -> str:
    """A whole number of dwellings: "1 logement", "2 logements"."""
    return f"{entier(nb)} logement{'s' if abs(nb) >= 2 else ''}"


def sentences(quotas: Quotas, noms: Noms, steps: pd.DataFrame, vise: Selection) -> tuple[str, ...]:
    """From rights to the whole quota of each party, then why not one dwelling more.

    `steps` is that of `taux.calcul`: the same figures as in the table "pas à pas".
    """
    by_holder = {str(row["id_reservataire"]): row for row in steps.to_dict("records")}
    return tuple(s for r in vise.idents for s in _holder(quotas, noms, by_holder[r], r))


def _holder(quotas: Quotas, noms: Noms, row: Mapping[Any, Any], ident: str) -> Iterator[str]:
    nom, annee = noms.reservataire(ident), quotas.dossier.convention.annee
    rule = str(quotas.dossier.convention.choix.methode)
    if not absent(row["droits"]) and row["assiette"] > 0:
        held = (
            f"ses droits, {entier(row['droits'])} sur les {entier(row['assiette'])} logements de l'assiette"
            if rule == "parc"
            else f"les libérations attendues dans ses droits, {decimal(row['droits'])}, sur les "
            f"{decimal(row['assiette'])} de l'assiette"
        )
        yield (
            f"{nom} : {held} de son territoire, font {part(row['part'], 2)} d'un flux de "
            f"{decimal(row['flux'])} logements."
        )
    added = [
        f"{entier(row['nb_uniques'])} au titre des droits uniques" if row["nb_uniques"] else "",
        f"{decimal(row['corrections'])} de corrections : plafonds, réductions, droits hors du territoire"
        if abs(row["corrections"]) >= NEGLIGIBLE
        else "",
        f"{decimal(row['solde_reporte'])} de solde de {annee - 1}"
        if abs(row["solde_reporte"]) >= NEGLIGIBLE
        else "",
    ]
    said = " ; ".join(a for a in added if a)
    yield (
        f"{nom} : quota exact de {decimal(row['quota_exact'])}"
        + (f" (dont {said})" if said else "")
        + f", quota de {dwellings(row['quota'])} en {annee}."
    )
    yield from (noms.phrase(note) for note in quotas.explain(ident).figure.notes)
