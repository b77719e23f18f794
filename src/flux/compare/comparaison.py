"""The result of `compare`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flux.allocation import Plan
from flux.conversion import Quotas
from flux.conversion.enveloppe import SCHEMA, library_version, records
from flux.rendu import images
from flux.rendu.vue import Affichable, Colonne, Tableau, Vue


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Comparaison(Affichable):
    """Scenarios side by side, each against the first.

    Attributes
    ----------
    scenarios : name -> the quotas or the plan compared.
    table : a row a réservataire: id_reservataire, nom, quota_<scenario>, exact_<scenario> (quota_exact),
        and against the first ecart_<scenario>, ecart_exact_<scenario>, in dwellings.
    communes : the same by commune and réservataire: nb_, exact_, ecart_, ecart_exact_<scenario>.
    orientations : for plans, the same of what they orient, whole (nb_) and exact.
    objectifs : for plans, a row an objective: seuil_, atteint_, manque_<scenario>.
    differences : what makes them differ: nature (donnees, choix, stipulations, hypotheses, loi), objet,
        valeur_<scenario> as people read it.
    phrases : who gains and who loses, in French.
    """

    scenarios: Mapping[str, Quotas | Plan]
    table: pd.DataFrame
    communes: pd.DataFrame
    orientations: pd.DataFrame
    objectifs: pd.DataFrame
    differences: pd.DataFrame
    phrases: tuple[str, ...]

    @property
    def noms(self) -> tuple[str, ...]:
        """Names of the scenarios, the reference first."""
        return tuple(self.scenarios)

    def vue(self) -> Vue:
        """Who gains and who loses, then what makes the scenarios differ."""
        first, *others = self.noms
        ecarts = [Colonne(f"ecart_{n}", "comparaison.ecart", f"{n} − {first}") for n in others]
        places = (
            ("Communes où un quota change", self.communes),
            ("Communes où le plan oriente autrement", self.orientations),
        )
        tableaux = [
            Tableau(
                titre="Quotas par réservataire",
                frame=self.table,
                colonnes=[
                    "nom",
                    *(Colonne(f"quota_{n}", "quota", n) for n in self.noms),
                    *ecarts,
                ],
                total=True,
            ),
            Tableau(
                titre="Ce qui diffère",
                frame=self.differences,
                colonnes=[
                    Colonne("nature", "comparaison.nature"),
                    Colonne("objet", "comparaison.objet"),
                    *(Colonne(f"valeur_{n}", "comparaison.valeur", n) for n in self.noms),
                ],
            ),
        ]
        for titre, frame in places:
            moved = frame.loc[(frame.filter([f"ecart_{n}" for n in others]) != 0).any(axis=1)]
            if moved.empty:
                continue
            tableaux.append(
                Tableau(
                    titre=titre,
                    frame=moved,
                    colonnes=[
                        Colonne("commune_nom", "commune"),
                        Colonne("nom", "id_reservataire"),
                        *(Colonne(f"nb_{n}", "nb", n) for n in self.noms),
                        *ecarts,
                    ],
                )
            )
        if len(self.objectifs):
            tableaux.append(
                Tableau(
                    titre="Objectifs : ce qui manque",
                    frame=self.objectifs,
                    colonnes=[
                        "objectif",
                        "porteur",
                        "territoire_code",
                        *(Colonne(f"manque_{n}", "manque", n) for n in self.noms),
                    ],
                    total=True,
                )
            )
        return Vue(
            titre=f"Comparaison : {', '.join(self.noms)}", tableaux=tuple(tableaux), notes=self.phrases
        )

    def plot(self) -> Any:
        """Bars of the quotas, a colour a scenario (a matplotlib figure)."""
        frame = self.table[["nom", *(f"quota_{n}" for n in self.noms)]]
        return images.scenarios(frame.rename(columns={f"quota_{n}": n for n in self.noms}))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: the tables and the sentences."""
        frames = ("table", "communes", "orientations", "objectifs", "differences")
        return {
            "schema": SCHEMA,
            "commande": "compare",
            "version": library_version(),
            "scenarios": list(self.noms),
            "phrases": list(self.phrases),
            **{name: records(getattr(self, name)) for name in frames},
        }
