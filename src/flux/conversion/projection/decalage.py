"""A year that passes without anything happening, and the same with some of what happens.

To tell what each cause does, the dossier of a year is first carried a year later with everything in it: every
date and every forecast is moved by a year, so that the conversion gives the same dues again. Then the causes
are let in one after the other, by giving back their true dates to the columns that bear them.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

import pandas as pd

from flux.conversion.projection.evenements import exit_nature
from flux.conversion.quotas import Quotas, convert

AN = pd.DateOffset(years=1)
#: What a cause moves in the tables, in the order in which causes are let in. Ends come before starts: a
#: dwelling passed from one holder to another is never held twice on the way.
CAUSES = (
    *("loi", "echeance", "remboursement", "vente", "demolition", "sortie", "livraison", "debut"),
    *("droit_unique", "flux"),
)


def with_causes(before: Quotas, after: Quotas, causes: Set[str]) -> Quotas:
    """The conversion of the year of `after`, where only `causes` have happened since `before`.

    Over-reservations and overruns are reduced, never refused: a state on the way is nobody's convention.
    """
    dossier, old = after.dossier, before.dossier
    annee = old.convention.annee
    tables = {
        **dossier.tables,
        "logements": _dwellings(dossier.logements, annee, causes),
        "reservations": _rights(before, causes),
        "livraisons": _deliveries(dossier.livraisons, annee, causes),
    }
    if "flux" not in causes:
        tables |= {
            nom: old.tables[nom].assign(annee=old.tables[nom]["annee"] + 1)
            for nom in ("soustractions", "soldes")
        }
    convention = dossier.convention.changed("choix", {"sur_reservation": "reduction_proportionnelle"})
    if convention.choix.depassement == "erreur":
        convention = convention.changed("choix", {"depassement": "reduction_proportionnelle"})
    derogation = convention.stipulations.derogation_prefectorale
    if derogation and "loi" not in causes:
        later = derogation.model_copy(update={"fin": (pd.Timestamp(derogation.fin) + AN).date()})
        convention = convention.changed("stipulations", {"derogation_prefectorale": later})
    law = after.regles if "loi" in causes else before.regles
    return convert(replace(dossier, tables=tables, convention=convention), regles=law)


def _dwellings(logements: pd.DataFrame, annee: int, causes: Set[str]) -> pd.DataFrame:
    """The dwellings that leave or are first let from `annee` on do so a year later."""
    out = logements["date_sortie"]
    going = (out > pd.Timestamp(annee, 1, 1)) & ~exit_nature(logements).isin(causes)
    let = logements["annee_mise_location"]
    coming = (let >= annee) & ("livraison" not in causes)
    return logements.assign(
        date_sortie=out.mask(going, out + AN),
        annee_mise_location=let.mask(coming.fillna(False).astype(bool), let + 1),
    )


def _deliveries(livraisons: pd.DataFrame, annee: int, causes: Set[str]) -> pd.DataFrame:
    day = livraisons["date_mise_service"]
    coming = (day.dt.year >= annee) & ("livraison" not in causes)
    return livraisons.assign(date_mise_service=day.mask(coming, day + AN))


def _rights(before: Quotas, causes: Set[str]) -> pd.DataFrame:
    """Each date of a right is moved under the cause that it makes.

    The start of a right on what is delivered is part of the delivery; a single-use right is one cause, whole.
    """
    dossier = before.dossier
    rights, annee = dossier.reservations, dossier.convention.annee
    dwellings, programmes = dossier.logements, dossier.livraisons
    recent = dwellings.loc[dwellings["annee_mise_location"] >= annee, "id_logement"]
    arriving = programmes.loc[programmes["date_mise_service"].dt.year >= annee, ["programme", "commune"]]
    asked = pd.MultiIndex.from_frame(rights[["programme", "commune"]])
    new = rights["id_logement"].isin(recent.dropna()) | asked.isin(pd.MultiIndex.from_frame(arriving))
    once = (rights["type_droit"] == "unique").fillna(False).astype(bool)
    cause_of = {
        "date_debut": pd.Series("debut", index=rights.index).mask(new, "livraison"),
        "date_fin": pd.Series("echeance", index=rights.index),
        "date_remboursement": pd.Series("remboursement", index=rights.index),
    }
    moved = {
        column: rights[column].mask(~cause.mask(once, "droit_unique").isin(causes), rights[column] + AN)
        for column, cause in cause_of.items()
    }
    planned = rights["annee_prevue"]
    return rights.assign(**moved, annee_prevue=planned if "droit_unique" in causes else planned + 1)
