"""What changes in the law from one day to another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from flux.loi.parametre import Parametre
from flux.rendu import nombres
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue

COLUMNS = ["cle", "description", "avant", "apres", "depuis", "article", "statut"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Changements(Affichable):
    """The parameters that differ between two days, or from a hypothesis; made by `Regles.diff`.

    A rule cited by another number (the paragraphs of article L. 441-1 moved) is the same rule.
    """

    avant: Sequence[Parametre]
    apres: Sequence[Parametre]
    date_avant: dt.date
    date_apres: dt.date

    @property
    def table(self) -> pd.DataFrame:
        """One row a parameter that changes.

        Columns `cle, description, avant, apres` (as people read them, absent where there is none), `depuis`
        (the day of the change: for a rule that is no more, the day after its last), `article`, `statut`.
        """
        before, after = ({p.cle: p for p in some} for some in (self.avant, self.apres))
        pairs = ((before.get(cle), after.get(cle)) for cle in {**before, **after})
        rows = [self._row(old, new) for old, new in pairs if not (old and new and old.valeur == new.valeur)]
        table = pd.DataFrame(rows, columns=COLUMNS)
        return table.assign(depuis=pd.to_datetime(table["depuis"]).astype("datetime64[s]"))

    def _row(self, old: Parametre | None, new: Parametre | None) -> tuple[object, ...]:
        told = new or old
        assert told is not None
        since = told.depuis
        if new is None and told.jusqu_a is not None and told.jusqu_a < self.date_apres:
            since = told.jusqu_a + dt.timedelta(days=1)
        return (
            told.cle,
            told.description,
            old and old.lisible,
            new and new.lisible,
            since,
            told.article,
            told.statut.value,
        )

    def vue(self) -> Vue:
        """What changes, as people read it."""
        values = [
            Colonne(c, cle="valeur", libelle=label) for c, label in (("avant", "Avant"), ("apres", "Après"))
        ]
        table = self.table
        days = f"entre le {nombres.date(self.date_avant)} et le {nombres.date(self.date_apres)}"
        return Vue(
            titre=f"Ce qui change {days}",
            tableaux=(
                Tableau(
                    titre="Paramètres modifiés",
                    frame=table,
                    colonnes=["cle", "description", *values, "depuis", "article", "statut"],
                ),
            )
            if len(table)
            else (),
            notes=() if len(table) else ("Aucun paramètre ne change.",),
        )
