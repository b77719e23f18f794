"""What holds of every projection, year after year."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from flux.conversion import Quotas
from flux.conversion.projection import Projection
from flux.conversion.projection.causes import ORDRE, effects, happened, measure
from flux.conversion.projection.decalage import CAUSES, with_causes


def check(projection: Projection) -> None:
    """What holds of every projection."""
    table = projection.table
    assert (table.groupby("annee")["quota"].sum() == table.groupby("annee")["flux"].first()).all()
    for before, after in pairwise(projection.quotas):
        annee = after.dossier.convention.annee
        events = projection.evenements.loc[projection.evenements["annee"] == annee]
        moved = after.inventaire.droits.registre["poids"].astype(float)
        moved = moved.sub(before.inventaire.droits.registre["poids"].astype(float).loc[moved.index])
        by_holder = moved.groupby(after.dossier.reservations["id_reservataire"]).sum()
        told = events.groupby("id_reservataire")["effet_droits"].sum().reindex(by_holder.index, fill_value=0)
        assert told.to_numpy() == pytest.approx(by_holder.to_numpy())
        assert events["effet_assiette"].sum() == after.exact["base"] - before.exact["base"]
        check_causes(projection, before, after)


def check_causes(projection: Projection, before: Quotas, after: Quotas) -> None:
    """Without any cause, the dues of the year before; with all, those of the year; exact sums between."""
    start, end = measure(before), measure(after)
    assert measure(with_causes(before, after, frozenset(CAUSES))) == end
    found = effects(before, after, happened(before, after, projection.evenements))
    for ident, by_cause in found.items():
        assert set(by_cause) <= set(ORDRE)
        # a day more or less is the only thing that a year without event may bring
        assert by_cause["calendrier"] == (0, 0) or before.dossier.convention.choix.regle_echeance == "prorata"
        assert sum((p for p, _ in by_cause.values()), Fraction(0)) == end[ident].part - start[ident].part
        assert sum((n for _, n in by_cause.values()), Fraction(0)) == (
            after.preuve.arrondi.nb[ident] - before.preuve.arrondi.nb[ident]
        )
